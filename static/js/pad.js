// A point among styles: nearer to one is more of it. Shares go into the form as rows, one for the ground, one a region.

export const place = "[data-pad]";

const STEP = 0.05; // of the pad, by an arrow key; with Shift a fifth of it
const N_ROWS = 4; // the ground and three regions
const DIRECTIONS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export function start(pad) {
  const form = pad.closest("form");
  const input = form.elements.weights;
  const knob = pad.querySelector("[data-knob]");
  const chips = [...form.querySelectorAll("[data-chip]")].filter((chip) => chip.querySelector("[data-share]"));
  const n = chips.length;
  const rows = fill(JSON.parse(input.value || "[]"), n);
  const region = () => Number(form.querySelector('input[name="region"]:checked')?.value ?? 0);
  const percent = new Intl.NumberFormat(document.documentElement.lang, { style: "percent" });
  let at = point(rows[region()]);

  const show = () => {
    pad.style.setProperty("--at-x", at.x);
    pad.style.setProperty("--at-y", at.y);
    pad.dataset.region = region();
    const words = rows[region()].map((share, k) => {
      const told = percent.format(share);
      chips[k].querySelector("[data-share]").textContent = told;
      return pad.dataset.sayShare.replace("{style}", chips[k].dataset.title).replace("{share}", told);
    });
    knob.setAttribute("aria-valuenow", Math.round(100 * at.x));
    knob.setAttribute("aria-valuetext", words.join(", "));
  };
  const move = (x, y) => {
    at = { x: clamp(x), y: n === 2 ? 0.5 : clamp(y) };
    rows[region()] = shares(at, n);
    input.value = JSON.stringify(rows);
    show();
    form.dispatchEvent(new Event("input", { bubbles: true }));
  };
  const follow = (event) => {
    const box = pad.getBoundingClientRect();
    const edge = knob.offsetWidth / 2 + 2;
    move((event.clientX - box.left - edge) / (box.width - 2 * edge), (event.clientY - box.top - edge) / (box.height - 2 * edge));
  };

  pad.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    event.preventDefault();
    pad.setPointerCapture(event.pointerId);
    knob.focus({ preventScroll: true });
    follow(event);
  });
  pad.addEventListener("pointermove", (event) => pad.hasPointerCapture(event.pointerId) && follow(event));
  knob.addEventListener("keydown", (event) => {
    const direction = DIRECTIONS[event.key];
    if (!direction || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const step = event.shiftKey ? STEP / 5 : STEP;
    move(at.x + step * direction[0], at.y + step * direction[1]);
  });
  for (const radio of form.querySelectorAll('input[name="region"]')) {
    radio.addEventListener("change", () => {
      at = point(rows[region()]);
      show();
    });
  }

  pad.hidden = false;
  input.value = JSON.stringify(rows);
  show();
}

// tfapp/weights.py does the same.
export function shares({ x, y }, n) {
  const row = {
    2: [1 - x, x],
    3: [(1 - x) * (1 - y), x * (1 - y), y],
    4: [(1 - x) * (1 - y), x * (1 - y), (1 - x) * y, x * y],
  }[n];
  return row.map((share) => Math.round(1e4 * share) / 1e4);
}

// The way back; of four shares that lie on no point, the nearest sensible one.
export function point(row) {
  if (row.length === 2) return { x: row[1], y: 0.5 };
  if (row.length === 3) return { x: row[0] + row[1] ? row[1] / (row[0] + row[1]) : 0.5, y: row[2] };
  return { x: row[1] + row[3], y: row[2] + row[3] };
}

// A region that is new has one style to itself, so that painting it shows something.
function fill(rows, n) {
  const ground = rows[0] ?? Array(n).fill(1 / n);
  const first = ground.indexOf(Math.max(...ground));
  const alone = (k) => Array.from({ length: n }, (_, index) => Number(index === (first + k) % n));
  return Array.from({ length: N_ROWS }, (_, k) => rows[k] ?? (k ? alone(k) : ground));
}

function clamp(share) {
  return Math.min(1, Math.max(0, share));
}
