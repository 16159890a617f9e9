// Native controls and the words around the pictures. A control shows a state and calls `change` with what is wanted.
import { highest, stopsOf } from "./inputs.js";

/** Make an element: `make("p", { className: "x" }, "text", child)`. */
export function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

/** A name that no other element of the page has, whichever explorer made it. */
const uniqueName = () => `explorer-${Math.random().toString(36).slice(2)}`;

const decimals = (step) => (String(step).split(".")[1] ?? "").length;

/** A value as it stands beside its control, and as a screen reader hears it. */
export function inWords({ kind, options, step, unit = "", log }, value) {
  if (kind === "choice") return options.find(([option]) => option === value)[1];
  if (log) return `${value.toLocaleString("en")}${unit}`;
  return `${value.toFixed(decimals(step)).replace("-", "−")}${unit}`;
}

/** The control of an input with a label, by its limits: { element, refresh(state) }. */
export function control(name, limits, change) {
  if (limits.as_switch) return toggle(name, limits, change);
  if (limits.kind === "choice") return (limits.as_list ? list : choice)(name, limits, change);
  return slider(name, limits, change);
}

function slider(name, limits, change) {
  const id = uniqueName();
  const { low: min, step, label } = limits;
  const stops = limits.log ? stopsOf(limits) : null;
  const input = make("input", { type: "range", id, ...(stops ? { min: 0, step: 1 } : { min, step }) });
  const output = make("output", { htmlFor: id });
  const element = make("div", { className: "explorer-slider" }, make("label", { htmlFor: id }, label), output, input);
  const valueAt = (place) => (stops ? stops[place] : place);
  input.addEventListener("input", () => change({ [name]: valueAt(Number(input.value)) }));
  const refresh = (state) => {
    input.max = stops ? stops.length - 1 : highest(limits, state);
    input.disabled = Number(input.min) === Number(input.max);
    input.value = stops ? stops.findLastIndex((stop, i) => i === 0 || stop <= state[name]) : state[name];
    const words = inWords(limits, state[name]);
    if (output.value === words) return;
    output.value = words;
    input.setAttribute("aria-valuetext", words);
  };
  return { element, refresh };
}

function choice(name, { label, options }, change) {
  const group = uniqueName();
  const inputs = options.map(([value]) => make("input", { type: "radio", name: group, value }));
  const labels = options.map(([, text], i) => make("label", {}, inputs[i], text));
  const legend = make("legend", { className: "explorer-hidden" }, label);
  const element = make("fieldset", { className: "explorer-choice" }, legend, ...labels);
  options.forEach(([value], i) => inputs[i].addEventListener("change", () => change({ [name]: value })));
  const refresh = (state) => options.forEach(([value], i) => (inputs[i].checked = state[name] === value));
  return { element, refresh };
}

/** A choice whose options are too many or too long to stand side by side. */
function list(name, { label, options }, change) {
  const id = uniqueName();
  const select = make("select", { id }, ...options.map(([value, text]) => make("option", { value }, text)));
  select.addEventListener("change", () => change({ [name]: options[select.selectedIndex][0] }));
  const element = make("div", { className: "explorer-list" }, make("label", { htmlFor: id }, label), select);
  return { element, refresh: (state) => (select.value = state[name]) };
}

function toggle(name, { label }, change) {
  const input = make("input", { type: "checkbox" });
  input.addEventListener("change", () => change({ [name]: input.checked }));
  const element = make("div", { className: "explorer-choice" }, make("label", {}, input, label));
  return { element, refresh: (state) => (input.checked = state[name]) };
}

export function button(label, onClick) {
  const element = make("button", { type: "button" }, label);
  element.addEventListener("click", onClick);
  return element;
}

/** A list to choose one of several named things from: { element, refresh(holds) }.
 *
 * It shows the name that was chosen as long as `holds(name)`, so that arrow keys go on from there; then its label.
 */
export function menu(label, names, onChoice) {
  const options = [label, ...names].map((text, i) => make("option", { value: i ? text : "" }, text));
  const element = make("select", {}, ...options);
  element.setAttribute("aria-label", label);
  element.addEventListener("change", () => element.value && onChoice(element.value));
  const refresh = (holds) => {
    if (element.value && !holds(element.value)) element.value = "";
  };
  return { element, refresh };
}

/** The sentence for eyes, at once, and the line that a screen reader hears, the one live region of an explorer. */
export function voice() {
  const visible = make("p", { className: "explorer-sentence" });
  const spoken = make("p", { className: "explorer-hidden" });
  visible.setAttribute("aria-hidden", "true");
  spoken.setAttribute("aria-live", "polite");
  return { visible, spoken };
}

/** The list of keys, folded away until wanted; `keys` is a list of [keys with spaces between, what they do]. */
export function keyHelp(keys) {
  const boxes = (names) =>
    names.split(" ").flatMap((name) => [make("kbd", {}, name.length > 1 ? name.replace(/,$/, "") : name), " "]);
  const rows = keys.flatMap(([names, what]) => [make("dt", {}, ...boxes(names)), make("dd", {}, what)]);
  return make("details", { className: "explorer-keys" }, make("summary", {}, "Keys"), make("dl", {}, ...rows));
}

/** Tasks that tick themselves: { element, refresh(facts) }; `refresh` returns the text of a task just done. */
export function taskList(tasks) {
  const items = tasks.map(({ text }) => {
    const state = make("span", { className: "explorer-hidden" }, "To do: ");
    return { state, element: make("li", {}, state, text) };
  });
  const list = make("ul", { className: "explorer-tasks" }, ...items.map(({ element }) => element));
  const open = new Set(tasks.keys());
  const refresh = (facts) => {
    const done = [...open].filter((i) => tasks[i].done(facts));
    for (const i of done) {
      open.delete(i);
      items[i].element.className = "explorer-done";
      items[i].state.textContent = "Done: ";
    }
    return done.map((i) => `Task done: ${tasks[i].text}`);
  };
  return { element: list, refresh };
}

/** The state as text, folded away: to copy, and to paste another.
 *
 * `read()` gives the text, `write(text)` takes it and returns whether it could: what was refused stays, to be mended.
 */
export function statePanel({ kind, read, write }) {
  const text = make("textarea", { rows: 3, spellcheck: false });
  text.setAttribute("aria-label", `This state as ${kind}`);
  const copy = button(`Copy ${kind}`, async () => {
    text.select();
    try {
      await navigator.clipboard.writeText(text.value);
    } catch {
      document.execCommand("copy"); // a page that is not served safely, or in a frame, has no other way
    }
  });
  let edited = false; // what a reader is writing is left alone, until the panel is opened anew
  const take = button("Show what stands here", () => (edited = !write(text.value)));
  text.addEventListener("input", () => (edited = true));
  const element = make("details", { className: "explorer-state" }, make("summary", {}, "State"), text, copy, take);
  const refresh = () => element.open && !edited && (text.value = read());
  element.addEventListener("toggle", () => {
    edited = false;
    refresh();
  });
  return { element, refresh };
}

// ---- Keys and pointer ----------------------------------------------------------------------------------------

/** JupyterLab takes arrow keys and letters for itself unless they stop here. Its Ctrl keys still reach it. */
export function keepKeys(el) {
  el.addEventListener("keydown", (event) => {
    if (!event.ctrlKey && !event.metaKey && !event.altKey && event.key !== "Escape") event.stopPropagation();
  });
}

/** Run `actions[key]` for keys pressed on `el`; `actions` maps names such as "ArrowLeft", "Shift+T" or "r". */
export function onKeys(el, actions) {
  el.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const action = (event.shiftKey && actions[`Shift+${key}`]) || actions[key];
    if (!action) return;
    event.preventDefault();
    action();
  });
}

/** Tell a press on a canvas from a drag. `grab(x, y)` says what is held there, or null for nothing.
 *
 * A finger that comes down beside all marks, or on one that is `still`, scrolls the page. A mouse may drag there: `drag`
 * then gets null, or that mark. `hover` is told what a mouse is over.
 */
export function onPressOrDrag(canvas, { grab, hover, hold, press, drag }) {
  let held = null;
  const release = () => (held = null);
  const canHold = (it) => it !== null && !it.still;
  const beginsOnMark = ({ touches: [touch] }) => {
    const box = canvas.getBoundingClientRect();
    return canHold(grab(touch.clientX - box.left, touch.clientY - box.top));
  };
  canvas.addEventListener("touchstart", (event) => beginsOnMark(event) && event.preventDefault(), { passive: false });
  canvas.addEventListener("pointerdown", ({ offsetX: x, offsetY: y, pointerId, pointerType }) => {
    const it = grab(x, y);
    held = { it, x, y, moved: false, canDrag: canHold(it) || pointerType !== "touch" };
    if (held.canDrag) canvas.setPointerCapture(pointerId);
    if (it !== null) hold(it);
  });
  canvas.addEventListener("pointermove", ({ offsetX: x, offsetY: y, pointerType }) => {
    if (!held && hover && pointerType === "mouse") return hover(grab(x, y));
    if (!held?.canDrag) return;
    const from = { x: held.x, y: held.y };
    if (!held.moved && Math.hypot(x - from.x, y - from.y) < 4) return;
    Object.assign(held, { x, y, moved: true });
    drag(held.it, { x, y }, from);
  });
  canvas.addEventListener("pointerup", () => {
    if (held && !held.moved) press(held.it, held);
    release();
  });
  canvas.addEventListener("pointercancel", release);
  if (hover) canvas.addEventListener("pointerleave", () => hover(null));
}
