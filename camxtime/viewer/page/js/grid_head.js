// The head of a grid's views: its name and facts, the neighbours in the gallery's order, and its two views.

import { h } from "./dom.js";
import { link } from "./router.js";

export function gridHead(row, rows, view, query) {
  const at = rows.findIndex((each) => each.id === row.id);
  const neighbour = (step, text, label) => {
    const other = rows[at + step];
    return h(
      "a",
      {
        class: "button",
        "aria-label": label,
        href: other ? link(view, other.id) : null,
        "aria-disabled": other ? null : "true",
        role: other ? null : "link",
      },
      text,
    );
  };
  const tab = (name, text) =>
    h("a", { href: link(name, row.id, pick(query)), "aria-current": name === view ? "page" : null }, text);
  return h(
    "div",
    { class: "head grid-head" },
    h("h1", {}, row.id),
    h(
      "span",
      { class: "muted small num" },
      `${row.C} cameras × ${row.T} times · ${row.W}×${row.H} px · ${row.fps} fps`,
    ),
    h("span", { class: `badge badge-${row.status}` }, row.status),
    row.split && h("span", { class: "badge" }, row.split),
    h(
      "nav",
      { class: "tabs", "aria-label": "Views of this grid" },
      tab("grid", "Explore"),
      tab("space", "Space"),
      neighbour(-1, "‹", "Grid before"),
      neighbour(1, "›", "Grid after"),
    ),
    row.caption && h("p", { class: "small" }, row.caption),
  );
}

const pick = ({ c, t }) => ({ c, t });
