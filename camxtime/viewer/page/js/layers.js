// What can be shown of a cell: its passes, and the warp check against a reference cell.

import { cellUrl } from "./api.js";

const FILES = { rgb: "rgb", depth: "depth.png", instance: "instance.png" };
const NAMES = { rgb: "RGB", depth: "Depth", instance: "Instances" };

/** [pass, text] of the passes of a dataset that this page can show, rgb first. */
export function passesOf(about) {
  const there = new Set(about.dataset.passes.map((entry) => entry.name));
  return Object.keys(FILES)
    .filter((name) => there.has(name))
    .map((name) => [name, NAMES[name]]);
}

/** Address of the picture of a pass. */
export const passUrl = (grid, pass, { c, t }) => cellUrl(grid, c, t, FILES[pass]);

/** Address of the warp check, a layer to lie over `cell`: where, reprojected into `reference`, it agrees or not. */
export function overlapUrl(grid, cell, reference) {
  const base = cellUrl(grid, cell.c, cell.t, "overlap.png");
  return `${base}${base.includes("?") ? "&" : "?"}c2=${reference.c}&t2=${reference.t}`;
}

/** Draw the thumbnail until the picture of `pass` is here: dim where it is not what is asked for. */
export function standIn(mosaic, { c, t }, pass) {
  if (!mosaic) return null;
  return (context, width, height) => {
    context.globalAlpha = pass === "rgb" ? 1 : 0.25;
    mosaic.drawCell(context, c, t, width, height);
    context.globalAlpha = 1;
  };
}
