// Fills a grid with previews, one after the other, each with its time.

export const place = "[data-grid]";

const SOON = 500; // milliseconds
const N_TRIES = 8; // then the grid goes on with the next one
const PASSING = new Set([409, 429, 503]);

export async function start(grid) {
  for (const cell of grid.querySelectorAll("[data-cell][data-quick]")) {
    for (let n = 0; n < N_TRIES && !(await fill(grid, cell)); n += 1) await sleep(SOON * 2 ** Math.min(n, 3));
  }
  const say = grid.querySelector("[data-grid-say]");
  say.textContent = say.dataset.gridSay;
}

// Says whether that is all there is to be done.
async function fill(grid, cell) {
  const data = new URLSearchParams(new FormData(grid.querySelector("[data-grid-form]")));
  data.set("slug", cell.dataset.slug);
  data.set("engine", cell.dataset.engine);
  const trouble = cell.querySelector("[data-cell-trouble]");
  const response = await fetch(grid.dataset.grid, { method: "POST", body: data }).catch(() => null);
  if (!response?.ok) {
    const isPlain = response?.headers.get("Content-Type")?.startsWith("text/plain");
    trouble.textContent = isPlain ? await response.text() : grid.dataset.sayBroken;
    return Boolean(response) && !PASSING.has(response.status);
  }
  const image = cell.querySelector("img");
  image.src = URL.createObjectURL(await response.blob());
  await image.decode().catch(() => {});
  image.removeAttribute("data-waiting");
  trouble.textContent = "";
  const milliseconds = Math.round(1000 * Number(response.headers.get("X-Seconds")));
  cell.querySelector("[data-cell-time]").textContent = grid.dataset.sayTime.replace("{engine}", milliseconds);
  return true;
}

function sleep(milliseconds) {
  return new Promise((wake) => setTimeout(wake, milliseconds));
}
