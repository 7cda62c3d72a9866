// Starts the page: site header, navigation, and one view at a time by the address.

import { forgetAnswers, grids, setVersion, site } from "./api.js";
import { announce, fill, h } from "./dom.js";
import { count, plural } from "./format.js";
import { openHelp } from "./help.js";
import { current, forget, link } from "./router.js";
import { failed, isAbort, loading } from "./states.js";

const VIEWS = {
  grids: () => import("./gallery.js"),
  grid: () => import("./explorer.js"),
  space: () => import("./space.js"),
  pairs: () => import("./pairs.js"),
  benchmark: () => import("./benchmark.js"),
  render: () => import("./render.js"),
};

const main = document.getElementById("view");
let shown = { key: "", view: null, stop: null };
let growing = false; // a dataset that is being rendered: each view asks anew what there is

async function show() {
  const address = current();
  forget();
  const key = `${address.view}/${address.id}`;
  if (key === shown.key && shown.view?.update) {
    shown.view.update(address.query);
    return;
  }
  const first = shown.stop === null;
  shown.stop?.abort();
  const stop = new AbortController();
  shown = { key, view: null, stop };
  markNavigation(address.view);
  main.setAttribute("aria-busy", "true");
  fill(main, loading());
  if (!first) {
    scrollTo(0, 0);
    main.focus({ preventScroll: true });
  }
  try {
    if (growing) forgetAnswers();
    const load = VIEWS[address.view];
    if (!load) throw new Error(`There is no view "${address.view}". Choose one above.`);
    const [module, about] = await Promise.all([load(), site()]);
    if (stop.signal.aborted) return;
    drawHeader(about, address.view);
    const view = await module.mount({ main, about, id: address.id, query: address.query, signal: stop.signal });
    if (stop.signal.aborted) return;
    shown.view = view ?? null;
    document.title = `${view?.title ?? address.view} · ${about.dataset.name} · camxtime`;
    announce(`${view?.title ?? address.view} shown`);
  } catch (error) {
    if (stop.signal.aborted || isAbort(error)) return;
    fill(
      main,
      failed(error, () => {
        shown.key = "";
        show();
      }),
    );
  } finally {
    if (!stop.signal.aborted) main.setAttribute("aria-busy", "false");
  }
}

function markNavigation(view) {
  const group = view === "grid" || view === "space" ? "grids" : view;
  for (const item of document.querySelectorAll("#nav a")) {
    if (item.dataset.view === group) item.setAttribute("aria-current", "page");
    else item.removeAttribute("aria-current");
  }
}

function drawHeader(about, view) {
  growing = about.dataset.status === "rendering";
  setVersion(about.dataset.digest);
  const { counts } = about.dataset;
  const words = [
    plural(counts.grids, "grid"),
    counts.cells ? `${count(counts.cells)} cells` : "",
    counts.videos ? plural(counts.videos, "video") : "",
  ];
  fill(
    document.getElementById("dataset"),
    h("strong", {}, about.dataset.name),
    ` ${words.filter(Boolean).join(" · ")}`,
  );
  const entries = [
    ["grids", "Grids", true],
    ["pairs", "Pairs", about.features.sample],
    ["benchmark", "Benchmark", about.features.benchmark],
    ["render", "Render", about.features.render],
  ];
  fill(
    document.getElementById("nav"),
    entries.filter(([, , there]) => there).map(([name, text]) => h("a", { href: link(name), "data-view": name }, text)),
  );
  markNavigation(view);
}

async function start() {
  document.getElementById("help-open").addEventListener("click", openHelp);
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest?.("input, select, textarea, dialog");
    if (event.key === "?" && !typing) openHelp();
    if (event.key === "/" && !typing) {
      const search = document.querySelector("input[type=search]");
      if (search) {
        event.preventDefault();
        search.focus();
      }
    }
  });
  try {
    drawHeader(await site(), current().view);
  } catch (error) {
    fill(
      main,
      failed(error, () => location.reload()),
    );
    main.setAttribute("aria-busy", "false");
    return;
  }
  grids().catch(() => undefined); // most views want it: asked for early, its error is shown by the view
  addEventListener("hashchange", show);
  await show();
}

start();
