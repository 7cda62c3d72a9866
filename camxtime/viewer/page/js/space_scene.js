// The geometry of the Space view: frusta, path, floor, the subject's box as line segments; a cell's depth as a cloud.

import { length, lift, sub } from "./mat4.js";

const POINTS = 300_000; // of a cloud; larger images are thinned

/** Camera c of a grid's detail: {c2w [16] row-major, K [9], eye}. */
export function cameraOf(detail, c) {
  const c2w = detail.cameras.c2w[c];
  return { c2w, K: detail.cameras.K[c], eye: [c2w[3], c2w[7], c2w[11]] };
}

/** Corners of a camera's image at z-depth `depth`: top left, top right, bottom left, bottom right. */
export function imageCorners({ c2w, K }, { W, H }, depth) {
  return [
    [0, 0],
    [W, 0],
    [0, H],
    [W, H],
  ].map(([u, v]) => lift(c2w, K, u, v, depth));
}

/** Size of the scene: {centre, radius, depth: of the frusta drawn, floor}. */
export function extent(detail) {
  const eyes = detail.cameras.c2w.map((m) => [m[3], m[7], m[11]]);
  const bounds = (detail.subject_bounds ?? []).flat();
  const all = [...eyes, ...bounds];
  const low = [0, 1, 2].map((i) => Math.min(...all.map((p) => p[i])));
  const high = [0, 1, 2].map((i) => Math.max(...all.map((p) => p[i])));
  const radius = Math.max(0.5, length(sub(high, low)) / 2);
  const floor = detail.floor_m ?? Math.min(0, low[2]);
  return { centre: low.map((v, i) => (v + high[i]) / 2), radius, depth: Math.max(0.12, radius * 0.16), floor };
}

const segment = (out, a, b, colour, width) => out.push(...a, ...b, ...colour, width);

/** Segments of camera c's frustum, with a mark at its upper edge. */
export function frustum(out, camera, image, depth, colour, width) {
  const [tl, tr, bl, br] = imageCorners(camera, image, depth);
  for (const corner of [tl, tr, bl, br]) segment(out, camera.eye, corner, colour, width);
  for (const [a, b] of [
    [tl, tr],
    [tr, br],
    [br, bl],
    [bl, tl],
  ])
    segment(out, a, b, colour, width);
  const tip = lift(camera.c2w, camera.K, image.W / 2, -0.12 * image.H, depth);
  segment(out, tl, tip, colour, width);
  segment(out, tip, tr, colour, width);
}

/** Segments of what stands still: a floor of squares of a metre (or ten), the world's axes, the camera path. */
export function surroundings(detail, { centre, radius, floor }, colours) {
  const out = [];
  const step = radius > 30 ? 10 : radius > 3 ? 1 : 0.25;
  const reach = Math.ceil((2 * radius) / step) * step;
  const [x0, y0] = centre.slice(0, 2).map((v) => Math.round(v / step) * step);
  for (let d = -reach; d <= reach + 1e-9; d += step) {
    segment(out, [x0 + d, y0 - reach, floor], [x0 + d, y0 + reach, floor], colours.floor, 1);
    segment(out, [x0 - reach, y0 + d, floor], [x0 + reach, y0 + d, floor], colours.floor, 1);
  }
  [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ].forEach((axis, i) =>
    segment(
      out,
      [0, 0, floor],
      axis.map((v, k) => v * step + (k === 2 ? floor : 0)),
      colours.axes[i],
      2.5,
    ),
  );
  const eyes = detail.cameras.c2w.map((m) => [m[3], m[7], m[11]]);
  eyes.slice(1).forEach((eye, i) => segment(out, eyes[i], eye, colours.path, 1.5));
  return out;
}

/** Segments of a box given by its lowest and highest corner. */
export function box(out, [low, high], colour) {
  const corner = (bits) => [0, 1, 2].map((i) => ((bits >> i) & 1 ? high[i] : low[i]));
  for (let bits = 0; bits < 8; bits += 1) {
    for (let i = 0; i < 3; i += 1)
      if (!((bits >> i) & 1)) segment(out, corner(bits), corner(bits | (1 << i)), colour, 1.5);
  }
}

/**
 * A cell's surface points: {places Float32Array [4·N]: x, y, z, size of a pixel there; colours Uint8Array [4·N]}.
 * depth: metres [H·W]; pixels: RGBA of an image of W × H.
 */
export function cloud(camera, { W, H }, depth, pixels) {
  const step = Math.max(1, Math.ceil(Math.sqrt((W * H) / POINTS)));
  const most = Math.ceil(W / step) * Math.ceil(H / step);
  const places = new Float32Array(4 * most);
  const colours = new Uint8Array(4 * most);
  const { c2w, K } = camera;
  let n = 0;
  for (let row = 0; row < H; row += step) {
    for (let column = 0; column < W; column += step) {
      const at = row * W + column;
      const z = depth[at];
      if (!Number.isFinite(z)) continue;
      const x = ((column + 0.5 - K[2]) / K[0]) * z;
      const y = ((row + 0.5 - K[5]) / K[4]) * z;
      for (let i = 0; i < 3; i += 1)
        places[4 * n + i] = c2w[4 * i] * x + c2w[4 * i + 1] * y + c2w[4 * i + 2] * z + c2w[4 * i + 3];
      places[4 * n + 3] = (step * z) / K[0];
      for (let i = 0; i < 4; i += 1) colours[4 * n + i] = pixels[4 * at + i];
      n += 1;
    }
  }
  return { places: places.subarray(0, 4 * n), colours: colours.subarray(0, 4 * n) };
}
