// The pad: all cells of a grid, cameras across, times down. Pointing, dragging, keys and drawing; tracks on top.

import { fitCanvas, h, onTheme } from "./dom.js";
import { clamp } from "./format.js";
import { paintOverlay } from "./pad_paint.js";

export class Pad {
  /**
   * row: of grids.json. Calls back `onpoint(cell | null)` when a pointer rests on a cell or leaves, `onselect(cell)`
   * when one is chosen (press, drag, keys), `onstroke(cells, done)` while drawing, `onkey(event)` for other keys. With
   * `calls` null the pad only shows.
   */
  constructor(row, calls, signal) {
    this.row = row;
    this.calls = calls;
    this.drawing = false;
    this.cursor = calls && { c: 0, t: 0 };
    this.pointed = null;
    this.tracks = []; // {track, colour: token, frame}
    this.reference = null;
    this.stroke = null;
    this.base = h("canvas", { class: "pad-base", "aria-hidden": "true" });
    this.overlay = h("canvas", {
      class: "pad-overlay",
      ...(calls ? { tabindex: 0, role: "application", "aria-roledescription": "pad" } : { role: "img" }),
      "aria-label": `${row.id}: ${row.C} cameras across, ${row.T} times down${calls ? ". Arrow keys move." : ""}`,
    });
    this.words = h("p", { class: "pad-words small muted", role: "status" }, "Thumbnails are being made…");
    this.box = h("div", { class: "pad-box" }, this.words, this.base, this.overlay);
    this.element = h(
      "div",
      { class: "pad" },
      h(
        "div",
        { class: "pad-top small muted num", "aria-hidden": "true" },
        h("span", {}, "camera 0"),
        h("span", {}, "→"),
        h("span", {}, String(row.C - 1)),
      ),
      h(
        "div",
        { class: "pad-side small muted num", "aria-hidden": "true" },
        h("span", {}, "time 0"),
        h("span", {}, "→"),
        h("span", {}, String(row.T - 1)),
      ),
      this.box,
    );
    const ratio = (row.C * row.W) / (row.T * row.H);
    this.element.style.setProperty("--pad-ratio", String(clamp(ratio, 0.4, 3)));
    if (calls) this.listen(signal);
    else this.overlay.classList.add("passive");
    const watch = new ResizeObserver(() => {
      this.paintBase();
      this.paint();
    });
    watch.observe(this.box);
    signal.addEventListener("abort", () => watch.disconnect());
    onTheme(() => this.paint(), signal);
  }

  listen(signal) {
    const { overlay } = this;
    const on = (name, call) => overlay.addEventListener(name, call, { signal });
    on("pointerdown", (event) => this.press(event));
    on("pointermove", (event) => this.move(event));
    on("pointerup", (event) => this.release(event));
    on("pointercancel", (event) => this.release(event));
    on("pointerleave", () => {
      this.pointed = null;
      this.calls.onpoint(null);
      this.paint();
    });
    on("keydown", (event) => this.key(event));
    on("focus", () => this.paint());
    on("blur", () => this.paint());
  }

  /** Words in place of the cells. */
  say(text) {
    this.words.textContent = text;
  }

  setMosaic(mosaic) {
    this.say("");
    this.mosaic = mosaic;
    this.paintBase();
  }

  /** Move the cursor without calling back. */
  setCursor(cell) {
    this.cursor = cell;
    this.paint();
  }

  setTracks(tracks) {
    this.tracks = tracks;
    this.paint();
  }

  cellAt(event) {
    const box = this.overlay.getBoundingClientRect();
    const { C, T } = this.row;
    return {
      c: clamp(Math.floor(((event.clientX - box.left) / box.width) * C), 0, C - 1),
      t: clamp(Math.floor(((event.clientY - box.top) / box.height) * T), 0, T - 1),
    };
  }

  press(event) {
    if (event.button !== 0) return;
    this.overlay.setPointerCapture(event.pointerId);
    this.overlay.focus({ preventScroll: true });
    event.preventDefault();
    this.dragging = true;
    const cell = this.cellAt(event);
    if (this.drawing) {
      this.stroke = [cell];
      this.calls.onstroke(this.stroke, false);
    }
    this.choose(cell);
  }

  move(event) {
    const cells = (event.getCoalescedEvents?.() ?? []).map((each) => this.cellAt(each));
    const cell = this.cellAt(event);
    if (this.stroke) {
      const before = this.stroke.length;
      for (const next of [...cells, cell]) if (!same(next, this.stroke.at(-1))) this.stroke.push(next);
      if (this.stroke.length > before) this.calls.onstroke(this.stroke, false);
    }
    if (this.dragging) {
      if (!same(cell, this.cursor)) this.choose(cell);
      return;
    }
    if (event.pointerType === "touch" || same(cell, this.pointed)) return;
    this.pointed = cell;
    this.calls.onpoint(cell);
    this.paint();
  }

  release() {
    this.dragging = false;
    if (this.stroke) this.calls.onstroke(this.stroke, true);
    this.stroke = null;
  }

  choose(cell) {
    this.cursor = cell;
    this.pointed = null;
    this.calls.onselect(cell);
    this.paint();
  }

  key(event) {
    const step = event.shiftKey ? 10 : 1;
    const { C, T } = this.row;
    const { c, t } = this.cursor;
    const moves = {
      ArrowLeft: [c - step, t],
      ArrowRight: [c + step, t],
      ArrowUp: [c, t - step],
      ArrowDown: [c, t + step],
      Home: [0, t],
      End: [C - 1, t],
      PageUp: [c, 0],
      PageDown: [c, T - 1],
    };
    const move = moves[event.key];
    if (!move) {
      this.calls.onkey(event);
      return;
    }
    event.preventDefault();
    this.choose({ c: clamp(move[0], 0, C - 1), t: clamp(move[1], 0, T - 1) });
  }

  paintBase() {
    const { width, height, ratio } = fitCanvas(this.base);
    const context = this.base.getContext("2d");
    if (!this.mosaic) return;
    this.mosaic.drawAll(context, width * ratio, height * ratio);
  }

  /** Draw the overlay at the next frame. */
  paint() {
    if (this.pending) return;
    this.pending = requestAnimationFrame(() => {
      this.pending = 0;
      if (this.overlay.isConnected) paintOverlay(this, fitCanvas(this.overlay));
    });
  }
}

export const same = (a, b) => Boolean(a && b) && a.c === b.c && a.t === b.t;
