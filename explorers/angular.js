// The explorer of angular LSH: points, an argmax over directions, and who meets whom in how many rounds.
// Letters as in reformer/angular.py: L points, d features, R rounds, B buckets.
import { arrow, drawAxes, drawBars, drawLine, frameOf, label, mark, segment, stroke, wash } from "./shared/charts.js";
import { explore } from "./shared/explore.js";
import { angularHash, bucketOf, directionScores } from "./shared/lsh.js";
import { clamp, degrees, drawnArray, normalFrom, plural, range, signed, withRow, wrapped } from "./shared/numbers.js";
import {
  ARROWS,
  angleBetween,
  bow,
  choosing,
  chosenInWords,
  circle,
  drawBucketName,
  drawPointKey,
  drawPointMark,
  drawPoints,
  kindOf,
  meetingInWords,
  meetsQuery,
  onCircle,
  POINT_KEY,
  scaled,
  slice,
  strength,
  unit,
  View,
} from "./shared/points.js";
import { areaOf, sectors, sphereRegions, turnOf } from "./shared/regions.js";
import { hue, prefersStill } from "./shared/theme.js";

const MAX_ROUNDS = 8;
const ENOUGH = 1000; // draws after which theory is shown
const STEP = Math.PI / 90; // what one arrow key moves
const LABEL_ROOM = 30; // pixels outside the circle
const RING = 7;

// ---- What follows from the state -----------------------------------------------------------------------------

/** The (R, d, B/2) rotations in use: the first of the drawn numbers, turned in the plane of the first two axes. */
function turnedRotations({ drawn, n_rounds, dimension, turn }, half) {
  const [, drawnFeatures, drawnHalf] = drawn.shape;
  const [cos, sin] = onCircle((turn * Math.PI) / 180);
  const rotations = new Float64Array(n_rounds * dimension * half);
  for (let r = 0; r < n_rounds; r++) {
    for (let column = 0; column < half; column++) {
      const number = (f) => drawn[(r * drawnFeatures + f) * drawnHalf + column];
      const turned = [cos * number(0) - sin * number(1), sin * number(0) + cos * number(1), number(2)];
      for (let f = 0; f < dimension; f++) rotations[(r * dimension + f) * half + column] = turned[f];
    }
  }
  return Object.assign(rotations, { shape: [n_rounds, dimension, half] });
}

/** Counts how often pairs at given angles meet, over fresh rotations, the same ones every time. */
class Measurement {
  constructor(angles, half) {
    this.normal = normalFrom(half);
    this.half = half;
    this.trials = 0;
    this.vectors = Float64Array.from(angles.flatMap(onCircle));
    this.firstMeeting = angles.map(() => new Int32Array(MAX_ROUNDS + 1)); // the last entry counts "never"
  }

  /** Only what R does in the plane of a pair counts, so two rows of it are enough in any dimension. */
  run(trials) {
    for (const end = this.trials + trials; this.trials < end; this.trials++) {
      const first = new Int32Array(this.firstMeeting.length).fill(MAX_ROUNDS);
      for (let r = 0; r < MAX_ROUNDS; r++) {
        const rotation = Float64Array.from({ length: 2 * this.half }, this.normal);
        const bucket = bucketOf(this.vectors, 0, rotation, 2, this.half);
        for (let i = 0; i < first.length; i++) {
          if (first[i] === MAX_ROUNDS && bucketOf(this.vectors, 2 * i, rotation, 2, this.half) === bucket) first[i] = r;
        }
      }
      first.forEach((r, i) => this.firstMeeting[i][r]++);
    }
  }

  /** Share of the trials in which each pair met in at least one of the first `n_rounds` rounds. */
  shares(n_rounds) {
    const met = this.firstMeeting.map((counts) => counts.subarray(0, n_rounds).reduce((sum, count) => sum + count, 0));
    return Float64Array.from(met, (count) => count / this.trials);
  }
}

const measurements = new Map(); // one for each number of buckets

/** Curves of theory and chance. Chance is drawn a tenth at a time, so that the dots are seen to settle. */
function curvesOf({ angles, theory, n_draws, n_rounds }, half) {
  const rungs = Array.from(angles).filter((_, i) => i % 2 === 0);
  if (!(measurements.get(half)?.trials <= n_draws)) measurements.set(half, new Measurement(rungs, half));
  const measurement = measurements.get(half);
  const missing = n_draws - measurement.trials;
  measurement.run(prefersStill() ? missing : Math.min(missing, Math.ceil(n_draws / 10)));
  const oneRound = theory.subarray((half - 1) * angles.length, half * angles.length);
  const inRounds = oneRound.map((chance) => 1 - (1 - chance) ** n_rounds);
  const { trials } = measurement;
  const measured = trials ? measurement.shares(n_rounds) : new Float64Array(0);
  return { rungs, oneRound, inRounds, measured, trials, unfinished: trials < n_draws };
}

function derive(state) {
  const { dimension, n_buckets, query, chosen, n_near, n_rounds } = state;
  const [half, points] = [n_buckets / 2, dimension === 2 ? state.circle : state.sphere];
  const n_points = points.shape[0];
  const rotations = turnedRotations(state, half);
  const buckets = angularHash(points, rotations, n_rounds, dimension, half);
  const point = (i) => points.subarray(i * dimension, (i + 1) * dimension);
  const rotation = (r) => rotations.subarray(r * dimension * half, (r + 1) * dimension * half);
  const away = range(n_points).map((i) => angleBetween(point(query), point(i)));
  const others = range(n_points).filter((i) => i !== query);
  const near = [...others].sort((i, j) => away[i] - away[j]).slice(0, n_near);
  const met = meetsQuery(buckets, n_points, query);
  const shown = state.shown_round - 1;
  const ofShown = buckets.subarray(shown * n_points, (shown + 1) * n_points);
  const sizes = new Array(n_buckets).fill(0);
  for (const bucket of ofShown) sizes[bucket]++;
  const scores = directionScores(point(chosen), rotation(shown), half);
  const ranked = range(n_buckets).sort((a, b) => scores[b] - scores[a] || a - b);
  return {
    ...state,
    ...{ half, points, n_points, rotations, buckets, point, rotation, away, others, near, met, shown, ofShown, sizes },
    ...{ scores, winner: ranked[0], second: ranked[1], margin: scores[ranked[0]] - scores[ranked[1]] },
    missed: near.filter((i) => !met[i]),
    bucketOfQuery: (r) => buckets[r * n_points + query],
    ...curvesOf(state, half),
  };
}

// ---- The stage -----------------------------------------------------------------------------------------------

/** The circle leaves room outside it for the names of points and, from two rounds on, for a ring a round. */
function viewOf({ dimension, n_rounds, azimuth, elevation }, size) {
  const flat = dimension === 2;
  const margin = flat ? LABEL_ROOM + (n_rounds > 1 ? RING * n_rounds + 4 : 0) : 14;
  return new View({ flat, middle: size / 2, radius: size / 2 - margin, azimuth, elevation });
}

/** A bucket and its opposite share the hue of their column; their names tell them apart. */
const hueOf = (bucket, half) => hue(bucket % half);

function paintCloud(picture, facts) {
  const view = viewOf(facts, picture.width);
  if (view.flat) drawSectors(picture, facts, view);
  else drawSphere(picture, facts, view);
  drawColumns(picture, facts, view);
  const beside = (i, x, y) => (view.flat ? view.place(facts.point(i), view.radius + 18).slice(0, 2) : [x, y - 17]);
  drawPoints(picture, facts, (i) => view.place(facts.point(i)), beside);
}

function washRegion(picture, facts, bucket, trace) {
  const isQuerys = bucket === facts.bucketOfQuery(facts.shown);
  wash(picture, trace, hueOf(bucket, facts.half), strength(picture.theme, isQuerys));
}

function drawSectors(picture, facts, view) {
  const found = sectors(facts.rotation(facts.shown), facts.half);
  for (const { bucket, from, to } of found) washRegion(picture, facts, bucket, slice(view, view.radius, from, to));
  stroke(picture, circle(view, view.radius), picture.theme.quiet);
  for (const { from } of found) {
    stroke(picture, segment(view.middle, view.middle, ...view.place(onCircle(from)).slice(0, 2)), picture.theme.quiet);
  }
  for (const { bucket, from, to } of found) {
    if (to - from < 0.1) continue;
    const at = view.place(onCircle((from + to) / 2), view.radius * 0.84);
    drawBucketName(picture, bucket, bucket === facts.bucketOfQuery(facts.shown), at[0], at[1]);
  }
  if (facts.n_rounds > 1) for (const r of range(facts.n_rounds)) drawRing(picture, facts, view, r);
}

/** One round as a ring outside the circle: where the query's bucket of that round lies. */
function drawRing(picture, facts, view, r) {
  const radius = view.radius + LABEL_ROOM - 4 + RING * (r + 0.5);
  stroke(picture, circle(view, radius), picture.theme.quiet, r === facts.shown ? 2 : 1);
  const own = sectors(facts.rotation(r), facts.half).find(({ bucket }) => bucket === facts.bucketOfQuery(r));
  stroke(picture, bow(view, radius, own.from, own.to), hueOf(own.bucket, facts.half), RING - 1.5);
}

function drawSphere(picture, facts, view) {
  const regions = sphereRegions(facts.rotation(facts.shown), facts.half, view.toward);
  const trace = (outline) => (context) => {
    for (const direction of outline) context.lineTo(...view.place(direction).slice(0, 2));
    context.closePath();
  };
  for (const { bucket, outline } of regions) washRegion(picture, facts, bucket, trace(outline));
  for (const { outline } of regions) stroke(picture, trace(outline), picture.theme.quiet);
  for (const { bucket, outline } of regions) {
    if (areaOf(outline.map((direction) => view.place(direction))) < 1200) continue;
    const middle = [0, 1, 2].map((f) => outline.reduce((sum, direction) => sum + direction[f], 0));
    const at = view.place(unit(middle));
    drawBucketName(picture, bucket, bucket === facts.bucketOfQuery(facts.shown), at[0], at[1]);
  }
  stroke(picture, circle(view, view.radius), picture.theme.quiet);
}

const nameOfColumn = (bucket, half) => (bucket < half ? `r${bucket}` : `−r${bucket - half}`);

/** Where the arrows of R's columns and their negatives end, in vectors. The longest reaches well inside. */
function columnsOf({ rotation, shown, half, dimension }) {
  const numbers = rotation(shown);
  const columns = range(half).map((c) => range(dimension).map((f) => numbers[f * half + c]));
  const longest = Math.max(...columns.map((column) => Math.hypot(...column)));
  return range(2 * half).map((bucket) => scaled(columns[bucket % half], (bucket < half ? 0.66 : -0.66) / longest));
}

/** The columns of R as arrows, and their negatives dashed, from the middle. What points away from us is thin. */
function drawColumns(picture, facts, view) {
  const { theme } = picture;
  columnsOf(facts).forEach((column, bucket) => {
    const [x, y, faces] = view.place(column);
    const isQuerys = bucket === facts.bucketOfQuery(facts.shown);
    const color = isQuerys ? theme.ink : theme.quiet;
    const width = isQuerys ? 2.2 : faces ? 1.3 : 0.7;
    arrow(picture, view.middle, view.middle, x, y, color, width, bucket < facts.half ? [] : [4, 3]);
    const [atX, atY] = view.place(scaled(column, 1 + 13 / (view.radius * Math.hypot(...column))));
    label(picture, nameOfColumn(bucket, facts.half), atX, atY, { color, size: 11, bold: isQuerys });
  });
}

// ---- Beside it -----------------------------------------------------------------------------------------------

/** The B dot products of the chosen point, of which the largest names its bucket, and what it wins by. */
function paintWhy(picture, facts) {
  const { scores, winner, second, half, n_buckets } = facts;
  const bars = scores.map((value, bucket) => ({
    value,
    text: n_buckets > 10 && bucket !== winner && bucket !== second ? "" : signed(value, 1),
    name: `b${bucket}`,
    color: hueOf(bucket, half),
    strong: bucket === winner,
  }));
  const places = drawBars(picture, bars, { top: 24, level: 0 });
  const [won, lost] = [places[winner], places[second]];
  const edge = lost.x + 0.44 * lost.slot;
  stroke(picture, segment(edge - 4, won.y, edge + 4, won.y), picture.theme.ink);
  stroke(picture, segment(edge, lost.y, edge, won.y), picture.theme.ink, 2);
}

/** Chance to meet, by angle: drawn as squares, theory as lines, the query's own pairs as marks above and below. */
function paintCurve(picture, facts) {
  const { theme } = picture;
  const frame = frameOf(picture, { x: [0, Math.PI], y: [0, 1], left: 30, right: 8, top: 26, bottom: 48 });
  const xTicks = [0, 45, 90, 135, 180].map((angle) => [(angle * Math.PI) / 180, `${angle}°`]);
  const yTicks = [0, 0.5, 1].map((chance) => [chance, chance]);
  drawAxes(picture, frame, { xTicks, yTicks, xTitle: "angle between two points", xDrop: 25 });
  const { angles, rungs, oneRound, inRounds, measured, n_rounds, trials } = facts;
  if (trials >= ENOUGH) {
    if (n_rounds > 1) drawLine(picture, frame, Array.from(angles), oneRound, theme.quiet, 1);
    drawLine(picture, frame, Array.from(angles), inRounds, theme.accent, 2);
  }
  measured.forEach((share, i) =>
    mark(picture, "square", frame.x(rungs[i]), frame.y(share), 3.6, theme.paper, theme.ink),
  );
  if (trials >= ENOUGH) nameCurves(picture, facts, frame);
  if (!trials) label(picture, "Draw rotations: how often do two points meet?", frame.x(Math.PI / 2), frame.y(0.75));
  for (const i of [...facts.others].sort((i, j) => (kindOf(facts, j) < kindOf(facts, i) ? -1 : 1))) {
    const kind = kindOf(facts, i);
    const height = kind === "met" ? frame.top - 12 : frame.bottom + 11;
    drawPointMark(picture, kind, frame.x(facts.away[i]), height, kind === "missed" ? 0.8 : 0.75);
  }
  const small = { align: "right", color: theme.quiet, size: 11 };
  label(picture, "the query's pairs that meet", frame.right, frame.top - 12, small);
}

function nameCurves(picture, { angles, oneRound, inRounds, n_rounds }, frame) {
  // Beside the curve, where it falls through these heights.
  const beside = (values, chance, text, side, color) => {
    const below = values.findIndex((value) => value < chance);
    const i = Math.max(1, below) - (side < 0 ? 1 : 0);
    const style = { align: side < 0 ? "right" : "left", color, bold: true };
    label(picture, text, frame.x(angles[i]) + 8 * side, frame.y(values[i]) - 8, style);
  };
  if (n_rounds > 1) beside(oneRound, 0.25, "1 round", -1, picture.theme.quiet);
  beside(inRounds, 0.72, plural(n_rounds, "round"), 1, picture.theme.accent);
}

/** Points in each bucket of the shown round, with the even share as a line. */
function paintSizes(picture, facts) {
  const { sizes, n_points, n_buckets, half } = facts;
  const even = n_points / n_buckets;
  const bars = sizes.map((value, bucket) => {
    return {
      value,
      text: value,
      name: `b${bucket}`,
      color: hueOf(bucket, half),
      strong: bucket === facts.bucketOfQuery(facts.shown),
    };
  });
  drawBars(picture, bars, { high: 1.2 * even, level: even });
}

// ---- In words ------------------------------------------------------------------------------------------------

function describe(facts) {
  const { query, chosen, shown, n_points, n_buckets, n_rounds, dimension, winner, second, margin, sizes, trials } =
    facts;
  const inRound = n_rounds > 1 ? ` in round ${shown + 1}` : "";
  const away = (i) => degrees(facts.away[i]);
  const meeting = meetingInWords(facts, away);
  const rounds = plural(n_rounds, "round");
  const sentence = `Query ${query} is in bucket ${facts.bucketOfQuery(shown)}${inRound}. In ${rounds} ${meeting}.`;
  const at = dimension === 2 ? `at ${degrees(turnOf(facts.point(chosen)))}, ` : "";
  const where = `${at}in bucket ${winner}${inRound}, ${signed(margin)} ahead of bucket ${second}`;
  const off = trials ? Math.max(...facts.measured.map((share, i) => Math.abs(share - facts.inRounds[2 * i]))) : 0;
  const draws =
    `${plural(trials, "rotation")} drawn.` +
    (trials >= ENOUGH ? ` What was measured differs from theory by at most ${off.toFixed(2)}.` : "");
  const scores = facts.scores.map((score) => signed(score)).join(", ");
  const title = `Points in each bucket${n_rounds > 1 ? ` of round ${shown + 1}` : ""}`;
  return {
    sentence,
    lines: { chosen: chosenInWords(facts, chosen, where, away(chosen)), draws: facts.unfinished ? "" : draws },
    pictures: {
      cloud: `${n_points} points on the ${dimension === 2 ? "circle" : "sphere"} in ${n_buckets} buckets. ${sentence}`,
      key: POINT_KEY,
      why: {
        title: `Why bucket ${winner}: point ${chosen}, ${n_buckets} directions`,
        note: `wins by ${signed(margin)}`,
        words:
          `Dot products of point ${chosen} with the directions of buckets 0 to ${n_buckets - 1}: ${scores}. ` +
          `Bucket ${winner} wins by ${signed(margin)} over bucket ${second}.`,
      },
      curve: { note: `squares: ${plural(trials, "draw")}`, words: `${theoryInWords(facts)} ${draws}` },
      sizes: {
        title,
        note: `dotted: even share ${+(n_points / n_buckets).toFixed(1)}`,
        words: `${title}: ${sizes.join(", ")}; an even share is ${n_points / n_buckets}.`,
      },
    },
  };
}

const theoryInWords = ({ inRounds, n_rounds, trials }) =>
  trials < ENOUGH
    ? `The chance to share a bucket in ${plural(n_rounds, "round")}, by angle; theory is shown from ${ENOUGH} draws on.`
    : `The chance to share a bucket in ${plural(n_rounds, "round")} falls from 1 at 0° through ` +
      `${inRounds[9].toFixed(2)} at 45° and ${inRounds[18].toFixed(2)} at 90° to 0 at 180°.`;

// ---- What a reader can do ------------------------------------------------------------------------------------

const pointsName = ({ dimension }) => (dimension === 2 ? "circle" : "sphere");
const moveTo = (state, i, vector) => ({ [pointsName(state)]: withRow(state[pointsName(state)], i, vector) });

const actions = {
  move: {
    keys: ARROWS,
    help: ["Arrow keys", "move the chosen point (the ringed one); with Shift in larger steps"],
    run(state, [right, up]) {
      const { dimension, chosen } = state;
      const vector = state[pointsName(state)].subarray(chosen * dimension, (chosen + 1) * dimension);
      return moveTo(state, chosen, viewOf(state, 0).moved(vector, STEP * right, STEP * up));
    },
  },
  ...choosing("circle"),
  turn: {
    keys: { t: 2, "Shift+t": -2 },
    help: ["T, Shift+T", "turn the rotation, that is, all its arrows"],
    run: ({ turn }, by) => ({ turn: wrapped(turn + by, -180, 180) }),
  },
  redraw: {
    keys: { r: null },
    help: ["R", "redraw the rotation"],
    buttons: { "Redraw the rotation": null },
    eased: "drawn",
    run: ({ seed, drawn }) => ({ seed: seed + 1, drawn: drawnArray(drawn.shape, normalFrom(seed + 1)) }),
  },
  look: {
    keys: { a: [-5, 0], d: [5, 0], w: [0, 5], s: [0, -5] },
    help: ["W, A, S, D", "turn the sphere"],
    run: ({ azimuth, elevation }, [right, up]) => ({
      azimuth: wrapped(azimuth + right, -180, 180),
      elevation: clamp(elevation + up, -90, 90),
    }),
  },
  drawMore: {
    keys: { 1: 1, 2: 10, 3: 1000, 0: 0 },
    help: ["1, 2, 3, 0", "draw 1, 10 or 1,000 more rotations and count meetings; forget them"],
    buttons: { "Draw 1": 1, "Draw 10": 10, "Draw 1,000": 1000 },
    beside: "curve",
    run: ({ n_draws }, more) => ({ n_draws: more && Math.min(n_draws + more, 5000) }),
  },
};

const pointer = {
  /** What can be held: points, and on the circle the heads of the arrows, with which the rotation turns. */
  marks(facts, { width }) {
    const view = viewOf(facts, width);
    const points = range(facts.n_points).map((i) => [...view.place(facts.point(i)), i]);
    const heads = view.flat ? columnsOf(facts).map((column) => view.place(column)) : [];
    return [
      ...points.filter(([, , faces]) => faces).map(([x, y, , point]) => ({ x, y, reach: 18, point })),
      ...heads.map(([x, y]) => ({ x, y, reach: 14 })),
    ];
  },
  grab: ({ point }) => point !== undefined && { chosen: point },
  press: (held) => held?.point !== undefined && { query: held.point },
  drag(held, state, to, from, { width }) {
    const view = viewOf(state, width);
    if (held?.point !== undefined) return moveTo(state, held.point, view.vectorAt(to));
    if (!view.flat) return actions.look.run(state, [(from.x - to.x) / 2, (to.y - from.y) / 2]);
    const angle = (place) => (turnOf(view.planeAt(place)) * 180) / Math.PI;
    return held && actions.turn.run(state, angle(to) - angle(from));
  },
};

const HINT = "Press a point to make it the query, drag it to move it; ";
const DRAGS = { 2: "drag an arrow to turn the rotation.", 3: "drag beside the points to turn the sphere." };
const RINGS = " Each ring is a round; its coloured part is the query's bucket.";

export default explore({
  stage: "Points and directions. Arrow keys move the chosen point; the list of keys stands below.",
  hint: ({ dimension, n_rounds }) => `${HINT}${DRAGS[dimension]}${dimension === 2 && n_rounds > 1 ? RINGS : ""}`,
  derive,
  describe,
  draw: {
    cloud: { height: (width) => width, paint: paintCloud },
    key: { height: (width) => (width < 360 ? 44 : 22), paint: drawPointKey, fixed: true },
    why: { title: "Why this bucket", height: (width) => 0.4 * width, paint: paintWhy },
    curve: { title: "Chance to share a bucket", height: (width) => 0.58 * width, paint: paintCurve },
    sizes: { title: "Points in each bucket", height: (width) => 0.28 * width, paint: paintSizes },
  },
  report: ({ rotations, buckets, n_rounds, n_points, measured, trials }) => ({
    rotations,
    buckets: Object.assign(buckets, { shape: [n_rounds, n_points] }),
    measured: Object.assign(measured, { shape: [measured.length] }),
    n_trials: trials,
  }),
  actions,
  pointer,
  follow: { query: ({ query }) => ({ chosen: query }) },
  presets: {
    "One round, four buckets": { n_buckets: 4, n_rounds: 1 },
    "Many buckets, one round": { n_buckets: 16, n_rounds: 1 },
    "Many buckets, eight rounds": { n_buckets: 16, n_rounds: 8 },
    "On the sphere": { dimension: 3, n_buckets: 8, n_rounds: 2 },
  },
  tasks: [
    {
      text: "Find a query and a point at most 10° apart that do not meet in one round.",
      done: ({ n_rounds, others, away, met }) =>
        n_rounds === 1 && others.some((i) => away[i] < Math.PI / 18 && !met[i]),
    },
    {
      text: "Raise the rounds until the query meets all the nearest points that you seek.",
      done: ({ n_rounds, missed }) => n_rounds > 1 && !missed.length,
    },
    {
      text: "Find a rotation that leaves a bucket without any point.",
      done: ({ sizes }) => sizes.includes(0),
    },
  ],
});
