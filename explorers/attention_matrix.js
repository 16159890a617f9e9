// The explorer of the attention matrix: dense attention against LSH attention, mask by mask and round by round.
// Letters as in reformer/lsh_attention.py: L = 64 tokens, R rounds, C chunk length.
import { drawAxes, drawBars, drawLine, frameOf, label, Marks, mark, wash } from "./shared/charts.js";
import { explore } from "./shared/explore.js";
import {
  angularHash,
  attendInRounds,
  combineRounds,
  countMeetings,
  identityRows,
  relativeError,
  rowsOf,
  sharedQkAttention,
  weightedSums,
} from "./shared/lsh.js";
import { drawMatrix, frameMatrix, MATRIX_KEY, Matrix, markToken } from "./shared/matrix.js";
import { drawnArray, listed, normalFrom, percent, plural, range, remembered, shaped } from "./shared/numbers.js";
import { drawRuns, Strip } from "./shared/strip.js";
import { hue } from "./shared/theme.js";

const [MAX_ROUNDS, N_TOKENS, N_FEATURES, MAX_HALF] = [8, 64, 64, 8];
const EACH = identityRows(N_TOKENS);
const ALL = range(N_TOKENS);

// ---- What follows from the state -----------------------------------------------------------------------------

const numbersOf = remembered((seed) => drawnArray([MAX_ROUNDS, N_FEATURES, MAX_HALF], normalFrom(seed)));

/** The tokens, whatever the hash: { flat, rows, values, dense: (L, L) weights, outputs }. */
const tokensOf = remembered((vectors, values, source) => {
  const cut = (arrays) => arrays.subarray(source * N_TOKENS * N_FEATURES, (source + 1) * N_TOKENS * N_FEATURES);
  const flat = Float64Array.from(cut(vectors));
  const [rows, ofValues] = [rowsOf(flat, N_FEATURES), rowsOf(Float64Array.from(cut(values)), N_FEATURES)];
  const dense = sharedQkAttention(rows, EACH);
  return { flat, rows, values: ofValues, dense, outputs: weightedSums(dense, ofValues) };
});

/** (R, L) buckets, a list of rounds. */
const hashOf = remembered((tokens, seed, n_rounds, half) => {
  const drawn = numbersOf(seed, seed);
  const rotations = new Float64Array(n_rounds * N_FEATURES * half);
  for (let row = 0; row < n_rounds * N_FEATURES; row++) {
    rotations.set(drawn.subarray(row * MAX_HALF, row * MAX_HALF + half), row * half);
  }
  const buckets = angularHash(tokens.flat, rotations, n_rounds, N_FEATURES, half);
  return range(n_rounds).map((r) => Array.from(buckets.subarray(r * N_TOKENS, (r + 1) * N_TOKENS)));
});

/** LSH attention in the first rounds: { weights (L, L), met, beside: see `countMeetings`, order, chunks .. }. */
const attended = remembered((tokens, buckets, options) => {
  const { seen, outputs, log_normalizers } = attendInRounds(tokens.rows, EACH, buckets, options);
  const weights = combineRounds(outputs, log_normalizers);
  const flatWeights = shaped(Float64Array.from(weights.flatMap((row) => Array.from(row))), N_TOKENS, N_TOKENS);
  return { seen, weights, flatWeights, ...countMeetings(seen) };
}, 32);

/** What 1 .. R rounds reach: shares of causal pairs and of dense attention, errors counted once and as often as met. */
function measuresOf(tokens, once, often) {
  let [pairs, mass] = [0, 0];
  for (const query of ALL) {
    for (const key of ALL) {
      if (!once.met[query * N_TOKENS + key]) continue;
      mass += tokens.dense[query][key];
      if (key < query) pairs++;
    }
  }
  const errorOf = ({ weights }) => relativeError(weightedSums(weights, tokens.values), tokens.outputs);
  return {
    pairs: (2 * pairs) / (N_TOKENS * (N_TOKENS - 1)),
    mass: mass / N_TOKENS,
    once: errorOf(once),
    often: errorOf(often),
  };
}

const measured = remembered(measuresOf, 32);

function derive(state) {
  const { texts, source, seed, n_rounds, n_buckets, view, correct_duplicates } = state;
  const { chunk_length, n_before, wrap, causal, avoid_self, same_bucket_only } = state;
  const tokens = tokensOf(source, state.vectors, state.values, Object.keys(texts).indexOf(source));
  const buckets = hashOf(`${source} ${seed} ${n_rounds} ${n_buckets}`, tokens, seed, n_rounds, n_buckets / 2);
  const options = { chunk_length, n_before, wrap, causal, avoid_self, same_bucket_only };
  const key = `${source} ${seed} ${n_buckets} ${JSON.stringify(options)}`;
  const attendOver = (rounds, once) =>
    attended(`${key} ${rounds} ${once}`, tokens, buckets.slice(0, rounds), { ...options, correct_duplicates: once });
  const byRounds = range(n_rounds).map((r) =>
    measured(`${key} ${r}`, tokens, attendOver(r + 1, true), attendOver(r + 1, false)),
  );
  const now = attendOver(n_rounds, correct_duplicates);
  const shown = state.shown_round - 1;
  const metAfter = (rounds) => (rounds ? attendOver(rounds, true).met : new Int32Array(N_TOKENS ** 2));
  return {
    ...state,
    ...{ tokens, buckets, shown, byRounds, ...now },
    asDrawn: `${key} ${n_rounds} ${correct_duplicates} ${shown} ${view} ${state.order}`,
    roundOrder: now.seen.order[shown],
    kindOf: kindsOf(view, tokens, now, metAfter(shown), metAfter(shown + 1)),
    weightOf: weightsOf(view, tokens, now),
    drawn: state.order === "sorted" ? now.seen.order[shown] : ALL,
    textOf: (i) => texts[source][i],
    bucketOf: (i) => buckets[shown][i],
    hueOf: hue,
  };
}

/** What a query is to a key: "met", "masked" where they stand side by side and it is hidden, "lost", or "". */
function kindsOf(view, { dense }, { weights, met, beside }, before, after) {
  const sees = (query, key) => dense[query][key] > 0;
  if (view === "dense") return (query, key) => (sees(query, key) ? "met" : "");
  if (view === "counted") return (query, key) => (met[query * N_TOKENS + key] ? "met" : "");
  if (view === "added") {
    return (query, key) => {
      const at = query * N_TOKENS + key;
      return before[at] ? "masked" : after[at] ? "met" : "";
    };
  }
  return (query, key) => {
    const at = query * N_TOKENS + key;
    if (met[at] && weights[query][key] > 0) return "met";
    return beside[at] ? "masked" : sees(query, key) ? "lost" : "";
  };
}

function weightsOf(view, { dense }, { weights, met }) {
  const most = Math.max(1, ...met);
  return {
    dense: (query, key) => dense[query][key],
    lsh: (query, key) => (met[query * N_TOKENS + key] ? weights[query][key] : dense[query][key]),
    added: () => 0.35,
    counted: (query, key) => (0.5 * met[query * N_TOKENS + key]) / most,
  }[view];
}

// ---- The stage -----------------------------------------------------------------------------------------------

const [NAMES, BAND] = [22, 9]; // pixels for the names of buckets, and for the strip of their colours

function placesOf({ order, drawn, chunk_length }, width) {
  const isSorted = order === "sorted";
  const gap = isSorted ? Math.min(3, 36 / Math.ceil(N_TOKENS / chunk_length)) : 0;
  const from = NAMES + BAND + 4;
  const strip = (down, at, thickness) =>
    new Strip({
      x: down ? at : from,
      y: down ? from : at,
      length: width - from - 4,
      thickness,
      n_places: N_TOKENS,
      chunk_length: isSorted ? chunk_length : N_TOKENS,
      gap,
      down,
    });
  return {
    left: strip(true, NAMES, BAND),
    top: strip(false, NAMES, BAND),
    matrix: new Matrix({ rows: strip(true, from, 0), columns: strip(false, from, 0), order: drawn }),
  };
}

function paintMatrix(picture, facts) {
  const { drawn, bucketOf, chosen, order, kindOf, weightOf } = facts;
  const { left, top, matrix } = placesOf(facts, picture.width);
  drawOnce(picture, facts.asDrawn, () => {
    for (const strip of [left, top]) drawBand(picture, strip, facts);
    drawMatrix(picture, matrix, { kindOf, weightOf });
    frameMatrix(picture, matrix);
  });
  if (order === "sorted") {
    const isStrong = (bucket) => bucket === bucketOf(chosen);
    for (const strip of [left, top]) drawRuns(picture, strip, { order: drawn, bucketOf, isStrong });
  } else {
    label(picture, "key, by position", top.x, 8, { align: "left", color: picture.theme.quiet, size: 11 });
  }
  markToken(picture, matrix, chosen);
}

const kept = new WeakMap(); // by canvas, what was drawn on it last, and as what

/** Draw what has thousands of marks, or take it from the last time if it had this name, size and theme. */
function drawOnce({ canvas, context, theme, width, height }, name, draw) {
  const { width: across, height: down } = canvas;
  const last = kept.get(canvas);
  if (last?.name === name && last.theme === theme && last.bitmap.width === across && last.bitmap.height === down) {
    return context.drawImage(last.bitmap, 0, 0, width, height);
  }
  draw();
  const bitmap = new OffscreenCanvas(across, down);
  bitmap.getContext("2d").drawImage(canvas, 0, 0);
  kept.set(canvas, { name, theme, bitmap });
}

/** The colours of the tokens' buckets, without their names. */
function drawBand(picture, strip, { drawn, bucketOf, hueOf }) {
  for (const places of Object.values(Object.groupBy(range(N_TOKENS), (place) => bucketOf(drawn[place])))) {
    const trace = (context) => {
      for (const place of places) context.rect(...strip.box(place));
    };
    wash(picture, trace, hueOf(bucketOf(drawn[places[0]])), 0.9);
  }
}

// ---- Beside it -----------------------------------------------------------------------------------------------

/** Curves over 1 .. R rounds: [{ name, shape, color, dash, style }], values between 0 and `high`. */
function paintRounds(picture, { byRounds, n_rounds }, curves, high, yTicks) {
  const frame = frameOf(picture, { x: [1, MAX_ROUNDS], y: [0, high], left: 46, right: 14, top: 14, bottom: 36 });
  const rounds = range(MAX_ROUNDS).map((r) => r + 1);
  drawAxes(picture, frame, {
    xTicks: rounds.map((round) => [round, round, round === n_rounds]),
    yTicks,
    xTitle: "hash rounds",
  });
  for (const { name, shape, color, dash } of curves) {
    const values = byRounds.map((row) => Math.min(high, row[name]));
    drawLine(picture, frame, rounds.slice(0, n_rounds), values, picture.theme[color], 2, dash);
    values.forEach((value, r) => {
      mark(picture, shape, frame.x(r + 1), frame.y(value), r + 1 === n_rounds ? 6.5 : 3.2, picture.theme[color]);
    });
  }
}

const SHARES = [
  { name: "pairs", shape: "square", color: "quiet", dash: [4, 3] },
  { name: "mass", shape: "disc", color: "accent", dash: [] },
];
const ERRORS = [
  { name: "often", shape: "square", color: "alert", dash: [4, 3] },
  { name: "once", shape: "disc", color: "accent", dash: [] },
];
const PERCENTS = [0, 0.5, 1].map((share) => [share, percent(share)]);
const TENTHS = [0, 0.5, 1, 1.5].map((error) => [error, error.toFixed(1)]);

/** The row of the chosen token: bars are dense attention, dots what LSH attention makes of it. */
function paintRow(picture, { tokens, weights, met, chosen }) {
  const { theme } = picture;
  const dense = tokens.dense[chosen];
  const bars = ALL.map((key) => ({
    value: dense[key],
    text: "",
    name: key % 16 === 0 || key === 63 ? key : "",
    color: !dense[key] ? theme.line : met[chosen * N_TOKENS + key] ? theme.accent : theme.alert,
    strong: met[chosen * N_TOKENS + key] > 0,
  }));
  const places = drawBars(picture, bars, { left: 6, right: 6, top: 12, high: Math.max(0.1, ...weights[chosen]) });
  ALL.forEach((key) => {
    const weight = weights[chosen][key];
    if (weight > 0.002) mark(picture, "disc", places[key].x, places[key].yOf(weight), 2.8, theme.ink);
  });
}

// ---- In words ------------------------------------------------------------------------------------------------

const VIEWS = {
  dense: "dense attention",
  lsh: "LSH attention, and what it loses",
  added: "the pairs that the shown round adds",
  counted: "how often each pair meets",
};

const HINTS = {
  dense: () => "Squares are the weights of dense attention, which no hash has touched.",
  lsh: () => "Squares are the weights of LSH attention, diamonds those of dense attention that it loses.",
  added: (round) =>
    `Squares are pairs that meet first in round ${round}; slanted strokes are pairs that earlier rounds brought together.`,
  counted: () => "The larger a square, the more often its pair meets, over all rounds and windows.",
};

/** The share of the chosen token's attention, by dense weights, that it meets in others. */
const massMet = ({ chosen, met, tokens }) =>
  ALL.filter((key) => met[chosen * N_TOKENS + key] && key !== chosen).reduce(
    (sum, key) => sum + tokens.dense[chosen][key],
    0,
  );

function chosenInWords({ chosen, textOf, met, tokens, weights }) {
  const others = ALL.filter((key) => met[chosen * N_TOKENS + key] && key !== chosen);
  const missed = ALL.filter((key) => !met[chosen * N_TOKENS + key] && tokens.dense[chosen][key] >= 0.03);
  const named = missed.sort((i, j) => tokens.dense[chosen][j] - tokens.dense[chosen][i]).slice(0, 3);
  const one = (key) => `“${textOf(key)}” ${key} (${percent(tokens.dense[chosen][key])})`;
  const own = weights[chosen][chosen] > 0.005 ? ` It gives itself ${percent(weights[chosen][chosen])}.` : "";
  return (
    `Token ${chosen}, “${textOf(chosen)}”, meets ${plural(others.length, "other")}, which hold ${percent(massMet({ chosen, met, tokens }))} of its ` +
    `attention.${named.length ? ` It misses ${listed(named.map(one))}.` : ""}${own}`
  );
}

const nAdded = ({ kindOf }) =>
  ALL.reduce((sum, query) => sum + ALL.filter((key) => kindOf(query, key) === "met").length, 0);

function describe(facts) {
  const { byRounds, n_rounds, view, met, causal, shown } = facts;
  const { pairs, mass, once, often } = byRounds[n_rounds - 1];
  const [n_met, n_places] = [met.filter(Boolean).length, met.reduce((sum, count) => sum + count, 0)];
  const before = n_rounds > 1 ? byRounds[n_rounds - 2] : null;
  const added = before ? ` The last round added ${percent(Math.max(0, mass - before.mass))} of the attention.` : "";
  const future = causal ? "" : " Later tokens are seen, too, which the yardstick does not know.";
  const sentence =
    `In ${plural(n_rounds, "round")} ${percent(pairs)} of the earlier pairs meet, with ${percent(mass)} of the attention.${added} ` +
    `A pair that meets does so ${(n_places / Math.max(1, n_met)).toFixed(1)} times on average. ` +
    `The output is off by ${once.toFixed(2)} of its length, or by ${often.toFixed(2)} if each time counts.${future}`;
  const chosen = chosenInWords(facts);
  const told = (name, written) => byRounds.map((row) => written(row[name])).join(", ");
  const fixed = (error) => error.toFixed(2);
  const inRound = view === "added" ? ` of round ${shown + 1}, ${nAdded(facts)} that no earlier round met` : "";
  return {
    sentence,
    lines: { chosen },
    pictures: {
      matrix: `A matrix of 64 queries by 64 keys: ${VIEWS[view]}${inRound}. ${sentence} ${chosen}`,
      shares: {
        note: "● attention, ■ pairs",
        words: `Attention met with 1 to ${n_rounds} rounds: ${told("mass", percent)}; pairs: ${told("pairs", percent)}.`,
      },
      errors: {
        note: "● each pair once, ■ each time",
        words: `Error with each pair once: ${told("once", fixed)}; as often as it meets: ${told("often", fixed)}.`,
      },
      row: {
        title: `Token ${facts.chosen}, “${facts.textOf(facts.chosen)}”: meets ${percent(massMet(facts))}`,
        note: "bars: dense, dots: LSH",
        words: chosen,
      },
    },
  };
}

// ---- What a reader can do ------------------------------------------------------------------------------------

const cycled = (values, now) => values[(values.indexOf(now) + 1) % values.length];
const switching = (key, name, words) => ({
  [name]: { keys: { [key]: null }, help: [key.toUpperCase(), words], run: (state) => ({ [name]: !state[name] }) },
});

/** The token some places further down the rows of the matrix. */
function along(state, by) {
  const { drawn } = derive(state);
  const place = drawn.indexOf(state.chosen) + by;
  return { chosen: drawn[Math.max(0, Math.min(N_TOKENS - 1, place))] };
}

const actions = {
  choose: {
    keys: { ArrowRight: 1, ArrowLeft: -1, "Shift+ArrowRight": 8, "Shift+ArrowLeft": -8, n: 1, p: -1 },
    help: ["← →", "choose the next row; with Shift the eighth from it"],
    run: along,
  },
  hash: {
    keys: { ArrowUp: 1, ArrowDown: -1, h: 1, "Shift+h": -1 },
    help: ["↑ ↓", "one hash round more or less"],
    steps: "n_rounds",
  },
  show: { keys: { ".": 1, ",": -1 }, help: [", .", "show another round"], steps: "shown_round", wraps: true },
  cut: { keys: { c: 2, "Shift+c": -2 }, help: ["C, Shift+C", "longer or shorter chunks"], steps: "chunk_length" },
  look: { keys: { l: 1, "Shift+l": -1 }, help: ["L, Shift+L", "look back one chunk more or less"], steps: "n_before" },
  see: {
    keys: { v: null },
    help: ["V", "see the matrix in another way"],
    buttons: { "Another view": null },
    run: ({ view }) => ({ view: cycled(Object.keys(VIEWS), view) }),
  },
  sort: {
    keys: { s: null },
    help: ["S", "sort rows and columns, or put them back"],
    buttons: { "Sort, or put back": null },
    run: ({ order }) => ({ order: order === "sorted" ? "position" : "sorted" }),
  },
  ...switching("f", "causal", "hide later tokens, or not"),
  ...switching("i", "avoid_self", "see itself as last resort only, or always"),
  ...switching("b", "same_bucket_only", "hide other buckets, or not"),
  ...switching("d", "correct_duplicates", "count each pair once, or as often as it meets"),
  redraw: {
    keys: { r: null },
    help: ["R", "draw new rotations"],
    buttons: { "New rotations": null },
    run: ({ seed }) => ({ seed: seed + 1 }),
  },
};

const pointer = {
  marks: () => [],
  under(facts, { width }, at) {
    const pair = placesOf(facts, width).matrix.pairAt(at);
    return pair && { token: pair[0], still: true };
  },
  hover: ({ token }) => ({ chosen: token }),
  press: (held) => held && { chosen: held.token },
  drag: () => undefined,
};

export default explore({
  stage:
    "The matrix: a row for each query. Left and right choose a row, up and down change the rounds; more keys below.",
  hint: ({ view, shown }) => `${HINTS[view](shown + 1)} Point at a row to see what its token meets, press to keep it.`,
  derive,
  describe,
  draw: {
    matrix: { height: (width) => width, paint: paintMatrix },
    key: new Marks({}).key({ more: MATRIX_KEY }),
    shares: {
      title: "Met, by rounds",
      height: (width) => 0.42 * width,
      paint: (picture, facts) => paintRounds(picture, facts, SHARES, 1, PERCENTS),
    },
    errors: {
      title: "Error of the output",
      height: (width) => 0.42 * width,
      paint: (picture, facts) => paintRounds(picture, facts, ERRORS, 1.5, TENTHS),
    },
    row: { title: "The row", height: (width) => 0.4 * width, paint: paintRow },
  },
  report: ({ buckets, flatWeights, met, byRounds }) => ({
    buckets: shaped(Int32Array.from(buckets.flat()), buckets.length, N_TOKENS),
    weights: flatWeights,
    met: shaped(met, N_TOKENS, N_TOKENS),
    by_rounds: shaped(
      Float64Array.from(byRounds.flatMap(({ pairs, mass, once, often }) => [pairs, mass, once, often])),
      byRounds.length,
      4,
    ),
  }),
  actions,
  pointer,
  presets: {
    "One round, sorted": { n_rounds: 1, shown_round: 1, order: "sorted", view: "lsh" },
    "Eight rounds, counted": { n_rounds: 8, order: "position", view: "counted" },
    "Dense attention": { view: "dense", order: "position" },
    "No mask at all": { causal: false, avoid_self: false, same_bucket_only: false, view: "lsh" },
  },
  tasks: [
    {
      text: "Clusters: meet 90 % of the attention with at most a third of the earlier pairs. Then try letters.",
      done: ({ source, byRounds }) =>
        source === "clusters" && byRounds.at(-1).mass >= 0.9 && byRounds.at(-1).pairs <= 1 / 3,
    },
    {
      text: "Find rounds at which counting pairs as often as they meet makes the error at least twice as large.",
      done: ({ byRounds }) => byRounds.at(-1).often >= 2 * byRounds.at(-1).once,
    },
    {
      text: "Switch off one mask, and find a token that gives itself more than half of its attention.",
      done: ({ weights, chosen, avoid_self }) => chosen > 0 && !avoid_self && weights[chosen][chosen] > 0.5,
    },
  ],
});
