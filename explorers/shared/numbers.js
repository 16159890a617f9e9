// Numbers and words that all explorers need: arrays from and to Python, seeded chance, small arithmetic.

const TYPES = {
  float64: Float64Array,
  float32: Float32Array,
  int32: Int32Array,
  uint16: Uint16Array,
  uint8: Uint8Array,
};
const decoded = new WeakMap();

/** The typed array in an array trait, with its `shape`; nobody changes it in place. The bytes may lie unaligned. */
export function decode(value) {
  if (!decoded.has(value)) {
    const { dtype, shape, data } = value;
    const bytes = data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength);
    const array = dtype === "float16" ? fromHalves(new Uint16Array(bytes)) : new TYPES[dtype](bytes);
    decoded.set(value, Object.assign(array, { shape }));
  }
  return decoded.get(value);
}

/** float16, which not every browser has: a sign, five bits of exponent, ten bits behind the point. */
export const fromHalves = (halves) =>
  Float32Array.from(halves, (bits) => {
    const [sign, exponent, fraction] = [bits >> 15 ? -1 : 1, (bits >> 10) & 31, bits & 1023];
    if (exponent === 31) return fraction ? NaN : sign * Infinity;
    return sign * (exponent ? (1 + fraction / 1024) * 2 ** (exponent - 15) : fraction * 2 ** -24);
  });

/** A typed array as the value of an array trait. */
export function encode(array, shape = array.shape) {
  const dtype = Object.keys(TYPES).find((name) => array instanceof TYPES[name]);
  const value = { dtype, shape, data: new DataView(array.buffer, array.byteOffset, array.byteLength) };
  decoded.set(value, Object.assign(array, { shape }));
  return value;
}

/** A copy of an (L, d) array with another row i; for an (L,) array `row` is one number in a list. */
export function withRow(array, i, row) {
  const copy = Object.assign(array.slice(), { shape: array.shape });
  copy.set(row, i * row.length);
  return copy;
}

/** Uniform numbers in 0 .. 1 from a whole-number seed (mulberry32). */
export function uniformFrom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** Standard normal numbers from a whole-number seed (Box and Muller). */
export function normalFrom(seed) {
  const uniform = uniformFrom(seed);
  return () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
}

/** An array of the given shape, filled by calling `draw`. */
export function drawnArray(shape, draw) {
  const length = shape.reduce((product, size) => product * size);
  return Object.assign(Float64Array.from({ length }, draw), { shape });
}

/** A typed array with a shape, as Python is to have it. */
export const shaped = (array, ...shape) => Object.assign(array, { shape });

/** A function that remembers its last few answers by the key that its first argument is. */
export function remembered(compute, most = 4) {
  const answers = new Map();
  return (key, ...rest) => {
    if (!answers.has(key)) {
      if (answers.size >= most) answers.delete(answers.keys().next().value);
      answers.set(key, compute(...rest));
    }
    return answers.get(key);
  };
}

export const range = (count) => Array.from({ length: count }, (_, i) => i);
export const clamp = (value, low, high) => Math.min(high, Math.max(low, value));

/** The value moved into low .. high, without high, by whole rounds. */
export const wrapped = (value, low, high) => low + ((((value - low) % (high - low)) + (high - low)) % (high - low));

export const degrees = (angle) => `${Math.round((angle * 180) / Math.PI)}°`;
export const percent = (share) => `${Math.round(100 * share)} %`;
export const plural = (count, word) => `${count} ${word}${count === 1 ? "" : "s"}`;
export const signed = (number, digits = 2) =>
  number
    .toFixed(digits)
    .replace(/^-(0\.?0*)$/, "$1")
    .replace("-", "−");

/** "a", "a and b", "a, b and c". */
export const listed = (names) =>
  names.length > 1 ? `${names.slice(0, -1).join(", ")} and ${names.at(-1)}` : String(names[0]);
