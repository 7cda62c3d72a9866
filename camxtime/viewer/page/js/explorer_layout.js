// The controls of the explorer and where its parts stand.

import { field, h, number, segmented } from "./dom.js";

/** The controls: {tool, camera, time, modes, passButtons, exactBox, checkButton, checkNote}. */
export function explorerControls(explorer, about) {
  const { row } = explorer;
  const apply = (patch) => {
    Object.assign(explorer, patch);
    explorer.apply();
  };
  const tools = [
    ["look", "Look", "Drag to scrub"],
    ["draw", "Draw", "Drag to draw a track (D)"],
  ];
  const modes = [
    ["cell", "Cell", "The cell under the cursor"],
    ["clips", "Clips", "Source and target"],
  ];
  const exactBox = h("input", { type: "checkbox", onchange: () => apply({ exact: exactBox.checked }) });
  const check = {
    type: "button",
    "aria-pressed": "false",
    onclick: () => explorer.toggleReference(),
    title: "Reproject the cells shown into this one and mark where they disagree",
  };
  return {
    exactBox,
    tool: segmented("What a drag does", tools, "look", (tool) => explorer.setTool(tool)),
    camera: number(0, { min: 0, max: row.C - 1 }, (c) => explorer.select({ c, t: explorer.cursor.t })),
    time: number(0, { min: 0, max: row.T - 1 }, (t) => explorer.select({ c: explorer.cursor.c, t })),
    modes: segmented("Show", modes, "cell", (mode) => explorer.setMode(mode)),
    passButtons: segmented("Pass", explorer.passes, "rgb", (pass) => apply({ pass })),
    checkButton: about.features.overlap ? h("button", check, "Warp check") : null,
    checkNote: h("span", { class: "small muted num", hidden: true }),
  };
}

/** The parts of the explorer; `facts` comes last. */
export function explorerLayout(explorer, facts) {
  const { tool, camera, time, modes, passButtons, exactBox, checkButton, checkNote } = explorer;
  return h(
    "div",
    { class: "explore" },
    h(
      "section",
      { class: "panel stack pad-panel", "aria-label": "Pad" },
      h("div", { class: "bar" }, tool, field("camera", camera), field("time", time)),
      explorer.pad.element,
      explorer.hint,
    ),
    h(
      "section",
      { class: "panel stack stage-panel", "aria-label": "Pictures" },
      h(
        "div",
        { class: "bar" },
        modes,
        passButtons,
        checkButton,
        checkNote,
        h("label", { class: "check push" }, exactBox, "Exact pixels"),
      ),
      explorer.stage,
      explorer.timeline.element,
      explorer.cell.readout.element,
    ),
    explorer.trackBar.element,
    facts,
  );
}
