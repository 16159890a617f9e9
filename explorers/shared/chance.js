// Chance before theory: how often two points share a bucket over fresh draws of a hash, and what theory says of it, which
// is shown once there are draws enough to hold it against. A hash has rounds, or tables: it is drawn once for each.
import { drawAxes, drawLine, frameOf, label, mark } from "./charts.js";
import { plural, range } from "./numbers.js";
import { drawPointMark, kindOf, onCircle } from "./points.js";
import { prefersStill } from "./theme.js";

const ENOUGH = 1000; // draws after which theory is shown

/** Angles of pairs for which there is theory; at every other of them is measured. */
export const ANGLES = range(37).map((i) => (Math.PI * i) / 36);
const RUNGS = ANGLES.filter((_, i) => i % 2 === 0);
const [AT_45, AT_90] = [9, 18];

/** When pairs at given angles first meet, draw by draw; the draws are the same ones every time.
 *
 * `drawHash()` gives a function from a vector in the plane of the pair to its bucket. Only what a hash does in that
 * plane counts, in any dimension.
 */
class Measurement {
  constructor(angles, most_rounds, drawHash) {
    this.directions = angles.map(onCircle);
    Object.assign(this, { most_rounds, drawHash, firstMeetings: [] });
  }

  get trials() {
    return this.firstMeetings.length;
  }

  run(trials) {
    for (const end = this.trials + trials; this.trials < end; ) {
      const first = new Uint8Array(this.directions.length).fill(this.most_rounds); // which stands for "never"
      for (let r = 0; r < this.most_rounds; r++) {
        const hash = this.drawHash();
        const bucket = hash([1, 0]);
        this.directions.forEach((direction, i) => {
          if (first[i] === this.most_rounds && hash(direction) === bucket) first[i] = r;
        });
      }
      this.firstMeetings.push(first);
    }
  }

  /** Share of the first `trials` in which each pair met in at least one of the first `n_rounds` rounds. */
  shares(trials, n_rounds) {
    const met = new Float64Array(this.directions.length);
    for (let trial = 0; trial < trials; trial++) {
      for (let i = 0; i < met.length; i++) met[i] += this.firstMeetings[trial][i] < n_rounds;
    }
    return met.map((count) => count / trials);
  }
}

const measurements = new Map(); // by the name of the hash

/** Curves of theory and chance, for `n_rounds` of at most `most_rounds` rounds.
 *
 * `hash` names what `drawHash` draws; `oneRound` is what theory says of one round, by angle. Chance is drawn a tenth at
 * a time, so that the marks are seen to settle.
 */
export function chanceOf({ hash, drawHash, oneRound, n_draws, n_rounds, most_rounds }) {
  if (!measurements.has(hash)) measurements.set(hash, new Measurement(RUNGS, most_rounds, drawHash));
  const measurement = measurements.get(hash);
  const missing = Math.max(0, n_draws - measurement.trials);
  measurement.run(prefersStill() ? missing : Math.min(missing, Math.ceil(n_draws / 10)));
  const trials = Math.min(n_draws, measurement.trials);
  const measured = trials ? measurement.shares(trials, n_rounds) : new Float64Array(0);
  const inRounds = oneRound.map((chance) => 1 - (1 - chance) ** n_rounds);
  const isEnough = trials >= ENOUGH;
  return { oneRound, inRounds, measured, trials, n_rounds, isEnough, unfinished: trials < n_draws };
}

/** The chance to meet, by angle: drawn as squares, theory as lines, the query's own pairs as marks above and below.
 *
 * `what` is what is drawn, `round` what the explorer calls a round. The facts hold `chanceOf` as `chance`.
 */
export const chancePicture = ({ what, round }) => ({
  title: "Chance to share a bucket",
  height: (width) => 0.58 * width,
  paint(picture, facts) {
    const { theme } = picture;
    const { oneRound, inRounds, measured, n_rounds, trials, isEnough } = facts.chance;
    const frame = frameOf(picture, { x: [0, Math.PI], y: [0, 1], left: 30, right: 8, top: 26, bottom: 48 });
    const xTicks = [0, 45, 90, 135, 180].map((angle) => [(angle * Math.PI) / 180, `${angle}°`]);
    const yTicks = [0, 0.5, 1].map((chance) => [chance, chance]);
    drawAxes(picture, frame, { xTicks, yTicks, xTitle: "angle between two points", xDrop: 25 });
    if (isEnough && n_rounds > 1) drawLine(picture, frame, ANGLES, oneRound, theme.quiet, 1);
    if (isEnough) drawLine(picture, frame, ANGLES, inRounds, theme.accent, 2);
    measured.forEach((share, i) =>
      mark(picture, "square", frame.x(RUNGS[i]), frame.y(share), 3.6, theme.paper, theme.ink),
    );
    if (isEnough) nameCurves(picture, facts.chance, frame, round);
    if (!trials) label(picture, `Draw ${what}: how often do two points meet?`, frame.x(Math.PI / 2), frame.y(0.75));
    drawPairs(picture, facts, frame);
  },
});

/** Names beside the curves, where they fall through these heights. */
function nameCurves(picture, { oneRound, inRounds, n_rounds }, frame, round) {
  const beside = (values, chance, text, side, color) => {
    const below = values.findIndex((value) => value < chance);
    const i = Math.max(1, below) - (side < 0 ? 1 : 0);
    const style = { align: side < 0 ? "right" : "left", color, bold: true };
    label(picture, text, frame.x(ANGLES[i]) + 8 * side, frame.y(values[i]) - 8, style);
  };
  if (n_rounds > 1) beside(oneRound, 0.25, `1 ${round}`, -1, picture.theme.quiet);
  beside(inRounds, 0.72, plural(n_rounds, round), 1, picture.theme.accent);
}

/** The query's pairs by their angles: above those that meet, below those that do not. */
function drawPairs(picture, facts, frame) {
  const ofKind = Object.groupBy(facts.others, (i) => kindOf(facts, i));
  for (const kind of ["other", "missed", "met"]) {
    const height = kind === "met" ? frame.top - 12 : frame.bottom + 11;
    for (const i of ofKind[kind] ?? []) {
      drawPointMark(picture, kind, frame.x(facts.away[i]), height, kind === "missed" ? 0.8 : 0.75);
    }
  }
  const small = { align: "right", color: picture.theme.quiet, size: 11 };
  label(picture, "the query's pairs that meet", frame.right, frame.top - 12, small);
}

/** What a screen reader is told of the draws, and of the picture; `drawn(trials)` says what was drawn. */
export function chanceInWords(chance, round, drawn) {
  const { inRounds, measured, n_rounds, trials, isEnough, unfinished } = chance;
  const rounds = plural(n_rounds, round);
  const off = Math.max(...range(measured.length).map((i) => Math.abs(measured[i] - inRounds[2 * i])));
  const held = isEnough ? ` What was measured differs from theory by at most ${off.toFixed(2)}.` : "";
  const draws = `${drawn(trials)}.${held}`;
  const theory = isEnough
    ? `The chance to share a bucket in ${rounds} falls from 1 at 0° through ${inRounds[AT_45].toFixed(2)} at 45° and ` +
      `${inRounds[AT_90].toFixed(2)} at 90° to 0 at 180°.`
    : `The chance to share a bucket in ${rounds}, by angle; theory is shown from ${ENOUGH} draws on.`;
  return {
    line: unfinished ? "" : draws,
    picture: { note: `squares: ${plural(trials, "draw")}`, words: `${theory} ${draws}` },
  };
}

/** Draw 1, 10 or 1,000 times more, or forget all draws: what stands in the input `n_draws`. */
export const drawingChance = (picture, what) => ({
  drawMore: {
    keys: { 1: 1, 2: 10, 3: 1000 },
    help: ["1, 2, 3", `draw ${what} 1, 10 or 1,000 times more, and count meetings`],
    buttons: { "Draw 1": 1, "Draw 10": 10, "Draw 1,000": 1000 },
    beside: picture,
    steps: "n_draws",
  },
  forget: { keys: { 0: null }, help: ["0", "forget these draws"], run: () => ({ n_draws: 0 }) },
});
