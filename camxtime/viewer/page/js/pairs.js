// Pairs: the sampler live. Recipe, split, seed and i in; source and target out, on the pad and playing.

import { grids, json, jsonOnce, withQuery } from "./api.js";
import { lineChart } from "./charts.js";
import { openClips } from "./clips_view.js";
import { field, fill, h, number, select } from "./dom.js";
import { openMosaic } from "./mosaic.js";
import { clipTrack, gridsOf, partIn } from "./pair_clip.js";
import { pairStats } from "./pair_stats.js";
import { Pad } from "./pad.js";
import { poseTable } from "./poses.js";
import { keep, link } from "./router.js";
import { failed, isAbort, loading } from "./states.js";
import { openTimeline } from "./timeline.js";

const LAST = 2 ** 31 - 1;

export async function mount({ main, about, query, signal }) {
  if (!about.features.sample) throw new Error("Pairs are drawn by `camxtime view`; this exported page cannot.");
  const [rows, { recipes }] = await Promise.all([grids(), jsonOnce("api/recipes.json")]);
  signal.throwIfAborted();
  return new Pairs({ main, about, rows, recipes, query, signal });
}

class Pairs {
  constructor({ main, about, rows, recipes, query, signal }) {
    Object.assign(this, { about, signal, recipes });
    this.title = "Pairs";
    this.rows = new Map(rows.map((row) => [row.id, row]));
    this.recipe = select(
      recipes.map(({ name }) => name),
      recipes[0]?.name,
      () => this.changed(),
    );
    this.split = about.splits.length ? select([["", "All grids"], ...about.splits], "", () => this.changed()) : null;
    this.seed = number(0, { min: 0, max: LAST }, () => this.changed());
    this.index = number(0, { min: 0, max: LAST }, () => this.changed());
    const step = (by) => {
      this.index.value = Math.max(0, Number(this.index.value) + by);
      this.changed();
    };
    this.note = h("p", { class: "small muted" });
    this.body = h("div", { class: "pair" });
    this.stats = pairStats(() => this.wish(), signal);
    fill(
      main,
      h(
        "div",
        { class: "head" },
        h("h1", {}, "Pairs"),
        h("span", { class: "muted small" }, "Pair i is a function of dataset, split, recipe, seed and i."),
      ),
      h(
        "div",
        { class: "bar filters" },
        field("Recipe", this.recipe),
        this.split && field("Split", this.split),
        field("Seed", this.seed),
        h(
          "div",
          { class: "stepper" },
          h("button", { type: "button", "aria-label": "Pair before", onclick: () => step(-1) }, "‹"),
          field("Pair", this.index),
          h("button", { type: "button", "aria-label": "Next pair", onclick: () => step(1) }, "›"),
        ),
        this.note,
      ),
      this.body,
      this.stats.element,
    );
    this.update(query);
  }

  update(query) {
    if (this.recipes.some(({ name }) => name === query.recipe)) this.recipe.value = query.recipe;
    if (this.split) this.split.value = this.about.splits.includes(query.split) ? query.split : "";
    this.seed.value = Number.parseInt(query.seed ?? "0", 10) || 0;
    this.index.value = Number.parseInt(query.index ?? "0", 10) || 0;
    this.load();
  }

  wish() {
    return { recipe: this.recipe.value, split: this.split?.value, seed: this.seed.value };
  }

  changed() {
    keep("pairs", "", {
      ...this.wish(),
      seed: this.seed.value === "0" ? "" : this.seed.value,
      index: this.index.value,
    });
    this.load();
  }

  async load() {
    this.stop?.abort();
    this.stop = new AbortController();
    const signal = AbortSignal.any([this.stop.signal, this.signal]);
    this.stats.stale();
    this.note.textContent = this.recipes.find(({ name }) => name === this.recipe.value)?.text ?? "";
    if (!this.body.firstChild) fill(this.body, loading("Drawing a pair…"));
    this.body.setAttribute("aria-busy", "true");
    try {
      const pair = await json(withQuery("api/sample.json", { ...this.wish(), index: this.index.value }), { signal });
      fill(this.body, this.show(pair, signal));
      this.drawCharts(0);
    } catch (error) {
      if (!isAbort(error))
        fill(
          this.body,
          failed(error, () => this.load()),
        );
    } finally {
      this.body.setAttribute("aria-busy", "false");
    }
  }

  show(pair, signal) {
    const source = clipTrack(pair.source, this.rows);
    const target = clipTrack(pair.target, this.rows);
    const contexts = (pair.contexts ?? []).map((each) => clipTrack(each, this.rows));
    this.clipsShown = { source, target };
    const clips = openClips(
      [
        { key: "source", title: "Source", row: source.rows[0] },
        { key: "target", title: "Target", row: target.rows[0] },
      ],
      signal,
    );
    const mosaics = new Map();
    this.pads = gridsOf([source, target, ...contexts]).map((row) => {
      const pad = new Pad(row, null, signal);
      openMosaic(
        row,
        (mosaic) => {
          pad.setMosaic(mosaic);
          mosaics.set(row.id, mosaic);
          load();
        },
        signal,
      ).catch(() => undefined);
      const tracks = [
        ...contexts.map((clip) => ({ track: partIn(clip, row.id), colour: "--context-mark" })),
        { track: partIn(source, row.id), colour: "--source-mark", head: true, wide: true },
        { track: partIn(target, row.id), colour: "--target-mark", head: true },
      ];
      return { pad, row, tracks: tracks.filter(({ track }) => track.at.length) };
    });
    const load = () =>
      clips.load(
        {
          source: { track: source, mosaics: source.rows.map(({ id }) => mosaics.get(id)) },
          target: { track: target, mosaics: target.rows.map(({ id }) => mosaics.get(id)) },
        },
        "rgb",
      );
    const poses = poseTable(pair);
    this.timeChart = lineChart("Time shown, by frame");
    this.cameraChart = lineChart("Camera, by frame");
    const timeline = openTimeline(
      (frame) => {
        clips.show(frame);
        this.paint(frame);
        poses.show(frame);
        this.drawCharts(frame);
      },
      { signal },
    );
    const stage = h("div", { class: "stage pair-stage" }, clips.element);
    stage.style.setProperty("--ratio", String(source.rows[0].W / source.rows[0].H));
    load();
    timeline.load(target.cameras.length, source.rows[0].fps);
    return [
      h(
        "section",
        { class: "panel stack", "aria-label": "Tracks on the grid" },
        h(
          "dl",
          { class: "facts", "data-pair": pair.index },
          [
            ["Grid", h("a", { href: link("grid", target.rows[0].id) }, target.rows[0].id)],
            ["Task", pair.task],
            ["Warp", pair.warp],
            ["Camera", pair.camera],
            ["Window", `${pair.window.frames} frames from ${pair.window.offset} by ${pair.window.stride}`],
            ["Contexts", String(contexts.length)],
          ].map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]),
        ),
        this.pads.map(({ pad, row }) => [this.pads.length > 1 && h("h3", {}, row.id), pad.element]),
        h("div", { class: "charts" }, this.timeChart.element, this.cameraChart.element),
      ),
      h(
        "section",
        { class: "panel stack sized", "aria-label": "Clips" },
        stage,
        timeline.element,
        h("p", { class: "small" }, pair.caption ?? ""),
        poses.element,
      ),
    ];
  }

  paint(frame) {
    for (const { pad, tracks } of this.pads) {
      pad.setTracks(
        tracks.map(({ track, colour, head, wide }) => ({
          track,
          colour,
          wide,
          frame: head && track.at.includes(frame) ? track.at.indexOf(frame) : undefined,
        })),
      );
    }
  }

  drawCharts(frame) {
    const { source, target } = this.clipsShown;
    const series = (of) => [
      { values: source[of], mark: "--source", wide: true },
      { values: target[of], mark: "--target" },
    ];
    this.timeChart.draw(series("times"), Math.max(...source.rows.map(({ T }) => T)) - 1, frame);
    this.cameraChart.draw(series("cameras"), Math.max(...target.rows.map(({ C }) => C)) - 1, frame);
  }
}
