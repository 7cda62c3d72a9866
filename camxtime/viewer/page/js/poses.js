// The poses of a pair at the frame shown: 3×4, relative to the first source frame.

import { fill, h } from "./dom.js";

/** {element, show(frame)}. pair.poses: {source: [F][12], target: [F][12]} row-major. */
export function poseTable(pair) {
  const body = h("div", { class: "poses" });
  const element = h(
    "details",
    { open: true },
    h("summary", { class: "field-name" }, "Poses relative to the first source frame (R | t, metres)"),
    body,
  );
  return { element, show };

  function show(frame) {
    fill(
      body,
      ["source", "target"].map((side) => {
        const clip = pair[side];
        const at = Math.min(frame, clip.cameras.length - 1);
        const pose = pair.poses[side][at];
        return h(
          "div",
          { class: "pose", "data-side": side },
          h("p", { class: `small name-${side} num` }, `${side}: camera ${clip.cameras[at]}, time ${clip.times[at]}`),
          h(
            "pre",
            { class: "mono small", "aria-label": `Pose of the ${side}` },
            [0, 4, 8]
              .map((row) =>
                pose
                  .slice(row, row + 4)
                  .map((v) => v.toFixed(4).padStart(9))
                  .join(""),
              )
              .join("\n"),
          ),
        );
      }),
    );
  }
}
