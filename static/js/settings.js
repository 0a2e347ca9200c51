// Another painter has other settings: fetches its own when it is chosen, and keeps what was changed before.

export const place = "[data-settings]";

export function start(settings) {
  const form = settings.closest("form");
  if (form.dataset.listens) return; // these came in place of others
  form.dataset.listens = "true";
  let asked = 0;

  form.addEventListener("change", async (event) => {
    if (event.target.name !== "engine") return;
    const number = ++asked;
    const html = await fetchText(event.target.value);
    const fresh = html && new DOMParser().parseFromString(html, "text/html").querySelector(place);
    if (!fresh || number !== asked) return; // the server fills in what is missing, and refuses what cannot be
    const old = form.querySelector(place);
    const changed = [...old.querySelectorAll("input, select")].filter(isChanged);
    old.replaceWith(document.importNode(fresh, true));
    for (const control of changed) keep(form, control);
    form.querySelector(place).dispatchEvent(new CustomEvent("fragment", { bubbles: true }));
  });
}

async function fetchText(engine) {
  const address = new URL(location.href);
  address.searchParams.set("engine", engine);
  try {
    const response = await fetch(address, { headers: { Accept: "text/html" } });
    return response.ok ? await response.text() : "";
  } catch {
    return "";
  }
}

function isChanged(control) {
  if (control.type === "checkbox") return control.checked !== control.defaultChecked;
  if (control.localName === "select") return ![...control.options].every((one) => one.selected === one.defaultSelected);
  return control.value !== control.defaultValue;
}

function keep(form, control) {
  const here = form.querySelector(`${place} [name="${control.name}"]`);
  if (!here) return;
  if (here.type === "checkbox") here.checked = control.checked;
  else if (here.localName !== "select" || [...here.options].some((one) => one.value === control.value)) here.value = control.value;
}
