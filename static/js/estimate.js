// Says how long a picture will take, once the photo is there and the painter has been measured.

export const place = "[data-estimate]";

const LEAST = 3; // seconds: nobody asks about less
const MINUTES = 100; // from so many seconds on

export function start(words) {
  const form = words.closest("form");
  const show = () => say(words, estimate(form));
  for (const event of ["change", "filled", "emptied", "fragment"]) form.addEventListener(event, show, true);
  form.addEventListener("load", show, true); // of the preview, whose size is the photo's
  show();
}

function estimate(form) {
  const seconds = Number(form.querySelector('[name="engine"]:checked')?.dataset.seconds);
  const size = megapixels(form);
  return seconds && size ? seconds * (effort(form) * size + extra(form)) : 0;
}

function megapixels(form) {
  const wanted = Number(form.querySelector('[name="size"]')?.value);
  if (!form.querySelector('[data-dropzone="content"]')) return (wanted * wanted) / 1e6; // a texture is a square

  const photo = form.querySelector('[data-dropzone="content"] [data-previews] img');
  if (!photo?.naturalWidth) return 0;
  const longest = Math.max(photo.naturalWidth, photo.naturalHeight);
  const scale = Math.min(1, (wanted || longest) / longest); // or the photo's own size
  return (photo.naturalWidth * photo.naturalHeight * scale * scale) / 1e6;
}

function effort(form) {
  const asked = [...form.querySelectorAll("[data-usual]")].map((control) => control.value / control.dataset.usual);
  return asked.reduce((product, share) => product * share, 1);
}

function extra(form) {
  const asked = [...form.querySelectorAll("[data-extra]:checked")].map((control) => Number(control.dataset.extra));
  return asked.reduce((sum, megapixels) => sum + megapixels, 0);
}

function say(words, seconds) {
  words.hidden = seconds < LEAST;
  const inMinutes = seconds >= MINUTES;
  const sentence = inMinutes ? words.dataset.sayMinutes : words.dataset.saySeconds;
  words.textContent = sentence.replace("{n}", Math.round(inMinutes ? seconds / 60 : seconds));
}
