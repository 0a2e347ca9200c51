// Sends an archive piece by piece: goes on after a lost connection, and, the file chosen again, after a reload.

export const place = "[data-archive-upload]";

const SOONEST = 1000; // milliseconds until the next try, twice as long each time
const LONGEST = 15000;
const ZIP = /\.zip$/i;

class Refused extends Error {}

export function start(form) {
  const input = form.querySelector('input[type="file"]');
  const zone = form.querySelector("[data-archive-zone]");
  const isResumed = Boolean(form.dataset.chunk);

  const take = () => {
    const problem = input.files.length ? refusal(form, input.files[0]) : "";
    if (problem) input.value = "";
    tell(form, "archive", problem);
    show(zone, input.files[0]);
    if (isResumed && input.files.length) send(form, input.files[0]);
  };
  input.addEventListener("change", take);
  letFall(zone, input, take);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (input.files.length) send(form, input.files[0]);
    else tell(form, "archive", form.dataset.sayMissing);
  });
  zone.dataset.ready = "";
  if (input.files.length) take(); // the browser remembered it on a reload
}

function refusal(form, file) {
  const wanted = Number(form.dataset.size || file.size);
  if (!ZIP.test(file.name)) return form.dataset.sayKind;
  if (file.size === 0) return form.dataset.sayEmpty;
  if (file.size > Number(form.dataset.maxBytes)) return form.dataset.sayLarge;
  const isSame = file.size === wanted && letters(file.name).startsWith(letters(form.dataset.label ?? ""));
  return isSame ? "" : form.dataset.sayOther;
}

// Of a name: the server keeps no odd characters, and the beginning of a long one.
function letters(name) {
  return name.normalize("NFC").replace(/[^\p{L}\p{N}.]/gu, "");
}

function letFall(zone, input, take) {
  const frame = zone.querySelector(".dropzone__frame");
  for (const name of ["dragenter", "dragover", "dragleave", "drop"]) {
    frame.addEventListener(name, (event) => {
      event.preventDefault();
      zone.toggleAttribute("data-over", name === "dragenter" || name === "dragover");
    });
  }
  frame.addEventListener("drop", (event) => {
    if (!event.dataTransfer.files.length) return;
    const transfer = new DataTransfer();
    transfer.items.add(event.dataTransfer.files[0]);
    input.files = transfer.files;
    take();
  });
}

function show(zone, file) {
  const name = zone.querySelector("[data-archive-name]");
  const size = zone.querySelector("[data-archive-size]");
  name.dataset.words ??= name.textContent;
  size.dataset.words ??= size.textContent;
  name.textContent = file ? file.name : name.dataset.words;
  size.textContent = file ? `${megabytes(file.size)} MB` : size.dataset.words;
}

async function send(form, file) {
  if (form.getAttribute("aria-busy") === "true") return;
  const stopping = new AbortController();
  const cancel = form.querySelector("[data-sending-cancel]");
  const onCancel = () => giveUp(form, stopping);
  cancel.addEventListener("click", onCancel);
  setBusy(form, true);
  try {
    if (!form.dataset.chunk && !(await announce(form, file, stopping.signal))) return;
    await sendPieces(form, file, stopping.signal);
    location.assign(form.dataset.page);
  } catch (error) {
    const sentence = error instanceof Refused ? error.message : form.dataset.sayFailed;
    if (!stopping.signal.aborted) tell(form, "archive", sentence);
  } finally {
    cancel.removeEventListener("click", onCancel);
    if (!stopping.signal.aborted) setBusy(form, false);
  }
}

// Tells what will come; from then on the page's address is the dataset's, where a reload can go on.
async function announce(form, file, signal) {
  const values = new FormData(form);
  values.delete("archive");
  values.set("label", file.name);
  values.set("n_bytes", file.size);
  const response = await fetch(form.action, { method: "POST", body: values, signal });
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  const next = page.querySelector("[data-archive-upload][data-chunk]");
  if (response.ok && next) {
    for (const name of ["chunk", "delete", "page", "size", "label"]) form.dataset[name] = next.dataset[name];
    history.replaceState(null, "", response.url);
    return true;
  }
  const slots = page.querySelectorAll("[data-archive-upload] [data-error-for]");
  if (!slots.length) throw new Refused(page.querySelector("[data-message]")?.textContent ?? form.dataset.sayFailed);
  for (const slot of slots) {
    const here = form.querySelector(`[data-error-for="${slot.dataset.errorFor}"]`);
    here?.replaceChildren(...[...slot.children].map((child) => document.importNode(child, true)));
  }
  form.querySelector(".error")?.scrollIntoView({ block: "center" });
  return false;
}

async function sendPieces(form, file, signal) {
  let offset = null; // not known, or no longer
  let failures = 0;
  while (offset === null || offset < file.size) {
    try {
      const piece = offset === null ? null : file.slice(offset, offset + Number(form.dataset.piece));
      offset = await exchange(form, piece, offset, signal);
      if (piece) failures = 0; // that the server answers a question does not say that it takes a piece
      progress(form, offset, file.size);
    } catch (error) {
      if (error instanceof Refused || signal.aborted) throw error;
      form.querySelector("[data-sending-words]").textContent = form.dataset.sayBroken;
      offset = null;
      await pause(Math.min(LONGEST, SOONEST * 2 ** failures++), signal);
    }
  }
}

// Asks how much is there, or brings a piece; the answer is the same.
async function exchange(form, piece, offset, signal) {
  const token = form.querySelector('[name="csrfmiddlewaretoken"]').value;
  const headers = { "X-CSRFToken": token, "Content-Type": "application/octet-stream", Accept: "application/json" };
  const response = piece
    ? await fetch(`${form.dataset.chunk}?offset=${offset}`, { method: "PUT", body: piece, headers, signal })
    : await fetch(form.dataset.chunk, { signal });
  if (response.status >= 500 || response.status === 429) throw new Error(response.statusText);
  if (response.status === 404) location.assign(form.dataset.list); // deleted elsewhere
  if (response.status === 404) throw new Refused(form.dataset.sayFailed);
  const answer = await response.json();
  if (!response.ok && response.status !== 409) throw new Refused(answer.detail);
  return answer.offset;
}

function pause(milliseconds, signal) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    addEventListener("online", resolve, { once: true });
    signal.addEventListener("abort", () => (clearTimeout(timer), resolve()), { once: true });
  });
}

function progress(form, offset, size) {
  const words = form.dataset.saySending.replace("{done}", megabytes(offset)).replace("{all}", megabytes(size));
  form.querySelector("[data-sending-bar]").value = (100 * offset) / size;
  form.querySelector("[data-sending-words]").textContent = words;
}

async function giveUp(form, stopping) {
  stopping.abort();
  if (form.dataset.delete) {
    const values = new URLSearchParams({ csrfmiddlewaretoken: form.querySelector('[name="csrfmiddlewaretoken"]').value });
    await fetch(form.dataset.delete, { method: "POST", body: values }).catch(() => null);
  }
  location.assign(form.dataset.list);
}

function setBusy(form, isBusy) {
  form.setAttribute("aria-busy", isBusy);
  form.querySelector("[data-sending]").hidden = !isBusy;
  form.querySelector("[data-archive-zone] input").disabled = isBusy;
  const button = form.querySelector("[data-sending-start]");
  if (button) button.hidden = isBusy;
}

function tell(form, name, sentence) {
  const words = document.createElement("p");
  words.className = "error";
  words.textContent = sentence;
  form.querySelector(`[data-error-for="${name}"]`).replaceChildren(...(sentence ? [words] : []));
}

function megabytes(bytes) {
  return (bytes / 2 ** 20).toFixed(bytes < 100 * 2 ** 20 ? 1 : 0);
}
