// One place for pictures: choose, drop, paste or photograph; shows them at once and refuses what cannot go well.

export const place = "[data-dropzone]";

const KINDS = /^image\/(jpeg|png|webp|avif|gif|heic|heif)$/;
const NAMES = /\.(jpe?g|png|webp|avif|gif|heic|heif)$/i;

export function start(zone) {
  const input = zone.querySelector("input[name]");
  const errors = zone.querySelector("[data-error-for]");

  input.addEventListener("change", () => take(zone, input, errors, [...input.files]));
  zone.addEventListener("arrival", (event) => take(zone, input, errors, event.detail));
  zone.querySelector("[data-remove]").addEventListener("click", () => {
    zone.dispatchEvent(new CustomEvent("emptied"));
    say(errors, "");
    input.focus();
  });
  zone.addEventListener("emptied", () => empty(zone, input));

  offerCamera(zone);
  offerPaste(zone, errors);
  zone.querySelector("[data-tools]").hidden = false;
  zone.dataset.ready = "";
  if (input.files.length) take(zone, input, errors, [...input.files]); // the browser remembered them on a reload
}

function take(zone, input, errors, files) {
  if (!files.length) return; // the chooser was cancelled
  const chosen = input.multiple ? files : files.slice(0, 1);
  const problem = chosen.map((file) => refusal(zone, file)).find(Boolean);
  if (problem) {
    zone.dispatchEvent(new CustomEvent("emptied"));
    say(errors, problem);
    return;
  }

  const transfer = new DataTransfer();
  for (const file of chosen) transfer.items.add(file);
  input.files = transfer.files;
  say(errors, files.length > chosen.length ? zone.dataset.sayMany : "");
  show(zone, chosen);
  zone.dispatchEvent(new CustomEvent("filled", { bubbles: true }));
}

function refusal(zone, file) {
  if (!KINDS.test(file.type) && !NAMES.test(file.name)) return zone.dataset.sayKind;
  if (file.size === 0) return zone.dataset.sayEmpty;
  if (file.size > Number(zone.dataset.maxBytes)) return zone.dataset.sayLarge;
  return "";
}

function empty(zone, input) {
  input.value = "";
  show(zone, []);
}

function show(zone, files) {
  const previews = zone.querySelector("[data-previews]");
  for (const image of previews.querySelectorAll("img")) URL.revokeObjectURL(image.src);
  previews.replaceChildren(...files.map(preview));
  previews.hidden = !files.length;
  zone.querySelector("[data-remove]").hidden = !files.length;
  zone.toggleAttribute("data-filled", files.length > 0);
}

function preview(file) {
  const box = document.createElement("div");
  const image = document.createElement("img");
  box.className = "dropzone__preview";
  image.alt = file.name;
  image.onerror = () => box.replaceChildren(placeholder(file));
  image.src = URL.createObjectURL(file);
  box.append(image);
  return box;
}

// Some browsers cannot show HEIC; the server can still read it.
function placeholder(file) {
  const words = document.createElement("p");
  words.className = "dropzone__placeholder";
  words.append(document.querySelector(".dropzone__label .icon").cloneNode(true), file.name);
  return words;
}

export function say(errors, sentence) {
  if (!errors) return;
  const words = document.createElement("p");
  words.className = "error";
  words.textContent = sentence;
  errors.replaceChildren(...(sentence ? [words] : []));
}

function offerCamera(zone) {
  const button = zone.querySelector("[data-camera]");
  const camera = zone.querySelector("[data-camera-input]");
  if (!button || !matchMedia("(pointer: coarse)").matches) return;
  button.hidden = false;
  button.addEventListener("click", () => camera.click());
  camera.addEventListener("change", () => {
    zone.dispatchEvent(new CustomEvent("arrival", { detail: [...camera.files] }));
    camera.value = "";
  });
}

function offerPaste(zone, errors) {
  const button = zone.querySelector("[data-paste]");
  if (!navigator.clipboard?.read) return;
  button.hidden = false;
  button.addEventListener("click", async () => {
    const files = await clipboardPictures().catch(() => []);
    if (files.length) zone.dispatchEvent(new CustomEvent("arrival", { detail: files }));
    else say(errors, zone.dataset.sayNothing);
  });
}

async function clipboardPictures() {
  const files = [];
  for (const item of await navigator.clipboard.read()) {
    const type = item.types.find((each) => KINDS.test(each));
    if (type) files.push(new File([await item.getType(type)], `clipboard.${type.split("/")[1]}`, { type }));
  }
  return files;
}
