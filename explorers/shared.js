// What all explorers share: theme, colours and marker shapes, canvases, controls, keys, seeded random numbers,
// arrays from and to Python. An explorer's own file holds only its idea. Python joins the two files into one module.

// ---- Theme ---------------------------------------------------------------------------------------------------

// JupyterLab's variables where there are any; else these, by the reader's light or dark preference.
const TOKENS = {
  paper: ["--jp-layout-color0", "#ffffff", "#14171a"],
  ink: ["--jp-content-font-color1", "#1f2328", "#e6e8ea"],
  quiet: ["--jp-content-font-color2", "#5c646c", "#a2abb4"],
  line: ["--jp-border-color2", "#d4d8dd", "#3a4047"],
  accent: ["--jp-brand-color1", "#1565c0", "#64b5f6"],
};

// Okabe and Ito's colours without black, which a dark page swallows, and without vermilion, which is kept for
// ALERT. Yellow is darkened so that it shows on white. Two things must never differ by colour alone: give a number
// or a marker shape as well.
export const PALETTE = ["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#b8a800", "#8c8c8c", "#8a5a3c"];

/** The colours to draw with at this moment; the same ones become CSS variables on `el`. */
export function readTheme(el) {
  // A page in a frame follows the page around it.
  const styles = [el, window.frameElement ?? el].map((element) => getComputedStyle(element));
  const prefersDark = matchMedia("(prefers-color-scheme: dark)").matches;
  const theme = { font: styles[0].fontFamily };
  for (const [name, [variable, light, dark]] of Object.entries(TOKENS)) {
    const given = styles.map((style) => style.getPropertyValue(variable).trim()).find(Boolean);
    theme[name] = given ?? (prefersDark ? dark : light);
    el.style.setProperty(`--explorer-${name}`, theme[name]);
  }
  theme.dark = luminance(theme.paper) < 0.5;
  theme.alert = theme.dark ? "#ff8a50" : "#c04a00"; // vermilion, shifted until text in it is legible
  el.style.setProperty("--explorer-alert", theme.alert);
  el.style.colorScheme = theme.dark ? "dark" : "light";
  return theme;
}

/** Call `callback` whenever the notebook's or the system's theme changes. Returns the way to stop it. */
export function onThemeChange(callback) {
  const observer = new MutationObserver(callback);
  const attributes = {
    attributes: true,
    attributeFilter: ["data-jp-theme-name", "data-jp-theme-light", "class", "style"],
  };
  observer.observe(document.body, attributes);
  observer.observe(document.documentElement, attributes);
  const query = matchMedia("(prefers-color-scheme: dark)");
  query.addEventListener("change", callback);
  return () => {
    observer.disconnect();
    query.removeEventListener("change", callback);
  };
}

export const prefersStill = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

function luminance(color) {
  const context = new OffscreenCanvas(1, 1).getContext("2d");
  context.fillStyle = color;
  context.fillRect(0, 0, 1, 1);
  const [red, green, blue] = context.getImageData(0, 0, 1, 1).data;
  return (0.2126 * red + 0.7152 * green + 0.0722 * blue) / 255;
}

// ---- Page elements -------------------------------------------------------------------------------------------

let created = 0;

/** Make an element: `make("p", { className: "x" }, "text", child)`. */
export function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

/** A canvas in a figure, under a title and a note. Drawing is in CSS pixels whatever the screen's density. */
export class Picture {
  constructor(title, heightOf) {
    this.canvas = make("canvas");
    this.canvas.setAttribute("role", "img");
    this.title = make("span", { className: "explorer-title" }, title);
    this.note = make("span", { className: "explorer-note" });
    this.figure = make("figure", {}, ...(title ? [make("figcaption", {}, this.title, this.note)] : []), this.canvas);
    this.heightOf = heightOf;
    this.context = this.canvas.getContext("2d");
  }

  /** Fit the bitmap to the page and clear it. Returns the context, with `width` and `height` in CSS pixels. */
  begin(theme) {
    const density = window.devicePixelRatio || 1;
    this.width = this.canvas.clientWidth;
    this.height = Math.round(this.heightOf(this.width));
    const [pixelWidth, pixelHeight] = [Math.round(this.width * density), Math.round(this.height * density)];
    if (this.canvas.width !== pixelWidth || this.canvas.height !== pixelHeight) {
      this.canvas.width = pixelWidth;
      this.canvas.height = pixelHeight;
      this.canvas.style.height = `${this.height}px`;
    }
    this.context.setTransform(density, 0, 0, density, 0, 0);
    this.context.clearRect(0, 0, this.width, this.height);
    this.context.font = `12px ${theme.font}`;
    this.context.lineJoin = "round";
    return this.context;
  }

  describe(text) {
    if (this.canvas.getAttribute("aria-label") !== text) this.canvas.setAttribute("aria-label", text);
  }
}

/** A labelled native slider tied to a trait. `show` turns its value into the text beside it; `max` may be computed. */
export function slider(model, name, label, { min, max, step = 1, show = String }) {
  const id = `explorer-${++created}`;
  const input = make("input", { type: "range", id, min, step });
  const output = make("output", { htmlFor: id });
  const element = make("div", { className: "explorer-slider" }, make("label", { htmlFor: id }, label), output, input);
  input.addEventListener("input", () => model.set(name, Number(input.value)));
  const refresh = () => {
    input.max = typeof max === "function" ? max() : max;
    input.disabled = Number(input.min) === Number(input.max);
    input.value = model.get(name);
    output.value = show(model.get(name));
    input.setAttribute("aria-valuetext", output.value);
  };
  return { element, refresh };
}

/** A labelled group of native radio buttons tied to a trait; `options` is a list of [value, text]. */
export function choice(model, name, label, options) {
  const group = `explorer-${++created}`;
  const inputs = options.map(([value]) => make("input", { type: "radio", name: group, value }));
  const labels = options.map(([, text], i) => make("label", {}, inputs[i], text));
  const legend = make("legend", { className: "explorer-hidden" }, label);
  const element = make("fieldset", { className: "explorer-choice" }, legend, ...labels);
  options.forEach(([value], i) => inputs[i].addEventListener("change", () => model.set(name, value)));
  const refresh = () => options.forEach(([value], i) => (inputs[i].checked = model.get(name) === value));
  return { element, refresh };
}

export function button(label, onClick) {
  const element = make("button", { type: "button" }, label);
  element.addEventListener("click", onClick);
  return { element, refresh() {} };
}

/** The native controls in a row: { element, refresh }. */
export function controlPanel(...parts) {
  const element = make("div", { className: "explorer-controls" }, ...parts.map((part) => part.element));
  return { element, refresh: () => parts.forEach((part) => part.refresh()) };
}

/** A sentence under the picture. Eyes see it change at once; a screen reader hears it when the change has ended. */
export function sentence() {
  const visible = make("p", { className: "explorer-sentence" });
  const spoken = make("p", { className: "explorer-hidden" });
  visible.setAttribute("aria-hidden", "true");
  spoken.setAttribute("aria-live", "polite");
  let timer;
  const say = (text) => {
    if (visible.textContent === text) return;
    visible.textContent = text;
    clearTimeout(timer);
    timer = setTimeout(() => (spoken.textContent = text), 400);
  };
  return { elements: [visible, spoken], say };
}

/** The list of keys, folded away until wanted; `keys` is a list of [key, what it does]. */
export function keyHelp(keys) {
  const rows = keys.flatMap(([key, what]) => [make("dt", {}, make("kbd", {}, key)), make("dd", {}, what)]);
  return make("details", { className: "explorer-keys" }, make("summary", {}, "Keys"), make("dl", {}, ...rows));
}

/** The elements of an explorer, still empty: { root, stage, hint, words }.
 *
 * The first picture is the stage, which takes the keys; below it stand the second, the key of its marks, and the hint;
 * beside them the others. `stageLabel` is what a screen reader calls the stage, `keys` are those of `keyHelp`.
 */
export function layOut(pictures, panel, stageLabel, keys) {
  const [onStage, key, ...others] = Object.values(pictures).map(({ figure }) => figure);
  const stage = make("div", { tabIndex: 0 }, onStage);
  stage.setAttribute("role", "application");
  stage.setAttribute("aria-label", stageLabel);
  const [hint, words] = [make("p", { className: "explorer-hint" }), sentence()];
  const side = make("div", { className: "explorer-side" }, ...others);
  const columns = make("div", { className: "explorer-pictures" }, make("div", {}, stage, key, hint), side);
  const root = make("div", { className: "explorer" }, panel.element, columns, ...words.elements, keyHelp(keys));
  return { root, stage, hint, words };
}

// ---- Keys and pointer ----------------------------------------------------------------------------------------

/** JupyterLab takes arrow keys and letters for itself unless they stop here. Its Ctrl keys still reach it. */
export function keepKeys(el) {
  el.addEventListener("keydown", (event) => {
    if (!event.ctrlKey && !event.metaKey && !event.altKey && event.key !== "Escape") event.stopPropagation();
  });
}

/** Run `actions[key]` for keys pressed on `el`; `actions` maps names such as "ArrowLeft" or "r" to functions. */
export function onKeys(el, actions) {
  el.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const action = actions[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!action) return;
    event.preventDefault();
    action(event);
  });
}

/** The arrow keys for `onKeys`: each calls `move(right, up)` with a step, or with five where Shift is held. */
export function arrowKeys(step, move) {
  const along = (right, up) => (event) => {
    const stride = (event.shiftKey ? 5 : 1) * step;
    move(stride * right, stride * up);
  };
  return { ArrowLeft: along(-1, 0), ArrowRight: along(1, 0), ArrowUp: along(0, 1), ArrowDown: along(0, -1) };
}

/** Tell a press on a canvas from a drag: what `grab(x, y)` returns goes to `press(it)`, or to `drag`, move by move. */
export function onPressOrDrag(canvas, { grab, press, drag }) {
  let held = null;
  canvas.addEventListener("pointerdown", ({ offsetX: x, offsetY: y, pointerId }) => {
    held = { it: grab(x, y), x, y, moved: false };
    canvas.setPointerCapture(pointerId);
  });
  canvas.addEventListener("pointermove", ({ offsetX: x, offsetY: y }) => {
    if (!held) return;
    const [dx, dy] = [x - held.x, y - held.y];
    if (!held.moved && Math.hypot(dx, dy) < 4) return;
    Object.assign(held, { x, y, moved: true });
    drag(held.it, x, y, dx, dy);
  });
  canvas.addEventListener("pointerup", () => {
    if (held && !held.moved) press(held.it);
    held = null;
  });
  canvas.addEventListener("pointercancel", () => (held = null));
}

// ---- Time ----------------------------------------------------------------------------------------------------

/** Returns a function that asks for `draw`; however often it is called, `draw` runs once in the next frame. */
export function oncePerFrame(draw) {
  let asked = 0;
  const ask = () => {
    asked ||= requestAnimationFrame(() => {
      asked = 0;
      draw();
    });
  };
  ask.cancel = () => cancelAnimationFrame(asked);
  return ask;
}

/** Call `draw(theme)` in the next frame whenever one of the traits `inputs`, the theme or the width changes.
 *
 * Returns { redraw, stop }: to ask for one more picture, and to end.
 */
export function keepDrawn(root, model, inputs, draw) {
  let theme = null; // read when drawing, since only an element in the page has a style
  const redraw = oncePerFrame(() => {
    if (!root.clientWidth) return;
    theme ??= readTheme(root);
    draw(theme);
  });
  const stopTheme = onThemeChange(() => {
    theme = null;
    redraw();
  });
  const resize = new ResizeObserver(redraw);
  resize.observe(root);
  inputs.forEach((name) => model.on(`change:${name}`, redraw));
  keepKeys(root);
  redraw();
  const stop = () => {
    redraw.cancel();
    stopTheme();
    resize.disconnect();
    inputs.forEach((name) => model.off(`change:${name}`, redraw));
  };
  return { redraw, stop };
}

/** Run `followers[name]` whenever the trait `name` changes. Returns the way to stop it. */
export function keepInStep(model, followers) {
  const each = (method) =>
    Object.entries(followers).forEach(([name, follow]) => model[method](`change:${name}`, follow));
  each("on");
  return () => each("off");
}

/** Returns a function that sends changed traits to Python, once in `pause` milliseconds at most, the last always. */
export function throttledSave(model, pause = 150) {
  let timer = null;
  return () => {
    timer ??= setTimeout(() => {
      timer = null;
      model.save_changes();
    }, pause);
  };
}

// ---- Numbers -------------------------------------------------------------------------------------------------

const TYPES = { float64: Float64Array, float32: Float32Array, int32: Int32Array, uint8: Uint8Array };

/** The typed array in an array trait. The bytes are copied because they may lie unaligned. */
export function decode({ dtype, data }) {
  return new TYPES[dtype](data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength));
}

/** A typed array as the value of an array trait. */
export function encode(array, shape) {
  const dtype = Object.keys(TYPES).find((name) => array instanceof TYPES[name]);
  return { dtype, shape, data: new DataView(array.buffer, array.byteOffset, array.byteLength) };
}

/** Uniform numbers in 0 .. 1 from a whole-number seed (mulberry32). */
export function uniformFrom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** Standard normal numbers from a whole-number seed (Box and Muller). */
export function normalFrom(seed) {
  const uniform = uniformFrom(seed);
  return () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
}

export const clamp = (value, low, high) => Math.min(high, Math.max(low, value));

/** The value moved into low .. high, without high, by whole rounds. */
export const wrapped = (value, low, high) => low + ((((value - low) % (high - low)) + (high - low)) % (high - low));

/** [distance, i] of the closest of `count` things, the lower one where two are equally close. */
export const closest = (count, distance) =>
  Array.from({ length: count }, (_, i) => [distance(i), i]).reduce((a, b) => (b[0] < a[0] ? b : a));

export const degrees = (angle) => `${Math.round((angle * 180) / Math.PI)}°`;
export const percent = (share) => `${Math.round(100 * share)} %`;
export const plural = (count, word) => `${count} ${word}${count === 1 ? "" : "s"}`;

// ---- Vectors on the circle and the sphere -----------------------------------------------------------------------

/** Directions from a to b, without b, along the great circle. */
export function arc(a, b) {
  const angle = Math.acos(clamp(dot(a, b), -1, 1));
  const steps = Math.max(1, Math.ceil(angle / 0.06));
  if (angle < 1e-6) return [a];
  return Array.from({ length: steps }, (_, i) => {
    const [u, v] = [Math.sin(angle * (1 - i / steps)), Math.sin((angle * i) / steps)];
    return a.map((_, f) => (u * a[f] + v * b[f]) / Math.sin(angle));
  });
}

export const dot = (a, b) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
export const minus = (a, b) => [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
export const scaled = (a, factor) => Array.from(a, (number) => factor * number);
export const unit = (a) => scaled(a, 1 / Math.hypot(...a));
export const cross = (a, b) => [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];

export function axesAround(direction) {
  const centre = unit(direction);
  const side = unit(cross(centre, Math.abs(centre[2]) < 0.9 ? [0, 0, 1] : [1, 0, 0]));
  return [centre, side, cross(centre, side)];
}

/** x turned about a unit axis (Rodrigues). */
export function turnedAbout(x, axis, angle) {
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const [sideways, along] = [cross(axis, x), dot(axis, x) * (1 - cos)];
  return [0, 1, 2].map((f) => cos * x[f] + sin * sideways[f] + along * axis[f]);
}

/** The circle lies flat; the sphere is seen from (azimuth, elevation), in degrees, without perspective. */
export class View {
  constructor({ flat, middle, radius, azimuth, elevation }) {
    Object.assign(this, { flat, middle, radius });
    const [a, e] = [(azimuth * Math.PI) / 180, (elevation * Math.PI) / 180];
    this.right = [-Math.sin(a), Math.cos(a), 0];
    this.up = [-Math.sin(e) * Math.cos(a), -Math.sin(e) * Math.sin(a), Math.cos(e)];
    this.toward = [Math.cos(e) * Math.cos(a), Math.cos(e) * Math.sin(a), Math.sin(e)];
  }

  /** [x, y] on the canvas and whether the direction is on the side that faces us. */
  place(vector, radius = this.radius) {
    const [right, up] = this.flat ? vector : [dot(vector, this.right), dot(vector, this.up)];
    return [this.middle + radius * right, this.middle - radius * up, this.flat || dot(vector, this.toward) >= 0];
  }

  /** The unit vector under a place on the canvas; outside the sphere, the nearest on its rim. */
  vectorAt(x, y) {
    const [right, up] = [(x - this.middle) / this.radius, (this.middle - y) / this.radius];
    const length = Math.hypot(right, up) || 1;
    if (this.flat) return [right / length, up / length];
    const shrink = Math.max(1, length);
    const depth = Math.sqrt(Math.max(0, 1 - (length / shrink) ** 2));
    return unit([0, 1, 2].map((f) => (right * this.right[f] + up * this.up[f]) / shrink + depth * this.toward[f]));
  }

  /** The vector one key press further, sideways and upwards as seen. On the circle both go round it. */
  moved(vector, sideways, upwards) {
    if (!this.flat) return unit(turnedAbout(turnedAbout(vector, this.up, sideways), this.right, -upwards));
    const angle = Math.atan2(vector[1], vector[0]) + upwards - sideways;
    return [Math.cos(angle), Math.sin(angle)];
  }
}

// ---- Drawing -------------------------------------------------------------------------------------------------

/** Add a marker to the current path. Shapes tell kinds apart where colours may not. */
export function marker(context, shape, x, y, size) {
  if (shape === "disc" || shape === "ring") {
    context.moveTo(x + size, y);
    context.arc(x, y, size, 0, 2 * Math.PI);
  } else {
    const [corners, inner] = { diamond: [4, 1], triangle: [3, 1], square: [4, 1], star: [10, 0.45] }[shape];
    const start = shape === "square" ? Math.PI / 4 : -Math.PI / 2;
    for (let i = 0; i < corners; i++) {
      const [angle, radius] = [start + (2 * Math.PI * i) / corners, i % 2 ? size * inner : size];
      context[i ? "lineTo" : "moveTo"](x + radius * Math.cos(angle), y + radius * Math.sin(angle));
    }
    context.closePath();
  }
}

/** Text with a rim in the colour of the paper, so that it stays legible over lines. */
export function label(
  context,
  theme,
  text,
  x,
  y,
  { align = "center", color = theme.ink, font = `12px ${theme.font}` } = {},
) {
  Object.assign(context, { font, textAlign: align, textBaseline: "middle", lineWidth: 3.5, strokeStyle: theme.paper });
  context.strokeText(text, x, y);
  context.fillStyle = color;
  context.fillText(text, x, y);
}

/** A straight arrow from (x0, y0) to (x1, y1) in the current stroke and fill styles. */
export function arrow(context, x0, y0, x1, y1, head = 7) {
  const angle = Math.atan2(y1 - y0, x1 - x0);
  const length = Math.hypot(x1 - x0, y1 - y0);
  const size = Math.min(head, length);
  context.beginPath();
  context.moveTo(x0, y0);
  context.lineTo(x1 - 0.8 * size * Math.cos(angle), y1 - 0.8 * size * Math.sin(angle));
  context.stroke();
  context.beginPath();
  context.moveTo(x1, y1);
  for (const side of [-0.42, 0.42])
    context.lineTo(x1 - size * Math.cos(angle + side), y1 - size * Math.sin(angle + side));
  context.fill();
}

/** The ring around the point that the keys move. */
export function drawChosenRing(context, theme, x, y, radius = 14) {
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  Object.assign(context, { strokeStyle: theme.accent, lineWidth: 1.5 });
  context.stroke();
}

/** What a picture of the key of marks says to those who do not see it. */
export const marksInWords = (marks) =>
  `Marks: ${Object.values(marks)
    .map(({ shape, text }) => `${shape}, ${text}`)
    .join("; ")}.`;

// ---- Points hashed into buckets, and a query among them ------------------------------------------------------

/** Whether each point shares a bucket with the query in any round or table; `buckets` are (rounds, L), flat. */
export function meetsQuery(buckets, n_points, query) {
  return Array.from({ length: n_points }, (_, i) => {
    for (let start = 0; start < buckets.length; start += n_points) {
      if (buckets[start + i] === buckets[start + query]) return true;
    }
    return false;
  });
}

export const POINT_MARKS = {
  query: { shape: "star", size: 11, fill: "ink", text: "query" },
  met: { shape: "disc", size: 4.5, fill: "ink", text: "meets it" },
  missed: { shape: "diamond", size: 7.5, fill: "alert", text: "near, but missed" },
  other: { shape: "ring", size: 3.5, fill: "paper", text: "neither" },
};

/** What a point is to the query, one of POINT_MARKS. */
export function kindOf({ query, met, near }, i) {
  if (i === query) return "query";
  if (met[i]) return "met";
  return near.includes(i) ? "missed" : "other";
}

export function drawPointMark(context, theme, kind, x, y, scale = 1) {
  const { shape, size, fill } = POINT_MARKS[kind];
  context.beginPath();
  marker(context, shape, x, y, size * scale);
  const strokeStyle = kind === "other" ? theme.quiet : theme.paper;
  Object.assign(context, { fillStyle: theme[fill], lineWidth: 1.4, strokeStyle });
  context.stroke();
  context.fill();
}

export function drawPointNumber(context, theme, kind, i, x, y) {
  const font = `${kind === "query" || kind === "missed" ? "700 " : ""}12px ${theme.font}`;
  label(context, theme, i, x, y, { color: kind === "missed" ? theme.alert : theme.ink, font });
}

/** The key of the marks, drawn with the marks themselves. */
export function drawPointKey(picture, theme) {
  const context = picture.begin(theme);
  let x = 12;
  for (const [kind, { text }] of Object.entries(POINT_MARKS)) {
    drawPointMark(context, theme, kind, x, 11, 0.85);
    label(context, theme, text, x + 13, 11, { align: "left", color: theme.quiet });
    x += 13 + context.measureText(text).width + 26;
  }
}

/** The number of a bucket in its region; that of the query's bucket stands out. */
export function drawBucketNumber(context, theme, bucket, isQuerys, x, y) {
  const font = `${isQuerys ? "700 17px" : "13px"} ${theme.font}`;
  Object.assign(context, { font, textAlign: "center", textBaseline: "middle" });
  context.fillStyle = isQuerys ? theme.ink : theme.quiet;
  context.fillText(bucket, x, y);
}
