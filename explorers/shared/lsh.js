// The twin of reformer/ in the browser, held to it by tests. Matrices are flat and lie row by row, as in NumPy.
// Letters as there: L positions, d features, R rounds, B buckets, P planes, T tables, C chunk length, n chunks.

import { range, shaped } from "./numbers.js";

export const NOBODY = -1;
export const HIDDEN = -Infinity;
export const LAST_RESORT = -1e30;

// ---- reformer.neighbors --------------------------------------------------------------------------------------

/** Weight of each key for a query on the line: exp(-r^2 / 2 h^2), divided by their sum. */
export function kernelWeights(keys, query, bandwidth) {
  return softmax(Array.from(keys, (key) => -((query - key) ** 2) / (2 * bandwidth ** 2)));
}

/** exp of each score, divided by their sum; the largest is subtracted first, so that none overflows.
 *
 * Where all are hidden (-inf), zeros.
 */
export function softmax(scores) {
  const largest = Math.max(...scores);
  if (largest === HIDDEN) return scores.map(() => 0);
  const kernel = scores.map((score) => Math.exp(score - largest));
  const sum = kernel.reduce((total, one) => total + one, 0);
  return kernel.map((one) => one / sum);
}

/** The average of all values by their weights; without an array of weights, since it is computed at every pixel. */
export function softEstimate(keys, values, query, bandwidth) {
  let nearest = Infinity;
  for (const key of keys) nearest = Math.min(nearest, (query - key) ** 2);
  let [sum, total] = [0, 0];
  for (let i = 0; i < keys.length; i++) {
    const weight = Math.exp((nearest - (query - keys[i]) ** 2) / (2 * bandwidth ** 2));
    sum += weight * values[i];
    total += weight;
  }
  return sum / total;
}

/** The k keys nearest to a query on the line, the nearest first, the lower one where two are equally near. */
export function nearestKeys(keys, query, k) {
  const away = Array.from(keys, (key) => Math.abs(key - query));
  return range(keys.length)
    .sort((i, j) => away[i] - away[j] || i - j)
    .slice(0, k);
}

/** The plain average of the values of the k nearest. */
export const hardEstimate = (keys, values, query, k) =>
  nearestKeys(keys, query, k).reduce((sum, i) => sum + values[i] / k, 0);

/** For each of (L, 2) points the k others nearest by angle, the lower one first where two are equally near. */
export function kNearest(points, k) {
  const n_points = points.length / 2;
  const length = range(n_points).map((i) => Math.hypot(points[2 * i], points[2 * i + 1]) || 1);
  const unit = Float64Array.from(points, (number, f) => number / length[f >> 1]);
  const similarity = new Float64Array(n_points);
  return range(n_points).map((i) => {
    for (let j = 0; j < n_points; j++) similarity[j] = unit[2 * i] * unit[2 * j] + unit[2 * i + 1] * unit[2 * j + 1];
    const near = [];
    for (let j = 0; j < n_points; j++) {
      if (j === i || (near.length === k && similarity[near.at(-1)] >= similarity[j])) continue;
      let place = near.length === k ? k - 1 : near.length;
      for (; place > 0 && similarity[near[place - 1]] < similarity[j]; place--) near[place] = near[place - 1];
      near[place] = j;
    }
    return near;
  });
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

/** The (2, P) normals of unit length with these directions in the plane, flat. */
export const normalsOf = (angles) => [Math.cos, Math.sin].flatMap((along) => Array.from(angles, along));

/** (T, L) buckets of (L, 2) points, flat, by the first planes of each table; `angles` are (tables, planes) directions. */
export function planesHash(points, angles, n_tables, n_planes) {
  const n_points = points.length / 2;
  const most_planes = angles.length / angles.shape[0];
  const buckets = new Int32Array(n_tables * n_points);
  for (let t = 0; t < n_tables; t++) {
    const normals = normalsOf(angles.subarray(t * most_planes, t * most_planes + n_planes));
    for (let i = 0; i < n_points; i++) {
      buckets[t * n_points + i] = hashValue(planeScores(points.subarray(2 * i, 2 * i + 2), normals, n_planes));
    }
  }
  return buckets;
}

/** What a search in buckets finds, and what it costs: recall of the near points, and the share of all pairs compared.
 *
 * Both are (T, P), for the first 1 .. T tables of their first 1 .. P planes. `codes` are the (T, L) buckets of all
 * tables by all planes, of which fewer planes use the lowest bits; `nearness` is from `kNearest`. Two points share the
 * bucket of the first p planes if they agree in all of them; so for each pair and each number of tables only the
 * longest agreement counts.
 */
export function searchTable(codes, nearness, n_planes) {
  const n_points = nearness.length;
  const n_tables = codes.length / n_points;
  const [recall, compared] = [0, 1].map(() => new Float64Array(n_tables * n_planes));
  const count = (table, i, j) => {
    for (let t = 0, longest = 0; t < n_tables; t++) {
      longest = Math.max(longest, agreement(codes[t * n_points + i] ^ codes[t * n_points + j], n_planes));
      if (longest) table[t * n_planes + longest - 1]++;
    }
  };
  for (let i = 0; i < n_points; i++) {
    for (let j = 0; j < i; j++) count(compared, i, j);
    for (const j of nearness[i]) count(recall, i, j);
  }
  const sharesOf = (counts, total) => shaped(orMore(counts, n_planes, total), n_tables, n_planes);
  const n_pairs = (n_points * (n_points - 1)) / 2;
  return { recall: sharesOf(recall, n_points * nearness[0].length), compared: sharesOf(compared, n_pairs) };
}

/** In how many first planes two codes agree: how many of the lowest bits of their difference are 0. */
const agreement = (difference, n_planes) => (difference ? 31 - Math.clz32(difference & -difference) : n_planes);

/** Shares of pairs that agree in p planes or more, from counts of those that agree in p exactly. */
function orMore(counts, n_planes, total) {
  for (let at = counts.length - 2; at >= 0; at--) if ((at + 1) % n_planes) counts[at] += counts[at + 1];
  return counts.map((count) => count / total);
}

/** The chance that P random planes leave two vectors at this angle on the same sides: 1 - angle / pi for each. */
export const planesChance = (angle, n_planes) => (1 - angle / Math.PI) ** n_planes;

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

/** Where each position went: the inverse of an order. */
export function undoSort(order) {
  const undo = new Array(order.length);
  order.forEach((position, place) => (undo[position] = place));
  return undo;
}

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

/** The share of same-bucket pairs of one round, (L,), whose chunks lie more than `n_before` apart. */
export function shareOfPairsLost(buckets, chunk_length, { n_before = 1 } = {}) {
  const inOrder = Array.from(buckets).sort((a, b) => a - b);
  let [start, pairs, lost] = [0, 0, 0];
  inOrder.forEach((bucket, place) => {
    if (bucket !== inOrder[start]) start = place;
    pairs += place - start;
    lost += Math.max(0, (Math.floor(place / chunk_length) - n_before) * chunk_length - start);
  });
  return lost / Math.max(pairs, 1);
}

// ---- reformer.masks ------------------------------------------------------------------------------------------

/** (n_queries, n_keys) numbers to add to the logits: 0, LAST_RESORT for oneself, HIDDEN. */
export function attentionMask(queries, keys, options = {}) {
  const { causal = true, avoid_self = true, query_buckets = null, key_buckets = null } = options;
  return queries.map((query, place) =>
    keys.map((key, seen) => {
      if (query === NOBODY || key === NOBODY || (causal && key > query)) return HIDDEN;
      if (query_buckets && query_buckets[place] !== key_buckets[seen]) return HIDDEN;
      return avoid_self && query === key ? LAST_RESORT : 0;
    }),
  );
}

// ---- reformer.attention. Vectors are lists of rows here: (L, d) is a list of L arrays ---------------------------

const UNIT_EPSILON = 1e-6;

export const dotProduct = (a, b) => {
  let sum = 0;
  for (let f = 0; f < a.length; f++) sum += a[f] * b[f];
  return sum;
};

/** Rows of a flat (L, d) array. */
export const rowsOf = (flat, n_features) =>
  range(flat.length / n_features).map((i) => flat.subarray(i * n_features, (i + 1) * n_features));

/** Rows at length one; the small number under the root keeps the zero vector finite. */
export const unitKeys = (rows) =>
  rows.map((row) => {
    const norm = Math.sqrt(dotProduct(row, row) + UNIT_EPSILON * row.length);
    return row.map((number) => number / norm);
  });

/** The rows of `values` averaged by weights that belong to them. */
function weightedSum(weights, values) {
  const sum = new Float64Array(values[0].length);
  weights.forEach((weight, i) => {
    if (weight) for (let f = 0; f < sum.length; f++) sum[f] += weight * values[i][f];
  });
  return sum;
}

/** A matrix of weights, (Q, K), times rows, (K, e). */
export const weightedSums = (weights, values) => weights.map((row) => weightedSum(row, values));

/** How far rows are from what is wanted: the norm of the difference by the norm of the wanted. */
export function relativeError(rows, wanted) {
  const norm = (squares) => Math.sqrt(squares.reduce((sum, square) => sum + square, 0));
  const away = rows.map((row, i) => row.reduce((sum, number, f) => sum + (number - wanted[i][f]) ** 2, 0));
  return norm(away) / norm(wanted.map((row) => dotProduct(row, row)));
}

/** Dense attention with shared queries and keys: (L, d), (L, e) -> (L, e). With the identity as values, its weights. */
export function sharedQkAttention(queries_keys, values, { causal = true } = {}) {
  const positions = range(queries_keys.length);
  const mask = attentionMask(positions, positions, { causal });
  return attendWithinChunks(queries_keys, unitKeys(queries_keys), values, mask).outputs;
}

// ---- reformer.lsh_attention ----------------------------------------------------------------------------------

/** Sort, chunk, look back: { order (R, L), chunks (R, n, C), windows (R, n, W), mask (R, n, C, W) } of (R, L) buckets.
 *
 * The options are those of `lsh_attention`, with its defaults, and `avoid_self`, which a reader may switch off.
 */
export function whoSeesWhom(buckets, options) {
  const { chunk_length, n_before, n_after, wrap, causal, avoid_self, same_bucket_only, correct_duplicates } = options;
  const look = { n_before, n_after, wrap };
  const order = buckets.map(sortByBucket);
  const cut = (round) => splitIntoChunks(round, Math.min(chunk_length, round.length));
  const chunks = order.map(cut);
  const windows = lookAdjacent(chunks, look);
  // A round's buckets have numbers of their own, since with the wrap "global" a window reaches into another round.
  const ofChunks = order.map((round, r) => cut(round.map((i) => `${r} ${buckets[r][i]}`)));
  const ofWindows = same_bucket_only ? lookAdjacent(ofChunks, look) : null;
  const mask = chunks.map((round, r) =>
    round.map((chunk, n) => {
      const inBuckets = ofWindows && { query_buckets: ofChunks[r][n], key_buckets: ofWindows[r][n] };
      return attentionMask(chunk, windows[r][n], { causal, avoid_self, ...inBuckets });
    }),
  );
  return { order, chunks, windows, mask: correct_duplicates ? sharedOut(mask, chunks, windows) : mask };
}

/** Call `visit(query, key, mask, r, n, i, w)` for every place of a mask where neither is NOBODY. */
export function eachPlace({ chunks, windows, mask }, visit) {
  chunks.forEach((round, r) =>
    round.forEach((chunk, n) =>
      chunk.forEach((query, i) => {
        if (query === NOBODY) return;
        windows[r][n].forEach((key, w) => key !== NOBODY && visit(query, key, mask[r][n][i][w], r, n, i, w));
      }),
    ),
  );
}

/** In how many places each query sees each key, and in how many it is put beside it, seen or not: two (L, L), flat. */
export function countMeetings(seen) {
  const length = seen.order[0].length;
  const [met, beside] = [0, 1].map(() => shaped(new Int32Array(length * length), length, length));
  eachPlace(seen, (query, key, hides) => {
    beside[query * length + key]++;
    if (hides > HIDDEN) met[query * length + key]++;
  });
  return { met, beside };
}

/** For each place of (R, n, C, W): how often its query meets its key over all rounds; 0 where the pair is hidden. */
export function countDuplicates(chunks, windows, mask) {
  const { met } = countMeetings({ order: chunks.map((round) => round.flat()), chunks, windows, mask });
  const length = met.shape[0];
  return mask.map((round, r) =>
    round.map((chunk, n) =>
      chunk.map((row, i) =>
        row.map((hides, w) => (hides > HIDDEN ? met[chunks[r][n][i] * length + windows[r][n][w]] : 0)),
      ),
    ),
  );
}

/** A mask in which a key that is met N times counts 1/N each time. */
function sharedOut(mask, chunks, windows) {
  const counts = countDuplicates(chunks, windows, mask);
  return mask.map((round, r) =>
    round.map((chunk, n) =>
      chunk.map((row, i) => row.map((hides, w) => hides - Math.log(Math.max(counts[r][n][i][w], 1)))),
    ),
  );
}

/** Softmax attention of one chunk, (C, d), to its window, (W, d) and (W, e): { outputs (C, e), log_normalizers (C,) }. */
export function attendWithinChunks(queries, keys, values, mask) {
  const logits = queries.map((query, i) =>
    keys.map((key, w) => (mask[i][w] === HIDDEN ? HIDDEN : dotProduct(query, key) + mask[i][w])),
  );
  // The weights are no exp(logit - logsumexp): where a token sees only itself, at -1e30, a logsumexp is too coarse.
  const outputs = logits.map((row) => weightedSum(softmax(row), values));
  return { outputs, log_normalizers: logits.map(logsumexp) };
}

/** Logarithm of the sum of exp(logit); -inf where all is hidden. */
export function logsumexp(logits) {
  const most = Math.max(...logits);
  return most === HIDDEN ? HIDDEN : most + Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit - most), 0));
}

/** The (R, L, e) outputs of all rounds, each by its share of the (R, L) normalisers: (L, e). */
export function combineRounds(outputs, log_normalizers) {
  return range(outputs[0].length).map((i) => {
    const shares = softmax(log_normalizers.map((round) => round[i]));
    return weightedSum(
      shares,
      outputs.map((round) => round[i]),
    );
  });
}

/** Attend in each round: { seen: of `whoSeesWhom`, outputs (R, L, e), log_normalizers (R, L) }, in order of position. */
export function attendInRounds(queries_keys, values, buckets, options) {
  const seen = whoSeesWhom(buckets, options);
  const keys = unitKeys(queries_keys);
  const fetch = (rows, positions) => positions.map((position) => rows.at(position)); // NOBODY gets the last; it is hidden
  const attended = seen.chunks.map((round, r) => {
    const parts = round.map((chunk, n) => {
      const window = seen.windows[r][n];
      return attendWithinChunks(
        fetch(queries_keys, chunk),
        fetch(keys, window),
        fetch(values, window),
        seen.mask[r][n],
      );
    });
    const undo = undoSort(seen.order[r]);
    const unsorted = (name) =>
      fetch(
        parts.flatMap((part) => part[name]),
        undo,
      );
    return { outputs: unsorted("outputs"), log_normalizers: unsorted("log_normalizers") };
  });
  const ofRounds = (name) => attended.map((round) => round[name]);
  return { seen, outputs: ofRounds("outputs"), log_normalizers: ofRounds("log_normalizers") };
}

/** The identity as values: then an output is the weights themselves. */
export const identityRows = (length) =>
  range(length).map((i) => Float64Array.from({ length }, (_, j) => Number(i === j)));
