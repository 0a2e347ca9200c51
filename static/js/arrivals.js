// Pictures dropped or pasted anywhere on the page go to the zone they meet, or to the first empty one.

export const place = "[data-studio]";

export function start(form) {
  const zones = [...form.querySelectorAll("[data-dropzone]")];
  if (!zones.length) return;
  const body = document.body;
  let depth = 0;

  const isOver = (zone) => {
    body.classList.toggle("dragging", depth > 0);
    for (const each of zones) each.toggleAttribute("data-over", each === zone);
  };

  document.addEventListener("dragenter", (event) => {
    if (!carriesFiles(event)) return;
    depth += 1;
    isOver(zoneAt(event.target));
  });
  document.addEventListener("dragleave", () => {
    depth = Math.max(0, depth - 1);
    if (!depth) isOver(null);
  });
  document.addEventListener("dragover", (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "copy";
    isOver(zoneAt(event.target));
  });
  document.addEventListener("drop", (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    const met = zoneAt(event.target);
    depth = 0;
    isOver(null);
    deliver(zones, met, [...event.dataTransfer.files]);
  });
  document.addEventListener("paste", (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (!files.length) return;
    event.preventDefault();
    deliver(zones, zoneAt(document.activeElement), files);
  });
}

function carriesFiles(event) {
  return [...(event.dataTransfer?.types ?? [])].includes("Files");
}

function zoneAt(element) {
  return element?.closest?.("[data-dropzone]") ?? null;
}

// Two pictures dropped beside the zones are a photo and its style.
function deliver(zones, met, files) {
  if (met) return hand(met, files);
  const free = zones.filter((zone) => !zone.hasAttribute("data-filled"));
  if (!free.length) return hand(zones[0], files);
  if (files.length > 1 && free.length > 1) {
    hand(free[0], files.slice(0, 1));
    return hand(free[1], files.slice(1));
  }
  return hand(free[0], files);
}

function hand(zone, files) {
  zone.dispatchEvent(new CustomEvent("arrival", { detail: files }));
}
