// The chat box: a log of what was said, a field to write in, sentences to choose, and what the talk is set to.
import { onThemeChange, readTheme } from "../explorers/shared/theme.js";

const PATIENCE = 1500; // milliseconds until the reader is told that no answer comes
const LATE = "Waiting for the kernel … If it was restarted, run this cell again.";

function render({ model, el }) {
  const box = make("section", { className: "explorer chat-box", ariaLabel: "Talk with the model" });
  const about = make("p", { className: "explorer-note", textContent: model.get("about") });
  const earlier = make("div", {});
  const log = make("div", { className: "chat-turns chat-log", ariaLabel: "What was said" });
  log.setAttribute("role", "log");
  log.setAttribute("aria-live", "polite");
  const writing = make("p", { className: "chat-writing explorer-note" });
  const status = make("p", { className: "explorer-fault chat-status" });
  status.setAttribute("role", "status");
  const field = make("input", { type: "text", autocomplete: "off", spellcheck: false, enterKeyHint: "send" });
  const own = make("span", {});
  const label = make("label", { className: "chat-label" }, own, field);
  const form = make("form", { className: "chat-form" }, label, make("button", { type: "submit", textContent: "Say" }));
  const suggestions = make("div", { className: "chat-suggestions", ariaLabel: "Sentences to say" });
  suggestions.setAttribute("role", "group");
  const speaker = make("select", {});
  const temperature = make("select", {});
  const anew = make("button", { type: "button", textContent: "Begin anew" });
  const room = make("span", { className: "explorer-note" });
  const settings = make(
    "div",
    { className: "chat-settings" },
    labelled("You are", speaker),
    labelled("Temperature", temperature),
    anew,
    room,
  );
  box.append(about, earlier, log, writing, status, form, suggestions, settings);
  el.append(box);
  // What the keys do here is nothing that the notebook should act on.
  box.addEventListener("keydown", (event) => event.stopPropagation());
  readTheme(box);
  const stopFollowing = onThemeChange(() => readTheme(box));

  // ---- what is asked of the kernel: one thing at a time
  let waitsFor = null; // what `answered` will be
  let timer;

  function ask(message) {
    if (waitsFor !== null) return false;
    waitsFor = model.get("answered") + 1;
    timer = setTimeout(() => drawWaiting(true), PATIENCE);
    status.textContent = "";
    drawWaiting();
    model.send(message);
    return true;
  }

  function say(text) {
    if (!text.trim()) {
      status.textContent = "Write a sentence, or choose one below.";
      return;
    }
    if (ask({ say: text.trim() }) && field.value === text) field.value = "";
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    say(field.value);
  });
  anew.addEventListener("click", () => {
    ask({ begin: true });
    field.focus();
  });
  speaker.addEventListener("change", () => ask({ speaker: Number(speaker.value) }) || drawChoices());
  temperature.addEventListener("change", () => ask({ temperature: Number(temperature.value) }) || drawChoices());

  // ---- what the kernel says
  function drawEntries() {
    const entries = model.get("entries");
    const shown = [...log.children].map((node) => node.entry);
    // What is there already stays: a screen reader reads what is added.
    const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);
    const kept = shown.findIndex((entry, i) => !same(entry, entries[i]));
    for (const node of [...log.children].slice(kept < 0 ? shown.length : kept)) node.remove();
    log.append(...entries.slice(log.children.length).map(turn));
    log.scrollTop = log.scrollHeight;
    log.tabIndex = entries.length ? 0 : -1; // nothing to scroll; it stays there all the same, to be listened to
    about.hidden = entries.length > 0;
  }

  function drawEarlier() {
    const talks = model.get("earlier");
    for (const entries of talks.slice(earlier.children.length)) {
      const words = `Talk ${earlier.children.length + 1}, ${entries.length} turns: ${entries[0].text}`;
      const turns = make("div", { className: "chat-turns" }, ...entries.map(turn));
      earlier.append(make("details", {}, make("summary", { textContent: words }), turns));
    }
    earlier.hidden = talks.length === 0;
  }

  function drawWaiting(isLate = false) {
    const people = model.get("people").map(bare);
    const other = people[1 - model.get("speaker")];
    own.textContent = `You, as ${people[model.get("speaker")]}`;
    const isWriting = model.get("writing");
    writing.textContent = isWriting ? `${other} is writing …` : isLate ? LATE : "";
    box.setAttribute("aria-busy", String(isWriting || waitsFor !== null));
  }

  function drawChoices() {
    const people = model.get("people").map(bare);
    const roles = [`${people[0]}: you begin`, `${people[1]}: the model begins`];
    fill(speaker, roles.entries(), model.get("speaker"));
    fill(temperature, model.get("temperatures"), model.get("temperature"));
  }

  function drawSuggestions() {
    const had = suggestions.contains(document.activeElement);
    suggestions.replaceChildren(
      ...model.get("suggestions").map((text) => {
        const button = make("button", { type: "button", textContent: text });
        button.addEventListener("click", () => {
          say(text);
          field.focus();
        });
        return button;
      }),
    );
    if (had) field.focus();
  }

  function drawAnswered() {
    if (waitsFor === null || model.get("answered") < waitsFor) return;
    waitsFor = null;
    clearTimeout(timer);
    drawWaiting();
    drawChoices();
  }

  const follow = {
    "change:entries": drawEntries,
    "change:earlier": drawEarlier,
    "change:writing": () => drawWaiting(),
    "change:speaker": () => [drawWaiting(), drawChoices()],
    "change:temperature": drawChoices,
    "change:temperatures": drawChoices,
    "change:suggestions": drawSuggestions,
    "change:answered": drawAnswered,
    "change:status": () => (status.textContent = model.get("status")),
    "change:room": () => (room.textContent = model.get("room")),
    "msg:custom": ({ back }) => back && !field.value && (field.value = back),
  };
  for (const [event, draw] of Object.entries(follow)) {
    model.on(event, draw);
    if (event !== "msg:custom") draw(); // as it is now
  }
  return () => {
    for (const [event, draw] of Object.entries(follow)) model.off(event, draw);
    stopFollowing();
    clearTimeout(timer);
  };
}

function turn(entry) {
  const notes = entry.notes.map((textContent) =>
    make("p", { className: textContent.startsWith("✗") ? "chat-note chat-wrong" : "chat-note", textContent }),
  );
  const said = make("p", { className: "chat-text", textContent: entry.text || "(says nothing)" });
  const who = make("span", { className: "chat-who", textContent: `${entry.who} ` });
  said.prepend(who);
  const node = make("div", { className: entry.own ? "chat-turn chat-own" : "chat-turn" }, said, ...notes);
  node.entry = entry;
  return node;
}

const bare = (who) => who.replace(/:$/, "");

function fill(select, choices, chosen) {
  const options = [...choices].map(([value, textContent]) => make("option", { value, textContent }));
  select.replaceChildren(...options);
  select.value = String(chosen);
}

function labelled(words, select) {
  return make("label", { className: "chat-label" }, make("span", { textContent: words }), select);
}

function make(tag, properties, ...children) {
  const node = Object.assign(document.createElement(tag), properties);
  node.append(...children);
  return node;
}

export default { render };
