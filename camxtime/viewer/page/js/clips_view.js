// Source and target side by side, at one frame. Frames ahead are fetched before they are due.

import { openChannel } from "./bitmaps.js";
import { h } from "./dom.js";
import { passUrl, standIn } from "./layers.js";
import { Picture } from "./picture.js";

const AHEAD = 16; // frames fetched before they are shown

/**
 * Panes for clips: `sides` are {key, title, row}; `load({key: {track, mosaic}}, pass)`, `show(f)`.
 * Frame f of a clip of F frames shows its last one from F on. A track may hop: `track.parts[f]` says into which of
 * `track.rows` and `mosaics` the frame falls.
 */
export function openClips(sides, signal) {
  const panes = sides.map(({ key, title, row }) => {
    const picture = new Picture(row.W, row.H, title);
    const where = h("span", { class: "num small muted" });
    const box = h("div", { class: "clip-frame" }, picture.canvas);
    box.style.aspectRatio = `${row.W} / ${row.H}`;
    box.style.setProperty("--ratio", String(row.W / row.H));
    const element = h(
      "figure",
      { class: `clip clip-${key}`, "data-clip": key },
      h("figcaption", {}, h("strong", { class: `name-${key}` }, title), where),
      box,
    );
    return { key, title, row, picture, where, element, clip: null };
  });
  const element = h(
    "div",
    { class: "clips" },
    panes.map((pane) => pane.element),
  );
  const channel = openChannel(() => draw());
  signal.addEventListener("abort", () => channel.close());
  let frame = 0;
  let pass = "rgb";

  return { element, load, show, stop: () => channel.want([]) };

  function load(clips, wanted, exact = false) {
    pass = wanted;
    for (const pane of panes) {
      pane.clip = clips[pane.key] ?? null;
      pane.picture.canvas.classList.toggle("exact", exact || wanted !== "rgb");
    }
    show(frame);
  }

  function show(f) {
    frame = f;
    draw();
    const urls = [];
    const longest = Math.max(0, ...panes.map((pane) => pane.clip?.track.cameras.length ?? 0));
    for (let step = 0; step < Math.min(AHEAD, longest); step += 1) {
      for (const pane of panes) if (pane.clip) urls.push(cellOf(pane, (f + step) % longest).url);
    }
    channel.want([...new Set(urls)]);
  }

  function cellOf({ clip, row }, f) {
    const { track } = clip;
    const at = Math.min(f, track.cameras.length - 1);
    const part = track.parts?.[at] ?? 0;
    const grid = track.rows?.[part] ?? row;
    const cell = { c: track.cameras[at], t: track.times[at] };
    return { cell, grid, url: passUrl(grid.id, pass, cell), mosaic: clip.mosaics?.[part] ?? clip.mosaic };
  }

  function draw() {
    for (const pane of panes) {
      if (!pane.clip) {
        pane.where.textContent = "";
        pane.picture.clear();
        continue;
      }
      const { cell, url, mosaic, grid } = cellOf(pane, frame);
      pane.picture.show(url, standIn(mosaic, cell, pass));
      pane.where.textContent = `camera ${cell.c} · time ${cell.t}${pane.clip.track.rows?.length > 1 ? ` · ${grid.path}` : ""}`;
      pane.picture.describe(`${pane.title}: camera ${cell.c}, time ${cell.t}`);
    }
  }
}
