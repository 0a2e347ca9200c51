// Asks how the painting goes on, slower when nobody looks, and stops when it is finished.

export const place = "[data-job]";

const SOON = 700; // milliseconds
const LATER = 5000; // while the page is hidden
const LONGEST = 15000; // while the server does not answer

export function start(page) {
  if (status(page).hasAttribute("data-finished")) return;
  let timer = 0;
  let failures = 0;

  const wait = () => {
    const calm = document.hidden ? LATER : SOON;
    timer = setTimeout(ask, Math.min(LONGEST, calm * 2 ** failures));
  };
  const ask = async () => {
    clearTimeout(timer);
    const html = await fetchText(page.dataset.job);
    failures = html ? 0 : failures + 1;
    if (html) put(page, html);
    if (!status(page).hasAttribute("data-finished")) wait();
  };

  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && !status(page).hasAttribute("data-finished")) ask();
  });
  wait();
}

function status(page) {
  return page.querySelector("[data-state]");
}

async function fetchText(address) {
  try {
    const response = await fetch(address, { headers: { Accept: "text/html" } });
    if (response.status === 404) location.reload(); // deleted elsewhere
    return response.ok ? await response.text() : "";
  } catch {
    return "";
  }
}

function put(page, html) {
  const fresh = new DOMParser().parseFromString(html, "text/html").querySelector("[data-state]");
  const old = status(page);
  if (!fresh) return;
  document.title = fresh.dataset.title;

  if (fresh.dataset.state === old.dataset.state) {
    for (const live of fresh.querySelectorAll("[data-live]")) renew(old, live);
    return;
  }
  old.replaceWith(document.importNode(fresh, true));
  page.querySelector("[data-job-say]").textContent = fresh.dataset.say;
  status(page).dispatchEvent(new CustomEvent("fragment", { bubbles: true }));
  if (fresh.dataset.state === "done") showDone();
}

function renew(old, live) {
  const here = old.querySelector(`[data-live="${live.dataset.live}"]`);
  if (!here) return;
  if (live.querySelector("img") || here.querySelector("img")) {
    renewPicture(here, live);
    return;
  }
  if (here.localName === "progress" && live.hasAttribute("value")) here.value = live.getAttribute("value");
  else if (here.textContent !== live.textContent) here.textContent = live.textContent;
}

async function renewPicture(here, live) {
  const fresh = live.querySelector("img");
  if (!fresh || here.querySelector("img")?.getAttribute("src") === fresh.getAttribute("src")) return;
  const picture = document.importNode(fresh);
  try {
    await picture.decode(); // the one before stays until this one can be seen
    here.replaceChildren(picture);
  } catch {
    // it has gone meanwhile: the next one comes, or the finished picture
  }
}

function showDone() {
  const icon = document.querySelector("[data-favicon]");
  icon.href = icon.dataset.faviconDone;
}
