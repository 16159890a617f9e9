// Which directions hash into which bucket: sectors of the circle or the disc, regions of the sphere, and how they look.
import { stroke, wash } from "./charts.js";
import { hashValue, normalsOf, planeScores } from "./lsh.js";
import { range, wrapped } from "./numbers.js";
import {
  arc,
  axesAround,
  bow,
  circle,
  dot,
  drawBucketName,
  minus,
  onCircle,
  scaled,
  slice,
  strength,
  unit,
} from "./points.js";

export const wholeTurn = (angle) => wrapped(angle, 0, 2 * Math.PI);

/** Angle of a direction, 0 .. 2 pi. */
export const turnOf = ([x, y]) => wholeTurn(Math.atan2(y, x));

/** Sectors into which planes with these normals cut the disc: [{bucket, from, to}], angles in radians, going round. */
export function sectorsOfPlanes(angles) {
  const normals = normalsOf(angles);
  const borders = Array.from(angles)
    .flatMap((angle) => [wholeTurn(angle - Math.PI / 2), wholeTurn(angle + Math.PI / 2)])
    .sort((a, b) => a - b);
  return borders
    .map((from, i) => ({ from, to: borders[i + 1] ?? borders[0] + 2 * Math.PI }))
    .filter(({ from, to }) => to - from > 1e-9)
    .map(({ from, to }) => ({
      from,
      to,
      bucket: hashValue(planeScores(onCircle((from + to) / 2), normals, angles.length)),
    }));
}

/** Sectors of the circle by a rotation: [{bucket, from, to}], angles in radians.
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

// ---- How they look. The facts are those of `amongPoints`, with `hueOf(bucket)` --------------------------------

/** The ground of a region, the query's stronger than others. */
export const washRegion = (picture, facts, bucket, trace) =>
  wash(picture, trace, facts.hueOf(bucket), strength(picture.theme, facts.isQuerys(bucket)));

/** The name of a bucket in its region. */
export const nameRegion = (picture, facts, bucket, [x, y]) =>
  drawBucketName(picture, bucket, facts.isQuerys(bucket), x, y);

/** The grounds of sectors. */
export function washSectors(picture, facts, view, sectors) {
  for (const { bucket, from, to } of sectors) washRegion(picture, facts, bucket, slice(view, view.radius, from, to));
}

/** The names of the sectors that have room for one; the radius counts as 1. */
export function nameSectors(picture, facts, view, sectors, distance) {
  for (const { bucket, from, to } of sectors.filter(({ from, to }) => to - from > 0.12)) {
    nameRegion(picture, facts, bucket, view.place(onCircle((from + to) / 2), distance * view.radius));
  }
}

/** Bars for `drawBars`: how many points each of these buckets holds. */
export const bucketBars = (facts, buckets, sizes) =>
  buckets.map((bucket, i) => ({
    value: sizes[i],
    text: sizes[i],
    name: `b${bucket}`,
    color: facts.hueOf(bucket),
    strong: facts.isQuerys(bucket),
  }));

const RING = 7; // pixels

/** The radius of a disc on a square canvas that leaves `room` outside it and, from two rounds on, a ring for each. */
export const radiusWithRings = (size, room, n_rounds) => size / 2 - room - (n_rounds > 1 ? RING * n_rounds + 4 : 0);

/** Each round as a ring outside the disc: where the query's bucket of that round lies; nothing for one round. */
export function drawRings(picture, facts, view, room, sectorsOf) {
  const n_rounds = facts.buckets.length / facts.n_points;
  if (n_rounds === 1) return;
  for (const r of range(n_rounds)) {
    const radius = view.radius + room - 4 + RING * (r + 0.5);
    stroke(picture, circle(view, radius), picture.theme.quiet, r === facts.shown ? 2 : 1);
    const own = sectorsOf(r).find(({ bucket }) => bucket === facts.bucketOfQuery(r));
    if (own) stroke(picture, bow(view, radius, own.from, own.to), picture.theme.accent, RING - 1.5);
  }
}
