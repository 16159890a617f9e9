// The explorer of training: the points of a run, one after the other; what was noted at each is drawn, nothing computed.
// Letters as in explorers/runs.py: L tokens, H heads. Token 0 separates, the others are letters.
import { drawAxes, drawLine, frameOf, label, Marks, mark, segment, stroke, wash } from "./shared/charts.js";
import { explore } from "./shared/explore.js";
import { drawMatrix, frameMatrix, Matrix } from "./shared/matrix.js";
import { percent, range } from "./shared/numbers.js";
import { Strip } from "./shared/strip.js";

const SHADES = 255;
const [NAMES, LEAST] = [18, 0.01]; // pixels for the letters along the matrix; the smallest weight that is drawn

const letterOf = (token) => (token ? String.fromCharCode(96 + token) : "·");

// ---- What follows from the state -----------------------------------------------------------------------------

function derive(state) {
  const { steps, examples, attention, written, shown, chosen, head } = state;
  const [n_examples, length] = examples.shape;
  const n_heads = attention.shape[2];
  const size = length * length;
  const start = ((shown * n_examples + chosen) * n_heads + head) * size;
  const weights = attention.subarray(start, start + size);
  const half = length / 2;
  const n_new = half - 1;
  const tokens = [...examples.subarray(chosen * length, (chosen + 1) * length)];
  const place = shown * n_examples + chosen;
  const answers = [...written.subarray(place * n_new, (place + 1) * n_new)];
  const wanted = tokens.slice(half + 1);
  const toCopy = new Map(range(n_new).map((i) => [half + i, i + 1])); // row of the second half -> the letter it needs
  const onTarget = [...toCopy].reduce((sum, [row, key]) => sum + weights[row * length + key] / SHADES, 0) / n_new;
  return {
    ...state,
    ...{ length, half, n_heads, weights, tokens, answers, wanted, toCopy, onTarget },
    n_points: steps.length,
    n_right: answers.filter((token, i) => token === wanted[i]).length,
  };
}

// ---- The matrix ----------------------------------------------------------------------------------------------

function placesOf({ length }, width) {
  const strip = (down, from, thickness) => {
    const [x, y] = down ? [NAMES - thickness, from] : [from, NAMES - thickness];
    return new Strip({ x, y, length: width - from - 4, thickness, n_places: length, down });
  };
  return new Matrix({ rows: strip(true, NAMES, 0), columns: strip(false, NAMES, 0), order: range(length) });
}

function paintMatrix(picture, { length, weights, tokens, toCopy }) {
  const matrix = placesOf({ length }, picture.width);
  const weightOf = (query, key) => weights[query * length + key] / SHADES;
  drawMatrix(picture, matrix, { kindOf: (query, key) => (weightOf(query, key) > LEAST ? "met" : ""), weightOf });
  frameMatrix(picture, matrix);
  const { theme } = picture;
  for (const [row, key] of toCopy) {
    const [x, y] = matrix.middle(row, key);
    const reach = 0.42 * matrix.cell;
    const diamond = (context) => {
      for (const [dx, dy] of [
        [0, -1],
        [1, 0],
        [0, 1],
        [-1, 0],
        [0, -1],
      ])
        context.lineTo(x + dx * reach, y + dy * reach);
    };
    stroke(picture, diamond, theme.paper, 3.4);
    stroke(picture, diamond, theme.alert, 1.6);
  }
  const style = { size: Math.min(11, 0.95 * matrix.cell), color: theme.quiet };
  tokens.forEach((token, place) => {
    label(picture, letterOf(token), NAMES / 2, matrix.rows.y + matrix.rows.middle(place), style);
    label(picture, letterOf(token), matrix.columns.x + matrix.columns.middle(place), NAMES / 2, style);
  });
}

const KEY = [
  {
    text: "weight: larger with more",
    draw: (x, y, picture) => mark(picture, "square", x, y, 7, picture.theme.accent),
  },
  {
    text: "pale: above 1 %",
    draw(x, y, picture) {
      const ground = (context) => context.rect(x - 7, y - 7, 14, 14);
      wash(picture, ground, picture.theme.accent, picture.theme.dark ? 0.26 : 0.16);
      mark(picture, "square", x, y, 2, picture.theme.accent);
    },
  },
  {
    text: "the letter this row has to copy",
    draw: (x, y, picture) => mark(picture, "diamond", x, y, 6.5, picture.theme.paper, picture.theme.alert, 1.6),
  },
];

// ---- Beside it -----------------------------------------------------------------------------------------------

/** A curve over the steps, with the shown point on it. */
function paintCurve(picture, { steps, shown }, values, { high, yTicks, level }) {
  const { theme } = picture;
  const last = Math.max(1, steps.at(-1));
  const frame = frameOf(picture, { x: [0, last], y: [0, high], left: 46, right: 14, top: 14, bottom: 36 });
  drawAxes(picture, frame, {
    xTicks: [0, 0.5, 1].map((s) => [s * last, Math.round(s * last)]),
    yTicks,
    xTitle: "steps",
  });
  if (level)
    stroke(picture, segment(frame.left, frame.y(level), frame.right, frame.y(level)), theme.quiet, 1.2, [4, 3]);
  drawLine(
    picture,
    frame,
    [...steps],
    [...values].map((value) => Math.min(high, value)),
    theme.accent,
  );
  mark(picture, "disc", frame.x(steps[shown]), frame.y(Math.min(high, values[shown])), 6, theme.accent);
}

const CHANCE = Math.log(26);
const NATS = [0, 1, 2, 3, 4].map((nats) => [nats, nats]);
const PERCENTS = [0, 0.5, 1].map((share) => [share, percent(share)]);

/** The word, and what the model makes of it: a wrong letter stands on a line and is struck through. */
function paintText(picture, { wanted, answers }) {
  const { theme } = picture;
  const slot = Math.min(24, (picture.width - 70) / wanted.length);
  const rows = [
    ["given", wanted],
    ["writes", answers],
  ];
  rows.forEach(([name, tokens], row) => {
    const y = 16 + 26 * row;
    label(picture, name, 4, y, { align: "left", color: theme.quiet, size: 11 });
    tokens.forEach((token, i) => {
      const x = 58 + slot * (i + 0.5);
      const isWrong = token !== wanted[i];
      label(picture, letterOf(token), x, y, { size: 14, bold: isWrong, color: isWrong ? theme.alert : theme.ink });
      if (isWrong) stroke(picture, segment(x - 0.4 * slot, y + 11, x + 0.4 * slot, y + 11), theme.alert, 2);
    });
  });
}

// ---- In words ------------------------------------------------------------------------------------------------

const asWord = (tokens) => tokens.map(letterOf).join("");

function describe(facts) {
  const { steps, shown, losses, accuracies, chosen, head, wanted, answers, n_right, onTarget, going, alive } = facts;
  const run = going && alive ? " It trains." : "";
  const broke = facts.trouble ? ` The training broke off. ${facts.trouble}` : "";
  const sentence =
    `After ${steps[shown]} steps the loss on unseen words is ${losses[shown].toFixed(2)} nats, and ` +
    `${percent(accuracies[shown])} of their letters are guessed right.${run}${broke}`;
  const text = `Given “${asWord(wanted)}”, it writes “${asWord(answers)}”: ${n_right} of ${wanted.length} right.`;
  const looks = `Head ${head} gives ${percent(onTarget)} of its weight to the letter that has to be copied.`;
  const told = (values, written) =>
    range(6)
      .map((i) => written(values[Math.round((i * (steps.length - 1)) / 5)]))
      .join(", ");
  return {
    sentence,
    lines: { looks, text },
    pictures: {
      matrix: `Attention of head ${head} in example ${chosen}, after ${steps[shown]} steps: 32 rows by 32 columns. ${looks}`,
      loss: {
        note: `${losses[shown].toFixed(2)} nats; dashed: a blind guess`,
        words: `Loss along the run: ${told(losses, (loss) => loss.toFixed(2))}.`,
      },
      accuracy: {
        note: percent(accuracies[shown]),
        words: `Accuracy along the run: ${told(accuracies, percent)}.`,
      },
      text: { note: `${n_right} of ${wanted.length} right`, words: text },
    },
  };
}

// ---- What a reader can do ------------------------------------------------------------------------------------

const actions = {
  go: {
    keys: { ArrowRight: 1, ArrowLeft: -1, "Shift+ArrowRight": 5, "Shift+ArrowLeft": -5 },
    help: ["← →", "a point earlier or later; with Shift the fifth from it"],
    steps: "shown",
  },
  choose: { keys: { ArrowDown: 1, ArrowUp: -1 }, help: ["↑ ↓", "another example"], steps: "chosen", wraps: true },
  look: { keys: { h: 1, "Shift+h": -1 }, help: ["H", "another head"], steps: "head", wraps: true },
  play: {
    plays: "shown",
    pause: 250,
    buttons: { Play: null },
    keys: { p: null },
    help: ["P", "play the run, or pause"],
  },
  train: {
    keys: { t: null },
    help: ["T", "in a notebook: train here, or stop"],
    run: ({ going, alive }) => (alive ? { going: !going } : {}),
  },
};

const pointer = {
  marks: () => [],
  under: () => null,
  press: () => undefined,
  drag: () => undefined,
};

export default explore({
  stage: "The matrix of attention. Left and right go along the run, up and down change the example; more keys below.",
  hint: ({ alive, own, going }) => {
    if (!alive) return "This run was recorded. In a notebook, Train here trains one while you watch.";
    if (!own)
      return "The run shown was recorded. Train here starts one of your own: it can be stopped, and goes on from there.";
    return going
      ? "The run shown is trained here, now."
      : "The run shown is your own. Train here goes on with it; after its end, with another.";
  },
  derive,
  describe,
  draw: {
    matrix: { height: (width) => width, paint: paintMatrix },
    key: new Marks({}).key({ more: KEY }),
    loss: {
      title: "Loss on unseen words",
      height: (width) => 0.4 * width,
      paint: (picture, facts) => paintCurve(picture, facts, facts.losses, { high: 4, yTicks: NATS, level: CHANCE }),
    },
    accuracy: {
      title: "Letters guessed right",
      height: (width) => 0.4 * width,
      paint: (picture, facts) => paintCurve(picture, facts, facts.accuracies, { high: 1, yTicks: PERCENTS }),
    },
    text: { title: "It writes", height: () => 62, paint: paintText },
  },
  actions,
  pointer,
  presets: {
    "Before the first step": { shown: 0 },
    "While it learns": { shown: 13 },
    "At the end, head 1": { shown: 40, head: 1 },
  },
  tasks: [
    {
      text: "Find the last point at which the loss is still above that of a blind guess.",
      done: ({ losses, shown }) => losses[shown] >= CHANCE && losses[shown + 1] < CHANCE,
    },
    {
      text: "Find the first point at which more than half of the letters are guessed right.",
      done: ({ accuracies, shown }) => accuracies[shown] > 0.5 && (shown === 0 || accuracies[shown - 1] <= 0.5),
    },
    {
      text: "Find a point where a head looks at the letter to copy with half of its weight, and the text still has a mistake.",
      done: ({ onTarget, n_right, wanted }) => onTarget > 0.5 && n_right < wanted.length,
    },
  ],
});
