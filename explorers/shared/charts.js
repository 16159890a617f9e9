// Canvases and what is drawn on them: marks, text, lines, axes, bars. Everything that carries meaning is drawn in full
// strength and stands 3:1 against its ground, text 4.5:1; only a `wash`, which lies under marks, is pale.
import { make } from "./controls.js";
import { range } from "./numbers.js";

/** A canvas in a figure, under a title and a note. Drawing is in CSS pixels whatever the screen's density. */
export class Picture {
  constructor({ title = "", height }) {
    this.canvas = make("canvas");
    this.canvas.setAttribute("role", "img");
    this.title = make("span", { className: "explorer-title" }, title);
    this.note = make("span", { className: "explorer-note" });
    this.figure = make("figure", {}, ...(title ? [make("figcaption", {}, this.title, this.note)] : []), this.canvas);
    this.heightOf = height;
    this.context = this.canvas.getContext("2d");
  }

  /** Read the size from the page: of all pictures before any is drawn or described, since asking costs a layout. */
  measure(theme, facts) {
    this.width = this.canvas.clientWidth;
    this.height = Math.round(this.heightOf(this.width, (text) => widthOfText(this.context, theme, text), facts));
  }

  /** Whether what was drawn last had these colours and the present size. */
  isDrawnIn(theme) {
    return this.theme === theme && this.pixels().join() === `${this.canvas.width},${this.canvas.height}`;
  }

  pixels() {
    return [this.width, this.height].map((length) => Math.round(length * (window.devicePixelRatio || 1)));
  }

  /** Fit the bitmap to the page and clear it. */
  begin(theme) {
    const density = window.devicePixelRatio || 1;
    const [pixelWidth, pixelHeight] = this.pixels();
    if (!this.isDrawnIn(theme)) {
      this.canvas.width = pixelWidth;
      this.canvas.height = pixelHeight;
      this.canvas.style.height = `${this.height}px`;
    }
    this.theme = theme;
    this.context.setTransform(density, 0, 0, density, 0, 0);
    this.context.clearRect(0, 0, this.width, this.height);
    this.context.lineJoin = "round";
  }

  /** Say what is seen: words for those who do not see it, and where wanted another title and note for all. */
  describe(about) {
    const { words, title, note } = typeof about === "string" ? { words: about } : about;
    if (this.canvas.getAttribute("aria-label") !== words) this.canvas.setAttribute("aria-label", words);
    if (title !== undefined) setText(this.title, title);
    if (note !== undefined) setText(this.note, note);
  }
}

/** Width of a text in the key of marks. */
function widthOfText(context, theme, text) {
  context.font = `12px ${theme.font}`;
  return context.measureText(text).width;
}

/** Changing text costs a layout even where it stays the same. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Draw the outline of what `trace(context)` traces. */
export function stroke({ context }, trace, color, width = 1, dash = []) {
  context.beginPath();
  trace(context);
  Object.assign(context, { strokeStyle: color, lineWidth: width });
  context.setLineDash(dash);
  context.stroke();
  context.setLineDash([]);
}

export const segment = (x0, y0, x1, y1) => (context) => {
  context.moveTo(x0, y0);
  context.lineTo(x1, y1);
};

/** Tint the ground inside what `trace(context)` traces. */
export function wash({ context }, trace, color, strength) {
  context.beginPath();
  trace(context);
  Object.assign(context, { fillStyle: color, globalAlpha: strength });
  context.fill();
  context.globalAlpha = 1;
}

const CORNERS = { diamond: [4, 1], triangle: [3, 1], square: [4, 1], star: [10, 0.45] };

/** A mark with a rim in another colour, which keeps it apart from its ground. Shapes tell kinds apart, not colours. */
export function mark({ context, theme }, shape, x, y, size, fill, rim = theme.paper, width = 1.4) {
  context.beginPath();
  if (shape === "disc" || shape === "ring") context.arc(x, y, size, 0, 2 * Math.PI);
  else {
    const [corners, inner] = CORNERS[shape];
    const start = shape === "square" ? Math.PI / 4 : -Math.PI / 2;
    for (let i = 0; i < corners; i++) {
      const [angle, radius] = [start + (2 * Math.PI * i) / corners, i % 2 ? size * inner : size];
      context.lineTo(x + radius * Math.cos(angle), y + radius * Math.sin(angle));
    }
    context.closePath();
  }
  Object.assign(context, { fillStyle: fill, strokeStyle: rim, lineWidth: width });
  if (rim === theme.paper) context.stroke(); // around the mark, not over its edge
  context.fill();
  if (rim !== theme.paper) context.stroke();
}

/** Text with a rim in the colour of the paper, so that it stays legible over lines and washes; without one, on a wash.
 *
 * With `ground` it stands on paper as wide as itself, for a dark line would show between its letters.
 */
export function label({ context, theme }, text, x, y, style = {}) {
  const { align = "center", color = theme.ink, size = 12, bold = false, rim = 3.5, ground = false } = style;
  if (text === "") return;
  Object.assign(context, { font: `${bold ? "700 " : ""}${size}px ${theme.font}`, textAlign: align });
  Object.assign(context, { textBaseline: "middle", lineWidth: rim, strokeStyle: theme.paper, fillStyle: color });
  if (ground) {
    const width = context.measureText(text).width;
    const left = x - { left: 0, center: width / 2, right: width }[align];
    context.fillStyle = theme.paper;
    context.fillRect(left - 2, y - size / 2, width + 4, size);
    context.fillStyle = color;
  }
  if (rim) context.strokeText(text, x, y);
  context.fillText(text, x, y);
}

/** A straight arrow from (x0, y0) to (x1, y1). */
export function arrow(picture, x0, y0, x1, y1, color, width = 1.4, dash = []) {
  const angle = Math.atan2(y1 - y0, x1 - x0);
  const size = Math.min(6 + width, Math.hypot(x1 - x0, y1 - y0));
  const back = (along, side) => [
    x1 - along * size * Math.cos(angle + side),
    y1 - along * size * Math.sin(angle + side),
  ];
  stroke(picture, segment(x0, y0, ...back(0.8, 0)), color, width, dash);
  const { context } = picture;
  context.beginPath();
  context.moveTo(x1, y1);
  context.lineTo(...back(1, -0.42));
  context.lineTo(...back(1, 0.42));
  context.fillStyle = color;
  context.fill();
}

// ---- Axes, lines and bars ------------------------------------------------------------------------------------

/** Scales of a chart: `x` and `y` from numbers to places, `xAt` and `yAt` back; `x: [low, high]`, and `y` likewise. */
export function frameOf({ width, height }, { x, y, left = 34, right = 10, top = 12, bottom = 30, log = false }) {
  const [to, from] = log ? [Math.log, Math.exp] : [(number) => number, (number) => number];
  const [edge, ground] = [width - right, height - bottom];
  const [low, span] = [to(x[0]), to(x[1]) - to(x[0])];
  return {
    left,
    top,
    right: edge,
    bottom: ground,
    x: (number) => left + ((edge - left) * (to(number) - low)) / span,
    y: (number) => ground - ((ground - top) * (number - y[0])) / (y[1] - y[0]),
    xAt: (place) => from(low + (span * (place - left)) / (edge - left)),
    yAt: (place) => y[0] + ((y[1] - y[0]) * (ground - place)) / (ground - top),
  };
}

/** Lines across at `yTicks`, numbers along both axes, and what the x axis counts. Ticks are [number, text]. */
export function drawAxes(picture, frame, { xTicks, yTicks, xTitle = "", xDrop = 14 }) {
  const quiet = { color: picture.theme.quiet, size: 11 };
  for (const [number, text] of yTicks) {
    stroke(picture, segment(frame.left, frame.y(number), frame.right, frame.y(number)), picture.theme.line);
    label(picture, text, frame.left - 8, frame.y(number), { ...quiet, align: "right" });
  }
  xTicks.forEach(([number, text, bold], i) => {
    const align = xTitle && !bold && i === xTicks.length - 1 ? "right" : "center";
    const strong = bold ? { color: picture.theme.ink, size: 12, bold } : quiet;
    label(picture, text, frame.x(number), frame.bottom + xDrop, { ...strong, align });
  });
  label(picture, xTitle, frame.right, frame.bottom + xDrop + 15, { ...quiet, align: "right" });
}

/** A line through (xs[i], ys[i]). */
export function drawLine(picture, frame, xs, ys, color, width = 2, dash = []) {
  const trace = (context) => xs.forEach((x, i) => context.lineTo(frame.x(x), frame.y(ys[i])));
  stroke(picture, trace, color, width, dash);
}

/** A curve, computed at every other pixel across. */
export function drawCurve(picture, frame, valueAt, color, width = 2, dash = []) {
  const trace = (context) => {
    for (let at = frame.left; at <= frame.right; at += 2) context.lineTo(at, frame.y(valueAt(frame.xAt(at))));
  };
  stroke(picture, trace, color, width, dash);
}

/** Bars upwards and downwards from 0: [{value, text, name, color, strong}], each with its value and its name.
 *
 * `level` is a dotted line across, `high` what must fit in at least. Returns the places: [{x, y, slot, yOf(value)}].
 */
export function drawBars(picture, bars, { left = 4, right = 8, top = 22, bottom = 20, widest = 60, high = 0, level }) {
  const low = Math.min(0, ...bars.map((bar) => bar.value));
  const most = Math.max(high, ...bars.map((bar) => bar.value), 1e-9);
  const slot = Math.min(widest, (picture.width - left - right) / bars.length);
  const foot = picture.height - bottom - (low < 0 ? 14 : 0);
  const y = (value) => foot - ((foot - top) * (value - low)) / (most - low);
  const places = bars.map((bar, i) => ({ x: left + slot * (i + 0.5), y: y(bar.value), slot, yOf: y }));
  for (const alike of Object.values(Object.groupBy(range(bars.length), (i) => `${bars[i].color} ${bars[i].strong}`))) {
    const { color, strong } = bars[alike[0]];
    const boxes = (context) => {
      for (const { x, y: end } of alike.map((i) => places[i])) {
        context.rect(x - 0.36 * slot, Math.min(end, y(0)), 0.72 * slot, Math.abs(end - y(0)));
      }
    };
    wash(picture, boxes, color, strong ? 0.85 : 0.3);
    stroke(picture, boxes, color, strong ? 2 : 1);
  }
  if (level !== undefined) {
    const across = segment(left, y(level), left + slot * bars.length, y(level));
    stroke(picture, across, picture.theme.paper, 3); // a rim, as letters have
    stroke(picture, across, picture.theme.ink, 1, level ? [2, 3] : []);
  }
  bars.forEach(({ value, text, name, strong }, i) => {
    const { x, y: end } = places[i];
    const style = { color: strong ? picture.theme.ink : picture.theme.quiet, size: 11, bold: strong };
    label(picture, text, x, end + (value < 0 ? 9 : -9), style);
    label(picture, name, x, picture.height - bottom + 11, style);
  });
  return places;
}

// ---- The key of marks

/** The key of marks: entries [{text, draw(x, y, picture)}] side by side, in as many rows as they need. */
export function drawKey(picture, entries) {
  const places = placesInKey(entries, picture.width, (text) => widthOfText(picture.context, picture.theme, text));
  entries.forEach(({ text, draw }, i) => {
    const [x, y] = places[i];
    draw(x, y, picture);
    label(picture, text, x + 13, y, { align: "left", color: picture.theme.quiet });
  });
}

function placesInKey(entries, room, widthOf) {
  let [x, y] = [12, 11];
  return entries.map(({ text }) => {
    const width = widthOf(text) + 39;
    if (x > 12 && x + width - 20 > room) [x, y] = [12, y + 21];
    const place = [x, y];
    x += width;
    return place;
  });
}

/** Kinds of marks, { kind: { shape, size, fill, text, dash } }, and the key that says what they mean.
 *
 * In the key a mark with `dash` stands on a line so dashed, whole with [].
 */
export class Marks {
  constructor(kinds) {
    this.kinds = kinds;
  }

  draw(picture, kind, x, y, size = this.kinds[kind].size) {
    const { shape, fill } = this.kinds[kind];
    const { theme } = picture;
    mark(picture, shape, x, y, size, theme[fill], fill === "paper" ? theme.quiet : theme.paper);
  }

  /** The key as a picture; `more` are entries beyond the marks, `words` a sentence beyond them. */
  key({ more = [], words = "" } = {}) {
    const marks = Object.entries(this.kinds).map(([kind, { size, fill, dash, text }]) => ({
      text,
      draw: (x, y, picture) => {
        if (dash) stroke(picture, segment(x - 10, y, x + 10, y), picture.theme[fill], 1.8, dash);
        this.draw(picture, kind, x, y, 0.85 * size);
      },
    }));
    const entries = [...marks, ...more];
    return {
      height: (width, widthOf) => placesInKey(entries, width, widthOf).at(-1)[1] + 11,
      paint: (picture) => drawKey(picture, entries),
      fixed: true,
      words: `${marksInWords(this.kinds)} ${words}`.trim(),
    };
  }
}

/** The key of marks for those who do not see it. */
export const marksInWords = (marks) =>
  `Marks: ${Object.values(marks)
    .map(({ shape, text }) => `${shape}, ${text}`)
    .join("; ")}.`;
