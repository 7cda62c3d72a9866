// Which grids the gallery shows: a pure function of the rows and the address's query.

export const FACETS = ["scene", "animation", "path", "split", "status"];

export const SORTS = {
  id: ["Grid", (a, b) => a.id.localeCompare(b.id)],
  scene: ["Scene", (a, b) => a.scene.localeCompare(b.scene) || a.id.localeCompare(b.id)],
  animation: ["Animation", (a, b) => a.animation.localeCompare(b.animation) || a.id.localeCompare(b.id)],
  path: ["Camera path", (a, b) => a.path.localeCompare(b.path) || a.id.localeCompare(b.id)],
  cells: ["Most cells", (a, b) => b.C * b.T - a.C * a.T || a.id.localeCompare(b.id)],
};

/** Grids that match all of the query: every word of `q` somewhere in names or caption, every facet exactly. */
export function matching(rows, query) {
  const words = (query.q ?? "").toLowerCase().split(/\s+/).filter(Boolean);
  const found = rows.filter(
    (row) =>
      FACETS.every((facet) => !query[facet] || (row[facet] ?? "none") === query[facet]) &&
      words.every((word) => textOf(row).includes(word)),
  );
  const [, order] = SORTS[query.sort] ?? SORTS.id;
  return found.sort(order);
}

/** [value, grids] of a facet among the rows, by name. */
export function valuesOf(rows, facet) {
  const counts = new Map();
  for (const row of rows) {
    const value = row[facet] ?? "none";
    counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  return [...counts].sort(([a], [b]) => a.localeCompare(b));
}

const texts = new WeakMap();

function textOf(row) {
  if (!texts.has(row)) {
    texts.set(row, [row.id, row.caption, row.path_kind, row.split ?? "", row.status].join(" ").toLowerCase());
  }
  return texts.get(row);
}
