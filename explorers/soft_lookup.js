// The explorer of the soft look-up: state comes in as traits, `derive` averages, three pictures and a sentence show it.
// Letters as in reformer/neighbors.py: L points, k neighbours, h bandwidth.
import {
  button,
  clamp,
  closest,
  controlPanel,
  decode,
  drawChosenRing,
  encode,
  keepDrawn,
  label,
  layOut,
  marker,
  marksInWords,
  normalFrom,
  onKeys,
  percent,
  Picture,
  slider,
  throttledSave,
  uniformFrom,
  wrapped,
} from "./shared.js";

const ROAD = 10;
const HIGHEST = 2;
const [NARROWEST, WIDEST] = [0.05, 3];
const short = (number) => (Math.abs(number) < 0.005 ? 0 : number).toFixed(2).replace("-", "−");
const snapped = (number) => Math.round(100 * number) / 100; // so that a hundred key presses add up to a round number

// ---- Averaging -----------------------------------------------------------------------------------------------

/** Weight of each key for a query: exp(-r^2 / 2 h^2), divided by their sum. The twin of kernel_regression's. */
export function weightsOf(keys, query, bandwidth) {
  const exponents = Array.from(keys, (key) => -((query - key) ** 2) / (2 * bandwidth ** 2));
  const largest = Math.max(...exponents);
  const kernel = exponents.map((exponent) => Math.exp(exponent - largest));
  const sum = kernel.reduce((total, one) => total + one, 0);
  return kernel.map((one) => one / sum);
}

export function softEstimate(keys, values, query, bandwidth) {
  return weightsOf(keys, query, bandwidth).reduce((sum, weight, i) => sum + weight * values[i], 0);
}

/** The k keys nearest to the query, the nearest first, the lower one where two are equally near. */
export function nearest(keys, query, k) {
  const away = Array.from(keys, (key) => Math.abs(key - query));
  return away
    .map((_, i) => i)
    .sort((i, j) => away[i] - away[j] || i - j)
    .slice(0, k);
}

export function hardEstimate(keys, values, query, k) {
  return nearest(keys, query, k).reduce((sum, i) => sum + values[i] / k, 0);
}

/** Everything that follows from the traits. */
function derive(model) {
  const keys = decode(model.get("keys_on_road"));
  const values = decode(model.get("values"));
  const [query, bandwidth] = [model.get("query"), model.get("bandwidth")];
  const n_near = clamp(model.get("n_near"), 1, keys.length);
  const weights = weightsOf(keys, query, bandwidth);
  const neighbors = nearest(keys, query, n_near);
  return {
    keys,
    values,
    query,
    bandwidth,
    n_near,
    chosen: clamp(model.get("chosen"), 0, keys.length - 1),
    weights,
    neighbors,
    estimate: softEstimate(keys, values, query, bandwidth),
    hard: hardEstimate(keys, values, query, n_near),
    heaviest: weights.indexOf(Math.max(...weights)),
    held: neighbors.reduce((sum, i) => sum + weights[i], 0),
    average: values.reduce((sum, value) => sum + value, 0) / values.length,
    alongRoad: Array.from(keys, (_, i) => i).sort((i, j) => keys[i] - keys[j] || i - j),
  };
}

function describe({ query, bandwidth, estimate, hard, heaviest, weights, n_near, held }) {
  const soft = `At ${query.toFixed(1)} with bandwidth ${bandwidth.toFixed(2)} the estimate is ${short(estimate)}.`;
  const most = `Point ${heaviest} weighs most, ${percent(weights[heaviest])}`;
  const near = n_near === 1 ? "the nearest point holds" : `the ${n_near} nearest hold`;
  return `${soft} ${most}; ${near} ${percent(held)} of the weight, and by themselves would give ${short(hard)}.`;
}

// ---- The road ------------------------------------------------------------------------------------------------

/** Where road and values lie on a canvas. */
function frameOf(width, height) {
  const [left, right, top, bottom] = [34, width - 14, 12, height - 30];
  return {
    left,
    right,
    top,
    bottom,
    x: (place) => left + ((right - left) * place) / ROAD,
    y: (value) => bottom - ((bottom - top) * (value + HIGHEST)) / (2 * HIGHEST),
    placeAt: (x) => clamp(((x - left) / (right - left)) * ROAD, 0, ROAD),
    valueAt: (y) => clamp(((bottom - y) / (bottom - top)) * 2 * HIGHEST - HIGHEST, -HIGHEST, HIGHEST),
  };
}

function drawRoad(picture, theme, state) {
  const context = picture.begin(theme);
  const frame = frameOf(picture.width, picture.height);
  drawGrid(context, theme, frame);
  drawKernel(context, theme, state, frame);
  const { keys, values, bandwidth, n_near } = state;
  const hard = (place) => hardEstimate(keys, values, place, n_near);
  drawCurve(context, frame, hard, { strokeStyle: theme.alert, lineWidth: 1.4 }, MARKS.hard.dashes);
  const soft = (place) => softEstimate(keys, values, place, bandwidth);
  drawCurve(context, frame, soft, { strokeStyle: theme.accent, lineWidth: 2.2 });
  drawQuery(context, theme, state, frame);
  for (let i = 0; i < keys.length; i++) drawPoint(context, theme, state, frame, i);
  drawMark(context, theme, "hard", frame.x(state.query), frame.y(state.hard));
  drawMark(context, theme, "soft", frame.x(state.query), frame.y(state.estimate));
}

function drawGrid(context, theme, { left, right, bottom, x, y }) {
  const small = { color: theme.quiet, font: `11px ${theme.font}` };
  for (const value of [-2, -1, 0, 1, 2]) {
    Object.assign(context, { strokeStyle: theme.line, lineWidth: 1 });
    context.beginPath();
    context.moveTo(left, y(value));
    context.lineTo(right, y(value));
    context.stroke();
    label(context, theme, String(value).replace("-", "−"), left - 9, y(value), { ...small, align: "right" });
  }
  for (let place = 0; place <= ROAD; place += 2) label(context, theme, place, x(place), bottom + 13, small);
}

/** The kernel on the ground below the query: how far it reaches. */
function drawKernel(context, theme, { query, bandwidth }, { left, right, bottom, top, x, placeAt }) {
  const height = 0.17 * (bottom - top);
  context.beginPath();
  context.moveTo(left, bottom);
  for (let at = left; at <= right; at++) {
    context.lineTo(at, bottom - height * Math.exp(-((placeAt(at) - query) ** 2) / (2 * bandwidth ** 2)));
  }
  context.lineTo(right, bottom);
  context.globalAlpha = 0.18;
  context.fillStyle = theme.accent;
  context.fill();
  context.globalAlpha = 1;
}

function drawCurve(context, { left, right, y, placeAt }, estimateAt, style, dashes = []) {
  context.beginPath();
  for (let at = left; at <= right; at++) context.lineTo(at, y(estimateAt(placeAt(at))));
  Object.assign(context, style);
  context.setLineDash(dashes);
  context.stroke();
  context.setLineDash([]);
}

function drawQuery(context, theme, { query }, { top, bottom, x }) {
  context.beginPath();
  context.moveTo(x(query), top);
  context.lineTo(x(query), bottom);
  Object.assign(context, { strokeStyle: theme.ink, lineWidth: 1 });
  context.stroke();
}

const MARKS = {
  soft: { shape: "star", size: 9, fill: "accent", dashes: [], text: "soft estimate" },
  hard: { shape: "square", size: 6, fill: "alert", dashes: [5, 4], text: "hard estimate" },
  near: { shape: "disc", size: 5.5, fill: "ink", text: "one of the nearest" },
  other: { shape: "ring", size: 5.5, fill: "paper", text: "any other point" },
};

function drawMark(context, theme, kind, x, y, size = MARKS[kind].size) {
  const { shape, fill } = MARKS[kind];
  context.beginPath();
  marker(context, shape, x, y, size);
  const rim = kind === "other" ? theme.quiet : theme.paper;
  Object.assign(context, { fillStyle: theme[fill], lineWidth: 1.5, strokeStyle: rim });
  context.fill();
  context.stroke();
}

/** A point whose area grows with its weight; its number stands on the side away from the curve. */
function drawPoint(context, theme, { keys, values, bandwidth, weights, neighbors, chosen }, { x, y }, i) {
  const [atX, atY] = [x(keys[i]), y(values[i])];
  const size = 3.5 + 9 * Math.sqrt(weights[i]);
  drawMark(context, theme, neighbors.includes(i) ? "near" : "other", atX, atY, size);
  if (i === chosen) drawChosenRing(context, theme, atX, atY, size + 4);
  const side = values[i] < softEstimate(keys, values, keys[i], bandwidth) ? 1 : -1;
  label(context, theme, i, atX, atY + side * (size + 10), { color: theme.quiet, font: `11px ${theme.font}` });
}

/** The key of the marks, drawn with the marks themselves, and the estimates' marks on their lines. */
function drawKey(picture, theme) {
  const context = picture.begin(theme);
  const column = picture.width / 2;
  Object.entries(MARKS).forEach(([kind, { fill, dashes, text }], i) => {
    const [x, y] = [18 + column * (i % 2), 12 + 22 * Math.floor(i / 2)];
    if (dashes) {
      context.beginPath();
      context.moveTo(x - 16, y);
      context.lineTo(x + 16, y);
      Object.assign(context, { strokeStyle: theme[fill], lineWidth: 1.8 });
      context.setLineDash(dashes);
      context.stroke();
      context.setLineDash([]);
    }
    drawMark(context, theme, kind, x, y, kind === "soft" ? 8 : 5.5);
    label(context, theme, text, x + 22, y, { align: "left", color: theme.quiet });
  });
}

// ---- The bars and the bandwidth ------------------------------------------------------------------------------

/** Weight of each point, in the order of the road; the even weights of the hard twin dashed around them. */
function drawBars(picture, theme, { alongRoad, weights, neighbors, n_near }) {
  const context = picture.begin(theme);
  const [left, right, top, bottom] = [4, picture.width - 4, 20, picture.height - 20];
  const highest = Math.max(...weights, 1 / n_near);
  const slot = (right - left) / weights.length;
  const height = (weight) => ((bottom - top) * weight) / highest;
  alongRoad.forEach((i, place) => {
    const [x, isNear] = [left + slot * place, neighbors.includes(i)];
    context.globalAlpha = isNear ? 0.85 : 0.35;
    context.fillStyle = theme.accent;
    context.fillRect(x + 0.16 * slot, bottom - height(weights[i]), 0.68 * slot, height(weights[i]));
    context.globalAlpha = 1;
    if (isNear) {
      Object.assign(context, { strokeStyle: theme.alert, lineWidth: 1.4 });
      context.setLineDash([4, 3]);
      context.strokeRect(x + 0.08 * slot, bottom - height(1 / n_near), 0.84 * slot, height(1 / n_near));
      context.setLineDash([]);
    }
    const style = { color: isNear ? theme.ink : theme.quiet, font: `${isNear ? "700 " : ""}11px ${theme.font}` };
    if (weights[i] >= 0.005)
      label(context, theme, Math.round(100 * weights[i]), x + slot / 2, bottom - height(weights[i]) - 9, style);
    label(context, theme, i, x + slot / 2, bottom + 11, style);
  });
}

/** The estimate at the query for every bandwidth, from the nearest value to the average of all. */
function drawBandwidths(picture, theme, { keys, values, query, bandwidth, estimate, average }) {
  const context = picture.begin(theme);
  const frame = frameOf(picture.width, picture.height);
  const { left, right, bottom, y } = frame;
  drawGrid(context, theme, { ...frame, x: () => -100 });
  const range = Math.log(WIDEST / NARROWEST);
  const x = (h) => left + ((right - left) * Math.log(h / NARROWEST)) / range;
  const small = { color: theme.quiet, font: `11px ${theme.font}` };
  for (const h of [0.05, 0.2, 1, 3]) label(context, theme, h, x(h), bottom + 13, small);
  context.beginPath();
  context.moveTo(left, y(average));
  context.lineTo(right, y(average));
  Object.assign(context, { strokeStyle: theme.ink, lineWidth: 1 });
  context.setLineDash([2, 3]);
  context.stroke();
  context.setLineDash([]);
  context.beginPath();
  for (let at = left; at <= right; at++) {
    const h = NARROWEST * Math.exp((range * (at - left)) / (right - left));
    context.lineTo(at, y(softEstimate(keys, values, query, h)));
  }
  Object.assign(context, { strokeStyle: theme.accent, lineWidth: 2.2 });
  context.stroke();
  drawMark(context, theme, "soft", x(bandwidth), y(estimate));
}

// ---- The widget ----------------------------------------------------------------------------------------------

const KEYS = [
  ["← →", "move the query; with Shift in larger steps"],
  ["↑ ↓", "make the bandwidth larger or smaller"],
  ["K, Shift+K", "one neighbour more or less"],
  ["N, P", "choose the next or the previous point along the road (the ringed one)"],
  ["W, A, S, D", "move the chosen point"],
  ["R", "draw new points"],
];

/** Changes of the traits that keys, pointer and buttons share. */
function actions(model) {
  const nPoints = () => model.get("keys_on_road").shape[0];
  const change = (name, i, to) => {
    const array = decode(model.get(name));
    array[i] = to;
    model.set(name, encode(array, [array.length]));
  };
  return {
    moveQuery: (to) => model.set("query", clamp(snapped(to), 0, ROAD)),
    stepQuery: (step) => model.set("query", clamp(snapped(model.get("query") + step), 0, ROAD)),
    widen: (step) => model.set("bandwidth", clamp(snapped(model.get("bandwidth") + step), NARROWEST, WIDEST)),
    moreNeighbors: (step) => model.set("n_near", clamp(model.get("n_near") + step, 1, nPoints())),
    choose(step) {
      const { alongRoad, chosen } = derive(model);
      model.set("chosen", alongRoad[wrapped(alongRoad.indexOf(chosen) + step, 0, nPoints())]);
    },
    movePoint(i, place, value) {
      change("keys_on_road", i, clamp(place, 0, ROAD));
      change("values", i, clamp(value, -HIGHEST, HIGHEST));
    },
    stepPoint(right, up) {
      const { keys, values, chosen } = derive(model);
      this.movePoint(chosen, keys[chosen] + right, values[chosen] + up);
    },
    drawNew() {
      const [length, seed] = [nPoints(), model.get("seed") + 1];
      const [uniform, normal] = [uniformFrom(seed), normalFrom(seed)];
      const keys = Float64Array.from({ length }, (_, i) => (ROAD * (i + 0.1 + 0.8 * uniform())) / length);
      const values = keys.map((key) => clamp(1.2 * Math.sin(key) + 0.3 * normal(), -HIGHEST, HIGHEST));
      model.set("seed", seed);
      model.set("keys_on_road", encode(keys, [length]));
      model.set("values", encode(values, [length]));
    },
  };
}

/** Drag a point to move it; press or drag anywhere else to move the query. */
function listenToPointer(canvas, model, action) {
  let dragged = null;
  const follow = (event) => {
    const frame = frameOf(canvas.clientWidth, canvas.clientHeight);
    if (dragged === "query") return action.moveQuery(frame.placeAt(event.offsetX));
    action.movePoint(dragged, frame.placeAt(event.offsetX), frame.valueAt(event.offsetY));
  };
  canvas.addEventListener("pointerdown", (event) => {
    const { keys, values } = derive(model);
    const frame = frameOf(canvas.clientWidth, canvas.clientHeight);
    const [away, i] = closest(keys.length, (i) =>
      Math.hypot(frame.x(keys[i]) - event.offsetX, frame.y(values[i]) - event.offsetY),
    );
    dragged = away < 14 ? i : "query";
    if (dragged === "query") follow(event);
    else model.set("chosen", i);
    canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener("pointermove", (event) => dragged !== null && follow(event));
  for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, () => (dragged = null));
}

function listenToKeys(el, action) {
  onKeys(el, {
    ArrowLeft: (event) => action.stepQuery(event.shiftKey ? -0.5 : -0.1),
    ArrowRight: (event) => action.stepQuery(event.shiftKey ? 0.5 : 0.1),
    ArrowUp: () => action.widen(0.05),
    ArrowDown: () => action.widen(-0.05),
    k: (event) => action.moreNeighbors(event.shiftKey ? -1 : 1),
    n: () => action.choose(1),
    p: () => action.choose(-1),
    w: () => action.stepPoint(0, 0.1),
    s: () => action.stepPoint(0, -0.1),
    a: () => action.stepPoint(-0.1, 0),
    d: () => action.stepPoint(0.1, 0),
    r: action.drawNew,
  });
}

/** The native controls: { element, refresh }. */
function controls(model, action) {
  const nPoints = model.get("keys_on_road").shape[0];
  return controlPanel(
    slider(model, "query", "Query", { min: 0, max: ROAD, step: 0.1, show: (query) => query.toFixed(1) }),
    slider(model, "bandwidth", "Bandwidth h", {
      min: NARROWEST,
      max: WIDEST,
      step: 0.05,
      show: (bandwidth) => bandwidth.toFixed(2),
    }),
    slider(model, "n_near", "Nearest neighbours k", { min: 1, max: nPoints }),
    button("Draw new points", action.drawNew),
  );
}

/** What the pictures say to those who do not see them. */
function describePictures({ road, key, bars, bandwidths }, state) {
  const { keys, values, weights, alongRoad, query, average, n_near, held } = state;
  road.describe(`${keys.length} points along a road from 0 to ${ROAD}. ${describe(state)}`);
  key.describe(`${marksInWords(MARKS)} The soft curve is whole, the hard one dashed.`);
  bars.note.textContent = `dashed: hard, ${Math.round(100 / n_near)} each`;
  bars.describe(
    `Weights in per cent, along the road: ${alongRoad
      .map((i) => `point ${i}, ${Math.round(100 * weights[i])}`)
      .join("; ")}. The nearest ${n_near} hold ${percent(held)}.`,
  );
  bandwidths.note.textContent = "dotted: average of all";
  const [narrow, wide] = [NARROWEST, WIDEST].map((h) => short(softEstimate(keys, values, query, h)));
  bandwidths.describe(
    `The estimate at the query goes from ${narrow} at bandwidth ${NARROWEST} to ${wide} at bandwidth ${WIDEST}; ` +
      `the average of all values is ${short(average)}.`,
  );
}

const INPUTS = ["keys_on_road", "values", "query", "bandwidth", "n_near", "chosen"];
const STAGE = "The road. Arrow keys move the query; the list of keys stands below.";
const HINT = "Press or drag to move the query. Drag a point to move it. The larger a point, the more it weighs.";

/** Tell Python what the browser computed. */
function report(model, { weights, estimate, neighbors, hard }) {
  model.set("weights", encode(Float64Array.from(weights), [weights.length]));
  model.set("estimate", estimate);
  model.set("neighbors", encode(Int32Array.from(neighbors), [neighbors.length]));
  model.set("hard_estimate", hard);
}

function render({ model, el }) {
  const action = actions(model);
  const panel = controls(model, action);
  const pictures = {
    road: new Picture("", (width) => 0.74 * width),
    key: new Picture("", () => 46),
    bars: new Picture("Weights in per cent", (width) => 0.42 * width),
    bandwidths: new Picture("Estimate by bandwidth", (width) => 0.44 * width),
  };
  const { root, stage, hint, words } = layOut(pictures, panel, STAGE, KEYS);
  hint.textContent = HINT;
  el.append(root);
  const save = throttledSave(model);

  const { stop } = keepDrawn(root, model, INPUTS, (theme) => {
    const state = derive(model);
    panel.refresh();
    drawRoad(pictures.road, theme, state);
    drawKey(pictures.key, theme);
    drawBars(pictures.bars, theme, state);
    drawBandwidths(pictures.bandwidths, theme, state);
    describePictures(pictures, state);
    words.say(describe(state));
    report(model, state);
    save();
  });
  listenToKeys(stage, action);
  listenToPointer(pictures.road.canvas, model, action);
  return stop;
}

export default { render };
