// Space: the cameras of a grid where they stand, and what a cell saw, as points.

import { gridDetail, grids, request } from "./api.js";
import { depthOf } from "./arrays.js";
import { announce, field, fill, h, number, segmented } from "./dom.js";
import { clamp, metres } from "./format.js";
import { gridHead } from "./grid_head.js";
import { openChannel } from "./bitmaps.js";
import { passUrl, standIn } from "./layers.js";
import { openMosaic } from "./mosaic.js";
import { Picture } from "./picture.js";
import { keep } from "./router.js";
import { cameraOf } from "./space_scene.js";
import { SpaceStage } from "./space_stage.js";
import { empty, isAbort, renderLink } from "./states.js";

export async function mount({ main, about, id, query, signal }) {
  const rows = await grids();
  const row = rows.find((each) => each.id === id);
  if (!row) throw new Error(`There is no grid "${id}" in this dataset.`);
  if (!row.cells) {
    fill(main, empty(row.id, "Nothing of this grid is rendered yet.", renderLink(about)));
    return { title: row.id };
  }
  const detail = await gridDetail(id);
  signal.throwIfAborted();
  return new Space({ main, rows, row, detail, query, signal });
}

class Space {
  constructor({ main, rows, row, detail, query, signal }) {
    Object.assign(this, { row, detail, signal });
    this.title = `${row.id} in space`;
    this.clouds = 1;
    this.stage = new SpaceStage(
      row,
      detail,
      {
        onpick: (c) => this.go({ c, t: this.cell.t }),
        onkey: (event) => this.key(event),
        onview: () => this.views.choose(this.stage.through ? "camera" : "orbit"),
      },
      signal,
    );
    const slider = (name, last) =>
      h("input", {
        type: "range",
        min: 0,
        max: last,
        step: 1,
        "aria-label": name,
        oninput: (event) => this.go({ ...this.cell, [name === "camera" ? "c" : "t"]: Number(event.target.value) }),
      });
    this.camera = {
      box: number(0, { min: 0, max: row.C - 1 }, (c) => this.go({ ...this.cell, c })),
      slider: slider("camera", row.C - 1),
    };
    this.time = {
      box: number(0, { min: 0, max: row.T - 1 }, (t) => this.go({ ...this.cell, t })),
      slider: slider("time", row.T - 1),
    };
    this.views = segmented(
      "View",
      [
        ["orbit", "Orbit"],
        ["camera", "Through the camera", "See with the camera's own pose and lens (C)"],
      ],
      "orbit",
      (view) => this.stage.setThrough(view === "camera"),
    );
    this.picture = new Picture(row.W, row.H, "Cell");
    this.picture.canvas.style.aspectRatio = `${row.W} / ${row.H}`;
    this.channel = openChannel(() => this.draw());
    signal.addEventListener("abort", () => this.channel.close());
    openMosaic(
      row,
      (mosaic) => {
        this.mosaic = mosaic;
        this.draw();
      },
      signal,
    ).catch(() => undefined); // a stand-in only
    this.facts = h("dl", { class: "facts" });
    this.status = h("p", { class: "small muted", role: "status" });
    const amounts = segmented(
      "Clouds of",
      [
        ["1", "1 camera"],
        ["4", "4"],
        ["8", "8"],
      ],
      "1",
      (value) => {
        this.clouds = Number(value);
        this.show();
      },
    );
    fill(
      main,
      gridHead(row, rows, "space", query),
      h(
        "div",
        { class: "space" },
        h(
          "section",
          { class: "panel stack", "aria-label": "Scene in space" },
          h(
            "div",
            { class: "bar" },
            this.views,
            h("span", { class: "field-name" }, "Points of"),
            amounts,
            h("button", { type: "button", onclick: () => this.stage.frameAll() }, "Whole scene"),
          ),
          this.stage.element,
          h(
            "p",
            { class: "small muted" },
            "Drag to orbit, Shift-drag or two fingers to pan, wheel or + − to zoom. Click a frustum to go to that camera.",
          ),
        ),
        h(
          "section",
          { class: "panel stack space-side", "aria-label": "Cell" },
          h("div", { class: "bar slide" }, field("camera", this.camera.box), this.camera.slider),
          h("div", { class: "bar slide" }, field("time", this.time.box), this.time.slider),
          this.picture.canvas,
          this.facts,
          this.status,
        ),
      ),
    );
    this.update(query);
    this.stage.frameAll();
  }

  update(query) {
    const whole = (text, last) => (/^\d{1,6}$/.test(text ?? "") ? clamp(Number(text), 0, last) : 0);
    this.cell = { c: whole(query.c, this.row.C - 1), t: whole(query.t, this.row.T - 1) };
    this.show();
  }

  go({ c, t }) {
    this.cell = { c: clamp(c, 0, this.row.C - 1), t: clamp(t, 0, this.row.T - 1) };
    keep("space", this.row.id, this.cell);
    announce(`camera ${this.cell.c}, time ${this.cell.t}`);
    this.show();
  }

  key(event) {
    const { c, t } = this.cell;
    const to = { "[": { c: c - 1, t }, "]": { c: c + 1, t }, ",": { c, t: t - 1 }, ".": { c, t: t + 1 } }[event.key];
    if (to) this.go(to);
    else if (event.key === "0") this.stage.frameAll();
    else if (event.key === "c" || event.key === "C") this.stage.setThrough(!this.stage.through);
    else return;
    event.preventDefault();
  }

  show() {
    const { c, t } = this.cell;
    for (const control of [this.camera.box, this.camera.slider]) control.value = c;
    for (const control of [this.time.box, this.time.slider]) control.value = t;
    this.showFacts();
    this.picture.describe(`Camera ${c}, time ${t}`);
    this.draw();
    this.channel.want([passUrl(this.row.id, "rgb", this.cell)]);
    this.stage.setCell(this.cell);
    clearTimeout(this.soon);
    this.soon = setTimeout(() => this.loadClouds(), 30); // a slider passes many cells on its way
  }

  draw() {
    this.picture.show(passUrl(this.row.id, "rgb", this.cell), standIn(this.mosaic, this.cell, "rgb"));
  }

  showFacts() {
    const { K, eye } = cameraOf(this.detail, this.cell.c);
    const angle = (size, focal) => `${((360 / Math.PI) * Math.atan(size / (2 * focal))).toFixed(1)}°`;
    const rows = [
      ["Position", eye.map((v) => v.toFixed(3)).join(", ")],
      ["Focal length", `${K[0].toFixed(1)} × ${K[4].toFixed(1)} px`],
      ["Centre", `${K[2].toFixed(1)}, ${K[5].toFixed(1)} px`],
      ["Field of view", `${angle(this.row.W, K[0])} × ${angle(this.row.H, K[4])}`],
      ["Time", `${this.cell.t} · ${(this.cell.t / this.row.fps).toFixed(2)} s`],
      [
        "Depth",
        this.detail.depth_range
          ? `${metres(this.detail.depth_range[0])} to ${metres(this.detail.depth_range[1])} in this grid`
          : "not stored",
      ],
    ];
    fill(
      this.facts,
      rows.map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]),
    );
  }

  /** Cameras whose points are shown: the current one, then others evenly along the path. */
  cameras() {
    const { C } = this.row;
    const others = Array.from({ length: this.clouds }, (_, i) => (this.cell.c + Math.round((i * C) / this.clouds)) % C);
    return [...new Set(others)];
  }

  async loadClouds() {
    const { t } = this.cell;
    const mine = (this.asked = (this.asked ?? 0) + 1);
    const wanted = this.cameras();
    try {
      const parts = await Promise.all(wanted.map((c) => this.part(c, t)));
      if (mine !== this.asked || this.signal.aborted) return;
      const shown = this.stage.setClouds(parts);
      this.status.textContent = this.detail.depth_range
        ? `${shown.toLocaleString("en")} points`
        : "This dataset stores no depth: no points to show.";
      this.status.dataset.points = shown;
    } catch (error) {
      if (mine === this.asked && !isAbort(error)) this.status.textContent = error.message;
    }
  }

  async part(c, t) {
    const [bitmap, depth] = await Promise.all([
      request(passUrl(this.row.id, "rgb", { c, t }))
        .then((answer) => answer.blob())
        .then((blob) => createImageBitmap(blob)),
      this.detail.depth_range ? depthOf(this.row.id, c, t) : null,
    ]);
    return { c, bitmap, depth };
  }
}
