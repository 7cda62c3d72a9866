// One cell, large: a canvas of the cell's own pixels. Until the image is here the thumbnail stands in, scaled up.

import { h } from "./dom.js";
import { peek, problem } from "./bitmaps.js";

export class Picture {
  /** width, height: of the cells, pixels. label: for screen readers. */
  constructor(width, height, label) {
    this.canvas = h("canvas", { class: "picture", width, height, role: "img", "aria-label": label });
    this.context = this.canvas.getContext("2d", { willReadFrequently: false });
  }

  /** Show the image at `url` if it is here and return true; else `standIn(context, width, height)`, and return false. */
  show(url, standIn) {
    const { canvas, context } = this;
    const bitmap = peek(url);
    canvas.dataset.url = url;
    canvas.dataset.state = bitmap ? "exact" : problem(url) ? "failed" : "thumbnail";
    if (bitmap) {
      if (canvas.width !== bitmap.width || canvas.height !== bitmap.height)
        [canvas.width, canvas.height] = [bitmap.width, bitmap.height];
      context.globalCompositeOperation = "copy";
      context.drawImage(bitmap, 0, 0);
      context.globalCompositeOperation = "source-over";
      return true;
    }
    context.clearRect(0, 0, canvas.width, canvas.height);
    standIn?.(context, canvas.width, canvas.height);
    return false;
  }

  /** Show nothing. */
  clear() {
    this.canvas.dataset.state = "empty";
    this.canvas.dataset.url = "";
    this.context.clearRect(0, 0, this.canvas.width, this.canvas.height);
  }

  describe(text) {
    this.canvas.setAttribute("aria-label", text);
  }
}
