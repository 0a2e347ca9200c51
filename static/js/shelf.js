// A style comes from the shelf or from a file of one's own: choosing one lets go of the other.

export const place = "[data-shelf]";

export function start(shelf) {
  const form = shelf.closest("form");
  const zone = form.querySelector('[data-dropzone="style"]');

  shelf.addEventListener("change", () => zone.dispatchEvent(new CustomEvent("emptied")));
  zone.addEventListener("filled", () => {
    for (const radio of shelf.querySelectorAll("input:checked")) radio.checked = false;
  });
}
