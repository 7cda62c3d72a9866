// The gallery: every grid as a card with its diagonal playing; search and filters stand in the address.

import { grids } from "./api.js";
import { announce, field, fill, h, select } from "./dom.js";
import { FACETS, matching, SORTS, valuesOf } from "./filter.js";
import { plural } from "./format.js";
import { keep, link } from "./router.js";
import { empty } from "./states.js";
import { thumbnail } from "./thumbnail.js";

const PAGE = 60; // cards made at once; more as they come into sight

export async function mount({ main, about, query, signal }) {
  const rows = await grids();
  signal.throwIfAborted();
  const state = { ...query };
  const list = h("ul", { class: "cards", "aria-label": "Grids" });
  const result = h("p", { class: "muted num", role: "status" });
  const nothing = h("div");
  const sentinel = h("div", { class: "sentinel", "aria-hidden": "true" });
  let found = [];

  const search = h("input", {
    type: "search",
    value: state.q ?? "",
    placeholder: "Caption, scene, animation, path…",
    "aria-label": "Search grids",
    oninput: () => change("q", search.value),
  });
  const selects = FACETS.map((facet) => [facet, facetSelect(facet)]).filter(([, element]) => element);
  const sort = select(
    Object.entries(SORTS).map(([key, [text]]) => [key, text]),
    state.sort ?? "id",
    (value) => change("sort", value === "id" ? "" : value),
  );
  const clear = h("button", { type: "button", onclick: reset }, "Clear");

  fill(
    main,
    h("div", { class: "head" }, h("h1", {}, "Grids"), result),
    about.dataset.description && h("p", { class: "muted lead" }, about.dataset.description),
    h(
      "form",
      { class: "bar filters", role: "search", onsubmit: (event) => event.preventDefault() },
      search,
      selects.map(([facet, element]) => field(names[facet], element)),
      field("Order", sort),
      clear,
    ),
    list,
    nothing,
    sentinel,
  );

  const more = new IntersectionObserver((entries) => entries.some((entry) => entry.isIntersecting) && grow(), {
    rootMargin: "600px",
  });
  more.observe(sentinel);
  signal.addEventListener("abort", () => more.disconnect());
  draw();
  return { title: "Grids", update };

  function facetSelect(facet) {
    const values = valuesOf(rows, facet);
    if (values.length < 2 && !state[facet]) return null;
    if (state[facet] && !values.some(([value]) => value === state[facet])) values.push([state[facet], 0]);
    const options = [["", "All"], ...values.map(([value, number]) => [value, `${value} (${number})`])];
    return select(options, state[facet] ?? "", (value) => change(facet, value));
  }

  function change(key, value) {
    state[key] = value;
    keep("grids", "", state);
    draw();
  }

  function reset() {
    for (const key of Object.keys(state)) delete state[key];
    keep("grids", "", state);
    showControls();
    draw();
    search.focus();
  }

  function update(next) {
    for (const key of Object.keys(state)) delete state[key];
    Object.assign(state, next);
    showControls();
    draw();
  }

  function showControls() {
    search.value = state.q ?? "";
    for (const [facet, element] of selects) element.value = state[facet] ?? "";
    sort.value = state.sort ?? "id";
  }

  function draw() {
    found = matching(rows, state);
    const narrowed = FACETS.some((facet) => state[facet]) || Boolean(state.q);
    clear.disabled = !narrowed && !state.sort;
    const words = narrowed ? `${found.length} of ${plural(rows.length, "grid")}` : plural(rows.length, "grid");
    result.textContent = words;
    fill(list);
    fill(
      nothing,
      found.length
        ? null
        : narrowed
          ? empty(
              "No grid matches",
              "Try fewer words, or clear the filters.",
              h("button", { type: "button", onclick: reset }, "Clear the filters"),
            )
          : empty("This dataset has no grids yet", "They appear here once `camxtime render` has committed them."),
    );
    grow();
    announce(words);
  }

  function grow() {
    const from = list.children.length;
    list.append(...found.slice(from, from + PAGE).map((row) => card(row, from === 0)));
  }
}

const names = { scene: "Scene", animation: "Animation", path: "Path", split: "Split", status: "State" };

function card(row, eager) {
  return h(
    "li",
    {},
    h(
      "a",
      { class: "card", href: link("grid", row.id), "data-grid": row.id },
      thumbnail(row, eager),
      h(
        "div",
        { class: "card-text" },
        h("h2", {}, row.id),
        h("p", { class: "small caption", title: row.caption }, row.caption),
        h(
          "p",
          { class: "small muted num" },
          row.C
            ? `${row.C} cameras × ${row.T} times · ${row.W}×${row.H} · ${row.fps} fps · ${row.path_kind}`
            : "Size not known yet",
        ),
        h(
          "p",
          { class: "small badges" },
          h("span", { class: `badge badge-${row.status}` }, row.status),
          row.split && h("span", { class: "badge" }, row.split),
        ),
      ),
    ),
  );
}
