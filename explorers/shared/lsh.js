// The twin of reformer/ in the browser, held to it by tests. Matrices are flat and lie row by row, as in NumPy.
// Letters as there: L positions, d features, R rounds, B buckets, P planes, T tables, C chunk length, n chunks.

import { range } from "./numbers.js";

export const NOBODY = -1;
export const HIDDEN = -Infinity;
export const LAST_RESORT = -1e30;

// ---- reformer.neighbors --------------------------------------------------------------------------------------

/** Weight of each key for a query on the line: exp(-r^2 / 2 h^2), divided by their sum. */
export function kernelWeights(keys, query, bandwidth) {
  const exponents = Array.from(keys, (key) => -((query - key) ** 2) / (2 * bandwidth ** 2));
  const largest = Math.max(...exponents);
  const kernel = exponents.map((exponent) => Math.exp(exponent - largest));
  const sum = kernel.reduce((total, one) => total + one, 0);
  return kernel.map((one) => one / sum);
}

// ---- reformer.planes -----------------------------------------------------------------------------------------

/** Dot products of one (d,) vector with P normals, (d, P): how far it lies on which side, times their lengths. */
export function planeScores(vector, normals, n_planes) {
  const scores = new Array(n_planes).fill(0);
  for (let f = 0; f < vector.length; f++) {
    for (let p = 0; p < n_planes; p++) scores[p] += vector[f] * normals[f * n_planes + p];
  }
  return scores;
}

/** Bucket of a vector with these scores: plane i weighs 2^i where the score is not negative. */
export const hashValue = (scores) => scores.reduce((bucket, score, p) => bucket + (score >= 0 ? 2 ** p : 0), 0);

// ---- reformer.angular ----------------------------------------------------------------------------------------

/** The B numbers [xR, -xR] of one vector, of which the largest decides. */
export function directionScores(vector, rotation, half) {
  const scores = planeScores(vector, rotation, half);
  return [...scores, ...scores.map((score) => -score)];
}

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

/** (R, L) buckets of (L, d) vectors under (R, d, B/2) rotations. */
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

// ---- reformer.chunking ---------------------------------------------------------------------------------------

/** The positions of one sequence by bucket, and within a bucket by position. */
export const sortByBucket = (buckets) =>
  Array.from(buckets, (_, i) => i).sort((i, j) => buckets[i] - buckets[j] || i - j);

/** Chunks of C positions each; places left over in the last one hold NOBODY. */
export function splitIntoChunks(order, chunk_length) {
  return Array.from({ length: Math.ceil(order.length / chunk_length) }, (_, n) =>
    Array.from({ length: chunk_length }, (_, place) => order[n * chunk_length + place] ?? NOBODY),
  );
}

/** For each chunk the positions it may look at: windows (R, n, W) of chunks (R, n, C).
 *
 * What the first chunk sees before it: nobody if `wrap` is "none", the last chunk of its own round if "round", that of
 * the round before if "global". For the first two one round, (n, C), is enough.
 */
export function lookAdjacent(chunks, { n_before = 1, n_after = 0, wrap = "global" } = {}) {
  if (wrap === "global") {
    const windows = lookAlongRow(chunks.flat(), n_before, n_after, true);
    return chunks.map((round, r) => windows.slice(r * round.length, (r + 1) * round.length));
  }
  const isOneRound = typeof chunks[0][0] === "number";
  const look = (row) => lookAlongRow(row, n_before, n_after, wrap === "round");
  return isOneRound ? look(chunks) : chunks.map(look);
}

/** The windows of one row of chunks, whose ends meet if it is a ring. */
function lookAlongRow(row, n_before, n_after, isRing) {
  const nobody = row[0].map(() => NOBODY);
  const seen = (i) => (isRing ? row.at(i % row.length) : (row[i] ?? nobody));
  return row.map((_, n) => range(n_before + 1 + n_after).flatMap((step) => seen(n - n_before + step)));
}

// ---- reformer.masks ------------------------------------------------------------------------------------------

/** (n_queries, n_keys) numbers to add to the logits: 0, LAST_RESORT for oneself, HIDDEN. `buckets` is by position. */
export function attentionMask(queries, keys, { causal = true, avoid_self = true, buckets = null } = {}) {
  return queries.map((query) =>
    keys.map((key) => {
      if (query === NOBODY || key === NOBODY || (causal && key > query)) return HIDDEN;
      if (buckets && buckets[query] !== buckets[key]) return HIDDEN;
      return avoid_self && query === key ? LAST_RESORT : 0;
    }),
  );
}
