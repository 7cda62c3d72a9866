// A grid's mosaic: all its cells small, cameras across, times down. The coarse one (every k-th cell) is there first.

import { request } from "./api.js";

const KEPT = 6; // decoded mosaics; up to 64 MB each
const kept = new Map(); // url → promise of a Mosaic

export class Mosaic {
  constructor(bitmap, info) {
    this.bitmap = bitmap;
    this.cols = info.cols;
    this.rows = info.rows;
    [this.width, this.height] = info.cell;
    this.step = info.step ?? [1, 1];
  }

  /** Draw cell (camera, time), or the nearest there is, to fill width × height: shown until the real image is here. */
  drawCell(context, camera, time, width, height) {
    const column = Math.min(Math.floor(camera / this.step[0]), this.cols - 1);
    const row = Math.min(Math.floor(time / this.step[1]), this.rows - 1);
    context.imageSmoothingEnabled = true;
    context.imageSmoothingQuality = "high";
    context.drawImage(
      this.bitmap,
      column * this.width,
      row * this.height,
      this.width,
      this.height,
      0,
      0,
      width,
      height,
    );
  }

  /** Draw all of it. */
  drawAll(context, width, height) {
    context.imageSmoothingQuality = "high";
    context.drawImage(this.bitmap, 0, 0, this.cols * this.width, this.rows * this.height, 0, 0, width, height);
  }
}

/** Calls `ondrawn(mosaic)` with what there is of a row of grids.json: the coarse one, then the whole. Rejects if neither comes. */
export async function openMosaic(row, ondrawn, signal) {
  if (!row.mosaic) throw new Error("Nothing of this grid is rendered yet.");
  const { coarse } = row.mosaic;
  let whole = false;
  const first =
    coarse && !kept.has(row.mosaic.url)
      ? load(coarse).then(
          (mosaic) => {
            if (!whole && !signal.aborted) ondrawn(mosaic);
          },
          () => undefined,
        )
      : null;
  const mosaic = await load(row.mosaic);
  whole = true;
  await first;
  if (!signal.aborted) ondrawn(mosaic);
}

function load(info) {
  const { url } = info;
  if (!kept.has(url)) {
    const promise = request(url)
      .then((response) => response.blob())
      .then((blob) => createImageBitmap(blob))
      .then((bitmap) => new Mosaic(bitmap, info));
    promise.catch(() => kept.delete(url));
    kept.set(url, promise);
    if (kept.size > KEPT) kept.delete(kept.keys().next().value);
  }
  return kept.get(url);
}
