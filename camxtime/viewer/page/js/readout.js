// Below the cell: what is under the probe, the depth's legend, the instances in sight, the warp check's shares.

import { depthOf, instanceOf } from "./arrays.js";
import { fill, h } from "./dom.js";
import { metres, percent } from "./format.js";
import { overlapUrl } from "./layers.js";
import { request } from "./api.js";

/** {element, follow(cell, probe | null, options)}. labels: of the warp check, as site.json has them. */
export function openReadout(row, detail, labels) {
  const values = h("output", { class: "readout num", "aria-label": "Under the probe" });
  const extra = h("div", { class: "readout-extra" });
  const element = h("div", { class: "readouts" }, values, extra);
  const names = new Map(detail.instances.map((entry) => [entry.id, entry]));
  let asked = 0;
  let drawn = "";

  return { element, follow };

  async function follow(cell, probe, options) {
    const mine = (asked += 1);
    legend(cell, options);
    if (!probe) {
      fill(values, h("span", { class: "muted" }, "Point at the picture to read metres and names."));
      return;
    }
    const at = probe.y * row.W + probe.x;
    const place = `px (${probe.x}, ${probe.y})`;
    const parts = await Promise.all([
      options.depth
        ? depthOf(row.id, cell.c, cell.t).then(
            (depth) => depth[at],
            () => null,
          )
        : null,
      options.instance
        ? instanceOf(row.id, cell.c, cell.t).then(
            (ids) => ids[at],
            () => null,
          )
        : null,
    ]);
    if (mine !== asked) return;
    const [depth, id] = parts;
    values.dataset.x = probe.x;
    values.dataset.y = probe.y;
    if (depth === null) delete values.dataset.depth;
    else values.dataset.depth = String(depth);
    fill(
      values,
      h("span", {}, place),
      depth !== null && h("strong", {}, metres(depth)),
      id !== null && h("span", {}, nameOf(id)),
    );
  }

  function nameOf(id) {
    if (id === 0) return "nothing";
    const entry = names.get(id);
    return entry ? `${entry.name} (${entry.role})` : `instance ${id}`;
  }

  function legend(cell, { pass, reference }) {
    const key = reference
      ? `check ${cell.c} ${cell.t} ${reference.c} ${reference.t}`
      : pass === "instance"
        ? `instance ${cell.c} ${cell.t}`
        : pass;
    if (key === drawn) return;
    drawn = key;
    if (reference) showCheck(key, cell, reference);
    else if (pass === "depth") showDepth();
    else if (pass === "instance") showInstances(key, cell);
    else fill(extra);
  }

  function showDepth() {
    const [near, far] = detail.depth_range ?? [];
    fill(
      extra,
      h(
        "div",
        { class: "legend" },
        h("span", { class: "num" }, near === undefined ? "near" : metres(near)),
        h("img", {
          src: "legend/depth.png",
          width: 256,
          height: 12,
          alt: "Colours from near (left) to far (right), even steps in log depth",
        }),
        h("span", { class: "num" }, far === undefined ? "far" : metres(far)),
      ),
    );
  }

  async function showInstances(key, cell) {
    let ids;
    try {
      ids = await instanceOf(row.id, cell.c, cell.t);
    } catch {
      if (key === drawn) fill(extra, h("p", { class: "small muted" }, "The instance ids of this cell cannot be read."));
      return;
    }
    if (key !== drawn) return;
    const counts = new Map();
    for (const id of ids) counts.set(id, (counts.get(id) ?? 0) + 1);
    const order = [...counts].filter(([id]) => id !== 0).sort((a, b) => b[1] - a[1]);
    fill(
      extra,
      h(
        "ul",
        { class: "instances", "aria-label": "Instances in this cell, largest first" },
        order
          .slice(0, 24)
          .map(([id, number]) =>
            h(
              "li",
              {},
              swatch(names.get(id)?.colour),
              `${names.get(id)?.name ?? `instance ${id}`} `,
              h("span", { class: "muted num" }, percent(number / ids.length, 1)),
            ),
          ),
        order.length > 24 && h("li", { class: "muted" }, `and ${order.length - 24} more`),
      ),
    );
  }

  async function showCheck(key, cell, reference) {
    fill(extra, h("p", { class: "small muted" }, "Checking…"));
    let shares;
    try {
      const response = await request(overlapUrl(row.id, cell, reference));
      shares = JSON.parse(response.headers.get("X-Overlap") ?? "{}");
    } catch (error) {
      if (key === drawn) fill(extra, h("p", { class: "notice notice-bad small" }, error.message));
      return;
    }
    if (key !== drawn) return;
    fill(
      extra,
      h(
        "ul",
        { class: "instances", "aria-label": `Warp check against camera ${reference.c}, time ${reference.t}` },
        labels.map(({ label, colour, text }) =>
          h(
            "li",
            { "data-share": label, "data-value": shares[label] },
            swatch(colour),
            `${text} `,
            h("span", { class: "muted num" }, percent(shares[label] ?? 0, 1)),
          ),
        ),
      ),
    );
  }
}

function swatch(colour) {
  if (!/^#[0-9a-f]{6}$/i.test(colour ?? "")) return null;
  const element = h("span", { class: "swatch", "aria-hidden": "true" });
  element.style.background = colour;
  return element;
}
