// Points on the circle, the sphere or in the disc, a query among them, and what each is to it.
import { label, Marks, stroke } from "./charts.js";
import { clamp, listed, plural, range } from "./numbers.js";

// ---- Vectors -------------------------------------------------------------------------------------------------

export const dot = (a, b) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
export const minus = (a, b) => [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
export const scaled = (a, factor) => Array.from(a, (number) => factor * number);
export const unit = (a) => scaled(a, 1 / Math.hypot(...a));
export const cross = (a, b) => [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
export const onCircle = (angle) => [Math.cos(angle), Math.sin(angle)];

export function angleBetween(a, b) {
  const product = a.reduce((sum, number, f) => sum + number * b[f], 0);
  return Math.acos(clamp(product / (Math.hypot(...a) * Math.hypot(...b)), -1, 1));
}

export function axesAround(direction) {
  const centre = unit(direction);
  const side = unit(cross(centre, Math.abs(centre[2]) < 0.9 ? [0, 0, 1] : [1, 0, 0]));
  return [centre, side, cross(centre, side)];
}

/** Directions from a to b, without b, along the great circle. */
export function arc(a, b) {
  const angle = Math.acos(clamp(dot(a, b), -1, 1));
  const steps = Math.max(1, Math.ceil(angle / 0.06));
  if (angle < 1e-6) return [a];
  return range(steps).map((i) => {
    const [u, v] = [Math.sin(angle * (1 - i / steps)), Math.sin((angle * i) / steps)];
    return a.map((_, f) => (u * a[f] + v * b[f]) / Math.sin(angle));
  });
}

/** x turned about a unit axis (Rodrigues). */
function turnedAbout(x, axis, angle) {
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const [sideways, along] = [cross(axis, x), dot(axis, x) * (1 - cos)];
  return [0, 1, 2].map((f) => cos * x[f] + sin * sideways[f] + along * axis[f]);
}

/** The circle and the disc lie flat; the sphere is seen from (azimuth, elevation), in degrees, without perspective. */
export class View {
  constructor({ flat, middle, radius, azimuth = 0, elevation = 0 }) {
    Object.assign(this, { flat, middle, radius });
    const [a, e] = [(azimuth * Math.PI) / 180, (elevation * Math.PI) / 180];
    this.right = [-Math.sin(a), Math.cos(a), 0];
    this.up = [-Math.sin(e) * Math.cos(a), -Math.sin(e) * Math.sin(a), Math.cos(e)];
    this.toward = [Math.cos(e) * Math.cos(a), Math.cos(e) * Math.sin(a), Math.sin(e)];
  }

  /** [x, y] on the canvas and whether the direction is on the side that faces us. */
  place(vector, radius = this.radius) {
    const [right, up] = this.flat ? vector : [dot(vector, this.right), dot(vector, this.up)];
    return [this.middle + radius * right, this.middle - radius * up, this.flat || dot(vector, this.toward) >= 0];
  }

  /** The vector in the plane of a flat picture under a place on the canvas; the radius counts as 1. */
  planeAt({ x, y }) {
    return [(x - this.middle) / this.radius, (this.middle - y) / this.radius];
  }

  /** The unit vector under a place on the canvas; outside the sphere, the nearest on its rim. */
  vectorAt(place) {
    const [right, up] = this.planeAt(place);
    const length = Math.hypot(right, up) || 1;
    if (this.flat) return [right / length, up / length];
    const shrink = Math.max(1, length);
    const depth = Math.sqrt(Math.max(0, 1 - (length / shrink) ** 2));
    return unit([0, 1, 2].map((f) => (right * this.right[f] + up * this.up[f]) / shrink + depth * this.toward[f]));
  }

  /** The unit vector one key press further, sideways and upwards as seen. On the circle both go round it. */
  moved(vector, sideways, upwards) {
    if (!this.flat) return unit(turnedAbout(turnedAbout(vector, this.up, sideways), this.right, -upwards));
    return onCircle(Math.atan2(vector[1], vector[0]) + upwards - sideways);
  }
}

// Traces round the middle of a view: a slice of a disc, a circle, a piece of one; angles counted as in mathematics.

export const slice =
  ({ middle }, radius, from, to) =>
  (context) => {
    context.moveTo(middle, middle);
    context.arc(middle, middle, radius, -from, -to, true);
    context.closePath();
  };

export const circle =
  ({ middle }, radius) =>
  (context) =>
    context.arc(middle, middle, radius, 0, 2 * Math.PI);

export const bow =
  ({ middle }, radius, from, to) =>
  (context) =>
    context.arc(middle, middle, radius, -from - 0.006, -to + 0.006, true);

// ---- A query among points ------------------------------------------------------------------------------------

/** What follows for a query from the (rounds, L) buckets of all points, of which round `shown` is drawn.
 *
 * `away` is the angle of each point from the query. The facts hold what the functions below need.
 */
export function amongPoints({ query, n_near }, away, buckets, shown) {
  const n_points = away.length;
  const others = range(n_points).filter((i) => i !== query);
  const near = [...others].sort((i, j) => away[i] - away[j]).slice(0, n_near);
  const met = meetsQuery(buckets, n_points, query);
  const bucketOfQuery = (r) => buckets[r * n_points + query];
  return {
    ...{ n_points, away, others, near, met, buckets, shown, bucketOfQuery },
    missed: near.filter((i) => !met[i]),
    ofShown: buckets.subarray(shown * n_points, (shown + 1) * n_points),
    isQuerys: (bucket) => bucket === bucketOfQuery(shown),
  };
}

/** Whether each point shares a bucket with the query in any round or table; `buckets` are (rounds, L), flat. */
export function meetsQuery(buckets, n_points, query) {
  return range(n_points).map((i) => {
    for (let start = 0; start < buckets.length; start += n_points) {
      if (buckets[start + i] === buckets[start + query]) return true;
    }
    return false;
  });
}

const MARKS = new Marks({
  query: { shape: "star", size: 11, fill: "ink", text: "query" },
  met: { shape: "disc", size: 4.5, fill: "ink", text: "meets it" },
  missed: { shape: "diamond", size: 7.5, fill: "alert", text: "near, but missed" },
  other: { shape: "ring", size: 3.5, fill: "paper", text: "neither" },
});
const RANK = { other: 0, met: 1, missed: 2, query: 3 };

/** What a point is to the query: one of the marks. */
export function kindOf({ query, met, near }, i) {
  if (i === query) return "query";
  if (met[i]) return "met";
  return near.includes(i) ? "missed" : "other";
}

export const drawPointMark = (picture, kind, x, y, scale = 1) =>
  MARKS.draw(picture, kind, x, y, MARKS.kinds[kind].size * scale);

/** The points of a query, the less important ones first: `place(i)` is [x, y, faces us], `beside(i)` where a name goes.
 *
 * The query, the chosen point, and the near ones are named.
 */
export function drawPoints(picture, facts, place, beside) {
  const [places, kinds] = [range(facts.n_points).map(place), range(facts.n_points).map((i) => kindOf(facts, i))];
  const inOrder = (i, j) => places[i][2] - places[j][2] || RANK[kinds[i]] - RANK[kinds[j]];
  for (const i of range(facts.n_points).sort(inOrder)) {
    const [[x, y, faces], kind] = [places[i], kinds[i]];
    drawPointMark(picture, kind, x, y, faces ? 1 : 0.62);
    if (i === facts.chosen) drawChosenRing(picture, x, y);
    const named = i === facts.query || i === facts.chosen || facts.near.includes(i);
    if (!named || !(faces || kind === "missed" || i === facts.chosen)) continue;
    const color = kind === "missed" ? picture.theme.alert : picture.theme.ink;
    label(picture, `p${i}`, ...beside(i, x, y), { color, bold: kind === "query" || kind === "missed" });
  }
}

/** The ring around the point that the keys move. */
export function drawChosenRing(picture, x, y, radius = 14) {
  const { theme } = picture;
  const ring = (context) => context.arc(x, y, radius, 0, 2 * Math.PI);
  stroke(picture, ring, theme.paper, 4);
  stroke(picture, ring, theme.accent, 1.8);
}

/** The name of a bucket in its region; that of the query's bucket stands out. */
export function drawBucketName(picture, bucket, isQuerys, x, y) {
  const style = isQuerys ? { size: 17, bold: true } : { size: 13, color: picture.theme.quiet };
  label(picture, `b${bucket}`, x, y, style);
}

/** Grounds of buckets: the query's is stronger. */
export const strength = ({ dark }, isQuerys) => (isQuerys ? (dark ? 0.45 : 0.4) : dark ? 0.2 : 0.13);

export const POINT_KEY = MARKS.key();

/** "it meets 7 of 39 other points, 3 of its 6 nearest; it misses points 2 (11°) and 1 (23°)". */
export function meetingInWords({ n_points, met, near, missed }, away) {
  const meets = `it meets ${met.filter(Boolean).length - 1} of ${plural(n_points - 1, "other point")}`;
  if (!missed.length) return `${meets}, among them all ${near.length} nearest`;
  const found = `${near.length - missed.length || "none"} of its ${near.length} nearest`;
  const names = listed(missed.map((i) => (missed.length > 1 ? `${i} (${away(i)})` : i)));
  const tail = missed.length > 1 ? `points ${names}` : `point ${names}, ${away(missed[0])} away`;
  return `${meets}, ${found}; it misses ${tail}`;
}

/** What a screen reader hears of the chosen point. */
export function chosenInWords(facts, i, where, away) {
  const kind = kindOf(facts, i);
  const tie = { met: "meets the query", missed: "near, but missed", other: "does not meet the query" };
  const relation = kind === "query" ? "is the query" : `${away} from the query, ${tie[kind]}`;
  return `Point ${i}, ${where}, ${relation}.`;
}

// ---- Actions that explorers of points share ------------------------------------------------------------------

export const ARROWS = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, 1],
  ArrowDown: [0, -1],
  "Shift+ArrowLeft": [-5, 0],
  "Shift+ArrowRight": [5, 0],
  "Shift+ArrowUp": [0, 5],
  "Shift+ArrowDown": [0, -5],
};

/** Choose a point and make it the query. */
export const choosing = () => ({
  choose: {
    keys: { n: 1, p: -1 },
    help: ["N, P", "choose the next or the previous point"],
    steps: "chosen",
    wraps: true,
  },
  makeQuery: {
    keys: { q: null },
    help: ["Q", "make the chosen point the query"],
    run: ({ chosen }) => ({ query: chosen }),
  },
});

/** Move the chosen point, `move(state, i, [right, up]) => changes`; choose another; make it the query. */
export const actionsOnPoints = (move) => ({
  move: {
    keys: ARROWS,
    help: ["Arrow keys", "move the chosen point (the ringed one); with Shift in larger steps"],
    run: (state, step) => move(state, state.chosen, step),
  },
  ...choosing(),
});

/** What the pointer does: press a point to make it the query, drag it to move it.
 *
 * `viewOf(state, width)` is the view; `more(facts, view)` are marks beside the points; `movePoint(state, i, place, view)`
 * and `drag(mark, state, to, from, view)` say what changes.
 */
export const pointerOnPoints = ({ viewOf, more, grab, movePoint, drag }) => ({
  marks(facts, { width }) {
    const view = viewOf(facts, width);
    const points = range(facts.n_points).map((point) => [...view.place(facts.point(point)), point]);
    const facing = points.filter(([, , faces]) => faces);
    return [...facing.map(([x, y, , point]) => ({ x, y, reach: 18, point })), ...more(facts, view)];
  },
  grab: (held) => (held.point === undefined ? grab?.(held) : { chosen: held.point }),
  press: (held) => held?.point !== undefined && { query: held.point },
  drag(held, state, to, from, { width }) {
    const view = viewOf(state, width);
    return held?.point === undefined ? drag(held, state, to, from, view) : movePoint(state, held.point, to, view);
  },
});

/** A new query is what the keys move. */
export const FOLLOW_QUERY = { query: ({ query }) => ({ chosen: query }) };
