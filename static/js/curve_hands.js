// What pointers do over curves: point to read, drag to look closer, pinch, double-click to see all again.

import { element, ROOM } from "./plot.js";

const SHORTEST = 12; // pixels: less is no drag

export function followHands(stage, { scale, point, zoom }) {
  const fingers = new Map();
  let from = null; // where a mouse began to drag
  let pinch = null; // what two fingers took hold of

  const at = (event) => event.clientX - stage.getBoundingClientRect().left;
  const toUnits = (pixels) => scale().fromX(pixels);

  stage.addEventListener("pointerdown", (event) => {
    if (!scale() || event.button !== 0) return;
    fingers.set(event.pointerId, at(event));
    if (event.pointerType === "mouse") {
      event.preventDefault();
      stage.setPointerCapture(event.pointerId);
      from = at(event);
    } else if (fingers.size === 2) pinch = [...fingers.values()].map(toUnits);
    else point(toUnits(at(event)));
  });

  stage.addEventListener("pointermove", (event) => {
    if (!scale()) return;
    const isDown = fingers.has(event.pointerId);
    if (isDown) fingers.set(event.pointerId, at(event));
    if (pinch && fingers.size === 2) zoom(stretch(pinch, [...fingers.values()], scale()));
    else if (event.pointerType === "mouse" || isDown) {
      point(toUnits(at(event)));
      if (from !== null) select(stage, from, at(event), scale());
    }
  });

  const end = (event) => {
    fingers.delete(event.pointerId);
    if (fingers.size < 2) pinch = null;
    if (from === null) return;
    const ends = [from, at(event)].sort((a, b) => a - b);
    from = null;
    if (event.type === "pointerup" && ends[1] - ends[0] >= SHORTEST) zoom(ends.map(toUnits));
    else stage.querySelector(".plot__selection")?.remove();
  };
  stage.addEventListener("pointerup", end);
  stage.addEventListener("pointercancel", end);
  stage.addEventListener("pointerleave", (event) => {
    if (event.pointerType === "mouse" && from === null) point(null);
  });
  stage.addEventListener("dblclick", () => zoom(null));
  stage.addEventListener("touchmove", (event) => event.touches.length > 1 && event.preventDefault(), { passive: false });
}

// The view in which the fingers lie on what they took hold of.
function stretch(held, fingers, { right }) {
  const [left, width] = [ROOM.left, right - ROOM.left];
  const apart = fingers[1] - fingers[0];
  if (Math.abs(apart) < SHORTEST) return held;
  const unitsPerPixel = (held[1] - held[0]) / apart;
  if (unitsPerPixel <= 0) return held;
  const first = held[0] - (fingers[0] - left) * unitsPerPixel;
  return [first, first + width * unitsPerPixel];
}

function select(stage, from, to, { right, bottom }) {
  const [x, end] = [from, to].map((pixels) => Math.min(right, Math.max(ROOM.left, pixels))).sort((a, b) => a - b);
  const attributes = { class: "plot__selection", x, y: ROOM.top, width: end - x, height: bottom - ROOM.top };
  stage.querySelector(".plot__selection")?.remove();
  stage.querySelector("svg").append(element("rect", attributes));
}
