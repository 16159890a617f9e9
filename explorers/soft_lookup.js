// The explorer of the soft look-up: a query on a road, averages of all values by their weights, and of the nearest.
// Letters as in reformer/neighbors.py: L points, k neighbours, h bandwidth.
import { drawAxes, drawBars, drawCurve, frameOf, label, Marks, segment, stroke, wash } from "./shared/charts.js";
import { explore } from "./shared/explore.js";
import { hardEstimate, kernelWeights, nearestKeys, softEstimate } from "./shared/lsh.js";
import {
  clamp,
  drawnArray,
  normalFrom,
  percent,
  range,
  shaped,
  signed,
  uniformFrom,
  withRow,
  wrapped,
} from "./shared/numbers.js";
import { drawChosenRing } from "./shared/points.js";

const [ROAD, HIGHEST] = [10, 2];
const [NARROWEST, WIDEST] = [0.05, 3];

// ---- What follows from the state -----------------------------------------------------------------------------

const byPlace = (keys) => range(keys.length).sort((i, j) => keys[i] - keys[j] || i - j);

/** Where the k nearest change along the road, and their average in between: [{from, to, value}].
 *
 * In the order of the road the k nearest are a run; it moves one point on where the first of it is as far as the next.
 */
export function stairs(keys, values, k) {
  const order = byPlace(keys);
  return range(keys.length - k + 1).map((start) => {
    const border = (i) => (keys[order[i]] + keys[order[i + k]]) / 2;
    return {
      from: start ? border(start - 1) : 0,
      to: start + k < keys.length ? border(start) : ROAD,
      value: order.slice(start, start + k).reduce((sum, i) => sum + values[i] / k, 0),
    };
  });
}

function derive(state) {
  const { keys_on_road: keys, values, query, bandwidth, n_near } = state;
  const weights = kernelWeights(keys, query, bandwidth);
  const neighbors = nearestKeys(keys, query, n_near);
  return {
    ...state,
    ...{ keys, weights, neighbors },
    estimate: softEstimate(keys, values, query, bandwidth),
    hard: hardEstimate(keys, values, query, n_near),
    steps: stairs(keys, values, n_near),
    heaviest: weights.indexOf(Math.max(...weights)),
    held: neighbors.reduce((sum, i) => sum + weights[i], 0),
    average: values.reduce((sum, value) => sum + value / keys.length, 0),
    alongRoad: byPlace(keys),
  };
}

// ---- The road ------------------------------------------------------------------------------------------------

const yTicks = [-2, -1, 0, 1, 2].map((value) => [value, signed(value, 0)]);
const roadOf = (picture) => frameOf(picture, { x: [0, ROAD], y: [-HIGHEST, HIGHEST], right: 14 });

const MARKS = new Marks({
  soft: { shape: "star", size: 9, fill: "accent", dash: [], text: "soft estimate" },
  hard: { shape: "square", size: 6, fill: "alert", dash: [5, 4], text: "hard estimate" },
  near: { shape: "disc", size: 5.5, fill: "ink", text: "one of the nearest" },
  other: { shape: "ring", size: 5.5, fill: "paper", text: "any other point" },
});

function paintRoad(picture, facts) {
  const { theme } = picture;
  const frame = roadOf(picture);
  const { keys, values, bandwidth, query } = facts;
  drawAxes(picture, frame, { xTicks: range(6).map((i) => [2 * i, 2 * i]), yTicks });
  drawKernel(picture, facts, frame);
  stroke(picture, segment(frame.x(query), frame.top, frame.x(query), frame.bottom), theme.ink);
  const treads = (context) => {
    for (const { from, to, value } of facts.steps) {
      context.lineTo(frame.x(from), frame.y(value));
      context.lineTo(frame.x(to), frame.y(value));
    }
  };
  stroke(picture, treads, theme.alert, 1.4, MARKS.kinds.hard.dash);
  drawCurve(picture, frame, (place) => softEstimate(keys, values, place, bandwidth), theme.accent, 2.2);
  for (const i of range(keys.length)) drawPoint(picture, facts, frame, i);
  MARKS.draw(picture, "hard", frame.x(query), frame.y(facts.hard));
  MARKS.draw(picture, "soft", frame.x(query), frame.y(facts.estimate));
}

/** The kernel on the ground below the query: how far it reaches. */
function drawKernel(picture, { query, bandwidth }, frame) {
  const height = 0.17 * (frame.bottom - frame.top);
  const bell = (context) => {
    context.moveTo(frame.left, frame.bottom);
    for (let at = frame.left; at <= frame.right; at++) {
      context.lineTo(at, frame.bottom - height * Math.exp(-((frame.xAt(at) - query) ** 2) / (2 * bandwidth ** 2)));
    }
    context.lineTo(frame.right, frame.bottom);
  };
  wash(picture, bell, picture.theme.accent, 0.18);
  stroke(picture, bell, picture.theme.accent);
}

/** A point whose area grows with its weight; its name stands on the side away from the curve. */
function drawPoint(picture, { keys, values, bandwidth, weights, neighbors, chosen }, frame, i) {
  const [x, y] = [frame.x(keys[i]), frame.y(values[i])];
  const size = 3.5 + 9 * Math.sqrt(weights[i]);
  MARKS.draw(picture, neighbors.includes(i) ? "near" : "other", x, y, size);
  if (i === chosen) drawChosenRing(picture, x, y, size + 4);
  if (keys.length > 40 && i !== chosen && !neighbors.includes(i)) return;
  const side = values[i] < softEstimate(keys, values, keys[i], bandwidth) ? 1 : -1;
  label(picture, `p${i}`, x, y + side * (size + 10), { color: picture.theme.quiet, size: 11 });
}

/** In the key, how the bell under the query looks. */
function drawReach(x, y, picture) {
  const bell = (context) => context.arc(x, y + 6, 9, Math.PI, 2 * Math.PI);
  wash(picture, bell, picture.theme.accent, 0.18);
  stroke(picture, bell, picture.theme.accent);
}

// ---- Beside it -----------------------------------------------------------------------------------------------

/** Weight of each point, in the order of the road; the even weights of the hard twin dashed around them. */
function paintBars(picture, { alongRoad, weights, neighbors, n_near }) {
  const { theme } = picture;
  const isFew = weights.length <= 40;
  const bars = alongRoad.map((i) => ({
    value: weights[i],
    text: isFew && weights[i] >= 0.005 ? Math.round(100 * weights[i]) : "",
    name: isFew ? `p${i}` : "",
    color: theme.accent,
    strong: neighbors.includes(i),
  }));
  const places = drawBars(picture, bars, { right: 4, top: 20, high: 1 / n_near });
  alongRoad.forEach((i, place) => {
    if (!neighbors.includes(i)) return;
    const { x, slot, yOf } = places[place];
    const box = (context) => context.rect(x - 0.42 * slot, yOf(1 / n_near), 0.84 * slot, yOf(0) - yOf(1 / n_near));
    stroke(picture, box, theme.alert, 1.4, [4, 3]);
  });
}

/** The estimate at the query for every bandwidth, from the nearest value to the average of all. */
function paintBandwidths(picture, { keys, values, query, bandwidth, estimate, average }) {
  const { theme } = picture;
  const frame = frameOf(picture, { x: [NARROWEST, WIDEST], y: [-HIGHEST, HIGHEST], right: 14, log: true });
  drawAxes(picture, frame, { xTicks: [0.05, 0.2, 1, 3].map((h) => [h, h]), yTicks });
  stroke(picture, segment(frame.left, frame.y(average), frame.right, frame.y(average)), theme.ink, 1, [2, 3]);
  drawCurve(picture, frame, (h) => softEstimate(keys, values, query, h), theme.accent, 2.2);
  MARKS.draw(picture, "soft", frame.x(bandwidth), frame.y(estimate));
}

// ---- In words ------------------------------------------------------------------------------------------------

function describe(facts) {
  const { keys, values, weights, alongRoad, query, bandwidth, heaviest, n_near, held, hard, average, chosen } = facts;
  const nearest = n_near === 1 ? "the nearest point holds" : `the ${n_near} nearest hold`;
  const byThemselves = n_near === 1 ? "and by itself" : "and by themselves, with equal weights,";
  const sentence =
    `At ${query.toFixed(1)} with bandwidth ${bandwidth.toFixed(2)} the estimate is ${signed(facts.estimate)}. ` +
    `Point ${heaviest} weighs most, ${percent(weights[heaviest])}; ${nearest} ${percent(held)} of the weight, ` +
    `${byThemselves} would give ${signed(hard)}.`;
  const listed = alongRoad.map((i) => `point ${i}, ${Math.round(100 * weights[i])}`).join("; ");
  const [narrow, wide] = [NARROWEST, WIDEST].map((h) => signed(softEstimate(keys, values, query, h)));
  const place = `Point ${chosen} at ${keys[chosen].toFixed(1)}, value ${signed(values[chosen])}`;
  return {
    sentence,
    lines: { chosen: `${place}, weighs ${percent(weights[chosen])}.` },
    pictures: {
      road: `${keys.length} points along a road from 0 to ${ROAD}. ${sentence}`,
      bars: {
        note: `dashed: hard, ${Math.round(100 / n_near)} each`,
        words: `Weights in per cent, along the road: ${listed}. The nearest ${n_near} hold ${percent(held)}.`,
      },
      bandwidths: {
        note: "dotted: average of all",
        words:
          `The estimate at the query goes from ${narrow} at bandwidth ${NARROWEST} to ${wide} at bandwidth ` +
          `${WIDEST}; the average of all values is ${signed(average)}.`,
      },
    },
  };
}

// ---- What a reader can do ------------------------------------------------------------------------------------

const toQuery = (place) => ({ query: clamp(Number(place.toFixed(2)), 0, ROAD) });
const moveTo = ({ keys_on_road, values }, i, place, value) => ({
  keys_on_road: withRow(keys_on_road, i, [clamp(place, 0, ROAD)]),
  values: withRow(values, i, [clamp(value, -HIGHEST, HIGHEST)]),
});

const actions = {
  moveQuery: {
    keys: { ArrowLeft: -0.1, ArrowRight: 0.1, "Shift+ArrowLeft": -0.5, "Shift+ArrowRight": 0.5 },
    help: ["← →", "move the query; with Shift in larger steps"],
    steps: "query",
  },
  widen: {
    keys: { ArrowUp: 0.05, ArrowDown: -0.05 },
    help: ["↑ ↓", "make the bandwidth larger or smaller"],
    steps: "bandwidth",
  },
  moreNeighbors: {
    keys: { k: 1, "Shift+k": -1 },
    help: ["K, Shift+K", "one neighbour more or less"],
    steps: "n_near",
  },
  choose: {
    keys: { n: 1, p: -1 },
    help: ["N, P", "choose the next or the previous point along the road (the ringed one)"],
    run(state, step) {
      const alongRoad = byPlace(state.keys_on_road);
      return { chosen: alongRoad[wrapped(alongRoad.indexOf(state.chosen) + step, 0, alongRoad.length)] };
    },
  },
  move: {
    keys: { w: [0, 0.1], s: [0, -0.1], a: [-0.1, 0], d: [0.1, 0] },
    help: ["W, A, S, D", "move the chosen point"],
    run: (state, [right, up]) =>
      moveTo(state, state.chosen, state.keys_on_road[state.chosen] + right, state.values[state.chosen] + up),
  },
  drawNew: {
    keys: { r: null },
    help: ["R", "draw new points"],
    buttons: { "Draw new points": null },
    eased: "values",
    run({ seed, values }) {
      const [uniform, normal] = [uniformFrom(seed + 1), normalFrom(seed + 1)];
      const keys = drawnArray(values.shape, (_, i) => (ROAD * (i + 0.1 + 0.8 * uniform())) / values.length);
      const drawn = keys.map((key) => clamp(1.2 * Math.sin(key) + 0.3 * normal(), -HIGHEST, HIGHEST));
      return { seed: seed + 1, keys_on_road: keys, values: shaped(drawn, ...values.shape) };
    },
  },
};

const pointer = {
  /** What can be held: points, and the query's two marks. */
  marks({ keys, values, query, estimate, hard }, picture) {
    const frame = roadOf(picture);
    const points = range(keys.length).map((i) => ({ x: frame.x(keys[i]), y: frame.y(values[i]), reach: 14, point: i }));
    return [...points, ...[estimate, hard].map((at) => ({ x: frame.x(query), y: frame.y(at), reach: 14 }))];
  },
  grab: ({ point }) => point !== undefined && { chosen: point },
  press: (held, _, place, picture) => held?.point === undefined && toQuery(roadOf(picture).xAt(place.x)),
  drag(held, state, to, _, picture) {
    const frame = roadOf(picture);
    if (held?.point === undefined) return toQuery(frame.xAt(to.x));
    return moveTo(state, held.point, frame.xAt(to.x), frame.yAt(to.y));
  },
};

export default explore({
  stage: "The road. Arrow keys move the query; the list of keys stands below.",
  hint: "Press or drag to move the query. Drag a point to move it. The larger a point, the more it weighs.",
  derive,
  describe,
  draw: {
    road: { height: (width) => 0.74 * width, paint: paintRoad },
    key: MARKS.key({
      more: [{ text: "how far the query reaches", draw: drawReach }],
      words: "The soft curve is whole, the hard one dashed; the bell shows the query's reach.",
    }),
    bars: { title: "Weights in per cent", height: (width) => 0.42 * width, paint: paintBars },
    bandwidths: { title: "Estimate by bandwidth", height: (width) => 0.44 * width, paint: paintBandwidths },
  },
  report: ({ weights, estimate, neighbors, hard }) => ({
    weights: shaped(Float64Array.from(weights), weights.length),
    estimate,
    neighbors: shaped(Int32Array.from(neighbors), neighbors.length),
    hard_estimate: hard,
  }),
  actions,
  pointer,
  presets: {
    "The nearest alone": { bandwidth: NARROWEST, n_near: 1 },
    "Nearly the average of all": { bandwidth: WIDEST },
  },
  tasks: [
    {
      text: "Make one point weigh more than 99 %.",
      done: ({ weights, heaviest }) => weights[heaviest] > 0.99,
    },
    {
      text: "Make the soft and the hard estimate agree to 0.01, with at least two neighbours.",
      done: ({ estimate, hard, n_near }) => n_near > 1 && Math.abs(estimate - hard) < 0.01,
    },
    {
      text: "Bring the estimate as near to the average of all as 0.05.",
      done: ({ estimate, average }) => Math.abs(estimate - average) < 0.05,
    },
  ],
});
