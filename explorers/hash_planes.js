// The explorer of hash planes: state comes in as traits, `derive` hashes, the three pictures and the sentence show it.
// Letters as in reformer/planes.py: L points, P planes in a table, T tables. A plane is the line at right angles to its
// normal, and is given by the direction of the normal.
import {
  arrow,
  button,
  clamp,
  closest,
  controlPanel,
  decode,
  degrees,
  drawBucketNumber,
  drawChosenRing,
  drawPointKey,
  drawPointMark,
  drawPointNumber,
  encode,
  keepDrawn,
  keepInStep,
  kindOf,
  label,
  layOut,
  make,
  marker,
  marksInWords,
  meetsQuery,
  onKeys,
  onPressOrDrag,
  PALETTE,
  percent,
  Picture,
  plural,
  POINT_MARKS,
  slider,
  throttledSave,
  uniformFrom,
  wrapped,
} from "./shared.js";

const [MAX_TABLES, MAX_PLANES] = [6, 8];
const STEP = 0.02; // what one arrow key moves, where the disc's radius is 1
const TURN = Math.PI / 90; // what T turns
const SHORTEST = 0.05; // the origin itself has no direction
const RIM = 26; // pixels outside the disc
const RING = 7;
const QUARTER = Math.PI / 2;
const wholeTurn = (angle) => wrapped(angle, 0, 2 * Math.PI);

// ---- Hashing -------------------------------------------------------------------------------------------------

/** Bucket of one point: plane i weighs 2^i where the point is on its positive side, to which 0 belongs. */
export function bucketOf(x, y, angles, n_planes) {
  let bucket = 0;
  for (let p = 0; p < n_planes; p++) {
    if (x * Math.cos(angles[p]) + y * Math.sin(angles[p]) >= 0) bucket += 2 ** p;
  }
  return bucket;
}

/** (T, L) buckets of (L, 2) points, flat; `angles` has a row of MAX_PLANES for each table. */
export function hashPoints(points, angles, n_tables, n_planes) {
  const n_points = points.length / 2;
  const buckets = new Int32Array(n_tables * n_points);
  for (let t = 0; t < n_tables; t++) {
    const ofTable = angles.subarray(t * MAX_PLANES, (t + 1) * MAX_PLANES);
    for (let i = 0; i < n_points; i++) {
      buckets[t * n_points + i] = bucketOf(points[2 * i], points[2 * i + 1], ofTable, n_planes);
    }
  }
  return buckets;
}

/** Sectors into which the planes of a table cut the disc: [{bucket, from, to}], angles in radians, going round. */
export function sectors(angles, n_planes) {
  const borders = Array.from(angles.subarray(0, n_planes))
    .flatMap((angle) => [wholeTurn(angle - QUARTER), wholeTurn(angle + QUARTER)])
    .sort((a, b) => a - b);
  return borders
    .map((from, i) => ({ from, to: borders[i + 1] ?? borders[0] + 2 * Math.PI }))
    .filter(({ from, to }) => to - from > 1e-9)
    .map(({ from, to }) => {
      const middle = (from + to) / 2;
      return { from, to, bucket: bucketOf(Math.cos(middle), Math.sin(middle), angles, n_planes) };
    });
}

/** For each point the others, the nearest by angle first, the lower one where two are equally near. */
export function byNearness(points) {
  const cosine = (i, j) => {
    const [a, b, c, d] = [points[2 * i], points[2 * i + 1], points[2 * j], points[2 * j + 1]];
    return (a * c + b * d) / (Math.hypot(a, b) * Math.hypot(c, d) || 1);
  };
  const indices = Array.from({ length: points.length / 2 }, (_, i) => i);
  return indices.map((i) => {
    const similarity = indices.map((j) => cosine(i, j));
    return indices.filter((j) => j !== i).sort((j, k) => similarity[k] - similarity[j] || j - k);
  });
}

/** Recall of the near points and share of pairs compared, (6, 8) each, for every number of tables and planes. */
export function recallTable(points, angles, nearness, n_near) {
  const n_points = points.length / 2;
  const [recall, compared] = [0, 1].map(() => new Float64Array(MAX_TABLES * MAX_PLANES));
  for (let n_planes = 1; n_planes <= MAX_PLANES; n_planes++) {
    const buckets = hashPoints(points, angles, MAX_TABLES, n_planes);
    const met = new Uint8Array(n_points * n_points);
    for (let t = 0; t < MAX_TABLES; t++) {
      const own = buckets.subarray(t * n_points, (t + 1) * n_points);
      let [nMet, nFound] = [0, 0];
      for (let i = 0; i < n_points; i++) {
        for (let j = 0; j < n_points; j++) nMet += met[i * n_points + j] |= own[i] === own[j];
        for (const j of nearness[i].slice(0, n_near)) nFound += met[i * n_points + j];
      }
      recall[t * MAX_PLANES + n_planes - 1] = nFound / (n_points * Math.min(n_near, n_points - 1));
      compared[t * MAX_PLANES + n_planes - 1] = (nMet - n_points) / (n_points * (n_points - 1));
    }
  }
  return { recall, compared };
}

/** Everything that follows from the traits. */
function derive(model) {
  const trait = (name) => model.get(name);
  const [points, angles] = [decode(trait("points")), decode(trait("angles"))];
  const [n_planes, n_tables, n_near] = [trait("n_planes"), trait("n_tables"), trait("n_near")];
  const n_points = points.length / 2;
  const buckets = hashPoints(points, angles, n_tables, n_planes);
  const shown = clamp(trait("shown_table"), 1, n_tables) - 1;
  const query = clamp(trait("query"), 0, n_points - 1);
  const point = (i) => [points[2 * i], points[2 * i + 1]];
  const direction = (i) => Math.atan2(points[2 * i + 1], points[2 * i]);
  const nearness = byNearness(points);
  const near = nearness[query].slice(0, n_near);
  const met = meetsQuery(buckets, n_points, query);
  const ofTable = (t) => angles.subarray(t * MAX_PLANES, (t + 1) * MAX_PLANES);
  const regions = sectors(ofTable(shown), n_planes);
  const inUse = [...new Set(regions.map(({ bucket }) => bucket))].sort((a, b) => a - b);
  return {
    points,
    n_points,
    n_planes,
    n_tables,
    buckets,
    shown,
    query,
    chosen: clamp(trait("chosen"), 0, n_points - 1),
    chosenPlane: clamp(trait("chosen_plane"), 0, n_planes - 1),
    point,
    near,
    met,
    nOthersMet: met.filter(Boolean).length - 1,
    missed: near.filter((i) => !met[i]),
    away: (i) => Math.acos(Math.cos(direction(i) - direction(query))),
    angles,
    ofTable,
    regions,
    inUse,
    sizes: inUse.map((bucket) => countIn(buckets.subarray(shown * n_points, (shown + 1) * n_points), bucket)),
    bucketOfQuery: (t) => buckets[t * n_points + query],
    hueOf: (bucket) => PALETTE[Math.max(0, regions.findIndex((region) => region.bucket === bucket)) % PALETTE.length],
    ...recallTable(points, angles, nearness, n_near),
  };
}

const countIn = (buckets, bucket) => buckets.reduce((count, other) => count + (other === bucket), 0);

/** "+ − +" and "1 + 4 = 5": the sides of a bucket's points and the sum that numbers it. */
function codeOf(bucket, n_planes) {
  const planes = Array.from({ length: n_planes }, (_, p) => p);
  const positive = planes.filter((p) => (bucket >> p) & 1);
  const sum = positive.length > 1 ? `${positive.map((p) => 2 ** p).join(" + ")} = ${bucket}` : String(bucket);
  return { sides: planes.map((p) => ((bucket >> p) & 1 ? "+" : "−")).join(" "), sum };
}

function describe(state) {
  const { query, shown, n_planes, n_tables, n_points, near, missed } = state;
  const { sides, sum } = codeOf(state.bucketOfQuery(shown), n_planes);
  const inTable = n_tables > 1 ? ` in table ${shown + 1}` : "";
  const which = n_planes === 1 ? "the side" : "the sides";
  const of = n_planes === 1 ? "of plane 0" : `of planes 0 to ${n_planes - 1}`;
  const where = `Query ${query} is on ${which} ${sides} ${of}${inTable}: bucket ${sum}.`;
  const others = plural(n_points - 1, "other point");
  const meets = `In ${plural(n_tables, "table")} it meets ${state.nOthersMet} of ${others}`;
  const at = (n_tables - 1) * MAX_PLANES + n_planes - 1;
  const compares = `${percent(state.compared[at])} of pairs compared`;
  const all = `Over all queries: recall ${percent(state.recall[at])}, ${compares}.`;
  if (!missed.length) return `${where} ${meets}, among them all ${near.length} nearest. ${all}`;
  const found = `${near.length - missed.length || "none"} of its ${near.length} nearest`;
  const names = missed.map((i) => `${i} (${degrees(state.away(i))})`);
  const listed = names.length > 1 ? `points ${names.slice(0, -1).join(", ")} and ${names.at(-1)}` : `point ${names[0]}`;
  return `${where} ${meets}, ${found}; it misses ${listed}. ${all}`;
}

// ---- The disc ------------------------------------------------------------------------------------------------

/** Where the disc lies on its square canvas; from two tables on there is a ring outside for each. */
class Disc {
  constructor(size, n_tables) {
    this.middle = size / 2;
    this.radius = size / 2 - RIM - (n_tables > 1 ? RING * n_tables + 2 : 0);
  }

  place([x, y]) {
    return [this.middle + this.radius * x, this.middle - this.radius * y];
  }

  toward(angle, distance) {
    return this.place([distance * Math.cos(angle), distance * Math.sin(angle)]);
  }

  pointAt(x, y) {
    return [(x - this.middle) / this.radius, (this.middle - y) / this.radius];
  }
}

/** The nearest point that is in the disc and not in its middle. */
function kept([x, y]) {
  const length = Math.hypot(x, y);
  if (length === 0) return [SHORTEST, 0];
  const factor = clamp(length, SHORTEST, 1) / length;
  return [x * factor, y * factor];
}

function drawDisc(picture, theme, state, disc) {
  const context = picture.begin(theme);
  drawSectors(context, theme, state, disc);
  for (let p = state.n_planes - 1; p >= 0; p--) drawPlane(context, theme, state, disc, p);
  drawNormal(context, theme, state, disc);
  for (let t = 0; t < state.n_tables && state.n_tables > 1; t++) drawRing(context, theme, state, disc, t);
  drawPoints(context, theme, state, disc);
}

function drawSectors(context, theme, state, disc) {
  for (const { bucket, from, to } of state.regions) {
    const isQuerys = bucket === state.bucketOfQuery(state.shown);
    context.beginPath();
    context.moveTo(disc.middle, disc.middle);
    context.arc(disc.middle, disc.middle, disc.radius, -from, -to, true);
    context.closePath();
    context.globalAlpha = isQuerys ? 0.5 : theme.dark ? 0.2 : 0.13;
    context.fillStyle = state.hueOf(bucket);
    context.fill();
    context.globalAlpha = 1;
    if (to - from < 0.12) continue;
    drawBucketNumber(context, theme, bucket, isQuerys, ...disc.toward((from + to) / 2, 0.91));
  }
}

/** The plane as a line with a numbered end to hold it by, and at both ends an arrow to its positive side. */
function drawPlane(context, theme, state, disc, p) {
  const angle = state.ofTable(state.shown)[p];
  const isChosen = p === state.chosenPlane;
  const ends = [disc.toward(angle + QUARTER, 1), disc.toward(angle - QUARTER, 1)];
  context.strokeStyle = context.fillStyle = isChosen ? theme.accent : theme.quiet;
  context.lineWidth = isChosen ? 2.2 : 1.2;
  context.beginPath();
  context.moveTo(...ends[0]);
  context.lineTo(...ends[1]);
  context.stroke();
  for (const [x, y] of ends) arrow(context, x, y, x + 21 * Math.cos(angle), y - 21 * Math.sin(angle));
  context.beginPath();
  marker(context, "disc", ...ends[0], 9);
  marker(context, "disc", ...ends[1], 4);
  context.fill();
  Object.assign(context, { fillStyle: theme.paper, font: `700 11px ${theme.font}`, textAlign: "center" });
  context.textBaseline = "middle";
  context.fillText(p, ...ends[0]);
}

function drawNormal(context, theme, state, disc) {
  const angle = state.ofTable(state.shown)[state.chosenPlane];
  context.strokeStyle = context.fillStyle = theme.accent;
  Object.assign(context, { lineWidth: 2 });
  arrow(context, disc.middle, disc.middle, ...disc.toward(angle, 0.3));
  label(context, theme, `n${state.chosenPlane}`, ...disc.toward(angle, 0.37), { color: theme.accent });
}

/** One table as a ring outside the disc: where the query's bucket of that table lies. */
function drawRing(context, theme, state, disc, t) {
  const radius = disc.radius + RIM - 8 + RING * t + RING / 2;
  for (const { bucket, from, to } of sectors(state.ofTable(t), state.n_planes)) {
    const isQuerys = bucket === state.bucketOfQuery(t);
    context.beginPath();
    context.arc(disc.middle, disc.middle, radius, -from - 0.006, -to + 0.006, true);
    context.globalAlpha = isQuerys ? 0.9 : t === state.shown ? 0.35 : 0.15;
    Object.assign(context, { strokeStyle: isQuerys ? theme.accent : theme.quiet, lineWidth: RING - 2 });
    context.stroke();
    context.globalAlpha = 1;
  }
}

function drawPoints(context, theme, state, disc) {
  const rank = { other: 0, met: 1, missed: 2, query: 3 };
  const order = Array.from({ length: state.n_points }, (_, i) => i);
  order.sort((i, j) => rank[kindOf(state, i)] - rank[kindOf(state, j)]);
  for (const i of order) {
    const kind = kindOf(state, i);
    const [x, y] = disc.place(state.point(i));
    drawPointMark(context, theme, kind, x, y);
    if (i === state.chosen) drawChosenRing(context, theme, x, y);
    if (kind === "other" && i !== state.chosen) continue;
    if (kind === "met" && !state.near.includes(i) && i !== state.chosen) continue;
    drawPointNumber(context, theme, kind, i, x + 15, y - 10);
  }
}

// ---- Recall and cost -----------------------------------------------------------------------------------------

/** Recall and share of pairs compared against the number of planes, for the tables in use and, faintly, for one. */
function drawRecall(picture, theme, state) {
  const context = picture.begin(theme);
  const [left, right, top, bottom] = [46, picture.width - 10, 12, picture.height - 36];
  const x = (n_planes) => left + ((right - left) * (n_planes - 1)) / (MAX_PLANES - 1);
  const y = (share) => bottom - (bottom - top) * share;
  const small = { color: theme.quiet, font: `11px ${theme.font}` };
  for (const share of [0, 0.5, 1]) {
    Object.assign(context, { strokeStyle: theme.line, lineWidth: 1 });
    context.beginPath();
    context.moveTo(left - 6, y(share));
    context.lineTo(right, y(share));
    context.stroke();
    label(context, theme, percent(share), left - 9, y(share), { ...small, align: "right" });
  }
  for (let n_planes = 1; n_planes <= MAX_PLANES; n_planes++) {
    const here = n_planes === state.n_planes;
    const style = here ? { color: theme.ink, font: `700 12px ${theme.font}` } : small;
    label(context, theme, n_planes, x(n_planes), bottom + 14, style);
  }
  label(context, theme, "planes in each table", right, bottom + 29, { ...small, align: "right" });

  const line = (shares, color, shape, dash, faint) => {
    context.globalAlpha = faint ? 0.4 : 1;
    Object.assign(context, { strokeStyle: color, lineWidth: faint ? 1.2 : 2 });
    context.setLineDash(dash);
    context.beginPath();
    shares.forEach((share, p) => context.lineTo(x(p + 1), y(share)));
    context.stroke();
    context.setLineDash([]);
    context.fillStyle = color;
    shares.forEach((share, p) => {
      context.beginPath();
      const size = faint ? 2 : p + 1 === state.n_planes ? 6.5 : 3.2;
      marker(context, shape, x(p + 1), y(share), size);
      context.fill();
    });
    context.globalAlpha = 1;
  };
  const row = (table, n_tables) => table.subarray((n_tables - 1) * MAX_PLANES, n_tables * MAX_PLANES);
  if (state.n_tables > 1) {
    line(row(state.compared, 1), theme.quiet, "square", [4, 3], true);
    line(row(state.recall, 1), theme.accent, "disc", [], true);
  }
  line(row(state.compared, state.n_tables), theme.quiet, "square", [4, 3], false);
  line(row(state.recall, state.n_tables), theme.accent, "disc", [], false);
}

// ---- Buckets and their codes ---------------------------------------------------------------------------------

/** Points in each bucket in use, with its number, and below it its bits: a filled square where a side is positive. */
function drawCodes(picture, theme, state) {
  const context = picture.begin(theme);
  const { inUse, sizes, n_planes } = state;
  const cell = Math.min(11, 76 / n_planes);
  const [left, right, top] = [52, picture.width - 4, 16];
  const bottom = picture.height - 26 - cell * n_planes;
  const slot = Math.min(46, (right - left) / inUse.length);
  const height = (size) => ((bottom - top) * size) / Math.max(1, ...sizes);
  inUse.forEach((bucket, i) => {
    const isQuerys = bucket === state.bucketOfQuery(state.shown);
    const x = left + slot * (i + 0.5);
    const style = { color: isQuerys ? theme.ink : theme.quiet, font: `${isQuerys ? "700 " : ""}11px ${theme.font}` };
    context.globalAlpha = isQuerys ? 0.85 : 0.35;
    context.fillStyle = state.hueOf(bucket);
    context.fillRect(x - 0.36 * slot, bottom - height(sizes[i]), 0.72 * slot, height(sizes[i]));
    context.globalAlpha = 1;
    label(context, theme, sizes[i], x, bottom - height(sizes[i]) - 8, style);
    label(context, theme, bucket, x, bottom + 11, style);
    for (let p = 0; p < n_planes; p++) {
      const [side, y] = [cell - 2, bottom + 22 + cell * p];
      Object.assign(context, { strokeStyle: style.color, fillStyle: style.color, lineWidth: 1 });
      if ((bucket >> p) & 1) context.fillRect(x - side / 2, y, side, side);
      else context.strokeRect(x - side / 2 + 0.5, y + 0.5, side - 1, side - 1);
    }
  });
  const small = { color: theme.quiet, font: `${Math.min(11, cell + 1)}px ${theme.font}`, align: "right" };
  label(context, theme, "points", left - 8, top + 4, { ...small, font: `11px ${theme.font}` });
  label(context, theme, "bucket", left - 8, bottom + 11, { ...small, font: `11px ${theme.font}` });
  for (let p = 0; p < n_planes; p++) {
    label(context, theme, `plane ${p}`, left - 8, bottom + 22 + cell * (p + 0.45), small);
  }
}

// ---- The widget ----------------------------------------------------------------------------------------------

const KEYS = [
  ["Arrow keys", "move the chosen point (the ringed one); with Shift in larger steps"],
  ["N, P", "choose the next or the previous point"],
  ["Q", "make the chosen point the query"],
  ["B", "choose the next plane"],
  ["T, Shift+T", "turn the chosen plane, one way or the other"],
  ["R", "redraw all planes"],
];

/** Changes of the traits that keys, pointer and buttons share. */
function actions(model) {
  const move = (i, to) => {
    const points = decode(model.get("points"));
    points.set(kept(to), 2 * i);
    model.set("points", encode(points, model.get("points").shape));
  };
  const setAngle = (p, angle) => {
    const angles = decode(model.get("angles"));
    angles[(model.get("shown_table") - 1) * MAX_PLANES + p] = wholeTurn(angle);
    model.set("angles", encode(angles, model.get("angles").shape));
  };
  return {
    move,
    setAngle,
    moveChosen(right, up) {
      const [i, points] = [model.get("chosen"), decode(model.get("points"))];
      move(i, [points[2 * i] + right, points[2 * i + 1] + up]);
    },
    turn(by) {
      const [p, row] = [model.get("chosen_plane"), (model.get("shown_table") - 1) * MAX_PLANES];
      setAngle(p, decode(model.get("angles"))[row + p] + by);
    },
    choose: (step) => model.set("chosen", wrapped(model.get("chosen") + step, 0, model.get("points").shape[0])),
    choosePlane: () => model.set("chosen_plane", wrapped(model.get("chosen_plane") + 1, 0, model.get("n_planes"))),
    makeQuery: () => model.set("query", model.get("chosen")),
    redraw() {
      const seed = model.get("seed") + 1;
      const uniform = uniformFrom(seed);
      model.set("seed", seed);
      const drawn = Float64Array.from({ length: MAX_TABLES * MAX_PLANES }, () => 2 * Math.PI * uniform());
      model.set("angles", encode(drawn, [MAX_TABLES, MAX_PLANES]));
    },
  };
}

/** Drag an end of a plane to turn it; drag a point to move it, press it to make it the query. */
function listenToPointer(canvas, model, action, current) {
  onPressOrDrag(canvas, {
    grab(x, y) {
      const { state, disc } = current();
      const away = ([atX, atY]) => Math.hypot(atX - x, atY - y);
      const end = (e) => state.ofTable(state.shown)[e >> 1] + (e % 2 ? -QUARTER : QUARTER);
      const [toEnd, e] = closest(2 * state.n_planes, (e) => away(disc.toward(end(e), 1)));
      const [toPoint, i] = closest(state.n_points, (i) => away(disc.place(state.point(i))));
      if (toPoint < 18 && toPoint <= toEnd) {
        model.set("chosen", i);
        return { point: i };
      }
      if (toEnd >= 16) return {};
      model.set("chosen_plane", e >> 1);
      return { plane: e >> 1, behind: e % 2 ? -QUARTER : QUARTER };
    },
    press: ({ point }) => point !== undefined && model.set("query", point),
    drag({ point, plane, behind }, atX, atY) {
      const [x, y] = current().disc.pointAt(atX, atY);
      if (point !== undefined) action.move(point, [x, y]);
      else if (plane !== undefined) action.setAngle(plane, Math.atan2(y, x) - behind);
    },
  });
}

function listenToKeys(el, action) {
  onKeys(el, {
    ...arrowKeys(STEP, action.moveChosen),
    n: () => action.choose(1),
    p: () => action.choose(-1),
    q: action.makeQuery,
    b: action.choosePlane,
    t: (event) => action.turn(event.shiftKey ? -TURN : TURN),
    r: action.redraw,
  });
}

/** The native controls: { element, refresh }. */
function controls(model, action) {
  const nPoints = model.get("points").shape[0];
  return controlPanel(
    slider(model, "n_planes", "Planes P", { min: 1, max: MAX_PLANES }),
    slider(model, "n_tables", "Tables T", { min: 1, max: MAX_TABLES }),
    slider(model, "shown_table", "Table shown", { min: 1, max: () => model.get("n_tables") }),
    slider(model, "query", "Query point", { min: 0, max: nPoints - 1 }),
    slider(model, "n_near", "Nearest points sought", { min: 1, max: Math.min(12, nPoints - 1) }),
    button("Redraw all planes", action.redraw),
  );
}

/** What the pictures say to those who do not see them. */
function describePictures({ disc, key, recall, codes }, state) {
  const { n_points, n_planes, n_tables, shown, inUse, sizes } = state;
  key.describe(marksInWords(POINT_MARKS));
  disc.describe(`${n_points} points in a disc, cut by ${plural(n_planes, "plane")}. ${describe(state)}`);
  const row = (table) => Array.from(table.subarray((n_tables - 1) * MAX_PLANES, n_tables * MAX_PLANES), percent);
  recall.note.textContent = "● recall, ■ compared";
  recall.title.textContent = `All queries, ${plural(n_tables, "table")}`;
  recall.describe(
    `With ${plural(n_tables, "table")} of 1 to ${MAX_PLANES} planes recall is ${row(state.recall).join(", ")}; ` +
      `the share of pairs compared is ${row(state.compared).join(", ")}.`,
  );
  codes.title.textContent = `Buckets${n_tables > 1 ? ` of table ${shown + 1}` : ""}, and their bits`;
  codes.note.textContent = `${inUse.length} of ${2 ** n_planes} codes`;
  const listed = inUse.map((bucket, i) => `bucket ${bucket}, sides ${codeOf(bucket, n_planes).sides}, ${sizes[i]}`);
  codes.describe(`Points in each bucket: ${listed.join("; ")}.`);
}

const HINT = "Press a point to make it the query, drag it to move it; drag an end of a plane to turn it.";
const RINGS = " Each ring is a table; its coloured part is the query's bucket.";
const STAGE = "Points and planes. Arrow keys move the chosen point; the keys are listed below.";
const INPUTS = [
  "points",
  "angles",
  "n_planes",
  "n_tables",
  "shown_table",
  "query",
  "chosen",
  "chosen_plane",
  "n_near",
];

/** Tell Python what the browser hashed and counted. */
function report(model, { buckets, n_tables, n_points, recall, compared }) {
  model.set("buckets", encode(buckets, [n_tables, n_points]));
  model.set("recall", encode(recall, [MAX_TABLES, MAX_PLANES]));
  model.set("compared", encode(compared, [MAX_TABLES, MAX_PLANES]));
}

function render({ model, el }) {
  const action = actions(model);
  const panel = controls(model, action);
  const pictures = {
    disc: new Picture("", (width) => width),
    key: new Picture("", () => 22),
    recall: new Picture("All queries", (width) => 0.58 * width),
    codes: new Picture("Buckets", (width) => 0.53 * width),
  };
  const { root, stage, hint, words } = layOut(pictures, panel, STAGE, KEYS);
  el.append(root);
  const save = throttledSave(model);
  let current; // what was drawn last, for the pointer

  const draw = (theme) => {
    const state = derive(model);
    const disc = new Disc(pictures.disc.canvas.clientWidth, state.n_tables);
    current = { state, disc };
    panel.refresh();
    drawDisc(pictures.disc, theme, state, disc);
    drawPointKey(pictures.key, theme);
    drawRecall(pictures.recall, theme, state);
    drawCodes(pictures.codes, theme, state);
    describePictures(pictures, state);
    hint.textContent = `${HINT}${state.n_tables > 1 ? RINGS : ""}`;
    words.say(describe(state));
    report(model, state);
    save();
  };

  const { stop } = keepDrawn(root, model, INPUTS, draw);
  listenToKeys(stage, action);
  listenToPointer(pictures.disc.canvas, model, action, () => current);
  // A table or a plane that is no longer there cannot be chosen, and a new query is what the keys move.
  const atMost = (name, highest) => model.set(name, Math.min(model.get(name), highest));
  const leaveStep = keepInStep(model, {
    n_tables: () => atMost("shown_table", model.get("n_tables")),
    n_planes: () => atMost("chosen_plane", model.get("n_planes") - 1),
    query: () => model.set("chosen", model.get("query")),
  });
  return () => {
    leaveStep();
    stop();
  };
}

export default { render };
