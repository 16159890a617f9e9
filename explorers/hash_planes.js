// The explorer of hash planes: points in a disc, the sides of planes as bits, and what planes and tables find and cost.
// Letters as in reformer/planes.py: L points, P planes in a table, T tables. A plane is the line at right angles to its
// normal, and is given by the direction of the normal.
import { arrow, drawAxes, drawBars, drawLine, frameOf, label, mark, segment, stroke, wash } from "./shared/charts.js";
import { explore } from "./shared/explore.js";
import { hashValue, planeScores } from "./shared/lsh.js";
import {
  clamp,
  degrees,
  drawnArray,
  percent,
  plural,
  range,
  signed,
  uniformFrom,
  withRow,
  wrapped,
} from "./shared/numbers.js";
import {
  ARROWS,
  bow,
  choosing,
  chosenInWords,
  circle,
  drawBucketName,
  drawPointKey,
  drawPoints,
  meetingInWords,
  meetsQuery,
  onCircle,
  POINT_KEY,
  slice,
  strength,
  View,
} from "./shared/points.js";
import { hue } from "./shared/theme.js";

const [MAX_TABLES, MAX_PLANES] = [6, 8];
const STEP = 0.02; // what one arrow key moves, where the disc's radius is 1
const TURN = Math.PI / 90; // what T turns
const SHORTEST = 0.05; // the origin itself has no direction
const RIM = 28; // pixels outside the disc
const RING = 7;
const QUARTER = Math.PI / 2;
const wholeTurn = (angle) => wrapped(angle, 0, 2 * Math.PI);

// ---- What follows from the state -----------------------------------------------------------------------------

/** The (2, P) normals of the first planes of a table, flat. */
const normalsOf = (angles, n_planes) =>
  [Math.cos, Math.sin].flatMap((along) => Array.from(angles.subarray(0, n_planes), along));

/** (T, L) buckets of (L, 2) points, flat; `angles` has a row of MAX_PLANES for each table. */
export function hashPoints(points, angles, n_tables, n_planes) {
  const n_points = points.length / 2;
  const buckets = new Int32Array(n_tables * n_points);
  for (let t = 0; t < n_tables; t++) {
    const normals = normalsOf(ofTable(angles, t), n_planes);
    for (let i = 0; i < n_points; i++) {
      buckets[t * n_points + i] = hashValue(planeScores(points.subarray(2 * i, 2 * i + 2), normals, n_planes));
    }
  }
  return buckets;
}

const ofTable = (angles, t) => angles.subarray(t * MAX_PLANES, (t + 1) * MAX_PLANES);

/** Sectors into which the planes of a table cut the disc: [{bucket, from, to}], angles in radians, going round. */
export function sectors(angles, n_planes) {
  const normals = normalsOf(angles, n_planes);
  const borders = Array.from(angles.subarray(0, n_planes))
    .flatMap((angle) => [wholeTurn(angle - QUARTER), wholeTurn(angle + QUARTER)])
    .sort((a, b) => a - b);
  return borders
    .map((from, i) => ({ from, to: borders[i + 1] ?? borders[0] + 2 * Math.PI }))
    .filter(({ from, to }) => to - from > 1e-9)
    .map(({ from, to }) => {
      return { from, to, bucket: hashValue(planeScores(onCircle((from + to) / 2), normals, n_planes)) };
    });
}

/** For each point the `n_near` others nearest by angle, the lower one first where two are equally near. */
export function byNearness(points, n_near) {
  const n_points = points.length / 2;
  const length = range(n_points).map((i) => Math.hypot(points[2 * i], points[2 * i + 1]) || 1);
  const unit = Float64Array.from(points, (number, f) => number / length[f >> 1]);
  const similarity = new Float64Array(n_points);
  return range(n_points).map((i) => {
    for (let j = 0; j < n_points; j++) similarity[j] = unit[2 * i] * unit[2 * j] + unit[2 * i + 1] * unit[2 * j + 1];
    const near = [];
    for (let j = 0; j < n_points; j++) {
      if (j === i || (near.length === n_near && similarity[near.at(-1)] >= similarity[j])) continue;
      let place = near.length === n_near ? n_near - 1 : near.length;
      for (; place > 0 && similarity[near[place - 1]] < similarity[j]; place--) near[place] = near[place - 1];
      near[place] = j;
    }
    return near;
  });
}

// How many of the lowest bits of a byte are 0: in how many first planes two points with these codes agree.
const AGREEING = Uint8Array.from({ length: 256 }, (_, difference) =>
  difference ? Math.log2(difference & -difference) : MAX_PLANES,
);

/** Recall of the near points and share of pairs compared, (6, 8) each, for every number of tables and planes.
 *
 * `codes` are the (6, L) buckets of all tables with all planes, of which fewer planes use the lowest bits.
 * Two points share the bucket of the first p planes if they agree in all of them; so for each pair and each number of
 * tables only the longest agreement counts.
 */
export function recallTable(codes, nearness) {
  const n_points = nearness.length;
  const [recall, compared] = [0, 1].map(() => new Float64Array(MAX_TABLES * MAX_PLANES));
  const count = (table, i, j) => {
    for (let t = 0, longest = 0; t < MAX_TABLES; t++) {
      longest = Math.max(longest, AGREEING[codes[t * n_points + i] ^ codes[t * n_points + j]]);
      if (longest) table[t * MAX_PLANES + longest - 1]++;
    }
  };
  for (let i = 0; i < n_points; i++) {
    for (let j = 0; j < i; j++) count(compared, i, j);
    for (const j of nearness[i]) count(recall, i, j);
  }
  const nNear = n_points * nearness[0].length;
  return { recall: sharesOf(recall, nNear), compared: sharesOf(compared, (n_points * (n_points - 1)) / 2) };
}

/** Shares of pairs that agree in p planes or more, from counts of those that agree in p exactly. */
function sharesOf(counts, total) {
  for (let at = counts.length - 2; at >= 0; at--) if ((at + 1) % MAX_PLANES) counts[at] += counts[at + 1];
  return Object.assign(
    counts.map((count) => count / total),
    { shape: [MAX_TABLES, MAX_PLANES] },
  );
}

function derive(state) {
  const { points, angles, n_planes, n_tables, n_near, query, chosen } = state;
  const n_points = points.shape[0];
  const codes = hashPoints(points, angles, MAX_TABLES, MAX_PLANES);
  const buckets = codes.subarray(0, n_tables * n_points).map((code) => code & (2 ** n_planes - 1));
  const shown = state.shown_table - 1;
  const point = (i) => [points[2 * i], points[2 * i + 1]];
  const direction = (i) => Math.atan2(points[2 * i + 1], points[2 * i]);
  const nearness = byNearness(points, Math.min(n_near, n_points - 1));
  const near = nearness[query];
  const met = meetsQuery(buckets, n_points, query);
  const regions = sectors(ofTable(angles, shown), n_planes);
  const inUse = [...new Set(regions.map(({ bucket }) => bucket))].sort((a, b) => a - b);
  const ofShown = buckets.subarray(shown * n_points, (shown + 1) * n_points);
  return {
    ...state,
    ...{ n_points, buckets, shown, point, near, met, regions, inUse, ofShown },
    missed: near.filter((i) => !met[i]),
    away: (i) => Math.acos(Math.cos(direction(i) - direction(query))),
    ofTable: (t) => ofTable(angles, t),
    lengths: planeScores(point(chosen), normalsOf(ofTable(angles, shown), n_planes), n_planes),
    sizes: inUse.map((bucket) => ofShown.reduce((count, other) => count + (other === bucket), 0)),
    bucketOfQuery: (t) => buckets[t * n_points + query],
    hueOf: (bucket) =>
      hue(
        Math.max(
          0,
          regions.findIndex((region) => region.bucket === bucket),
        ),
      ),
    ...recallTable(codes, nearness),
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

/** Where the disc lies on its square canvas; from two tables on there is a ring outside for each. */
function viewOf({ n_tables }, size) {
  return new View({ flat: true, middle: size / 2, radius: size / 2 - RIM - (n_tables > 1 ? RING * n_tables + 2 : 0) });
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
  const isQuerys = (bucket) => bucket === facts.bucketOfQuery(facts.shown);
  for (const { bucket, from, to } of facts.regions) {
    wash(picture, slice(view, view.radius, from, to), facts.hueOf(bucket), strength(picture.theme, isQuerys(bucket)));
  }
  for (const { bucket, from, to } of facts.regions) {
    if (to - from < 0.12) continue;
    drawBucketName(picture, bucket, isQuerys(bucket), ...toward(view, (from + to) / 2, 0.9));
  }
  for (const p of range(facts.n_planes).reverse()) drawPlane(picture, facts, view, p);
  drawNormal(picture, facts, view);
  if (facts.n_tables > 1) for (const t of range(facts.n_tables)) drawRing(picture, facts, view, t);
  drawPoints(
    picture,
    facts,
    (i) => [...view.place(facts.point(i)).slice(0, 2), true],
    (_, x, y) => [x + 16, y - 11],
  );
}

/** The plane as a line with a named end to hold it by, and at both ends an arrow to its positive side. */
function drawPlane(picture, facts, view, p) {
  const { theme } = picture;
  const angle = facts.ofTable(facts.shown)[p];
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
  const angle = facts.ofTable(facts.shown)[facts.chosen_plane];
  const { accent } = picture.theme;
  arrow(picture, view.middle, view.middle, ...toward(view, angle, 0.3), accent, 2);
  label(picture, `n${facts.chosen_plane}`, ...toward(view, angle, 0.37), { color: accent });
}

/** One table as a ring outside the disc: where the query's bucket of that table lies. */
function drawRing(picture, facts, view, t) {
  const radius = view.radius + RIM - 8 + RING * (t + 0.5);
  stroke(picture, circle(view, radius), picture.theme.quiet, t === facts.shown ? 2 : 1);
  const own = sectors(facts.ofTable(t), facts.n_planes).find(({ bucket }) => bucket === facts.bucketOfQuery(t));
  if (own) stroke(picture, bow(view, radius, own.from, own.to), picture.theme.accent, RING - 1.5);
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
  if (n_planes < 6)
    label(picture, "0 and above: positive side", picture.width - 4, 8, {
      align: "right",
      color: picture.theme.quiet,
      size: 11,
    });
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
    const shares = table.subarray((tables - 1) * MAX_PLANES, tables * MAX_PLANES);
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
  const { inUse, sizes, n_planes } = facts;
  const { theme } = picture;
  const cell = Math.min(11, 76 / n_planes);
  const [left, bottom] = [58, 26 + cell * n_planes];
  const isQuerys = (bucket) => bucket === facts.bucketOfQuery(facts.shown);
  const bars = inUse.map((bucket, i) => {
    return {
      value: sizes[i],
      text: sizes[i],
      name: `b${bucket}`,
      color: facts.hueOf(bucket),
      strong: isQuerys(bucket),
    };
  });
  const places = drawBars(picture, bars, { left, right: 4, top: 16, bottom, widest: 46 });
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
  const away = (i) => degrees(facts.away(i));
  const at = (n_tables - 1) * MAX_PLANES + n_planes - 1;
  const sentence =
    `Query ${query} is on the ${n_planes === 1 ? "side" : "sides"} ${sides} ${planes}${inTable}: bucket ${sum}. ` +
    `In ${plural(n_tables, "table")} ${meetingInWords(facts, away)}. ` +
    `Over all queries: recall ${percent(facts.recall[at])}, ${percent(facts.compared[at])} of pairs compared.`;
  const own = facts.ofShown[chosen];
  const code = codeOf(own, n_planes);
  const normal = degrees(wholeTurn(facts.ofTable(shown)[chosen_plane]));
  const row = (table) => Array.from(ofTable(table, n_tables - 1), percent).join(", ");
  const title = `Buckets${n_tables > 1 ? ` of table ${shown + 1}` : ""}, and their bits`;
  const listed = inUse.map((bucket, i) => `bucket ${bucket}, sides ${codeOf(bucket, n_planes).sides}, ${sizes[i]}`);
  return {
    sentence,
    lines: {
      chosen: chosenInWords(facts, chosen, `sides ${code.sides}${inTable}, in bucket ${own}`, away(chosen)),
      plane: `Plane ${chosen_plane} is chosen; its positive side lies toward ${normal}.`,
    },
    pictures: {
      disc: `${n_points} points in a disc, cut by ${plural(n_planes, "plane")}. ${sentence}`,
      key: POINT_KEY,
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

const actions = {
  move: {
    keys: ARROWS,
    help: ["Arrow keys", "move the chosen point (the ringed one); with Shift in larger steps"],
    run({ points, chosen }, [right, up]) {
      const to = [points[2 * chosen] + STEP * right, points[2 * chosen + 1] + STEP * up];
      return { points: withRow(points, chosen, kept(to)) };
    },
  },
  ...choosing("points"),
  choosePlane: {
    keys: { b: 1 },
    help: ["B", "choose the next plane"],
    run: ({ chosen_plane, n_planes }, step) => ({ chosen_plane: wrapped(chosen_plane + step, 0, n_planes) }),
  },
  turn: {
    keys: { t: TURN, "Shift+t": -TURN },
    help: ["T, Shift+T", "turn the chosen plane, one way or the other"],
    run: (state, by) =>
      turnedTo(state, state.chosen_plane, ofTable(state.angles, state.shown_table - 1)[state.chosen_plane] + by),
  },
  redraw: {
    keys: { r: null },
    help: ["R", "redraw all planes"],
    buttons: { "Redraw all planes": null },
    eased: "angles",
    run({ seed, angles }) {
      const uniform = uniformFrom(seed + 1);
      return { seed: seed + 1, angles: drawnArray(angles.shape, () => 2 * Math.PI * uniform()) };
    },
  },
};

const pointer = {
  /** What can be held: points, and both ends of each plane. */
  marks(facts, { width }) {
    const view = viewOf(facts, width);
    const points = range(facts.n_points).map((i) => [view.place(facts.point(i)), { reach: 18, point: i }]);
    const ends = range(2 * facts.n_planes).map((e) => {
      const behind = e % 2 ? -QUARTER : QUARTER;
      const plane = e >> 1;
      return [toward(view, facts.ofTable(facts.shown)[plane] + behind, 1), { reach: 16, plane, behind }];
    });
    return [...points, ...ends].map(([[x, y], mark]) => ({ x, y, ...mark }));
  },
  grab: ({ point, plane }) => (point === undefined ? { chosen_plane: plane } : { chosen: point }),
  press: (held) => held?.point !== undefined && { query: held.point },
  drag(held, state, to, _, { width }) {
    const [x, y] = viewOf(state, width).planeAt(to);
    if (held?.point !== undefined) return { points: withRow(state.points, held.point, kept([x, y])) };
    return held && turnedTo(state, held.plane, Math.atan2(y, x) - held.behind);
  },
};

const HINT = "Press a point to make it the query, drag it to move it; drag an end of a plane to turn it.";
const RINGS = " Each ring is a table; its coloured part is the query's bucket.";

export default explore({
  stage: "Points and planes. Arrow keys move the chosen point; the keys are listed below.",
  hint: ({ n_tables }) => `${HINT}${n_tables > 1 ? RINGS : ""}`,
  derive,
  describe,
  draw: {
    disc: { height: (width) => width, paint: paintDisc },
    key: { height: (width) => (width < 360 ? 44 : 22), paint: drawPointKey, fixed: true },
    why: { title: "Why this bucket", height: (width) => 0.34 * width, paint: paintWhy },
    recall: { title: "All queries", height: (width) => 0.5 * width, paint: paintRecall },
    codes: { title: "Buckets", height: (width) => 0.48 * width, paint: paintCodes },
  },
  report: ({ buckets, n_tables, n_points, recall, compared }) => ({
    buckets: Object.assign(buckets, { shape: [n_tables, n_points] }),
    recall,
    compared,
  }),
  actions,
  pointer,
  follow: { query: ({ query }) => ({ chosen: query }) },
  presets: {
    "One plane": { n_planes: 1, n_tables: 1 },
    "Eight planes, one table": { n_planes: 8, n_tables: 1 },
    "Eight planes, six tables": { n_planes: 8, n_tables: 6 },
  },
  tasks: [
    {
      text: "Find a query and a point at most 10° apart that a plane parts, with one table.",
      done: ({ n_tables, near, missed, away }) =>
        n_tables === 1 && near.some((i) => missed.includes(i) && away(i) < Math.PI / 18),
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
