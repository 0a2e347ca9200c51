// Draws the preview of edge pairs anew while the options change, one at a time; where the server is busy, in a moment.

export const place = "[data-edges]";

const PAUSE = 600; // milliseconds without a change
const BUSY = 503;
const SOON = 2000; // milliseconds until a busy server is asked again

export function start(form) {
  const picture = form.querySelector("[data-edges-picture]");
  let timer = 0;
  let latest = null;

  const draw = async () => {
    clearTimeout(timer);
    latest?.abort();
    latest = new AbortController();
    say(form, "drawing");
    try {
      const response = await fetch(address(form), { signal: latest.signal });
      if (response.status === BUSY) return void (timer = setTimeout(draw, SOON));
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
  picture.addEventListener("error", draw, { once: true }); // the first one met a busy server
  if (form.querySelector(".error") || (picture.complete && !picture.naturalWidth)) draw(); // or it came back refused
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
