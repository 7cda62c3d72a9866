// Truth and predictions at one frame: side by side, with a wipe, or as their difference.

import { openChannel, peek, problem } from "./bitmaps.js";
import { h, segmented } from "./dom.js";

const GAIN = 4; // of the difference, so that small errors are seen

/** {element, load(entries), show(frame), stop()}. entries: [{name, role, url(frame)}], the truth first; mode as given. */
export function openCompare(onmode, signal) {
  const stage = h("div", { class: "compare-stage" });
  const note = h("p", { class: "small muted", hidden: true });
  const wipe = h("input", {
    type: "range",
    min: 0,
    max: 100,
    value: 50,
    class: "wipe",
    "aria-label": "Wipe: truth left, prediction right",
    oninput: () => draw(),
  });
  const modes = segmented(
    "Compare",
    [
      ["side", "Side by side"],
      ["wipe", "Wipe"],
      ["difference", "Difference", `Absolute difference, ${GAIN} times brighter`],
    ],
    "side",
    (mode) => {
      setMode(mode);
      onmode(mode);
    },
  );
  const element = h("div", { class: "compare stack" }, h("div", { class: "bar" }, modes, wipe), stage, note);
  const channel = openChannel(
    () => draw(),
    () => draw(),
  );
  signal.addEventListener("abort", () => channel.close());
  let entries = [];
  let mode = "side";
  let frame = 0;
  let frames = 1;
  let panes = [];
  return { element, load, show, setMode, stop: () => channel.want([]) };

  function load(next, count) {
    entries = next;
    frames = count;
    layout();
  }

  function setMode(next) {
    mode = next;
    modes.choose(next);
    layout();
  }

  function layout() {
    wipe.hidden = mode !== "wipe";
    const truth = entries.find(({ role }) => role === "truth");
    const others = entries.filter(({ role }) => role === "prediction");
    const shown =
      mode === "side" || !others.length ? entries.map((entry) => [entry]) : others.map((entry) => [truth, entry]);
    panes = shown.map((group) => {
      const last = group.at(-1);
      const canvas = h("canvas", {
        class: "picture exact",
        width: 64,
        height: 64,
        role: "img",
        "aria-label": last.name,
        "data-name": last.name,
      });
      canvas.style.aspectRatio = last.aspect;
      const title =
        group.length === 1 ? last.name : mode === "wipe" ? `Truth | ${last.name}` : `|Truth − ${last.name}| × ${GAIN}`;
      return {
        group,
        canvas,
        element: h(
          "figure",
          { class: "compare-pane" },
          h("figcaption", { class: "small" }, h("strong", {}, title)),
          canvas,
        ),
      };
    });
    stage.replaceChildren(...panes.map((pane) => pane.element));
    show(frame);
  }

  function show(next) {
    frame = next;
    draw();
    const urls = [];
    for (let step = 0; step < Math.min(8, frames); step += 1)
      for (const entry of entries) urls.push(entry.url((frame + step) % frames));
    channel.want(urls);
  }

  function draw() {
    const broken = entries.map((entry) => problem(entry.url(frame))).find(Boolean);
    note.hidden = !broken;
    note.textContent = broken ?? "";
    for (const { group, canvas } of panes) {
      const bitmaps = group.map((entry) => peek(entry.url(frame)));
      canvas.dataset.url = group.at(-1).url(frame);
      canvas.dataset.state = bitmaps.every(Boolean) ? "exact" : "loading";
      if (bitmaps.every(Boolean)) paint(canvas, bitmaps);
    }
  }

  function paint(canvas, [first, second]) {
    if (canvas.width !== first.width || canvas.height !== first.height)
      [canvas.width, canvas.height] = [first.width, first.height];
    const context = canvas.getContext("2d");
    const { width, height } = canvas;
    context.globalCompositeOperation = "source-over";
    context.filter = "none";
    context.drawImage(first, 0, 0);
    if (!second) return;
    if (mode === "wipe") {
      const x = Math.round((Number(wipe.value) / 100) * width);
      context.save();
      context.beginPath();
      context.rect(x, 0, width - x, height);
      context.clip();
      context.drawImage(second, 0, 0, width, height);
      context.restore();
      context.fillStyle = "#ffffff";
      context.fillRect(x, 0, Math.max(1, width / 400), height);
      return;
    }
    context.globalCompositeOperation = "difference";
    context.drawImage(second, 0, 0, width, height);
    context.globalCompositeOperation = "copy";
    context.filter = `brightness(${GAIN})`;
    context.drawImage(canvas, 0, 0);
    context.filter = "none";
    context.globalCompositeOperation = "source-over";
  }
}
