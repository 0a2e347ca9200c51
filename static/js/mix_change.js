// Changes of the mix without a new page: the form is sent with the controls as they stand, and parts are put in place.

export const place = "[data-mix-change]";

let last = Promise.resolve(); // one change after the other: each starts from what the one before left

// When the changes that are under way are done: until then the controls on the page are old.
export const settled = () => last;

export function start(form) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const data = new FormData(form);
    if (event.submitter?.name) data.set(event.submitter.name, event.submitter.value);
    if (event.submitter?.hasAttribute("data-fresh")) data.delete("seed"); // not the number that stands there
    form.closest("dialog")?.close();
    last = last.then(() => change(form.action, data));
  });
}

async function change(address, data) {
  const page = document.querySelector("[data-mixer]");
  for (const [name, value] of new FormData(page.querySelector("[data-mix-form]"))) {
    if (!data.has(name)) data.append(name, value);
  }
  page.setAttribute("aria-busy", "true");
  const { isDone, fresh } = await send(address, data);
  page.removeAttribute("aria-busy");
  if (isDone) put(page, fresh, document.activeElement);
  const sentence = isDone ? "" : (fresh?.querySelector("[data-message]")?.textContent ?? page.dataset.sayBroken);
  page.dispatchEvent(new CustomEvent("trouble", { detail: sentence }));
}

async function send(address, data) {
  try {
    const response = await fetch(address, { method: "POST", body: data });
    const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
    return { isDone: response.ok && fresh.querySelector("[data-mixer]") !== null, fresh };
  } catch {
    return { isDone: false, fresh: null };
  }
}

function put(page, fresh, focused) {
  for (const part of fresh.querySelectorAll("[data-part]")) {
    const here = page.querySelector(`[data-part="${part.dataset.part}"]`);
    here.replaceChildren(...document.importNode(part, true).childNodes);
    here.dispatchEvent(new CustomEvent("fragment", { bubbles: true }));
  }
  const again = focused?.id && document.getElementById(focused.id);
  if (!again || again === focused) return;
  if (again.matches("[type=number], [type=range]")) again.value = focused.value; // somebody types, or slides, meanwhile
  again.focus({ preventScroll: true });
}
