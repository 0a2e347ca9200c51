// Fills a grid with previews, one after the other, each with its time.

import { leaveIfGone, pauseAfter, sentenceOf, sleep } from "./answers.js";

export const place = "[data-grid]";

const SOON = 500; // milliseconds
const N_TRIES = 8; // then the grid goes on with the next one

export async function start(grid) {
  for (const cell of grid.querySelectorAll("[data-cell][data-quick]")) {
    for (let n = 1; n <= N_TRIES && !(await fill(grid, cell)); n += 1) await sleep(SOON, Math.min(n, 4));
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
  await leaveIfGone(response);
  if (!response?.ok) {
    trouble.textContent = await sentenceOf(response, grid.dataset.sayBroken);
    return pauseAfter(response) === 0;
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
