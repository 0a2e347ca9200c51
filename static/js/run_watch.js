// Keeps the page of a run live: asks for what is new, slower when nobody looks, and stops when nothing can come
// until somebody looks again: the run may go on by then.

export const place = "[data-run-watch]";

const HIDDEN = 20; // seconds, while nobody looks
const LONGEST = 60; // while the server does not answer
const LOG = 6000; // milliseconds between two looks at the log, which changes with every look
const MOST_POINTS = 1500; // of a curve: then it is fetched anew, thinned

export function start(page) {
  const keys = { place: page.dataset.place, samples: page.dataset.samples, validation: page.dataset.validation };
  let wait = Number(page.dataset.wait); // seconds; 0: nothing can come
  let failures = 0;
  let timer = 0;
  let points = 0;
  let isAsking = false;
  let log = { size: page.dataset.log, at: performance.now() };

  const later = () => {
    if (!wait) return;
    const seconds = document.hidden ? HIDDEN : wait;
    timer = setTimeout(ask, 1000 * Math.min(LONGEST, seconds * 2 ** failures));
  };
  const ask = async () => {
    if (isAsking) return; // two answers to one question would draw its points twice
    isAsking = true;
    clearTimeout(timer);
    const answer = await fetchAnswer(page.dataset.runWatch, keys);
    isAsking = false;
    failures = answer ? 0 : failures + 1;
    try {
      if (answer) take(answer);
    } finally {
      later();
    }
  };
  const take = (answer) => {
    wait = answer.wait;
    putStatus(page, answer.status);
    points = answer.losses ? 0 : points + (answer.more?.lines[0]?.x.length ?? 0);
    if (answer.losses || answer.more) tellCurves(page, "losses", answer.losses ?? { more: answer.more.lines });
    if (answer.samples) page.querySelector("[data-scrubber]").dispatchEvent(new CustomEvent("samples", { detail: answer.samples }));
    for (const chart of answer.validation ?? []) tellCurves(page, chart.key, chart);
    if (answer.validation && answer.validation.length !== page.querySelectorAll("[data-run-validation] [data-curves]").length) {
      renew(page, "[data-run-validation]");
    }
    const isLogDue = answer.keys.log !== log.size && (performance.now() - log.at > LOG || !wait);
    if (isLogDue && page.querySelector("[data-run-log]").open) {
      readLog(page);
      log = { size: answer.keys.log, at: performance.now() };
    }
    const { place, samples, validation } = answer.keys;
    Object.assign(keys, { place, samples, validation }, points > MOST_POINTS ? { place: "" } : {});
  };

  document.addEventListener("visibilitychange", () => document.hidden || ask());
  addEventListener("focus", ask); // from another window
  page.querySelector("[data-run-log]").addEventListener("toggle", (event) => event.target.open && readLog(page));
  showEnd(page);
  later();
}

async function fetchAnswer(address, keys) {
  try {
    const response = await fetch(`${address}?${new URLSearchParams(keys)}`);
    if (response.status === 404) location.reload(); // deleted elsewhere, or no longer signed in
    return response.ok ? await response.json() : null;
  } catch {
    return null;
  }
}

function putStatus(page, html) {
  const fresh = new DOMParser().parseFromString(html, "text/html").querySelector("[data-state]");
  const old = page.querySelector("[data-run-status] [data-state]");
  document.title = fresh.dataset.title;
  if (fresh.dataset.state === old.dataset.state) {
    for (const live of fresh.querySelectorAll("[data-live]")) renewPart(old.querySelector(`[data-live="${live.dataset.live}"]`), live);
    return;
  }
  old.replaceWith(document.importNode(fresh, true));
  page.querySelector("[data-run-say]").textContent = fresh.dataset.say;
  page.querySelector("[data-run-status]").dispatchEvent(new CustomEvent("fragment", { bubbles: true }));
}

function renewPart(old, fresh) {
  if (!old) return;
  if (old.localName === "progress") old.value = fresh.getAttribute("value");
  else if (old.innerHTML !== fresh.innerHTML) old.replaceChildren(...document.importNode(fresh, true).childNodes);
}

function tellCurves(page, key, detail) {
  const figure = page.querySelector(`[data-curves="${key}"]`);
  const names = (detail.lines ?? detail.more).map(({ name }) => name);
  const known = [...(figure?.querySelectorAll("[data-curves-line]") ?? [])].map((button) => button.dataset.curvesLine);
  if (figure && names.every((name) => known.includes(name))) figure.dispatchEvent(new CustomEvent("curves", { detail }));
  else if (figure) renew(page, `[data-curves="${key}"]`); // a name that is new: the server knows how it looks
}

// A part of the page as the server makes it now.
async function renew(page, selector) {
  const response = await fetch(location.href).catch(() => null);
  if (!response?.ok) return;
  const fresh = new DOMParser().parseFromString(await response.text(), "text/html").querySelector(selector);
  const old = page.querySelector(selector);
  if (!fresh || !old) return;
  const made = document.importNode(fresh, true);
  old.replaceWith(made);
  const scope = made.matches("[data-curves]") ? made.parentElement : made; // its behaviours begin anew, no others
  scope.dispatchEvent(new CustomEvent("fragment", { bubbles: true }));
}

async function readLog(page) {
  const response = await fetch(page.querySelector("[data-run-log]").dataset.runLog).catch(() => null);
  const text = response?.ok ? await response.text() : "";
  const shown = page.querySelector("[data-run-log-text]");
  if (!text || shown.textContent === text) return;
  const isAtEnd = shown.scrollTop + shown.clientHeight >= shown.scrollHeight - 8;
  shown.textContent = text;
  if (isAtEnd) showEnd(page);
}

function showEnd(page) {
  const shown = page.querySelector("[data-run-log-text]");
  shown.scrollTop = shown.scrollHeight;
}
