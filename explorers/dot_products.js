// The explorer of dot products: a query and keys as arrows in the plane, their scores, and the weights they get.
// Letters as in reformer/neighbors.py: K keys, d = 2 features, k keys of highest score.
import { arrow, drawBars, label, Marks, segment, stroke } from "./shared/charts.js";
import { explore } from "./shared/explore.js";
import { softmax } from "./shared/lsh.js";
import {
  clamp,
  degrees,
  drawnArray,
  normalFrom,
  percent,
  range,
  shaped,
  signed,
  withRow,
  wrapped,
} from "./shared/numbers.js";
import { angleBetween, drawChosenRing } from "./shared/points.js";

const FARTHEST = 3; // along each axis
const ROOM = 22; // pixels around the plane, for names
const snapped = (number) => Math.round(1000 * number) / 1000; // so that a hundred key presses add up to a round number

// ---- What follows from the state -----------------------------------------------------------------------------

const dot = (a, b) => a[0] * b[0] + a[1] * b[1];
const rowsOf = (array) => range(array.length / 2).map((i) => [array[2 * i], array[2 * i + 1]]);

const SCORES = {
  dot: (query, key) => dot(query, key) / Math.SQRT2,
  cosine: (query, key) => dot(query, key) / (Math.hypot(...query) * Math.hypot(...key) || 1),
  distance: (query, key) => -(Math.hypot(query[0] - key[0], query[1] - key[1]) ** 2) / 2,
};

/** The number by which each key is judged. */
export const scoresOf = (query, keys, score) => keys.map((key) => SCORES[score](query, key));

function derive(state) {
  const { score, chosen, n_near } = state;
  const query = Array.from(state.query);
  const keys = rowsOf(state.key_vectors);
  const scores = scoresOf(query, keys, score);
  const weights = softmax(scores);
  const lengths = keys.map((key) => Math.hypot(...key));
  const queryLength = Math.hypot(...query);
  const best = range(keys.length)
    .sort((i, j) => scores[j] - scores[i] || i - j)
    .slice(0, n_near);
  return {
    ...{ query, keys, score, scores, weights, lengths, queryLength, best, chosen, n_near },
    held: best.reduce((sum, i) => sum + weights[i], 0),
    away: keys.map((key, i) => (queryLength && lengths[i] ? angleBetween(query, key) : Math.PI / 2)),
    shadow: queryLength ? dot(query, keys[chosen]) / queryLength : 0,
  };
}

// ---- The plane -----------------------------------------------------------------------------------------------

const MARKS = new Marks({
  query: { shape: "star", size: 10, fill: "accent", text: "query" },
  best: { shape: "disc", size: 5.5, fill: "ink", text: "key of highest score" },
  other: { shape: "ring", size: 5.5, fill: "paper", text: "any other key" },
});

function planeOf({ width, height }) {
  const [middle, unit] = [width / 2, (width / 2 - ROOM) / FARTHEST];
  return {
    unit,
    place: ([x, y]) => [middle + unit * x, height / 2 - unit * y],
    at: ({ x, y }) => [(x - middle) / unit, (height / 2 - y) / unit],
  };
}

function paintPlane(picture, facts) {
  const { theme } = picture;
  const plane = planeOf(picture);
  const origin = plane.place([0, 0]);
  for (const radius of range(FARTHEST)) {
    stroke(picture, (context) => context.arc(...origin, (radius + 1) * plane.unit, 0, 2 * Math.PI), theme.line);
  }
  drawSameScore(picture, facts, plane);
  drawShadow(picture, facts, plane);
  facts.keys.forEach((_, i) => drawArrow(picture, facts, plane, i));
  const tip = plane.place(facts.query);
  arrow(picture, ...origin, ...tip, theme.accent, 3);
  MARKS.draw(picture, "query", ...tip);
  label(picture, "q", ...beyond(origin, tip, 18), { color: theme.accent, size: 15, bold: true });
}

/** A little beyond the end of an arrow, where its name stands. */
function beyond([x0, y0], [x, y], by) {
  const length = Math.hypot(x - x0, y - y0) || 1;
  return [x + (by * (x - x0)) / length, y + (by * (y - y0)) / length || y - by];
}

function drawArrow(picture, { best, chosen, keys, weights }, plane, i) {
  const [origin, tip] = [plane.place([0, 0]), plane.place(keys[i])];
  const kind = best.includes(i) ? "best" : "other";
  const size = 4 + 8 * Math.sqrt(weights[i]);
  arrow(picture, ...origin, ...tip, kind === "best" ? picture.theme.ink : picture.theme.quiet);
  MARKS.draw(picture, kind, ...tip, size);
  if (i === chosen) drawChosenRing(picture, ...tip, size + 4);
  if (keys.length > 40 && i !== chosen && kind === "other") return;
  label(picture, `k${i}`, ...beyond(origin, tip, size + (i === chosen ? 17 : 12)), {
    color: picture.theme.ink,
    bold: kind === "best",
  });
}

/** Where a key would score as the chosen one: a line across the query, two rays beside it, a circle around it. */
function drawSameScore(picture, facts, plane) {
  const { theme } = picture;
  const { query, keys, chosen, score, queryLength, lengths } = facts;
  if (score !== "distance" && !(queryLength && lengths[chosen])) return;
  const along = Math.atan2(query[1], query[0]);
  const far = 3 * FARTHEST;
  const line = (from, angle) => {
    const to = [from[0] + far * Math.cos(angle), from[1] + far * Math.sin(angle)];
    stroke(picture, segment(...plane.place(from), ...plane.place(to)), theme.alert, 1.4, [5, 4]);
  };
  if (score === "distance") {
    const radius = plane.unit * Math.hypot(query[0] - keys[chosen][0], query[1] - keys[chosen][1]);
    const circle = (context) => context.arc(...plane.place(query), radius, 0, 2 * Math.PI);
    stroke(picture, circle, theme.alert, 1.4, [5, 4]);
  } else if (score === "cosine") {
    for (const side of [-1, 1]) line([0, 0], along + side * facts.away[chosen]);
  } else {
    for (const side of [-1, 1]) line(keys[chosen], along + (side * Math.PI) / 2);
  }
}

/** The chosen key's shadow on the line of the query: times the query's length, it is the dot product. */
function drawShadow(picture, { query, keys, chosen, queryLength, shadow, score }, plane) {
  if (score !== "dot" || !queryLength) return;
  const foot = query.map((number) => (shadow * number) / queryLength);
  const [origin, end] = [plane.place([0, 0]), plane.place(foot)];
  stroke(picture, segment(...plane.place(keys[chosen]), ...end), picture.theme.alert, 1.4);
  stroke(picture, segment(...origin, ...end), picture.theme.alert, 6);
}

const lineInKey = (width, dash) => (x, y, picture) =>
  stroke(picture, segment(x - 9, y, x + 9, y), picture.theme.alert, width, dash);

// ---- Beside it -----------------------------------------------------------------------------------------------

/** A bar for each key; those of the highest scores stand out. */
function paintBars(picture, { best, keys }, numbers, written) {
  const isFew = keys.length <= 20;
  const bars = keys.map((_, i) => ({
    value: numbers[i],
    text: isFew ? written(numbers[i]) : "",
    name: isFew ? `k${i}` : "",
    color: picture.theme.accent,
    strong: best.includes(i),
  }));
  drawBars(picture, bars, { high: 0.1, level: 0 });
}

const SCORE_NAMES = {
  dot: "Scores: q · k / √2",
  cosine: "Scores: cosine of the angle",
  distance: "Scores: −½ × squared distance",
};

// ---- In words ------------------------------------------------------------------------------------------------

function chosenInWords({ score, scores, weights, lengths, queryLength, shadow, away, chosen, query, keys }) {
  const where = `Key ${chosen}, length ${lengths[chosen].toFixed(1)}, ${degrees(away[chosen])} from the query`;
  const length = Math.hypot(query[0] - keys[chosen][0], query[1] - keys[chosen][1]);
  const why = {
    dot: `shadow ${signed(shadow)} times the query's length ${queryLength.toFixed(1)}, by √2`,
    cosine: "its length does not count",
    distance: `${length.toFixed(2)} away`,
  };
  return `${where}: ${why[score]}, scores ${signed(scores[chosen])} and weighs ${percent(weights[chosen])}.`;
}

function describe(facts) {
  const { keys, weights, scores, lengths, queryLength, best, held, n_near, away, query, score } = facts;
  const [first] = best;
  const angle = degrees(wrapped(Math.atan2(query[1], query[0]), 0, 2 * Math.PI));
  const hold = n_near === 1 ? "It holds" : `The best ${n_near} hold`;
  const top =
    `Key ${first} weighs most, ${percent(weights[first])}: score ${signed(scores[first])}, ` +
    `length ${lengths[first].toFixed(1)}, ${degrees(away[first])} from the query.`;
  const nearest = away.indexOf(Math.min(...away));
  const but = nearest === first ? "" : ` Key ${nearest} points more nearly its way, at ${degrees(away[nearest])}.`;
  const sentence =
    `The query is ${queryLength.toFixed(1)} long, at ${angle}. ${top}${but}` +
    `${n_near === 1 ? "" : ` ${hold} ${percent(held)} of the weight.`}`;
  const chosen = chosenInWords(facts);
  const each = (numbers, written) => keys.map((_, i) => `key ${i}, ${written(numbers[i])}`).join("; ");
  return {
    sentence,
    lines: { chosen },
    pictures: {
      plane: `A query and ${keys.length} keys as arrows from the middle of a plane. ${sentence} ${chosen}`,
      scores: { title: SCORE_NAMES[score], words: `${SCORE_NAMES[score]}. ${each(scores, signed)}.` },
      weights: `Weights in per cent: ${each(weights, percent)}. ${hold} ${percent(held)}.`,
    },
  };
}

// ---- What a reader can do ------------------------------------------------------------------------------------

const inPlane = (vector) => vector.map((number) => clamp(snapped(number), -FARTHEST, FARTHEST));
const toQuery = (vector) => ({ query: shaped(Float64Array.from(inPlane(vector)), 2) });
const keyTo = ({ key_vectors }, i, vector) => ({ key_vectors: withRow(key_vectors, i, inPlane(vector)) });

/** The query turned and made longer; one of no length begins to the right. */
function changedQuery([x, y], turn, longer) {
  const length = Math.max(0, Math.hypot(x, y) + longer);
  const angle = Math.atan2(y, x) + (turn * Math.PI) / 180;
  return toQuery([length * Math.cos(angle), length * Math.sin(angle)]);
}

const actions = {
  turn: {
    keys: { ArrowLeft: 5, ArrowRight: -5, "Shift+ArrowLeft": 30, "Shift+ArrowRight": -30 },
    help: ["← →", "turn the query; with Shift in larger steps"],
    run: ({ query }, angle) => changedQuery(query, angle, 0),
  },
  lengthen: {
    keys: { ArrowUp: 0.1, ArrowDown: -0.1, "Shift+ArrowUp": 0.5, "Shift+ArrowDown": -0.5 },
    help: ["↑ ↓", "make the query longer or shorter; with Shift in larger steps"],
    run: ({ query }, longer) => changedQuery(query, 0, longer),
  },
  choose: {
    keys: { n: 1, p: -1 },
    help: ["N, P", "choose the next or the previous key (the ringed one)"],
    steps: "chosen",
    wraps: true,
  },
  move: {
    keys: { w: [0, 0.1], s: [0, -0.1], a: [-0.1, 0], d: [0.1, 0] },
    help: ["W, A, S, D", "move the chosen key"],
    run: (state, [right, up]) => {
      const [x, y] = rowsOf(state.key_vectors)[state.chosen];
      return keyTo(state, state.chosen, [x + right, y + up]);
    },
  },
  moreKeys: {
    keys: { k: 1, "Shift+k": -1 },
    help: ["K, Shift+K", "keep one key more or less"],
    steps: "n_near",
  },
  drawNew: {
    keys: { r: null },
    help: ["R", "draw new keys"],
    buttons: { "Draw new keys": null },
    eased: "key_vectors",
    run({ seed, key_vectors }) {
      const normal = normalFrom(seed + 1);
      return { seed: seed + 1, key_vectors: drawnArray(key_vectors.shape, () => inPlane([1.2 * normal()])[0]) };
    },
  },
};

const pointer = {
  /** What can be held: the ends of all arrows. */
  marks({ keys, query }, picture) {
    const { place } = planeOf(picture);
    const end = (vector, it) => ({ x: place(vector)[0], y: place(vector)[1], reach: 14, ...it });
    return [...keys.map((key, i) => end(key, { key: i })), end(query, {})];
  },
  grab: ({ key }) => key !== undefined && { chosen: key },
  press: () => undefined,
  drag(held, state, to, _, picture) {
    if (!held) return undefined;
    const vector = planeOf(picture).at(to);
    return held.key === undefined ? toQuery(vector) : keyTo(state, held.key, vector);
  },
};

export default explore({
  stage: "The plane. Arrow keys turn the query and change its length; the list of keys stands below.",
  hint: "Drag the query's end, or a key's. The larger the end of a key, the more it weighs.",
  derive,
  describe,
  draw: {
    plane: { height: (width) => width, paint: paintPlane },
    key: MARKS.key({
      more: [
        { text: "shadow of the ringed key", draw: lineInKey(6, []) },
        { text: "same score as the ringed key", draw: lineInKey(1.4, [5, 4]) },
      ],
      words: "A thick line is the ringed key's shadow; on a dashed line a key would score as the ringed one.",
    }),
    scores: {
      title: "Scores",
      height: (width) => 0.44 * width,
      paint: (picture, facts) => paintBars(picture, facts, facts.scores, (score) => signed(score, 1)),
    },
    weights: {
      title: "Weights in per cent",
      height: (width) => 0.44 * width,
      paint: (picture, facts) => paintBars(picture, facts, facts.weights, (weight) => Math.round(100 * weight)),
    },
  },
  report: ({ scores, weights }) => ({
    scores: shaped(Float64Array.from(scores), scores.length),
    weights: shaped(Float64Array.from(weights), weights.length),
  }),
  actions,
  pointer,
  presets: {
    "A short query": { query: shaped(Float64Array.of(0.2, 0.1), 2) },
    "A long query": { query: shaped(Float64Array.of(2.7, 1.2), 2) },
  },
  tasks: [
    {
      text: "Make one key hold more than 90 % of the weight.",
      done: ({ weights }) => Math.max(...weights) > 0.9,
    },
    {
      text: "Make the longest key weigh the least.",
      done: ({ weights, lengths }) => weights.indexOf(Math.min(...weights)) === lengths.indexOf(Math.max(...lengths)),
    },
    {
      text: "Make all keys weigh the same, to within 2 %.",
      done: ({ weights }) => Math.max(...weights) - Math.min(...weights) < 0.02,
    },
  ],
});
