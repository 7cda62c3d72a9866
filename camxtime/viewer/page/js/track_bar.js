// Source and target of the explorer: chosen by name, drawn by hand, opened from a file; saved as JSON and as MP4.

import { request } from "./api.js";
import { announce, download, fill, h } from "./dom.js";
import { along, encodeRuns, frames, joined, MAX_FRAMES, ofJson, ofRuns, toJson, track } from "./track.js";
import { isAbort } from "./states.js";
import { namedTrack, trackChoice } from "./track_choice.js";

const LONGEST = 1500; // characters of a drawn track in the address

/**
 * {element, stroke(cells, done), undo(), query(), tracks}. Calls `onchange({source, target})` when either changes;
 * `query` is where it starts, as it stands in the address.
 */
export function openTrackBar({ row, names, features, query, here, signal }, onchange) {
  const state = { strokes: [], cells: [], source: null, target: null, wish: null };
  const status = h("p", { class: "small muted track-status", role: "status" });
  const examples = Boolean(features.examples);
  const own = [
    ["none", "None"],
    ["hand", "Drawn by hand"],
    ["file", "From a file"],
  ];
  const target = trackChoice(
    { label: "Target", row, names, here, examples, more: own, wish: { name: "none" } },
    (wish) => chooseTarget(wish),
  );
  const source = trackChoice(
    { label: "Source", row, names, here, examples, wish: { name: "diagonal" }, frames: false },
    () => loadSource(),
  );
  const file = h("input", {
    type: "file",
    accept: ".json,application/json",
    class: "unseen",
    tabindex: -1,
    "aria-label": "Track file",
    onchange: openFile,
  });
  const undo = h("button", { type: "button", onclick: undoStroke }, "Undo stroke");
  const clear = h("button", { type: "button", onclick: () => chooseTarget({ name: "none" }) }, "Clear");
  const saveJson = h(
    "button",
    {
      type: "button",
      onclick: () =>
        download(new Blob([toJson(row.id, state.target)], { type: "application/json" }), `${row.id}.track.json`),
    },
    "Save JSON",
  );
  const saveMp4 = features.mp4 ? h("button", { type: "button", onclick: exportClip }, "Save MP4") : null;
  const element = h(
    "section",
    { class: "panel stack track-bar", "aria-label": "Tracks" },
    h(
      "div",
      { class: "bar" },
      target.element,
      undo,
      clear,
      h(
        "span",
        { class: "bar push" },
        h("button", { type: "button", onclick: () => file.click() }, "Open JSON…"),
        file,
        saveJson,
        saveMp4,
      ),
    ),
    h("div", { class: "bar" }, source.element, status),
  );
  restore();
  return {
    element,
    stroke,
    undoStroke,
    query: asQuery,
    restore: (next) => {
      query = next;
      restore();
    },
  };

  function restore() {
    source.choose({
      name: query.source ?? "diagonal",
      camera: whole(query.sc),
      time: whole(query.st),
      seed: whole(query.sseed),
    });
    const name = query.track ?? "none";
    const wish = { name, F: whole(query.F), seed: whole(query.seed), camera: whole(query.tc), time: whole(query.tt) };
    if ((name === "hand" || name === "file") && query.cameras) {
      const there = ofRuns(query.cameras, query.times ?? "", row);
      state.cells = there ? there.cameras.map((c, f) => ({ c, t: there.times[f] })) : [];
      state.strokes = there ? [state.cells] : [];
      setTarget(there, { name: there ? name : "none", F: wish.F });
    } else chooseTarget(wish);
  }

  async function chooseTarget(wish) {
    target.choose(wish);
    if (wish.name === "file" && !state.cells.length) {
      target.choose(state.wish ?? { name: "none" });
      file.click();
      return;
    }
    if (wish.name === "none" || wish.name === "hand" || wish.name === "file") {
      if (wish.name === "none") state.strokes = [];
      state.cells = wish.name === "none" ? [] : state.cells;
      setTarget(state.cells.length ? along(state.cells, wish.F ?? 0, wish.name) : null, wish);
      if (wish.name === "hand" && !state.cells.length)
        say("Turn Draw on, then draw on the pad (or press Enter on cells).");
      return;
    }
    try {
      const found = await namedTrack(row, wish, signal);
      if (target.wish().name === wish.name) setTarget(found, wish);
    } catch (error) {
      if (!isAbort(error)) {
        setTarget(null, wish);
        say(error.message, true);
      }
    }
  }

  function setTarget(value, wish) {
    state.target = value;
    state.wish = { ...wish };
    target.choose(wish);
    for (const button of [saveJson, saveMp4, clear]) if (button) button.disabled = value === null;
    undo.hidden = wish.name !== "hand";
    undo.disabled = !state.strokes.length;
    say(
      value
        ? [`${frames(value)} frames`, value.formula].filter(Boolean).join(" · ")
        : "Choose a target track, or draw one on the pad.",
    );
    loadSource();
  }

  async function loadSource() {
    const F = state.target ? frames(state.target) : undefined;
    const wish = source.wish();
    const asked = { name: wish.name, F };
    if (wish.name === "bullet") asked.time = wish.time ?? 0;
    else if (wish.name === "fixed") asked.camera = wish.camera ?? 0;
    else asked.seed = wish.seed;
    try {
      const found = await namedTrack(row, asked, signal);
      if (source.wish().name === wish.name) state.source = found;
    } catch (error) {
      if (isAbort(error)) return;
      state.source = null;
      say(`Source: ${error.message}`, true);
    }
    onchange({ source: state.source, target: state.target });
  }

  function stroke(cells, done) {
    const all = joined([...state.strokes, cells]);
    if (done) state.strokes.push([...cells]);
    state.cells = all;
    const F = target.wish().name === "hand" ? target.wish().F : 0;
    const value = along(all, F ?? 0, "hand");
    if (done) setTarget(value, { name: "hand", F });
    else onchange({ source: state.source, target: value });
    if (done && all.length > MAX_FRAMES)
      say(`Only ${MAX_FRAMES} frames are kept of the ${all.length} cells drawn.`, true);
  }

  function undoStroke() {
    state.strokes.pop();
    state.cells = joined(state.strokes);
    chooseTarget({ name: state.cells.length ? "hand" : "none", F: target.wish().F });
  }

  async function openFile() {
    const [chosen] = file.files;
    file.value = "";
    if (!chosen) return;
    try {
      if (chosen.size > 2 ** 20) throw new Error("The file is larger than any track.");
      const read = ofJson(await chosen.text(), row);
      state.cells = read.cameras.map((c, f) => ({ c, t: read.times[f] }));
      state.strokes = [];
      setTarget(track(read.cameras, read.times, "file"), { name: "file", F: undefined });
      announce(`${chosen.name} opened`);
    } catch (error) {
      say(`${chosen.name}: ${error.message}`, true);
    }
  }

  async function exportClip() {
    saveMp4.disabled = true;
    say("Encoding the clip…");
    try {
      const body = JSON.stringify({ cameras: state.target.cameras, times: state.target.times, fps: row.fps });
      const answer = await request(`api/grids/${encodeURIComponent(row.id)}/clip.mp4`, {
        method: "POST",
        body,
        headers: { "Content-Type": "application/json" },
        signal,
      });
      download(await answer.blob(), `${row.id}.${state.target.name || "track"}.mp4`);
      say(`${frames(state.target)} frames saved as MP4.`);
    } catch (error) {
      if (!isAbort(error)) say(error.message, true);
    } finally {
      saveMp4.disabled = state.target === null;
    }
  }

  function asQuery() {
    const wish = target.wish();
    const from = source.wish();
    const found = { track: wish.name === "none" ? "" : wish.name, F: wish.F, seed: wish.seed || "" };
    if (wish.name === "bullet") found.tt = wish.time;
    if (wish.name === "fixed") found.tc = wish.camera;
    if ((wish.name === "hand" || wish.name === "file") && state.target) {
      const [cameras, times] = [encodeRuns(state.target.cameras), encodeRuns(state.target.times)];
      if (cameras.length + times.length < LONGEST) Object.assign(found, { cameras, times });
    }
    if (from.name !== "diagonal")
      Object.assign(found, { source: from.name, sc: from.camera, st: from.time, sseed: from.seed || "" });
    return found;
  }

  function say(text, bad = false) {
    fill(status, text);
    status.classList.toggle("bad", bad);
  }
}

const whole = (text) => (/^\d{1,9}$/.test(text ?? "") ? Number(text) : undefined);
