// The list of keys.

import { fill, h } from "./dom.js";

const SECTIONS = [
  [
    "Everywhere",
    [
      ["/", "Search (in the gallery)"],
      ["?", "This list"],
      ["Esc", "Close; leave drawing"],
    ],
  ],
  [
    "Pad",
    [
      ["← →", "Camera before, after (with Shift: ten)"],
      ["↑ ↓", "Time before, after (with Shift: ten)"],
      ["Home End", "First, last camera"],
      ["PgUp PgDn", "First, last time"],
      ["D", "Draw on, off"],
      ["Enter", "While drawing: go on to this cell"],
      ["Backspace", "While drawing: take the last stroke back"],
    ],
  ],
  [
    "Clips",
    [
      ["Space", "Play, pause"],
      [", .", "One frame back, on"],
    ],
  ],
  ["Picture", [["← → ↑ ↓", "Move the probe (with Shift: ten pixels)"]]],
  [
    "Space",
    [
      ["← → ↑ ↓", "Orbit (with Shift: pan)"],
      ["+ −", "Zoom"],
      ["[ ]", "Camera before, after"],
      [", .", "Time before, after"],
      ["0", "Whole scene"],
      ["C", "Look through the camera"],
    ],
  ],
];

/** Open the dialog; it closes with Esc or its button, and the focus goes back by itself. */
export function openHelp() {
  const dialog = document.getElementById("help");
  if (!dialog.firstChild) {
    fill(
      dialog,
      h("h1", { id: "help-title" }, "Keys"),
      SECTIONS.map(([title, rows]) => [
        h("h2", {}, title),
        h(
          "dl",
          { class: "keys" },
          rows.map(([keys, text]) => [
            h(
              "dt",
              {},
              keys.split(" ").map((key) => [h("kbd", {}, key), " "]),
            ),
            h("dd", {}, text),
          ]),
        ),
      ]),
      h("form", { method: "dialog" }, h("button", { class: "primary", autofocus: true }, "Close")),
    );
  }
  if (!dialog.open) dialog.showModal();
}
