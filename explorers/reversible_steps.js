// The explorer of reversible steps: a stack of reversible blocks there and back, beside an ordinary residual network with
// the same branches. Letters as in reformer/reversible.py: streams x1, x2, branches f, g; a step is one of these.
import { drawAxes, drawLine, frameOf, label, Marks, mark, segment, stroke, wash } from "./shared/charts.js";
import { explore } from "./shared/explore.js";
import { clamp, drawnArray, normalFrom, plural, range, remembered, shaped } from "./shared/numbers.js";
import { cross } from "./shared/strip.js";

const [N_FEATURES, N_PAIRS, MAX_BLOCKS] = [4, 8, 12];
const DEPTHS = [...range(MAX_BLOCKS).map((i) => i + 1), 16, 24, 32, 48, 64];
const MAX_DEPTH = 64;
const PRECISIONS = ["float32", "float64"];
const ROUNDED = { float32: Math.fround, float64: (number) => number };
const RATE = 0.25; // of dropout
const LOWEST_QUARTER = -0.6744897501960817;
const WRONG = 1e-3; // error from which a vector counts as another

// ---- What follows from the state -----------------------------------------------------------------------------

const in256ths = (numbers) => numbers.map((number) => Math.floor(256 * number + 0.5) / 256);

/** Inputs (2, pairs, d), weights (depth, 2, d, d), and which features are dropped (2 ways, depth, 2, d). */
const drawnFrom = remembered((seed) => ({
  inputs: in256ths(drawnArray([2, N_PAIRS, N_FEATURES], normalFrom(3 * seed))),
  weights: in256ths(
    drawnArray([MAX_DEPTH, 2, N_FEATURES, N_FEATURES], normalFrom(3 * seed + 1)).map((number) => number / 2),
  ),
  dropped: drawnArray([2, MAX_DEPTH, 2, N_FEATURES], normalFrom(3 * seed + 2)).map((number) => number < LOWEST_QUARTER),
}));

/** The branch of a half block, a function of a vector: gain u / (1 + |u|) of u = W x, and what dropout leaves of it.
 *
 * Rounded after each operation, so that it gives NumPy's digits. `draw` is which dropout is drawn.
 */
function branchOf({ weights, dropped }, { gain, randomness }, round, half, draw) {
  const ofGain = round(gain);
  const factor = randomness === "none" ? 1 : round(1 / (1 - RATE));
  const first = half * N_FEATURES;
  return (x, at, i) => {
    if (randomness !== "none" && dropped[draw * MAX_DEPTH * 2 * N_FEATURES + first + i]) return 0;
    const row = (first + i) * N_FEATURES;
    let total = round(weights[row] * x[at]);
    for (let j = 1; j < N_FEATURES; j++) total = round(total + round(weights[row + j] * x[at + j]));
    return round(round(ofGain * round(total / round(1 + Math.abs(total)))) * factor);
  };
}

/** Add the value of a branch of `source` to `target`, or take it away, vector by vector; a new array. */
function changed(target, source, branch, round, sign) {
  const result = target.slice();
  for (let at = 0; at < target.length; at += N_FEATURES) {
    for (let i = 0; i < N_FEATURES; i++) result[at + i] = round(target[at + i] + sign * branch(source, at, i));
  }
  return result;
}

/** One half block there (sign 1) or back (sign −1): f changes the first stream by the second, g the other way round. */
function halfStep([one, two], half, branch, round, sign) {
  return half % 2 ? [one, changed(two, one, branch, round, sign)] : [changed(one, two, branch, round, sign), two];
}

/** The streams after each half block there; `way` is 0 there and 1 back, which differ where dropout is drawn anew. */
function travel(made, setting, precision) {
  const round = ROUNDED[precision];
  const branch = (half, way) => branchOf(made, setting, round, half, setting.randomness === "redrawn" ? way : 0);
  return {
    there: (streams, half) => halfStep(streams, half, branch(half, 0), round, 1),
    back: (streams, half) => halfStep(streams, half, branch(half, 1), round, -1),
    ordinary: (stream, half) => changed(stream, stream, branch(half, 0), round, 1),
  };
}

const inputsOf = ({ inputs }, n_pairs) =>
  range(2).map((s) => inputs.slice(s * N_PAIRS * N_FEATURES, (s * N_PAIRS + n_pairs) * N_FEATURES));

/** Length of the difference of two pairs of streams, against that of the first. */
export function relativeError(truth, found) {
  let [off, all] = [0, 0];
  truth.forEach((stream, s) => {
    stream.forEach((number, i) => {
      off += (found[s][i] - number) ** 2;
      all += number ** 2;
    });
  });
  return Math.sqrt(off) / Math.sqrt(all);
}

/** The error of the inputs that come back, of all pairs, for each of `DEPTHS`. */
const errorsOf = remembered((setting, precision) => {
  const made = drawnFrom(setting.seed, setting.seed);
  const { there, back } = travel(made, setting, precision);
  const first = inputsOf(made, N_PAIRS);
  const ends = [first];
  for (let half = 0; half < 2 * MAX_DEPTH; half++) ends.push(there(ends[half], half));
  return DEPTHS.map((depth) => {
    let streams = ends[2 * depth];
    for (let half = 2 * depth - 1; half >= 0; half--) streams = back(streams, half);
    return relativeError(first, streams);
  });
}, 40);

/** The first pair through the stack: streams after each half block there and each one back; the ordinary network's. */
const roadOf = remembered((setting, precision, n_blocks) => {
  const made = drawnFrom(setting.seed, setting.seed);
  const { there, back, ordinary } = travel(made, setting, precision);
  const [gone, kept] = [[inputsOf(made, 1)], [inputsOf(made, 1)[0]]];
  for (let half = 0; half < 2 * n_blocks; half++) {
    gone.push(there(gone[half], half));
    kept.push(ordinary(kept[half], half));
  }
  const returned = [gone.at(-1)];
  for (let half = 2 * n_blocks - 1; half >= 0; half--) returned.push(back(returned.at(-1), half));
  const largest = Math.max(...[...gone.flat(), ...kept].flatMap((vector) => Array.from(vector, Math.abs)));
  return { gone, kept, returned, largest };
}, 40);

function derive(state) {
  const { seed, gain, randomness, precision, n_blocks } = state;
  const setting = { seed, gain, randomness };
  const key = `${seed} ${gain} ${randomness}`;
  const n_halves = 2 * n_blocks;
  const step = Math.floor(state.step + 1e-9);
  const isBack = step > n_halves;
  const level = isBack ? 2 * n_halves - step : step;
  const road = roadOf(`${key} ${precision} ${n_blocks}`, setting, precision, n_blocks);
  const streams = isBack ? road.returned[step - n_halves] : road.gone[step];
  const before = road.gone[level];
  return {
    ...state,
    ...{ step, isBack, level, n_halves, streams, before },
    underWay: state.step - step, // the share of the next step that is shown, while it plays
    kept: road.kept.slice(0, level),
    largest: road.largest,
    error: relativeError(before, streams),
    errors: PRECISIONS.map((name) => errorsOf(`${key} ${name}`, setting, name)),
    atEnd: relativeError(road.gone[0], road.returned.at(-1)),
  };
}

/** The half block that a step has just gone or taken back; -1 before the first. */
const lastHalf = ({ step, isBack, level }) => (isBack ? level : step - 1);

// ---- The stage: both networks, and what they keep ------------------------------------------------------------

const BAR = 7; // pixels down for a number of a vector
const VECTOR = N_FEATURES * BAR + 4;
const [ONE, TWO, ORDINARY] = [84, 148, 296]; // where the streams lie
const CHART = 340;
const HEIGHT = CHART + 136;
const GRIP = 12; // how far the grip hangs below the chart

function placesOf({ n_halves }, { width }) {
  const [left, right] = [20, width - 20];
  const slot = Math.min(64, (right - left) / n_halves);
  const begin = left + (right - left - slot * n_halves) / 2;
  return { slot, x: (k) => begin + slot * k, wide: clamp(slot - 5, 8, 30) };
}

const chartOf = (picture, { n_halves }) =>
  frameOf(picture, {
    x: [0, 2 * n_halves],
    y: [0, n_halves * N_FEATURES],
    left: 34,
    right: 20,
    top: CHART + 24,
    bottom: 44,
  });

const lineOf = (k) => (k % 2 ? ONE : TWO); // the stream that half block k - 1 changes

function paintStack(picture, facts) {
  const places = placesOf(facts, picture);
  heading(picture, 12, "Reversible network", equationOf(facts));
  heading(picture, 232, "Ordinary residual network, same branches", "");
  drawBlocks(picture, facts, places);
  drawZigZag(picture, facts, places);
  drawHeld(picture, facts, places);
  drawOrdinary(picture, facts, places);
  drawCounts(picture, facts);
}

function heading(picture, y, text, more) {
  label(picture, text, 4, y, { align: "left", bold: true, size: 13 });
  label(picture, more, picture.width - 4, y, { align: "right", size: 13 });
}

/** Where a block ends, and which one it is. */
function drawBlocks(picture, { n_blocks }, { x, slot }) {
  const { line, quiet } = picture.theme;
  for (const block of range(n_blocks)) {
    if (block) {
      stroke(picture, segment(x(2 * block), ONE - 12, x(2 * block), TWO + 12), line, 1, [3, 3]);
    }
    const text = slot > 26 ? `block ${block + 1}` : block + 1;
    label(picture, text, x(2 * block + 1), TWO + VECTOR + 22, { color: quiet, size: 11 });
  }
}

/** Streams as lines, branches as strokes from the stream they read to the one they change. */
function drawZigZag(picture, facts, { x, slot }) {
  const { ink, quiet, accent } = picture.theme;
  const { n_halves, underWay, step, level } = facts;
  for (const y of [ONE, TWO]) stroke(picture, segment(x(0), y, x(n_halves), y), quiet, 1.2);
  const active = lastHalf(facts);
  for (const half of range(n_halves)) {
    const [from, to] = [lineOf(half), lineOf(half + 1)];
    const isActive = half === active;
    stroke(picture, segment(x(half), from, x(half + 1), to), isActive ? ink : quiet, isActive ? 2.6 : 1.2);
    const middle = [x(half + 0.5), (from + to) / 2];
    if (slot > 17) label(picture, half % 2 ? "g" : "f", ...middle, { bold: isActive, size: isActive ? 14 : 12 });
  }
  if (underWay <= 0) return;
  const next = step < n_halves ? level : level - 1; // the half block under way
  const [from, to] = [lineOf(next), lineOf(next + 1)];
  const at = [x(next + underWay), from + underWay * (to - from)];
  mark(picture, "disc", ...at, 6, accent);
}

/** The nodes, and the numbers of the two streams that are held. */
function drawHeld(picture, facts, { x, wide }) {
  const { n_halves, level, streams, before, isBack, largest } = facts;
  const isWrong = facts.error > WRONG;
  const latest = level % 2 ? [level, level - 1] : [Math.max(0, level - 1), level];
  for (const k of range(n_halves + 1)) {
    for (const stream of k ? [k % 2 ? 0 : 1] : [0, 1]) {
      const [at, y] = [x(k), stream ? TWO : ONE];
      if (k !== latest[stream]) MARKS.draw(picture, "gone", at, y);
      else if (isWrong) cross(picture, at, y, 5);
      else MARKS.draw(picture, "held", at, y);
    }
  }
  for (const stream of [0, 1]) {
    const top = stream ? TWO + 10 : ONE - 10 - VECTOR;
    const truth = isBack ? before[stream] : null;
    drawVector(picture, x(latest[stream]), top, wide, streams[stream], largest, picture.theme.accent, truth);
  }
}

/** What the ordinary network keeps: the input of every branch that it has run and not yet gone back through. */
function drawOrdinary(picture, facts, { x, wide }) {
  const { n_halves, kept, largest, level } = facts;
  stroke(picture, segment(x(0), ORDINARY, x(n_halves), ORDINARY), picture.theme.quiet, 1.2);
  for (const k of range(n_halves + 1)) MARKS.draw(picture, k < level ? "stored" : "gone", x(k), ORDINARY);
  kept.forEach((vector, k) => {
    drawVector(picture, x(k), ORDINARY - 10 - VECTOR, wide, vector, largest, picture.theme.alert);
  });
}

/** Numbers as bars to both sides of a middle line; `truth`, where it is another, are strokes where they
 * should end. */
function drawVector(picture, x, top, wide, vector, largest, color, truth = null) {
  const { quiet, ink } = picture.theme;
  stroke(picture, (context) => context.rect(x - wide / 2, top, wide, VECTOR), quiet, 1);
  const reach = (number) => clamp((number / largest) * (wide / 2 - 1), 1 - wide / 2, wide / 2 - 1);
  const barTop = (i) => top + 2 + BAR * i + 1;
  const bars = (context) => {
    vector.forEach((number, i) => {
      context.rect(x + Math.min(0, reach(number)), barTop(i), Math.max(1, Math.abs(reach(number))), BAR - 2);
    });
  };
  wash(picture, bars, color, 1);
  if (!truth) return;
  truth.forEach((number, i) => {
    if (Math.abs(reach(number) - reach(vector[i])) < 1) return;
    const end = x + reach(number);
    stroke(picture, segment(end, barTop(i) - 1, end, barTop(i) + BAR - 1), ink, 2);
  });
}

const ticksOf = (n_halves) => {
  const most = n_halves * N_FEATURES;
  return [0, most / 2, most].map((count) => [count, count]);
};

/** Numbers kept, by step: the ordinary network climbs and comes down, the reversible one stays. The grip is dragged. */
function drawCounts(picture, facts) {
  const { theme } = picture;
  const { n_halves, step, level } = facts;
  const frame = chartOf(picture, facts);
  heading(picture, CHART + 4, "Numbers kept for the way back", "");
  drawAxes(picture, frame, { xTicks: [], yTicks: ticksOf(n_halves) });
  const foot = { color: theme.quiet, size: 11 };
  label(picture, "forward", frame.x(n_halves / 2), frame.bottom + 33, foot);
  label(picture, "inverse", frame.x(1.5 * n_halves), frame.bottom + 33, foot);
  const top = n_halves * N_FEATURES;
  drawLine(picture, frame, [0, n_halves, 2 * n_halves], [0, top, 0], theme.alert, 2, MARKS.kinds.stored.dash);
  drawLine(picture, frame, [0, 2 * n_halves], [2 * N_FEATURES, 2 * N_FEATURES], theme.accent, 2);
  const x = frame.x(step + facts.underWay);
  stroke(picture, segment(x, frame.top - 6, x, frame.bottom + GRIP), theme.ink, 1.2);
  MARKS.draw(picture, "stored", frame.x(step), frame.y(level * N_FEATURES), 6);
  MARKS.draw(picture, "held", frame.x(step), frame.y(2 * N_FEATURES), 6);
  mark(picture, "diamond", x, frame.bottom + GRIP, 9, theme.ink);
}

const MARKS = new Marks({
  held: { shape: "disc", size: 5, fill: "accent", dash: [], text: "the reversible network holds it" },
  stored: { shape: "square", size: 5, fill: "alert", dash: [5, 4], text: "the ordinary network keeps it" },
  gone: { shape: "ring", size: 3.6, fill: "paper", text: "not held" },
});
const MORE_MARKS = [
  { text: "came back wrong", draw: (x, y, picture) => cross(picture, x, y, 5) },
  {
    text: "where a number stood on the way forward",
    draw: (x, y, picture) => stroke(picture, segment(x, y - 5, x, y + 5), picture.theme.ink, 2),
  },
];

// ---- Beside it -----------------------------------------------------------------------------------------------

/** A number as its type writes it: the shortest text that is this number and no other. */
export function digitsOf(number, precision) {
  if (precision === "float64") return String(number).replace("-", "−");
  let digits = 1;
  while (digits < 9 && Math.fround(Number(number.toPrecision(digits))) !== number) digits++;
  return String(Number(number.toPrecision(digits))).replace("-", "−");
}

const ROW = 20;
const nameOf = (i) => `x${1 + Math.floor(i / N_FEATURES)}[${i % N_FEATURES}]`;
const numberOf = (pair, i) => pair[Math.floor(i / N_FEATURES)][i % N_FEATURES];

/** The numbers of both streams at this place, there and back; digits that came back otherwise stand out. */
function paintNumbers(picture, facts) {
  const { theme, width } = picture;
  const { before, streams, isBack, precision, chosen } = facts;
  const columns = [4, 48, 48 + (width - 48) / 2];
  const quiet = { align: "left", color: theme.quiet, size: 11 };
  label(picture, "forward", columns[1], 10, quiet);
  label(picture, "inverse", columns[2], 10, quiet);
  for (const i of range(2 * N_FEATURES)) {
    const y = 10 + ROW * (i + 1) + (i < N_FEATURES ? 0 : 6);
    if (i === chosen) stroke(picture, (context) => context.rect(1, y - 9, width - 2, 18), theme.ink, 1.6);
    label(picture, nameOf(i), columns[0], y, { ...quiet, size: 12 });
    const there = digitsOf(numberOf(before, i), precision);
    label(picture, there, columns[1], y, { align: "left" });
    if (!isBack) continue;
    writeDigits(picture, there, digitsOf(numberOf(streams, i), precision), columns[2], y);
  }
}

/** Digits that are alike as they are, and from the first other one on in bold. */
function writeDigits(picture, there, back, x, y) {
  let alike = 0;
  while (alike < back.length && back[alike] === there[alike]) alike++;
  if (alike === back.length && back.length === there.length) return label(picture, back, x, y, { align: "left" });
  label(picture, back.slice(0, alike), x, y, { align: "left" });
  const { context, theme } = picture;
  context.font = `12px ${theme.font}`;
  const from = x + context.measureText(back.slice(0, alike)).width;
  label(picture, back.slice(alike) || "…", from, y, { align: "left", bold: true, color: theme.alert });
}

const [LEAST, MOST] = [-18, 2]; // powers of ten
const power = (error) => clamp(Math.log10(Math.max(error, 1e-30)), LEAST, MOST);
const SUPERSCRIPTS = { "-": "⁻", 0: "⁰", 1: "¹", 2: "²", 3: "³", 4: "⁴", 5: "⁵", 6: "⁶", 7: "⁷", 8: "⁸", 9: "⁹" };
const raised = (exponent) => `10${[...String(exponent)].map((digit) => SUPERSCRIPTS[digit]).join("")}`;
const CURVES = { float32: ["disc", "accent", []], float64: ["square", "alert", [5, 4]] };

/** The error of the inputs that came back, by depth, in both precisions. */
function paintErrors(picture, { errors, n_blocks, precision }) {
  const { theme } = picture;
  const frame = frameOf(picture, {
    x: [1, MAX_DEPTH],
    y: [LEAST, MOST],
    left: 44,
    right: 14,
    top: 10,
    bottom: 36,
    log: true,
  });
  drawAxes(picture, frame, {
    xTicks: [1, 2, 4, 8, 16, 32, 64].map((depth) => [depth, depth, depth === n_blocks]),
    yTicks: [-16, -12, -8, -4, 0].map((exponent) => [exponent, exponent ? raised(exponent) : "1"]),
    xTitle: "blocks",
  });
  PRECISIONS.forEach((name, p) => {
    const [shape, color, dash] = CURVES[name];
    drawLine(picture, frame, DEPTHS, errors[p].map(power), theme[color], name === precision ? 2.6 : 1.6, dash);
    DEPTHS.forEach((depth, i) => {
      const isPresent = depth === n_blocks;
      mark(picture, shape, frame.x(depth), frame.y(power(errors[p][i])), isPresent ? 6.5 : 2.8, theme[color]);
    });
    const last = errors[p].at(-1);
    label(picture, name, frame.right, frame.y(power(last)) + 14 * (2 * p - 1), {
      align: "right",
      size: 11,
      bold: name === precision,
    });
  });
}

// ---- In words ------------------------------------------------------------------------------------------------

/** An error as it is told: 3.2e−8, 0.25, or 0. */
function told(error) {
  if (error === 0) return "0";
  return error >= 0.01 ? error.toPrecision(2) : error.toExponential(1).replace("-", "−");
}

const EQUATIONS = [
  ["y1 = x1 + f(x2)", "x1 = y1 − f(x2)"],
  ["y2 = x2 + g(y1)", "x2 = y2 − g(y1)"],
];

function equationOf(facts) {
  const half = lastHalf(facts);
  return half < 0 ? "" : EQUATIONS[half % 2][facts.isBack ? 1 : 0];
}

function stepInWords(facts) {
  const { step, isBack, n_halves, error } = facts;
  const of = `Step ${step} of ${2 * n_halves}`;
  if (step === 0) return `${of}: the two streams go in.`;
  const block = Math.floor(lastHalf(facts) / 2) + 1;
  if (!isBack) return `${of}, forward: ${equationOf(facts)} in block ${block}.`;
  const off = error ? `off by ${told(error)}` : "right to the last digit";
  return `${of}, inverse: ${equationOf(facts)} in block ${block}, ${off}.`;
}

function describe(facts) {
  const { n_blocks, n_halves, level, isBack, step, errors, randomness, gain, chosen, before, streams, precision } =
    facts;
  const place = DEPTHS.indexOf(n_blocks);
  const [single, double] = errors.map((ofPrecision) => told(ofPrecision[place]));
  const n_again = step - n_halves;
  const again = isBack ? ` and has run ${n_again === 1 ? "1 branch" : `${n_again} branches`} again` : "";
  const anew = randomness === "redrawn" ? " Dropout was drawn anew: no precision helps." : "";
  const counts = `The ordinary network keeps ${level * N_FEATURES} numbers now, the reversible one ${2 * N_FEATURES}${again}.`;
  const sentence =
    `${stepInWords(facts)} ${counts} Through ${plural(n_blocks, "block")} and back, inputs are off by ` +
    `${single} of their length in float32, ${double} in float64.${anew}`;
  const [there, back] = [before, streams].map((pair) => digitsOf(numberOf(pair, chosen), precision));
  const line = `${nameOf(chosen)} is ${there} on the way forward${isBack ? `, ${back} on the way back` : ""}.`;
  const curve = (p) => DEPTHS.map((depth, i) => `${told(errors[p][i])} at ${depth}`).join(", ");
  const row = (i) =>
    `${nameOf(i)} ${digitsOf(numberOf(before, i), precision)}` +
    (isBack ? `, back ${digitsOf(numberOf(streams, i), precision)}` : "");
  return {
    sentence,
    lines: { chosen: line },
    pictures: {
      stack: `Two networks of ${plural(n_blocks, "block")} with gain ${gain.toFixed(1)}. ${sentence}`,
      numbers: {
        note: step === 0 ? "as they go in" : isBack ? "bold: not as it was" : "on the way forward",
        words: `${range(2 * N_FEATURES)
          .map(row)
          .join("; ")}.`,
      },
      errors: {
        note: "● float32, ■ float64",
        words: `Error by depth: in float32 ${curve(0)}; in float64 ${curve(1)}.`,
      },
    },
  };
}

// ---- What a reader can do ------------------------------------------------------------------------------------

const cycled = (values, now) => values[(values.indexOf(now) + 1) % values.length];

const actions = {
  play: {
    keys: { " ": null },
    help: ["Space", "play the steps, or pause"],
    buttons: { Play: null },
    plays: "step",
    pause: 900,
    eased: "step",
    lasts: 600,
  },
  go: {
    keys: { ".": 1, ",": -1, ArrowRight: 1, ArrowLeft: -1 },
    help: [". ,", "one step on, one back; so do → and ←"],
    buttons: { "Step back": -1, "Next step": 1 },
    steps: "step",
    wraps: true,
    eased: "step",
    lasts: 600,
  },
  choose: {
    keys: { ArrowDown: 1, ArrowUp: -1, n: 1, p: -1 },
    help: ["↑ ↓", "choose the number that is told"],
    steps: "chosen",
    wraps: true,
  },
  deepen: { keys: { d: 1, "Shift+d": -1 }, help: ["D, Shift+D", "one block more or less"], steps: "n_blocks" },
  strengthen: { keys: { g: 0.5, "Shift+g": -0.5 }, help: ["G, Shift+G", "a higher or lower gain"], steps: "gain" },
  refine: {
    keys: { f: null },
    help: ["F", "float32 or float64"],
    run: ({ precision }) => ({ precision: cycled(PRECISIONS, precision) }),
  },
  drop: {
    keys: { s: null },
    help: ["S", "no dropout, its seed replayed, or drawn anew"],
    run: ({ randomness }) => ({ randomness: cycled(["none", "replayed", "redrawn"], randomness) }),
  },
  redraw: {
    keys: { r: null },
    help: ["R", "draw other inputs and weights"],
    buttons: { "Other numbers": null },
    run: ({ seed }) => ({ seed: seed + 1 }),
  },
};

/** The step under a place of the chart. */
const stepAt = (state, picture, x) => {
  const facts = { n_halves: 2 * state.n_blocks };
  return { step: clamp(Math.round(chartOf(picture, facts).xAt(x)), 0, 2 * facts.n_halves) };
};

const pointer = {
  /** What can be held: the grip of the chart. */
  marks(facts, picture) {
    const frame = chartOf(picture, facts);
    return [{ x: frame.x(facts.step), y: frame.bottom + GRIP, reach: 20, grip: true }];
  },
  under: (_, __, { y }) => (y > CHART ? { still: true } : null),
  press: (held, state, place, picture) => held?.still && stepAt(state, picture, place.x),
  drag: (held, state, to, _, picture) => (held ? stepAt(state, picture, to.x) : undefined),
};

export default explore({
  stage: "Two networks. Left and right go a step back or on, space plays; the list of keys stands below.",
  hint: "Play, or drag the diamond. Vectors are four bars; both networks carry gradients back, too, which are not drawn.",
  derive,
  describe,
  draw: {
    stack: { height: () => HEIGHT, paint: paintStack },
    key: MARKS.key({ more: MORE_MARKS }),
    numbers: {
      title: "The two streams, digit by digit",
      height: () => ROW * (2 * N_FEATURES + 1) + 14,
      paint: paintNumbers,
    },
    errors: { title: "Error of the inputs, by depth", height: (width) => 0.62 * width, paint: paintErrors },
  },
  report: ({ streams, level, error, errors }) => ({
    streams: shaped(Float64Array.from([...streams[0], ...streams[1]]), 2, N_FEATURES),
    kept: shaped(Int32Array.from([level * N_FEATURES, 2 * N_FEATURES]), 2),
    error,
    errors: shaped(Float64Array.from(errors.flat()), 2, DEPTHS.length),
  }),
  actions,
  pointer,
  presets: {
    "A gentle stack": { n_blocks: 4, gain: 0.5, randomness: "none" },
    "A strong one of 12 blocks": { n_blocks: 12, gain: 4, randomness: "none" },
    "A seed that is not replayed": { n_blocks: 4, gain: 1, randomness: "redrawn", precision: "float64" },
  },
  tasks: [
    {
      text: "Come to a step at which the ordinary network keeps ten times as many numbers as the reversible one.",
      done: ({ level }) => level >= 20,
    },
    {
      text: "Keep dropout replayed or off, and make float32 wrong by 0.001 over 64 blocks.",
      done: ({ errors, randomness }) => randomness !== "redrawn" && errors[0].at(-1) >= 0.001,
    },
    {
      text: "In float64, go all the way back and find inputs that are wrong in their first digit.",
      done: ({ precision, step, n_halves, error }) => precision === "float64" && step === 2 * n_halves && error > 0.1,
    },
  ],
});
