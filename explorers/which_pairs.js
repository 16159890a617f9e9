// The explorer of room G7: which pairs a pattern compares, what of the sought it shows, and how far layers carry it.
// Letters as in explorers/which_pairs.py: L tokens, R hash rounds, C chunk length. A pattern is a flat (L, L) table.
import { drawAxes, drawBars, drawLine, frameOf, label, Marks, mark, stroke } from "./shared/charts.js";
import { explore } from "./shared/explore.js";
import {
  angularHash,
  dotProduct,
  eachPlace,
  HIDDEN,
  identityRows,
  NOBODY,
  rowsOf,
  sharedQkAttention,
  whoSeesWhom,
} from "./shared/lsh.js";
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
  uniformFrom,
} from "./shared/numbers.js";

const [MOST_TOKENS, N_FEATURES, MAX_ROUNDS, MAX_HALF, N_LAYERS] = [192, 32, 8, 48, 8];
const N_DRAWS = 8; // over which Longformer and Reformer are judged
const [ROW, TITLE] = [24, 8];
const TASKS = { near: "near", row: "a row back", title: "in the title", anywhere: "anywhere", untold: "5 back" };
const SETTINGS = ["n_near", "stride", "n_first", "segment", "n_kept", "n_summary", "n_random", "n_rounds"];
const NOTHING = { ...Object.fromEntries(SETTINGS.map((name) => [name, 0])), n_near: 1, chunk_length: 4 };
const LONGFORMER = { ...NOTHING, n_near: 24, n_first: 8 };
const REFORMER = { ...NOTHING, n_rounds: 4 };

// ---- What follows from the state -----------------------------------------------------------------------------

const uniforms = remembered((seed, ...shape) => drawnArray(shape, uniformFrom(seed)), 16);
const normals = remembered((seed, ...shape) => drawnArray(shape, normalFrom(seed)), 32);

/** For each task the token that each token should find, or NOBODY. */
const partnersOf = remembered((length, seed) => {
  const drawn = uniforms(`partners ${seed}`, seed, 3, MOST_TOKENS);
  const [half, at] = [Math.floor(length / 2), (row, i) => drawn[row * MOST_TOKENS + i]];
  const wanted = range(half).sort((i, j) => at(2, i) - at(2, j) || i - j);
  const partner = {
    near: (i) => i - 3 - Math.floor(18 * at(0, i)),
    row: (i) => i - ROW,
    title: (i) => (i < TITLE ? NOBODY : Math.floor(TITLE * at(1, i))),
    anywhere: (i) => (i < half ? NOBODY : wanted[(i - half) % half]),
    untold: (i) => i - 5,
  };
  return Object.fromEntries(
    Object.entries(partner).map(([task, of]) => [task, range(length).map((i) => Math.max(of(i), NOBODY))]),
  );
}, 16);

/** Unit vectors, each at that cosine to its partner's and random otherwise; those of "untold", 5 back, tell nothing: (L, d). */
const vectorsOf = remembered((task, partners, seed, cosine) => {
  const drawn = normals(`vectors ${seed}`, seed, MOST_TOKENS, N_FEATURES);
  const rows = rowsOf(drawn.slice(0, partners.length * N_FEATURES), N_FEATURES);
  partners.forEach((partner, i) => {
    const tells = partner !== NOBODY && task !== "untold";
    const along = tells ? dotProduct(rows[i], rows[partner]) : 0;
    if (tells) for (let f = 0; f < N_FEATURES; f++) rows[i][f] -= along * rows[partner][f];
    const norm = Math.sqrt(dotProduct(rows[i], rows[i]));
    const [own, others] = tells ? [Math.sqrt(1 - cosine ** 2) / norm, cosine] : [1 / norm, 0];
    for (let f = 0; f < N_FEATURES; f++) rows[i][f] = own * rows[i][f] + (tells ? others * rows[partner][f] : 0);
  });
  return rows;
}, 48);

/** Rows of the lots by which keys are drawn: how many earlier keys have a smaller one. */
const ranksOf = remembered((length, seed) => {
  const lots = uniforms(`lots ${seed}`, seed, MOST_TOKENS, MOST_TOKENS);
  return range(length).map((i) => {
    const order = range(i).sort((j, k) => lots[i * MOST_TOKENS + j] - lots[i * MOST_TOKENS + k]);
    const rank = new Int32Array(i);
    order.forEach((key, place) => (rank[key] = place));
    return rank;
  });
});

/** The union of all that goes by places. */
function patternByPlace(length, seed, settings) {
  const { n_near, stride, n_first, segment: block, n_kept, n_summary, n_random } = settings;
  const pattern = new Uint8Array(length * length);
  const ranks = n_random ? ranksOf(`${length} ${seed}`, length, seed + 1) : null;
  for (let i = 0; i < length; i++) {
    const start = block ? Math.floor(i / block) * block : 0;
    for (let j = 0; j <= i; j++) {
      const inBlocks = block && (j >= start - n_kept || j % block >= block - Math.min(n_summary, block));
      const strided = stride && (i - j) % stride === 0;
      const drawn = ranks && j < i && ranks[i][j] < n_random;
      if (i - j < n_near || j < n_first || strided || inBlocks || drawn) pattern[i * length + j] = 1;
    }
  }
  return pattern;
}

/** Add what hash rounds bring together; itself is seen in any case. */
function addHash(pattern, rows, seed, n_rounds, chunk_length) {
  const [length, half] = [rows.length, Math.max(Math.floor(rows.length / chunk_length / 2), 1)];
  const drawn = normals(`rotations ${seed}`, seed, MAX_ROUNDS, N_FEATURES, MAX_HALF);
  const rotations = new Float64Array(n_rounds * N_FEATURES * half);
  for (let row = 0; row < n_rounds * N_FEATURES; row++) {
    rotations.set(drawn.subarray(row * MAX_HALF, row * MAX_HALF + half), row * half);
  }
  const flat = Float64Array.from(rows.flatMap((row) => Array.from(row)));
  const buckets = angularHash(flat, rotations, n_rounds, N_FEATURES, half);
  const rounds = range(n_rounds).map((r) => Array.from(buckets.subarray(r * length, (r + 1) * length)));
  eachPlace(whoSeesWhom(rounds, { chunk_length }), (query, key, hides) => {
    if (hides > HIDDEN) pattern[query * length + key] = 1;
  });
  return pattern;
}

function patternOf(rows, seed, settings, seedOfRotations = seed + 2) {
  const pattern = patternByPlace(rows.length, seed, settings);
  const { n_rounds, chunk_length } = settings;
  return n_rounds ? addHash(pattern, rows, seedOfRotations, n_rounds, chunk_length) : pattern;
}

const lateOf = (length) => range(length).slice(Math.floor(length / 2));
const meanOf = (numbers) => numbers.reduce((sum, number) => sum + number, 0) / numbers.length;

/** Of the later half, those that have a partner and see it. */
function shareSeen(pattern, partners) {
  const asking = lateOf(partners.length).filter((i) => partners[i] !== NOBODY);
  return meanOf(asking.map((i) => pattern[i * partners.length + partners[i]]));
}

/** Queries of each head, and how much each weighs each key. */
const headsOf = remembered((queries, length) => {
  const n_heads = queries.length / MOST_TOKENS / N_FEATURES;
  return range(n_heads).map((head) => {
    const start = head * MOST_TOKENS * N_FEATURES;
    const rows = rowsOf(Float64Array.from(queries.subarray(start, start + length * N_FEATURES)), N_FEATURES);
    return { rows, weights: sharedQkAttention(rows, identityRows(length)) };
  });
});

const weightShown = (pattern, weights) =>
  meanOf(
    lateOf(weights.length).map((i) =>
      weights[i].reduce((sum, weight, j) => sum + weight * pattern[i * weights.length + j], 0),
    ),
  );

/** Shares of partners by task, and of the weight of the heads. */
function judge(settings, { length, seed, cosine, queries }) {
  const partners = partnersOf(`${length} ${seed}`, length, seed);
  const tasks = Object.keys(TASKS).map((task) => {
    const rows = vectorsOf(`${task} ${length} ${seed} ${cosine}`, task, partners[task], seed, cosine);
    return shareSeen(patternOf(rows, seed, settings), partners[task]);
  });
  const heads = headsOf(length, queries, length).map(({ rows, weights }) =>
    weightShown(patternOf(rows, seed, settings), weights),
  );
  return { tasks, heads };
}

const judged = remembered(judge, 12);

/** Longformer and Reformer over draws 1, 2, 3, ... of partners, vectors and rotations: a list of pairs that grows. */
const drawsOf = remembered(() => []);

/** Their mean shares. Each call judges one draw more, so that no slider waits for all of them. */
function averaged(state) {
  const draws = drawsOf(`${state.length} ${state.cosine}`);
  if (draws.length < N_DRAWS) {
    const drawn = { ...state, seed: draws.length + 1 };
    draws.push([LONGFORMER, REFORMER].map((one) => judge(one, drawn)));
  }
  const mean = (model, part) => draws[0][model][part].map((_, k) => meanOf(draws.map((draw) => draw[model][part][k])));
  const [tasks, heads] = ["tasks", "heads"].map((part) => [mean(0, part), mean(1, part)]);
  return { tasks, heads, n_draws: draws.length };
}

/** Of the tokens before the last, the share whose news can come to it through the last layer, the last two, .. */
const reached = remembered((settings, rows, seed) => {
  let come = new Uint8Array(rows.length);
  come[rows.length - 1] = 1;
  return range(N_LAYERS)
    .map((layer) => patternOf(rows, seed, settings, seed + 3 + layer))
    .reverse()
    .map((pattern) => {
      const next = new Uint8Array(rows.length);
      come.forEach((is, i) => {
        if (is) for (let j = 0; j <= i; j++) next[j] |= pattern[i * rows.length + j];
      });
      come = next;
      return meanOf(Array.from(come.subarray(0, rows.length - 1)));
    });
});

function derive(state) {
  const { length, seed, cosine, task } = state;
  const settings = Object.fromEntries([...SETTINGS, "chunk_length"].map((name) => [name, state[name]]));
  const partners = partnersOf(`${length} ${seed}`, length, seed);
  const vectors = (of) => vectorsOf(`${of} ${length} ${seed} ${cosine}`, of, partners[of], seed, cosine);
  const key = (of) => `${JSON.stringify(of)} ${length} ${seed} ${cosine}`;
  const three = [settings, LONGFORMER, REFORMER].map((one) => judged(key(one), one, state));
  const average = averaged(state);
  const pattern = patternOf(vectors(task), seed, settings);
  const byPlace = patternByPlace(length, seed, settings);
  const countIn = (table, i) => table.subarray(i * length, i * length + i + 1).reduce((sum, one) => sum + one, 0);
  const counts = range(length).map((i) => countIn(pattern, i));
  const late = lateOf(length);
  return {
    ...state,
    ...{ settings, partner: partners[task], pattern, three, counts, average },
    unfinished: average.n_draws < N_DRAWS,
    reach: reached(key(settings), settings, vectors("anywhere"), seed),
    byChance: meanOf(late.map((i) => (counts[i] - 1) / i)),
    computed:
      Math.max(...late.map((i) => countIn(byPlace, i))) * Number(!isHashAlone(settings)) +
      2 * settings.n_rounds * settings.chunk_length,
  };
}

/** Whether only hash rounds are asked for: what is seen by place is then the token itself, which they have. */
const isHashAlone = (settings) =>
  settings.n_rounds > 0 && SETTINGS.every((name) => name === "n_rounds" || settings[name] === NOTHING[name]);

// ---- The stage -----------------------------------------------------------------------------------------------

const MARGIN = 6;

const placesIn = ({ length }, width) => {
  const cell = (width - 2 * MARGIN) / length;
  return { cell, at: (i) => MARGIN + i * cell };
};

function paintSquare(picture, facts) {
  const { length, pattern, partner, chosen } = facts;
  const { theme, context } = picture;
  const { cell, at } = placesIn(facts, picture.width);
  const triangle = (to) => {
    to.moveTo(at(0), at(0));
    to.lineTo(at(0), at(length));
    to.lineTo(at(length), at(length));
    to.closePath();
  };
  stroke(picture, triangle, theme.line);
  context.fillStyle = theme.accent;
  context.globalAlpha = theme.dark ? 0.6 : 0.75; // so that marks stand out from pairs, and pairs from paper
  for (let i = 0; i < length; i++) {
    for (let from = 0; from <= i; from++) {
      if (!pattern[i * length + from]) continue;
      let to = from;
      while (to < i && pattern[i * length + to + 1]) to++;
      context.fillRect(at(from), at(i), (to - from + 1) * cell, Math.max(cell, 1));
      from = to;
    }
  }
  context.globalAlpha = 1;
  for (const i of lateOf(length)) {
    if (partner[i] === NOBODY || (i % 3 !== 0 && i !== chosen)) continue;
    const isSeen = pattern[i * length + partner[i]];
    MARKS.draw(picture, isSeen ? "seen" : "missed", at(partner[i] + 0.5), at(i + 0.5), i === chosen ? 7 : 4);
  }
  stroke(picture, (to) => to.rect(at(0), at(chosen) - 2, (chosen + 1) * cell, cell + 4), theme.ink, 1.4);
  label(picture, "keys across, queries down", at(length), 14, { align: "right", color: theme.quiet, size: 11 });
}

const MARKS = new Marks({
  seen: { shape: "disc", size: 5, fill: "ink", text: "partner, seen" },
  missed: { shape: "diamond", size: 5, fill: "alert", text: "partner, missed" },
});

const KEY = [
  {
    text: "pair that is compared",
    draw: (x, y, picture) => mark(picture, "square", x, y, 7, picture.theme.accent),
  },
  { text: "Longformer, 24 + 8 first", draw: (x, y, picture) => mark(picture, "triangle", x, y, 6, picture.theme.ink) },
  { text: "Reformer, 4 × (4 + 4)", draw: (x, y, picture) => mark(picture, "star", x, y, 7, picture.theme.alert) },
];

// ---- Beside it -----------------------------------------------------------------------------------------------

const BESIDE_BARS = "▲\u00a0Longformer ★\u00a0Reformer ···\u00a0chance";

/** A bar for the pattern, marks for Longformer and Reformer beside it, and a line at chance. */
function paintShares(picture, names, [own, longformer, reformer], byChance, strong) {
  const bars = own.map((value, k) => ({
    value,
    text: percent(value),
    name: names[k],
    color: picture.theme.accent,
    strong: k === strong,
  }));
  const places = drawBars(picture, bars, { top: 24, high: 1, widest: 110, level: byChance });
  places.forEach(({ x, slot, yOf }, k) => {
    mark(picture, "triangle", x - 0.36 * slot, yOf(longformer[k]), 6, picture.theme.ink);
    mark(picture, "star", x + 0.36 * slot, yOf(reformer[k]), 7, picture.theme.alert);
  });
}

const paintTasks = (picture, { three, byChance, task }) =>
  paintShares(
    picture,
    Object.values(TASKS),
    three.map(({ tasks }) => tasks),
    byChance,
    Object.keys(TASKS).indexOf(task),
  );

const paintHeads = (picture, { three, byChance, heads }) =>
  paintShares(
    picture,
    heads.map((name) => `head ${name}`),
    three.map((one) => one.heads),
    byChance,
  );

function paintReach(picture, { reach }) {
  const frame = frameOf(picture, { x: [1, N_LAYERS], y: [0, 1], left: 46, right: 14, top: 14, bottom: 36 });
  const layers = range(N_LAYERS).map((layer) => layer + 1);
  drawAxes(picture, frame, {
    xTicks: layers.map((layer) => [layer, layer]),
    yTicks: [0, 0.5, 1].map((share) => [share, percent(share)]),
    xTitle: "layers",
  });
  drawLine(picture, frame, layers, reach, picture.theme.accent);
  layers.forEach((layer, k) => mark(picture, "disc", frame.x(layer), frame.y(reach[k]), 4, picture.theme.accent));
}

// ---- In words ------------------------------------------------------------------------------------------------

const PARTS = {
  n_near: (n) => `the last ${n}`,
  stride: (n) => `each ${n} back`,
  n_first: (n) => `the first${n > 1 ? ` ${n}` : ""}`,
  segment: (n) => `the own block of ${n}`,
  n_kept: (n, { segment: block }) => (block ? `${n} kept before it` : ""),
  n_summary: (n, { segment: block }) => (block ? `the last${n > 1 ? ` ${n}` : ""} of each block` : ""),
  n_random: (n) => `${n} by chance`,
  n_rounds: (n, { chunk_length }) => `${n} × (${chunk_length} + ${chunk_length}) by hash`,
};

const partsOf = (settings) =>
  Object.entries(PARTS)
    .filter(([name]) => settings[name] > NOTHING[name])
    .map(([name, words]) => words(settings[name], settings))
    .filter(Boolean);

/** Which of two does better: "Longformer", "Reformer" or "neither". */
const better = (longformer, reformer) =>
  Math.abs(longformer - reformer) < 0.05 ? "neither" : longformer > reformer ? "Longformer" : "Reformer";

/** { Longformer: [names], Reformer: [names], neither: [names] } */
const byWinner = (names, ofLongformer, ofReformer) =>
  Object.groupBy(names, (name) => better(ofLongformer[names.indexOf(name)], ofReformer[names.indexOf(name)]));

function whoWins(names, [longformer, reformer]) {
  const winners = byWinner(names, longformer, reformer);
  const said = ["Longformer", "Reformer", "neither"].filter((name) => winners[name]);
  return said.map((name) => `${name} for ${listed(winners[name])}`).join("; ");
}

function describe(facts) {
  const { settings, three, counts, computed, reach, length, chosen, partner, pattern, task, heads, byChance } = facts;
  const { average } = facts;
  const parts = partsOf(settings);
  const own = three[0].tasks;
  const at = Object.keys(TASKS).indexOf(task);
  const different = Math.round(meanOf(lateOf(length).map((i) => counts[i])));
  const sentence =
    `A query looks at ${parts.length ? listed(parts) : "itself alone"}: at most ${plural(computed, "pair")} computed, ` +
    `${plural(different, "different key")} on average. It sees ${percent(own[at])} of the partners ` +
    `${TASKS[task]}, where as many keys by chance see ${percent(byChance)}.`;
  const aside =
    `Whatever you set: Reformer or Longformer, at 32 pairs, over ${plural(average.n_draws, "draw")}? ` +
    `By task: ${whoWins(Object.values(TASKS), average.tasks)}. By real heads: ${whoWins(heads, average.heads)}.`;
  const wanted = partner[chosen];
  const sees = `Query ${chosen} sees ${plural(counts[chosen], "key")}`;
  const line =
    wanted === NOBODY
      ? `${sees}. It has no partner.`
      : `${sees}. Its partner, ${wanted}, ${pattern[chosen * length + wanted] ? "is among them" : "is not"}.`;
  const told = (names, shares) => names.map((name, k) => `${name} ${percent(shares[k])}`).join(", ");
  const threeTold = (names, of) =>
    ["This pattern", "Longformer", "Reformer"].map((who, k) => `${who}: ${told(names, of(three[k]))}.`).join(" ");
  return {
    sentence,
    aside,
    lines: { line },
    pictures: {
      square: `A square of pairs, ${length} queries by ${length} keys. ${sentence} ${line}`,
      tasks: {
        note: BESIDE_BARS,
        words: `Partners seen. ${threeTold(Object.values(TASKS), ({ tasks }) => tasks)}`,
      },
      heads: {
        note: BESIDE_BARS,
        words: `Weight of real heads. ${threeTold(heads, (one) => one.heads)}`,
      },
      reach: `Within reach of the last token after 1 to ${N_LAYERS} layers: ${reach.map(percent).join(", ")}.`,
    },
  };
}

// ---- What a reader can do ------------------------------------------------------------------------------------

const cycled = (values, now) => values[(values.indexOf(now) + 1) % values.length];

const actions = {
  choose: {
    keys: { ArrowDown: 1, ArrowUp: -1, "Shift+ArrowDown": 8, "Shift+ArrowUp": -8 },
    help: ["↑ ↓", "choose the next query; with Shift the eighth from it"],
    steps: "chosen",
  },
  widen: {
    keys: { ArrowRight: 1, ArrowLeft: -1 },
    help: ["← →", "a wider or narrower window"],
    steps: "n_near",
  },
  stride: { keys: { s: 1, "Shift+s": -1 }, help: ["S, Shift+S", "a longer or shorter stride"], steps: "stride" },
  mark: { keys: { g: 1, "Shift+g": -1 }, help: ["G, Shift+G", "one global token more or less"], steps: "n_first" },
  block: { keys: { b: 1, "Shift+b": -1 }, help: ["B, Shift+B", "longer or shorter segments"], steps: "segment" },
  hash: { keys: { h: 1, "Shift+h": -1 }, help: ["H, Shift+H", "one hash round more or less"], steps: "n_rounds" },
  cut: { keys: { c: 2, "Shift+c": -2 }, help: ["C, Shift+C", "longer or shorter chunks"], steps: "chunk_length" },
  ask: {
    keys: { t: null },
    help: ["T", "the next task"],
    buttons: { "Next task": null },
    run: ({ task }) => ({ task: cycled(Object.keys(TASKS), task) }),
  },
  redraw: {
    keys: { r: null },
    help: ["R", "draw new partners, vectors and rotations"],
    buttons: { "Draw new partners": null },
    run: ({ seed }) => ({ seed: seed + 1 }),
  },
};

const pointer = {
  marks: () => [],
  under(facts, { width }, { y }) {
    const { cell } = placesIn(facts, width);
    return { query: clamp(Math.floor((y - MARGIN) / cell), 0, facts.length - 1), still: true };
  },
  hover: ({ query }) => ({ chosen: query }),
  press: (held) => held && { chosen: held.query },
  drag: () => undefined,
};

export default explore({
  stage: "The square of pairs, a row for each query. Up and down choose a row; more keys below.",
  hint: "Point at a row to see what its query looks at; every third partner is drawn. Presets are the published models, at 32 pairs.",
  derive,
  describe,
  draw: {
    square: { height: (width) => width, paint: paintSquare },
    key: MARKS.key({ more: KEY }),
    tasks: { title: "Partners seen", height: (width) => 0.5 * width, paint: paintTasks },
    heads: { title: "Weight of real heads", height: (width) => 0.46 * width, paint: paintHeads },
    reach: { title: "Within reach of the last token", height: (width) => 0.42 * width, paint: paintReach },
  },
  report: ({ pattern, length, three, reach }) => ({
    pattern: shaped(pattern, length, length),
    seen: shaped(Float64Array.from(three.flatMap(({ tasks }) => tasks)), 3, Object.keys(TASKS).length),
    shown: shaped(Float64Array.from(three.flatMap(({ heads }) => heads)), 3, three[0].heads.length),
    reach: shaped(Float64Array.from(reach), N_LAYERS),
  }),
  actions,
  pointer,
  presets: {
    "All keys": { ...NOTHING, length: 128, n_near: 128 },
    Longformer: LONGFORMER,
    "Sparse Transformer, strided": { ...NOTHING, n_near: 27, stride: ROW },
    "Sparse Transformer, fixed": { ...NOTHING, segment: 16, n_summary: 2 },
    "Transformer-XL": { ...NOTHING, segment: 16, n_kept: 16 },
    "Big Bird": { ...NOTHING, n_near: 16, n_first: 4, n_random: 12 },
    Reformer: REFORMER,
  },
  tasks: [
    {
      text: "Without a hash, and with at most 32 pairs: see all partners that stand a row back.",
      done: ({ settings, computed, three }) => !settings.n_rounds && computed <= 32 && three[0].tasks[1] === 1,
    },
    {
      text: `With at most 40 pairs: see 95 % near (3 to 20 back), a row back (${ROW}) and in the title (the first ${TITLE}).`,
      done: ({ computed, three }) => computed <= 40 && [0, 1, 2].every((k) => three[0].tasks[k] >= 0.95),
    },
    {
      text: "Find a pattern of at most 32 pairs that reaches the whole text in two layers, and sees fewer than a fifth anywhere.",
      done: ({ computed, reach, three }) => computed <= 32 && reach[1] === 1 && three[0].tasks[3] < 0.2,
    },
  ],
});
