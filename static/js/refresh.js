// Keeps a list fresh while some of it is being made: pictures, datasets, runs.

export const place = "[data-refresh]";

const EVERY = 4000; // milliseconds
const IN_HAND = "input:checked, details[open]"; // what somebody chose or opened, and would lose

export function start(list) {
  const isInHand = () => list.contains(document.activeElement) || list.querySelector(IN_HAND) !== null;
  const timer = setInterval(async () => {
    if (document.hidden || isInHand()) return; // nothing moves under somebody's fingers
    const response = await fetch(list.dataset.refresh).catch(() => null);
    if (!response?.ok) return;
    const fresh = new DOMParser().parseFromString(await response.text(), "text/html").querySelector("main > .page");
    if (!fresh || isInHand()) return; // by now
    const isOver = !fresh.hasAttribute("data-refresh");
    list.replaceChildren(...document.importNode(fresh, true).childNodes);
    list.dispatchEvent(new CustomEvent("fragment", { bubbles: true }));
    if (isOver) clearInterval(timer);
  }, EVERY);
}
