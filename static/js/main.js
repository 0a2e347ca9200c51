// Starts every behaviour where its place is on the page, and again in fragments that come later.

import * as arrowKeys from "./arrow_keys.js";
import * as archiveUpload from "./archive_upload.js";
import * as arrivals from "./arrivals.js";
import * as chooser from "./chooser.js";
import * as compare from "./compare.js";
import * as confirm from "./confirm.js";
import * as copy from "./copy.js";
import * as curves from "./curves.js";
import * as dropzone from "./dropzone.js";
import * as edgesPreview from "./edges_preview.js";
import * as estimate from "./estimate.js";
import * as fullscreen from "./fullscreen.js";
import * as grid from "./grid.js";
import * as job from "./job.js";
import * as leaving from "./leaving.js";
import * as liveValue from "./live_value.js";
import * as mixChange from "./mix_change.js";
import * as mixer from "./mixer.js";
import * as once from "./once.js";
import * as pad from "./pad.js";
import * as probes from "./probes.js";
import * as refresh from "./refresh.js";
import * as regions from "./regions.js";
import * as runWatch from "./run_watch.js";
import * as scrubber from "./scrubber.js";
import * as sending from "./sending.js";
import * as settings from "./settings.js";
import * as shelf from "./shelf.js";
import * as sketch from "./sketch.js";
import * as themeSwitch from "./theme_switch.js";
import * as zoom from "./zoom.js";

const BEHAVIOURS = [
  archiveUpload, arrowKeys, compare, confirm, copy, curves, dropzone, arrivals, edgesPreview, estimate, fullscreen, job,
  leaving, liveValue, once, probes, refresh, runWatch, scrubber, sending, settings, shelf, sketch, themeSwitch, zoom,
  chooser, pad, regions, mixChange, mixer, grid,
];

function start(root) {
  for (const behaviour of BEHAVIOURS) {
    for (const place of root.querySelectorAll(behaviour.place)) behaviour.start(place);
  }
}

document.addEventListener("fragment", (event) => start(event.target));
start(document);
