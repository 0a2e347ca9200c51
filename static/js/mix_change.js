// Changes of the mix without a new page: the form is sent with the controls as they stand, and parts are put in place.

export const place = "[data-mix-change]";

export function start(form) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    change(form, event.submitter);
  });
}

async function change(form, submitter) {
  const page = document.querySelector("[data-mixer]");
  const data = new FormData(form, submitter);
  if (submitter?.hasAttribute("data-fresh")) data.delete("seed"); // not the number that stands there
  for (const [name, value] of new FormData(page.querySelector("[data-mix-form]"))) {
    if (!data.has(name)) data.append(name, value);
  }
  form.closest("dialog")?.close();
  page.setAttribute("aria-busy", "true");
  const response = await fetch(form.action, { method: "POST", body: data }).catch(() => null);
  const fresh = response && new DOMParser().parseFromString(await response.text(), "text/html");
  page.removeAttribute("aria-busy");
  if (response?.ok && fresh.querySelector("[data-mixer]")) put(page, fresh, document.activeElement?.id);
  const sentence = response?.ok ? "" : (fresh?.querySelector("[data-message]")?.textContent ?? page.dataset.sayBroken);
  page.dispatchEvent(new CustomEvent("trouble", { detail: sentence }));
}

function put(page, fresh, focused) {
  for (const part of fresh.querySelectorAll("[data-part]")) {
    const here = page.querySelector(`[data-part="${part.dataset.part}"]`);
    here.replaceChildren(...document.importNode(part, true).childNodes);
    here.dispatchEvent(new CustomEvent("fragment", { bubbles: true }));
  }
  if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
}
