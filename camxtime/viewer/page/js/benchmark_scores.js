// The scores of a benchmark: as words, in order, as tables.

import { h } from "./dom.js";
import { fixed } from "./format.js";

const heading = (text, props = {}) => h("th", { scope: "col", ...props }, text);

export class Scores {
  /** data: benchmark.json. */
  constructor(data) {
    this.data = data;
  }

  /** A metric with its unit. */
  label(metric) {
    const measure = this.data.measures?.[metric];
    return measure ? `${measure.label}${measure.unit ? ` (${measure.unit})` : ""}` : metric;
  }

  number(prediction, item, metric) {
    const value = prediction.scores?.[item.id]?.[metric];
    return typeof value === "number" ? value : null;
  }

  /** A score as it is read; what cannot be scored says why. */
  words(prediction, item, metric) {
    const problem = prediction.problems?.[item.id];
    if (problem) return h("span", { class: "bad", title: problem }, "not scored");
    const value = this.number(prediction, item, metric);
    if (value === null) return metric in (prediction.scores?.[item.id] ?? {}) ? "∞" : "–";
    return fixed(value, this.data.measures?.[metric]?.digits ?? 3);
  }

  /** Items of a task ("" for all), worst or best first by a prediction's metric, or as the manifest has them. */
  ordered({ task, order, metric, judge }) {
    const items = this.data.items.filter((item) => !task || item.task === task);
    if (order === "manifest" || !judge) return items;
    const better = this.data.measures?.[metric]?.better === -1 ? -1 : 1;
    const sign = (order === "best" ? -1 : 1) * better;
    // No number is infinitely good (an exact frame), a prediction that cannot be scored infinitely bad.
    const worth = (item) =>
      this.number(judge, item, metric) ?? (judge.problems?.[item.id] ? -Infinity : Infinity) * better;
    return items.sort((a, b) => (worth(a) === worth(b) ? 0 : sign * (worth(a) - worth(b))) || a.index - b.index);
  }

  /** One row an item, one column a prediction; `onopen(item)` when one is chosen. */
  itemTable(items, metric, chosen, onopen) {
    const { predictions } = this.data;
    const title = metric && this.label(metric);
    const rows = items.map((item) =>
      h(
        "tr",
        { "data-item": item.id, "aria-current": item === chosen ? "true" : null },
        h("td", {}, h("button", { type: "button", class: "row", onclick: () => onopen(item) }, item.id)),
        h("td", { class: "task" }, item.task),
        predictions.map((prediction) => h("td", { class: "right" }, this.words(prediction, item, metric))),
      ),
    );
    const heads = [
      heading("Item"),
      heading("Task", { class: "task" }),
      predictions.map(({ name }) => heading(name, { class: "right", title })),
    ];
    return h("table", {}, h("thead", {}, h("tr", {}, heads)), h("tbody", {}, rows));
  }

  /** All metrics of one item, a row a prediction; null where there are none. */
  metricTable(item) {
    const { predictions, metrics, measures } = this.data;
    if (!predictions.length || !metrics.length) return null;
    const heads = metrics.map((name) => heading(this.label(name), { class: "right", title: measures?.[name]?.words }));
    const rows = predictions.map((prediction) =>
      h(
        "tr",
        {},
        h("th", { scope: "row" }, prediction.name),
        metrics.map((name) => h("td", { class: "right" }, this.words(prediction, item, name))),
      ),
    );
    return h(
      "div",
      { class: "scroll" },
      h("table", {}, h("thead", {}, h("tr", {}, heading("Prediction"), heads)), h("tbody", {}, rows)),
    );
  }
}
