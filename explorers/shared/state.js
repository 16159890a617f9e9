// The state of one explorer: the inputs that a reader sets, as plain numbers and typed arrays; their history; and the
// same as text. A model, Jupyter's or the page's, holds them; a value of it is never changed in place.
import { faultOf, highest, stopsOf } from "./inputs.js";
import { clamp, decode, encode, wrapped } from "./numbers.js";

const NOT_FINITE = ["NaN", "Infinity", "-Infinity"]; // Python writes them bare, and JSON knows none of them
const isArray = (value) => ArrayBuffer.isView(value) && !(value instanceof DataView);

export class State {
  constructor(model, follow) {
    this.model = model;
    Object.assign(this, model.get("about")); // name, inputs, given, start, generated
    this.names = Object.keys(this.inputs);
    this.follow = follow;
    this.good = this.snapshot();
    this.checked = new WeakSet();
    this.recorded = recordedValues(model.get("frames") ?? []);
  }

  /** All inputs, and what Python gave once: { name: number or typed array }.
   *
   * Python sets one after another, so that an input may for a moment be beyond one that it hangs on: it counts as the
   * highest it may be.
   */
  read() {
    const value = (name) => plainValue(this.model.get(name));
    const state = Object.fromEntries([...this.names, ...this.given].map((name) => [name, value(name)]));
    for (const name of this.names) {
      const limits = this.inputs[name];
      if (limits.below || limits.at_most) state[name] = Math.min(state[name], highest(limits, state));
    }
    return state;
  }

  /** Set inputs, and what hangs on them: no round stays shown that is gone, a new query is what keys move. */
  change(changes) {
    for (const [name, value] of Object.entries(changes || {})) {
      this.set(name, value);
      const state = this.read();
      for (const [other, { below, at_most }] of Object.entries(this.inputs)) {
        if (below === name || at_most === name) this.set(other, state[other]);
      }
      this.change(this.follow[name]?.(state));
    }
  }

  /** A number some steps further, within its limits or, if it `wraps`, round and round; { name: number }.
   *
   * Rounded, so that a hundred steps add up to a round number.
   */
  stepped(name, by, wraps) {
    const [state, { low, whole, ...limits }] = [this.read(), this.inputs[name]];
    if (limits.log) return { [name]: nextStop(stopsOf(this.inputs[name]), state[name], by, wraps) };
    const [to, high] = [state[name] + by, highest(limits, state)];
    const kept = wraps ? wrapped(to, low, whole ? high + 1 : high) : clamp(to, low, high);
    return { [name]: Number(kept.toFixed(6)) };
  }

  /** Set inputs at once, as from a snapshot. */
  replace(state) {
    for (const [name, value] of Object.entries(state)) this.set(name, value);
  }

  set(name, value) {
    const values = this.recorded[name];
    const possible = values ? nextOf(values, value, this.model.get(name)) : value;
    this.model.set(name, isArray(possible) ? encode(possible) : possible);
  }

  /** What the kernel computed for the inputs as they are: undefined if nothing is, null if it is still to come. */
  frame(state) {
    if (!this.model.get("frame")) return undefined;
    const frames = [this.model.get("frame"), ...this.model.get("frames")];
    const found = frames.find(({ of }) => Object.keys(of).every((name) => of[name] === state[name]));
    if (!found) return null;
    return Object.fromEntries(Object.entries(found.values).map(([name, value]) => [name, plainValue(value)]));
  }

  snapshot() {
    return Object.fromEntries(this.names.map((name) => [name, this.model.get(name)]));
  }

  /** Why the present state cannot be shown; null if it can. */
  fault() {
    const fault = this.faultIn(this.read());
    if (!fault) this.good = this.snapshot();
    return fault;
  }

  faultIn(state) {
    for (const [name, limits] of Object.entries(this.inputs)) {
      if (isArray(state[name]) && this.checked.has(state[name])) continue;
      const fault = faultOf(name, limits, state[name], state);
      if (fault) return fault;
    }
    for (const value of Object.values(state)) if (isArray(value)) this.checked.add(value);
    return null;
  }

  /** What differs from `AngularExplorer()`, as JSON that Python reads too; arrays only where chance did not make them.
   */
  asText() {
    const state = this.read();
    const arrays = this.names.filter((name) => this.inputs[name].kind === "array");
    const isNew = arrays.some((name) => !sameNumbers(decode(this.start[name]), state[name]));
    const generated = isNew ? {} : this.generated;
    const differs = (name) => state[name] !== this.inputs[name].default;
    const plain = this.names.filter((name) => !arrays.includes(name) && differs(name) && !(name in generated));
    const listed = Object.keys(generated).length ? [] : arrays;
    const entries = [...plain, ...listed].map((name) => [name, nested(state[name])]);
    return JSON.stringify({ ...generated, ...Object.fromEntries(entries) });
  }

  /** The state that a text describes, on top of the first: { changes } or { fault }. */
  parse(linkOrText) {
    const text = linkOrText.includes("%7B") ? decodeURIComponent(linkOrText) : linkOrText;
    const quoted = text.slice(text.indexOf("{"), text.lastIndexOf("}") + 1).replace(/-?\b(NaN|Infinity)\b/g, '"$&"');
    let given;
    try {
      given = JSON.parse(quoted, (_, value) => (NOT_FINITE.includes(value) ? Number(value) : value));
    } catch {
      return {
        fault: `A state needs the form ${this.name}(**{"seed": 1, …}), got ${text.trim().slice(0, 40) || "nothing"}`,
      };
    }
    const known = [...this.names, ...Object.keys(this.generated)];
    const stranger = Object.keys(given).find((name) => !known.includes(name));
    if (stranger) return { fault: `${this.name} has no ${stranger}; it has ${known.join(", ")}` };
    const changes = Object.fromEntries(
      Object.entries(given)
        .filter(([name]) => this.names.includes(name))
        .map(([name, value]) => [name, Array.isArray(value) ? flat(value) : value]),
    );
    const first = Object.fromEntries(this.names.map((name) => [name, plainValue(this.start[name])]));
    const fault = this.faultIn({ ...this.read(), ...first, ...changes });
    if (fault) return { fault };
    const other = Object.keys(this.generated).find((name) => name in given && given[name] !== this.generated[name]);
    if (other && !this.names.some((name) => Array.isArray(given[name]))) {
      return {
        fault: `${other} needs ${this.generated[other]} on this page, got ${given[other]}; run the text in Python`,
      };
    }
    return { changes: { ...first, ...changes } };
  }
}

/** The stop of a logarithmic slider next to a value: the next higher one where `by` is above 0, else the next lower. */
function nextStop(stops, now, by, wraps) {
  const found = by > 0 ? stops.find((stop) => stop > now) : stops.findLast((stop) => stop < now);
  if (found !== undefined) return found;
  return Boolean(wraps) === by > 0 ? stops[0] : stops.at(-1);
}

/** The values of each input for which there are frames, in order. */
function recordedValues(frames) {
  const names = Object.keys(frames[0]?.of ?? {});
  const valuesOf = (name) => [...new Set(frames.map(({ of }) => of[name]))].sort((a, b) => a - b);
  return Object.fromEntries(names.map((name) => [name, valuesOf(name)]));
}

/** The recorded value that is meant by `wanted`: the first on the way there, coming from `now`. */
function nextOf(values, wanted, now) {
  const found = wanted > now ? values.find((value) => value >= wanted) : values.findLast((value) => value <= wanted);
  return found ?? (wanted > now ? values.at(-1) : values[0]);
}

const plainValue = (value) => (value?.dtype ? decode(value) : value);
const sameNumbers = (a, b) => a === b || (a.length === b.length && a.every((number, i) => number === b[i]));

/** A typed array as nested lists, six digits; anything else as it is. */
function nested(value) {
  if (!isArray(value)) return value;
  return value.shape.slice(1).reduceRight(
    (flat, size) => inRows(flat, size),
    Array.from(value, (number) => Number(number.toPrecision(6))),
  );
}

const inRows = (flat, size) =>
  Array.from({ length: flat.length / size }, (_, i) => flat.slice(i * size, (i + 1) * size));

/** Nested lists as a typed array with its shape; without one where the lists are ragged. */
function flat(lists) {
  const shape = [];
  for (let part = lists; Array.isArray(part); part = part[0]) shape.push(part.length);
  const numbers = lists.flat(shape.length);
  const isWhole = numbers.length === shape.reduce((product, size) => product * size) && !numbers.some(Array.isArray);
  return isWhole ? Object.assign(Float64Array.from(numbers), { shape }) : numbers;
}

/** Steps that can be taken back. A step is what lies between two times at which the state stood still. */
export class History {
  constructor(first) {
    Object.assign(this, { past: [], now: first, future: [] });
  }

  /** Note a state that stands still; returns whether it is another than before. */
  settle(snapshot) {
    if (Object.keys(snapshot).every((name) => snapshot[name] === this.now[name])) return false;
    this.past.push(this.now);
    Object.assign(this, { now: snapshot, future: [] });
    return true;
  }

  undo() {
    if (this.past.length) this.future.push(this.now);
    return (this.now = this.past.pop() ?? this.now);
  }

  redo() {
    if (this.future.length) this.past.push(this.now);
    return (this.now = this.future.pop() ?? this.now);
  }
}
