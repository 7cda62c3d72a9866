// What lies over a pad's cells: the row and column of the cursor, tracks with their playheads, the reference cell.

import { token } from "./dom.js";

export function paintOverlay(pad, { width, height, ratio }) {
  const context = pad.overlay.getContext("2d");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  const cell = { w: width / pad.row.C, h: height / pad.row.T, width, height };
  const here = pad.pointed ?? pad.cursor;
  if (here) {
    context.fillStyle = "rgb(255 255 255 / 0.16)";
    context.fillRect(0, here.t * cell.h, width, cell.h);
    context.fillRect(here.c * cell.w, 0, cell.w, height);
  }
  for (const { track, colour, wide } of pad.tracks) path(context, track, cell, token(colour), wide ? 5 : 2.5);
  for (const { track, colour, frame } of pad.tracks) {
    if (frame !== undefined) dot(context, track, Math.min(frame, track.cameras.length - 1), cell, token(colour));
  }
  if (pad.reference) frameOf(context, pad.reference, cell, token("--reference-mark"), true);
  if (pad.cursor) frameOf(context, pad.cursor, cell, token("--cursor-mark"), false);
  if (pad.pointed) frameOf(context, pad.pointed, cell, "#ffffff", false);
}

function frameOf(context, { c, t }, cell, colour, dashed) {
  const size = { w: Math.max(cell.w, 8), h: Math.max(cell.h, 8) };
  const inside = (at, length, canvas) => Math.min(Math.max(at - length / 2, 2), canvas - length - 2);
  const x = inside((c + 0.5) * cell.w, size.w, cell.width);
  const y = inside((t + 0.5) * cell.h, size.h, cell.height);
  context.setLineDash([]);
  context.lineWidth = 4;
  context.strokeStyle = "rgb(0 0 0 / 0.65)";
  context.strokeRect(x, y, size.w, size.h);
  context.setLineDash(dashed ? [4, 3] : []);
  context.lineWidth = 2;
  context.strokeStyle = colour;
  context.strokeRect(x, y, size.w, size.h);
  context.setLineDash([]);
}

const centre = (track, f, cell) => [(track.cameras[f] + 0.5) * cell.w, (track.times[f] + 0.5) * cell.h];

/** A line through the track's cells, with a dark halo so that it reads on any picture. */
function path(context, track, cell, colour, own) {
  context.lineJoin = "round";
  context.lineCap = "round";
  for (const [width, style] of [
    [own + 2.5, "rgb(0 0 0 / 0.55)"],
    [own, colour],
  ]) {
    context.lineWidth = width;
    context.strokeStyle = style;
    context.beginPath();
    track.cameras.forEach((_, f) => {
      const [x, y] = centre(track, f, cell);
      if (f === 0 || track.breaks?.includes(f)) context.moveTo(x, y);
      else context.lineTo(x, y);
    });
    context.stroke();
  }
  dot(context, track, 0, cell, colour, own + 1);
}

function dot(context, track, f, cell, colour, radius = 6) {
  if (f < 0) return;
  const [x, y] = centre(track, f, cell);
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.fillStyle = colour;
  context.fill();
  context.lineWidth = 1.5;
  context.strokeStyle = "rgb(0 0 0 / 0.8)";
  context.stroke();
}
