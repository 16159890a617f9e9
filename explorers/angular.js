// The explorer of angular LSH: points, an argmax over directions, and who meets whom in how many rounds.
// Letters as in reformer/angular.py: L points, d features, R rounds, B buckets.
import { redrawing } from "./shared/actions.js";
import { ANGLES, chanceInWords, chanceOf, chancePicture, drawingChance } from "./shared/chance.js";
import { arrow, drawBars, label, segment, stroke } from "./shared/charts.js";
import { explore } from "./shared/explore.js";
import { angularHash, bucketOf, directionScores } from "./shared/lsh.js";
import { clamp, degrees, normalFrom, plural, range, shaped, signed, withRow, wrapped } from "./shared/numbers.js";
import {
  actionsOnPoints,
  amongPoints,
  angleBetween,
  chosenInWords,
  circle,
  drawPoints,
  FOLLOW_QUERY,
  meetingInWords,
  onCircle,
  POINT_KEY,
  pointerOnPoints,
  scaled,
  unit,
  View,
} from "./shared/points.js";
import {
  areaOf,
  bucketBars,
  drawRings,
  nameRegion,
  nameSectors,
  radiusWithRings,
  sectors,
  sphereRegions,
  turnOf,
  washRegion,
  washSectors,
} from "./shared/regions.js";
import { hue } from "./shared/theme.js";

const MAX_ROUNDS = 8;
const STEP = Math.PI / 90; // what one arrow key moves
const LABEL_ROOM = 30; // pixels outside the circle

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
  return shaped(rotations, n_rounds, dimension, half);
}

/** Draws hashes of a plane, one after the other: of R only two rows count there. */
function hashesOfPlane(half) {
  const normal = normalFrom(half);
  return () => {
    const rotation = Float64Array.from({ length: 2 * half }, normal);
    return (vector) => bucketOf(vector, 0, rotation, 2, half);
  };
}

function chanceIn({ theory, n_draws, n_rounds }, half) {
  const oneRound = theory.subarray((half - 1) * ANGLES.length, half * ANGLES.length);
  const [hash, drawHash] = [`${2 * half} directions`, hashesOfPlane(half)];
  return chanceOf({ hash, drawHash, oneRound, n_draws, n_rounds, most_rounds: MAX_ROUNDS });
}

/** The dot products of a point with all directions, and by how much the largest beats the second. */
function contest(point, rotation, half) {
  const scores = directionScores(point, rotation, half);
  const [winner, second] = range(2 * half).sort((a, b) => scores[b] - scores[a] || a - b);
  return { scores, winner, second, margin: scores[winner] - scores[second] };
}

function derive(state) {
  const { dimension, n_buckets, query, chosen, n_rounds } = state;
  const [half, points] = [n_buckets / 2, state[pointsName(state)]];
  const rotations = turnedRotations(state, half);
  const buckets = shaped(angularHash(points, rotations, n_rounds, dimension, half), n_rounds, points.shape[0]);
  const point = (i) => points.subarray(i * dimension, (i + 1) * dimension);
  const rotation = (r) => rotations.subarray(r * dimension * half, (r + 1) * dimension * half);
  const away = range(points.shape[0]).map((i) => angleBetween(point(query), point(i)));
  const among = amongPoints(state, away, buckets, state.shown_round - 1);
  const sizes = new Array(n_buckets).fill(0);
  for (const bucket of among.ofShown) sizes[bucket]++;
  const chance = chanceIn(state, half);
  return {
    ...state,
    ...{ half, rotations, point, rotation, sizes, chance, unfinished: chance.unfinished },
    ...among,
    ...contest(point(chosen), rotation(among.shown), half),
    hueOf: (bucket) => hue(bucket % half), // a bucket and its opposite share it; their names tell them apart
  };
}

// ---- The stage -----------------------------------------------------------------------------------------------

/** The circle leaves room outside it for the names of points and, from two rounds on, for a ring a round. */
function viewOf({ dimension, n_rounds, azimuth, elevation }, size) {
  const flat = dimension === 2;
  const radius = flat ? radiusWithRings(size, LABEL_ROOM, n_rounds) : size / 2 - 14;
  return new View({ flat, middle: size / 2, radius, azimuth, elevation });
}

function paintCloud(picture, facts) {
  const view = viewOf(facts, picture.width);
  if (view.flat) drawCircle(picture, facts, view);
  else drawSphere(picture, facts, view);
  drawColumns(picture, facts, view);
  const beside = (i, x, y) => (view.flat ? view.place(facts.point(i), view.radius + 18).slice(0, 2) : [x, y - 17]);
  drawPoints(picture, facts, (i) => view.place(facts.point(i)), beside);
}

function drawCircle(picture, facts, view) {
  const sectorsOf = (r) => sectors(facts.rotation(r), facts.half);
  const shown = sectorsOf(facts.shown);
  washSectors(picture, facts, view, shown);
  stroke(picture, circle(view, view.radius), picture.theme.quiet);
  for (const { from } of shown) {
    stroke(picture, segment(view.middle, view.middle, ...view.place(onCircle(from))), picture.theme.quiet);
  }
  nameSectors(picture, facts, view, shown, 0.84);
  drawRings(picture, facts, view, LABEL_ROOM, sectorsOf);
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
    nameRegion(picture, facts, bucket, view.place(unit(middle)));
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
    const isQuerys = facts.isQuerys(bucket);
    const color = isQuerys ? theme.ink : theme.quiet;
    const width = isQuerys ? 2.2 : faces ? 1.3 : 0.7;
    arrow(picture, view.middle, view.middle, x, y, color, width, bucket < facts.half ? [] : [4, 3]);
    const [atX, atY] = view.place(scaled(column, 1 + 13 / (view.radius * Math.hypot(...column))));
    label(picture, nameOfColumn(bucket, facts.half), atX, atY, { color, size: 11, bold: isQuerys });
  });
}

// ---- Beside it -----------------------------------------------------------------------------------------------

/** The B dot products of the chosen point, of which the largest names its bucket, and what it wins by. */
function paintWhy(picture, { scores, winner, second, n_buckets, hueOf }) {
  const bars = scores.map((value, bucket) => ({
    value,
    text: n_buckets > 10 && bucket !== winner && bucket !== second ? "" : signed(value, 1),
    name: `b${bucket}`,
    color: hueOf(bucket),
    strong: bucket === winner,
  }));
  const places = drawBars(picture, bars, { top: 24, level: 0 });
  const [won, lost] = [places[winner], places[second]];
  const edge = lost.x + 0.44 * lost.slot;
  stroke(picture, segment(edge - 4, won.y, edge + 4, won.y), picture.theme.ink);
  stroke(picture, segment(edge, lost.y, edge, won.y), picture.theme.ink, 2);
}

/** Points in each bucket of the shown round, with the even share as a line. */
function paintSizes(picture, facts) {
  const even = facts.n_points / facts.n_buckets;
  drawBars(picture, bucketBars(facts, range(facts.n_buckets), facts.sizes), { high: 1.2 * even, level: even });
}

// ---- In words ------------------------------------------------------------------------------------------------

function describe(facts) {
  const { query, chosen, shown, n_points, n_buckets, n_rounds, dimension, winner, second, sizes } = facts;
  const inRound = n_rounds > 1 ? ` in round ${shown + 1}` : "";
  const away = (i) => degrees(facts.away[i]);
  const meeting = `In ${plural(n_rounds, "round")} ${meetingInWords(facts, away)}.`;
  const sentence = `Query ${query} is in bucket ${facts.bucketOfQuery(shown)}${inRound}. ${meeting}`;
  const at = dimension === 2 ? `at ${degrees(turnOf(facts.point(chosen)))}, ` : "";
  const margin = signed(facts.margin);
  const where = `${at}in bucket ${winner}${inRound}, ${margin} ahead of bucket ${second}`;
  const chance = chanceInWords(facts.chance, "round", (trials) => `${plural(trials, "rotation")} drawn`);
  const scores = facts.scores.map((score) => signed(score)).join(", ");
  const title = `Points in each bucket${n_rounds > 1 ? ` of round ${shown + 1}` : ""}`;
  return {
    sentence,
    lines: { chosen: chosenInWords(facts, chosen, where, away(chosen)), draws: chance.line },
    pictures: {
      cloud: `${n_points} points on the ${dimension === 2 ? "circle" : "sphere"} in ${n_buckets} buckets. ${sentence}`,
      why: {
        title: `Why bucket ${winner}: point ${chosen}, ${n_buckets} directions`,
        note: `wins by ${margin}`,
        words:
          `Dot products of point ${chosen} with the directions of buckets 0 to ${n_buckets - 1}: ${scores}. ` +
          `Bucket ${winner} wins by ${margin} over bucket ${second}.`,
      },
      curve: chance.picture,
      sizes: {
        title,
        note: `dotted: even share ${+(n_points / n_buckets).toFixed(1)}`,
        words: `${title}: ${sizes.join(", ")}; an even share is ${n_points / n_buckets}.`,
      },
    },
  };
}

// ---- What a reader can do ------------------------------------------------------------------------------------

const pointsName = ({ dimension }) => (dimension === 2 ? "circle" : "sphere");
const moveTo = (state, i, vector) => ({ [pointsName(state)]: withRow(state[pointsName(state)], i, vector) });
const lookFrom = ({ azimuth, elevation }, [right, up]) => ({
  azimuth: wrapped(azimuth + right, -180, 180),
  elevation: clamp(elevation + up, -90, 90),
});

function moveByKey(state, i, [right, up]) {
  const vector = state[pointsName(state)].subarray(i * state.dimension, (i + 1) * state.dimension);
  return moveTo(state, i, viewOf(state, 0).moved(vector, STEP * right, STEP * up));
}

const actions = {
  ...actionsOnPoints(moveByKey),
  turn: {
    keys: { t: 2, "Shift+t": -2 },
    help: ["T, Shift+T", "turn the rotation, that is, all its arrows"],
    steps: "turn",
    wraps: true,
  },
  ...redrawing("drawn", "the rotation", normalFrom),
  look: {
    keys: { a: [-5, 0], d: [5, 0], w: [0, 5], s: [0, -5] },
    help: ["W, A, S, D", "turn the sphere"],
    run: lookFrom,
  },
  ...drawingChance("curve", "rotations"),
};

const pointer = pointerOnPoints({
  viewOf,
  /** On the circle the heads of the arrows can be held, with which the rotation turns. */
  more: (facts, view) => {
    const heads = view.flat ? columnsOf(facts).map((column) => view.place(column)) : [];
    return heads.map(([x, y]) => ({ x, y, reach: 14 }));
  },
  movePoint: (state, i, place, view) => moveTo(state, i, view.vectorAt(place)),
  drag(held, state, to, from, view) {
    if (!view.flat) return lookFrom(state, [(from.x - to.x) / 2, (to.y - from.y) / 2]);
    const angle = (place) => (turnOf(view.planeAt(place)) * 180) / Math.PI;
    return held && { turn: wrapped(state.turn + angle(to) - angle(from), -180, 180) };
  },
});

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
    key: POINT_KEY,
    why: { title: "Why this bucket", height: (width) => 0.4 * width, paint: paintWhy },
    curve: chancePicture({ what: "rotations", round: "round" }),
    sizes: { title: "Points in each bucket", height: (width) => 0.28 * width, paint: paintSizes },
  },
  report: ({ rotations, buckets, chance }) => ({
    ...{ rotations, buckets },
    measured: shaped(chance.measured, chance.measured.length),
    n_trials: chance.trials,
  }),
  actions,
  pointer,
  follow: FOLLOW_QUERY,
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
