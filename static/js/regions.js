// Areas of the photo with a mixture of their own: painted with a brush, filled in, or found by the worker.

import { leaveIfGone, pauseAfter, sentenceOf, sleep } from "./answers.js";
import { Layers, shape } from "./layers.js";

export const place = "[data-regions]";

const N_TRIES = 8; // to find the subject

export function start(regions) {
  const form = regions.closest("form");
  const overlay = document.querySelector("[data-overlay]");
  const layers = new Layers(overlay.width, overlay.height);
  const hand = { tool: "brush", width: regions.querySelector("[data-width]"), last: null };
  const sender = new Sender(regions, form, layers);
  const chosen = () => Number(form.querySelector('input[name="region"]:checked').value) - 1;

  const show = () => {
    const k = chosen();
    regions.querySelector("[data-tools]").hidden = k < 0;
    overlay.hidden = k < 0 || hand.tool === "look";
    if (!overlay.hidden) layers.paintOver(overlay, coloursOf(regions), k);
    for (const each of regions.querySelectorAll("[data-tool]")) each.setAttribute("aria-pressed", each.dataset.tool === hand.tool);
  };
  const change = (action, k = chosen()) => {
    if (k < 0) return;
    layers.remember();
    action(k);
    show();
    sender.send();
  };

  followPointers(overlay, hand, layers, chosen, show, () => sender.send());
  for (const radio of regions.querySelectorAll('input[name="region"]')) radio.addEventListener("change", show);
  for (const button of regions.querySelectorAll("[data-tool]")) {
    button.addEventListener("click", () => {
      hand.tool = button.dataset.tool;
      show();
    });
  }
  regions.querySelector("[data-clear]").addEventListener("click", () => change((k) => layers.clear(k)));
  regions.querySelector("[data-undo]").addEventListener("click", () => {
    if (!layers.undo()) return;
    show();
    sender.send();
  });
  regions.querySelector("[data-fill]").addEventListener("change", async (event) => {
    const name = event.target.value;
    event.target.value = "";
    if (!name) return;
    const k = chosen(); // another area may be chosen before the subject is found
    const filling = name === "subject" ? await sender.findSubject() : shape(name, layers.width, layers.height);
    if (!filling) return;
    hand.tool = "look";
    change(() => layers.lay(k, filling), k);
  });
  form.addEventListener("submit", async (event) => {
    if (!sender.work) return;
    event.preventDefault(); // the picture in full size waits for the areas as they are painted
    await sender.work;
    form.requestSubmit();
  });

  regions.hidden = false;
  load(layers, regions.dataset.masks.trim().split(/\s+/).filter(Boolean)).then(show);
}

// Strokes of one pointer at a time; between two events the brush leaves no gap.
function followPointers(overlay, hand, layers, chosen, show, send) {
  let pointer = null;

  const add = (event) => {
    const box = overlay.getBoundingClientRect();
    const scale = overlay.width / box.width;
    const to = { x: (event.clientX - box.left) * scale, y: (event.clientY - box.top) * scale };
    const radius = (Number(hand.width.value) / 100) * Math.max(overlay.width, overlay.height) * 0.5;
    const from = hand.last ?? to;
    const n = Math.max(1, Math.ceil(Math.hypot(to.x - from.x, to.y - from.y) / (radius / 3)));
    for (let k = 1; k <= n; k += 1) {
      const share = k / n;
      const at = [from.x + share * (to.x - from.x), from.y + share * (to.y - from.y)];
      layers.stamp(chosen(), ...at, radius, hand.tool === "eraser");
    }
    hand.last = to;
    show();
  };
  overlay.addEventListener("pointerdown", (event) => {
    if (pointer !== null || event.button !== 0) return;
    event.preventDefault();
    overlay.setPointerCapture(event.pointerId);
    pointer = event.pointerId;
    layers.remember();
    add(event);
  });
  overlay.addEventListener("pointermove", (event) => event.pointerId === pointer && add(event));
  const finish = (event) => {
    if (event.pointerId !== pointer) return;
    pointer = hand.last = null;
    send();
  };
  overlay.addEventListener("pointerup", finish);
  overlay.addEventListener("pointercancel", finish);
}

// Tells the server how the regions are, one message at a time, then asks for a preview.
class Sender {
  constructor(regions, form, layers) {
    Object.assign(this, { regions, form, layers, work: null, isStale: false });
  }

  send() {
    this.isStale = true;
    this.work ??= this.sendAll().finally(() => (this.work = null));
  }

  async sendAll() {
    while (this.isStale) {
      const response = await this.post(this.regions.dataset.regions, () => this.masks(), Infinity);
      if (response) this.form.dispatchEvent(new Event("input", { bubbles: true }));
    }
  }

  async findSubject() {
    const response = await this.post(this.regions.dataset.subject, () => this.data(), N_TRIES);
    if (!response) return null;
    return createImageBitmap(await response.blob());
  }

  // As they are at this moment: what is painted later is sent after them.
  async masks() {
    this.isStale = false;
    const data = this.data();
    for (const picture of await this.layers.pictures()) data.append("mask", picture, "mask.png");
    return data;
  }

  data() {
    const data = new FormData();
    data.append("csrfmiddlewaretoken", this.form.elements.csrfmiddlewaretoken.value);
    return data;
  }

  // Asks again while a refusal may pass; null where there is no hope.
  async post(address, body, nTries) {
    for (let n = 1; ; n += 1) {
      const response = await fetch(address, { method: "POST", body: await body() }).catch(() => null);
      await leaveIfGone(response);
      const broken = document.querySelector("[data-mixer]").dataset.sayBroken;
      const sentence = response?.ok ? "" : await sentenceOf(response, broken);
      this.form.dispatchEvent(new CustomEvent("trouble", { detail: sentence, bubbles: true }));
      if (response?.ok) return response;
      const pause = pauseAfter(response);
      if (!pause || n === nTries) return null;
      await sleep(pause, n);
    }
  }
}

async function load(layers, addresses) {
  const images = await Promise.all(addresses.map(async (address) => createImageBitmap(await (await fetch(address)).blob())));
  images.forEach((image, k) => layers.lay(k, image));
}

function coloursOf(regions) {
  const styles = getComputedStyle(regions);
  return [1, 2, 3].map((k) => styles.getPropertyValue(`--region-${k}`).trim());
}
