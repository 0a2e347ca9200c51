// Keeps the grid of probes live while checkpoints paint: parts that changed are put in place, scrolling stays.

export const place = "[data-probes][data-wait]";

const HIDDEN = 20; // seconds, while nobody looks

export function start(board) {
  let timer = 0;

  const later = () => {
    clearTimeout(timer);
    timer = setTimeout(ask, 1000 * (document.hidden ? HIDDEN : Number(board.dataset.wait)));
  };
  const ask = async () => {
    const fresh = await fetchBoard(board.dataset.probes);
    if (fresh) {
      renew(board, fresh);
      if (!fresh.hasAttribute("data-wait")) return; // nothing comes any more
    }
    later();
  };
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && timer) ask();
  });
  later();
}

async function fetchBoard(address) {
  const response = await fetch(address).catch(() => null);
  if (!response?.ok) return null;
  return new DOMParser().parseFromString(await response.text(), "text/html").querySelector("[data-probes]");
}

function renew(board, fresh) {
  for (const part of fresh.querySelectorAll("[data-live]")) {
    const old = board.querySelector(`[data-live="${part.dataset.live}"]`);
    if (!old || bare(old) === bare(part)) continue;
    if (old.contains(document.activeElement) || old.querySelector("details[open]")) continue; // nothing moves under a hand
    old.replaceChildren(...document.importNode(part, true).childNodes);
    old.dispatchEvent(new CustomEvent("fragment", { bubbles: true }));
  }
}

// Without the keys of forms, which are others each time.
function bare(part) {
  return part.innerHTML.replace(/name="csrfmiddlewaretoken" value="[^"]*"/g, "");
}
