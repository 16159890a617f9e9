// The explorer of hash planes: points in a disc, the sides of planes as bits, and what planes and tables find and cost.
// Letters as in reformer/planes.py: L points, P planes in a table, T tables. A plane is the line at right angles to its
// normal, and is given by the direction of the normal.
import { redrawing } from "./shared/actions.js";
import { ANGLES, chanceInWords, chanceOf, chancePicture, drawingChance } from "./shared/chance.js";
import { arrow, drawAxes, drawBars, drawLine, frameOf, label, mark, segment, stroke, wash } from "./shared/charts.js";
import { explore } from "./shared/explore.js";
import { hashValue, kNearest, normalsOf, planeScores, planesChance, planesHash, searchTable } from "./shared/lsh.js";
import { clamp, degrees, percent, plural, range, shaped, signed, uniformFrom, withRow } from "./shared/numbers.js";
import {
  actionsOnPoints,
  amongPoints,
  angleBetween,
  chosenInWords,
  drawPoints,
  FOLLOW_QUERY,
  meetingInWords,
  onCircle,
  POINT_KEY,
  pointerOnPoints,
  View,
} from "./shared/points.js";
import {
  bucketBars,
  drawRings,
  nameSectors,
  radiusWithRings,
  sectorsOfPlanes,
  washSectors,
  wholeTurn,
} from "./shared/regions.js";
import { hue } from "./shared/theme.js";

const [MAX_TABLES, MAX_PLANES] = [6, 8];
const STEP = 0.02; // what one arrow key moves, where the disc's radius is 1
const TURN = Math.PI / 90; // what T turns
const SHORTEST = 0.05; // the origin itself has no direction
const RIM = 28; // pixels outside the disc
const QUARTER = Math.PI / 2;

// ---- What follows from the state -----------------------------------------------------------------------------

/** A row of `angles`, or of a table of shares, for t + 1 tables. */
const ofTable = (table, t) => table.subarray(t * MAX_PLANES, (t + 1) * MAX_PLANES);

/** Draws the planes of a table, one table after the other. */
function hashesByPlanes(n_planes) {
  const uniform = uniformFrom(n_planes);
  return () => {
    const normals = normalsOf(range(n_planes).map(() => 2 * Math.PI * uniform()));
    return (vector) => hashValue(planeScores(vector, normals, n_planes));
  };
}

const chanceIn = ({ n_draws, n_planes, n_tables }) =>
  chanceOf({
    hash: plural(n_planes, "plane"),
    drawHash: hashesByPlanes(n_planes),
    oneRound: ANGLES.map((angle) => planesChance(angle, n_planes)),
    n_draws,
    n_rounds: n_tables,
    most_rounds: MAX_TABLES,
  });

function derive(state) {
  const { points, angles, n_planes, n_tables, n_near, query, chosen } = state;
  const n_points = points.shape[0];
  const codes = planesHash(points, angles, MAX_TABLES, MAX_PLANES);
  const buckets = codes.subarray(0, n_tables * n_points).map((code) => code & (2 ** n_planes - 1));
  const point = (i) => points.subarray(2 * i, 2 * i + 2);
  const away = range(n_points).map((i) => angleBetween(point(query), point(i)));
  const among = amongPoints(state, away, shaped(buckets, n_tables, n_points), state.shown_table - 1);
  const planesOf = (t) => ofTable(angles, t).subarray(0, n_planes);
  const regions = sectorsOfPlanes(planesOf(among.shown));
  const inUse = [...new Set(regions.map(({ bucket }) => bucket))].sort((a, b) => a - b);
  const hues = new Map(regions.map(({ bucket }, i) => [bucket, hue(i)]));
  const chance = chanceIn(state);
  return {
    ...state,
    ...among,
    ...{ point, planesOf, regions, inUse, chance, unfinished: chance.unfinished },
    lengths: planeScores(point(chosen), normalsOf(planesOf(among.shown)), n_planes),
    sizes: inUse.map((bucket) => among.ofShown.filter((other) => other === bucket).length),
    hueOf: (bucket) => hues.get(bucket) ?? hue(0),
    ...searchTable(codes, kNearest(points, n_near), MAX_PLANES),
  };
}

/** "+ − +" and "1 + 4 = 5": the sides of a bucket's points and the sum that numbers it. */
function codeOf(bucket, n_planes) {
  const positive = range(n_planes).filter((p) => (bucket >> p) & 1);
  const sum = positive.length > 1 ? `${positive.map((p) => 2 ** p).join(" + ")} = ${bucket}` : String(bucket);
  const sides = range(n_planes).map((p) => ((bucket >> p) & 1 ? "+" : "−"));
  return { sides: sides.join(" "), sum };
}

// ---- The disc ------------------------------------------------------------------------------------------------

function viewOf({ n_tables }, size) {
  return new View({ flat: true, middle: size / 2, radius: radiusWithRings(size, RIM, n_tables) });
}

const toward = (view, angle, distance) => view.place(onCircle(angle), distance * view.radius).slice(0, 2);

/** The nearest point that is in the disc and not in its middle. */
function kept([x, y]) {
  const length = Math.hypot(x, y);
  if (length === 0) return [SHORTEST, 0];
  const factor = clamp(length, SHORTEST, 1) / length;
  return [x * factor, y * factor];
}

function paintDisc(picture, facts) {
  const view = viewOf(facts, picture.width);
  washSectors(picture, facts, view, facts.regions);
  nameSectors(picture, facts, view, facts.regions, 0.9);
  for (const p of range(facts.n_planes).reverse()) drawPlane(picture, facts, view, p);
  drawNormal(picture, facts, view);
  drawRings(picture, facts, view, RIM, (t) => sectorsOfPlanes(facts.planesOf(t)));
  const beside = (_, x, y) => [x + 16, y - 11];
  drawPoints(picture, facts, (i) => view.place(facts.point(i)), beside);
}

/** The plane as a line with a named end to hold it by, and at both ends an arrow to its positive side. */
function drawPlane(picture, facts, view, p) {
  const { theme } = picture;
  const angle = facts.planesOf(facts.shown)[p];
  const isChosen = p === facts.chosen_plane;
  const ends = [toward(view, angle + QUARTER, 1), toward(view, angle - QUARTER, 1)];
  const [color, width] = isChosen ? [theme.accent, 2.2] : [theme.quiet, 1.2];
  stroke(picture, segment(...ends[0], ...ends[1]), color, width);
  for (const [x, y] of ends) arrow(picture, x, y, x + 23 * Math.cos(angle), y - 23 * Math.sin(angle), color, width);
  mark(picture, "disc", ...ends[1], 4, color);
  mark(picture, "disc", ...ends[0], 11, theme.paper, color, width);
  label(picture, `n${p}`, ...ends[0], { color, size: 11, bold: true });
}

function drawNormal(picture, facts, view) {
  const angle = facts.planesOf(facts.shown)[facts.chosen_plane];
  const { accent } = picture.theme;
  arrow(picture, view.middle, view.middle, ...toward(view, angle, 0.3), accent, 2);
  label(picture, `n${facts.chosen_plane}`, ...toward(view, angle, 0.37), { color: accent });
}

// ---- Beside it -----------------------------------------------------------------------------------------------

/** How far the chosen point lies on which side of each plane: the sign is the bit. */
function paintWhy(picture, { lengths, n_planes, chosen_plane }) {
  const bars = lengths.map((value, p) => ({
    value,
    text: signed(value),
    name: `n${p}: ${value >= 0 ? `+${2 ** p}` : "0"}`,
    color: picture.theme.accent,
    strong: p === chosen_plane,
  }));
  drawBars(picture, bars, { left: 8, top: 20, high: 0.1, level: 0 });
  const quiet = { align: "right", color: picture.theme.quiet, size: 11 };
  if (n_planes < 6) label(picture, "0 and above: positive side", picture.width - 4, 8, quiet);
}

/** Recall and share of pairs compared against the number of planes, for the tables in use and, thin, for one. */
function paintRecall(picture, { n_planes, n_tables, recall, compared }) {
  const { theme } = picture;
  const frame = frameOf(picture, { x: [1, MAX_PLANES], y: [0, 1], left: 46, bottom: 36 });
  const planes = range(MAX_PLANES).map((p) => p + 1);
  drawAxes(picture, frame, {
    xTicks: planes.map((p) => [p, p, p === n_planes]),
    yTicks: [0, 0.5, 1].map((share) => [share, percent(share)]),
    xTitle: "planes in each table",
  });
  const line = (table, tables, color, shape, dash, isThin) => {
    const shares = ofTable(table, tables - 1);
    drawLine(picture, frame, planes, shares, color, isThin ? 0.9 : 2, dash);
    shares.forEach((share, p) => {
      const size = isThin ? 2 : p + 1 === n_planes ? 6.5 : 3.2;
      mark(picture, shape, frame.x(p + 1), frame.y(share), size, color);
    });
  };
  for (const tables of n_tables > 1 ? [1, n_tables] : [1]) {
    line(compared, tables, theme.quiet, "square", [4, 3], tables < n_tables);
    line(recall, tables, theme.accent, "disc", [], tables < n_tables);
  }
}

/** Points in each bucket in use, with its name, and below it its bits: a filled square where a side is positive. */
function paintCodes(picture, facts) {
  const { inUse, sizes, n_planes, isQuerys } = facts;
  const { theme } = picture;
  const cell = Math.min(11, 76 / n_planes);
  const [left, bottom] = [58, 26 + cell * n_planes];
  const places = drawBars(picture, bucketBars(facts, inUse, sizes), { left, right: 4, top: 16, bottom, widest: 46 });
  const ground = picture.height - bottom;
  inUse.forEach((bucket, i) => {
    const color = isQuerys(bucket) ? theme.ink : theme.quiet;
    for (const p of range(n_planes)) {
      const [side, x, y] = [cell - 2, places[i].x, ground + 22 + cell * p];
      const box = (context) => context.rect(x - side / 2 + 0.5, y + 0.5, side - 1, side - 1);
      if ((bucket >> p) & 1) wash(picture, box, color, 1);
      stroke(picture, box, color);
    }
  });
  const quiet = { color: theme.quiet, align: "right", size: 11 };
  label(picture, "points", left - 8, 20, quiet);
  label(picture, "bucket", left - 8, ground + 11, quiet);
  for (const p of range(n_planes)) {
    label(picture, `plane n${p}`, left - 8, ground + 22 + cell * (p + 0.45), {
      ...quiet,
      size: Math.min(11, cell + 1),
    });
  }
}

// ---- In words ------------------------------------------------------------------------------------------------

function describe(facts) {
  const { query, chosen, chosen_plane, shown, n_planes, n_tables, n_points, inUse, sizes, lengths } = facts;
  const { sides, sum } = codeOf(facts.bucketOfQuery(shown), n_planes);
  const inTable = n_tables > 1 ? ` in table ${shown + 1}` : "";
  const planes = n_planes === 1 ? "of plane 0" : `of planes 0 to ${n_planes - 1}`;
  const away = (i) => degrees(facts.away[i]);
  const at = (n_tables - 1) * MAX_PLANES + n_planes - 1;
  const sentence =
    `Query ${query} is on the ${n_planes === 1 ? "side" : "sides"} ${sides} ${planes}${inTable}: bucket ${sum}. ` +
    `In ${plural(n_tables, "table")} ${meetingInWords(facts, away)}. ` +
    `Over all queries: recall ${percent(facts.recall[at])}, ${percent(facts.compared[at])} of pairs compared.`;
  const own = facts.ofShown[chosen];
  const code = codeOf(own, n_planes);
  const normal = degrees(wholeTurn(facts.planesOf(shown)[chosen_plane]));
  const row = (table) => Array.from(ofTable(table, n_tables - 1), percent).join(", ");
  const title = `Buckets${n_tables > 1 ? ` of table ${shown + 1}` : ""}, and their bits`;
  const chance = chanceInWords(facts.chance, "table", (n) => `Planes drawn anew ${n === 1 ? "once" : `${n} times`}`);
  const listed = inUse.map((bucket, i) => `bucket ${bucket}, sides ${codeOf(bucket, n_planes).sides}, ${sizes[i]}`);
  return {
    sentence,
    lines: {
      chosen: chosenInWords(facts, chosen, `sides ${code.sides}${inTable}, in bucket ${own}`, away(chosen)),
      plane: `Plane ${chosen_plane} is chosen; its positive side lies toward ${normal}.`,
      draws: chance.line,
    },
    pictures: {
      disc: `${n_points} points in a disc, cut by ${plural(n_planes, "plane")}. ${sentence}`,
      why: {
        title: `Why bucket ${own}: point ${chosen}`,
        note: `bits ${code.sum}`,
        words:
          `Signed lengths of point ${chosen} along the normals ${planes}: ` +
          `${lengths.map((length) => signed(length)).join(", ")}. Bucket ${code.sum}.`,
      },
      recall: {
        title: `All queries, ${plural(n_tables, "table")}`,
        note: "● recall, ■ compared",
        words:
          `With ${plural(n_tables, "table")} of 1 to ${MAX_PLANES} planes recall is ${row(facts.recall)}; ` +
          `the share of pairs compared is ${row(facts.compared)}.`,
      },
      curve: chance.picture,
      codes: {
        title,
        note: `${inUse.length} of ${2 ** n_planes} codes`,
        words: `Points in each bucket: ${listed.join("; ")}.`,
      },
    },
  };
}

// ---- What a reader can do ------------------------------------------------------------------------------------

const turnedTo = ({ angles, shown_table }, plane, angle) => {
  const row = ofTable(angles, shown_table - 1).slice();
  row[plane] = wholeTurn(angle);
  return { angles: withRow(angles, shown_table - 1, row) };
};

const movePoint = ({ points }, i, to) => ({ points: withRow(points, i, kept(to)) });

const actions = {
  ...actionsOnPoints((state, i, [right, up]) => {
    const [x, y] = state.points.subarray(2 * i);
    return movePoint(state, i, [x + STEP * right, y + STEP * up]);
  }),
  choosePlane: { keys: { b: 1 }, help: ["B", "choose the next plane"], steps: "chosen_plane", wraps: true },
  turn: {
    keys: { t: TURN, "Shift+t": -TURN },
    help: ["T, Shift+T", "turn the chosen plane, one way or the other"],
    run: (state, by) =>
      turnedTo(state, state.chosen_plane, ofTable(state.angles, state.shown_table - 1)[state.chosen_plane] + by),
  },
  ...redrawing("angles", "all planes", (seed) => {
    const uniform = uniformFrom(seed);
    return () => 2 * Math.PI * uniform();
  }),
  ...drawingChance("curve", "planes"),
};

const pointer = pointerOnPoints({
  viewOf,
  /** Both ends of each plane can be held. */
  more: (facts, view) =>
    range(2 * facts.n_planes).map((e) => {
      const [plane, behind] = [e >> 1, e % 2 ? -QUARTER : QUARTER];
      const [x, y] = toward(view, facts.planesOf(facts.shown)[plane] + behind, 1);
      return { x, y, reach: 16, plane, behind };
    }),
  grab: ({ plane }) => ({ chosen_plane: plane }),
  movePoint: (state, i, place, view) => movePoint(state, i, view.planeAt(place)),
  drag(held, state, to, _, view) {
    const [x, y] = view.planeAt(to);
    return held && turnedTo(state, held.plane, Math.atan2(y, x) - held.behind);
  },
});

const HINT = "Press a point to make it the query, drag it to move it; drag an end of a plane to turn it.";
const RINGS = " Each ring is a table; its coloured part is the query's bucket.";

export default explore({
  stage: "Points and planes. Arrow keys move the chosen point; the keys are listed below.",
  hint: ({ n_tables }) => `${HINT}${n_tables > 1 ? RINGS : ""}`,
  derive,
  describe,
  draw: {
    disc: { height: (width) => width, paint: paintDisc },
    key: POINT_KEY,
    why: { title: "Why this bucket", height: (width) => 0.34 * width, paint: paintWhy },
    recall: { title: "All queries", height: (width) => 0.5 * width, paint: paintRecall },
    curve: chancePicture({ what: "planes", round: "table" }),
    codes: { title: "Buckets", height: (width) => 0.48 * width, paint: paintCodes },
  },
  report: ({ buckets, recall, compared, chance }) => ({
    ...{ buckets, recall, compared },
    measured: shaped(chance.measured, chance.measured.length),
    n_trials: chance.trials,
  }),
  actions,
  pointer,
  follow: FOLLOW_QUERY,
  presets: {
    "One plane": { n_planes: 1, n_tables: 1 },
    "Eight planes, one table": { n_planes: 8, n_tables: 1 },
    "Eight planes, six tables": { n_planes: 8, n_tables: 6 },
  },
  tasks: [
    {
      text: "Find a query and a point at most 10° apart that a plane parts, with one table.",
      done: ({ n_tables, missed, away }) => n_tables === 1 && missed.some((i) => away[i] < Math.PI / 18),
    },
    {
      text: "Find 90 % of all near points while comparing at most half of all pairs.",
      done: ({ n_tables, n_planes, recall, compared }) => {
        const at = (n_tables - 1) * MAX_PLANES + n_planes - 1;
        return recall[at] >= 0.9 && compared[at] <= 0.5;
      },
    },
    {
      text: "Turn two planes so that they part the same points: a code that nobody can have.",
      done: ({ n_planes, inUse, regions }) =>
        n_planes > 1 && (inUse.length < 2 * n_planes || regions.some(({ from, to }) => to - from < 0.02)),
    },
  ],
});
