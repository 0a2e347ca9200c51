// Lays the photo over the painting, with a line that pointer, touch and keys move.

export const place = "[data-compare]";

export function start(compare) {
  const range = compare.querySelector("[data-compare-range]");

  const show = () => compare.style.setProperty("--at", `${range.value}%`);
  const follow = (event) => {
    const box = compare.getBoundingClientRect();
    range.value = (100 * (event.clientX - box.left)) / box.width;
    show();
  };

  range.addEventListener("input", show);
  compare.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    event.preventDefault(); // the focus stays where we put it
    compare.setPointerCapture(event.pointerId);
    range.focus({ preventScroll: true });
    follow(event);
  });
  compare.addEventListener("pointermove", (event) => {
    if (compare.hasPointerCapture(event.pointerId)) follow(event);
  });
  compare.addEventListener("dragstart", (event) => event.preventDefault());

  range.hidden = false;
  compare.dataset.ready = "";
  show();
}
