// The controls of a clock: play, the frame's slider, speed, loop.

import { h, field, select } from "./dom.js";
import { Clock, LOOPS } from "./clock.js";

const SPEEDS = ["0.25", "0.5", "1", "2", "4"];

/** {element, clock, load(frames, fps)}; `onframe(f)` is called for each frame shown. Keys: Space, comma, full stop. */
export function openTimeline(onframe, { onplay = () => undefined, signal }) {
  const clock = new Clock(show, state);
  const play = h("button", { type: "button", class: "play primary", onclick: () => toggle() }, "Play");
  const slider = h("input", {
    type: "range",
    min: 0,
    max: 0,
    step: 1,
    value: 0,
    class: "frame-slider",
    "aria-label": "Frame",
    oninput: () => {
      clock.pause();
      clock.seek(Number(slider.value));
      onplay(false);
    },
  });
  const label = h("output", { class: "num small frame-number" }, "1 / 1");
  const speed = select(
    SPEEDS.map((value) => [value, `${value}×`]),
    "1",
    (value) => {
      clock.speed = Number(value);
    },
  );
  const loop = select(LOOPS, "loop", (value) => {
    clock.loop = value;
  });
  const element = h(
    "div",
    { class: "bar timeline" },
    play,
    slider,
    label,
    field("Speed", speed),
    field("Repeat", loop),
  );
  signal.addEventListener("abort", () => clock.pause());
  document.addEventListener("keydown", keys, { signal });
  return { element, clock, load, toggle };

  function toggle() {
    clock.toggle();
    onplay(clock.playing);
  }

  function load(frames, fps) {
    slider.max = Math.max(0, frames - 1);
    play.disabled = frames < 2;
    clock.load(frames, fps);
  }

  function show(frame) {
    slider.value = frame;
    slider.setAttribute("aria-valuetext", `frame ${frame + 1} of ${clock.frames}`);
    label.textContent = `${frame + 1} / ${clock.frames}`;
    onframe(frame);
  }

  function state() {
    play.textContent = clock.playing ? "Pause" : "Play";
  }

  function keys(event) {
    if (
      event.target.closest?.("input:not([type=range]), select, button, a, dialog, summary") ||
      event.ctrlKey ||
      event.metaKey ||
      event.altKey
    )
      return;
    if (event.key === " ") toggle();
    else if (event.key === "," || event.key === ".") {
      clock.pause();
      clock.seek(clock.frame + (event.key === "." ? 1 : -1));
      onplay(false);
    } else return;
    event.preventDefault();
  }
}
