// A sequence as a strip of cells: in order of position, or sorted by bucket and cut into chunks. Buckets are told apart
// by their numbers, chunks by the gaps between them; colours repeat what the numbers say.
// Letters as in reformer/chunking.py: L places, C chunk length, n chunks; -1 (NOBODY) stands where no position does.
import { label, segment, stroke, wash } from "./charts.js";
import { NOBODY } from "./lsh.js";
import { clamp, range } from "./numbers.js";

/** Where L places lie: side by side, or one below the other where it goes `down`; a gap stands between chunks.
 *
 * `x`, `y` : where it begins; `length` : pixels along it; `thickness` : pixels across it
 */
export class Strip {
  constructor({ x, y, length, thickness, n_places, chunk_length = n_places, gap = 0, down = false }) {
    Object.assign(this, { x, y, length, thickness, n_places, chunk_length, gap, down });
    this.n_chunks = Math.ceil(n_places / chunk_length);
    this.cell = (length - gap * (this.n_chunks - 1)) / n_places;
  }

  /** How far along the strip a place begins. */
  start(place) {
    return place * this.cell + Math.floor(place / this.chunk_length) * this.gap;
  }

  /** [x, y, width, height] of the places from one to another, itself included. */
  box(from, to = from) {
    const [begin, end] = [this.start(from), this.start(to) + this.cell];
    return this.down
      ? [this.x, this.y + begin, this.thickness, end - begin]
      : [this.x + begin, this.y, end - begin, this.thickness];
  }

  chunkBox(n) {
    return this.box(n * this.chunk_length, Math.min((n + 1) * this.chunk_length, this.n_places) - 1);
  }

  /** [x, y] where something beside a place touches the strip: side 1 is below it or right of it, -1 the other side. */
  edge(along, side) {
    const across = side > 0 ? this.thickness : 0;
    return this.down ? [this.x + across, this.y + along] : [this.x + along, this.y + across];
  }

  middle(place) {
    return this.start(place) + this.cell / 2;
  }

  middleOfChunk(n) {
    const last = Math.min((n + 1) * this.chunk_length, this.n_places) - 1;
    return (this.start(n * this.chunk_length) + this.start(last) + this.cell) / 2;
  }

  /** The place under a point of the canvas, null beside the strip and in its gaps. */
  placeAt({ x, y }) {
    const [along, across] = this.down ? [y - this.y, x - this.x] : [x - this.x, y - this.y];
    if (across < 0 || across > this.thickness || along < 0 || along > this.length) return null;
    const chunk = Math.floor(along / (this.chunk_length * this.cell + this.gap));
    const place = Math.floor((along - chunk * this.gap) / this.cell);
    return place < Math.min((chunk + 1) * this.chunk_length, this.n_places) ? place : null;
  }
}

// ---- The cells -----------------------------------------------------------------------------------------------

const CHIP = 15; // pixels for the number of a bucket

/** The tokens of a strip: `order` says which position stands at each place.
 *
 * `bucketOf(position)` and `hueOf(bucket)` give number and colour, `textOf(position)` what stands in a cell that has
 * room for it, `isStrong(position)` which stand out.
 */
export function drawTokens(picture, strip, { order, bucketOf, hueOf, textOf = () => "", isStrong = () => false }) {
  const taken = range(strip.n_places).filter((place) => order[place] !== NOBODY);
  const groups = Object.groupBy(taken, (place) => `${bucketOf(order[place])} ${isStrong(order[place])}`);
  const pad = strip.cell > 8 ? 0.75 : 0;
  for (const places of Object.values(groups)) {
    const [bucket, strong] = [bucketOf(order[places[0]]), isStrong(order[places[0]])];
    const trace = (context) => {
      for (const [x, y, width, height] of places.map((place) => strip.box(place))) {
        if (strip.down) context.rect(x, y + pad, width, height - 2 * pad);
        else context.rect(x + pad, y, width - 2 * pad, height);
      }
    };
    const pale = picture.theme.dark ? 0.34 : 0.24;
    wash(picture, trace, hueOf(bucket), strip.cell < 8 ? 0.9 : strong ? 0.5 : pale);
  }
  if (strip.cell < 8) return;
  for (const place of taken) drawToken(picture, strip, place, order[place], { bucketOf, hueOf, textOf, isStrong });
}

function drawToken(picture, strip, place, position, { bucketOf, hueOf, textOf, isStrong }) {
  const [x, y, width, height] = strip.box(place);
  const [bucket, strong] = [bucketOf(position), isStrong(position)];
  const size = clamp(0.86 * strip.cell, 8, 13);
  const flat = { rim: 0, bold: strong };
  if (strip.down) {
    const [middle, color] = [y + height / 2 + 0.5, hueOf(bucket)];
    stroke(picture, segment(x + 1.5, y + 0.75, x + 1.5, y + height - 0.75), color, 3);
    label(picture, bucket, x + 4 + CHIP / 2, middle, { ...flat, size: size - 1 });
    label(picture, textOf(position), x + CHIP + 8, middle, { ...flat, size, align: "left" });
    return;
  }
  stroke(picture, segment(x + 0.75, y + 1.5, x + width - 0.75, y + 1.5), hueOf(bucket), 3);
  label(picture, textOf(position), x + width / 2, y + height / 2 + 1, { ...flat, size });
}

/** The numbers of the buckets beside their runs of a sorted strip; a name that has no room is left out. */
export function drawRuns(picture, strip, { order, bucketOf, side = -1, isStrong = () => false }) {
  const taken = order.filter((position) => position !== NOBODY);
  for (let from = 0, to = 0; from < taken.length; from = to) {
    const bucket = bucketOf(taken[from]);
    while (to < taken.length && bucketOf(taken[to]) === bucket) to++;
    const [begin, end] = [strip.start(from), strip.start(to - 1) + strip.cell];
    const [x, y] = strip.edge((begin + end) / 2, side);
    const [outX, outY] = strip.down ? [x + 12 * side, y] : [x, y + 10 * side];
    const line = strip.down
      ? segment(x + 3 * side, y - (end - begin) / 2 + 1, x + 3 * side, y + (end - begin) / 2 - 1)
      : segment(x - (end - begin) / 2 + 1, y + 3 * side, x + (end - begin) / 2 - 1, y + 3 * side);
    stroke(picture, line, picture.theme.quiet, 1.5);
    if (end - begin < (strip.down ? 11 : 8 + 7 * String(bucket).length)) continue;
    const strong = isStrong(bucket);
    label(picture, `b${bucket}`, outX, outY, {
      color: strong ? picture.theme.ink : picture.theme.quiet,
      size: 11,
      bold: strong,
    });
  }
}

/** A frame round a chunk. */
export function frameChunk(picture, strip, n, color = picture.theme.quiet, width = 1.2) {
  const [x, y, across, down] = strip.chunkBox(n);
  stroke(picture, (context) => context.rect(x - 1, y - 1, across + 2, down + 2), color, width);
}

// ---- From place to place -------------------------------------------------------------------------------------

/** A bow from (x0, y0) to (x1, y1), beside the straight line by `bulge` pixels, to the right or down; with a head. */
export function bowArrow(picture, [x0, y0], [x1, y1], [bulgeX, bulgeY], { color, width = 1.4, dash = [], head = 5 }) {
  const [atX, atY] = [(x0 + x1) / 2 + (4 / 3) * bulgeX, (y0 + y1) / 2 + (4 / 3) * bulgeY];
  const [handle0, handle1] = [
    [x0 + (4 / 3) * bulgeX, y0 + (4 / 3) * bulgeY],
    [x1 + (4 / 3) * bulgeX, y1 + (4 / 3) * bulgeY],
  ];
  stroke(
    picture,
    (context) => {
      context.moveTo(x0, y0);
      context.bezierCurveTo(...handle0, ...handle1, x1, y1);
    },
    color,
    width,
    dash,
  );
  if (!head) return [atX, atY];
  const angle = Math.atan2(y1 - handle1[1], x1 - handle1[0]);
  const { context } = picture;
  context.beginPath();
  context.moveTo(x1, y1);
  for (const side of [-0.45, 0.45]) {
    context.lineTo(x1 - head * 1.3 * Math.cos(angle + side), y1 - head * 1.3 * Math.sin(angle + side));
  }
  context.fillStyle = color;
  context.fill();
  return [atX, atY];
}

/** Out of the strip, by `by` pixels, on a side. */
const outwards = (strip, side, by) => (strip.down ? [side * by, 0] : [0, side * by]);

/** An arrow from a chunk to each chunk of its window: `looks` are [from, to] numbers of chunks.
 *
 * One that goes round the ring, from the first to the last, is dashed. `room` is how far the bows may reach out;
 * `isStrong(from)` says which stand out.
 */
export function drawLooks(picture, strip, looks, { side = 1, room = 30, isStrong = () => false } = {}) {
  const { theme } = picture;
  for (const [from, to, goesRound] of looks) {
    if (from === to) continue;
    const strong = isStrong(from);
    const lean = (to < from ? -0.14 : 0.14) * strip.chunk_length * strip.cell;
    const [start, end] = [
      strip.edge(strip.middleOfChunk(from) + lean, side),
      strip.edge(strip.middleOfChunk(to) - lean, side),
    ];
    const reach = goesRound ? room : Math.min(room, 9 + 7 * Math.abs(to - from));
    bowArrow(picture, start, end, outwards(strip, side, 0.75 * reach), {
      color: strong ? theme.ink : theme.quiet,
      width: strong ? 2 : 1.2,
      dash: goesRound ? [5, 3] : [],
    });
  }
}

/** Bows between pairs of places, [from, to]: met ones whole, lost ones dashed, with a cross on the way. */
export function drawPairs(picture, strip, pairs, { kind, side = -1, room = 30, width = 1.3 }) {
  const color = kind === "lost" ? picture.theme.alert : picture.theme.ink;
  for (const [from, to] of pairs) {
    const [start, end] = [strip.edge(strip.middle(from), side), strip.edge(strip.middle(to), side)];
    const reach = Math.min(room, 5 + 0.28 * Math.abs(strip.middle(to) - strip.middle(from)));
    const style = { color, width, dash: kind === "lost" ? [3, 3] : [], head: 0 };
    bowArrow(picture, start, end, outwards(strip, side, 0.75 * reach), style);
    if (kind !== "lost") continue;
    const [outX, outY] = outwards(strip, side, 0.75 * reach);
    cross(picture, (start[0] + end[0]) / 2 + outX, (start[1] + end[1]) / 2 + outY, 3.2, color);
  }
}

/** The mark of what is lost. */
export function cross(picture, x, y, size, color = picture.theme.alert, width = 1.6) {
  const trace = (context) => {
    segment(x - size, y - size, x + size, y + size)(context);
    segment(x - size, y + size, x + size, y - size)(context);
  };
  stroke(picture, trace, color, width);
}

/** Lines that carry each position from its place in one strip to its place in another, which lie side by side.
 *
 * `from` and `to` are strips, `orders` the positions at their places; strong ones are drawn last.
 */
export function drawMoves(picture, from, to, orders, { colorOf, isStrong = () => false }) {
  const place = new Map(orders[1].map((position, at) => [position, at]));
  const lines = range(from.n_places).filter((at) => orders[0][at] !== NOBODY);
  const inOrder = [...lines].sort((a, b) => isStrong(orders[0][a]) - isStrong(orders[0][b]));
  for (const at of inOrder) {
    const position = orders[0][at];
    const [start, end] = [from.edge(from.middle(at), 1), to.edge(to.middle(place.get(position)), -1)];
    const half = from.down ? [(end[0] - start[0]) / 2, 0] : [0, (end[1] - start[1]) / 2];
    const trace = (context) => {
      context.moveTo(...start);
      context.bezierCurveTo(start[0] + half[0], start[1] + half[1], end[0] - half[0], end[1] - half[1], ...end);
    };
    stroke(picture, trace, colorOf(position), isStrong(position) ? 3 : 1.1);
  }
}
