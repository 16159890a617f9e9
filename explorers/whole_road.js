// The explorer of the whole road: the same tokens as points, as a strip by position, as a strip sorted by bucket and cut
// into chunks, and as rows and columns of the attention matrix. Letters as in reformer/lsh_attention.py.
import { arrow, label, Marks, segment, stroke, wash } from "./shared/charts.js";
import { explore } from "./shared/explore.js";
import {
  angularHash,
  attendInRounds,
  combineRounds,
  countMeetings,
  directionScores,
  dotProduct,
  identityRows,
  relativeError,
  rowsOf,
  sharedQkAttention,
  undoSort,
  weightedSums,
} from "./shared/lsh.js";
import { drawMatrix, frameMatrix, MATRIX_KEY, Matrix, markToken } from "./shared/matrix.js";
import {
  clamp,
  drawnArray,
  listed,
  normalFrom,
  percent,
  plural,
  range,
  remembered,
  shaped,
  wrapped,
} from "./shared/numbers.js";
import { circle, onCircle, View } from "./shared/points.js";
import { nameSectors, sectors, turnOf, washSectors } from "./shared/regions.js";
import { drawLooks, drawMoves, drawTokens, frameChunk, Strip } from "./shared/strip.js";
import { hue } from "./shared/theme.js";

const [MAX_ROUNDS, N_FEATURES, MAX_HALF] = [8, 64, 4];
const [COLOUR, SORT, CUT, LOOK, ATTEND] = [2, 3, 4, 5, 6]; // steps; the first is the hash
const [IMMUTABLE, MUTABLE] = [4, 26]; // positions in the sentence
const WEIGHTY = 0.03; // a missed token of less weight is not named

// ---- What follows from the state -----------------------------------------------------------------------------

const numbersOf = remembered((seed) => drawnArray([MAX_ROUNDS, N_FEATURES, MAX_HALF], normalFrom(seed)));

/** The (R, d, B/2) rotations: turned in features 1 and 2; of length 1, and only these two, where a plane is hashed. */
function rotationsOf({ seed, hashed, n_rounds, turn }, half) {
  const drawn = numbersOf(seed, seed);
  const [cos, sin] = onCircle((turn * Math.PI) / 180);
  const n_features = hashed === "plane" ? 2 : N_FEATURES;
  const rotations = new Float64Array(n_rounds * n_features * half);
  for (let r = 0; r < n_rounds; r++) {
    for (let column = 0; column < half; column++) {
      const number = (f) => drawn[(r * N_FEATURES + f) * MAX_HALF + column];
      const [x, y] = [cos * number(0) - sin * number(1), sin * number(0) + cos * number(1)];
      const length = hashed === "plane" ? Math.hypot(x, y) : 1;
      for (let f = 0; f < n_features; f++) {
        rotations[(r * n_features + f) * half + column] = (f === 0 ? x : f === 1 ? y : number(f)) / length;
      }
    }
  }
  return shaped(rotations, n_rounds, n_features, half);
}

/** What the tokens are, whatever the hash: { rows, values, flat: (L, 2) of length 1, kept, dense: (L, L), outputs }. */
const tokensOf = remembered((vectors, values, source, n_tokens) => {
  const cut = (arrays) => rowsOf(arrays.subarray(source * N_FEATURES ** 2, (source + 1) * N_FEATURES ** 2), N_FEATURES);
  const [rows, ofValues] = [cut(vectors).slice(0, n_tokens), cut(values).slice(0, n_tokens)];
  const length = rows.map((row) => Math.hypot(...row));
  const units = rows.map((row, i) => Float64Array.from(row, (number) => number / length[i]));
  const leading = rows.map(([x, y]) => [x / Math.hypot(x, y), y / Math.hypot(x, y)]);
  const dense = sharedQkAttention(rows, identityRows(n_tokens));
  return {
    rows,
    values: ofValues,
    units,
    leading,
    kept: shareKept(units),
    dense,
    outputs: weightedSums(dense, ofValues),
  };
});

/** The share of the squared dot products of the unit vectors that their first two features keep. */
function shareKept(units) {
  let [kept, all] = [0, 0];
  units.forEach((a, i) => {
    for (const b of units.slice(0, i + 1)) {
      kept += (a[0] * b[0] + a[1] * b[1]) ** 2;
      all += dotProduct(a, b) ** 2;
    }
  });
  return kept / all;
}

/** What a query is to a key: "met", "masked" where they stand side by side and it is hidden, "lost", or "". */
function relationsOf({ met, beside }, weights, n_tokens) {
  return (query, key) => {
    const at = query * n_tokens + key;
    if (query === key) return weights[query][key] > 0 ? "met" : "masked";
    if (key > query) return beside[at] ? "masked" : "";
    return met[at] ? "met" : "lost";
  };
}

/** Share of the causal pairs that meet, share of the attention they hold, error of the outputs. */
function measuresOf(tokens, weights, kindOf, n_tokens) {
  let [pairs, mass] = [0, 0];
  for (const i of range(n_tokens)) {
    for (const j of range(i + 1)) {
      if (kindOf(i, j) !== "met") continue;
      mass += tokens.dense[i][j];
      if (i !== j) pairs++;
    }
  }
  const error = relativeError(weightedSums(weights, tokens.values), tokens.outputs);
  return Float64Array.of((2 * pairs) / (n_tokens * (n_tokens - 1)), mass / n_tokens, error);
}

const attended = remembered((tokens, buckets, options, n_tokens) => {
  const { seen, outputs, log_normalizers } = attendInRounds(tokens.rows, identityRows(n_tokens), buckets, options);
  const weights = combineRounds(outputs, log_normalizers);
  const kindOf = relationsOf(countMeetings(seen), weights, n_tokens);
  return { seen, weights, kindOf, measures: measuresOf(tokens, weights, kindOf, n_tokens) };
}, 2);

function derive(state) {
  const { source, n_tokens, n_buckets, n_rounds, chunk_length, n_before, wrap, hashed, texts, chosen } = state;
  const [half, shown] = [n_buckets / 2, state.shown_round - 1];
  const place = Object.keys(texts).indexOf(source);
  const tokens = tokensOf(`${source} ${n_tokens}`, state.vectors, state.values, place, n_tokens);
  const rotations = rotationsOf(state, half);
  const n_features = rotations.shape[1];
  const hashedRows = hashed === "plane" ? tokens.leading : tokens.rows;
  const flat = Float64Array.from(hashedRows.flatMap((row) => Array.from(row)));
  const all = shaped(angularHash(flat, rotations, n_rounds, n_features, half), n_rounds, n_tokens);
  const buckets = range(n_rounds).map((r) => Array.from(all.subarray(r * n_tokens, (r + 1) * n_tokens)));
  const options = { chunk_length, n_before, wrap, correct_duplicates: true };
  const key = `${source} ${n_tokens} ${JSON.stringify(options)} ${buckets.join(" ")}`;
  const { seen, weights, kindOf, measures } = attended(key, tokens, buckets, options, n_tokens);
  const rotation = rotations.subarray(shown * n_features * half, (shown + 1) * n_features * half);
  const text = texts[source];
  const bucketOf = (i) => buckets[shown][i];
  const placeOf = undoSort(seen.order[shown]);
  const relation = (i) => {
    if (i === chosen) return "chosen";
    if (state.step < ATTEND) return "open";
    return kindOf(chosen, i) === "masked" ? "later" : kindOf(chosen, i) || "later";
  };
  return {
    ...state,
    ...{ half, shown, tokens, rotations, rotation, n_features, all, buckets, seen, weights, kindOf, measures },
    ...{ bucketOf, placeOf, relation, order: seen.order[shown] },
    matrixOrder: state.order === "sorted" ? seen.order[shown] : range(n_tokens),
    textOf: (i) => text[i],
    chunkOf: (i) => Math.floor(placeOf[i] / Math.min(chunk_length, n_tokens)),
    hueOf: (bucket) => hue(bucket),
    isQuerys: (bucket) => bucket === bucketOf(chosen),
    reached: (step) => clamp(state.step - step + 1, 0, 1), // how far a step is shown, while it plays
    ...(hashed === "space" ? planeOf(tokens, rotation, half, chosen) : { at: (i) => tokens.leading[i] }),
  };
}

/** Of 64 dimensions, the plane of the two columns to which the chosen token is nearest: { at(i), axes, columns }. */
function planeOf({ units }, rotation, half, chosen) {
  const scores = directionScores(units[chosen], rotation, half);
  const columns = range(2 * half)
    .sort((a, b) => scores[b] - scores[a] || a - b)
    .slice(0, 2);
  const vectors = columns.map((bucket) =>
    Float64Array.from(
      { length: N_FEATURES },
      (_, f) => (bucket < half ? 1 : -1) * rotation[f * half + (bucket % half)],
    ),
  );
  const length = Math.sqrt(dotProduct(vectors[0], vectors[0]));
  const first = vectors[0].map((number) => number / length);
  const along = dotProduct(first, vectors[1]);
  const across = vectors[1].map((number, f) => number - along * first[f]);
  const height = Math.sqrt(dotProduct(across, across));
  const second = across.map((number) => number / height);
  const inPlane = (vector) => [dotProduct(vector, first), dotProduct(vector, second)];
  const furthest = Math.max(...units.map((unit) => Math.hypot(...inPlane(unit))));
  return {
    at: (i) => inPlane(units[i]).map((number) => number / Math.max(furthest, 1e-9)),
    columns: columns.map((bucket, c) => ({ bucket, vector: inPlane(vectors[c]) })),
  };
}

// ---- Where things stand --------------------------------------------------------------------------------------

/** The places of the four views on a canvas of this width: side by side, or on a narrow one below each other. */
function placesOf({ n_tokens, chunk_length, matrixOrder, order, reached }, width) {
  const narrow = width < 620;
  const disc = narrow ? Math.min(width, 320) : 0.295 * width;
  const word = narrow ? 0.27 * width : 0.108 * width;
  const moves = narrow ? 0.24 * width : 0.054 * width;
  const top = narrow ? disc + 96 : 32;
  const cell = clamp(440 / n_tokens, 10, 15);
  const n_chunks = Math.ceil(n_tokens / chunk_length);
  const gap = Math.min(5, 70 / n_chunks);
  const length = n_tokens * cell + gap * (n_chunks - 1);
  const strip = (x, cut) => {
    const gaps = gap * cut * (n_chunks - 1);
    const y = top + (length - n_tokens * cell - gaps) / 2;
    const of = { n_places: n_tokens, chunk_length, gap: gap * cut, thickness: word, down: true };
    return new Strip({ x, y, length: n_tokens * cell + gaps, ...of });
  };
  const left = narrow ? 0 : disc + 0.018 * width;
  const position = strip(left, 0);
  const sorted = strip(left + word + moves, reached(CUT));
  const room = narrow ? width - (left + 2 * word + moves) - 4 : 0.046 * width;
  const matrixLeft = narrow ? 4 : sorted.x + word + room + 8;
  const matrixTop = narrow ? top + length + 40 : top;
  const across = width - matrixLeft - 4;
  const isCut = matrixOrder === order;
  const down = narrow ? across : length;
  const along = (run, isDown) =>
    new Strip({
      x: matrixLeft,
      y: matrixTop,
      length: run,
      thickness: 0,
      n_places: n_tokens,
      chunk_length: isCut ? chunk_length : n_tokens,
      gap: isCut ? (gap * run) / length : 0,
      down: isDown,
    });
  const matrix = new Matrix({ rows: along(down, true), columns: along(across, false), order: matrixOrder });
  return { narrow, top, disc, position, sorted, room, matrix, bottom: matrixTop + down };
}

const heightOf = (width, _, facts) => placesOf({ ...facts, reached: () => 1 }, width).bottom + 8;

const viewOf = (disc) => new View({ flat: true, middle: disc / 2 + 2, radius: disc / 2 - 46 });

// ---- The first view: points ----------------------------------------------------------------------------------

const MARKS = new Marks({
  chosen: { shape: "star", size: 10, fill: "ink", text: "chosen token" },
  met: { shape: "disc", size: 4.5, fill: "ink", text: "it meets" },
  lost: { shape: "diamond", size: 6, fill: "alert", text: "it misses" },
  later: { shape: "ring", size: 3.4, fill: "paper", text: "later: masked" },
  open: { shape: "square", size: 4, fill: "quiet", text: "not asked yet" },
});
const RANK = { open: 0, later: 0, met: 1, lost: 2, chosen: 3 };

function paintPoints(picture, facts, { disc }) {
  const view = viewOf(disc);
  const isPlane = facts.hashed === "plane";
  if (isPlane) {
    const shown = sectors(facts.rotation, facts.half);
    washSectors(picture, facts, view, shown);
    for (const { from } of shown) {
      stroke(picture, segment(view.middle, view.middle, ...view.place(onCircle(from))), picture.theme.line);
    }
    nameSectors(picture, facts, view, shown, 0.56);
  }
  stroke(picture, circle(view, view.radius), picture.theme.quiet);
  for (const [bucket, tip] of arrowsOf(facts)) {
    const isQuerys = facts.isQuerys(bucket);
    const color = isQuerys ? picture.theme.ink : picture.theme.quiet;
    const dash = bucket < facts.half ? [] : [4, 3];
    arrow(picture, view.middle, view.middle, ...view.place(tip).slice(0, 2), color, isQuerys ? 2.2 : 1.1, dash);
    if (!isPlane)
      label(picture, `b${bucket}`, ...view.place(tip.map((number) => 1.16 * number)).slice(0, 2), { bold: isQuerys });
  }
  const places = pointPlaces(facts, view);
  const inOrder = range(facts.n_tokens).sort((i, j) => RANK[facts.relation(i)] - RANK[facts.relation(j)]);
  for (const i of inOrder) MARKS.draw(picture, facts.relation(i), ...places[i]);
  namePoints(picture, facts, view, places);
}

/** The arrows of the columns: [bucket, tip]; in the plane all have length 1, and end well inside. */
function arrowsOf({ hashed, columns, rotation, half }) {
  if (hashed === "space") {
    const longest = Math.max(...columns.map(({ vector }) => Math.hypot(...vector)));
    return columns.map(({ bucket, vector }) => [bucket, vector.map((number) => (0.7 * number) / longest)]);
  }
  const sign = (bucket) => (bucket < half ? 0.42 : -0.42);
  return range(2 * half).map((bucket) => [
    bucket,
    [0, 1].map((f) => sign(bucket) * rotation[f * half + (bucket % half)]),
  ]);
}

/** [x, y] of the points; on the circle, the same ones stand inside one another. */
function pointPlaces(facts, view) {
  const count = new Map();
  return range(facts.n_tokens).map((i) => {
    const at = facts.at(i);
    if (facts.hashed === "space") return view.place(at.map((number) => 0.94 * number)).slice(0, 2);
    const slot = Math.round(turnOf(at) / 0.07);
    const before = count.get(slot) ?? 0;
    count.set(slot, before + 1);
    return view.place(at, view.radius - 9 * before).slice(0, 2);
  });
}

/** The chosen token, and those of most weight, each once, where there is room. */
function namePoints(picture, facts, view, places) {
  const { chosen, tokens, textOf } = facts;
  const byWeight = range(chosen).sort((i, j) => tokens.dense[chosen][j] - tokens.dense[chosen][i]);
  const taken = [];
  const named = new Set();
  for (const i of [chosen, ...byWeight.slice(0, 6)]) {
    if (named.has(textOf(i))) continue;
    const [x, y, align] = placeOfName(facts, view, places[i], i);
    if (taken.some(([otherX, otherY]) => Math.abs(otherX - x) < 60 && Math.abs(otherY - y) < 13)) continue;
    named.add(textOf(i));
    taken.push([x, y]);
    const color = facts.relation(i) === "lost" ? picture.theme.alert : picture.theme.ink;
    label(picture, textOf(i), x, y, { align, color, bold: i === chosen, size: 12 });
  }
}

/** [x, y, align]: outside the circle, beside its rim; in the plane of two columns, above the point. */
function placeOfName({ at, hashed, textOf }, view, [pointX, pointY], i) {
  const width = 7 * textOf(i).length; // about
  if (hashed === "space") return [clamp(pointX, width / 2, 2 * view.middle - width / 2), pointY - 14, "center"];
  const side = Math.abs(at(i)[0]) < 0.3 ? 0 : Math.sign(at(i)[0]);
  const [x, y] = view.place(at(i), view.radius + (side ? 10 : 16));
  const within = side > 0 ? Math.min(x, 2 * view.middle + 10 - width) : side < 0 ? Math.max(x, width) : x;
  return [within, y, ["right", "center", "left"][side + 1]];
}

// ---- The strips ----------------------------------------------------------------------------------------------

function paintStrips(picture, facts, { position, sorted, room }) {
  const { n_tokens, chosen, order, reached, bucketOf, hueOf, textOf, placeOf } = facts;
  const isStrong = (i) => i === chosen;
  const style = { bucketOf, hueOf, textOf, isStrong };
  if (reached(COLOUR)) {
    picture.context.globalAlpha = 1;
    drawTokens(picture, position, { ...style, order: range(n_tokens) });
  } else drawPlain(picture, position, facts);
  markRow(picture, position, chosen);
  const sorting = reached(SORT);
  if (!sorting) return;
  if (sorting < 1) {
    drawOnTheWay(picture, position, sorted, sorting, facts, style);
    return;
  }
  const colorOf = (i) => hueOf(bucketOf(i));
  drawMoves(picture, position, sorted, [range(n_tokens), order], { colorOf, isStrong });
  drawTokens(picture, sorted, { ...style, order });
  markRow(picture, sorted, placeOf[chosen]);
  markRelations(picture, facts, position, (i) => i);
  markRelations(picture, facts, sorted, (i) => placeOf[i]);
  if (reached(CUT)) for (const n of range(sorted.n_chunks)) frameChunk(picture, sorted, n);
  if (reached(LOOK) === 1)
    drawLooks(picture, sorted, looksOf(facts, sorted.n_chunks), { room, isStrong: (n) => n === facts.chunkOf(chosen) });
}

/** Tokens without their buckets. */
function drawPlain(picture, strip, { n_tokens, textOf }) {
  for (const i of range(n_tokens)) {
    const [x, y, width, height] = strip.box(i);
    wash(picture, (context) => context.rect(x, y + 0.75, width, height - 1.5), picture.theme.quiet, 0.12);
    const size = clamp(0.86 * strip.cell, 8, 13);
    label(picture, textOf(i), x + 23, y + height / 2 + 0.5, { align: "left", size, rim: 0 });
  }
}

function drawOnTheWay(picture, position, sorted, share, { n_tokens, placeOf, textOf }, { bucketOf, hueOf }) {
  for (const i of range(n_tokens)) {
    const [[x0, y0, width, height], [x1, y1]] = [position.box(i), sorted.box(placeOf[i])];
    const [x, y] = [x0 + share * (x1 - x0), y0 + share * (y1 - y0)];
    wash(picture, (context) => context.rect(x, y + 0.75, width, height - 1.5), hueOf(bucketOf(i)), 0.35);
    label(picture, textOf(i), x + 23, y + height / 2, {
      align: "left",
      size: clamp(0.86 * position.cell, 8, 13),
      rim: 0,
    });
  }
}

/** In the cells, whom the chosen token meets, and whom it misses that has some weight. */
function markRelations(picture, { chosen, relation, tokens }, strip, placeOf) {
  for (const i of range(chosen)) {
    const kind = relation(i);
    if (kind !== "met" && !(kind === "lost" && tokens.dense[chosen][i] >= WEIGHTY)) continue;
    const [x, y, width, height] = strip.box(placeOf(i));
    MARKS.draw(picture, kind, x + width - 7, y + height / 2, kind === "met" ? 3 : 4.4);
  }
}

/** A frame round the cell of the chosen token. */
function markRow(picture, strip, place) {
  const [x, y, width, height] = strip.box(place);
  stroke(picture, (context) => context.rect(x - 1, y, width + 2, height), picture.theme.ink, 2);
}

/** [from, to, goes round] for each chunk of the shown round. */
function looksOf({ n_before, wrap }, n_chunks) {
  return range(n_chunks).flatMap((n) =>
    range(n_before).flatMap((back) => {
      const to = n - 1 - back;
      if (to >= 0) return [[n, to, false]];
      return wrap === "none" || n_chunks === 1 ? [] : [[n, wrapped(to, 0, n_chunks), true]];
    }),
  );
}

// ---- The whole stage -----------------------------------------------------------------------------------------

function paintRoad(picture, facts) {
  const places = placesOf(facts, picture.width);
  const { position, sorted, matrix, narrow, disc, top } = places;
  const { tokens, weights, kindOf, reached } = facts;
  paintPoints(picture, facts, places);
  paintStrips(picture, facts, places);
  if (reached(ATTEND)) {
    const grown = reached(ATTEND);
    const weightOf = (i, j) => grown ** 2 * (kindOf(i, j) === "lost" ? tokens.dense[i][j] : weights[i][j]);
    drawMatrix(picture, matrix, { kindOf, weightOf });
    markToken(picture, matrix, facts.chosen);
  }
  frameMatrix(picture, matrix);
  const title = (text, x, y) => label(picture, text, x, y, { align: "left", bold: true, size: 13 });
  title("1  Points and rotation", 2, 9);
  title("2  By position", position.x, top - 22);
  title("3  Sorted, cut", sorted.x, top - 22);
  title("4  Who attends to whom", matrix.columns.x, matrix.rows.y - 22);
  const quiet = { align: "right", color: picture.theme.quiet, size: 11 };
  if (picture.width - matrix.rows.x > 300) {
    label(picture, "row: query, column: key", picture.width - 4, matrix.rows.y - 22, quiet);
  }
  const third = (picture.width - 32) / 3;
  paintMeter(picture, facts, narrow ? [4, disc + 8, third, third + 12, 0] : [4, disc + 22, disc - 24, 0, 46]);
}

/** The three measures as bars, `right` and `down` pixels apart. */
function paintMeter(picture, { measures, reached }, [x, y, width, right, down]) {
  if (!reached(ATTEND)) return;
  const names = ["Pairs compared", "Attention met", "Error of the output"];
  names.forEach((name, i) => {
    const [left, top] = [x + i * right, y + i * down];
    const value = i < 2 ? percent(measures[i]) : measures[i].toFixed(2);
    label(picture, name, left, top, { align: "left", color: picture.theme.quiet });
    if (right) label(picture, value, left, top + 34, { align: "left", bold: true, size: 13 });
    else label(picture, value, left + width, top, { align: "right", bold: true, size: 13 });
    const bar = (share) => (context) => context.rect(left, top + 11, share * width, 9);
    wash(picture, bar(1), picture.theme.quiet, 0.16);
    wash(picture, bar(Math.min(1, measures[i])), i < 2 ? picture.theme.accent : picture.theme.alert, 0.85);
  });
}

// ---- In words ------------------------------------------------------------------------------------------------

const SPILLED = "same bucket, other chunk";

/** Why an earlier token is missed: another bucket in every round, or a bucket that is cut between their chunks. */
const whyMissed = ({ buckets }, query, key) =>
  buckets.some((round) => round[query] === round[key]) ? SPILLED : "other bucket";

/** How much attention the chosen token misses for the cuts between chunks alone. */
const spilled = (facts) =>
  range(facts.chosen)
    .filter((i) => facts.kindOf(facts.chosen, i) === "lost" && whyMissed(facts, facts.chosen, i) === SPILLED)
    .reduce((sum, i) => sum + facts.tokens.dense[facts.chosen][i], 0);

const quoted = (text) => `“${text}”`;

/** What happens in the steps before the last. */
const STEPS = [
  () => "Step 1, hash: a vector goes into the bucket of the arrow along which it points most.",
  () => "Step 2, colour: each token bears the number of its bucket. Those of one bucket still stand far apart.",
  () => "Step 3, sort: now those of one bucket stand together, and within it in order of position.",
  ({ chunk_length }) =>
    `Step 4, cut: a chunk is ${plural(chunk_length, "token")} long, however many its bucket holds; a full bucket spills ` +
    "over several.",
  ({ n_before, wrap }) => {
    if (!n_before) return "Step 5, look back: a chunk sees itself alone, since none is looked back at.";
    const round =
      wrap === "none" ? "the first has none before it" : "a dashed arrow goes round, from the first to the last";
    return `Step 5, look back: a chunk sees itself and the ${n_before === 1 ? "one" : n_before} before it; ${round}.`;
  },
];

function describe(facts) {
  const { chosen, n_tokens, tokens, kindOf, textOf, bucketOf, chunkOf, measures, n_rounds, shown } = facts;
  const earlier = range(chosen);
  const weight = (i) => tokens.dense[chosen][i];
  const met = earlier.filter((i) => kindOf(chosen, i) === "met");
  const lost = earlier.filter((i) => kindOf(chosen, i) === "lost").sort((i, j) => weight(j) - weight(i));
  const caught = met.reduce((sum, i) => sum + weight(i), 0);
  const inRound = n_rounds > 1 ? ` of round ${shown + 1}` : "";
  const who = `${quoted(textOf(chosen))}, token ${chosen}, is in bucket ${bucketOf(chosen)} and chunk ${chunkOf(chosen)}${inRound}.`;
  const meets = chosen
    ? ` It meets ${met.length} of the ${plural(chosen, "token")} before it, with ${percent(caught)} of its attention.`
    : " No token stands before it: it attends to itself.";
  const named = lost.filter((i) => weight(i) >= WEIGHTY).slice(0, 3);
  const one = (i) => `${quoted(textOf(i))} ${i} (${percent(weight(i))}: ${whyMissed(facts, chosen, i)})`;
  const misses = named.length ? ` It misses ${listed(named.map(one))}.` : "";
  const left = n_tokens - 1 - chosen;
  const later = left ? ` ${left} ${left === 1 ? "comes" : "come"} later and ${left === 1 ? "is" : "are"} masked.` : "";
  const step = STEPS[Math.floor(facts.step) - 1];
  const sentence = step ? `${step(facts)} ${who}` : `${who}${meets}${misses}${later}`;
  const [pairs, mass, error] = measures;
  const sums =
    `${percent(pairs)} of the pairs are compared, and ${percent(mass)} of the attention is met; ` +
    `the output is off by ${error.toFixed(2)} of its length.`;
  return {
    sentence,
    lines: step ? {} : { sums },
    pictures: { road: `${n_tokens} tokens in four views. ${sentence} ${step ? "" : sums}`.trim() },
  };
}

const HINTS = {
  plane: ({ tokens }) =>
    "Hashed and drawn are the two leading principal directions of the vectors, at length 1. They keep " +
    `${percent(tokens.kept)} of the squared dot products; attention uses all 64 features.`,
  space: ({ chosen, textOf }) =>
    "All 64 features are hashed. Drawn is the plane of the two columns that " +
    `${quoted(textOf(chosen))} points to most.`,
};

// ---- What a reader can do ------------------------------------------------------------------------------------

const actions = {
  choose: {
    keys: { ArrowDown: 1, ArrowUp: -1, n: 1, p: -1, "Shift+ArrowDown": 5, "Shift+ArrowUp": -5 },
    help: ["↑ ↓", "choose another token; with Shift the fifth from it"],
    steps: "chosen",
    wraps: true,
  },
  turn: {
    keys: { ArrowRight: 2, ArrowLeft: -2, "Shift+ArrowRight": 10, "Shift+ArrowLeft": -10, t: 2, "Shift+t": -2 },
    help: ["← →", "turn the rotation; with Shift in larger steps"],
    steps: "turn",
    wraps: true,
  },
  play: {
    keys: { " ": null },
    help: ["Space", "play the steps, or pause"],
    buttons: { Play: null },
    plays: "step",
    pause: 1900,
    eased: "step",
    lasts: 1100,
  },
  go: {
    keys: { ".": 1, ",": -1 },
    help: [", .", "one step back, one further"],
    buttons: { "Step back": -1, "Next step": 1 },
    steps: "step",
    eased: "step",
    lasts: 1100,
  },
  redraw: {
    keys: { r: null },
    help: ["R", "draw new rotations"],
    buttons: { "New rotations": null },
    run: ({ seed }) => ({ seed: seed + 1 }),
  },
};

/** The token under a place of the canvas, in any of the views. */
function tokenAt(facts, places, at) {
  const { position, sorted, matrix } = places;
  const inStrip = position.placeAt(at);
  if (inStrip !== null) return inStrip;
  const inSorted = sorted.placeAt(at);
  if (inSorted !== null) return facts.order[inSorted];
  return matrix.pairAt(at)?.[0] ?? null;
}

const pointer = {
  marks(facts, { width }) {
    const view = viewOf(placesOf(facts, width).disc);
    const points = pointPlaces(facts, view).map(([x, y], token) => ({ x, y, reach: 11, token, still: true }));
    const heads = facts.hashed === "plane" ? arrowsOf(facts).map(([, tip]) => view.place(tip)) : [];
    return [...points, ...heads.map(([x, y]) => ({ x, y, reach: 14 }))];
  },
  under(facts, { width }, at) {
    const token = tokenAt(facts, placesOf(facts, width), at);
    return token === null ? null : { token, still: true };
  },
  hover: ({ token }) => (token === undefined ? {} : { chosen: token }),
  press: (mark) => mark?.token !== undefined && { chosen: mark.token },
  drag(held, state, to, from, { width }) {
    if (held === null || held.token !== undefined) return undefined;
    const view = viewOf(placesOf({ ...state, matrixOrder: [], reached: () => 1 }, width).disc);
    const angle = (place) => (turnOf(view.planeAt(place)) * 180) / Math.PI;
    return { turn: wrapped(state.turn + angle(to) - angle(from), -180, 180) };
  },
};

export default explore({
  stage: "The road. Up and down choose a token, left and right turn the rotation; the list of keys stands below.",
  wide: true,
  hint: (facts) => HINTS[facts.hashed](facts),
  derive,
  describe,
  draw: {
    road: { height: heightOf, paint: paintRoad },
    key: MARKS.key({ more: MATRIX_KEY }),
  },
  report: ({ all, weights, measures, n_tokens }) => ({
    buckets: all,
    weights: shaped(Float64Array.from(weights.flatMap((row) => Array.from(row))), n_tokens, n_tokens),
    measures: shaped(measures, 3),
  }),
  actions,
  pointer,
  presets: {
    Clusters: { source: "clusters", hashed: "space" },
    "Common mean": { source: "letters" },
    "Zipf’s law": { source: "zipf" },
    Words: { source: "words" },
  },
  tasks: [
    {
      text: "Turn the rotation until “mutable” meets “immutable” in one round.",
      done: ({ source, n_rounds, kindOf }) =>
        source === "words" && n_rounds === 1 && kindOf(MUTABLE, IMMUTABLE) === "met",
    },
    {
      text: "Meet 80 % of all attention with at most half of the pairs.",
      done: ({ measures: [pairs, mass] }) => mass >= 0.8 && pairs <= 0.5,
    },
    {
      text: "Find a token that misses a fifth of its attention in its own bucket, which has spilled over its chunks.",
      done: (facts) => spilled(facts) >= 0.2,
    },
  ],
});
