// What may be set in an explorer: limits as Python sent them, and refusals by name. The twin of explorers/inputs.py,
// which refuses with the same sentences.

const countOf = (value) => (typeof value === "number" ? value : value.shape[0]);

/** The highest value an input may have, which may hang on another: a round of R, a point of L, four steps a block. */
export function highest({ high, below, at_most, times = 1 }, state) {
  const bounds = [high ?? Infinity];
  if (below) bounds.push(countOf(state[below]) - 1);
  if (at_most) bounds.push(countOf(state[at_most]) * times);
  return Math.min(...bounds);
}

/** The values that a slider with a logarithmic scale stops at: 1, 2, 3, 4, 6, 8, 12 and so on, between its limits. */
export function stopsOf({ low, high }) {
  const powers = Array.from({ length: 40 }, (_, k) => 2 ** k);
  return powers.flatMap((power) => [power, 1.5 * power]).filter((n) => Number.isInteger(n) && n >= low && n <= high);
}

/** Why a value cannot be shown, in a sentence; null if it can. Arrays are typed arrays with a shape. */
export function faultOf(name, limits, value, state) {
  const needs = { number: numberNeeds, choice: choiceNeeds, array: arrayNeeds }[limits.kind](limits, value, state);
  return needs && `${name} needs ${needs}`;
}

/** A shape as Python writes it. */
const tuple = (sizes) => `(${sizes.join(", ")}${sizes.length === 1 ? "," : ""})`;

const written = (value) => (typeof value === "number" ? String(Number(value.toPrecision(6))) : JSON.stringify(value));

function numberNeeds(limits, value, state) {
  const [low, high] = [limits.low ?? -Infinity, highest(limits, state)];
  const isEven = limits.whole && limits.step === 2;
  const fits = limits.whole ? Number.isInteger(value) : Number.isFinite(value);
  if (fits && value >= low && value <= high && !(isEven && value % 2)) return null;
  const kind = limits.whole ? `${isEven ? "an even" : "a"} whole number` : "a number";
  const range = low === -Infinity ? "" : high === Infinity ? ` of at least ${low}` : ` from ${low} to ${high}`;
  return `${kind}${range}, got ${written(value)}`;
}

function choiceNeeds({ options }, value) {
  const values = options.map(([option]) => option);
  return values.includes(value) ? null : `${values.join(" or ")}, got ${written(value)}`;
}

function arrayNeeds({ shape, at_least, low, high, rows, as_many_as }, array, state) {
  const fits =
    array.shape?.length === shape.length && shape.every((size, i) => size === null || size === array.shape[i]);
  if (!fits || array.shape[0] < at_least) {
    const wanted = tuple(shape.map((size) => size ?? "L"));
    const many = shape[0] === null ? ` with L of at least ${at_least}` : "";
    return `shape ${wanted}${many}, got ${array.shape ? tuple(array.shape) : written(array)}`;
  }
  const width = array.length / array.shape[0];
  const wrong = array.findIndex(
    (number) => !Number.isFinite(number) || number < (low ?? number) || number > (high ?? number),
  );
  if (wrong >= 0) {
    const range = low == null ? "finite numbers" : `numbers from ${low} to ${high}`;
    return `${range}, got ${written(array[wrong])} in row ${Math.floor(wrong / width)}`;
  }
  if (as_many_as && array.shape[0] !== state[as_many_as].shape[0]) {
    return `as many rows as ${as_many_as}, ${state[as_many_as].shape[0]}, got ${array.shape[0]}`;
  }
  return rows ? rowsNeed(rows, array, width) : null;
}

const ROWS = {
  direction: ["a direction in every row", (length) => length > 1e-6],
  disc: ["every row in the unit disc, and not in its middle", (length) => length > 1e-6 && length <= 1 + 1e-6],
};

function rowsNeed(rows, array, width) {
  const [words, fits] = ROWS[rows];
  for (let i = 0; i < array.shape[0]; i++) {
    const length = Math.hypot(...array.subarray(i * width, (i + 1) * width));
    if (!fits(length)) return `${words}, got length ${written(length)} in row ${i}`;
  }
  return null;
}
