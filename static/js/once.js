// Lets a form be sent once: a second click while the first is on its way does nothing.

export const place = "[data-once]";

export function start(form) {
  const buttons = form.querySelectorAll("button");
  const allow = (isAllowed) => buttons.forEach((button) => (button.disabled = !isAllowed));

  form.addEventListener("submit", () => allow(false));
  addEventListener("pageshow", () => allow(true)); // back again, the page may be shown as it was left
}
