// The explorer of sorting and chunking: a long strip of tokens by bucket, cut into chunks, and the pairs that the cuts
// part. Letters as in reformer/chunking.py: L tokens, R rounds, C chunk length, n chunks.
import { drawAxes, drawBars, drawLine, frameOf, label, Marks, mark, segment, stroke, wash } from "./shared/charts.js";
import { explore } from "./shared/explore.js";
import { shareOfPairsLost, sortByBucket, undoSort } from "./shared/lsh.js";
import { clamp, percent, plural, range, remembered, shaped } from "./shared/numbers.js";
import { cross, drawRuns, drawTokens, Strip } from "./shared/strip.js";
import { hue } from "./shared/theme.js";

const BUCKET_COUNTS = [8, 16, 32, 64];
const [MAX_ROUNDS, MAX_TOKENS] = [8, 512];
const STEP = 4; // of the chunk length
const MAX_LENGTH = 128;
const MAX_LOOKS = 4;

// ---- What follows from the state -----------------------------------------------------------------------------

/** The (R, L) buckets, a list of rounds, among all that were hashed in Python. */
const bucketsOf = remembered((hashed, source, draw, n_buckets, n_tokens) => {
  const [, n_draws, n_counts] = hashed.shape;
  const first = ((source * n_draws + draw) * n_counts + BUCKET_COUNTS.indexOf(n_buckets)) * MAX_ROUNDS;
  const roundAt = (r) => Array.from(hashed.subarray((first + r) * MAX_TOKENS, (first + r) * MAX_TOKENS + n_tokens));
  const rounds = range(MAX_ROUNDS).map(roundAt);
  const orders = rounds.map(sortByBucket);
  return { rounds, orders, places: orders.map(undoSort) };
});

/** Pairs that share a bucket in one of the first R rounds at least: [first, second, first, second, ..]. */
const soughtPairs = remembered((rounds) => {
  const [pairs, n_tokens] = [[], rounds[0].length];
  for (let i = 0; i < n_tokens; i++) {
    for (let j = 0; j < i; j++) if (rounds.some((round) => round[i] === round[j])) pairs.push(i, j);
  }
  return pairs;
}, 16);

/** Of these pairs, the share that no round brings into reach: into chunks at most `n_before` apart. */
export function pairsLostInRounds(pairs, places, chunk_length, n_before) {
  const chunks = places.map((round) => Int32Array.from(round, (place) => Math.floor(place / chunk_length)));
  let lost = 0;
  for (let at = 0; at < pairs.length; at += 2) {
    let r = 0;
    while (r < chunks.length && Math.abs(chunks[r][pairs[at]] - chunks[r][pairs[at + 1]]) > n_before) r++;
    if (r === chunks.length) lost++;
  }
  return lost / Math.max(pairs.length / 2, 1);
}

const lossOf = remembered((made, key, { n_rounds, chunk_length, n_before }) => {
  if (n_rounds === 1) return shareOfPairsLost(made.rounds[0], chunk_length, { n_before });
  const pairs = soughtPairs(`${key} ${n_rounds}`, made.rounds.slice(0, n_rounds));
  return pairsLostInRounds(pairs, made.places.slice(0, n_rounds), chunk_length, n_before);
}, 400);

const hasBit = (bits, i) => Math.floor(bits / 2 ** i) % 2 === 1;
const withBit = (bits, i) => (hasBit(bits, i) ? bits : bits + 2 ** i);

/** What was tried of an input, and what was lost there: [{ value, lost }], the present value among them. */
function curveOf(made, key, state, { name, tried, high, step = 1 }) {
  const values = range(high / step + 1).filter((i) => hasBit(state[tried], i) || i * step === state[name]);
  return values.map((i) => {
    const setting = { ...state, [name]: i * step };
    const { n_rounds, chunk_length, n_before } = setting;
    return {
      value: i * step,
      lost: lossOf(`${key} ${n_rounds} ${chunk_length} ${n_before}`, made, key, setting),
    };
  });
}

const AXES = {
  chunk_length: { name: "chunk_length", tried: "lengths_tried", high: MAX_LENGTH, step: STEP, title: "chunk length C" },
  n_before: { name: "n_before", tried: "looks_tried", high: MAX_LOOKS, title: "chunks looked back" },
  n_rounds: { name: "n_rounds", tried: "rounds_tried", high: MAX_ROUNDS, title: "hash rounds R" },
};

/** What each place of the sorted strip is to its bucket: { from, to } of its run, and how many of it are out of reach. */
function spillOf(sortedBuckets, chunk_length, n_before) {
  const n_places = sortedBuckets.length;
  const [from, to, lost] = range(3).map(() => new Int32Array(n_places));
  for (let start = 0, end = 0; start < n_places; start = end) {
    while (end < n_places && sortedBuckets[end] === sortedBuckets[start]) end++;
    for (let place = start; place < end; place++) {
      const chunk = Math.floor(place / chunk_length);
      const first = Math.max(start, (chunk - n_before) * chunk_length);
      const last = Math.min(end, (chunk + n_before + 1) * chunk_length);
      [from[place], to[place], lost[place]] = [start, end, end - start - (last - first)];
    }
  }
  return { from, to, lost };
}

function derive(state) {
  const { texts, source, draw, n_buckets, n_tokens, n_rounds, chunk_length, n_before, view, chosen } = state;
  const key = `${source} ${draw} ${n_buckets} ${n_tokens}`;
  const made = bucketsOf(key, state.hashed, Object.keys(texts).indexOf(source), draw, n_buckets, n_tokens);
  const shown = state.shown_round - 1;
  const [ofRound, order, placeOf] = [made.rounds[shown], made.orders[shown], made.places[shown]];
  const spill = spillOf(
    order.map((position) => ofRound[position]),
    chunk_length,
    n_before,
  );
  const chunkOf = (position) => Math.floor(placeOf[position] / chunk_length);
  const sizes = new Array(n_buckets).fill(0);
  for (const bucket of ofRound) sizes[bucket]++;
  const at = placeOf[chosen];
  const mates = order.slice(spill.from[at], spill.to[at]).filter((position) => position !== chosen);
  const isInReach = (position) => Math.abs(chunkOf(position) - chunkOf(chosen)) <= n_before;
  const curves = Object.fromEntries(Object.values(AXES).map((axis) => [axis.name, curveOf(made, key, state, axis)]));
  const n_chunks = Math.ceil(n_tokens / chunk_length);
  return {
    ...state,
    ...{ ofRound, order, placeOf, spill, chunkOf, sizes, mates, isInReach, curves, n_chunks, shown },
    rounds: made.rounds.slice(0, n_rounds),
    lostInRound: made.rounds.slice(0, n_rounds).map((round) => shareOfPairsLost(round, chunk_length, { n_before })),
    lost: curves.n_rounds.find(({ value }) => value === n_rounds).lost,
    computed: (n_rounds * n_chunks * chunk_length * (n_before + 1) * chunk_length) / n_tokens ** 2,
    drawn: view === "sorted" ? order : range(n_tokens),
    placeDrawn: (position) => (view === "sorted" ? placeOf[position] : position),
    bucketOf: (position) => ofRound[position],
    hueOf: hue,
    textOf: (position) => texts[source][position],
    fullest: sizes.indexOf(Math.max(...sizes)),
  };
}

// ---- The stage: the strip in rows, below it the curves -------------------------------------------------------

const [NAMES, CELLS, PAIRS, LOSS, GAP] = [18, 20, 12, 16, 8]; // pixels down a row of the strip
const ROW = NAMES + CELLS + PAIRS + LOSS + GAP;
const TOLD = 44; // pixels down for what is told of the chosen token
const PANEL = 178; // pixels down for a curve

/** Where all lies: rows of the strip, each a `Strip`, and [x, y, width] of the curves. */
function placesOf({ n_tokens }, width) {
  const narrow = width < 600;
  const n_rows = narrow ? 8 : 4;
  const n_across = n_tokens / n_rows;
  const rows = range(n_rows).map(
    (row) => new Strip({ x: 1, y: ROW * row + NAMES, length: width - 2, thickness: CELLS, n_places: n_across }),
  );
  const foot = ROW * n_rows + TOLD;
  const across = narrow ? width : (width - 48) / 3;
  const panels = range(3).map((i) => (narrow ? [0, foot + PANEL * i, across] : [i * (across + 24), foot, across]));
  return { n_across, rows, panels, height: foot + PANEL * (narrow ? 3 : 1) };
}

const rowAndPlace = ({ n_across }, place) => [Math.floor(place / n_across), place % n_across];

function paintStrip(picture, facts) {
  const places = placesOf(facts, picture.width);
  places.rows.forEach((strip, row) => {
    const order = facts.drawn.slice(row * places.n_across, (row + 1) * places.n_across);
    paintRow(picture, facts, strip, order);
  });
  if (facts.view === "sorted") {
    paintReach(picture, facts, places);
    paintBorders(picture, facts, places);
  }
  paintPairs(picture, facts, places);
  const told = chosenInShort(facts);
  const lines = picture.width < 600 ? told : [told.join("; ")];
  lines.forEach((line, i) => {
    label(picture, line, 2, ROW * places.rows.length + 5 + 17 * i, { align: "left", size: 13 });
  });
  Object.values(AXES).forEach((axis, i) => paintCurve(picture, facts, axis, places.panels[i]));
}

/** Cells with their buckets' colours; above them the buckets' names, below them how much of it each cannot reach. */
function paintRow(picture, facts, strip, order) {
  const { bucketOf, hueOf, textOf, chosen, view, spill, placeOf } = facts;
  const isMate = (position) => bucketOf(position) === bucketOf(chosen);
  const letterOf = (position) => (textOf(position).length === 1 ? textOf(position) : "");
  drawTokens(picture, strip, { order, bucketOf, hueOf, textOf: letterOf, isStrong: isMate });
  if (view === "sorted") drawRuns(picture, strip, { order, bucketOf, isStrong: (b) => b === bucketOf(chosen) });
  const foot = strip.y + CELLS + PAIRS + LOSS;
  const teeth = (context) => {
    order.forEach((position, place) => {
      const at = placeOf[position];
      const share = spill.lost[at] / Math.max(1, spill.to[at] - spill.from[at] - 1);
      const [x, , width] = strip.box(place);
      if (share) context.rect(x, foot - share * LOSS, width, share * LOSS);
    });
  };
  wash(picture, teeth, picture.theme.alert, 0.85);
  const [x, , width] = strip.box(0, order.length - 1);
  stroke(picture, segment(x, foot + 0.5, x + width, foot + 0.5), picture.theme.line);
}

/** A line under all that the chosen token's chunk may look at. */
function paintReach(picture, { chosen, chunkOf, chunk_length, n_before, n_tokens }, places) {
  const chunk = chunkOf(chosen);
  const [first, end] = [Math.max(0, chunk - n_before) * chunk_length, Math.min(n_tokens, (chunk + 1) * chunk_length)];
  for (const [row, strip] of places.rows.entries()) {
    const from = Math.max(first, row * places.n_across);
    const to = Math.min(end, (row + 1) * places.n_across) - 1;
    if (from > to) continue;
    const [x, y, width] = strip.box(from - row * places.n_across, to - row * places.n_across);
    stroke(picture, segment(x, y + CELLS + 2, x + width, y + CELLS + 2), picture.theme.accent, 3);
  }
}

/** The places where a chunk ends, [x, y, the row's strip]; the first has the grip. */
function bordersOf({ chunk_length, n_chunks, n_tokens }, places) {
  return range(n_chunks).map((n) => {
    const [row, place] = rowAndPlace(places, Math.min((n + 1) * chunk_length, n_tokens) - 1);
    const strip = places.rows[row];
    return [strip.x + strip.start(place) + strip.cell, strip.y, strip];
  });
}

function paintBorders(picture, facts, places) {
  const { ink, accent } = picture.theme;
  const borders = bordersOf(facts, places);
  for (const [x, y] of borders) stroke(picture, segment(x, y - 5, x, y + CELLS + 5), ink, 2.2);
  const [x, y] = gripOf(facts, places);
  stroke(picture, segment(x, y - PAIRS, x, y), accent, 2.2);
  mark(picture, "diamond", x, y, 8, accent);
}

function gripOf(facts, places) {
  const [[x, y]] = bordersOf(facts, places);
  return [x - (x > places.rows[0].length - 8 ? 8 : 0), y + CELLS + PAIRS + 6];
}

/** The chosen token, and what the others of its bucket are to it. */
function paintPairs(picture, facts, places) {
  const { chosen, mates, isInReach, placeDrawn } = facts;
  const below = (position) => {
    const [row, place] = rowAndPlace(places, placeDrawn(position));
    const [x, y, width] = places.rows[row].box(place);
    return [x + width / 2, y + CELLS + PAIRS / 2 + 2];
  };
  for (const position of mates) {
    if (isInReach(position)) MARKS.draw(picture, "met", ...below(position));
    else cross(picture, ...below(position), 3);
  }
  const [row, place] = rowAndPlace(places, placeDrawn(chosen));
  const [x, y, width, height] = places.rows[row].box(place);
  stroke(picture, (context) => context.rect(x - 1, y - 1, width + 2, height + 2), picture.theme.paper, 5);
  stroke(picture, (context) => context.rect(x - 1, y - 1, width + 2, height + 2), picture.theme.ink, 2.4);
  MARKS.draw(picture, "chosen", ...below(chosen));
}

const MARKS = new Marks({
  chosen: { shape: "star", size: 6.5, fill: "ink", text: "chosen token" },
  met: { shape: "disc", size: 3.2, fill: "ink", text: "in its bucket and in reach" },
});
const MORE_MARKS = [
  { text: "in its bucket, but lost", draw: (x, y, picture) => cross(picture, x, y, 4) },
  {
    text: "what it may look at",
    draw: (x, y, picture) => stroke(picture, segment(x - 9, y, x + 9, y), picture.theme.accent, 3),
  },
  {
    text: "end of a chunk",
    draw: (x, y, picture) => stroke(picture, segment(x, y - 8, x, y + 8), picture.theme.ink, 2.2),
  },
  {
    text: "share of its bucket that a token loses",
    draw: (x, y, picture) => wash(picture, (context) => context.rect(x - 7, y - 3, 14, 9), picture.theme.alert, 0.85),
  },
];

/** What was lost where an input was tried, as a line through marks; the present one is large. */
function paintCurve(picture, facts, { name, title, high, step = 1 }, [x, y, width]) {
  const { theme } = picture;
  const low = { chunk_length: STEP, n_before: 0, n_rounds: 1 }[name];
  const frame = frameOf(picture, {
    x: [low, high],
    y: [0, 1],
    left: x + 48,
    right: picture.width - x - width + 12,
    top: y + 30,
    bottom: picture.height - y - PANEL + 38,
  });
  const ticks = step > 1 ? [STEP, 32, 64, 96, 128] : range(high - low + 1).map((i) => low + i);
  const yTicks = [0, 0.5, 1].map((share) => [share, percent(share)]);
  drawAxes(picture, frame, { xTicks: ticks.map((tick) => [tick, tick, tick === facts[name]]), yTicks });
  label(picture, `Pairs lost, by ${title}`, x + 2, y + 8, { align: "left", bold: true, size: 13 });
  const curve = facts.curves[name];
  const [values, losses] = [curve.map(({ value }) => value), curve.map(({ lost }) => lost)];
  drawLine(picture, frame, values, losses, theme.alert, 2);
  curve.forEach(({ value, lost }) => {
    const isPresent = value === facts[name];
    mark(picture, "disc", frame.x(value), frame.y(lost), isPresent ? 6.5 : 2.6, isPresent ? theme.ink : theme.alert);
  });
  const present = curve.find(({ value }) => value === facts[name]);
  const [atX, atY] = [frame.x(present.value), frame.y(present.lost)];
  const inside = clamp(atX, frame.left + 18, frame.right - 18);
  label(picture, percent(present.lost), inside, atY - 15, { bold: true });
  if (curve.length > 1) return;
  const quiet = { color: theme.quiet };
  label(picture, "Change it: the curve grows.", (frame.left + frame.right) / 2, frame.y(0.8), quiet);
}

// ---- Beside it -----------------------------------------------------------------------------------------------

/** Tokens in each bucket; the line is what a chunk and those before it hold together. */
function paintSizes(picture, { sizes, bucketOf, chosen, hueOf, n_before, chunk_length, n_buckets }) {
  const isFew = n_buckets <= 16;
  const bars = sizes.map((value, bucket) => ({
    value,
    text: isFew ? value : "",
    name: isFew ? `b${bucket}` : "",
    color: hueOf(bucket),
    strong: bucket === bucketOf(chosen),
  }));
  const level = (n_before + 1) * chunk_length;
  drawBars(picture, bars, { high: level, level, bottom: isFew ? 20 : 6 });
}

// ---- In words ------------------------------------------------------------------------------------------------

const nameOf = ({ textOf }, position) =>
  textOf(position) ? `Token ${position}, “${textOf(position)}”,` : `Token ${position}`;

/** Two parts of a line about the chosen token, for eyes. */
function chosenInShort({ chosen, mates, isInReach, bucketOf, chunkOf, textOf }) {
  const lost = mates.filter((position) => !isInReach(position)).length;
  const name = textOf(chosen) ? `Token ${chosen}, “${textOf(chosen)}”` : `Token ${chosen}`;
  const others = `of ${plural(mates.length, "other")} in its bucket ${mates.length - lost} in reach, ${lost} lost`;
  return [`★ ${name}: bucket ${bucketOf(chosen)}, chunk ${chunkOf(chosen)}`, others];
}

function chosenInWords(facts) {
  const { chosen, mates, isInReach, bucketOf, chunkOf, n_rounds, shown, n_chunks } = facts;
  const inRound = n_rounds > 1 ? ` of round ${shown + 1}` : "";
  const where = `${nameOf(facts, chosen)} is in bucket ${bucketOf(chosen)}${inRound}, in chunk ${chunkOf(chosen)} of 0 to ${n_chunks - 1}`;
  if (!mates.length) return `${where}. No other is in its bucket.`;
  const lost = mates.filter((position) => !isInReach(position)).length;
  return `${where}. Of the ${plural(mates.length, "other")} in its bucket it reaches ${mates.length - lost} and loses ${lost}.`;
}

function describe(facts) {
  const { n_tokens, n_buckets, n_rounds, shown, sizes, fullest, lostInRound, lost, computed, spill, chunk_length } =
    facts;
  const { order, bucketOf, curves, n_before } = facts;
  const first = order.findIndex((position) => bucketOf(position) === fullest);
  const spans = Math.floor((spill.to[first] - 1) / chunk_length) - Math.floor(first / chunk_length) + 1;
  const times = ((sizes[fullest] * n_buckets) / n_tokens).toFixed(1);
  const inRound = n_rounds > 1 ? `In round ${shown + 1} ` : "";
  const losses =
    n_rounds > 1
      ? `That round alone loses ${percent(lostInRound[shown])} of its pairs; ${percent(lost)} of the pairs of any round are lost in all ${n_rounds}.`
      : `Of the pairs that share a bucket, ${percent(lost)} are lost.`;
  const sentence =
    `${inRound}${inRound ? "the" : "The"} fullest bucket, ${fullest}, holds ${sizes[fullest]} of ${n_tokens} tokens, ` +
    `${times} times its even share, and lies in ${plural(spans, "chunk")}. ${losses} ` +
    `The windows hold ${percent(computed)} as many pairs as attention to all.`;
  const chosen = chosenInWords(facts);
  const told = (axis) => curves[axis.name].map(({ value, lost }) => `${percent(lost)} at ${value}`).join(", ");
  const curvesInWords = Object.values(AXES).map((axis) => `By ${axis.title}: ${told(axis)}.`);
  return {
    sentence,
    lines: { chosen },
    pictures: {
      strip: `${n_tokens} tokens as a strip. ${sentence} ${chosen} Pairs lost. ${curvesInWords.join(" ")}`,
      sizes: {
        title: `Tokens in each bucket${n_rounds > 1 ? ` of round ${shown + 1}` : ""}`,
        note: `dotted: a window’s ${(n_before + 1) * chunk_length} places`,
        words: `Tokens in buckets 0 to ${n_buckets - 1}: ${sizes.join(", ")}. A window has ${(n_before + 1) * chunk_length} places.`,
      },
    },
  };
}

// ---- What a reader can do ------------------------------------------------------------------------------------

/** The token some places further along the strip, as it is drawn. */
function along(state, by) {
  const { drawn, placeDrawn } = derive(state);
  return { chosen: drawn[clamp(placeDrawn(state.chosen) + by, 0, drawn.length - 1)] };
}

const actions = {
  choose: {
    keys: { ArrowRight: 1, ArrowLeft: -1, "Shift+ArrowRight": 8, "Shift+ArrowLeft": -8, n: 1, p: -1 },
    help: ["← →", "choose the next token of the strip; with Shift the eighth from it"],
    run: along,
  },
  cut: {
    keys: { ArrowUp: STEP, ArrowDown: -STEP, c: STEP, "Shift+c": -STEP },
    help: ["↑ ↓", "make chunks longer or shorter"],
    steps: "chunk_length",
  },
  look: { keys: { l: 1, "Shift+l": -1 }, help: ["L, Shift+L", "look back one chunk more or less"], steps: "n_before" },
  hash: { keys: { h: 1, "Shift+h": -1 }, help: ["H, Shift+H", "hash one round more or less"], steps: "n_rounds" },
  sort: {
    keys: { s: null },
    help: ["S", "sort the strip, or put it back by position"],
    buttons: { "Sort, or put back": null },
    run: ({ view }) => ({ view: view === "sorted" ? "position" : "sorted" }),
  },
  redraw: {
    keys: { r: 1 },
    help: ["R", "take other rotations"],
    buttons: { "Other rotations": 1 },
    steps: "draw",
    wraps: true,
  },
};

const pointer = {
  /** What can be held: the end of the first chunk. */
  marks(facts, { width }) {
    if (facts.view !== "sorted") return [];
    const [x, y] = gripOf(facts, placesOf(facts, width));
    return [{ x, y, reach: 18, grip: true }];
  },
  under(facts, { width }, at) {
    const places = placesOf(facts, width);
    const place = placeUnder(places, at);
    const token = place === null ? undefined : facts.drawn[place];
    return token === undefined ? null : { token, still: true };
  },
  hover: ({ token }) => (token === undefined ? {} : { chosen: token }),
  press: (held) => held?.token !== undefined && { chosen: held.token },
  drag(held, state, to, _, { width }) {
    if (!held?.grip) return undefined;
    const places = placesOf(state, width);
    const row = clamp(Math.floor(to.y / ROW), 0, places.rows.length - 1);
    const end = row * places.n_across + to.x / places.rows[0].cell;
    return { chunk_length: clamp(STEP * Math.round(end / STEP), STEP, MAX_LENGTH) };
  },
};

/** The place of the strip under a point of the canvas, with what stands below its cell. */
function placeUnder({ rows, n_across }, { x, y }) {
  const row = Math.floor(y / ROW);
  const strip = rows[row];
  const place = strip?.placeAt({ x, y: strip.y + 1 });
  return place === null || place === undefined || y < strip.y ? null : row * n_across + place;
}

export default explore({
  stage: "The strip. Left and right choose a token, up and down change the chunk length; all keys are listed below.",
  wide: true,
  hint: ({ view }) =>
    `${view === "sorted" ? "Drag the diamond to make chunks longer: the curves grow by what you try. " : ""}` +
    "Point at a token to see its pairs, press to choose it.",
  derive,
  describe,
  draw: {
    strip: { height: (width) => placesOf({ n_tokens: MAX_TOKENS }, width).height, paint: paintStrip },
    key: MARKS.key({ more: MORE_MARKS }),
    sizes: { title: "Tokens in each bucket", height: (width) => 0.4 * width, paint: paintSizes },
  },
  report: ({ rounds, order, lostInRound, lost, n_tokens }) => ({
    buckets: shaped(Int32Array.from(rounds.flat()), rounds.length, n_tokens),
    order: shaped(Int32Array.from(order), n_tokens),
    lost_in_round: shaped(Float64Array.from(lostInRound), rounds.length),
    lost,
  }),
  actions,
  pointer,
  follow: {
    chunk_length: ({ lengths_tried, chunk_length }) => ({ lengths_tried: withBit(lengths_tried, chunk_length / STEP) }),
    n_before: ({ looks_tried, n_before }) => ({ looks_tried: withBit(looks_tried, n_before) }),
    n_rounds: ({ rounds_tried, n_rounds }) => ({ rounds_tried: withBit(rounds_tried, n_rounds) }),
  },
  presets: {
    "Random cloud": { source: "cloud" },
    "Running text": { source: "text" },
    "A trained head": { source: "head" },
    "The head, mean removed": { source: "centred" },
  },
  tasks: [
    {
      text: "Find a bucket that lies in six chunks or more.",
      done: ({ chunk_length, spill, order, n_tokens }) =>
        order.some(
          (_, place) =>
            place < n_tokens &&
            Math.floor((spill.to[place] - 1) / chunk_length) - Math.floor(spill.from[place] / chunk_length) >= 5,
        ),
    },
    {
      text: "Trained head, 256 tokens or more: lose at most 2 % of the pairs, with windows that hold at most a quarter.",
      done: ({ source, lost, computed, n_tokens }) =>
        source === "head" && n_tokens >= 256 && lost <= 0.02 && computed <= 0.25,
    },
    {
      text: "Find vectors of which chunks of 16 that look one back lose nothing.",
      done: ({ chunk_length, n_before, lost }) => chunk_length === 16 && n_before === 1 && lost === 0,
    },
  ],
});
