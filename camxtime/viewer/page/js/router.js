// The address: `#/<view>/<id>?key=value`. Everything that a view can be set to stands in it, so a link shares the view.

/** {view, id, query: Map-like object} of the current address. */
export function current() {
  const [path, search = ""] = decodeHash().split("?", 2);
  const parts = path.replace(/^\/+/, "").split("/");
  const query = Object.fromEntries(new URLSearchParams(search));
  return { view: parts[0] || "grids", id: parts.slice(1).map(safeDecode).join("/"), query };
}

/** The address of a view; empty and null values are left out. */
export function link(view, id = "", query = {}) {
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) {
    if (value !== null && value !== undefined && value !== "") search.set(key, String(value));
  }
  const tail = search.toString();
  const path = id ? `${view}/${id.split("/").map(encodeURIComponent).join("/")}` : view === "grids" ? "" : view;
  return `#/${path}${tail ? `?${tail}` : ""}`;
}

/** Go there, with an entry in the history. */
export function go(view, id = "", query = {}) {
  location.hash = link(view, id, query);
}

let pending = 0;
let wanted = null;

/** Set the query of this view without an entry in the history, soon: browsers refuse more than a few changes a second. */
export function keep(view, id, query) {
  wanted = link(view, id, query);
  if (!pending) pending = setTimeout(flush, 250);
}

/** Forget a change that was to be kept: the view it belongs to is gone. */
export function forget() {
  clearTimeout(pending);
  pending = 0;
  wanted = null;
}

function flush() {
  pending = 0;
  if (wanted !== null && wanted !== location.hash) history.replaceState(history.state, "", wanted);
  wanted = null;
}

function decodeHash() {
  return location.hash.startsWith("#/") ? location.hash.slice(1) : "/";
}

function safeDecode(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part; // a stray % is not an id of ours: the view says that there is no such grid
  }
}
