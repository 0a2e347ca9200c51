// Every change of a control asks for a new preview: one question at a time, and the newest state when it is answered.
// Where previews take long, smaller ones come first, drafts, and a whole one when the hand rests.

import { leaveIfGone, pauseAfter, sentenceOf, sleep } from "./answers.js";
import { settled } from "./mix_change.js";

export const place = "[data-mixer]";

const SLOW = 200; // milliseconds from question to picture: more is felt while the hand moves
const REST = 150; // milliseconds since the last touch

export function start(page) {
  let wanted = 0;
  let drafted = 0;
  let shown = 0;
  let isAsking = false;
  let isSlow = false;
  let touchedAt = 0;
  let wake = () => {};

  const want = () => {
    wanted += 1;
    touchedAt = performance.now();
    wake();
    if (!isAsking) run();
  };
  const rest = () =>
    new Promise((done) => {
      wake = done;
      setTimeout(done, touchedAt + REST - performance.now());
    });
  const run = async () => {
    isAsking = true;
    for (let failures = 0; shown < wanted; ) {
      const now = wanted;
      const isDraft = isSlow && drafted < now;
      const { isSeen, pause, took } = await ask(page, isDraft);
      const isLate = took > (isDraft ? SLOW / 2 : SLOW); // a whole one has more than twice as many pixels
      isSlow = isLate || (isSlow && !isSeen);
      if (pause > 0) {
        failures += 1;
        await sleep(pause, failures);
      } else if (isSeen && isDraft) {
        failures = 0;
        drafted = now;
        if (wanted === now) await rest();
      } else {
        failures = 0;
        shown = now;
        page.dataset.shown = shown;
      }
    }
    isAsking = false;
  };

  page.addEventListener("input", (event) => {
    if (event.target.matches("[data-mix-form], [data-mix-form] [name]:not([name=region]):not([name=size])")) want();
  });
  page.addEventListener("fragment", want);
  page.addEventListener("trouble", (event) => tell(page, event.detail));
  keepTheShape(page.querySelector("[data-preview]"));
  holdForThePhoto(page);
  want();
}

// Whether a picture came and is seen, the milliseconds after which to ask again (0: not at all), and those that it took.
async function ask(page, isDraft) {
  await settled();
  const started = performance.now();
  const body = new URLSearchParams(new FormData(page.querySelector("[data-mix-form]")));
  if (isDraft) body.set("draft", "on");
  try {
    const response = await fetch(page.dataset.mixer, { method: "POST", body });
    await leaveIfGone(response);
    if (response.ok) {
      await show(page, await response.blob());
      const took = performance.now() - started;
      tellTimes(page, Number(response.headers.get("X-Seconds")), took);
      tell(page, "");
      return { isSeen: true, pause: 0, took };
    }
    const sentence = await sentenceOf(response, page.dataset.sayBroken);
    if (response.status !== 409 || !response.headers.has("Retry-After")) tell(page, sentence);
    return { isSeen: false, pause: pauseAfter(response), took: performance.now() - started };
  } catch {
    tell(page, page.dataset.sayBroken);
    return { isSeen: false, pause: pauseAfter(null), took: 0 };
  }
}

// A draft's sides are rounded otherwise: without this the controls would move by a hair under a finger.
function keepTheShape(image) {
  image.style.aspectRatio = `${image.getAttribute("width")} / ${image.getAttribute("height")}`;
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
