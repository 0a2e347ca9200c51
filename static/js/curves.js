// Curves that can be read, zoomed and told apart: by pointer, finger and keys. Longer ones arrive as events.

import { followHands } from "./curve_hands.js";
import { draw, element, makeScale, nearest, ROOM, smooth, write } from "./plot.js";

export const place = "[data-curves]";

const HEIGHT = { small: 220, tall: 320, wide: 560 }; // pixels; a figure wider than `wide` is tall
const CLOSEST = 8; // units of the x axis that fill the whole width
const PATIENCE = 200; // milliseconds without another zoom, before the details are asked for

export function start(figure) {
  const stage = figure.querySelector("[data-curves-stage]");
  const cursor = figure.querySelector("[data-curves-cursor]");
  const smoothing = figure.querySelector("[data-curves-smoothing]");
  const isLog = figure.querySelector("input[data-curves-log]");
  const svg = element("svg", { class: "plot", role: "img", "aria-label": figure.querySelector("figcaption").textContent });
  const state = { ...read(figure), detail: null, view: null, hidden: new Set(), at: null, scale: null };
  svg.dataset.key = figure.dataset.curves;
  let timer = 0;

  const whole = () => {
    const xs = state.lines.filter(({ x }) => x.length).flatMap(({ x }) => [x[0], x.at(-1)]);
    const [first, last] = [Math.min(...xs), Math.max(...xs)];
    return first < last ? [first, last] : [first - 1, first + 1];
  };
  const lines = () => {
    const weight = smoothing ? Number(smoothing.value) : Number(figure.dataset.smoothing);
    const chosen = state.view && state.detail ? state.detail : state.lines;
    return chosen
      .map((line, i) => ({ ...line, number: i + 1, shown: smooth(line.mean, weight) }))
      .filter((line) => !state.hidden.has(line.name) && line.x.length);
  };

  const show = () => {
    if (!state.lines.some(({ x }) => x.length) || !stage.clientWidth) return;
    const width = stage.clientWidth;
    const height = width > HEIGHT.wide ? HEIGHT.tall : HEIGHT.small;
    const seen = lines();
    const view = state.view ?? whole();
    const log = isLog ? isLog.checked : figure.hasAttribute("data-log");
    state.scale = makeScale({ lines: seen, view, isLog: log, width, height });
    if (state.scale) draw(svg, { lines: seen, marks: state.marks, scale: state.scale, width, height });
    else svg.replaceChildren();
    if (svg.parentNode !== stage) stage.replaceChildren(svg);
    cursor.hidden = false;
    tell(seen, view);
  };
  const tell = (seen, view) => {
    const x = state.at === null ? view[1] : Math.min(view[1], Math.max(view[0], state.at));
    const values = seen.map((line) => ({ line, i: nearest(line.x, x) })).filter(({ line, i }) => line.shown[i] !== null);
    for (const button of figure.querySelectorAll("[data-curves-line]")) {
      const found = values.find(({ line }) => line.name === button.dataset.curvesLine);
      button.querySelector("output").textContent = found ? write(found.line.shown[found.i]) : "";
    }
    const where = `${figure.dataset.xTitle} ${write(values.length ? values[0].line.x[values[0].i] : x)}`;
    figure.querySelector("[data-curves-at]").textContent = where;
    cursor.value = Math.round((200 * (x - view[0])) / (view[1] - view[0]));
    const words = values.map(({ line, i }) => `${line.title ?? line.name} ${write(line.shown[i])}`);
    cursor.setAttribute("aria-valuetext", [where, ...words].join(", "));
    if (state.at !== null && state.scale) svg.append(point(values, x, state.scale));
  };
  const zoom = (view) => {
    const [first, last] = whole();
    const isAll = !view || view[1] - view[0] >= last - first;
    if (!isAll) {
      const span = Math.max(view[1] - view[0], Math.min(CLOSEST, last - first));
      const from = Math.min(Math.max(first, (view[0] + view[1] - span) / 2), last - span);
      view = [from, from + span];
    }
    state.view = isAll ? null : view;
    state.detail = isAll ? null : state.detail;
    for (const button of figure.querySelectorAll('[data-curves-zoom="0"]')) button.disabled = isAll;
    show();
    clearTimeout(timer);
    if (!isAll && figure.dataset.detail) timer = setTimeout(refine, PATIENCE);
  };
  const zoomBy = (factor) => {
    const [first, last] = state.view ?? whole();
    const middle = state.at !== null && state.at >= first && state.at <= last ? state.at : (first + last) / 2;
    zoom(factor ? [middle - (middle - first) * factor, middle + (last - middle) * factor] : null);
  };
  const refine = async () => {
    const view = state.view;
    const [first, last] = view.map(Math.round);
    const answer = await fetch(`${figure.dataset.detail}?first=${first}&last=${last}`)
      .then((response) => (response.ok ? response.json() : null))
      .catch(() => null);
    if (!answer || state.view !== view) return; // somebody zoomed on meanwhile
    state.detail = answer.lines;
    show();
  };

  followHands(stage, { scale: () => state.scale, point: (x) => { state.at = x; show(); }, zoom });
  cursor.addEventListener("input", () => {
    const [first, last] = state.view ?? whole();
    state.at = first + ((last - first) * cursor.value) / 200;
    show();
  });
  figure.addEventListener("keydown", (event) => {
    const factor = { "+": 0.5, "=": 0.5, "-": 2, 0: 0 }[event.key];
    if (factor === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    zoomBy(factor);
  });
  figure.addEventListener("click", (event) => {
    const [line, button] = ["line", "zoom"].map((what) => event.target.closest(`button[data-curves-${what}]`));
    if (button) zoomBy(Number(button.dataset.curvesZoom));
    if (!line) return;
    const isHidden = !state.hidden.delete(line.dataset.curvesLine);
    if (isHidden) state.hidden.add(line.dataset.curvesLine);
    line.setAttribute("aria-pressed", String(!isHidden));
    show();
  });
  for (const control of [smoothing, isLog]) control?.addEventListener("input", show);
  figure.addEventListener("curves", ({ detail }) => {
    if (detail.lines) Object.assign(state, { lines: detail.lines, marks: detail.marks ?? state.marks });
    if (detail.more) state.lines = state.lines.map((line) => extend(line, detail.more.find(({ name }) => name === line.name)));
    show();
  });

  for (const tool of figure.querySelectorAll("[data-curves-tools], [data-curves-hint]")) tool.hidden = false;
  new ResizeObserver(show).observe(stage);
  show();
}

function read(figure) {
  return JSON.parse(figure.querySelector('script[type="application/json"]').textContent);
}

function extend(line, more) {
  if (!more) return line;
  const longer = { ...line, x: line.x.concat(more.x), mean: line.mean.concat(more.mean) };
  if (line.least) {
    longer.least = line.least.concat(more.least ?? more.mean);
    longer.most = line.most.concat(more.most ?? more.mean);
  }
  return longer;
}

// The line and the dots under the pointer.
function point(values, x, scale) {
  const group = element("g", { class: "plot__cursor" });
  group.append(element("path", { d: `M${scale.toX(x)} ${ROOM.top}V${scale.bottom}` }));
  for (const { line, i } of values) {
    const y = line.shown[i];
    if (line.x[i] < scale.view[0] || line.x[i] > scale.view[1] || !scale.hasPlace(y)) continue;
    group.append(element("circle", { class: `curve--${line.number}`, cx: scale.toX(line.x[i]), cy: scale.toY(y), r: 4 }));
  }
  return group;
}
