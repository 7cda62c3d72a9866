// An eye that orbits a target, Z up: by mouse (drag; right button or Shift pans; wheel zooms), touch and keys.

import { clamp } from "./format.js";
import { add, cross, lookAt, scale, sub, unit } from "./mat4.js";

const CLICK = 5; // pixels a pointer may move and still have clicked

export class Orbit {
  /** Calls `onchange()` when the eye moved, `onclick(x, y)` in CSS pixels of the canvas, `onkey(event)` for other keys. */
  constructor(canvas, calls, signal) {
    this.canvas = canvas;
    this.calls = calls;
    this.target = [0, 0, 0];
    this.distance = 5;
    this.azimuth = 0;
    this.elevation = 0.4;
    this.pointers = new Map();
    const on = (name, call, options = {}) => canvas.addEventListener(name, call, { signal, ...options });
    on("pointerdown", (event) => this.down(event));
    on("pointermove", (event) => this.move(event));
    on("pointerup", (event) => this.up(event));
    on("pointercancel", (event) => this.pointers.delete(event.pointerId));
    on("contextmenu", (event) => event.preventDefault());
    on(
      "wheel",
      (event) => {
        event.preventDefault();
        this.zoom(Math.exp(clamp(event.deltaY, -200, 200) / 400));
      },
      { passive: false },
    );
    on("keydown", (event) => this.key(event));
  }

  get eye() {
    const flat = Math.cos(this.elevation) * this.distance;
    return add(this.target, [
      flat * Math.cos(this.azimuth),
      flat * Math.sin(this.azimuth),
      Math.sin(this.elevation) * this.distance,
    ]);
  }

  view() {
    return lookAt(this.eye, this.target);
  }

  /** Look at a ball of space from outside. */
  frame(centre, radius, azimuth) {
    this.target = centre;
    this.distance = 2.4 * radius;
    this.azimuth = azimuth;
    this.elevation = 0.55;
    this.calls.onchange();
  }

  turn(dx, dy) {
    this.azimuth -= dx;
    this.elevation = clamp(this.elevation + dy, -1.5, 1.5);
    this.calls.onchange();
  }

  /** Shift the target by a share of the distance, right and up. */
  pan(dx, dy) {
    const back = unit(sub(this.eye, this.target));
    const right = unit(cross([0, 0, 1], back));
    this.target = add(
      this.target,
      add(scale(right, dx * this.distance), scale(cross(back, right), dy * this.distance)),
    );
    this.calls.onchange();
  }

  zoom(factor) {
    this.distance = clamp(this.distance * factor, 0.05, 2000);
    this.calls.onchange();
  }

  down(event) {
    this.canvas.setPointerCapture(event.pointerId);
    this.canvas.focus({ preventScroll: true });
    this.pointers.set(event.pointerId, { x: event.clientX, y: event.clientY, moved: 0 });
  }

  move(event) {
    const at = this.pointers.get(event.pointerId);
    if (!at) return;
    const [dx, dy] = [event.clientX - at.x, event.clientY - at.y];
    const apart = this.apart();
    Object.assign(at, { x: event.clientX, y: event.clientY, moved: at.moved + Math.hypot(dx, dy) });
    if (at.moved < CLICK) return;
    const size = this.canvas.clientHeight || 1;
    if (this.pointers.size === 2) {
      this.zoom(apart / (this.apart() || 1));
      this.pan(-dx / size / 2, dy / size / 2);
    } else if (event.buttons & 2 || event.shiftKey || event.ctrlKey) this.pan(-dx / size, dy / size);
    else this.turn((dx / size) * 3.5, (dy / size) * 3.5);
  }

  apart() {
    const [a, b] = [...this.pointers.values()];
    return b ? Math.hypot(a.x - b.x, a.y - b.y) : 0;
  }

  up(event) {
    const at = this.pointers.get(event.pointerId);
    this.pointers.delete(event.pointerId);
    if (!at || at.moved >= CLICK || event.button !== 0) return;
    const box = this.canvas.getBoundingClientRect();
    this.calls.onclick(event.clientX - box.left, event.clientY - box.top);
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const arrows = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
    if (arrows && event.shiftKey) this.pan(arrows[0] * 0.05, arrows[1] * 0.05);
    else if (arrows) this.turn(-arrows[0] * 0.09, arrows[1] * 0.09);
    else if (event.key === "+" || event.key === "=") this.zoom(0.88);
    else if (event.key === "-") this.zoom(1 / 0.88);
    else {
      this.calls.onkey(event);
      return;
    }
    event.preventDefault();
  }
}
