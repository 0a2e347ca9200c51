// Sends the form with a progress bar; a refusal puts its sentences at their fields and keeps the chosen files.

export const place = "[data-studio]";

export function start(form) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send(form, event.submitter);
  });
}

function send(form, button) {
  const request = new XMLHttpRequest();
  const bar = form.querySelector("[data-sending-bar]");
  const words = form.querySelector("[data-sending-words]");

  request.upload.addEventListener("progress", (event) => {
    if (event.lengthComputable) bar.value = (100 * event.loaded) / event.total;
  });
  request.upload.addEventListener("load", () => {
    bar.removeAttribute("value");
    words.textContent = form.dataset.sayLooking;
  });
  request.addEventListener("load", () => {
    if (request.status >= 400) return refuse(form, request);
    form.dispatchEvent(new CustomEvent("sent"));
    location.assign(request.responseURL);
  });
  request.addEventListener("error", () => refuse(form, null));

  show(form, true);
  bar.value = 0;
  words.textContent = form.dataset.saySending;
  request.open("POST", button?.hasAttribute("formaction") ? button.formAction : form.action);
  request.setRequestHeader("X-Requested-With", "XMLHttpRequest"); // messages wait for the page that people see
  request.send(new FormData(form));
}

function show(form, isSending) {
  form.querySelector("[data-sending]").hidden = !isSending;
  form.querySelector("[data-paint]").disabled = isSending;
  form.setAttribute("aria-busy", isSending);
}

function refuse(form, request) {
  show(form, false);
  const page = request && new DOMParser().parseFromString(request.responseText, "text/html");
  const told = page?.querySelectorAll("[data-studio] [data-error-for]") ?? [];
  for (const slot of told) {
    const here = form.querySelector(`[data-error-for="${slot.dataset.errorFor}"]`);
    here?.replaceChildren(...[...slot.children].map((child) => document.importNode(child, true)));
  }
  if (!told.length) sayToAll(form, page?.querySelector("[data-message]")?.textContent ?? form.dataset.sayBroken);
  goToFirstError(form);
}

function goToFirstError(form) {
  const slot = form.querySelector("[data-error-for] .error")?.closest("[data-error-for]");
  const field = slot && form.querySelector(`[name="${slot.dataset.errorFor}"]`);
  slot?.closest("details")?.setAttribute("open", "");
  field?.focus({ preventScroll: true });
  slot?.scrollIntoView({ block: "center" });
}

function sayToAll(form, sentence) {
  const words = document.createElement("p");
  words.className = "error";
  words.textContent = sentence;
  form.querySelector('[data-error-for="__all__"]').replaceChildren(words);
}

// Back from the next page, the form may be shown as it was left.
addEventListener("pageshow", (event) => {
  const form = document.querySelector(place);
  if (event.persisted && form?.getAttribute("aria-busy") === "true") show(form, false);
});
