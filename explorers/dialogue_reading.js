// The explorer "reading the model": who shares a bucket with a token of a dialogue, whom it attends to by LSH and by all
// keys, and what the model foretells there. Letters as in reformer/lsh_attention.py: L tokens, H heads, R rounds.
import { drawAxes, drawLine, frameOf, label, Marks, mark, segment, stroke, wash } from "./shared/charts.js";
import { explore } from "./shared/explore.js";
import {
  dotProduct,
  HIDDEN,
  LAST_RESORT,
  logsumexp,
  NOBODY,
  rowsOf,
  softmax,
  unitKeys,
  whoSeesWhom,
} from "./shared/lsh.js";
import { listed, percent, plural, range, remembered, shaped, wrapped } from "./shared/numbers.js";

const MAX_ROUNDS = 8;
const COMPARED = [0, 1, 2, 4, 8]; // rounds of the forecasts; 0 stands for all keys
const [N_NAMED, LEAST] = [5, 0.02]; // weights that are written as numbers: so many, if they are not smaller
const LOST = 0.02; // a weight with all keys that LSH does not meet is marked from here on
const SPEAKER = /^Person \d+:$/;

// ---- What follows from the state -----------------------------------------------------------------------------

const sum = (numbers) => numbers.reduce((total, number) => total + number, 0);

/** One dialogue: its words, where its turns begin, and for each token where the symbol of a code to copy stands. */
function dialogueOf({ dialogue, lengths, tokens, sources, words }) {
  const first = sum([...lengths.subarray(0, dialogue)]);
  const length = lengths[dialogue];
  const said = [...tokens.subarray(first, first + length)].map((token) => words[token]);
  const turns = range(length).filter((i) => i === 0 || SPEAKER.test(said[i]));
  return { first, length, said, turns, sources: [...sources.subarray(first, first + length)] };
}

/** Where the queries_keys and buckets of a reading begin in the arrays that hold all of them. */
function placesInArrays({ dialogue, lengths, layer, head, n_rounds, layers, heads, vectors }) {
  const [n_layers, n_heads] = [layers.length, heads.length];
  const perToken = vectors.length / (sum([...lengths]) * (1 + MAX_ROUNDS * (n_layers - 1))); // H times d/H
  const [before, length] = [sum([...lengths.subarray(0, dialogue)]), lengths[dialogue]];
  const block = length * perToken;
  const ofLayer = layer ? 1 + (n_rounds - 1) * (n_layers - 1) + (layer - 1) : 0;
  const n_features = perToken / n_heads;
  const rounds = (r) => (r * (r + 1)) / 2; // of all readings up to that with r rounds
  return {
    n_features,
    vectors: before * perToken * (1 + MAX_ROUNDS * (n_layers - 1)) + ofLayer * block + head * length * n_features,
    buckets:
      n_heads * (n_layers * (before * rounds(MAX_ROUNDS) + length * rounds(n_rounds - 1)) + layer * n_rounds * length) +
      head * n_rounds * length,
  };
}

/** A head in one reading, whatever token is chosen: { queries, keys: lists of rows, buckets (R, L), seen }. */
const headOf = remembered((state) => {
  const { lengths, dialogue, n_rounds, looks } = state;
  const length = lengths[dialogue];
  const from = placesInArrays(state);
  const flat = Float64Array.from(state.vectors.subarray(from.vectors, from.vectors + length * from.n_features));
  const queries = rowsOf(flat, from.n_features);
  const ofRound = (r) => state.buckets.subarray(from.buckets + r * length, from.buckets + (r + 1) * length);
  const buckets = range(n_rounds).map((r) => [...ofRound(r)]);
  return { queries, keys: unitKeys(queries), buckets, seen: whoSeesWhom(buckets, looks) };
}, 16);

/** Whom a token sees in each round, and with what weights: [{ weights, log_normalizer, met }]. */
function roundsOf({ queries, keys, seen }, chosen) {
  return seen.chunks.map((chunks, r) => {
    const n = chunks.findIndex((chunk) => chunk.includes(chosen));
    const row = seen.mask[r][n][chunks[n].indexOf(chosen)];
    const places = range(row.length).filter((w) => seen.windows[r][n][w] !== NOBODY && row[w] > HIDDEN);
    const met = places.filter((w) => row[w] > LAST_RESORT / 2).map((w) => seen.windows[r][n][w]);
    const logits = places.map((w) => dotProduct(queries[chosen], keys[seen.windows[r][n][w]]) + row[w]);
    const weights = new Float64Array(queries.length);
    softmax(logits).forEach((weight, i) => (weights[seen.windows[r][n][places[i]]] += weight));
    return { weights, log_normalizer: logsumexp(logits), met: new Set(met) };
  });
}

/** Weights of a token with all keys: softmax over those before it; the first token sees itself. */
function denseWeights({ queries, keys }, chosen) {
  const weights = new Float64Array(queries.length);
  if (chosen === 0) weights[0] = 1;
  softmax(range(chosen).map((key) => dotProduct(queries[chosen], keys[key]))).forEach((w, key) => (weights[key] = w));
  return weights;
}

/** What several rounds make together: each counts by its share of the normaliser. */
function together(rounds) {
  const shares = softmax(rounds.map(({ log_normalizer }) => log_normalizer));
  return rounds[0].weights.map((_, key) => sum(rounds.map(({ weights }, r) => shares[r] * weights[key])));
}

/** The share of the weights with all keys that stands on those whom a token meets; on itself where it meets nobody. */
const shareOn = (dense, keys, chosen) => (keys.size ? sum([...keys].map((key) => dense[key])) : dense[chosen]);

const metIn = (rounds) => new Set(rounds.flatMap(({ met }) => [...met]));

function derive(state) {
  const { dialogue, layer, head, n_rounds, only_round } = state;
  const of = dialogueOf(state);
  const chosen = Math.min(state.chosen, of.length - 1);
  const ofHead = headOf(`${dialogue} ${layer} ${head} ${n_rounds}`, state);
  const rounds = roundsOf(ofHead, chosen);
  const dense = denseWeights(ofHead, chosen);
  const shown = only_round ? [rounds[only_round - 1]] : rounds;
  const met = metIn(shown);
  const { buckets } = ofHead;
  const source = of.sources[chosen];
  return {
    ...state,
    ...of,
    ...{ chosen, buckets, rounds, dense, met },
    weights: together(shown),
    share_met: shareOn(dense, met, chosen),
    alone: rounds.map((round) => shareOn(dense, round.met, chosen)),
    upTo: rounds.map((_, r) => shareOn(dense, metIn(rounds.slice(0, r + 1)), chosen)),
    source: source < 0 ? null : source,
    next: of.said[chosen + 1] ?? null,
    forecasts: forecastsOf(state, of.first + chosen),
    isMateOf: (key, r) => buckets[r][key] === buckets[r][chosen],
  };
}

/** What readings foretell behind a token: [{ rounds, best: [{ word, chance }], ofNext }], the latter what comes indeed. */
function forecastsOf({ likeliest, chances, chances_of_next, words, n_rounds }, place) {
  const [, n_tokens, n_likeliest] = likeliest.shape;
  const readings = [...new Set([...COMPARED, n_rounds])].sort((a, b) => a - b);
  return readings.map((rounds) => {
    const at = rounds * n_tokens + place;
    const best = range(n_likeliest).map((i) => ({
      word: words[likeliest[at * n_likeliest + i]],
      chance: chances[at * n_likeliest + i],
    }));
    return { rounds, best, ofNext: chances_of_next[at] };
  });
}

const forecastWith = ({ forecasts }, wanted) => forecasts.find(({ rounds }) => rounds === wanted);
const isRight = ({ best }, next) => best[0].word === next;

// ---- The dialogue as a picture -------------------------------------------------------------------------------

const [SLOT, PAD, INDENT] = [3, 4, 18]; // pixels a round, beside a word, before the turns of Person 2
const [ABOVE, LINE, BELOW, BETWEEN] = [11, 17, 8, 3]; // pixels for numbers, words, rounds, and between lines
const ROW = ABOVE + LINE + BELOW + BETWEEN;
const HEAD = 20; // for the title

/** Boxes of words, [x, y, width] each, a new line for each turn; `widthOf` measures a word. */
function layOut({ said }, width, widthOf) {
  let [x, y, indent] = [0, HEAD - ROW, 0];
  return said.map((word, i) => {
    const across = Math.max(widthOf(word) + 2 * PAD, SLOT * MAX_ROUNDS + 2);
    const isTurn = SPEAKER.test(word);
    if (isTurn) indent = word.endsWith(" 2:") ? INDENT : 0;
    if (i === 0 || isTurn || x + across > width) {
      x = indent + (isTurn ? 0 : 12);
      y += ROW;
    }
    const box = [x, y, across];
    x += across + 2;
    return box;
  });
}

function boxesOn({ context, theme, width }, facts) {
  context.font = `12px ${theme.font}`;
  return layOut(facts, width, (word) => context.measureText(word).width);
}

const heightOf = (width, widthOf, facts) => layOut(facts, width, widthOf).at(-1)[1] + ROW;

/** The words of a dialogue, shaded by weights, under a title. `isMet(key)` says what is underlined, where anything is,
 * and `isLost(key)` what gets a diamond. Returns the boxes of the words.
 */
function paintDialogue(picture, facts, { weights, isMet, isLost, title, note }) {
  const { said, chosen, source } = facts;
  const { theme } = picture;
  const boxes = boxesOn(picture, facts);
  label(picture, title, 4, 8, { align: "left", bold: true, size: 13 });
  label(picture, note, picture.width - 5, 8, { align: "right", color: theme.quiet, size: 11 });
  const named = new Set(strongest(weights));
  said.forEach((word, i) => {
    const [x, y, across] = boxes[i];
    const [top, middle] = [y + ABOVE, y + ABOVE + LINE / 2];
    const box = (context) => context.rect(x, top, across, LINE);
    if (weights[i] > 0.001) wash(picture, box, theme.accent, shade(weights[i]));
    if (isMet?.(i)) stroke(picture, segment(x + 1, top + LINE, x + across - 1, top + LINE), theme.quiet, 1);
    const style = { size: 12, rim: 0, bold: i === chosen, color: i > chosen ? theme.quiet : theme.ink };
    label(picture, word, x + across / 2, middle + 0.5, style);
    if (named.has(i)) label(picture, percent(weights[i]), x + across / 2, y + 5.5, { size: 10, rim: 0 });
    if (isLost(i)) mark(picture, "diamond", x + across - 4, top + LINE, 4, theme.paper, theme.alert);
    if (i === source) stroke(picture, box, theme.alert, 1.8, [4, 2.5]);
    if (i === chosen) stroke(picture, box, theme.ink, 2);
  });
  return boxes;
}

const shade = (weight) => 0.5 * Math.sqrt(weight);

/** The positions of the largest weights, the largest first. */
const strongest = (weights) =>
  range(weights.length)
    .filter((i) => weights[i] >= LEAST)
    .sort((i, j) => weights[j] - weights[i] || i - j)
    .slice(0, N_NAMED);

const byLsh = ({ n_rounds, only_round }) =>
  only_round ? `LSH, round ${only_round} of ${n_rounds} alone` : `LSH, ${plural(n_rounds, "round")}`;

function paintLsh(picture, facts) {
  const { weights, met, chosen, dense, only_round, n_rounds, share_met } = facts;
  const boxes = paintDialogue(picture, facts, {
    weights,
    isMet: (i) => i < chosen && met.has(i),
    isLost: (i) => i < chosen && !met.has(i) && dense[i] >= LOST,
    title: byLsh(facts),
    note: `meets ${percent(share_met)} of the dense weight`,
  });
  const rounds = range(n_rounds).filter((r) => !only_round || r === only_round - 1);
  boxes.forEach((box, i) => i !== chosen && paintRounds(picture, facts, box, i, rounds));
}

/** Under a word a bar for each round in which it shares the chosen token's bucket: high where it is met, else low. */
function paintRounds(picture, facts, [x, y, across], i, rounds) {
  const { theme } = picture;
  const { chosen, isMateOf } = facts;
  const left = x + (across - SLOT * MAX_ROUNDS) / 2;
  const top = y + ABOVE + LINE + 2;
  const mates = rounds.filter((r) => isMateOf(i, r));
  const bars = (wanted, high) => (context) => {
    for (const r of mates.filter((round) => facts.rounds[round].met.has(i) === wanted)) {
      context.rect(left + SLOT * r, top + 6 - high, SLOT - 1, high);
    }
  };
  fill(picture, bars(true, 6), i < chosen ? theme.accent : theme.quiet);
  fill(picture, bars(false, 3), theme.quiet);
}

function fill({ context }, trace, color) {
  context.beginPath();
  trace(context);
  context.fillStyle = color;
  context.fill();
}

function paintDense(picture, facts) {
  const { dense, met, chosen } = facts;
  paintDialogue(picture, facts, {
    weights: dense,
    isLost: (i) => i < chosen && !met.has(i) && dense[i] >= LOST,
    title: "Dense: the same head, all keys",
    note: "",
  });
}

const KEY = [
  {
    text: "the chosen token",
    draw: (x, y, picture) => stroke(picture, (context) => context.rect(x - 8, y - 6, 16, 12), picture.theme.ink, 2),
  },
  {
    text: "darker: more weight",
    draw(x, y, picture) {
      wash(picture, (context) => context.rect(x - 8, y - 6, 8, 12), picture.theme.accent, 0.15);
      wash(picture, (context) => context.rect(x, y - 6, 8, 12), picture.theme.accent, 0.5);
    },
  },
  {
    text: "underlined: met",
    draw: (x, y, picture) => stroke(picture, segment(x - 8, y + 4, x + 8, y + 4), picture.theme.quiet, 1),
  },
  {
    text: "a bar for each round that shares its bucket",
    draw: (x, y, picture) =>
      fill(
        picture,
        (context) => {
          for (const r of [0, 1, 4, 6]) context.rect(x - 12 + SLOT * r, y - 3, SLOT - 1, 6);
        },
        picture.theme.accent,
      ),
  },
  {
    text: "low: its bucket, but too far off, or later",
    draw: (x, y, picture) =>
      fill(
        picture,
        (context) => {
          for (const r of [1, 2, 5]) context.rect(x - 12 + SLOT * r, y, SLOT - 1, 3);
        },
        picture.theme.quiet,
      ),
  },
  {
    text: "lost: dense weight that LSH does not meet",
    draw: (x, y, picture) => mark(picture, "diamond", x, y, 4.5, picture.theme.paper, picture.theme.alert),
  },
  {
    text: "source: the symbol to copy next",
    draw: (x, y, picture) =>
      stroke(picture, (context) => context.rect(x - 8, y - 6, 16, 12), picture.theme.alert, 1.8, [4, 2.5]),
  },
];

// ---- Beside it -----------------------------------------------------------------------------------------------

const nameOf = (rounds) => (rounds ? plural(rounds, "round") : "all keys");

const [NAME, STEP] = [66, 24]; // pixels for the names of readings, and between them

/** A row for each reading: the three likeliest tokens, with bars; what comes indeed is ticked. */
function paintForecasts(picture, { forecasts, next, n_rounds }) {
  const { theme } = picture;
  const slot = (picture.width - NAME) / forecasts[0].best.length;
  forecasts.forEach(({ rounds, best }, row) => {
    const y = 14 + STEP * row;
    const isNow = rounds === n_rounds;
    label(picture, nameOf(rounds), 0, y, {
      align: "left",
      size: 12,
      bold: isNow,
      color: isNow ? theme.ink : theme.quiet,
    });
    best.forEach(({ word, chance }, i) => {
      const x = NAME + slot * i;
      wash(
        picture,
        (context) => context.rect(x, y - 9, (slot - 6) * chance, 18),
        theme.accent,
        theme.dark ? 0.42 : 0.3,
      );
      const isNext = word === next;
      const text = `${isNext ? "✓ " : ""}${fitted(picture, word, slot - 52)} ${percent(chance)}`;
      label(picture, text, x + 4, y + 0.5, { align: "left", size: 12, rim: 0, bold: isNext });
    });
  });
}

/** A word, cut to so many pixels. */
function fitted({ context, theme }, word, room) {
  context.font = `700 12px ${theme.font}`;
  if (context.measureText(word).width <= room) return word;
  const most = range(word.length).findLast((n) => context.measureText(`${word.slice(0, n)}…`).width <= room) ?? 1;
  return `${word.slice(0, most)}…`;
}

const PERCENTS = [0, 0.5, 1].map((share) => [share, percent(share)]);

/** Dense weight met: squares for one round alone, discs for all up to it; triangles where the source shares the bucket.
 */
function paintMet(picture, { alone, upTo, n_rounds, source, isMateOf, only_round }) {
  const { theme } = picture;
  const frame = frameOf(picture, { x: [0.5, MAX_ROUNDS + 0.5], y: [0, 1], left: 46, right: 8, top: 22, bottom: 36 });
  const rounds = range(n_rounds).map((r) => r + 1);
  drawAxes(picture, frame, {
    xTicks: range(MAX_ROUNDS).map((r) => [r + 1, r + 1, r + 1 === only_round]),
    yTicks: PERCENTS,
    xTitle: "hash rounds",
  });
  drawLine(picture, frame, rounds, upTo, theme.accent);
  rounds.forEach((round, r) => {
    mark(picture, "square", frame.x(round), frame.y(alone[r]), 5, theme.quiet);
    mark(picture, "disc", frame.x(round), frame.y(upTo[r]), 3.6, theme.accent);
    if (source !== null && isMateOf(source, r)) {
      mark(picture, "triangle", frame.x(round), 9, 4.5, theme.alert);
    }
  });
}

// ---- In words ------------------------------------------------------------------------------------------------

const quoted = (text) => `“${text}”`;
const named = ({ said }, i) => `${quoted(said[i])} ${i}`;
const inRounds = (rounds) => `${rounds.length > 1 ? "rounds" : "round"} ${listed(rounds.map((r) => r + 1))}`;

/** “+k” 34 (71 %, dense 60 %) and so on: the largest weights, and beside them those of the other attention, if told. */
const largest = (facts, weights, { count, beside }) =>
  listed(
    strongest(weights)
      .slice(0, count)
      .map((i) => `${named(facts, i)} (${percent(weights[i])}${beside ? `, dense ${percent(beside[i])}` : ""})`),
  );

function meetingInWords(facts) {
  const { chosen, met, n_rounds, only_round, share_met, weights, dense } = facts;
  if (chosen === 0) return "No token stands before it: it attends to itself.";
  const where = only_round ? `In round ${only_round} of ${n_rounds} alone` : `In ${plural(n_rounds, "round")}`;
  const before = plural(chosen, "token");
  if (!met.size) return `${where} it meets none of the ${before} before it, and attends to itself.`;
  const all = met.size === chosen ? `all ${before}` : `${met.size} of the ${before}`;
  const [[most], [dearest]] = [weights, dense].map(strongest);
  const looks =
    most === undefined
      ? "It looks at nobody much"
      : `It looks most at ${largest(facts, weights, { count: 2, beside: dense })}`;
  const other =
    dearest === undefined || dearest === most ? "" : `, dense attention at ${largest(facts, dense, { count: 1 })}`;
  return `${where} it meets ${all} before it, with ${percent(share_met)} of the dense weight. ${looks}${other}.`;
}

/** In which rounds the source shares the bucket of the chosen token: a list of numbers from 0. */
const roundsWithSource = ({ source, n_rounds, isMateOf }) =>
  source === null ? [] : range(n_rounds).filter((r) => isMateOf(source, r));

function sourceInWords(facts) {
  const { source, chosen, weights, dense, n_rounds } = facts;
  if (source === null) return "";
  const rounds = roundsWithSource(facts);
  const shares =
    rounds.length === n_rounds && n_rounds > 1
      ? "in every round"
      : rounds.length
        ? `in ${inRounds(rounds)}`
        : "in no round";
  const n_met = facts.rounds.filter((round) => round.met.has(source)).length;
  return (
    ` Next comes a symbol of a code: its source, ${named(facts, source)}, ${chosen + 1 - source} tokens earlier, shares ` +
    `its bucket ${shares}, is met in ${n_met} of ${n_rounds}, and gets ${percent(weights[source])} of the weight ` +
    `(dense ${percent(dense[source])}).`
  );
}

function forecastInWords(facts) {
  const { forecasts, next } = facts;
  if (next === null) return "The dialogue ends here.";
  const one = ({ rounds, best, ofNext }) => {
    const wrong = best[0].word === next ? "" : `, behind ${quoted(best[0].word)}`;
    return `${percent(ofNext)} with ${nameOf(rounds)}${wrong}`;
  };
  return `Next comes ${quoted(next)}. Its chance is ${listed(forecasts.map(one))}.`;
}

function matesInWords({ chosen, isMateOf, n_rounds, buckets, only_round }) {
  const rounds = range(n_rounds).filter((r) => !only_round || r === only_round - 1);
  const counts = rounds.map((r) => range(chosen).filter((key) => isMateOf(key, r)).length);
  return `Its bucket holds ${listed(
    rounds.map(
      (r, i) =>
        `${counts[i]} earlier ${counts[i] === 1 ? "token" : "tokens"} in round ${r + 1} (bucket ${buckets[r][chosen]})`,
    ),
  )}.`;
}

function describe(facts) {
  const { said, chosen, layer, head, length, next, alone, upTo, n_rounds } = facts;
  const who = `Token ${chosen}, ${quoted(said[chosen])}, layer ${layer}, head ${head}.`;
  const meeting = meetingInWords(facts);
  const sentence = `${who} ${meeting}${sourceInWords(facts)}`;
  const forecast = forecastInWords(facts);
  const mates = matesInWords(facts);
  const text = `A dialogue of ${length} tokens.`;
  const told = (values) => values.map(percent).join(", ");
  return {
    sentence,
    lines: { forecast },
    pictures: {
      lsh: `${text} ${byLsh(facts)}. ${sentence} ${mates}`,
      dense: `${text} The same head with all keys. ${who} ${chosen ? `It looks most at ${largest(facts, facts.dense, { count: N_NAMED }) || "nobody"}.` : meeting}`,
      forecasts: {
        note: next === null ? "the dialogue ends" : `then comes ${quoted(next)}`,
        words: forecast,
      },
      met: {
        note: "■ alone, ● together, ▲ source",
        words: `Dense weight met with more and more of ${plural(n_rounds, "round")}: ${told(upTo)}; by each alone: ${told(alone)}.`,
      },
    },
  };
}

// ---- What a reader can do ------------------------------------------------------------------------------------

/** The token some places further, round and round. */
function along(state, by) {
  const { length } = dialogueOf(state);
  return { chosen: wrapped(Math.min(state.chosen, length - 1) + by, 0, length) };
}

/** The first token of the turn before or after; from within a turn, backwards, of this one. */
function byTurns(state, by) {
  const { turns, length } = dialogueOf(state);
  const now = Math.min(state.chosen, length - 1);
  const found = by > 0 ? turns.find((i) => i > now) : turns.findLast((i) => i < now);
  return { chosen: found ?? (by > 0 ? turns[0] : turns.at(-1)) };
}

/** The next token behind which a symbol of a repeated code comes; round and round. */
function toCode(state, by) {
  const { sources, length } = dialogueOf(state);
  const now = Math.min(state.chosen, length - 1);
  const places = range(length).filter((i) => sources[i] >= 0);
  if (!places.length) return {};
  const found = by > 0 ? places.find((i) => i > now) : places.findLast((i) => i < now);
  return { chosen: found ?? (by > 0 ? places[0] : places.at(-1)) };
}

const actions = {
  choose: {
    keys: { ArrowRight: 1, ArrowLeft: -1, "Shift+ArrowRight": 8, "Shift+ArrowLeft": -8, n: 1, p: -1 },
    help: ["← →", "the next token, or the one before; with Shift the eighth from it"],
    run: along,
  },
  turn: { keys: { ArrowDown: 1, ArrowUp: -1 }, help: ["↑ ↓", "the beginning of another turn"], run: byTurns },
  code: {
    keys: { c: 1, "Shift+c": -1 },
    help: ["C, Shift+C", "where the next symbol of a repeated code is foretold, or the one before"],
    buttons: { "Next code symbol": 1 },
    run: toCode,
  },
  layer: { keys: { l: 1, "Shift+l": -1 }, help: ["L", "another layer"], steps: "layer", wraps: true },
  head: { keys: { h: 1, "Shift+h": -1 }, help: ["H", "another head"], steps: "head", wraps: true },
  hash: { keys: { ".": 1, ",": -1 }, help: [", .", "read with one hash round less, or more"], steps: "n_rounds" },
  only: {
    keys: { o: 1, "Shift+o": -1 },
    help: ["O", "look only at one round, at the next, at all again"],
    buttons: { "One round alone": 1 },
    steps: "only_round",
    wraps: true,
  },
  read: {
    keys: { d: 1, "Shift+d": -1 },
    help: ["D", "another dialogue"],
    buttons: { "Another dialogue": 1 },
    steps: "dialogue",
    wraps: true,
  },
};

const pointer = {
  marks: () => [],
  under(facts, picture, { x, y }) {
    const boxes = boxesOn(picture, facts);
    const token = boxes.findIndex(
      ([left, top, across]) => x >= left - 1 && x < left + across + 1 && y >= top && y < top + ROW,
    );
    return token < 0 ? null : { token, still: true };
  },
  hover: ({ token }) => ({ chosen: token }),
  press: (held) => held && { chosen: held.token },
  drag: () => undefined,
};

export default explore({
  stage:
    "The dialogue. Left and right choose a token, C goes to the next symbol of a code; the list of keys stands below.",
  hint({ abouts, dialogue, looks }) {
    const about = abouts[dialogue] && `Dialogue ${dialogue}: ${abouts[dialogue]}. `;
    const twice = looks.correct_duplicates ? "" : " What is met in several rounds counts as often.";
    return (
      `${about}It is read as a whole, as in training; each token foretells the next.${twice} Point at a token to see ` +
      "what it meets, press to keep it."
    );
  },
  derive,
  describe,
  draw: {
    lsh: { height: heightOf, paint: paintLsh },
    key: { ...new Marks({}).key({ more: KEY }), words: `Marks: ${KEY.map(({ text }) => text).join("; ")}.` },
    dense: { height: heightOf, paint: paintDense },
    forecasts: {
      title: "What it foretells",
      height: (_width, _widthOf, { forecasts }) => STEP * Math.max(COMPARED.length + 1, forecasts.length) + 4,
      paint: paintForecasts,
    },
    met: { title: "Dense weight met", height: (width) => 0.42 * width, paint: paintMet },
  },
  report: ({ weights, dense, buckets, isMateOf, share_met, length }) => ({
    weights: shaped(Float64Array.from([...dense, ...weights]), 2, length),
    shared: shaped(
      Uint8Array.from(buckets.flatMap((_, r) => range(length).map((key) => Number(isMateOf(key, r))))),
      buckets.length,
      length,
    ),
    share_met,
  }),
  actions,
  pointer,
  follow: { dialogue: ({ starts, dialogue }) => starts[dialogue] },
  presets: {
    "One round": { n_rounds: 1, only_round: 0 },
    "Two rounds, as in training": { n_rounds: 2, only_round: 0 },
    "Eight rounds": { n_rounds: 8, only_round: 0 },
    "The first round alone": { only_round: 1 },
  },
  tasks: [
    {
      text: "Find a symbol of a code whose source gets more than four fifths of a head’s weight.",
      done: ({ source, weights }) => source !== null && weights[source] > 0.8,
    },
    {
      text: "With few rounds, in the last layer, find a symbol whose source shares its bucket in none.",
      done: (facts) =>
        facts.source !== null && facts.layer === facts.layers.length - 1 && !roundsWithSource(facts).length,
    },
    {
      text: "Find a symbol that is foretold wrong with 1 round and right with 8.",
      done: (facts) =>
        facts.source !== null &&
        !isRight(forecastWith(facts, 1), facts.next) &&
        isRight(forecastWith(facts, 8), facts.next),
    },
  ],
});
