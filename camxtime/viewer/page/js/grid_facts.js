// What a grid was drawn from: folded away until asked for.

import { h } from "./dom.js";

export function gridFacts(row, detail) {
  const facts = [
    ["Scene", row.scene],
    ["Animation", row.animation],
    ["Camera path", `${row.path} (${row.path_kind})`],
    ["Digest", row.digest],
    ...Object.entries(detail.parameters ?? {}).map(([name, value]) => [name, shown(value)]),
    [
      "Seeds",
      Object.entries(detail.seeds ?? {})
        .filter(([, seed]) => typeof seed !== "object")
        .map(([name, seed]) => `${name} ${seed}`)
        .join(", "),
    ],
    [
      "Not rendered",
      (detail.missing ?? []).map(({ t0, t1 }) => (t0 === t1 ? `time ${t0}` : `times ${t0}–${t1}`)).join(", "),
    ],
  ];
  return h(
    "details",
    { class: "panel facts-panel" },
    h("summary", {}, "About this grid"),
    h(
      "dl",
      { class: "facts" },
      facts
        .filter(([, value]) => value !== "" && value !== undefined)
        .map(([name, value]) => [h("dt", {}, name.replaceAll("_", " ")), h("dd", {}, value)]),
    ),
  );
}

function shown(value) {
  if (typeof value === "number") return String(Number(value.toPrecision(6)));
  if (value !== null && typeof value === "object")
    return Object.entries(value)
      .map(([name, part]) => `${name} ${shown(part)}`)
      .join(", ");
  return String(value);
}
