// The animated thumbnail of a grid: its diagonal. Its box has its size before the image is there.

import { h } from "./dom.js";

const still = matchMedia("(prefers-reduced-motion: reduce)");

/** An element of the grid's aspect. With reduced motion only the first frame is shown. */
export function thumbnail(row, eager) {
  const box = h("div", { class: "thumb" });
  box.style.aspectRatio = row.W ? `${row.W} / ${row.H}` : "1";
  if (!row.cells) {
    box.append(h("span", { class: "small muted" }, "not rendered"));
    return box;
  }
  if (still.matches) {
    box.append(firstFrame(row));
    return box;
  }
  const image = h("img", {
    src: row.thumb,
    alt: "",
    width: row.W,
    height: row.H,
    loading: eager ? "eager" : "lazy",
    decoding: "async",
    onerror: () => box.replaceChildren(h("span", { class: "small muted" }, "no picture")),
  });
  box.append(image);
  return box;
}

function firstFrame(row) {
  const canvas = h("canvas", { width: row.W, height: row.H, "aria-hidden": "true" });
  fetch(row.thumb)
    .then((response) => response.blob())
    .then(createImageBitmap)
    .then((bitmap) => {
      canvas.getContext("2d").drawImage(bitmap, 0, 0, row.W, row.H);
      bitmap.close();
    })
    .catch(() => canvas.replaceWith(h("span", { class: "small muted" }, "no picture")));
  return canvas;
}
