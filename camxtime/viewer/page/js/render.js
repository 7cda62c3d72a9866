// Render: how a running or finished render stands, by polling.

import { json, request } from "./api.js";
import { announce, fill, h } from "./dom.js";
import { count, duration, fixed, percent, plural } from "./format.js";
import { link } from "./router.js";
import { failed, isAbort, loading } from "./states.js";

const EVERY = 2000; // ms between polls of a running render; a finished one is asked for five times less often
const ROWS = 200; // of the map at once: thousands of grids would make the page slow
const URGENT = ["failed", "running", "incomplete", "pending", "complete"];
const STATES = [
  ["committed", "committed"],
  ["running", "running"],
  ["failed", "failed"],
  ["pending", "to do"],
];

export async function mount({ main, about, signal }) {
  if (!about.features.render) throw new Error("This dataset has no render ledger to show.");
  const view = new Render(main, signal);
  await view.poll();
  return view;
}

class Render {
  constructor(main, signal) {
    this.signal = signal;
    this.title = "Render";
    this.logs = new Map(); // grid/unit → its element, kept open over polls
    this.head = h("div", { class: "head" });
    this.progress = h("section", { class: "panel stack", "aria-label": "Progress" });
    this.failures = h("section", { class: "stack", "aria-label": "Failed units" });
    this.workers = h("section", { class: "stack", "aria-label": "Workers" });
    this.map = h("section", { class: "panel stack", "aria-label": "Units" });
    this.rows = ROWS;
    this.problem = h("div");
    fill(
      main,
      this.head,
      this.problem,
      h("div", { class: "render" }, this.progress, this.failures, this.workers, this.map),
    );
    fill(this.map, loading());
    signal.addEventListener("abort", () => clearTimeout(this.timer));
  }

  async poll() {
    let wait = EVERY * 5;
    try {
      const report = await json("api/render.json", { signal: this.signal });
      fill(this.problem);
      this.show(report);
      if (report.running) wait = EVERY;
    } catch (error) {
      if (isAbort(error) || this.signal.aborted) return;
      fill(this.problem, failed(error));
    }
    this.timer = setTimeout(() => this.poll(), document.hidden ? wait * 5 : wait);
  }

  show(report) {
    const { units } = report;
    const state = report.state ?? (report.running ? "running" : "not running");
    fill(
      this.head,
      h("h1", {}, "Render"),
      h("span", { class: `badge badge-${state}` }, state),
      report.started && h("span", { class: "muted small num" }, `started ${new Date(report.started).toLocaleString()}`),
    );
    if (this.state && this.state !== state) announce(`Render: ${state}`);
    this.state = state;
    const share = units.total ? units.committed / units.total : 0;
    const facts = [
      [
        "Units",
        `${count(units.committed)} of ${count(units.total)} committed${units.running ? `, ${count(units.running)} running` : ""}${units.failed ? `, ${count(units.failed)} failed` : ""}`,
      ],
      report.cells && ["Cells", `${count(report.cells.done)} of ${count(report.cells.total)}`],
      ["Speed", report.cells_per_second ? `${fixed(report.cells_per_second, 1)} cells/s` : "–"],
      ["Left", report.running && Number.isFinite(report.eta_s) ? duration(report.eta_s) : "–"],
      Number.isFinite(report.updated_s_ago) && ["Last word", `${duration(report.updated_s_ago)} ago`],
    ].filter(Boolean);
    const meter = h("progress", { max: 1, value: share, "aria-label": "Units committed" });
    fill(
      this.progress,
      h("div", { class: "bar" }, h("strong", { class: "num" }, percent(share, share < 1 ? 1 : 0)), meter),
      h(
        "dl",
        { class: "facts" },
        facts.map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]),
      ),
    );
    this.showFailures(report.failures);
    this.showWorkers(report.workers);
    this.showMap(report.grids);
  }

  showFailures(failures) {
    const names = new Set(failures.map(nameOf));
    for (const name of this.logs.keys()) if (!names.has(name)) this.logs.delete(name);
    for (const failure of failures)
      if (!this.logs.has(nameOf(failure))) this.logs.set(nameOf(failure), this.entry(failure));
    fill(this.failures, failures.length ? h("h2", {}, "Failed units") : null, [...this.logs.values()]);
  }

  entry(failure) {
    const { error, log, attempts } = failure;
    const unit = nameOf(failure);
    const words = [
      h("strong", { class: "mono" }, unit),
      attempts ? ` after ${plural(attempts, "attempt")}: ` : ": ",
      h("span", {}, error),
    ];
    if (!log)
      return h(
        "div",
        { class: "panel failure", "data-unit": unit },
        h("p", {}, words),
        h("p", { class: "small muted" }, "Blender had not started: there is no log."),
      );
    const text = h("pre", { class: "log mono small", tabindex: 0, "aria-label": `Log of ${unit}` }, "Loading…");
    const details = h(
      "details",
      { class: "panel failure", "data-unit": unit, ontoggle: () => details.open && load() },
      h("summary", {}, words),
      h("div", { class: "bar" }, h("button", { type: "button", onclick: () => load() }, "Read again")),
      text,
    );
    const load = async () => {
      try {
        text.textContent = (await (await request(log, { signal: this.signal })).text()) || "The log is empty.";
        text.scrollTop = text.scrollHeight; // what went wrong stands at the end
      } catch (problem) {
        if (!isAbort(problem)) text.textContent = problem.message;
      }
    };
    return details;
  }

  showWorkers(workers) {
    fill(
      this.workers,
      workers.length
        ? [
            h("h2", {}, "Workers"),
            h(
              "div",
              { class: "panel scroll" },
              h(
                "table",
                {},
                h(
                  "thead",
                  {},
                  h(
                    "tr",
                    {},
                    ["Worker", "Host", "Doing", "Unit", "Units", "Blender"].map((name, i) =>
                      h("th", { scope: "col", class: i > 3 ? "right" : null }, name),
                    ),
                  ),
                ),
                h(
                  "tbody",
                  {},
                  workers.map((worker) =>
                    h(
                      "tr",
                      {},
                      h("th", { scope: "row" }, String(worker.worker)),
                      h("td", {}, worker.host ?? ""),
                      h("td", {}, worker.doing ?? ""),
                      h("td", { class: "mono" }, worker.task ?? ""),
                      h("td", { class: "right" }, String(worker.units ?? 0)),
                      h("td", { class: "right" }, worker.blender_gb ? `${fixed(worker.blender_gb, 2)} GB` : ""),
                    ),
                  ),
                ),
              ),
            ),
          ]
        : null,
    );
  }

  /** One row a grid, one mark a unit. Drawn anew only where something changed; the first ones where there are many. */
  showMap(grids) {
    const key = JSON.stringify([grids, this.rows]);
    if (key === this.mapKey) return;
    this.mapKey = key;
    const many = grids.length > ROWS;
    const order = many ? [...grids].sort((a, b) => URGENT.indexOf(a.state) - URGENT.indexOf(b.state)) : grids;
    const left = grids.length - this.rows;
    fill(
      this.map,
      h(
        "div",
        { class: "bar" },
        h("h2", {}, "Units by grid"),
        many && h("span", { class: "small muted" }, "unfinished first"),
        h(
          "ul",
          { class: "bar small legend-units", "aria-label": "Colours" },
          STATES.map(([state, text]) =>
            h("li", {}, h("span", { class: `unit unit-${state}`, "aria-hidden": "true" }), ` ${text}`),
          ),
        ),
      ),
      grids.length
        ? h("ul", { class: "unit-map" }, order.slice(0, this.rows).map(gridRow))
        : h("p", { class: "muted" }, "No units are planned yet."),
      left > 0 &&
        h(
          "button",
          {
            type: "button",
            onclick: () => {
              this.rows += ROWS;
              this.showMap(grids);
            },
          },
          `Show more of ${plural(left, "further grid")}`,
        ),
    );
  }
}

function gridRow(grid) {
  return h(
    "li",
    {},
    h("a", { class: "small", href: link("grid", grid.id) }, grid.id),
    h(
      "span",
      { class: "units", role: "img", "aria-label": summary(grid) },
      grid.units.map((unit) =>
        h("span", { class: `unit unit-${unit.state}`, title: `times ${unit.t0}–${unit.t1}: ${unit.state}` }),
      ),
    ),
  );
}

const nameOf = ({ grid, unit }) => `${grid} ${unit}`;

function summary(grid) {
  const words = STATES.map(([state, text]) => [grid.units.filter((unit) => unit.state === state).length, text]).filter(
    ([number]) => number,
  );
  return `${grid.id}: ${words.map(([number, text]) => `${number} ${text}`).join(", ")}`;
}
