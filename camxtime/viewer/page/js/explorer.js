// The grid explorer: the pad, the cell or the two clips large, and the tracks.

import { gridDetail, grids } from "./api.js";
import { openCellView } from "./cell_view.js";
import { openClips } from "./clips_view.js";
import { announce, fill, h } from "./dom.js";
import { explorerControls, explorerLayout } from "./explorer_layout.js";
import { clamp } from "./format.js";
import { gridFacts } from "./grid_facts.js";
import { gridHead } from "./grid_head.js";
import { passesOf } from "./layers.js";
import { openMosaic } from "./mosaic.js";
import { Pad } from "./pad.js";
import { keep } from "./router.js";
import { empty, renderLink } from "./states.js";
import { openTimeline } from "./timeline.js";
import { openTrackBar } from "./track_bar.js";
import { trackNames } from "./track_choice.js";

export async function mount({ main, about, id, query, signal }) {
  const rows = await grids();
  const row = rows.find((each) => each.id === id);
  if (!row) throw new Error(`There is no grid "${id}" in this dataset.`);
  if (!row.cells) {
    fill(main, empty(row.id, "Nothing of this grid is rendered yet.", renderLink(about)));
    return { title: row.id };
  }
  const [detail, { tracks: names, examples }] = await Promise.all([gridDetail(id), trackNames()]);
  signal.throwIfAborted();
  return new Explorer({ main, about, rows, row, detail, names, examples, query, signal });
}

class Explorer {
  constructor({ main, about, rows, row, detail, names, examples, query, signal }) {
    this.row = row;
    this.title = row.id;
    this.passes = passesOf(about);
    this.stage = h("div", { class: "stage" });
    this.hint = h("p", { class: "small muted" });
    this.tracks = { source: null, target: null };
    this.pad = new Pad(
      row,
      {
        onpoint: (cell) => this.point(cell),
        onselect: (cell) => this.select(cell),
        onstroke: (cells, done) => this.trackBar.stroke(cells, done),
        onkey: (event) => this.padKey(event),
      },
      signal,
    );
    this.cell = openCellView({ row, detail, labels: about.overlap ?? [], signal });
    this.clips = openClips(
      [
        { key: "source", title: "Source", row },
        { key: "target", title: "Target", row },
      ],
      signal,
    );
    this.timeline = openTimeline((frame) => this.frame(frame), {
      onplay: (playing) => this.setMode("clips", playing),
      signal,
    });
    Object.assign(this, explorerControls(this, about));
    this.read(query);
    this.trackBar = openTrackBar(
      { row, names, features: { ...about.features, examples }, query, here: () => this.cursor, signal },
      (tracks) => this.setTracks(tracks),
    );
    fill(main, gridHead(row, rows, "grid", query), explorerLayout(this, gridFacts(row, detail)));
    this.apply();
    openMosaic(row, (mosaic) => this.setMosaic(mosaic), signal).catch((error) => {
      if (!signal.aborted) this.pad.say(`The thumbnails are not there: ${error.message}`);
    });
  }

  /** Take the state from the address. */
  read(query) {
    const { row } = this;
    const whole = (text, last, otherwise) => (/^\d{1,6}$/.test(text ?? "") ? clamp(Number(text), 0, last) : otherwise);
    this.cursor = { c: whole(query.c, row.C - 1, 0), t: whole(query.t, row.T - 1, 0) };
    this.pass = this.passes.some(([name]) => name === query.pass) ? query.pass : this.passes[0][0];
    this.mode = query.show === "clips" ? "clips" : "cell";
    this.exact = query.exact === "1";
    const [c, t] = (query.check ?? "").split(".");
    this.reference = query.check ? { c: whole(c, row.C - 1, 0), t: whole(t, row.T - 1, 0) } : null;
  }

  update(query) {
    this.read(query);
    this.trackBar.restore(query);
    this.apply();
  }

  /** Draw the state and put it into the address. */
  apply() {
    const { c, t } = this.cursor;
    this.camera.value = c;
    this.time.value = t;
    this.modes.choose(this.mode);
    this.passButtons.choose(this.pass);
    this.exactBox.checked = this.exact;
    this.pad.reference = this.reference;
    this.pad.setCursor(this.cursor);
    if (this.checkButton) {
      this.checkButton.setAttribute("aria-pressed", String(this.reference !== null));
      this.checkButton.disabled = this.mode !== "cell";
      this.checkNote.hidden = this.reference === null;
      this.checkNote.textContent = this.reference ? `against camera ${this.reference.c}, time ${this.reference.t}` : "";
    }
    this.setTool(this.pad.drawing ? "draw" : "look");
    this.showStage();
    this.save();
  }

  save() {
    const { c, t } = this.cursor;
    keep("grid", this.row.id, {
      c,
      t,
      pass: this.pass === this.passes[0][0] ? "" : this.pass,
      show: this.mode === "clips" ? "clips" : "",
      exact: this.exact ? "1" : "",
      check: this.reference ? `${this.reference.c}.${this.reference.t}` : "",
      ...this.trackBar.query(),
    });
  }

  showStage() {
    const view = this.mode === "clips" ? this.clips : this.cell;
    if (this.stage.firstChild !== view.element) fill(this.stage, view.element);
    this.cell.readout.element.classList.toggle("faded", this.mode === "clips");
    if (this.mode === "clips") {
      this.cell.stop();
      this.loadClips();
    } else {
      this.clips.stop();
      this.showCell(this.pad.pointed ?? this.cursor);
    }
  }

  showCell(cell) {
    const has = (name) => this.passes.some(([pass]) => pass === name);
    this.cell.show(
      cell,
      { pass: this.pass, reference: this.reference, exact: this.exact, depth: has("depth"), instance: has("instance") },
      this.mosaic,
    );
  }

  loadClips() {
    const { source, target } = this.tracks;
    this.clips.load(
      {
        source: source && { track: source, mosaic: this.mosaic },
        target: target && { track: target, mosaic: this.mosaic },
      },
      this.pass,
      this.exact,
    );
  }

  setMosaic(mosaic) {
    this.mosaic = mosaic;
    this.pad.setMosaic(mosaic);
    this.showStage();
  }

  point(cell) {
    if (this.mode === "cell") this.showCell(cell ?? this.cursor);
  }

  select(cell) {
    this.cursor = cell;
    this.timeline.clock.pause();
    this.mode = "cell";
    this.apply();
    announce(`camera ${cell.c}, time ${cell.t}`);
  }

  setMode(mode, playing) {
    if (playing === undefined && mode === "cell") this.timeline.clock.pause();
    this.mode = mode;
    this.apply();
  }

  setTool(tool) {
    this.pad.drawing = tool === "draw";
    this.tool.choose(tool);
    this.pad.element.classList.toggle("drawing", this.pad.drawing);
    this.hint.textContent = this.pad.drawing
      ? "Drag to draw the target track, stroke after stroke. With keys: move, then Enter goes on to the cell, Backspace takes back, Esc leaves."
      : "Point to look, drag or use the arrow keys to scrub, D to draw a track.";
  }

  toggleReference() {
    this.reference = this.reference ? null : { ...this.cursor };
    this.apply();
  }

  padKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const { drawing } = this.pad;
    if (event.key === "d" || event.key === "D") this.setTool(drawing ? "look" : "draw");
    else if (drawing && event.key === "Enter") this.trackBar.stroke([this.cursor], true);
    else if (drawing && event.key === "Backspace") this.trackBar.undoStroke();
    else if (drawing && event.key === "Escape") this.setTool("look");
    else return;
    event.preventDefault();
  }

  setTracks(tracks) {
    this.tracks = tracks;
    const longest = Math.max(1, ...Object.values(tracks).map((each) => each?.cameras.length ?? 0));
    this.timeline.load(longest, this.row.fps);
    this.paintTracks(this.timeline.clock.frame);
    if (this.mode === "clips") this.loadClips();
    this.save();
  }

  paintTracks(frame) {
    const shown = [
      ["source", "--source-mark"],
      ["target", "--target-mark"],
    ].filter(([key]) => this.tracks[key] && (key === "target" || this.tracks.target || this.mode === "clips"));
    this.pad.setTracks(
      shown.map(([key, colour]) => ({ track: this.tracks[key], colour, frame, wide: key === "source" })),
    );
  }

  frame(frame) {
    if (this.mode === "clips") this.clips.show(frame);
    this.paintTracks(frame);
  }
}
