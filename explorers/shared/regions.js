// Which directions hash into which bucket of angular LSH: sectors of the circle, regions of the sphere.
import { range } from "./numbers.js";
import { arc, axesAround, dot, minus, onCircle, scaled, unit } from "./points.js";

/** Angle of a direction, 0 .. 2 pi. */
export const turnOf = ([x, y]) => (Math.atan2(y, x) + 2 * Math.PI) % (2 * Math.PI);

/** Sectors of the circle: [{bucket, from, to}], angles in radians.
 *
 * Bucket i wins where v_i x is the largest of all: only corners of the convex hull of the v_i ever do, each between the
 * directions at right angles to its two edges.
 */
export function sectors(rotation, half) {
  const column = (bucket) => [rotation[bucket % half], rotation[half + (bucket % half)]];
  const place = (bucket) => scaled(column(bucket), bucket < half ? 1 : -1);
  const hull = hullOf(range(2 * half).map((bucket) => ({ bucket, at: place(bucket) })));
  const border = ({ at: a }, { at: b }) => turnOf([b[1] - a[1], a[0] - b[0]]);
  return hull.map((corner, i) => {
    const from = border(hull.at(i - 1), corner);
    const to = border(corner, hull[(i + 1) % hull.length]);
    return { bucket: corner.bucket, from, to: to < from ? to + 2 * Math.PI : to };
  });
}

/** The corners of the convex hull, going round against the clock (Andrew). */
function hullOf(corners) {
  const sorted = [...corners].sort((a, b) => a.at[0] - b.at[0] || a.at[1] - b.at[1]);
  const turnsLeft = (o, a, b) =>
    (a.at[0] - o.at[0]) * (b.at[1] - o.at[1]) - (a.at[1] - o.at[1]) * (b.at[0] - o.at[0]) > 0;
  const chain = (list) => {
    const kept = [];
    for (const corner of list) {
      while (kept.length > 1 && !turnsLeft(kept.at(-2), kept.at(-1), corner)) kept.pop();
      kept.push(corner);
    }
    return kept;
  };
  return [...chain(sorted).slice(0, -1), ...chain(sorted.reverse()).slice(0, -1)];
}

/** Regions of the half of the sphere that faces `toward`: [{bucket, outline: [direction, ..]}].
 *
 * Bucket i wins where (v_i - v_j) x > 0 for every other bucket j: a convex cone. In the plane that touches the sphere
 * at v_i each of these is a straight cut; the region is what all cuts, and the horizon's, leave of a huge square.
 */
export function sphereRegions(rotation, half, toward) {
  const column = (c) => [rotation[c], rotation[half + c], rotation[2 * half + c]];
  const columns = range(2 * half).map((b) => (b < half ? column(b) : scaled(column(b - half), -1)));
  return columns.flatMap((winner, bucket) => {
    const [centre, side, up] = axesAround(winner);
    const square = range(4).map((corner) => scaled(onCircle((Math.PI / 2) * corner), 1e5));
    const cuts = [...columns.filter((_, b) => b !== bucket).map((other) => minus(winner, other)), toward];
    const polygon = cuts.reduce((left, n) => cut(left, dot(n, centre), dot(n, side), dot(n, up)), square);
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

/** Area of a polygon on the canvas. */
export function areaOf(places) {
  const doubled = places.reduce((sum, [x, y], i) => {
    const [nextX, nextY] = places[(i + 1) % places.length];
    return sum + x * nextY - nextX * y;
  }, 0);
  return Math.abs(doubled) / 2;
}
