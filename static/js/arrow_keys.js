// A link that a key follows too: the picture before, the next one.

export const place = "[data-key]";

export function start(link) {
  document.addEventListener("keydown", (event) => {
    if (event.key !== link.dataset.key || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (event.target.closest("input, textarea, select, dialog")) return;
    location.assign(link.href);
  });
}
