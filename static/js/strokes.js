// A drawing as strokes: how they are kept, taken back, and painted.
//
// As JSON: { "version": 1, "strokes": [{ "tool": "pencil", "width": 0.0157, "points": [[0.21, 0.5], …] }, …] }
//   tool    "pencil" draws black, "eraser" white like the paper; later strokes lie on earlier ones.
//   width   of the line, as a share of the paper's side.
//   points  [x, y], from 0 at the top left to 1 at the bottom right; [x, y, pressure] where a pen told it, 0 to 1:
//           the line is then (0.5 + pressure) times as wide. One point is a dot.
// The paper is a square. tests/journeys/drawing.py replays such files through the page.

const VERSION = 1;
const COLOURS = { pencil: "#000", eraser: "#fff" };
const NEAREST = -1; // a line may leave the paper so far on each side
const FARTHEST = 2;

export class History {
  constructor(strokes) {
    this.strokes = strokes;
    this.past = strokes.map((_, n) => strokes.slice(0, n)); // what a reload brought back can be taken back too
    this.future = [];
  }

  change(strokes) {
    this.past.push(this.strokes);
    this.strokes = strokes;
    this.future = [];
  }

  undo() {
    if (!this.past.length) return;
    this.future.push(this.strokes);
    this.strokes = this.past.pop();
  }

  redo() {
    if (!this.future.length) return;
    this.past.push(this.strokes);
    this.strokes = this.future.pop();
  }
}

export function toJson(strokes) {
  return JSON.stringify({ version: VERSION, strokes });
}

export function clamp(share) {
  return Math.min(FARTHEST, Math.max(NEAREST, share));
}

// What is not such a drawing is an empty one.
export function fromJson(text) {
  try {
    const { version, strokes } = JSON.parse(text);
    return version === VERSION && strokes.every(isStroke) ? strokes : [];
  } catch {
    return [];
  }
}

export function paint(canvas, strokes) {
  const context = canvas.getContext("2d");
  context.fillStyle = COLOURS.eraser;
  context.fillRect(0, 0, canvas.width, canvas.height);
  for (const stroke of strokes) paintStroke(context, canvas.width, stroke);
}

// A finished drawing, on a canvas of its own, and the stroke in hand over it.
export function paintOver(canvas, drawing, stroke) {
  const context = canvas.getContext("2d");
  context.drawImage(drawing, 0, 0);
  if (stroke) paintStroke(context, canvas.width, stroke);
}

function isStroke({ tool, width, points }) {
  const isShare = (number) => typeof number === "number" && clamp(number) === number;
  return tool in COLOURS && isShare(width) && points.length > 0 && points.every((point) => point.every(isShare));
}

function paintStroke(context, side, { tool, width, points }) {
  context.strokeStyle = COLOURS[tool];
  context.lineCap = context.lineJoin = "round";
  const at = points.map(([x, y, pressure = 0.5]) => ({ x: x * side, y: y * side, width: width * side * (0.5 + pressure) }));
  const isEven = points.every((point) => point.length === 2);

  context.beginPath();
  context.moveTo(at[0].x, at[0].y);
  for (let n = 1; n < at.length; n += 1) {
    const isLast = n === at.length - 1;
    const to = isLast ? at[n] : { x: (at[n].x + at[n + 1].x) / 2, y: (at[n].y + at[n + 1].y) / 2 };
    context.quadraticCurveTo(at[n].x, at[n].y, to.x, to.y); // through the middles: round where the hand was fast
    if (isEven) continue;
    context.lineWidth = at[n].width; // a pen's line is as many lines as it has widths
    context.stroke();
    context.beginPath();
    context.moveTo(to.x, to.y);
  }
  if (at.length === 1) context.lineTo(at[0].x, at[0].y); // a dot
  context.lineWidth = at[0].width;
  if (isEven || at.length === 1) context.stroke();
}
