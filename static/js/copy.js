// Copies a text that is shown only once.

export const place = "[data-copy]";

export function start(card) {
  const button = card.querySelector("[data-copy-button]");
  const field = card.querySelector("[data-copy-from]");
  if (!navigator.clipboard) return;

  button.hidden = false;
  button.addEventListener("click", async () => {
    field.select();
    await navigator.clipboard.writeText(field.value);
    card.querySelector("[data-copy-words]").textContent = card.dataset.sayCopied;
  });
}
