// One cell, large, with its passes, the warp check, and a probe that reads metres and names under the pointer.

import { overlapUrl, passUrl, standIn } from "./layers.js";
import { openChannel, peek, problem } from "./bitmaps.js";
import { h } from "./dom.js";
import { clamp } from "./format.js";
import { Picture } from "./picture.js";
import { openReadout } from "./readout.js";

/**
 * {element, readout, show(cell, options)}. options: {pass, reference (cell or null), exact}. `neighbours` are fetched
 * once the cell itself is there, so that they never stand in its way.
 */
export function openCellView({ row, detail, labels, signal }) {
  const picture = new Picture(row.W, row.H, "Cell");
  const check = new Picture(row.W, row.H, "");
  check.canvas.classList.add("check-layer");
  check.canvas.setAttribute("aria-hidden", "true");
  const cross = h("span", { class: "probe", "aria-hidden": "true", hidden: true });
  const note = h("p", { class: "notice notice-bad stage-note", hidden: true });
  const frame = h(
    "div",
    { class: "stage-frame", tabindex: 0, role: "group", "aria-label": "Cell. Arrow keys move the probe." },
    picture.canvas,
    check.canvas,
    cross,
  );
  const caption = h("p", { class: "pane-name num" });
  const element = h("div", { class: "cell-view" }, caption, h("div", { class: "stage-box" }, frame, note));
  frame.style.aspectRatio = `${row.W} / ${row.H}`;
  frame.style.setProperty("--ratio", String(row.W / row.H));
  const readout = openReadout(row, detail, labels);
  const channel = openChannel(arrived, missed);
  signal.addEventListener("abort", () => channel.close());
  let now = null; // {cell, options, url, mosaic}
  let probe = null;

  frame.addEventListener(
    "pointermove",
    (event) => {
      const box = frame.getBoundingClientRect();
      setProbe(
        Math.floor(((event.clientX - box.left) / box.width) * row.W),
        Math.floor(((event.clientY - box.top) / box.height) * row.H),
      );
    },
    { signal },
  );
  frame.addEventListener("pointerleave", () => document.activeElement !== frame && setProbe(null), { signal });
  frame.addEventListener(
    "focus",
    () => probe ?? (frame.matches(":focus-visible") && setProbe(row.W >> 1, row.H >> 1)),
    { signal },
  );
  frame.addEventListener("blur", () => setProbe(null), { signal });
  frame.addEventListener(
    "keydown",
    (event) => {
      const step = event.shiftKey ? 10 : 1;
      const move = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] }[
        event.key
      ];
      if (!move) return;
      event.preventDefault();
      const from = probe ?? { x: row.W >> 1, y: row.H >> 1 };
      setProbe(from.x + move[0], from.y + move[1]);
    },
    { signal },
  );

  return { element, readout, show, stop: () => channel.want([]) };

  function show(cell, options, mosaic) {
    const moved = now === null ? null : { c: Math.sign(cell.c - now.cell.c), t: Math.sign(cell.t - now.cell.t) };
    const url = passUrl(row.id, options.pass, cell);
    const over = options.reference ? overlapUrl(row.id, cell, options.reference) : null;
    now = { cell, options, url, over, mosaic, moved };
    showNote(problem(url) ?? (over && problem(over)));
    caption.textContent = `camera ${cell.c} · time ${cell.t} · ${(cell.t / row.fps).toFixed(2)} s`;
    picture.describe(`Camera ${cell.c}, time ${cell.t}, ${options.pass}${over ? ", warp check over it" : ""}`);
    picture.canvas.classList.toggle("exact", options.exact || options.pass !== "rgb"); // colours of depth and ids must not blend
    check.canvas.classList.add("exact");
    draw();
    want();
    readout.follow(cell, probe, options);
  }

  function draw() {
    picture.show(now.url, standIn(now.mosaic, now.cell, now.options.pass));
    check.canvas.hidden = now.over === null;
    if (now.over) check.show(now.over);
  }

  function want() {
    const own = now.over ? [now.url, now.over] : [now.url];
    channel.want(own.every(peek) ? [...own, ...ahead()] : own);
  }

  function ahead() {
    const { cell, options, moved } = now;
    const steps = [
      [1, 0],
      [-1, 0],
      [0, 1],
      [0, -1],
    ];
    if (moved && (moved.c || moved.t)) steps.unshift([moved.c, moved.t], [2 * moved.c, 2 * moved.t]);
    return steps
      .map(([c, t]) => ({ c: cell.c + c, t: cell.t + t }))
      .filter(({ c, t }) => c >= 0 && t >= 0 && c < row.C && t < row.T)
      .map((next) => passUrl(row.id, options.pass, next));
  }

  function arrived(url) {
    if (url !== now?.url && url !== now?.over) return;
    draw();
    want();
  }

  function missed(url, message) {
    if (url !== now?.url && url !== now?.over) return;
    draw();
    showNote(message);
  }

  function showNote(message) {
    note.hidden = !message;
    note.textContent = message ? `Camera ${now.cell.c}, time ${now.cell.t}: ${message}` : "";
  }

  function setProbe(x, y) {
    probe = x === null ? null : { x: clamp(x, 0, row.W - 1), y: clamp(y, 0, row.H - 1) };
    cross.hidden = probe === null;
    if (probe) {
      cross.style.left = `${(100 * (probe.x + 0.5)) / row.W}%`;
      cross.style.top = `${(100 * (probe.y + 0.5)) / row.H}%`;
    }
    if (now) readout.follow(now.cell, probe, now.options);
  }
}
