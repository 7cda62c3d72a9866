// Benchmark: items of a manifest, truth against predictions, worst first.

import { grids, json } from "./api.js";
import { Scores } from "./benchmark_scores.js";
import { openCompare } from "./compare.js";
import { announce, field, fill, h, select } from "./dom.js";
import { plural } from "./format.js";
import { passUrl } from "./layers.js";
import { keep, link } from "./router.js";
import { empty, isAbort } from "./states.js";
import { openTimeline } from "./timeline.js";

export async function mount({ main, about, query, signal }) {
  if (!about.features.benchmark)
    throw new Error("No benchmark is open: start `camxtime view` with --manifest and --predictions.");
  const [rows, data] = await Promise.all([grids(), json("api/benchmark.json", { signal })]);
  signal.throwIfAborted();
  if (!data.items.length) {
    fill(main, empty("No items", "The benchmark's manifest has no items."));
    return { title: "Benchmark" };
  }
  return new Benchmark({ main, rows, data, query, signal });
}

class Benchmark {
  constructor({ main, rows, data, query, signal }) {
    Object.assign(this, { data, signal, scores: new Scores(data) });
    this.title = "Benchmark";
    this.rows = new Map(rows.map((row) => [row.id, row]));
    this.tasks = [...new Set(data.items.map(({ task }) => task))].sort();
    this.metric = select([], "", () => this.changed());
    this.metricField = field("Metric", this.metric);
    this.fillMetrics();
    this.by =
      data.predictions.length > 1
        ? select(
            data.predictions.map(({ name }) => name),
            data.predictions[0].name,
            () => this.changed(),
          )
        : null;
    this.task = select([["", "All"], ...this.tasks], "", () => this.changed());
    this.order = select(
      [
        ["worst", "Worst first"],
        ["best", "Best first"],
        ["manifest", "As in the manifest"],
      ],
      "worst",
      () => this.changed(),
    );
    this.list = h("div", { class: "scroll items" });
    this.count = h("p", { class: "small muted num", role: "status" });
    this.compare = openCompare((mode) => {
      this.mode = mode;
      this.save();
    }, signal);
    this.timeline = openTimeline((frame) => this.compare.show(frame), { signal });
    this.about = h("div", { class: "stack" });
    fill(
      main,
      h(
        "div",
        { class: "head" },
        h("h1", {}, "Benchmark"),
        h("span", { class: "muted small" }, data.manifest?.name ?? ""),
        h("span", { class: "muted small num" }, plural(data.items.length, "item")),
      ),
      h(
        "div",
        { class: "bar filters" },
        this.metricField,
        this.by && field("Order by", this.by),
        field("Task", this.task),
        field("Order", this.order),
        this.count,
      ),
      data.predictions.length
        ? null
        : h("p", { class: "notice" }, "No predictions are open: --predictions DIR shows them beside the truth."),
      h(
        "div",
        { class: "benchmark" },
        h("section", { class: "panel", "aria-label": "Items" }, this.list),
        h(
          "section",
          { class: "panel stack", "aria-label": "Truth and predictions" },
          this.compare.element,
          this.timeline.element,
          this.about,
        ),
      ),
    );
    this.scoring = h("p", { class: "notice", role: "status", hidden: true });
    main.insertBefore(this.scoring, main.lastChild);
    this.update(query);
    this.follow();
  }

  /** The metrics there are: none before the first item is scored. */
  fillMetrics() {
    const chosen = this.metric.value;
    fill(
      this.metric,
      this.data.metrics.map((name) => h("option", { value: name }, this.scores.label(name))),
    );
    if (this.data.metrics.includes(chosen)) this.metric.value = chosen;
    this.metricField.hidden = this.data.metrics.length === 0;
  }

  /** While the server still computes scores, ask for them again. */
  follow() {
    const { scoring } = this.data;
    this.scoring.hidden = !scoring;
    if (!scoring) return;
    this.scoring.textContent = `Scoring: ${scoring.done} of ${scoring.total} done.`;
    const timer = setTimeout(async () => {
      try {
        this.data = this.scores.data = await json("api/benchmark.json", { signal: this.signal });
        this.fillMetrics();
        this.draw();
        this.facts();
      } catch (error) {
        if (isAbort(error)) return;
        this.scoring.textContent = `Scoring: ${error.message}`;
      }
      this.follow();
    }, 1500);
    this.signal.addEventListener("abort", () => clearTimeout(timer), { once: true });
  }

  update(query) {
    const choose = (element, value) => {
      if (element && [...element.options].some((option) => option.value === value)) element.value = value;
    };
    choose(this.metric, query.metric);
    choose(this.by, query.by);
    choose(this.task, query.task ?? "");
    choose(this.order, query.order ?? "worst");
    this.mode = ["side", "wipe", "difference"].includes(query.mode) ? query.mode : "side";
    this.compare.setMode(this.mode);
    this.draw();
    const wanted = this.data.items.find(({ id }) => id === query.item);
    this.open(wanted ?? this.shown[0]);
  }

  changed() {
    this.draw();
    this.save();
  }

  save() {
    keep("benchmark", "", {
      item: this.item?.id,
      metric: this.metric.value,
      by: this.by?.value,
      task: this.task.value,
      order: this.order.value === "worst" ? "" : this.order.value,
      mode: this.mode === "side" ? "" : this.mode,
    });
  }

  draw() {
    const { predictions } = this.data;
    const judge = predictions.find(({ name }) => name === this.by?.value) ?? predictions[0];
    const metric = this.metric.value;
    this.shown = this.scores.ordered({ task: this.task.value, order: this.order.value, metric, judge });
    this.count.textContent = plural(this.shown.length, "item");
    fill(
      this.list,
      this.scores.itemTable(this.shown, metric, this.item, (item) => {
        this.open(item);
        this.save();
      }),
    );
  }

  open(item) {
    if (!item) {
      fill(this.about, h("p", { class: "muted" }, "No item of this task."));
      return;
    }
    this.item = item;
    for (const line of this.list.querySelectorAll("tr[data-item]")) {
      if (line.dataset.item === item.id) line.setAttribute("aria-current", "true");
      else line.removeAttribute("aria-current");
    }
    const row = this.rows.get(item.target.grid);
    const aspect = row ? `${row.W} / ${row.H}` : "1";
    const { source } = item;
    const file = (name) => (frame) => `benchmark/${encodeURIComponent(name)}/${item.index}/${frame}.png`;
    const cell = (frame) =>
      passUrl(source.grid, "rgb", {
        c: source.cameras[Math.min(frame, source.cameras.length - 1)],
        t: source.times[Math.min(frame, source.times.length - 1)],
      });
    this.compare.load(
      [
        { name: "Truth", role: "truth", aspect, url: file("truth") },
        ...this.data.predictions
          .filter(({ problems }) => !problems?.[item.id])
          .map(({ name }) => ({ name, role: "prediction", aspect, url: file(name) })),
        { name: "Source", role: "source", aspect, url: cell },
      ],
      item.frames,
    );
    this.timeline.load(item.frames, row?.fps ?? 12);
    this.facts();
    announce(`Item ${item.id}`);
  }

  facts() {
    const { item } = this;
    if (!item) return;
    const { target } = item;
    fill(
      this.about,
      h(
        "p",
        { class: "small" },
        h("a", { href: link("grid", target.grid, { c: target.cameras[0], t: target.times[0] }) }, target.grid),
        item.caption ? ` · ${item.caption}` : "",
      ),
      this.scores.metricTable(item),
    );
  }
}
