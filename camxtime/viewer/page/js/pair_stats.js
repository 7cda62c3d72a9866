// What N draws look like: coverage of the grid, tasks, warps, camera tracks.

import { json, withQuery } from "./api.js";
import { bars, heatMap } from "./charts.js";
import { field, fill, h, select } from "./dom.js";
import { plural } from "./format.js";
import { failed, isAbort, loading } from "./states.js";

/** {element, stale()}. `wish()` gives recipe, split and seed; draws only when asked, for it takes the server's time. */
export function pairStats(wish, signal) {
  const n = select(["100", "500", "2000", "5000"], "500", () => draw());
  const body = h("div", { class: "stats" });
  const run = h("button", { type: "button", onclick: () => draw() }, "Draw them");
  const element = h(
    "section",
    { class: "panel stack stats-panel", "aria-label": "Statistics of many draws" },
    h("div", { class: "bar" }, h("h2", {}, "Over many draws"), field("Pairs", n), run),
    body,
  );
  let drawnFor = "";
  return { element, stale };

  function stale() {
    if (drawnFor && drawnFor !== JSON.stringify(wish())) draw();
  }

  async function draw() {
    const query = { ...wish(), n: n.value };
    drawnFor = JSON.stringify(wish());
    if (!body.firstChild) fill(body, loading("Drawing…"));
    body.setAttribute("aria-busy", "true");
    run.disabled = true;
    try {
      const answer = await json(withQuery("api/sample/stats.json", query), { signal });
      fill(
        body,
        heatMap(`Cells of ${plural(answer.n, "target")}`, answer.coverage),
        bars("Tasks", answer.tasks),
        bars("Time warps", answer.warps),
        answer.cameras && bars("Camera tracks", answer.cameras),
      );
    } catch (error) {
      if (!isAbort(error))
        fill(
          body,
          failed(error, () => draw()),
        );
    } finally {
      run.disabled = false;
      body.setAttribute("aria-busy", "false");
    }
  }
}
