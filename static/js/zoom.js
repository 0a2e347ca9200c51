// Shows a picture in its own pixels over the whole window; Escape or a click closes it.

export const place = "[data-zoom]";

export function start(link) {
  link.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || document.fullscreenElement) return;
    event.preventDefault();
    open(link);
  });
}

function closeButton(words) {
  const button = document.createElement("button");
  const icon = document.querySelector("[data-icon-close]").content.cloneNode(true);
  button.type = "button";
  button.className = "button zoom__close";
  button.setAttribute("aria-label", words);
  button.append(icon);
  return button;
}

function open(link) {
  const dialog = document.createElement("dialog");
  const stage = document.createElement("div");
  const image = new Image();
  dialog.className = "zoom";
  dialog.setAttribute("aria-label", link.getAttribute("aria-label"));
  stage.className = "zoom__stage";
  stage.tabIndex = 0;
  image.src = link.href;
  image.alt = link.dataset.alt ?? link.querySelector("img").alt;
  stage.toggleAttribute("data-fits", link.hasAttribute("data-zoom-fits")); // a small one fills the window

  stage.append(image);
  dialog.append(stage, closeButton(link.dataset.sayClose));
  dialog.addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => {
    dialog.remove();
    link.focus();
  });
  document.body.append(dialog);
  dialog.showModal();
  stage.scrollTo((stage.scrollWidth - stage.clientWidth) / 2, (stage.scrollHeight - stage.clientHeight) / 2);
}
