// The explorer of angular LSH: state comes in as traits, `derive` hashes, the three pictures and the sentence show it.
// Letters as in reformer/angular.py: L points, d features, R rounds, B buckets.
import {
  arc,
  arrow,
  axesAround,
  button,
  choice,
  clamp,
  closest,
  controlPanel,
  decode,
  degrees,
  dot,
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
  minus,
  normalFrom,
  onKeys,
  onPressOrDrag,
  PALETTE,
  Picture,
  plural,
  POINT_MARKS,
  prefersStill,
  scaled,
  slider,
  throttledSave,
  unit,
  View,
  wrapped,
} from "./shared.js";

const MAX_ROUNDS = 8;
const N_TRIALS = 2000;
const STEP = Math.PI / 90; // what one arrow key moves
const LABEL_ROOM = 30; // pixels outside the circle
const RING = 7;

// ---- Hashing -------------------------------------------------------------------------------------------------

/** Bucket of one vector: the place of the largest number in [xR, -xR], the lower place where two are equal. */
export function bucketOf(vectors, start, rotation, n_features, half) {
  let [best, bestScore] = [0, -Infinity];
  for (let sign = 1, bucket = 0; sign >= -1; sign -= 2) {
    for (let column = 0; column < half; column++, bucket++) {
      let score = 0;
      for (let f = 0; f < n_features; f++) score += vectors[start + f] * rotation[f * half + column];
      if (sign * score > bestScore) [best, bestScore] = [bucket, sign * score];
    }
  }
  return best;
}

/** (R, L) buckets of (L, d) vectors under (R, d, B/2) rotations, all flat: the twin of reformer.angular's. */
export function angularHash(vectors, rotations, n_rounds, n_features, half) {
  const n_points = vectors.length / n_features;
  const buckets = new Int32Array(n_rounds * n_points);
  for (let r = 0; r < n_rounds; r++) {
    const rotation = rotations.subarray(r * n_features * half, (r + 1) * n_features * half);
    for (let i = 0; i < n_points; i++) {
      buckets[r * n_points + i] = bucketOf(vectors, i * n_features, rotation, n_features, half);
    }
  }
  return buckets;
}

/** The (R, d, B/2) rotations in use: the first of the drawn numbers, turned in the plane of the first two axes. */
function turnedRotations(drawn, [, drawnFeatures, drawnHalf], n_rounds, n_features, half, turn) {
  const [cos, sin] = [Math.cos(turn), Math.sin(turn)];
  const rotations = new Float64Array(n_rounds * n_features * half);
  for (let r = 0; r < n_rounds; r++) {
    for (let column = 0; column < half; column++) {
      const number = (f) => drawn[(r * drawnFeatures + f) * drawnHalf + column];
      const turned = [cos * number(0) - sin * number(1), sin * number(0) + cos * number(1), number(2)];
      for (let f = 0; f < n_features; f++) rotations[(r * n_features + f) * half + column] = turned[f];
    }
  }
  return rotations;
}

/** Counts how often pairs at given angles meet, over fresh rotations, a few hundred at a time. */
class Measurement {
  constructor(model, half) {
    const angles = Array.from(decode(model.get("angles"))).filter((_, i) => i % 2 === 0);
    this.normal = normalFrom(half);
    this.half = half;
    this.trials = 0;
    this.vectors = Float64Array.from(angles.flatMap((angle) => [Math.cos(angle), Math.sin(angle)]));
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

const pointsOf = (model) => decode(model.get(model.get("dimension") === 2 ? "circle" : "sphere"));

/** Everything that follows from the traits. */
function derive(model) {
  const trait = (name) => model.get(name);
  const n_features = trait("dimension");
  const [n_buckets, n_rounds, n_near] = [trait("n_buckets"), trait("n_rounds"), trait("n_near")];
  const half = n_buckets / 2;
  const points = pointsOf(model);
  const n_points = points.length / n_features;
  const turn = (trait("turn") * Math.PI) / 180;
  const rotations = turnedRotations(decode(trait("drawn")), trait("drawn").shape, n_rounds, n_features, half, turn);
  const buckets = angularHash(points, rotations, n_rounds, n_features, half);
  const shown = clamp(trait("shown_round"), 1, n_rounds) - 1;
  const query = clamp(trait("query"), 0, n_points - 1);
  const chosen = clamp(trait("chosen"), 0, n_points - 1);

  const point = (i) => points.subarray(i * n_features, (i + 1) * n_features);
  const angles = Array.from({ length: n_points }, (_, i) => angleBetween(point(query), point(i)));
  const others = angles.map((_, i) => i).filter((i) => i !== query);
  const near = [...others].sort((i, j) => angles[i] - angles[j]).slice(0, n_near);
  const met = meetsQuery(buckets, n_points, query);
  const sizes = new Array(n_buckets).fill(0);
  for (let i = 0; i < n_points; i++) sizes[buckets[shown * n_points + i]]++;
  return {
    n_features,
    n_buckets,
    n_rounds,
    half,
    points,
    n_points,
    rotations,
    buckets,
    shown,
    query,
    chosen,
    point,
    angles,
    others,
    near,
    met,
    sizes,
    missed: near.filter((i) => !met[i]),
    rotation: (r) => rotations.subarray(r * n_features * half, (r + 1) * n_features * half),
    bucketOfQuery: (r) => buckets[r * n_points + query],
  };
}

function angleBetween(a, b) {
  let dot = 0;
  for (let f = 0; f < a.length; f++) dot += a[f] * b[f];
  return Math.acos(clamp(dot / (Math.hypot(...a) * Math.hypot(...b)), -1, 1));
}

function describe(state) {
  const { query, shown, n_rounds, others, met, near, missed, angles } = state;
  const inRound = n_rounds > 1 ? ` in round ${shown + 1}` : "";
  const where = `Query ${query} is in bucket ${state.bucketOfQuery(shown)}${inRound}.`;
  const nMet = others.filter((i) => met[i]).length;
  const meets = `In ${plural(n_rounds, "round")} it meets ${nMet} of ${plural(others.length, "other point")}`;
  if (!missed.length) return `${where} ${meets}, among them all ${near.length} nearest.`;
  const found = `${near.length - missed.length || "none"} of its ${near.length} nearest`;
  if (missed.length === 1)
    return `${where} ${meets}, ${found}; it misses point ${missed[0]}, ${degrees(angles[missed[0]])} away.`;
  const names = missed.map((i) => `${i} (${degrees(angles[i])})`);
  return `${where} ${meets}, ${found}; it misses points ${names.slice(0, -1).join(", ")} and ${names.at(-1)}.`;
}

// ---- Bucket regions ------------------------------------------------------------------------------------------

/** Sectors of the circle, found by hashing directions all round: [{bucket, from, to}], angles in radians. */
export function sectors(rotation, half, n_directions = 2880) {
  const angleOf = (i) => (2 * Math.PI * i) / n_directions;
  const bucketAt = (i) => bucketOf([Math.cos(angleOf(i)), Math.sin(angleOf(i))], 0, rotation, 2, half);
  const found = [];
  for (let i = 0; i < n_directions; i++) {
    const bucket = bucketAt(i);
    if (found.at(-1)?.bucket === bucket) found.at(-1).to = angleOf(i + 1);
    else found.push({ bucket, from: angleOf(i), to: angleOf(i + 1) });
  }
  if (found.length > 1 && found[0].bucket === found.at(-1).bucket) found[0].from = found.pop().from - 2 * Math.PI;
  return found;
}

/** Regions of the half of the sphere that faces `toward`: [{bucket, outline: [direction, ..]}].
 *
 * Bucket i wins where (v_i - v_j) x > 0 for every other bucket j: a convex cone. In the plane that touches the sphere
 * at v_i each of these is a straight cut; the region is what all cuts, and the horizon's, leave of a huge square.
 */
export function sphereRegions(rotation, half, toward) {
  const column = (c) => [rotation[c], rotation[half + c], rotation[2 * half + c]];
  const columns = Array.from({ length: 2 * half }, (_, b) => (b < half ? column(b) : scaled(column(b - half), -1)));
  return columns.flatMap((winner, bucket) => {
    const [centre, side, up] = axesAround(winner);
    const far = 1e5;
    let polygon = [
      [-far, -far],
      [far, -far],
      [far, far],
      [-far, far],
    ];
    for (const normal of [...columns.filter((_, b) => b !== bucket).map((other) => minus(winner, other)), toward]) {
      polygon = cut(polygon, dot(normal, centre), dot(normal, side), dot(normal, up));
    }
    if (polygon.length < 3) return [];
    const corners = polygon.map(([s, t]) => unit([0, 1, 2].map((f) => centre[f] + s * side[f] + t * up[f])));
    return [{ bucket, outline: corners.flatMap((corner, i) => arc(corner, corners[(i + 1) % corners.length])) }];
  });
}

/** The part of a polygon where a + b s + c t >= 0. */
function cut(polygon, a, b, c) {
  const height = ([s, t]) => a + b * s + c * t;
  return polygon.flatMap((from, i) => {
    const to = polygon[(i + 1) % polygon.length];
    const [low, high] = [height(from), height(to)];
    const share = low / (low - high);
    const crossing =
      low >= 0 !== high >= 0 ? [[from[0] + share * (to[0] - from[0]), from[1] + share * (to[1] - from[1])]] : [];
    return low >= 0 ? [from, ...crossing] : crossing;
  });
}

// ---- Pictures ------------------------------------------------------------------------------------------------

/** A bucket and its opposite share the hue of their column; their numbers tell them apart. */
const hue = (bucket, half) => PALETTE[(bucket % half) % PALETTE.length];
const strength = (theme, isQuerys) => (isQuerys ? (theme.dark ? 0.55 : 0.5) : theme.dark ? 0.2 : 0.13);

function drawCloud(picture, theme, state, view) {
  const context = picture.begin(theme);
  if (view.flat) drawSectors(context, theme, state, view);
  else drawSphere(context, theme, state, view);
  drawColumns(context, theme, state, view);
  drawPoints(context, theme, state, view);
}

function fillRegion(context, theme, state, bucket, r) {
  context.globalAlpha = strength(theme, bucket === state.bucketOfQuery(r));
  context.fillStyle = hue(bucket, state.half);
  context.fill();
  context.globalAlpha = 1;
  Object.assign(context, { strokeStyle: theme.paper, lineWidth: 1.5 });
  context.stroke();
}

function drawSectors(context, theme, state, view) {
  const m = view.middle;
  for (const { bucket, from, to } of sectors(state.rotation(state.shown), state.half)) {
    context.beginPath();
    context.moveTo(m, m);
    context.arc(m, m, view.radius, -from, -to, true);
    context.closePath();
    fillRegion(context, theme, state, bucket, state.shown);
    if (to - from < 0.1) continue;
    const middle = (from + to) / 2;
    numberRegion(context, theme, state, bucket, view.place([Math.cos(middle), Math.sin(middle)], view.radius * 0.84));
  }
  for (let r = 0; r < state.n_rounds && state.n_rounds > 1; r++) drawRing(context, theme, state, view, r);
}

/** One round as a ring outside the circle: where the query's bucket of that round lies. */
function drawRing(context, theme, state, view, r) {
  const inner = view.radius + LABEL_ROOM - 4 + RING * r;
  for (const { bucket, from, to } of sectors(state.rotation(r), state.half, 720)) {
    const isQuerys = bucket === state.bucketOfQuery(r);
    context.beginPath();
    context.arc(view.middle, view.middle, inner + RING / 2, -from - 0.006, -to + 0.006, true);
    context.globalAlpha = isQuerys ? 0.9 : r === state.shown ? 0.3 : 0.14;
    Object.assign(context, { strokeStyle: isQuerys ? hue(bucket, state.half) : theme.quiet, lineWidth: RING - 2 });
    context.stroke();
    context.globalAlpha = 1;
  }
}

function drawSphere(context, theme, state, view) {
  for (const { bucket, outline } of sphereRegions(state.rotation(state.shown), state.half, view.toward)) {
    context.beginPath();
    for (const direction of outline) context.lineTo(...view.place(direction).slice(0, 2));
    context.closePath();
    fillRegion(context, theme, state, bucket, state.shown);
    if (areaOf(outline.map((direction) => view.place(direction))) < 1200) continue;
    const middle = [0, 1, 2].map((f) => outline.reduce((sum, direction) => sum + direction[f], 0));
    numberRegion(context, theme, state, bucket, view.place(unit(middle)));
  }
  context.beginPath();
  context.arc(view.middle, view.middle, view.radius, 0, 2 * Math.PI);
  Object.assign(context, { strokeStyle: theme.line, lineWidth: 1 });
  context.stroke();
}

/** Area of a polygon on the canvas. */
function areaOf(places) {
  const doubled = places.reduce((sum, [x, y], i) => {
    const [nextX, nextY] = places[(i + 1) % places.length];
    return sum + x * nextY - nextX * y;
  }, 0);
  return Math.abs(doubled) / 2;
}

function numberRegion(context, theme, state, bucket, [x, y]) {
  drawBucketNumber(context, theme, bucket, bucket === state.bucketOfQuery(state.shown), x, y);
}

/** The columns of R as arrows, and their negatives dashed, from the middle. The longest reaches well inside. */
function drawColumns(context, theme, state, view) {
  const rotation = state.rotation(state.shown);
  const columns = Array.from({ length: state.half }, (_, c) =>
    Array.from({ length: state.n_features }, (_, f) => rotation[f * state.half + c]),
  );
  const longest = Math.max(...columns.map((column) => Math.hypot(...column)));
  const isQuerys = (bucket) => bucket === state.bucketOfQuery(state.shown);
  for (let bucket = 2 * state.half - 1; bucket >= 0; bucket--) {
    const column = scaled(columns[bucket % state.half], (bucket < state.half ? 0.66 : -0.66) / longest);
    const [x, y, faces] = view.place(column);
    context.globalAlpha = isQuerys(bucket) ? 1 : faces ? 0.6 : 0.2;
    context.strokeStyle = context.fillStyle = isQuerys(bucket) ? theme.ink : theme.quiet;
    context.lineWidth = isQuerys(bucket) ? 2 : 1.2;
    context.setLineDash(bucket < state.half ? [] : [4, 3]);
    arrow(context, view.middle, view.middle, x, y);
    context.setLineDash([]);
    const [atX, atY] = view.place(scaled(column, 1 + 11 / (view.radius * Math.hypot(...column))));
    Object.assign(context, { font: `11px ${theme.font}`, textAlign: "center", textBaseline: "middle" });
    context.fillText(bucket, atX, atY);
    context.globalAlpha = 1;
  }
}

function drawPoints(context, theme, state, view) {
  const order = Array.from({ length: state.n_points }, (_, i) => i);
  const rank = { other: 0, met: 1, missed: 2, query: 3 };
  const places = order.map((i) => view.place(state.point(i)));
  order.sort((i, j) => places[i][2] - places[j][2] || rank[kindOf(state, i)] - rank[kindOf(state, j)]);
  for (const i of order) {
    const [x, y, faces] = places[i];
    context.globalAlpha = faces ? 1 : 0.3;
    drawPointMark(context, theme, kindOf(state, i), x, y, faces ? 1 : 0.8);
    context.globalAlpha = 1;
    if (i === state.chosen) drawChosenRing(context, theme, x, y);
    const named = i === state.query || i === state.chosen || state.near.includes(i);
    if (named && (faces || kindOf(state, i) === "missed")) labelPoint(context, theme, state, view, i);
  }
}

function labelPoint(context, theme, state, view, i) {
  const [x, y] = view.flat
    ? view.place(state.point(i), view.radius + 18)
    : view.place(state.point(i)).map((v, f) => v - (f ? 16 : 0));
  drawPointNumber(context, theme, kindOf(state, i), i, x, y);
}

/** Chance to meet, by angle: theory as lines, measured as dots, the query's own pairs as marks above and below. */
function drawCurve(picture, theme, state, curve) {
  const context = picture.begin(theme);
  const [left, right, top, bottom] = [30, picture.width - 8, 26, picture.height - 44];
  const x = (angle) => left + ((right - left) * angle) / Math.PI;
  const y = (chance) => bottom - (bottom - top) * chance;
  drawAxes(context, theme, { left, right, x, y, bottom });

  const line = (values, color, width) => {
    context.beginPath();
    values.forEach((value, i) => context.lineTo(x(curve.angles[i]), y(value)));
    Object.assign(context, { strokeStyle: color, lineWidth: width });
    context.stroke();
  };
  if (state.n_rounds > 1) line(curve.oneRound, theme.quiet, 1);
  line(curve.inRounds, theme.accent, 2);
  context.beginPath();
  curve.measured.forEach((share, i) => marker(context, "square", x(curve.angles[2 * i]), y(share), 3.6));
  Object.assign(context, { fillStyle: theme.paper, strokeStyle: theme.ink, lineWidth: 1.2 });
  context.fill();
  context.stroke();
  labelCurves(context, theme, state, { x, y, curve });

  for (const i of [...state.others].sort((i, j) => (kindOf(state, j) < kindOf(state, i) ? -1 : 1))) {
    const kind = kindOf(state, i);
    const height = kind === "met" ? top - 12 : bottom + 11;
    drawPointMark(context, theme, kind, x(state.angles[i]), height, kind === "missed" ? 0.8 : 0.75);
  }
  const small = `11px ${theme.font}`;
  label(context, theme, "its pairs that meet", right, top - 12, { align: "right", color: theme.quiet, font: small });
  label(context, theme, "angle between two points", right, bottom + 37, {
    align: "right",
    color: theme.quiet,
    font: small,
  });
}

function drawAxes(context, theme, { left, right, x, y, bottom }) {
  context.beginPath();
  for (const chance of [0, 0.5, 1]) {
    context.moveTo(left, y(chance));
    context.lineTo(right, y(chance));
  }
  Object.assign(context, { strokeStyle: theme.line, lineWidth: 1 });
  context.stroke();
  const small = { color: theme.quiet, font: `11px ${theme.font}` };
  for (const chance of [0, 0.5, 1]) label(context, theme, chance, left - 8, y(chance), { ...small, align: "right" });
  for (const angle of [0, 45, 90, 135, 180]) {
    label(context, theme, `${angle}°`, x((angle * Math.PI) / 180), bottom + 25, {
      ...small,
      align: angle === 180 ? "right" : "center",
    });
  }
}

function labelCurves(context, theme, state, { x, y, curve }) {
  // Beside the curve, where it falls through these heights.
  const fallsTo = (values, chance) =>
    Math.max(
      1,
      values.findIndex((value) => value < chance),
    );
  const beside = (values, chance, text, side, color) => {
    const i = fallsTo(values, chance) - (side < 0 ? 1 : 0);
    const style = { align: side < 0 ? "right" : "left", color, font: `600 12px ${theme.font}` };
    label(context, theme, text, x(curve.angles[i]) + 8 * side, y(values[i]) - 8, style);
  };
  if (state.n_rounds > 1) beside(curve.oneRound, 0.25, "1 round", -1, theme.quiet);
  beside(curve.inRounds, 0.72, plural(state.n_rounds, "round"), 1, theme.accent);
}

/** Points in each bucket of the shown round, with the even share as a line. */
function drawSizes(picture, theme, state) {
  const context = picture.begin(theme);
  const [left, right, top, bottom] = [4, picture.width - 8, 22, picture.height - 20];
  const even = state.n_points / state.n_buckets;
  const highest = Math.max(...state.sizes, 1.2 * even);
  const slot = (right - left) / state.n_buckets;
  const height = (size) => ((bottom - top) * size) / highest;
  state.sizes.forEach((size, bucket) => {
    const isQuerys = bucket === state.bucketOfQuery(state.shown);
    const x = left + slot * bucket;
    context.globalAlpha = isQuerys ? 0.85 : 0.35;
    context.fillStyle = hue(bucket, state.half);
    context.fillRect(x + slot * 0.14, bottom - height(size), slot * 0.72, height(size));
    context.globalAlpha = 1;
    const style = { color: isQuerys ? theme.ink : theme.quiet, font: `${isQuerys ? "700 " : ""}11px ${theme.font}` };
    label(context, theme, size, x + slot / 2, bottom - height(size) - 9, style);
    label(context, theme, bucket, x + slot / 2, bottom + 11, style);
  });
  context.beginPath();
  context.moveTo(left, bottom - height(even));
  context.lineTo(right, bottom - height(even));
  Object.assign(context, { strokeStyle: theme.ink, lineWidth: 1 });
  context.setLineDash([2, 3]);
  context.stroke();
  context.setLineDash([]);
}

// ---- The widget ----------------------------------------------------------------------------------------------

const KEYS = [
  ["Arrow keys", "move the chosen point (the ringed one); with Shift in larger steps"],
  ["N, P", "choose the next or the previous point"],
  ["Q", "make the chosen point the query"],
  ["T, Shift+T", "turn the rotation"],
  ["R", "redraw the rotation"],
  ["W, A, S, D", "turn the sphere"],
];

/** Changes of the traits that keys, pointer and buttons share. */
function actions(model) {
  const nPoints = () => model.get("circle").shape[0];
  return {
    choose: (step) => model.set("chosen", wrapped(model.get("chosen") + step, 0, nPoints())),
    makeQuery: () => model.set("query", model.get("chosen")),
    turn: (degrees) => model.set("turn", wrapped(model.get("turn") + degrees, -180, 180)),
    look(azimuth, elevation) {
      model.set("azimuth", wrapped(model.get("azimuth") + azimuth, -180, 180));
      model.set("elevation", clamp(model.get("elevation") + elevation, -90, 90));
    },
    redraw() {
      const { shape } = model.get("drawn");
      const [length, seed] = [shape.reduce((product, size) => product * size), model.get("seed") + 1];
      model.set("seed", seed);
      model.set("drawn", encode(Float64Array.from({ length }, normalFrom(seed)), shape));
    },
    pointAt(i) {
      const n_features = model.get("dimension");
      return pointsOf(model).subarray(i * n_features, (i + 1) * n_features);
    },
    move(i, to) {
      const name = to.length === 2 ? "circle" : "sphere";
      const points = decode(model.get(name));
      points.set(to, i * to.length);
      model.set(name, encode(points, model.get(name).shape));
    },
  };
}

/** Drag a point to move it, press it to make it the query; drag beside the points to turn the sphere. */
function listenToPointer(canvas, model, action, current) {
  onPressOrDrag(canvas, {
    grab(x, y) {
      const { state, view } = current();
      const [away, i] = closest(state.n_points, (i) => {
        const [atX, atY, faces] = view.place(state.point(i));
        return Math.hypot(atX - x, atY - y) + (faces ? 0 : 1000);
      });
      if (away >= 18) return null;
      model.set("chosen", i);
      return i;
    },
    press: (point) => point !== null && model.set("query", point),
    drag(point, x, y, dx, dy) {
      const { view } = current();
      if (point !== null) action.move(point, view.vectorAt(x, y));
      else if (!view.flat) action.look(-dx / 2, dy / 2);
    },
  });
}

function listenToKeys(el, model, action, view) {
  const move = (sideways, upwards) => {
    const chosen = model.get("chosen"); // from the model: the next key may come before the next picture
    action.move(chosen, view().moved(action.pointAt(chosen), sideways, upwards));
  };
  onKeys(el, {
    ...arrowKeys(STEP, move),
    n: () => action.choose(1),
    p: () => action.choose(-1),
    q: action.makeQuery,
    r: action.redraw,
    t: (event) => action.turn(event.shiftKey ? -2 : 2),
    a: () => action.look(-5, 0),
    d: () => action.look(5, 0),
    w: () => action.look(0, 5),
    s: () => action.look(0, -5),
  });
}

/** The native controls: { element, refresh }. */
function controls(model, action) {
  const nPoints = model.get("circle").shape[0];
  return controlPanel(
    choice(model, "dimension", "Points on the", [
      [2, "Circle"],
      [3, "Sphere"],
    ]),
    slider(model, "query", "Query point", { min: 0, max: nPoints - 1 }),
    slider(model, "n_buckets", "Buckets B", { min: 2, max: 2 * model.get("drawn").shape[2], step: 2 }),
    slider(model, "n_rounds", "Hash rounds R", { min: 1, max: MAX_ROUNDS }),
    button("Redraw the rotation", action.redraw),
    slider(model, "turn", "Turn of the rotation", { min: -180, max: 180, show: (turn) => `${Math.round(turn)}°` }),
    slider(model, "n_near", "Nearest points sought", { min: 1, max: Math.min(12, nPoints - 1) }),
    slider(model, "shown_round", "Round shown", { min: 1, max: () => model.get("n_rounds") }),
  );
}

/** The circle leaves room outside it for the numbers of points and, from two rounds on, for a ring a round. */
function viewOf({ n_features, n_rounds }, model, size) {
  const flat = n_features === 2;
  const margin = flat ? LABEL_ROOM + (n_rounds > 1 ? RING * n_rounds + 4 : 0) : 12;
  const [azimuth, elevation] = [model.get("azimuth"), model.get("elevation")];
  return new View({ flat, middle: size / 2, radius: size / 2 - margin, azimuth, elevation });
}

/** What the pictures say to those who do not see them. */
function describePictures({ cloud, key, curve, sizes }, state, { measured, inRounds, trials }) {
  const { n_points, n_features, n_buckets, n_rounds, shown } = state;
  const place = n_features === 2 ? "circle" : "sphere";
  key.describe(marksInWords(POINT_MARKS));
  cloud.describe(`${n_points} points on the ${place} in ${n_buckets} buckets. ${describe(state)}`);
  const off = Math.max(...Array.from(measured, (share, i) => Math.abs(share - inRounds[2 * i])));
  curve.describe(
    `The chance to share a bucket in ${plural(n_rounds, "round")} falls from 1 at 0° through ` +
      `${inRounds[9].toFixed(2)} at 45° and ${inRounds[18].toFixed(2)} at 90° to 0 at 180°. ` +
      `Measured over ${trials} fresh rotations it differs from theory by at most ${off.toFixed(2)}.`,
  );
  sizes.title.textContent = `Points in each bucket${n_rounds > 1 ? ` of round ${shown + 1}` : ""}`;
  sizes.note.textContent = `dotted: even share ${+(n_points / n_buckets).toFixed(1)}`;
  curve.note.textContent = `squares: ${trials} draws`;
  sizes.describe(`${sizes.title.textContent}: ${state.sizes.join(", ")}; an even share is ${n_points / n_buckets}.`);
}

const HINT = "Press a point to make it the query, drag it to move it.";
const RINGS = " Each ring is a round; its coloured part is the query's bucket.";

const STAGE = "Points. Arrow keys move the chosen point; the list of keys stands below.";

const INPUTS = [
  "dimension",
  "circle",
  "sphere",
  "drawn",
  "n_buckets",
  "n_rounds",
  "shown_round",
  "turn",
  "query",
  "chosen",
  "n_near",
  "azimuth",
  "elevation",
];

/** The curves of theory and measurement for the state's B and R. */
function curvesOf(model, { half, n_rounds }, measurement) {
  const angles = decode(model.get("angles"));
  const oneRound = decode(model.get("theory")).subarray((half - 1) * angles.length, half * angles.length);
  const inRounds = oneRound.map((chance) => 1 - (1 - chance) ** n_rounds);
  return { angles, oneRound, inRounds, measured: measurement.shares(n_rounds), trials: measurement.trials };
}

/** Tell Python what the browser hashed and measured. */
function report(model, { rotations, buckets, n_rounds, n_features, half, n_points }, { measured, trials }) {
  model.set("rotations", encode(rotations, [n_rounds, n_features, half]));
  model.set("buckets", encode(buckets, [n_rounds, n_points]));
  model.set("measured", encode(measured, [measured.length]));
  model.set("n_trials", trials);
}

function render({ model, el }) {
  const action = actions(model);
  const panel = controls(model, action);
  const pictures = {
    cloud: new Picture("", (width) => width),
    key: new Picture("", () => 22),
    curve: new Picture("Chance to share a bucket", (width) => 0.68 * width),
    sizes: new Picture("Points in each bucket", (width) => 0.36 * width),
  };
  const { root, stage, hint, words } = layOut(pictures, panel, STAGE, KEYS);
  el.append(root);

  const measurements = new Map(); // one for each number of buckets
  const save = throttledSave(model);
  let current; // what was drawn last, for the pointer

  const draw = (theme) => {
    const state = derive(model);
    const view = viewOf(state, model, pictures.cloud.canvas.clientWidth);
    current = { state, view };
    if (!measurements.has(state.half)) measurements.set(state.half, new Measurement(model, state.half));
    const measurement = measurements.get(state.half);
    // Ten frames of measuring let the dots settle on the curve, unless the reader prefers stillness.
    if (measurement.trials < N_TRIALS) measurement.run(prefersStill() ? N_TRIALS : N_TRIALS / 10);
    const curves = curvesOf(model, state, measurement);
    panel.refresh();
    drawCloud(pictures.cloud, theme, state, view);
    drawPointKey(pictures.key, theme);
    drawCurve(pictures.curve, theme, state, curves);
    drawSizes(pictures.sizes, theme, state);
    describePictures(pictures, state, curves);
    hint.textContent = `${HINT}${view.flat && state.n_rounds > 1 ? RINGS : ""}`;
    words.say(describe(state));
    report(model, state, curves);
    save();
    if (measurement.trials < N_TRIALS) redraw();
  };

  const { redraw, stop } = keepDrawn(root, model, INPUTS, draw);
  listenToKeys(stage, model, action, () => current.view);
  listenToPointer(pictures.cloud.canvas, model, action, () => current);
  // A round that is no longer there cannot be shown, and a new query is what the keys move.
  const leaveStep = keepInStep(model, {
    n_rounds: () => model.set("shown_round", Math.min(model.get("shown_round"), model.get("n_rounds"))),
    query: () => model.set("chosen", model.get("query")),
  });
  return () => {
    leaveStep();
    stop();
  };
}

export default { render };
