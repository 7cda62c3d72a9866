// The canvas of the Space view: draws when something changed, picks cameras.

import { fitCanvas, h, onTheme } from "./dom.js";
import { Painter } from "./gl.js";
import { clip, length, multiply, perspective, sub, throughCamera } from "./mat4.js";
import { Orbit } from "./orbit.js";
import { box, cameraOf, cloud, extent, frustum, imageCorners, surroundings } from "./space_scene.js";

const FOV = 0.85; // vertical, radians
const PICK = 22; // pixels around a frustum's image that still pick it
const DARK = {
  back: [0.043, 0.051, 0.063],
  floor: [1, 1, 1, 0.1],
  path: [1, 1, 1, 0.5],
  camera: [0.75, 0.8, 0.88, 0.55],
  now: [0.36, 0.61, 1, 1],
  subject: [1, 0.6, 0.3, 0.9],
};
const LIGHT = {
  back: [0.925, 0.933, 0.949],
  floor: [0, 0, 0, 0.1],
  path: [0, 0, 0, 0.45],
  camera: [0.25, 0.3, 0.4, 0.55],
  now: [0.11, 0.31, 0.85, 1],
  subject: [0.71, 0.26, 0.04, 0.9],
};
const AXES = [
  [0.9, 0.3, 0.3, 1],
  [0.3, 0.75, 0.35, 1],
  [0.35, 0.5, 1, 1],
];

export class SpaceStage {
  /** Calls `onpick(camera)`, `onkey(event)` and `onview()` when orbiting and looking through the camera alternate. */
  constructor(row, detail, calls, signal) {
    Object.assign(this, { row, detail, calls });
    this.canvas = h("canvas", {
      class: "space-canvas",
      tabindex: 0,
      role: "application",
      "aria-roledescription": "3-D view",
      "aria-label": "Cameras and points in space. Arrow keys orbit, plus and minus zoom, brackets change the camera.",
    });
    this.element = h("div", { class: "space-box" }, this.canvas);
    this.size = extent(detail);
    this.image = { W: row.W, H: row.H };
    this.cameras = detail.cameras.c2w.map((_, c) => cameraOf(detail, c));
    this.through = false;
    this.cell = { c: 0, t: 0 };
    this.clouds = [];
    this.painter = new Painter(this.canvas);
    this.orbit = new Orbit(
      this.canvas,
      {
        onchange: () => {
          if (this.through) {
            this.through = false;
            calls.onview();
          }
          this.draw();
        },
        onclick: (x, y) => this.pick(x, y),
        onkey: calls.onkey,
      },
      signal,
    );
    this.build();
    const watch = new ResizeObserver(() => this.draw());
    watch.observe(this.element);
    signal.addEventListener("abort", () => watch.disconnect());
    onTheme(() => {
      this.build();
      this.draw();
    }, signal);
  }

  get colours() {
    return isDark() ? DARK : LIGHT;
  }

  build() {
    const { colours, painter, detail, size } = this;
    painter.free(this.still, this.frusta);
    this.still = painter.segments(surroundings(detail, size, { ...colours, axes: AXES }));
    const out = [];
    const every = Math.max(1, Math.ceil(this.cameras.length / 240));
    this.cameras.forEach((camera, c) => {
      if (c % every === 0) frustum(out, camera, this.image, size.depth, colours.camera, 1);
    });
    this.frusta = painter.segments(out);
    this.mark();
  }

  mark() {
    const { colours, painter, detail, size } = this;
    const out = [];
    frustum(out, this.cameras[this.cell.c], this.image, 1.6 * size.depth, colours.now, 2.5);
    const bounds = detail.subject_bounds?.[Math.min(this.cell.t, detail.subject_bounds.length - 1)];
    if (bounds) box(out, bounds, colours.subject);
    painter.free(this.current);
    this.current = painter.segments(out);
  }

  setCell(cell) {
    this.cell = cell;
    this.pictured = false;
    this.mark();
    this.draw();
  }

  /** parts: {c, bitmap, depth or null} of the cameras to show, the current one first. Returns the number of points. */
  setClouds(parts) {
    this.painter.free(...this.clouds);
    this.painter.setImage(parts[0].bitmap);
    this.pictured = true;
    this.clouds = parts
      .filter(({ depth }) => depth)
      .map(({ c, bitmap, depth }) => {
        const { places, colours } = cloud(this.cameras[c], this.image, depth, pixelsOf(bitmap));
        return this.painter.cloud(places, colours);
      });
    parts.forEach(({ bitmap }) => bitmap.close());
    this.draw();
    return this.clouds.reduce((sum, { count }) => sum + count, 0);
  }

  setThrough(through) {
    this.through = through;
    this.calls.onview();
    this.draw();
  }

  /** See everything, from behind the middle camera and above. */
  frameAll() {
    const { centre, radius } = this.size;
    const { eye } = this.cameras[this.cameras.length >> 1];
    this.orbit.frame(centre, radius, Math.atan2(eye[1] - centre[1], eye[0] - centre[0]) + 0.6);
  }

  matrix(canvas) {
    const far = 400 * this.size.radius;
    if (this.through) {
      const { c2w, K } = this.cameras[this.cell.c];
      return throughCamera(c2w, K, this.image, canvas, 0.02, far);
    }
    const near = Math.max(0.01, this.orbit.distance / 200);
    return multiply(perspective(FOV, canvas.width / canvas.height, near, far), this.orbit.view());
  }

  /** Draw at the next frame. */
  draw() {
    if (this.pending) return;
    this.pending = requestAnimationFrame(() => {
      this.pending = 0;
      if (this.canvas.isConnected) this.paint();
    });
  }

  paint() {
    const { canvas, painter, size } = this;
    const { ratio } = fitCanvas(canvas);
    const matrix = this.matrix(canvas);
    painter.clear(this.colours.back, canvas.width, canvas.height);
    const fit = Math.min(canvas.width / this.image.W, canvas.height / this.image.H);
    const pixels = this.through ? this.cameras[this.cell.c].K[0] * fit : canvas.height / (2 * Math.tan(FOV / 2));
    for (const each of this.clouds) painter.drawCloud(each, matrix, pixels);
    if (this.through) return;
    if (this.pictured) painter.drawImage(imageCorners(this.cameras[this.cell.c], this.image, 1.6 * size.depth), matrix);
    for (const lines of [this.still, this.frusta, this.current]) painter.drawLines(lines, matrix, canvas, ratio);
  }

  pick(x, y) {
    const box = this.canvas.getBoundingClientRect();
    const matrix = this.matrix(this.canvas);
    const near = this.cameras
      .map((camera, c) => ({ c, ...this.apart(camera, matrix, box, x, y) }))
      .filter(({ apart }) => apart < PICK)
      .sort((a, b) => a.apart - b.apart || a.far - b.far);
    if (near.length && !this.through) this.calls.onpick(near[0].c);
  }

  /** Distance on screen from (x, y) to a frustum: its eye, or the middle of its image. */
  apart(camera, matrix, box, x, y) {
    const corners = imageCorners(camera, this.image, this.size.depth);
    const middle = [0, 1, 2].map((i) => corners.reduce((sum, corner) => sum + corner[i], 0) / 4);
    const distances = [camera.eye, middle].map((point) => {
      const [u, v, w] = clip(matrix, point);
      return w > 0 ? Math.hypot(((u + 1) / 2) * box.width - x, ((1 - v) / 2) * box.height - y) : Infinity;
    });
    return { apart: Math.min(...distances), far: length(sub(camera.eye, this.orbit.eye)) };
  }
}

function isDark() {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

function pixelsOf(bitmap) {
  const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext("2d");
  context.drawImage(bitmap, 0, 0);
  return context.getImageData(0, 0, bitmap.width, bitmap.height).data;
}
