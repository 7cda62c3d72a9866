// What a view shows when it has nothing to show: loading, empty, failed.

import { h } from "./dom.js";
import { link } from "./router.js";

export function loading(text = "Loading…") {
  return h(
    "div",
    { class: "state", role: "status" },
    h("span", { class: "spinner", "aria-hidden": "true" }),
    h("p", {}, text),
  );
}

/** Nothing here, and what to do about it. `action` is an element or null. */
export function empty(title, text, action = null) {
  return h("div", { class: "state" }, h("h2", {}, title), h("p", {}, text), action);
}

/** An error with a way out. */
export function failed(error, retry = null) {
  return h(
    "div",
    { class: "state state-bad", role: "alert" },
    h("h2", {}, "This did not work"),
    h("p", {}, error?.message || String(error)),
    retry && h("button", { type: "button", onclick: retry }, "Try again"),
  );
}

/** Where to see what is still to be rendered, or null. */
export const renderLink = (about) =>
  about.features.render ? h("a", { class: "button", href: link("render") }, "See the render") : null;

/** True for the error of a request that we called off ourselves. */
export const isAbort = (error) => error?.name === "AbortError";
