// Building elements. `h` sets attributes and listeners, never markup: text from a dataset stays text.

/** An element: `h("button", {class: "a", onclick: f, "aria-label": "…"}, "text", child, …)`. null and false are left out. */
export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "value" || name === "checked" || name === "disabled") element[name] = value;
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.flat(3).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** A form control with its visible label before it. */
export function field(label, control, extra = null) {
  return h("label", { class: "field" }, h("span", { class: "field-name" }, label), control, extra);
}

/** A select. `options` are strings or [value, text]. */
export function select(options, value, onchange, props = {}) {
  const list = options.map((option) => (Array.isArray(option) ? option : [option, option]));
  const element = h("select", { ...props, onchange: () => onchange(element.value) });
  for (const [key, text] of list) element.append(h("option", { value: key }, text));
  element.value = list.some(([key]) => String(key) === String(value)) ? String(value) : String(list[0]?.[0] ?? "");
  return element;
}

/** A number box that calls back with whole numbers between min and max only. */
export function number(value, { min, max }, onchange, props = {}) {
  const element = h("input", {
    type: "number",
    inputmode: "numeric",
    min,
    max,
    step: 1,
    value,
    ...props,
    onchange: () => {
      const wanted = Math.round(Number(element.value));
      const clamped = Math.min(max, Math.max(min, Number.isFinite(wanted) ? wanted : min));
      element.value = clamped;
      onchange(clamped);
    },
  });
  return element;
}

/** Buttons of which exactly one is pressed. Returns the group; `group.choose(value)` marks another without calling back. */
export function segmented(label, options, value, onchange) {
  const group = h("div", { class: "segmented", role: "group", "aria-label": label });
  group.choose = (chosen) => {
    for (const button of group.children) button.setAttribute("aria-pressed", String(button.dataset.value === chosen));
  };
  for (const [key, text, title] of options) {
    const button = h(
      "button",
      {
        type: "button",
        title,
        "data-value": key,
        onclick: () => {
          group.choose(key);
          onchange(key);
        },
      },
      text,
    );
    group.append(button);
  }
  group.choose(value);
  return group;
}

/** Replace all children. */
export function fill(element, ...children) {
  element.replaceChildren(
    ...children.flat(3).filter((child) => child !== null && child !== undefined && child !== false),
  );
  return element;
}

/** Say something to screen readers. */
export function announce(text) {
  document.getElementById("announce").textContent = text;
}

/** Hand a blob to the browser's downloads. */
export function download(blob, name) {
  const url = URL.createObjectURL(blob);
  const link = h("a", { href: url, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** Set a canvas's pixels to its size on screen. Returns {width, height, ratio} in CSS pixels and pixels per CSS pixel. */
export function fitCanvas(canvas) {
  const box = canvas.getBoundingClientRect();
  const ratio = Math.min(window.devicePixelRatio || 1, 3);
  const width = Math.max(1, Math.round(box.width * ratio));
  const height = Math.max(1, Math.round(box.height * ratio));
  if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
  return { width: box.width, height: box.height, ratio };
}

/** A colour or size from the style sheet. */
export function token(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/** Call `change` when the theme changes, until `signal` aborts. */
export function onTheme(change, signal) {
  document.addEventListener("themechange", change, { signal });
}
