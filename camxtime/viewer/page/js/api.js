// Requests to our own server or the files of a static export: always relative to the page.

const kept = new Map();

export class ApiError extends Error {
  constructor(message, status) {
    super(message);
    this.status = status;
  }
}

/** The response, or an ApiError with the server's own words. */
export async function request(url, options = {}) {
  let response;
  try {
    response = await fetch(url, { credentials: "same-origin", ...options });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError("The server does not answer. Is `camxtime view` still running?", 0);
  }
  if (response.ok) return response;
  let message = `The server answered ${response.status} to ${url.split("?")[0]}.`;
  try {
    const body = await response.json();
    if (typeof body.error === "string") message = body.error;
  } catch {
    // not ours: the status says what there is to say
  }
  throw new ApiError(message, response.status);
}

/** JSON, asked for anew each time. */
export async function json(url, options = {}) {
  return (await request(url, options)).json();
}

/** JSON of what does not change while the page is open; asked for once. */
export function jsonOnce(url) {
  if (!kept.has(url)) {
    const promise = json(url);
    promise.catch(() => kept.delete(url));
    kept.set(url, promise);
  }
  return kept.get(url);
}

/** Ask for everything anew: the dataset has grown. */
export function forgetAnswers() {
  kept.clear();
}

/** `base?key=value&…`, without empty values. */
export function withQuery(base, query) {
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) {
    if (value !== null && value !== undefined && value !== "") search.set(key, String(value));
  }
  const tail = search.toString();
  return tail ? `${base}?${tail}` : base;
}

export const site = () => jsonOnce("api/site.json");
export const grids = async () => (await jsonOnce("api/grids.json")).grids;
export const gridDetail = (id) => jsonOnce(`api/grids/${encodeURIComponent(id)}.json`);

let version = "";

/** Images never change under one dataset digest: it goes into their addresses, so that browsers may keep them for good. */
export function setVersion(digest) {
  version = digest ? `?v=${digest.slice(0, 16)}` : "";
}

/** Address of a cell's file: `rgb`, `depth.png`, `depth.bin`, `instance.png`, `instance.bin`. */
export function cellUrl(grid, camera, time, file) {
  return `cells/${encodeURIComponent(grid)}/${camera}/${time}/${file}${version}`;
}
