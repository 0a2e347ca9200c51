// Draws the preview of edge pairs anew while the options change, one at a time.

export const place = "[data-edges]";

const PAUSE = 600; // milliseconds without a change

export function start(form) {
  const picture = form.querySelector("[data-edges-picture]");
  let timer = 0;
  let latest = null;

  const draw = async () => {
    latest?.abort();
    latest = new AbortController();
    say(form, "drawing");
    try {
      const response = await fetch(address(form), { signal: latest.signal });
      if (response.ok) show(picture, await response.blob());
      say(form, response.ok ? "" : "refused", response.ok ? "" : await response.text());
    } catch (error) {
      if (error.name !== "AbortError") say(form, "");
    }
  };
  const wait = (event) => {
    if (event.target.name === "title") return;
    clearTimeout(timer);
    timer = setTimeout(draw, PAUSE);
  };

  form.addEventListener("input", wait);
  if (form.querySelector(".error")) draw(); // it came back refused, filled in
}

function address(form) {
  const values = new URLSearchParams(new FormData(form));
  values.delete("csrfmiddlewaretoken");
  values.delete("title");
  values.set("preview", "1");
  return `${form.dataset.edges}?${values}`;
}

function show(picture, blob) {
  if (picture.src.startsWith("blob:")) URL.revokeObjectURL(picture.src);
  picture.src = URL.createObjectURL(blob);
}

function say(form, state, sentence = "") {
  const words = form.querySelector("[data-edges-words]");
  const error = document.createElement("p");
  error.className = "error";
  error.textContent = sentence;
  words.textContent = state === "drawing" ? words.dataset.sayDrawing : "";
  form.querySelector("[data-edges-error]").replaceChildren(...(sentence ? [error] : []));
  form.querySelector("[data-edges-picture]").toggleAttribute("data-stale", state !== "");
}
