// Every change of a control asks for a new preview: one question at a time, and the newest state when it is answered.

import { leaveIfGone, pauseAfter, sentenceOf, sleep } from "./answers.js";
import { settled } from "./mix_change.js";

export const place = "[data-mixer]";

export function start(page) {
  let wanted = 0;
  let shown = 0;
  let isAsking = false;

  const want = () => {
    wanted += 1;
    if (!isAsking) run();
  };
  const run = async () => {
    isAsking = true;
    for (let failures = 0; shown < wanted; ) {
      const now = wanted;
      const pause = await ask(page);
      if (pause === 0) {
        shown = now;
        failures = 0;
      } else {
        failures += 1;
        await sleep(pause, failures);
      }
      page.dataset.shown = shown;
    }
    isAsking = false;
  };

  page.addEventListener("input", (event) => {
    if (event.target.matches("[data-mix-form], [data-mix-form] [name]:not([name=region]):not([name=size])")) want();
  });
  page.addEventListener("fragment", want);
  page.addEventListener("trouble", (event) => tell(page, event.detail));
  holdForThePhoto(page);
  want();
}

// Returns the milliseconds after which to ask again; 0 when there is nothing more to be done.
async function ask(page) {
  await settled();
  const started = performance.now();
  const form = page.querySelector("[data-mix-form]");
  try {
    const response = await fetch(page.dataset.mixer, { method: "POST", body: new URLSearchParams(new FormData(form)) });
    await leaveIfGone(response);
    if (response.ok) {
      await show(page, await response.blob());
      tellTimes(page, Number(response.headers.get("X-Seconds")), performance.now() - started);
      tell(page, "");
      return 0;
    }
    const sentence = await sentenceOf(response, page.dataset.sayBroken);
    if (response.status !== 409 || !response.headers.has("Retry-After")) tell(page, sentence);
    return pauseAfter(response);
  } catch {
    tell(page, page.dataset.sayBroken);
    return pauseAfter(null);
  }
}

// The old picture stays until the new one can be seen: nothing flickers, nothing jumps.
async function show(page, blob) {
  const image = page.querySelector("[data-preview]");
  const before = image.src;
  const address = URL.createObjectURL(blob);
  const next = new Image();
  next.src = address;
  await next.decode();
  image.src = address;
  page.querySelector("[data-preview-link]").href = address;
  if (before.startsWith("blob:")) URL.revokeObjectURL(before);
}

function tellTimes(page, seconds, milliseconds) {
  page.querySelector("[data-times]").textContent = page.dataset.sayTimes
    .replace("{engine}", Math.round(1000 * seconds))
    .replace("{all}", Math.round(milliseconds));
}

function tell(page, sentence) {
  const words = page.querySelector("[data-trouble]");
  if (words.textContent !== sentence) words.textContent = sentence;
}

// While the button is held, by pointer or key, the photo lies over the painting.
function holdForThePhoto(page) {
  const button = page.querySelector("[data-hold]");
  const range = page.querySelector("[data-compare-range]");
  let before = null;

  const hold = () => {
    before ??= range.value;
    set(range, 100);
  };
  const letGo = () => {
    if (before !== null) set(range, before);
    before = null;
  };
  button.addEventListener("pointerdown", (event) => {
    button.setPointerCapture(event.pointerId);
    hold();
  });
  for (const name of ["pointerup", "pointercancel", "blur"]) button.addEventListener(name, letGo);
  button.addEventListener("keydown", (event) => event.key === " " && (event.preventDefault(), hold()));
  button.addEventListener("keyup", (event) => event.key === " " && letGo());
  button.addEventListener("contextmenu", (event) => event.preventDefault()); // a long press is no menu here
  button.hidden = false;
}

function set(range, value) {
  range.value = value;
  range.dispatchEvent(new Event("input")); // compare.js moves the line
}
