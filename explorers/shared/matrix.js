// A matrix of attention: a row for each query, a column for each key, and in each cell what the pair is to each other.
// The kinds differ in shape: a filled square is met, a slanted stroke is put side by side but masked, a diamond is lost.
import { mark, segment, stroke, wash } from "./charts.js";
import { NOBODY } from "./lsh.js";

const FULL = 0.5; // the weight that fills a cell; the side of a mark grows with the root, so its area with the weight
const LEAST = 0.2; // of a cell's side, for what has hardly any weight

/** Rows and columns of a matrix are strips, one down and one across, so that it can stand beside them.
 *
 * `order` is the position at each place, the same for queries and for keys.
 */
export class Matrix {
  constructor({ rows, columns, order }) {
    Object.assign(this, { rows, columns, order });
    this.cell = Math.min(rows.cell, columns.cell);
    this.placeOf = new Map(order.map((position, place) => [position, place]));
  }

  /** [x, y] of the middle of a pair's cell. */
  middle(query, key) {
    const [row, column] = [this.placeOf.get(query), this.placeOf.get(key)];
    return [this.columns.x + this.columns.middle(column), this.rows.y + this.rows.middle(row)];
  }

  /** [query, key] under a point of the canvas; null where no pair is. */
  pairAt({ x, y }) {
    const row = this.rows.placeAt({ x: this.rows.x, y });
    const column = this.columns.placeAt({ x, y: this.columns.y });
    if (row === null || column === null) return null;
    const pair = [this.order[row], this.order[column]];
    return pair.includes(NOBODY) ? null : pair;
  }
}

/** The side of a mark of this weight. */
const sideOf = (matrix, weight) => matrix.cell * Math.max(LEAST, Math.min(0.92, Math.sqrt(weight / FULL)));

/** Draw the pairs: `kindOf(query, key)` is "met", "masked", "lost" or "" for nothing, `weightOf(query, key)` 0 .. 1.
 *
 * Met and lost marks grow with their weight. Under what is computed, met or masked, lies a pale ground.
 */
export function drawMatrix(picture, matrix, { kindOf, weightOf }) {
  const positions = matrix.order.filter((position) => position !== NOBODY);
  const pairs = positions.flatMap((query) => positions.map((key) => [query, key, kindOf(query, key)]));
  const ofKind = Object.groupBy(pairs, ([, , kind]) => kind);
  const { theme } = picture;
  const computed = [...(ofKind.met ?? []), ...(ofKind.masked ?? [])];
  const ground = (context) => {
    const [across, down] = [matrix.columns.cell, matrix.rows.cell];
    for (const [query, key] of computed) {
      const [x, y] = matrix.middle(query, key);
      context.rect(x - across / 2, y - down / 2, across, down);
    }
  };
  wash(picture, ground, theme.accent, theme.dark ? 0.26 : 0.16);
  const slants = (context) => {
    const reach = 0.22 * matrix.cell;
    for (const [query, key] of ofKind.masked ?? []) {
      const [x, y] = matrix.middle(query, key);
      segment(x - reach, y + reach, x + reach, y - reach)(context);
    }
  };
  stroke(picture, slants, theme.quiet, 1);
  fill(picture, squares(matrix, ofKind.met ?? [], weightOf), theme.accent);
  drawLost(picture, matrix, ofKind.lost ?? [], weightOf);
}

const squares = (matrix, pairs, weightOf) => (context) => {
  for (const [query, key] of pairs) {
    const [x, y] = matrix.middle(query, key);
    const side = sideOf(matrix, weightOf(query, key));
    context.rect(x - side / 2, y - side / 2, side, side);
  }
};

function fill({ context }, trace, color) {
  context.beginPath();
  trace(context);
  context.fillStyle = color;
  context.fill();
}

function drawLost(picture, matrix, pairs, weightOf) {
  const diamonds = (context) => {
    for (const [query, key] of pairs) {
      const [x, y] = matrix.middle(query, key);
      const reach = 0.62 * sideOf(matrix, weightOf(query, key));
      context.moveTo(x, y - reach);
      context.lineTo(x + reach, y);
      context.lineTo(x, y + reach);
      context.lineTo(x - reach, y);
      context.closePath();
    }
  };
  stroke(picture, diamonds, picture.theme.alert, matrix.cell > 8 ? 1.3 : 1);
}

/** A frame round the matrix and lines through its gaps between chunks. */
export function frameMatrix(picture, matrix) {
  const [x, , across] = matrix.columns.box(0, matrix.columns.n_places - 1);
  const [, y, , down] = matrix.rows.box(0, matrix.rows.n_places - 1);
  stroke(picture, (context) => context.rect(x - 2, y - 2, across + 4, down + 4), picture.theme.line, 1);
}

/** Mark the row of a query and the column of the same token as a key. */
export function markToken(picture, matrix, position) {
  const place = matrix.placeOf.get(position);
  const [x, , across] = matrix.columns.box(0, matrix.columns.n_places - 1);
  const [, y, , down] = matrix.rows.box(0, matrix.rows.n_places - 1);
  const [, rowY, , rowHeight] = matrix.rows.box(place);
  const [columnX, , columnWidth] = matrix.columns.box(place);
  stroke(picture, (context) => context.rect(x - 2, rowY, across + 4, rowHeight), picture.theme.ink, 1.6);
  const column = (context) => context.rect(columnX, y - 2, columnWidth, down + 4);
  stroke(picture, column, picture.theme.quiet, 1, [3, 3]);
}

/** Entries of the key of marks; see `Marks.key` in charts.js. */
export const MATRIX_KEY = [
  {
    text: "met: larger with more weight",
    draw: (x, y, picture) => mark(picture, "square", x, y, 7, picture.theme.accent),
  },
  {
    text: "side by side, but masked",
    draw(x, y, picture) {
      const ground = (context) => context.rect(x - 6, y - 6, 12, 12);
      wash(picture, ground, picture.theme.accent, picture.theme.dark ? 0.26 : 0.16);
      stroke(picture, segment(x - 3, y + 3, x + 3, y - 3), picture.theme.quiet, 1.2);
    },
  },
  {
    text: "lost: larger with more weight",
    draw: (x, y, picture) => mark(picture, "diamond", x, y, 6, picture.theme.paper, picture.theme.alert),
  },
];
