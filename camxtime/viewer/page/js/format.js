// Numbers and names as people read them.

const whole = new Intl.NumberFormat("en");

export const count = (value) => whole.format(value);
export const plural = (value, word) => `${count(value)} ${word}${value === 1 ? "" : "s"}`;
export const fixed = (value, digits) => (Number.isFinite(value) ? value.toFixed(digits) : value > 0 ? "∞" : "–");

/** Metres with millimetres up to 10 m, centimetres beyond; "no surface" for +inf. */
export function metres(value) {
  if (!Number.isFinite(value)) return "no surface";
  return `${value.toFixed(value < 10 ? 3 : 2)} m`;
}

export function percent(share, digits = 0) {
  return `${(100 * share).toFixed(digits)} %`;
}

/** Seconds as "12 s", "3 min 20 s", "2 h 05 min". */
export function duration(seconds) {
  if (!Number.isFinite(seconds)) return "unknown";
  const all = Math.round(seconds);
  if (all < 60) return `${all} s`;
  const minutes = Math.floor(all / 60);
  if (minutes < 60) return `${minutes} min ${String(all % 60).padStart(2, "0")} s`;
  return `${whole.format(Math.floor(minutes / 60))} h ${String(minutes % 60).padStart(2, "0")} min`;
}

export const clamp = (value, low, high) => Math.min(high, Math.max(low, value));
