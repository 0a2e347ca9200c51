// Who signs out takes along what this browser kept of them.

import { forget } from "./sketch.js";

export const place = "[data-leaving]";

export function start(form) {
  form.addEventListener("submit", forget);
}
