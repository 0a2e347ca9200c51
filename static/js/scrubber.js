// Samples over time: a slider through them. What lies beside is fetched ahead; who looks at the newest stays there.

export const place = "[data-scrubber]";

const KEPT = 24; // pictures

export function start(section) {
  const [stage, bar, range, words] = ["stage", "bar", "range", "step"].map((part) => section.querySelector(`[data-scrubber-${part}]`));
  const number = new Intl.NumberFormat(document.documentElement.lang);
  const pictures = new Map();
  let steps = section.dataset.steps.split(",").filter(Boolean).map(Number);

  const fetchPicture = (step) => {
    if (!pictures.has(step)) {
      const image = new Image();
      image.decoding = "async";
      image.alt = section.dataset.alt.replace("STEP", number.format(step));
      image.src = section.dataset.scrubber.replace("STEP", `step-${String(step).padStart(7, "0")}.png`);
      image.addEventListener("error", () => pictures.delete(step)); // perhaps next time
      pictures.set(step, image);
      for (const old of [...pictures.keys()].slice(0, -KEPT)) pictures.delete(old);
    }
    return pictures.get(step);
  };
  const show = async () => {
    const i = Number(range.value);
    const image = fetchPicture(steps[i]);
    const title = range.dataset.words.replace("STEP", number.format(steps[i]));
    words.textContent = title;
    range.setAttribute("aria-valuetext", title);
    for (const button of section.querySelectorAll("[data-scrubber-move]")) {
      const next = i + Number(button.dataset.scrubberMove);
      button.disabled = next < 0 || next >= steps.length;
    }
    await image.decode().catch(() => null); // until then the one before stays: nothing flickers
    if (i !== Number(range.value)) return;
    if (image.complete && image.naturalWidth) stage.replaceChildren(image);
    for (const near of [steps[i - 1], steps[i + 1]]) if (near !== undefined) fetchPicture(near);
  };
  const take = (fresh) => {
    const isNewest = Number(range.value) >= steps.length - 1;
    const before = steps[Number(range.value)];
    for (const step of pictures.keys()) if (!fresh.includes(step)) pictures.delete(step);
    steps = fresh;
    range.max = Math.max(0, steps.length - 1);
    range.value = isNewest || !steps.includes(before) ? range.max : steps.indexOf(before);
    bar.hidden = steps.length < 2;
    if (steps.length) show();
  };

  range.addEventListener("input", show);
  section.addEventListener("click", (event) => {
    const button = event.target.closest("[data-scrubber-move]");
    if (!button) return;
    range.value = Number(range.value) + Number(button.dataset.scrubberMove);
    show();
  });
  section.addEventListener("samples", ({ detail }) => take(detail));
  range.max = Math.max(0, steps.length - 1);
  range.value = range.max;
  take(steps);
}
