// The meter of training memory: five kinds of model, part by part. The twin of the formulas in memory_meter.py, where
// they are explained. All is in bytes; letters as there: L tokens, H heads, R rounds, C chunk length, d features.
import { drawAxes, drawLine, frameOf, label, Marks, segment, stroke, wash } from "./shared/charts.js";
import { explore } from "./shared/explore.js";
import { clamp, listed, percent, range, shaped } from "./shared/numbers.js";

const KINDS = ["Transformer", "checkpointed", "reversible", "LSH", "Reformer"];
const PARTS = ["weights", "gradients", "optimiser", "activations", "scores"];
const [FLOAT, WIDENING, POSITIONS_AT_ONCE, QUERIES_AT_ONCE] = [4, 4, 128, 256];
const SMALL = { length: 256, batch: 1, n_layers: 4, n_heads: 4, d_model: 64, n_rounds: 2, chunk_length: 32 };
const [MIB, GIB, TIB] = [2 ** 20, 2 ** 30, 2 ** 40];
const ROOM = 16 * GIB;

// ---- What follows from the state -----------------------------------------------------------------------------

const isLsh = (kind) => kind === "LSH" || kind === "Reformer";
const keepsAll = (kind) => kind === "Transformer" || kind === "LSH";

/** Bytes of a number that holds a bucket, of which there are two chunks' worth of tokens each. */
function bucketBytes({ length, chunk_length }) {
  const largest = Math.max(2, 2 * Math.floor(length / chunk_length)) - 1;
  return largest < 2 ** 8 ? 1 : largest < 2 ** 16 ? 2 : 4;
}

function weightsOfLayer(kind, { d_model: d }) {
  const wide = WIDENING * d;
  return (isLsh(kind) ? 3 : 4) * d * d + 2 * d * wide + wide + d + 4 * d;
}

/** Bytes of the vectors that the backward pass of a layer needs. */
function insideOfLayer(kind, sizes, wideLength) {
  const { length, batch, n_heads, d_model, n_rounds } = sizes;
  const ofHeads = isLsh(kind) ? n_heads * (n_rounds * bucketBytes(sizes) + 2 * FLOAT) : 0;
  const aToken = FLOAT * (isLsh(kind) ? 6 : 7) * d_model + ofHeads;
  return batch * (length * aToken + wideLength * WIDENING * d_model * (FLOAT + 1));
}

/** Bytes that a stack keeps between forward and backward, without scores. */
export function bytesKept(kind, sizes) {
  const { length, batch, n_layers, n_heads, d_model, n_rounds } = sizes;
  if (kind === "checkpointed") return n_layers * batch * length * d_model * FLOAT;
  if (keepsAll(kind)) return n_layers * insideOfLayer(kind, sizes, length);
  const streams = 2 * batch * length * d_model * FLOAT;
  return streams + (isLsh(kind) ? n_layers * batch * n_heads * n_rounds * length * bucketBytes(sizes) : 0);
}

/** Bytes of what attention computes of pairs and has to have at once. */
function bytesOfScores(kind, { length, batch, n_layers, n_heads, n_rounds, chunk_length, in_blocks }) {
  const rows = in_blocks ? Math.min(length, QUERIES_AT_ONCE) : length;
  const perHead = batch * n_heads * FLOAT;
  const places = chunk_length * Math.ceil(length / chunk_length); // the last chunk is filled up
  const pairs = !isLsh(kind) ? rows * length : (in_blocks ? rows : n_rounds * places) * 2 * chunk_length;
  return perHead * pairs * (keepsAll(kind) && !in_blocks ? n_layers : 1);
}

/** Bytes of each of `PARTS`. */
export function memoryParts(kind, sizes) {
  const weights = FLOAT * sizes.n_layers * weightsOfLayer(kind, sizes);
  const wideLength = kind === "Reformer" ? Math.min(sizes.length, POSITIONS_AT_ONCE) : sizes.length;
  const atWork = keepsAll(kind) ? 0 : insideOfLayer(kind, sizes, wideLength);
  return [weights, weights, 2 * weights, bytesKept(kind, sizes) + atWork, bytesOfScores(kind, sizes)];
}

const sum = (numbers) => numbers.reduce((total, number) => total + number, 0);
const largestOf = (parts) => parts.indexOf(Math.max(...parts));

function derive(state) {
  const parts = KINDS.map((kind) => memoryParts(kind, state));
  const totals = parts.map(sum);
  const axis = AXES[state.along];
  const curves = KINDS.map((kind) => axis.stops.map((at) => sum(memoryParts(kind, { ...state, [axis.name]: at }))));
  return {
    ...state,
    ...{ parts, totals, axis, curves },
    largest: parts.map(largestOf),
    fits: totals.map((total) => total <= ROOM),
  };
}

const octaves = (from, to) => range(to - from + 1).map((i) => 2 ** (from + i));
const AXES = {
  length: { name: "length", stops: octaves(6, 20), small: octaves(7, 11), title: "tokens" },
  depth: { name: "n_layers", stops: octaves(0, 7), small: octaves(0, 4), title: "layers" },
};

/** Bytes as they are told: 1.5 TiB, 528 MiB. */
export function inBytes(bytes) {
  const [unit, name] = [
    [2 ** 60, "EiB"],
    [2 ** 50, "PiB"],
    [TIB, "TiB"],
    [GIB, "GiB"],
    [MIB, "MiB"],
    [2 ** 10, "KiB"],
  ].find(([size], i) => bytes >= size || i === 5);
  const count = bytes / unit;
  return `${count >= 9.95 ? Math.round(count) : count.toFixed(1)} ${name}`;
}

// ---- The stage: five models, five bars each, on a logarithmic scale -------------------------------------------

const [LEAST, MOST] = [2 ** 14, 2 ** 50];
const [TITLE, BAR, GAP, TOP] = [19, 13, 9, 22]; // pixels down
const GROUP = TITLE + BAR * PARTS.length + GAP;
const HEIGHT = TOP + GROUP * KINDS.length + 4;
const NAMES = 82; // pixels across

const TITLES = {
  Transformer: "Transformer",
  checkpointed: "Transformer, checkpointed",
  reversible: "Transformer, reversible",
  LSH: "Transformer with LSH attention",
  Reformer: "Reformer",
};

const scaleOf = ({ width, height }) =>
  frameOf({ width, height }, { x: [LEAST, MOST], y: [0, 1], left: NAMES, right: 58, top: 0, bottom: 0, log: true });

function paintMeter(picture, facts) {
  const { theme, height } = picture;
  const scale = scaleOf(picture);
  const x = (bytes) => scale.x(clamp(bytes, LEAST, MOST));
  for (const [bytes, text] of [
    [MIB, "1 MiB"],
    [TIB, "1 TiB"],
  ]) {
    stroke(picture, segment(x(bytes), TOP - 4, x(bytes), height), theme.line);
    label(picture, text, x(bytes), 8, { color: theme.quiet, size: 11 });
  }
  stroke(picture, segment(x(ROOM), TOP - 4, x(ROOM), height), theme.ink, 1.4, [5, 4]);
  label(picture, "16 GiB", x(ROOM), 8, { size: 12, bold: true });
  KINDS.forEach((kind, k) => paintKind(picture, facts, kind, k, x));
}

function paintKind(picture, { parts, totals, largest, fits, chosen }, kind, k, x) {
  const { theme, width } = picture;
  const top = TOP + GROUP * k;
  const color = fits[k] ? theme.accent : theme.alert;
  const bold = k === chosen;
  MARKS.draw(picture, kind, 9, top + 8, 5.5);
  label(picture, TITLES[kind], 20, top + 8, { align: "left", size: 13, bold });
  const verdict = `${inBytes(totals[k])}, ${fits[k] ? "fits" : "too much"}`;
  label(picture, verdict, width - 3, top + 8, { align: "right", size: 13, bold });
  parts[k].forEach((bytes, p) => {
    const [y, end, strong] = [top + TITLE + BAR * p, x(bytes), p === largest[k]];
    const box = (context) => context.rect(NAMES, y + 1.5, end - NAMES, BAR - 4);
    wash(picture, box, color, strong ? 0.85 : 0.3);
    stroke(picture, box, color, strong ? 1.6 : 1);
    const style = { size: 11, bold: strong, color: strong ? theme.ink : theme.quiet };
    label(picture, PARTS[p], NAMES - 6, y + BAR / 2, { ...style, align: "right" });
    label(picture, inBytes(bytes), end + 6, y + BAR / 2, { ...style, align: "left", ground: true });
  });
  if (!bold) return;
  const frame = (context) => context.rect(1, top - 2, width - 2, GROUP - 5);
  stroke(picture, frame, theme.ink, 1.8);
}

const MARKS = new Marks({
  Transformer: { shape: "disc", size: 5, fill: "alert", dash: [], text: "Transformer" },
  checkpointed: { shape: "square", size: 5, fill: "quiet", dash: [2, 3], text: "checkpointed" },
  reversible: { shape: "triangle", size: 6, fill: "ink", dash: [6, 4], text: "reversible" },
  LSH: { shape: "diamond", size: 6, fill: "alert", dash: [9, 3, 2, 3], text: "with LSH attention" },
  Reformer: { shape: "star", size: 7, fill: "accent", dash: [], text: "Reformer" },
});
const MORE_MARKS = [
  {
    text: "the largest part",
    draw(x, y, picture) {
      const box = (context) => context.rect(x - 8, y - 4, 16, 9);
      wash(picture, box, picture.theme.accent, 0.85);
      stroke(picture, box, picture.theme.accent, 1.6);
    },
  },
];

// ---- Beside it -----------------------------------------------------------------------------------------------

const POWERS = [
  [2 ** 16, "64 KiB"],
  [MIB, "1 MiB"],
  [32 * MIB, "32 MiB"],
  [GIB, "1 GiB"],
  [TIB, "1 TiB"],
  [2 ** 50, "1 PiB"],
];

const short = (count) => (count >= MIB ? "1M" : count >= 1024 ? `${count / 1024}K` : count);

/** A frame whose axes are both logarithmic; y takes bytes. */
function logFrame(picture, { stops, title }, [low, high], ticks, present) {
  const y = [Math.log2(low), Math.log2(high)];
  const x = [stops[0], stops.at(-1)];
  const frame = frameOf(picture, { x, y, left: 48, right: 14, top: 10, bottom: 36, log: true });
  const every = stops.length > 9 ? 2 : 1;
  drawAxes(picture, frame, {
    xTicks: stops.filter((_, i) => i % every === 0).map((stop) => [stop, short(stop), stop === present]),
    yTicks: POWERS.filter(([bytes]) => ticks.includes(bytes)).map(([bytes, text]) => [Math.log2(bytes), text]),
    xTitle: title,
  });
  return frame;
}

/** What each model needs in all, by length or depth; marks stand at the present one. */
function paintTotals(picture, facts) {
  const { curves, axis, totals, chosen } = facts;
  const present = facts[axis.name];
  const { theme } = picture;
  const [low, high] = [2 ** 18, 2 ** 52];
  const frame = logFrame(picture, axis, [low, high], [MIB, GIB, TIB, 2 ** 50], present);
  const y = (bytes) => Math.log2(clamp(bytes, low, high));
  stroke(picture, segment(frame.left, frame.y(y(ROOM)), frame.right, frame.y(y(ROOM))), theme.ink, 1.4, [5, 4]);
  label(picture, "16 GiB", frame.left + 4, frame.y(y(ROOM)) - 9, { align: "left", size: 11, bold: true });
  KINDS.forEach((kind, k) => {
    const { fill, dash } = MARKS.kinds[kind];
    drawLine(picture, frame, axis.stops, curves[k].map(y), theme[fill], k === chosen ? 3 : 1.5, dash);
  });
  KINDS.forEach((kind, k) => MARKS.draw(picture, kind, frame.x(present), frame.y(y(totals[k]))));
}

/** Lines: what a small stack keeps between forward and backward by the formula. Marks: what was measured. */
function paintMeasured(picture, { points, along, axis }) {
  const { theme } = picture;
  const stops = axis.small;
  const frame = logFrame(picture, { ...axis, stops }, [2 ** 15, 2 ** 26], [2 ** 16, MIB, 32 * MIB]);
  KINDS.forEach((kind) => {
    const { fill, dash } = MARKS.kinds[kind];
    const kept = stops.map((at) => Math.log2(bytesKept(kind, { ...SMALL, [axis.name]: at })));
    drawLine(picture, frame, stops, kept, theme[fill], 1.5, dash);
  });
  for (const [kind, by, at, bytes] of points) {
    const inside = at >= stops[0] && at <= stops.at(-1);
    if (by === along && inside)
      MARKS.draw(picture, kind, frame.x(at), frame.y(Math.log2(clamp(bytes, 2 ** 15, 2 ** 26))));
  }
}

/** How far the points are from the formula at most, as a share of it. */
function farthest(points) {
  const off = points.map(([kind, by, at, bytes]) => {
    const kept = bytesKept(kind, { ...SMALL, [AXES[by].name]: at });
    return Math.abs(bytes / kept - 1);
  });
  return Math.max(...off);
}

// ---- In words ------------------------------------------------------------------------------------------------

function whoFits({ fits }) {
  const names = KINDS.filter((_, k) => fits[k]).map((kind) => TITLES[kind].replace("Transformer, ", ""));
  if (names.length === 0) return "None of the five fits in 16 GiB.";
  if (names.length === KINDS.length) return "All five fit in 16 GiB.";
  return `${names.length === 1 ? "Only one fits" : `${names.length} of the five fit`} in 16 GiB: ${listed(names)}.`;
}

function describe(facts) {
  const { parts, totals, largest, fits, chosen, axis, along, points, origin } = facts;
  const { length, batch, n_layers, d_model, in_blocks } = facts;
  const part = largest[chosen];
  const share = percent(parts[chosen][part] / totals[chosen]);
  const many = (count, word) => `${count.toLocaleString("en")} ${word}${count === 1 ? "" : "s"}`;
  const verb = part === PARTS.indexOf("optimiser") ? "is" : "are";
  const sentence =
    `${TITLES[KINDS[chosen]]}, ${many(n_layers, "layer")}, ${many(batch, "text")} of ${many(length, "token")}: ` +
    `${inBytes(totals[chosen])}. The ${PARTS[part]} ${verb} largest, ${inBytes(parts[chosen][part])} or ${share}. ` +
    `${fits[chosen] ? "It fits" : "It does not fit"} in 16 GiB. ${whoFits(facts)}`;
  const ofKind = (k) => PARTS.map((name, p) => `${name} ${inBytes(parts[k][p])}`).join(", ");
  const all = KINDS.map((kind, k) => `${TITLES[kind]}, ${inBytes(totals[k])}: ${ofKind(k)}.`);
  const present = facts[axis.name];
  const shown = points.filter(([, by]) => by === along);
  const measured = shown.map(([kind, , at, bytes]) => `${kind} ${inBytes(bytes)} at ${at}`);
  return {
    sentence,
    lines: { chosen: `${TITLES[KINDS[chosen]]}: ${ofKind(chosen)}.` },
    pictures: {
      meter: `Memory of a training step with ${many(d_model, "feature")}, ${in_blocks ? "scores in blocks" : "all scores at once"}. ${all.join(" ")}`,
      totals: {
        title: `All parts together, by ${axis.title}`,
        note: `at ${present.toLocaleString("en")}`,
        words: `At ${many(present, axis.title.slice(0, -1))}: ${KINDS.map((kind, k) => `${kind} ${inBytes(totals[k])}`).join(", ")}.`,
      },
      measured: {
        title: `Formula and measurement, by ${axis.title}`,
        words:
          `What a small stack keeps between forward and backward, ${origin}. ${measured.join(", ")}. ` +
          `The formula is at most ${percent(farthest(points))} off.`,
        note: "lines: formula",
      },
    },
  };
}

// ---- What a reader can do ------------------------------------------------------------------------------------

const stepping = (key, name, words, more = {}) => ({
  [name]: {
    keys: { [key]: 1, [`Shift+${key}`]: -1, ...more },
    help: [`${key.toUpperCase()}, Shift+${key.toUpperCase()}`, words],
    steps: name,
  },
});

const actions = {
  read: {
    keys: { ArrowRight: 1, ArrowLeft: -1 },
    help: ["← →", "a shorter or longer text"],
    steps: "length",
    wraps: true,
  },
  choose: {
    keys: { ArrowDown: 1, ArrowUp: -1, n: 1, p: -1 },
    help: ["↑ ↓", "choose the model of which the sentence tells"],
    steps: "chosen",
    wraps: true,
  },
  ...stepping("d", "n_layers", "more or fewer layers"),
  ...stepping("f", "d_model", "more or fewer features"),
  ...stepping("t", "batch", "more or fewer texts in a batch"),
  ...stepping("h", "n_heads", "more or fewer heads"),
  ...stepping("r", "n_rounds", "more or fewer hash rounds"),
  ...stepping("c", "chunk_length", "longer or shorter chunks"),
  blocks: {
    keys: { b: null },
    help: ["B", "scores in blocks, or all at once"],
    run: ({ in_blocks }) => ({ in_blocks: !in_blocks }),
  },
  turn: {
    keys: { v: null },
    help: ["V", "curves by length, or by layers"],
    run: ({ along }) => ({ along: along === "length" ? "depth" : "length" }),
  },
};

const pointer = {
  marks: () => [],
  under(_, __, { y }) {
    const kind = Math.floor((y - TOP + 4) / GROUP);
    return kind >= 0 && kind < KINDS.length ? { kind, still: true } : null;
  },
  hover: ({ kind }) => ({ chosen: kind }),
  press: (held) => held && { chosen: held.kind },
  drag: () => undefined,
};

const PAPER = { batch: 1, d_model: 1024, n_heads: 8, n_layers: 12, n_rounds: 4, chunk_length: 64, in_blocks: false };
const COURSE = { length: 1024, n_layers: 3, d_model: 128, n_heads: 4, n_rounds: 2, chunk_length: 32, in_blocks: true };

export default explore({
  stage: "The meter: five models. Left and right change the length, up and down choose a model; more keys below.",
  hint: ({ origin }) =>
    "Bars are on a logarithmic scale. Layers alone are counted, in float32, with Adam; d_ff is 4 d. " +
    `Points in the last picture: stacks of 64 features, ${origin}.`,
  derive,
  describe,
  draw: {
    meter: { height: () => HEIGHT, paint: paintMeter },
    key: MARKS.key({ more: MORE_MARKS, words: "Each has a line of its own in the curves." }),
    totals: { title: "All parts together", height: (width) => 0.66 * width, paint: paintTotals },
    measured: { title: "Formula and measurement", height: (width) => 0.56 * width, paint: paintMeasured },
  },
  report: ({ parts }) => ({ parts: shaped(Float64Array.from(parts.flat()), KINDS.length, PARTS.length) }),
  actions,
  pointer,
  presets: {
    "The paper’s images, 12K": { ...PAPER, length: 12288 },
    "The paper’s enwik8, 64K": { ...PAPER, length: 65536 },
    "A laptop, 64K": { ...PAPER, length: 65536, n_layers: 6, d_model: 256, in_blocks: true },
    "This course’s model, 1K": { ...PAPER, ...COURSE },
  },
  tasks: [
    {
      text: "Keep 12 layers, and find the longest text on which the plain Transformer still fits in 16 GiB.",
      done: ({ n_layers, totals, fits }) => n_layers === 12 && fits[0] && totals[0] > ROOM / 2,
    },
    {
      text: "Make the optimiser the largest part of the Reformer.",
      done: ({ largest }) => PARTS[largest[KINDS.indexOf("Reformer")]] === "optimiser",
    },
    {
      text: "Fit a million tokens into 16 GiB. What did you give up?",
      done: ({ length, fits }) => length === MIB && fits.includes(true),
    },
  ],
});
