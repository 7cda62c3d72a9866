// Choosing a track by name: the diagonal, bullet time, a fixed camera, every warp and every camera track.

import { json, jsonOnce, withQuery } from "./api.js";
import { h, field, number } from "./dom.js";
import { MAX_FRAMES, track } from "./track.js";

const FIXED = [
  ["diagonal", "Diagonal"],
  ["bullet", "Bullet time at…"],
  ["fixed", "Fixed camera…"],
];

/** `camera:sub_range` → "sub range". */
const shortName = (name) => name.split(":").at(-1).replaceAll("_", " ");

/** What there is to choose: {tracks: [{name, kind, text}], examples}. Empty where the site cannot tell. */
export async function trackNames() {
  try {
    return await jsonOnce("api/tracks.json");
  } catch {
    return { tracks: [] };
  }
}

/**
 * The cells of a named track. wish: {name, F?, seed?, camera?, time?}. A static site computes the plain ones here and has
 * one example of each other.
 */
export async function namedTrack(row, wish, signal) {
  const { examples, tracks } = await trackNames();
  const formula = tracks.find(({ name }) => name === wish.name)?.formula;
  if (examples) {
    const found = plainTrack(row, wish) ?? examples[`${row.C}x${row.T}`]?.[wish.name];
    if (!found) throw new Error(`This site has no track ${shortName(wish.name)} for grids of this size.`);
    return { ...track(found.cameras, found.times, wish.name), formula };
  }
  const query = { name: wish.name, F: wish.F, seed: wish.seed, camera: wish.camera, time: wish.time };
  const answer = await json(withQuery(`api/grids/${encodeURIComponent(row.id)}/track.json`, query), { signal });
  return { ...track(answer.cameras, answer.times, wish.name), formula: answer.formula ?? formula };
}

/** The diagonal, bullet time and a fixed camera, as the server gives them; null for other names. */
export function plainTrack({ C, T }, { name, F, camera = 0, time = 0 }) {
  const wanted = F || (name === "bullet" ? C : T);
  const spread = (count) =>
    Array.from({ length: wanted }, (_, f) =>
      Math.floor((2 * f * (count - 1) + Math.max(wanted - 1, 1)) / (2 * Math.max(wanted - 1, 1))),
    );
  const still = (value) => new Array(wanted).fill(value);
  if (name === "diagonal") return { cameras: spread(C), times: spread(T) };
  if (name === "bullet") return { cameras: spread(C), times: still(time) };
  return name === "fixed" ? { cameras: still(camera), times: spread(T) } : null;
}

/**
 * A select with the fields that the chosen name needs. `more` are further [name, text] choices (drawn, opened); `wish`
 * is where it starts; `here()` is the cell that the cursor is on. With
 * `examples` tracks cannot be drawn anew. Calls `onchange(wish)`.
 */
export function trackChoice({ label, row, names, more = [], wish, here, frames = true, examples = false }, onchange) {
  let now = { ...wish };
  const box = h("select", { onchange: () => set({ name: box.value }) });
  const group = (text, entries) =>
    entries.length
      ? h(
          "optgroup",
          { label: text },
          entries.map(([value, words]) => h("option", { value }, words)),
        )
      : null;
  const byKind = (kind) =>
    names
      .filter((entry) => entry.kind === kind && !FIXED.some(([name]) => name === entry.name))
      .map(({ name }) => [name, shortName(name)]);
  box.append(
    ...[
      ...more.map(([value, text]) => h("option", { value }, text)),
      group("Tracks", FIXED),
      group("Time warps, camera as the source", byKind("warp")),
      group("Camera tracks, time forward", byKind("camera")),
    ].filter(Boolean),
  );
  const camera = number(now.camera ?? 0, { min: 0, max: row.C - 1 }, (value) => set({ camera: value }));
  const time = number(now.time ?? 0, { min: 0, max: row.T - 1 }, (value) => set({ time: value }));
  const length = number(now.F || "", { min: 1, max: MAX_FRAMES }, (value) => set({ F: value }), { placeholder: "own" });
  const again = h(
    "button",
    { type: "button", title: "Draw its parameters anew", onclick: () => set({ seed: (now.seed ?? 0) + 1 }) },
    "Draw again",
  );
  const cameraField = field("camera", camera);
  const timeField = field("time", time);
  const lengthField = frames ? field("Frames", length) : null;
  const element = h("div", { class: "bar" }, field(label, box), cameraField, timeField, lengthField, again);
  show();
  return { element, choose, wish: () => ({ ...now }) };

  function set(patch) {
    now = { ...now, ...patch };
    if (patch.name === "bullet") now.time = here().t;
    if (patch.name === "fixed") now.camera = here().c;
    show();
    onchange(clean());
  }

  function choose(next) {
    now = { ...now, ...next };
    show();
  }

  function clean() {
    const wished = { name: now.name, F: now.F || undefined };
    if (now.name === "bullet") wished.time = Number(time.value);
    else if (now.name === "fixed") wished.camera = Number(camera.value);
    else if (drawn()) wished.seed = now.seed ?? 0;
    return wished;
  }

  function drawn() {
    return names.some(({ name }) => name === now.name) && !FIXED.some(([name]) => name === now.name);
  }

  function show() {
    box.value = now.name;
    box.title = names.find(({ name }) => name === now.name)?.text ?? "";
    cameraField.hidden = now.name !== "fixed";
    timeField.hidden = now.name !== "bullet";
    again.hidden = examples || !drawn();
    if (lengthField) lengthField.hidden = examples && drawn();
    if (now.camera !== undefined) camera.value = now.camera;
    if (now.time !== undefined) time.value = now.time;
    length.value = now.F || "";
  }
}
