// Tracks: F cells, frame f shows camera `cameras[f]` at time `times[f]`. Pure functions.

export const MAX_FRAMES = 2000; // what the server encodes as a clip

export const track = (cameras, times, name = "") => ({ cameras, times, name });
export const frames = (value) => value.cameras.length;

/** Cells from a to b without a, on the straight line between them: every step moves one cell, straight or diagonally. */
export function line(a, b) {
  const steps = Math.max(Math.abs(b.c - a.c), Math.abs(b.t - a.t));
  return Array.from({ length: steps }, (_, i) => ({
    c: Math.round(a.c + ((b.c - a.c) * (i + 1)) / steps),
    t: Math.round(a.t + ((b.t - a.t) * (i + 1)) / steps),
  }));
}

/** The cells of strokes drawn one after the other, joined by straight lines. */
export function joined(strokes) {
  const cells = [];
  for (const stroke of strokes) {
    for (const cell of stroke) cells.push(...(cells.length ? line(cells.at(-1), cell) : [cell]));
  }
  return cells;
}

/** A track of `wanted` frames along the cells, at even steps; every cell once if `wanted` is 0. */
export function along(cells, wanted, name) {
  const count = Math.min(wanted || cells.length, MAX_FRAMES);
  const at = (f) => cells[count === 1 ? 0 : Math.floor((f * (cells.length - 1)) / (count - 1) + 0.5)];
  const chosen = Array.from({ length: count }, (_, f) => at(f));
  return track(
    chosen.map((cell) => cell.c),
    chosen.map((cell) => cell.t),
    name,
  );
}

/** The JSON that the sampler takes (a clip: grid, cameras, times). */
export function toJson(grid, value) {
  return JSON.stringify({ grid, cameras: value.cameras, times: value.times }) + "\n";
}

/** The track in a JSON text, with or without its grid. Throws an Error that says what is wrong. */
export function ofJson(text, row) {
  let value;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Error("The file is not JSON.");
  }
  if (value?.grid !== undefined && value.grid !== row.id)
    throw new Error(`The track is of grid ${value.grid}, this is ${row.id}.`);
  return checked(value?.cameras, value?.times, row);
}

function checked(cameras, times, row) {
  for (const [name, list, limit] of [
    ["cameras", cameras, row.C],
    ["times", times, row.T],
  ]) {
    if (!Array.isArray(list) || !list.length || list.length > MAX_FRAMES)
      throw new Error(`A track has a list '${name}' of 1 to ${MAX_FRAMES} numbers.`);
    const wrong = list.find((v) => !Number.isInteger(v) || v < 0 || v >= limit);
    if (wrong !== undefined) throw new Error(`'${name}' holds ${wrong}; this grid has 0 to ${limit - 1}.`);
  }
  if (cameras.length !== times.length)
    throw new Error(`The track has ${cameras.length} cameras and ${times.length} times.`);
  return track(cameras, times);
}

/** Indices as short text for the address: 0:80 counts up, 80:0 down, 40*81 repeats, commas join. */
export function encodeRuns(values) {
  const parts = [];
  for (let i = 0; i < values.length;) {
    const step = values[i + 1] - values[i];
    let end = i + 1;
    while (end < values.length && Math.abs(step) <= 1 && values[end] - values[end - 1] === step) end += 1;
    if (end - i < 3) end = i + 1;
    parts.push(
      end - i === 1 ? `${values[i]}` : step === 0 ? `${values[i]}*${end - i}` : `${values[i]}:${values[end - 1]}`,
    );
    i = end;
  }
  return parts.join(",");
}

/** The track that stands in the address as two such texts, or null if it is none of this grid. */
export function ofRuns(cameras, times, row) {
  try {
    return checked(decodeRuns(cameras), decodeRuns(times), row);
  } catch {
    return null; // an address that somebody edited: shown without a track
  }
}

function decodeRuns(text) {
  const values = [];
  for (const word of text.split(",")) {
    const match = /^(\d{1,6})(?:([:*])(\d{1,6}))?$/.exec(word);
    if (!match) throw new Error("not a list of indices");
    const [first, last] = [Number(match[1]), Number(match[3])];
    const length = match[2] === "*" ? last : match[2] ? Math.abs(last - first) + 1 : 1;
    if (values.length + length > MAX_FRAMES) throw new Error("too long");
    const step = match[2] === ":" ? Math.sign(last - first) : 0;
    for (let i = 0; i < length; i += 1) values.push(first + i * step);
  }
  return values;
}
