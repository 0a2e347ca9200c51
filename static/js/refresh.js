// Keeps a list of pictures fresh while some are being painted.

export const place = "[data-refresh]";

const EVERY = 4000; // milliseconds

export function start(list) {
  const timer = setInterval(async () => {
    if (document.hidden || list.contains(document.activeElement)) return; // nothing moves under somebody's fingers
    const response = await fetch(list.dataset.refresh).catch(() => null);
    if (!response?.ok) return;
    const fresh = new DOMParser().parseFromString(await response.text(), "text/html").querySelector("main > .page");
    const isOver = !fresh.hasAttribute("data-refresh");
    list.replaceChildren(...fresh.childNodes);
    if (isOver) clearInterval(timer);
  }, EVERY);
}
