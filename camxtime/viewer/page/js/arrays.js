// Depth in metres and instance ids of cells, as typed arrays: the last few are kept.

import { cellUrl, request } from "./api.js";

const KEPT = 24;
const kept = new Map(); // url → promise of an array

/** Float32Array of H·W metres, +inf where nothing is hit; row-major from the top left. */
export const depthOf = (grid, camera, time) => array(cellUrl(grid, camera, time, "depth.bin"), Float32Array);

/** Uint16Array of H·W instance ids. */
export const instanceOf = (grid, camera, time) => array(cellUrl(grid, camera, time, "instance.bin"), Uint16Array);

function array(url, Kind) {
  const there = kept.get(url);
  if (there) {
    kept.delete(url);
    kept.set(url, there);
    return there;
  }
  const promise = request(url)
    .then((response) => response.arrayBuffer())
    .then((buffer) => new Kind(buffer)); // little-endian, as all browsers' machines are
  promise.catch(() => kept.delete(url));
  kept.set(url, promise);
  if (kept.size > KEPT) kept.delete(kept.keys().next().value);
  return promise;
}
