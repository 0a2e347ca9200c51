// Draws curves into an SVG: scales, axes, bands and lines. Knows nothing of pages, pointers or servers.

export const ROOM = { left: 52, right: 12, top: 10, bottom: 26 };
const TICKS = 5;
const AIR = 0.05; // above and below the curves, as a share of their height
const NICE = [1, 2, 2.5, 5, 10];
const SMALLEST_SHARE = 1e-6; // on a log scale what is not above 0 has no place

// An exponential moving average that is true from its first value on; gaps stay gaps.
export function smooth(values, weight) {
  let average = 0;
  let trust = 0;
  return values.map((value) => {
    if (value === null) return null;
    average = weight * average + (1 - weight) * value;
    trust = weight * trust + (1 - weight);
    return average / trust;
  });
}

export function write(value) {
  const size = Math.abs(value);
  if (size >= 1e6) return `${short(value / 1e6)}M`;
  return size >= 1e4 ? `${short(value / 1e3)}k` : short(value);
}

function short(value) {
  return String(Number(value.toPrecision(4)));
}

// The number whose curve is nearest to x.
export function nearest(xs, x) {
  let [low, high] = [0, xs.length - 1];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (xs[middle] > x) high = middle;
    else low = middle;
  }
  return Math.abs(xs[low] - x) <= Math.abs(xs[high] - x) ? low : high;
}

// From units to pixels and back, for lines as they are seen: `view` is [first, last] of the x axis.
export function makeScale({ lines, view, isLog, width, height }) {
  const hasPlace = (y) => y !== null && (y > 0 || !isLog);
  const seen = lines.flatMap(({ x, shown }) => shown.filter((y, i) => hasPlace(y) && x[i] >= view[0] && x[i] <= view[1]));
  if (!seen.length) return null;
  const range = widen(seen.reduce((a, b) => Math.min(a, b)), seen.reduce((a, b) => Math.max(a, b)), isLog);
  const bend = isLog ? Math.log10 : (y) => y;
  const [least, most] = range.map(bend);
  const [low, high] = [least - AIR * (most - least), most + AIR * (most - least)];
  const right = width - ROOM.right;
  const bottom = height - ROOM.bottom;
  const perX = (right - ROOM.left) / (view[1] - view[0]);
  return {
    hasPlace, range, view, right, bottom, isLog,
    toX: (x) => ROOM.left + (x - view[0]) * perX,
    toY: (y) => bottom - Math.min(1, Math.max(0, (bend(y) - low) / (high - low))) * (bottom - ROOM.top),
    fromX: (pixels) => view[0] + (Math.min(right, Math.max(ROOM.left, pixels)) - ROOM.left) / perX,
  };
}

function widen(low, high, isLog) {
  if (isLog) return low === high ? [low / 1.5, high * 1.5] : [Math.max(low, high * SMALLEST_SHARE), high];
  const room = Math.abs(low) / 10 || 1;
  return low === high ? [low - room, high + room] : [low, high];
}

function findTicks(low, high, isLog) {
  if (isLog && high / low >= 10) {
    const [first, last] = [Math.ceil(Math.log10(low)), Math.floor(Math.log10(high))];
    const step = Math.max(1, Math.ceil((last - first + 1) / TICKS));
    return Array.from({ length: Math.floor((last - first) / step) + 1 }, (_, i) => 10 ** (first + i * step));
  }
  const rough = (high - low) / TICKS;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * NICE.find((nice) => nice * power >= rough);
  const first = Math.ceil(low / step - 1e-9);
  return Array.from({ length: Math.floor(high / step + 1e-9) - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

export function element(name, attributes = {}, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

// Fills the SVG anew. Each line: number, x, mean, least, most, and `shown`, its mean after smoothing.
export function draw(svg, { lines, marks, scale, width, height }) {
  const { left, top } = ROOM;
  const { right, bottom, toX, toY } = scale;
  const ys = findTicks(...scale.range, scale.isLog);
  const xs = findTicks(...scale.view, false);
  const clip = `inside-${svg.dataset.key}`;

  const grid = element("g", { class: "plot__grid" }, ...ys.map((y) => element("path", { d: `M${left} ${toY(y)}H${right}` })));
  const inside = element("g", { "clip-path": `url(#${clip})` });
  for (const mark of marks) {
    inside.append(element("path", { class: "plot__mark", d: `M${toX(mark.x)} ${top}V${bottom}` }));
  }
  for (const line of lines) inside.append(drawLine(line, scale));
  const words = element(
    "g", { class: "plot__words" },
    ...ys.map((y) => element("text", { x: left - 8, y: toY(y), dy: ".32em", "text-anchor": "end" }, write(y))),
    ...xs.map((x) => element("text", { x: toX(x), y: height - 6, "text-anchor": "middle" }, write(x))),
  );
  const window = element("clipPath", { id: clip }, element("rect", { x: left - 2, y: 0, width: Math.max(0, right - left + 4), height }));
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  svg.replaceChildren(window, grid, inside, words);
}

function drawLine({ number, x, shown, least, most }, { hasPlace, toX, toY }) {
  const group = element("g", { class: `curve curve--${number}` });
  if (least) {
    const edges = x.map((_, i) => i).filter((i) => hasPlace(least[i]));
    const band = [...edges.map((i) => `${toX(x[i])} ${toY(most[i])}`), ...edges.reverse().map((i) => `${toX(x[i])} ${toY(least[i])}`)];
    if (edges.length > 1) group.append(element("path", { class: "curve__band", d: `M${band.join("L")}Z` }));
  }
  let path = "";
  shown.forEach((y, i) => {
    if (!hasPlace(y)) return;
    const isFirst = i === 0 || !hasPlace(shown[i - 1]);
    const isAlone = isFirst && (i === shown.length - 1 || !hasPlace(shown[i + 1]));
    const at = `${toX(x[i]).toFixed(1)} ${toY(y).toFixed(1)}`;
    if (isAlone) group.append(element("circle", { cx: toX(x[i]), cy: toY(y), r: 3 }));
    else path += `${isFirst ? "M" : "L"}${at}`;
  });
  group.append(element("path", { class: "curve__line", d: path }));
  return group;
}
