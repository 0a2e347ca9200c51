// Opens the shelf for one of the places of a mix: from the shelf, by chance, or a picture of one's own.

export const place = "[data-chip]";

export function start(chip) {
  const dialog = document.querySelector("[data-chooser]");
  const form = dialog.querySelector("form");
  const file = form.elements.style;
  wire(dialog, form, file);

  chip.addEventListener("click", () => {
    form.elements.position.value = chip.dataset.chip;
    dialog.querySelector("[data-chooser-title]").textContent = chip.dataset.title;
    const n = document.querySelectorAll("[data-chip] [data-share]").length;
    dialog.querySelector("[data-take]").hidden = n < 2 || !chip.querySelector("[data-share]");
    file.value = "";
    dialog.showModal();
  });
}

function wire(dialog, form, file) {
  if (dialog.dataset.ready !== undefined) return;
  dialog.dataset.ready = "";
  dialog.querySelector("[data-own]").addEventListener("click", () => file.click());
  dialog.querySelector("[data-close]").addEventListener("click", () => dialog.close());
  file.addEventListener("change", () => file.files.length && form.requestSubmit());
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close()); // beside it
}
