// Runs an explorer in a page of its own, without a kernel: the saved state stands in for Python.

// A lesson's page shows explorers in frames; the address is the lesson's.
const frame = window.frameElement;
const outer = frame ? window.parent : window;

class PageModel {
  constructor(state) {
    this.state = state;
    this.listeners = new Map();
    this.link = new Link(state.about.name);
  }
  get(name) {
    return this.state[name];
  }
  set(name, value) {
    if (this.state[name] === value) return;
    this.state[name] = value;
    for (const event of [`change:${name}`, "change"]) this.listeners.get(event)?.forEach((callback) => callback());
  }
  on(event, callback) {
    if (!this.listeners.has(event)) this.listeners.set(event, new Set());
    this.listeners.get(event).add(callback);
  }
  off(event, callback) {
    this.listeners.get(event)?.delete(callback);
  }
  save_changes() {}
  send() {}
}

/** A state as the part of the page's address behind "#"; the second explorer of a class there has "-2" in its name. */
class Link {
  constructor(name) {
    const place = frame ? [...outer.document.querySelectorAll(`iframe[title="${name}"]`)].indexOf(frame) + 1 : 1;
    this.start = `#${name}${place > 1 ? `-${place}` : ""}=`;
    outer.addEventListener("hashchange", () => this.read() && outer.location.reload());
  }
  read() {
    const { hash } = outer.location;
    return hash.startsWith(this.start) ? hash.slice(this.start.length) : null;
  }
  write(text) {
    return outer.location.href.split("#")[0] + this.start + encodeURIComponent(text);
  }
}

function fromBase64(text) {
  return new DataView(Uint8Array.from(atob(text), (character) => character.charCodeAt(0)).buffer);
}

const read = (id) => document.getElementById(id).textContent;
const revive = (_, value) => (value?.base64 === undefined ? value : fromBase64(value.base64));

// In the frame of a notebook page: let its colour through, and be as high as the content.
if (frame) {
  document.body.style.background = "transparent";
  const fit = () => (frame.style.height = `${document.documentElement.offsetHeight}px`);
  new ResizeObserver(fit).observe(document.documentElement);
}

const el = document.getElementById("explorer");
el.model = new PageModel(JSON.parse(read("state"), revive));
const source = new Blob([JSON.parse(read("module"))], { type: "text/javascript" });
const { default: explorer } = await import(URL.createObjectURL(source));
explorer.render({ model: el.model, el });
