// Fills the screen with the wall and its picture.

export const place = "[data-fullscreen]";

export function start(button) {
  const wall = document.querySelector("[data-wall]");
  if (!wall?.requestFullscreen) return;
  button.hidden = false;
  button.addEventListener("click", () => wall.requestFullscreen());
}
