// Regions of a picture as layers of soft paint: together they never cover more than everything.

const SOFT = 0.45; // of a brush's radius is full; the rest fades
const N_UNDONE = 12; // strokes that can be taken back
const FADE = 0.12; // of the picture: the soft edge of a half

export class Layers {
  constructor(width, height, n = 3) {
    this.width = width;
    this.height = height;
    this.canvases = Array.from({ length: n }, () => Object.assign(document.createElement("canvas"), { width, height }));
    this.past = [];
  }

  contextOf(k) {
    return this.canvases[k].getContext("2d", { willReadFrequently: true });
  }

  remember() {
    this.past.push(this.canvases.map((_, k) => this.contextOf(k).getImageData(0, 0, this.width, this.height)));
    if (this.past.length > N_UNDONE) this.past.shift();
  }

  undo() {
    const before = this.past.pop();
    before?.forEach((data, k) => this.contextOf(k).putImageData(data, 0, 0));
    return Boolean(before);
  }

  // A dot of the brush: more of this layer, and as much less of the others.
  stamp(k, x, y, radius, erases) {
    this.canvases.forEach((_, each) => {
      if (erases && each !== k) return;
      const context = this.contextOf(each);
      const ink = context.createRadialGradient(x, y, radius * SOFT, x, y, radius);
      ink.addColorStop(0, "#fff");
      ink.addColorStop(1, "rgb(255 255 255 / 0)");
      context.globalCompositeOperation = !erases && each === k ? "source-over" : "destination-out";
      context.fillStyle = ink;
      context.fillRect(x - radius, y - radius, 2 * radius, 2 * radius);
    });
  }

  // A whole shape, an image or a canvas whose white is what the layer gets.
  lay(k, source) {
    const alpha = toAlpha(source, this.width, this.height);
    this.canvases.forEach((_, each) => {
      const context = this.contextOf(each);
      context.globalCompositeOperation = each === k ? "source-over" : "destination-out";
      context.drawImage(alpha, 0, 0);
    });
  }

  clear(k) {
    const context = this.contextOf(k);
    context.globalCompositeOperation = "source-over";
    context.clearRect(0, 0, this.width, this.height);
  }

  isEmpty(k) {
    return !this.contextOf(k).getImageData(0, 0, this.width, this.height).data.some((value, n) => n % 4 === 3 && value > 8);
  }

  // As pictures, white on black, up to the last layer that holds anything.
  async pictures() {
    let n = this.canvases.length;
    while (n && this.isEmpty(n - 1)) n -= 1;
    return Promise.all(this.canvases.slice(0, n).map((layer) => toBlob(layer)));
  }

  paintOver(canvas, colours, chosen) {
    const context = canvas.getContext("2d");
    context.clearRect(0, 0, canvas.width, canvas.height);
    this.canvases.forEach((layer, k) => {
      const tinted = document.createElement("canvas");
      Object.assign(tinted, { width: this.width, height: this.height });
      const tint = tinted.getContext("2d");
      tint.drawImage(layer, 0, 0);
      tint.globalCompositeOperation = "source-in";
      tint.fillStyle = colours[k];
      tint.fillRect(0, 0, this.width, this.height);
      context.globalAlpha = k === chosen ? 0.55 : 0.25;
      context.drawImage(tinted, 0, 0);
    });
  }
}

// Halves and the middle, with soft edges.
export function shape(name, width, height) {
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  const context = canvas.getContext("2d");
  const ends = { left: [0, 0, 1, 0], right: [1, 0, 0, 0], top: [0, 0, 0, 1], bottom: [0, 1, 0, 0] }[name];
  const ink = ends
    ? context.createLinearGradient(ends[0] * width, ends[1] * height, ends[2] * width, ends[3] * height)
    : context.createRadialGradient(0, 0, 0.28, 0, 0, 0.42);
  ink.addColorStop(ends ? 0.5 - FADE / 2 : 0, "#fff");
  ink.addColorStop(ends ? 0.5 + FADE / 2 : 1, "#000");
  if (!ends) context.setTransform(width, 0, 0, height, width / 2, height / 2);
  context.fillStyle = ink;
  if (ends) context.fillRect(0, 0, width, height);
  else context.fillRect(-0.5, -0.5, 1, 1);
  return canvas;
}

function toAlpha(source, width, height) {
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  const context = canvas.getContext("2d");
  context.drawImage(source, 0, 0, width, height);
  const pixels = context.getImageData(0, 0, width, height);
  for (let n = 0; n < pixels.data.length; n += 4) {
    pixels.data[n + 3] = pixels.data[n];
    pixels.data[n] = pixels.data[n + 1] = pixels.data[n + 2] = 255;
  }
  context.putImageData(pixels, 0, 0);
  return canvas;
}

function toBlob(layer) {
  const canvas = Object.assign(document.createElement("canvas"), { width: layer.width, height: layer.height });
  const context = canvas.getContext("2d");
  context.fillStyle = "#000";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(layer, 0, 0);
  return new Promise((give) => canvas.toBlob(give, "image/png"));
}
