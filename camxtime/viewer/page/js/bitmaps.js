// Images of cells as decoded bitmaps: the ones wanted now are fetched first, those no longer wanted are called off,
// the last ones used are kept up to a limit of bytes. Decoding happens off the main thread (createImageBitmap).

const LIMIT = 256 * 2 ** 20; // bytes of decoded pixels
const FLIGHTS = 6; // what a browser opens to one HTTP/1.1 server

const kept = new Map(); // url → bitmap, oldest first
const flights = new Map(); // url → AbortController
const broken = new Map(); // url → message
const channels = new Set();
let bytes = 0;

/**
 * A consumer of bitmaps. `want(urls)` says what it wants from now on, most urgent first; `onready(url)` is called as they
 * come, `onfail(url, message)` if one cannot be had. `close()` when the consumer goes.
 */
export function openChannel(onready, onfail = () => undefined) {
  const channel = { urls: [], onready, onfail };
  channels.add(channel);
  return {
    want(urls) {
      channel.urls = urls;
      schedule();
    },
    close() {
      channels.delete(channel);
      schedule();
    },
  };
}

/** The bitmap if it is here, now the last used. */
export function peek(url) {
  const bitmap = kept.get(url);
  if (bitmap) {
    kept.delete(url);
    kept.set(url, bitmap);
  }
  return bitmap;
}

/** Why an image could not be had, or undefined. */
export const problem = (url) => broken.get(url);

function schedule() {
  const wanted = new Set();
  const depth = Math.max(0, ...[...channels].map((channel) => channel.urls.length));
  for (let i = 0; i < depth; i += 1) {
    for (const channel of channels) if (i < channel.urls.length) wanted.add(channel.urls[i]);
  }
  for (const [url, flight] of flights) if (!wanted.has(url)) flight.abort();
  let room = FLIGHTS - [...flights.values()].filter((flight) => !flight.signal.aborted).length;
  for (const url of wanted) {
    if (room <= 0) break;
    if (kept.has(url) || flights.has(url) || broken.has(url)) continue;
    room -= 1;
    load(url);
  }
}

async function load(url) {
  const flight = new AbortController();
  flights.set(url, flight);
  let failure = null;
  try {
    const response = await fetch(url, { signal: flight.signal });
    if (!response.ok) throw new Error(await reason(response));
    const bitmap = await createImageBitmap(await response.blob(), {
      premultiplyAlpha: "none",
      colorSpaceConversion: "none",
    });
    keep(url, bitmap);
  } catch (error) {
    if (error.name !== "AbortError") failure = error.message;
  }
  flights.delete(url);
  if (failure !== null) remember(url, failure);
  for (const channel of channels) {
    if (!channel.urls.includes(url)) continue;
    if (kept.has(url)) channel.onready(url);
    else if (failure !== null) channel.onfail(url, failure);
  }
  schedule();
}

async function reason(response) {
  try {
    return (await response.json()).error ?? `status ${response.status}`;
  } catch {
    return `status ${response.status}`;
  }
}

function remember(url, failure) {
  broken.set(url, failure);
  setTimeout(() => broken.delete(url), 5000); // a cell of a running render may be there soon
}

const size = (bitmap) => 4 * bitmap.width * bitmap.height;

function keep(url, bitmap) {
  kept.set(url, bitmap);
  bytes += size(bitmap);
  const wanted = new Set([...channels].flatMap((channel) => channel.urls));
  for (const [old, image] of kept) {
    if (bytes <= LIMIT) break;
    if (old === url || wanted.has(old)) continue;
    kept.delete(old);
    bytes -= size(image);
    image.close();
  }
}
