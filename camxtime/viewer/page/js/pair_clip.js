// Clips of pairs and benchmarks (grid, cameras, times; a hop has grids and parts) → what panes and pads draw.

/** {rows, parts, cameras, times} of a clip reference. Throws an Error if a grid of it is not listed. */
export function clipTrack(reference, rowsById) {
  const ids = reference.grids ?? [reference.grid];
  const rows = ids.map((id) => rowsById.get(id));
  const gone = ids.find((_, i) => !rows[i]);
  if (gone) throw new Error(`Grid ${gone} is not in this dataset.`);
  return {
    rows,
    parts: reference.parts ?? reference.cameras.map(() => 0),
    cameras: reference.cameras,
    times: reference.times,
  };
}

/** The grids that clips lie in, each once, in order. */
export function gridsOf(clips) {
  return [...new Map(clips.flatMap((clip) => clip.rows).map((row) => [row.id, row])).values()];
}

/** The part of a clip that lies in one grid: {cameras, times, at: frame numbers, breaks: places where it goes on later}. */
export function partIn(clip, id) {
  const at = clip.cameras.map((_, f) => f).filter((f) => clip.rows[clip.parts[f]].id === id);
  return {
    at,
    cameras: at.map((f) => clip.cameras[f]),
    times: at.map((f) => clip.times[f]),
    breaks: at.flatMap((f, i) => (i && f !== at[i - 1] + 1 ? [i] : [])),
  };
}
