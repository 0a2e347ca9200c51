// Closes an opened question with Escape or a click beside it.

export const place = "[data-confirm]";

export function start(details) {
  document.addEventListener("click", function close(event) {
    if (!details.isConnected) document.removeEventListener("click", close); // replaced by a fresher one
    else if (!details.contains(event.target)) details.open = false;
  });
  details.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !details.open) return;
    details.open = false;
    details.querySelector("summary").focus();
  });
}
