// Small charts: bars with numbers, lines over frames, a heat map over a grid. All say in words what they draw.

import { fitCanvas, h } from "./dom.js";
import { count, percent } from "./format.js";

/** Bars of {name: number}, largest first. */
export function bars(title, values) {
  const rows = Object.entries(values).sort((a, b) => b[1] - a[1]);
  const total = rows.reduce((sum, [, value]) => sum + value, 0);
  const most = Math.max(1, ...rows.map(([, value]) => value));
  return h(
    "section",
    { class: "stack" },
    h("h3", {}, title),
    rows.length
      ? h(
          "ul",
          { class: "bars" },
          rows.map(([name, value]) => {
            const fillBar = h("span");
            fillBar.style.width = `${(100 * value) / most}%`;
            return h(
              "li",
              { "data-name": name, "data-count": value },
              h("span", {}, name.replaceAll("_", " ")),
              h("span", { class: "track", "aria-hidden": "true" }, fillBar),
              h("span", { class: "num" }, `${count(value)} · ${percent(value / total)}`),
            );
          }),
        )
      : h("p", { class: "muted small" }, "None."),
  );
}

/** Colours of a canvas's lines: resolved by the browser, so that they follow the theme. */
function colour(element, name) {
  const probe = h("span");
  probe.style.color = `var(${name})`;
  element.append(probe);
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
}

/** A chart of whole numbers over frames: `draw(series, last, frame)` with series [{values, mark, wide}]. */
export function lineChart(label) {
  const canvas = h("canvas", { class: "line-chart", role: "img", "aria-label": label });
  const element = h("figure", { class: "chart" }, h("figcaption", { class: "field-name" }, label), canvas);
  return { element, draw };

  function draw(series, last, frame) {
    if (!canvas.isConnected) return;
    const { width, height, ratio } = fitCanvas(canvas);
    const context = canvas.getContext("2d");
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    const frames = Math.max(2, ...series.map(({ values }) => values.length));
    const [left, top, w, k] = [30, 8, width - 38, height - 26];
    const x = (f) => left + (f / (frames - 1)) * w;
    const y = (v) => top + (1 - v / Math.max(1, last)) * k;
    context.strokeStyle = colour(element, "--line");
    context.fillStyle = colour(element, "--muted");
    context.font = "11px system-ui, sans-serif";
    context.textAlign = "right";
    for (const value of [0, last]) {
      context.strokeRect(left, y(value), w, 0);
      context.fillText(String(value), left - 9, y(value) + 4);
    }
    context.textAlign = "left";
    context.fillText("frame 1", left, height - 2);
    context.textAlign = "right";
    context.fillText(String(frames), left + w, height - 2);
    for (const { values, mark, wide } of series) {
      context.strokeStyle = colour(element, mark);
      context.lineWidth = wide ? 5 : 2;
      context.beginPath();
      values.forEach((value, f) => (f ? context.lineTo(x(f), y(value)) : context.moveTo(x(f), y(value))));
      context.stroke();
      const at = Math.min(frame, values.length - 1);
      context.fillStyle = colour(element, mark);
      context.beginPath();
      context.arc(x(at), y(values[at]), wide ? 6 : 4, 0, 2 * Math.PI);
      context.fill();
    }
  }
}

/** A heat map of counts [T][C]: cameras across, times down. */
export function heatMap(title, { C, T, counts }) {
  const most = Math.max(1, ...counts.flat());
  const drawn = counts.flat().filter((value) => value > 0).length;
  const canvas = h("canvas", {
    class: "heat",
    width: C,
    height: T,
    role: "img",
    "aria-label": `${title}: ${percent(drawn / (C * T))} of ${C} cameras × ${T} times drawn at least once; at most ${count(most)} times.`,
  });
  canvas.style.aspectRatio = `${C} / ${T}`;
  const context = canvas.getContext("2d");
  const pixels = context.createImageData(C, T);
  counts.forEach((line, t) => line.forEach((value, c) => pixels.data.set(heat(value / most), 4 * (t * C + c))));
  context.putImageData(pixels, 0, 0);
  const words = `${percent(drawn / (C * T))} of the cells drawn; at most ${count(most)} times`;
  const readout = h("p", { class: "small muted num" }, words);
  canvas.addEventListener("pointermove", (event) => {
    const box = canvas.getBoundingClientRect();
    const c = Math.min(C - 1, Math.floor(((event.clientX - box.left) / box.width) * C));
    const t = Math.min(T - 1, Math.floor(((event.clientY - box.top) / box.height) * T));
    if (c >= 0 && t >= 0) readout.textContent = `camera ${c}, time ${t}: ${count(counts[t][c])}`;
  });
  canvas.addEventListener("pointerleave", () => {
    readout.textContent = words;
  });
  return h("section", { class: "stack" }, h("h3", {}, title), canvas, readout);
}

/** Dark to bright, readable without colour: blue-black, blue, pale yellow. Share 0…1 → RGBA. */
function heat(share) {
  if (share === 0) return [20, 22, 28, 255];
  const stops = [
    [32, 56, 120],
    [46, 134, 193],
    [250, 240, 160],
  ];
  const at = Math.min(1, share) * 2;
  const [low, part] = [Math.min(1, Math.floor(at)), at - Math.min(1, Math.floor(at))];
  return [...stops[low].map((v, i) => Math.round(v + (stops[low + 1][i] - v) * part)), 255];
}
