// The skeleton of every explorer. An explorer says what follows from its state (`derive`), how that is drawn (`draw`)
// and put into words (`describe`), and what a reader can do (`actions`); all else is here: state and its history, keys,
// pointer, layout, speech, saving. `explore` gives the module that anywidget and the page run.
//
//   explore({
//     stage,      what a screen reader calls the first picture, which takes the keys
//     wide,       true where that picture is as wide as the explorer, and all else stands below it
//     hint,       a sentence below it: text, or a function of the facts
//     derive,     (state, frame) => facts: everything that follows from the inputs, and `state` itself where it is drawn;
//                 `frame` is what the kernel computed, in explorers that have frames
//     draw,       { name: { title, height: (width, widthOfText, facts) => height, paint: (picture, facts) } }: first the stage, then what
//                 stands beside it; one called `key` stands below the stage. `fixed: true` if no state changes it,
//                 `words` if it has the same description always
//     describe,   (facts) => { sentence, lines: { name: text }, pictures: { name: words or { words, title, note } } };
//                 a screen reader hears the lines that changed, then the sentence; `aside` is a text below it that
//                 is there to be read, and not told when it changes
//     report,     (facts) => { trait: value }: what Python is told
//     actions,    { name: { keys: { key: argument }, help: [keys, words], run: (state, argument) => changes,
//                           buttons: { text: argument }, beside: name of a picture,
//                           eased: name of an array or a number, lasts: milliseconds } };
//                 instead of `run`, `steps: name` moves a number by the argument, within its limits, which stand in
//                 Python, or round and round with `wraps: true`; `plays: name` moves it from its lowest to its highest
//                 by itself, a step in each `pause` milliseconds, until it is there or the reader stops it
//     pointer,    { marks: (facts, picture) => [{ x, y, reach, … }]: what can be held; one with `still: true` can only be
//                   pressed, so that a finger that begins there may scroll,
//                   under: (facts, picture, { x, y }) => mark or null: what lies there besides,
//                   hover: (mark) => changes that last while a mouse is over it, and are no part of the state,
//                   grab: (mark) => changes, press: (mark, state, place, picture) => changes,
//                   drag: (mark, state, to, from, picture) => changes }; `mark` is null beside all marks
//     follow,     { input: (state) => changes }: what another input brings with it
//     presets,    { text: changes }
//     tasks,      [{ text, done: (facts) => boolean }]
//   })
import { Picture, setText } from "./charts.js";
import {
  button,
  control,
  inWords,
  keepKeys,
  keyHelp,
  make,
  menu,
  onKeys,
  onPressOrDrag,
  statePanel,
  taskList,
  voice,
} from "./controls.js";
import { encode } from "./numbers.js";
import { History, State } from "./state.js";
import { onThemeChange, prefersStill, readTheme } from "./theme.js";

const [STILL, EASING] = [400, 280]; // milliseconds: until a change has ended, of a redraw
// Milliseconds without a change until Python is told, and how long it waits at most; the same where it computes frames.
const [TELL, ASK] = [
  [250, 1000],
  [60, 150],
];

export const explore = (explorer) => ({
  render({ model, el }) {
    const exploration = new Exploration(explorer, model);
    el.append(exploration.root);
    return () => exploration.stop();
  },
});

class Exploration {
  constructor(explorer, model) {
    Object.assign(this, { explorer, model, theme: null, easing: null, hovered: {}, timers: {} });
    this.state = new State(model, explorer.follow ?? {});
    this.layOut();
    this.listen();
    this.history = new History(this.state.snapshot());
    const link = model.link?.read();
    if (link) this.take(link);
    this.redraw();
  }

  stop() {
    cancelAnimationFrame(this.frame);
    clearTimeout(this.timers.settling); // what is to be saved is saved
    clearTimeout(this.timers.playing);
    for (const end of this.ends) end();
  }

  // ---- What stands on the page

  layOut() {
    const { explorer, state } = this;
    this.pictures = Object.fromEntries(
      Object.entries(explorer.draw).map(([name, drawing]) => [name, new Picture(drawing)]),
    );
    const labelled = Object.entries(state.inputs).filter(([, limits]) => limits.label);
    this.controls = labelled.map(([name, limits]) => ({
      ...control(name, limits, (changes) => this.change(changes)),
      isShown: limits.only ? (values) => values[limits.only[0]] === limits.only[1] : () => true,
    }));
    this.tasks = taskList(explorer.tasks ?? []);
    this.panel = statePanel(this.asShared());
    this.voice = voice();
    this.fault = make("p", { className: "explorer-fault", hidden: true });
    this.hint = make("p", { className: "explorer-hint" });
    this.aside = make("p", { className: "explorer-aside" });
    this.root = make(
      "div",
      { className: "explorer" },
      make("div", { className: "explorer-controls" }, ...this.controls.map(({ element }) => element)),
      make("div", { className: "explorer-buttons" }, ...this.buttonsBeside(undefined), ...this.commonButtons()),
      this.layOutPictures(),
      this.voice.spoken,
      keyHelp([...Object.values(explorer.actions).map(({ help }) => help), ["Z, Shift+Z", "undo, redo"]]),
      this.panel.element,
    );
  }

  layOutPictures() {
    const { key, ...pictures } = this.pictures;
    const [[, first], ...others] = Object.entries(pictures);
    this.stage = make("div", { className: "explorer-stage", tabIndex: 0 }, first.figure);
    this.stage.setAttribute("role", "application");
    this.stage.setAttribute("aria-label", this.explorer.stage);
    const beside = ([name, { figure }]) => {
      const buttons = this.buttonsBeside(name);
      return buttons.length
        ? make("div", {}, figure, make("div", { className: "explorer-buttons" }, ...buttons))
        : figure;
    };
    const side = make("div", { className: "explorer-side" }, ...others.map(beside));
    const { stage, hint, tasks, fault, voice, aside } = this;
    const shown = [stage, ...(key ? [key.figure] : [])];
    if (!this.explorer.wide) {
      const said = [hint, tasks.element, fault, voice.visible, aside];
      return make("div", { className: "explorer-pictures" }, make("div", {}, ...shown, ...said), side);
    }
    side.prepend(make("div", {}, hint, tasks.element));
    const said = make("div", {}, fault, voice.visible, aside);
    return make("div", {}, ...shown, make("div", { className: "explorer-pictures" }, said, side));
  }

  buttonsBeside(picture) {
    const actions = Object.values(this.explorer.actions).filter(({ beside }) => beside === picture);
    const buttonOf = (action, text, argument) => {
      const element = button(text, () => this.act(action, argument));
      if (action.plays) this.player = { element, text };
      return element;
    };
    return actions.flatMap((action) =>
      Object.entries(action.buttons ?? {}).map(([text, argument]) => buttonOf(action, text, argument)),
    );
  }

  commonButtons() {
    const { presets = {} } = this.explorer;
    const buttons = [button("Undo", () => this.undo()), button("Reset", () => this.replace(this.state.start))];
    const names = Object.keys(presets);
    this.presets = menu("Presets", names, (name) => this.change(presets[name]));
    return names.length ? [...buttons, this.presets.element] : buttons;
  }

  /** How a state is handed on: as a link where a page has an address, else as the line that makes it in Python. */
  asShared() {
    const { link } = this.model;
    const line = () => `${this.state.name}(**${this.state.asText()})`;
    const write = (text) => this.take(text);
    return link
      ? { kind: "link", read: () => link.write(this.state.asText()), write }
      : { kind: "text", read: line, write };
  }

  // ---- What happens

  listen() {
    const { explorer, state, model } = this;
    const redraw = () => this.redraw();
    const resize = new ResizeObserver(redraw);
    resize.observe(this.root);
    const stopTheme = onThemeChange(() => {
      this.theme = null;
      redraw();
    });
    const events = [...state.names, "frame"].map((name) => `change:${name}`);
    for (const event of events) model.on(event, redraw);
    this.ends = [() => resize.disconnect(), stopTheme, () => events.forEach((event) => model.off(event, redraw))];
    keepKeys(this.root);
    this.root.addEventListener("keydown", ({ key }) => key === "Escape" && this.stopPlaying());
    onKeys(this.stage, this.keys());
    if (explorer.pointer) onPressOrDrag(Object.values(this.pictures)[0].canvas, this.hands());
  }

  keys() {
    const bound = Object.values(this.explorer.actions).flatMap((action) =>
      Object.entries(action.keys ?? {}).map(([key, argument]) => [key, () => this.act(action, argument)]),
    );
    const common = [
      ["z", () => this.undo()],
      ["Shift+z", () => this.redo()],
      ["Home", () => undefined], // the page is not to be thrown to its top or its end
      ["End", () => undefined],
    ];
    return Object.fromEntries([...common, ...bound]);
  }

  hands() {
    const { marks, under, hover, grab, press, drag } = this.explorer.pointer;
    const [picture] = Object.values(this.pictures);
    const nearest = (x, y) =>
      (this.facts ? marks(this.facts, picture) : [])
        .map((one) => ({ ...one, away: Math.hypot(one.x - x, one.y - y) }))
        .filter(({ away, reach }) => away < reach)
        .reduce((best, one) => (best === null || one.away < best.away ? one : best), null);
    const found = (x, y) => nearest(x, y) ?? (this.facts && under ? under(this.facts, picture, { x, y }) : null);
    return {
      grab: found,
      hover: hover && ((it) => this.pass(it && hover(it))),
      hold: (it) => this.change(grab?.(it)),
      press: (it, place) => this.change(press(it, this.state.read(), place, picture)),
      drag: (it, to, from) => this.change(drag(it, this.state.read(), to, from, picture)),
    };
  }

  change(changes) {
    this.fault.hidden = true;
    this.state.change(changes);
  }

  /** What is seen while a mouse is over a mark; with nothing, the state is. */
  pass(changes) {
    const passing = changes || {};
    if (JSON.stringify(passing) === JSON.stringify(this.hovered)) return;
    this.hovered = passing;
    this.redraw();
  }

  replace(state) {
    this.fault.hidden = true;
    this.state.replace(state);
  }

  act(action, argument) {
    const { run, steps, wraps, plays } = action;
    const wasPlaying = this.playing;
    this.stopPlaying();
    if (plays) return wasPlaying || this.play(action);
    this.changeGently(action, (state) => (run ? run(state, argument) : this.state.stepped(steps, argument, wraps)));
  }

  /** Change the state, and let what is drawn follow it where the reader does not prefer stillness. */
  changeGently({ eased: name, lasts = EASING }, changesOf) {
    const state = this.state.read();
    const from = state[name];
    this.change(changesOf(state));
    const to = this.state.read()[name];
    if (name && !prefersStill()) this.easing = { name, from, to, lasts, start: performance.now() };
  }

  /** Let a number go by itself from where it is, or from its lowest if it is at its highest, to its highest. */
  play(action) {
    const { plays: name, pause } = action;
    const hasNext = () => this.state.stepped(name, 1)[name] !== this.state.read()[name];
    if (!hasNext()) this.change({ [name]: this.state.inputs[name].low });
    this.playing = true;
    setText(this.player.element, "Pause");
    const tick = () => {
      this.changeGently(action, () => this.state.stepped(name, 1));
      if (hasNext()) this.later("playing", pause, tick);
      else this.stopPlaying();
    };
    this.later("playing", pause / 2, tick);
  }

  stopPlaying() {
    this.playing = false;
    clearTimeout(this.timers.playing);
    if (this.player) setText(this.player.element, this.player.text);
  }

  undo() {
    this.settle();
    this.replace(this.history.undo());
  }

  redo() {
    this.settle();
    this.replace(this.history.redo());
  }

  /** Show a state that came as text, or say by name why not. Returns whether it is shown. */
  take(text) {
    const { changes, fault } = this.state.parse(text);
    if (fault) this.refuse(fault);
    else this.replace(changes);
    return !fault;
  }

  refuse(fault) {
    setText(this.fault, `Not shown: ${fault}.`);
    this.fault.hidden = false;
    setText(this.voice.spoken, this.fault.textContent);
  }

  // ---- Drawing, once in a frame however often it is asked for

  redraw() {
    this.root.dataset.still = "no"; // for scripts: until the change has ended
    clearTimeout(this.timers.settling); // the change before has not ended, as what is drawn now goes on from it
    this.frame ??= requestAnimationFrame(() => {
      this.frame = undefined;
      if (this.root.clientWidth) this.draw();
    });
  }

  draw() {
    this.theme ??= readTheme(this.root); // only an element in the page has a style
    if (this.state.fault()) return this.later("settling", STILL, () => this.settle());
    const state = { ...this.state.read(), ...this.hovered };
    const frame = this.state.frame(state);
    if (frame === null) return this.save(); // the picture stands until the kernel has computed the next
    this.facts = this.explorer.derive(state, frame);
    this.said = this.explorer.describe(this.facts);
    this.heard ??= { state, said: this.said };
    this.paint(state);
    this.refresh(state);
    this.report();
    this.later("settling", STILL, () => this.settle());
    if (this.facts.unfinished || this.easing) this.redraw();
  }

  refresh(state) {
    for (const { element, refresh, isShown } of this.controls) {
      element.hidden = !isShown(state);
      refresh(state);
    }
    const { hint, presets } = this.explorer;
    // As text, in which an array of the state and one of the preset are alike.
    this.presets.refresh((name) =>
      Object.entries(presets[name]).every(([key, value]) => `${state[key]}` === `${value}`),
    );
    setText(this.hint, typeof hint === "function" ? hint(this.facts) : hint);
    setText(this.voice.visible, this.said.sentence);
    setText(this.aside, this.said.aside ?? "");
    this.aside.hidden = !this.said.aside;
    for (const [name, picture] of Object.entries(this.pictures)) {
      picture.describe(this.said.pictures[name] ?? this.explorer.draw[name].words);
    }
  }

  paint(state) {
    const seen = this.eased(state);
    const facts = seen === state ? this.facts : this.explorer.derive(seen, this.state.frame(seen));
    for (const picture of Object.values(this.pictures)) picture.measure(this.theme, this.facts);
    for (const [name, picture] of Object.entries(this.pictures)) {
      const { paint, fixed } = this.explorer.draw[name];
      if (fixed && picture.isDrawnIn(this.theme)) continue;
      picture.begin(this.theme);
      paint(picture, facts);
    }
  }

  /** The state on the way from an array, or a number, to the one that took its place, so that eyes can follow. */
  eased(state) {
    if (!this.easing) return state;
    const { name, from, to, lasts, start } = this.easing;
    const share = (performance.now() - start) / lasts;
    if (share >= 1 || state[name] !== to) {
      this.easing = null;
      return state;
    }
    const gently = share * share * (3 - 2 * share);
    if (typeof to === "number") return { ...state, [name]: from + gently * (to - from) };
    const between = to.map((number, i) => from[i] + gently * (number - from[i]));
    return { ...state, [name]: Object.assign(between, { shape: to.shape }) };
  }

  /** Tell Python what was computed from the state. */
  report() {
    for (const [name, value] of Object.entries(this.explorer.report?.(this.facts) ?? {})) {
      this.model.set(name, ArrayBuffer.isView(value) ? encode(value) : value);
    }
    this.save();
  }

  /** Send what changed when the reader rests, and now and then meanwhile; soon, where a kernel computes the frames.
   *
   * A message makes JupyterLab lay out its toolbar twice, for a busy kernel and an idle one: between two keys that
   * costs as much as a picture.
   */
  save() {
    const now = performance.now();
    this.unsavedSince ??= now;
    const [rest, longest] = this.model.get("frame") ? ASK : TELL;
    this.later("saving", Math.min(rest, this.unsavedSince + longest - now), () => {
      this.unsavedSince = undefined;
      this.model.save_changes();
    });
  }

  later(name, pause, callback) {
    clearTimeout(this.timers[name]);
    this.timers[name] = setTimeout(callback, pause);
  }

  // ---- When a change has ended: a step of the history, tasks that tick, what is heard, what is refused

  settle() {
    const fault = this.state.fault();
    if (fault) {
      this.state.replace(this.state.good);
      return this.refuse(fault);
    }
    if (!this.facts) return;
    const state = this.state.read();
    this.history.settle(this.state.snapshot());
    const done = this.tasks.refresh(this.facts);
    const news = [...this.news(state), ...done];
    if (news.length) setText(this.voice.spoken, news.join(" "));
    this.heard = { state, said: this.said };
    this.panel.refresh();
    this.root.dataset.still = "yes";
  }

  /** The controls that were moved, the lines that changed, and the sentence if it did. */
  news(state) {
    const { heard, said } = this;
    const moved = Object.entries(this.state.inputs)
      .filter(([name, { label }]) => label && state[name] !== heard.state[name])
      .map(([name, limits]) => `${limits.label} ${inWords(limits, state[name])}.`);
    const lines = Object.keys(said.lines).filter((name) => said.lines[name] !== heard.said.lines[name]);
    const sentence = said.sentence === heard.said.sentence ? [] : [said.sentence];
    return [...moved, ...lines.map((name) => said.lines[name]), ...sentence];
  }
}
