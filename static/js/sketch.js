// Paper to draw on: pen, finger and mouse make strokes, which survive a reload and are sent as a picture.

import { History, clamp, fromJson, paint, paintOver, toJson } from "./strokes.js";

export const place = "[data-sketch]";

const KEY = "sketch"; // in sessionStorage; leaving.js and a drawing that was sent take it away
const INK = 128; // of 255: what is darker is a line
const ERASER_FACTOR = 3; // an eraser is thicker than the pencil
const ERASER_END = 32; // of a pen, among the buttons of a pointer event

export function start(sketch) {
  const canvas = sketch.querySelector("canvas");
  const history = new History(fromJson(remembered()));
  const hand = { tool: "pencil", width: sketch.querySelector("[data-sketch-width]"), stroke: null };

  const drawing = canvas.cloneNode(); // without the stroke in hand, which alone is painted at each move
  const lay = () => paintOver(canvas, drawing, hand.stroke);
  const show = () => {
    paint(drawing, history.strokes);
    lay();
    sketch.toggleAttribute("data-drawn", history.strokes.length > 0);
    for (const [name, steps] of Object.entries({ undo: history.past, redo: history.future, clear: history.strokes })) {
      sketch.querySelector(`[data-${name}]`).setAttribute("aria-disabled", !steps.length); // the focus may stay there
    }
  };
  const settle = () => {
    remember(toJson(history.strokes));
    show();
  };

  followPointers(canvas, hand, {
    isIdle: () => sketch.hasAttribute("data-idle"),
    move: lay,
    end: (stroke) => {
      history.change([...history.strokes, stroke]);
      settle();
    },
  });
  wireTools(sketch, hand);
  wireSteps(sketch, history, settle);
  giveWay(sketch, sketch.closest("form"), canvas);
  sketch.hidden = false;
  show();
}

// Strokes come from one pointer at a time; a pen takes over from the palm that lay down before it.
function followPointers(canvas, hand, tell) {
  let pointer = null;

  const add = (event) => {
    const box = canvas.getBoundingClientRect();
    const point = [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
    if (event.pointerType === "pen") point.push(event.pressure);
    hand.stroke.points.push(point.map((number) => Math.round(clamp(number) * 1e4) / 1e4));
  };
  canvas.addEventListener("pointerdown", (event) => {
    if (tell.isIdle()) return; // a thumb scrolls over it
    if (pointer && !(event.pointerType === "pen" && pointer.type === "touch")) return;
    if (event.pointerType === "mouse" && event.button !== 0) return;
    event.preventDefault();
    canvas.setPointerCapture(event.pointerId);
    pointer = { id: event.pointerId, type: event.pointerType };
    const tool = event.buttons & ERASER_END ? "eraser" : hand.tool;
    const width = (hand.width.value / canvas.width) * (tool === "eraser" ? ERASER_FACTOR : 1);
    hand.stroke = { tool, width: Math.round(width * 1e4) / 1e4, points: [] };
    add(event);
    tell.move();
  });
  canvas.addEventListener("pointermove", (event) => {
    if (event.pointerId !== pointer?.id) return;
    const moves = event.getCoalescedEvents?.() ?? [];
    for (const move of moves.length ? moves : [event]) add(move);
    tell.move();
  });
  const finish = (event) => {
    if (event.pointerId !== pointer?.id) return;
    const { stroke } = hand;
    pointer = hand.stroke = null;
    if (event.type === "pointerup") tell.end(stroke);
    else tell.move(); // the browser took the pointer away: that was no stroke
  };
  canvas.addEventListener("pointerup", finish);
  canvas.addEventListener("pointercancel", finish);
}

function wireTools(sketch, hand) {
  const buttons = [...sketch.querySelectorAll("[data-tool]")];
  for (const button of buttons) {
    button.addEventListener("click", () => {
      hand.tool = button.dataset.tool;
      for (const each of buttons) each.setAttribute("aria-pressed", each === button);
    });
  }
}

function wireSteps(sketch, history, settle) {
  const steps = {
    undo: () => history.undo(),
    redo: () => history.redo(),
    clear: () => history.strokes.length && history.change([]),
  };
  const take = (name) => {
    steps[name]();
    settle();
  };
  for (const name of Object.keys(steps)) {
    sketch.querySelector(`[data-${name}]`).addEventListener("click", () => take(name));
  }
  document.addEventListener("keydown", (event) => {
    if (!(event.ctrlKey || event.metaKey) || event.altKey || event.target.closest("input[type=text], textarea")) return;
    const key = event.key.toLowerCase();
    if (key !== "z" && key !== "y") return;
    event.preventDefault();
    take(key === "y" || event.shiftKey ? "redo" : "undo");
  });
}

// The drawing is sent, unless a picture of another one was chosen after it.
function giveWay(sketch, form, canvas) {
  const zone = form.querySelector('[data-dropzone="sketch"]');
  const yields = (isIdle) => {
    sketch.toggleAttribute("data-idle", isIdle);
    sketch.querySelector("[data-sketch-idle]").hidden = !isIdle;
  };
  zone.addEventListener("filled", () => yields(true));
  zone.addEventListener("emptied", () => yields(false));
  sketch.querySelector("[data-draw-on]").addEventListener("click", () => {
    zone.dispatchEvent(new CustomEvent("emptied"));
    sketch.querySelector("[data-tool]").focus({ preventScroll: true });
  });
  yields(zone.hasAttribute("data-filled"));
  form.addEventListener("formdata", (event) => {
    if (zone.hasAttribute("data-filled") || !hasInk(canvas)) return;
    event.formData.set("sketch", picture(canvas), "sketch.png");
  });
  form.addEventListener("sent", () => {
    if (!zone.hasAttribute("data-filled")) forget();
  });
}

// A drawing may have been erased.
function hasInk(canvas) {
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  return data.some((value, n) => n % 4 === 0 && value < INK);
}

function picture(canvas) {
  const [, content] = canvas.toDataURL("image/png").split(",");
  return new Blob([Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0))], { type: "image/png" });
}

function remembered() {
  try {
    return sessionStorage.getItem(KEY) ?? "";
  } catch {
    return "";
  }
}

function remember(text) {
  try {
    sessionStorage.setItem(KEY, text);
  } catch {
    // Then the drawing lasts for this page.
  }
}

export function forget() {
  try {
    sessionStorage.removeItem(KEY);
  } catch {
    // Then nothing was kept.
  }
}
