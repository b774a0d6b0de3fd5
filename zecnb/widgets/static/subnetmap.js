// A subnet as cells on a canvas: one cell per address, folded bands when there are too many for the screen.
//
// All text that comes from the account is untrusted: it reaches the page through textContent, setAttribute and
// canvas text only. Which colours and shapes mean what comes from Python (zecnb/render/palette.py).

const GUTTER = 104; // pixels for the addresses beside the rows
const TALLEST = 420; // pixels of the map before it scrolls
const LARGEST = 4096; // cells that are laid out to fit the width; beyond, rows of 256 with zoom
const ACROSS = 256;
const FOLDED = 65536; // cells drawn at most when the whole subnet is on the screen
const ZOOMS = [8, 14, 24]; // pixels per cell; before them, the whole subnet
const SHAPED = 9; // pixels from which on a cell has room for a shape
const MARGIN = 24; // pixels from an edge of the box where a drag scrolls
const ASK_AFTER = 40; // milliseconds on a cell before its holder is asked for
const CHANGING = 200; // milliseconds between two selections sent during a drag

// -- shapes, in units of the marker's size, as the static chart draws them ---------------------------------------

const round = (radius) => Array.from({ length: 24 }, (_, k) => turn(radius, (k * Math.PI) / 12));
const turn = (radius, angle) => [radius * Math.sin(angle), -radius * Math.cos(angle)];
const third = 1 / 6;
const PLUS = [
  [-third, -0.5], [third, -0.5], [third, -third], [0.5, -third], [0.5, third], [third, third],
  [third, 0.5], [-third, 0.5], [-third, third], [-0.5, third], [-0.5, -third], [-third, -third],
];
const turned = (points) => points.map(([x, y]) => [(x - y) * 0.9, (x + y) * 0.9]);
export const SHAPES = {
  "o": round(0.5),
  ".": round(0.25),
  "D": [[0, -0.68], [0.68, 0], [0, 0.68], [-0.68, 0]],
  "^": [[0, -0.5], [0.5, 0.5], [-0.5, 0.5]],
  "P": PLUS,
  "X": turned(PLUS.map(([x, y]) => [x * 0.9, y * 0.9])),
  "*": Array.from({ length: 10 }, (_, k) => turn(k % 2 ? 0.25 : 0.6, (k * Math.PI) / 5)),
};
const outline = (shape) => (typeof shape === "string" ? SHAPES[shape] : shape.map(([x, y]) => [x / 2, y / 2]));

// -- addresses ------------------------------------------------------------------------------------------------------

export const dotted = (value) => [24, 16, 8, 0].map((bits) => (value >>> bits) & 255).join(".");
const number = (text) => text.split(".").reduce((sum, octet) => sum * 256 + Number(octet), 0);

export function ranges(values) {
  const parts = [];
  for (let at = 0; at < values.length; ) {
    let end = at;
    while (end + 1 < values.length && values[end + 1] === values[end] + 1) end++;
    const [first, last] = [values[at], values[end]];
    const short = Math.floor(first / 256) === Math.floor(last / 256) ? last & 255 : dotted(last);
    parts.push(first === last ? dotted(first) : `${dotted(first)}-${short}`);
    at = end + 1;
  }
  return parts.join(", ");
}

export function values(text) {
  const found = [];
  for (const part of text.split(", ").filter(Boolean)) {
    const [from, to] = part.split("-");
    const first = number(from);
    const last = to === undefined ? first : to.includes(".") ? number(to) : first - (first & 255) + Number(to);
    for (let value = first; value <= last; value++) found.push(value);
  }
  return found;
}

const same = (one, other) => one.size === other.size && [...one].every((value) => other.has(value));

// -- layout ---------------------------------------------------------------------------------------------------------

export function layout(size, width, zoom) {
  const room = Math.max(width - GUTTER - 16, 160);
  if (size <= LARGEST) {
    const fits = [16, 32, 64, 128].filter((count) => count === 16 || room / count >= 11);
    const columns = fits.find((count) => (size / count) * cellHeight(room / count) <= TALLEST) ?? fits.at(-1);
    const w = Math.min(Math.floor(room / columns), 38);
    return { columns: Math.min(columns, size), rows: Math.ceil(size / columns), w, h: cellHeight(w), fold: 1, levels: 1 };
  }
  const levels = ZOOMS.length + 1;
  if (zoom > 0) {
    const side = ZOOMS[zoom - 1];
    return { columns: ACROSS, rows: size / ACROSS, w: side, h: side, fold: 1, levels };
  }
  const fold = Math.max(1, size / FOLDED);
  const rows = size / fold / ACROSS;
  const w = Math.min(room / ACROSS, 8);
  return { columns: ACROSS, rows, w, h: Math.min(Math.max(TALLEST / rows, 1), 10), fold, levels };
}

function cellHeight(w) {
  return w >= 30 ? 26 : Math.floor(Math.min(w, 26));
}

/** Keep JupyterLab from taking keys for commands: with the focus on a button x would cut the cell. */
function shield(event) {
  event.target.setAttribute("data-lm-suppress-shortcuts", "true");
}

// -- the widget -----------------------------------------------------------------------------------------------------

function render({ model, el }) {
  const view = new View(model, el);
  return () => view.end();
}

class View {
  constructor(model, el) {
    this.model = model;
    this.at = 0; // offset of the cell with the focus
    this.picked = new Set();
    this.range = null; // what Shift with arrows picks: where it began, and what was picked before
    this.hover = null;
    this.zoom = 0;
    this.holders = new Map();
    this.ending = new AbortController();
    this.build(el);
    this.listen();
    this.load();
  }

  end() {
    this.ending.abort();
    this.resize.disconnect();
    this.restyle.disconnect();
    for (const frame of [this.frame, this.loading]) cancelAnimationFrame(frame);
    for (const timer of [this.asking, this.sending]) clearTimeout(timer);
    for (const [names, act] of this.answers) this.model.off(names, act);
  }

  // -- what is on the page --

  build(el) {
    const make = (name, css, parent, attributes = {}) => {
      const node = document.createElement(name);
      node.className = css;
      for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
      parent.append(node);
      return node;
    };
    const id = `zecnb-map-${Math.random().toString(36).slice(2)}`;
    this.root = make("div", "zecnb-map", el);
    const head = make("div", "zecnb-map-head", this.root);
    this.title = make("span", "zecnb-map-title", head);
    this.zooms = make("span", "zecnb-map-zooms", head, { role: "group", "aria-label": "Zoom of the map" });
    this.out = make("button", "", this.zooms, { type: "button", "aria-label": "Zoom out", title: "Zoom out (-)" });
    this.in = make("button", "", this.zooms, { type: "button", "aria-label": "Zoom in", title: "Zoom in (+)" });
    [this.out.textContent, this.in.textContent] = ["−", "+"];
    this.box = make("div", "zecnb-map-box", this.root, {
      role: "grid", tabindex: "0", "aria-multiselectable": "true", "aria-describedby": `${id}-words ${id}-keys`,
    });
    this.space = make("div", "zecnb-map-space", this.box, { role: "presentation" });
    this.canvas = make("canvas", "zecnb-map-canvas", this.space, { "aria-hidden": "true" });
    this.row = make("div", "zecnb-map-hidden", this.space, { role: "row" });
    // Two cells take turns: screen readers announce the active cell when it is another one.
    this.pair = [0, 1].map((k) => make("span", "", this.row, { role: "gridcell", id: `${id}-cell-${k}` }));
    this.said = make("div", "zecnb-map-said", this.root, { role: "status", "aria-live": "polite" });
    this.legend = make("ul", "zecnb-map-legend", this.root, { "aria-label": "Legend of the map" });
    this.note = make("div", "zecnb-map-note", this.root);
    make("div", "zecnb-map-note", this.root, { id: `${id}-keys` }).textContent =
      "Click or drag picks free addresses. Keys: arrows move, Space picks, Shift with arrows picks a range, + and - zoom. " +
      "An address in conflict is counted as what it is, too.";
    this.words = make("div", "zecnb-map-hidden", this.root, { id: `${id}-words` });
    this.make = make;
  }

  listen() {
    const { signal } = this.ending;
    const on = (node, name, act) => node.addEventListener(name, act.bind(this), { signal });
    on(this.box, "keydown", this.key);
    on(this.box, "focus", () => { this.hover = null; this.tell(); this.draw(); });
    on(this.box, "blur", this.draw);
    on(this.box, "scroll", this.draw);
    on(this.canvas, "pointerdown", this.press);
    on(this.canvas, "pointermove", this.move);
    on(this.canvas, "pointerup", this.release);
    on(this.canvas, "pointercancel", this.abandon);
    on(this.canvas, "pointerleave", () => { if (!this.drag) { this.hover = null; this.tell(); } });
    on(this.out, "click", () => this.zoomTo(this.zoom - 1));
    on(this.in, "click", () => this.zoomTo(this.zoom + 1));
    this.resize = new ResizeObserver(() => {
      // Known only once it is on the page; added again it is still one listener.
      (this.root.closest(".zecnb-panel") ?? this.root).addEventListener("focusin", shield, { signal });
      this.arrange();
    });
    this.resize.observe(this.root);
    this.restyle = new MutationObserver(() => this.draw());
    for (const node of [document.documentElement, document.body]) this.restyle.observe(node, { attributes: true });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw(), { signal });
    this.answers = [
      ["change:cells change:overlay change:network change:heading", () => this.load()],
      ["change:selection", () => { this.chosen(); this.tell(); }],
      ["msg:custom", (message) => this.told(message)],
    ];
    for (const [names, act] of this.answers) this.model.on(names, act);
  }

  /** Read what Python sent; several traits that change together are read once. */
  load() {
    cancelAnimationFrame(this.loading);
    this.loading = requestAnimationFrame(() => this.read());
  }

  read() {
    const bytes = (name) => {
      const data = this.model.get(name);
      return new Uint8Array(data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength));
    };
    const [base, network] = [bytes("cells"), this.model.get("network") >>> 0];
    if (network !== this.network || base.length !== this.base?.length) {
      Object.assign(this, { at: 0, range: null, hover: null, zoom: 0 });
      this.holders.clear();
      this.box.scrollTo(0, 0);
    } else if (base.some((state, k) => state !== this.base[k])) {
      this.holders.clear();
    }
    Object.assign(this, { base, network, marks: this.model.get("marks"), states: base.slice() });
    for (const entry of new Uint32Array(bytes("overlay").buffer)) {
      if (entry >>> 8 < base.length) this.states[entry >>> 8] = entry & 255;
    }
    this.counts = new Array(this.marks.length).fill(0);
    this.states.forEach((state, k) => {
      this.counts[state]++;
      if (this.marks[state].stays) this.counts[this.base[k]]++; // in conflict, and still what it was
    });
    this.title.textContent = this.model.get("heading");
    this.box.setAttribute("aria-label", `Map of subnet ${this.model.get("heading")}`);
    this.note.textContent = this.model.get("note");
    this.chosen();
    this.describe();
    this.arrange();
    this.tell();
  }

  chosen() {
    const inside = values(this.model.get("selection")).map((value) => value - this.network);
    if (this.drag) return;
    const picked = new Set(inside.filter((offset) => offset >= 0 && offset < this.base?.length));
    if (!same(picked, this.picked)) this.range = null; // typed meanwhile
    this.picked = picked;
    this.draw();
  }

  /** Say the whole picture in words, and beside its colours. */
  describe() {
    const unseen = this.model.get("unseen");
    const said = this.marks.map(({ word }, state) => [word, this.counts[state]]).concat([["unseen", unseen]]);
    const there = said.filter(([, count]) => count).map(([word, count]) => `${count.toLocaleString("en")} ${word}`);
    this.words.textContent = `${this.base.length.toLocaleString("en")} addresses: ${there.join(", ")}.`;
    this.legend.replaceChildren();
    said.forEach(([word, count], state) => {
      const item = this.make("li", count ? "" : "zecnb-map-none", this.legend);
      const swatch = this.make("canvas", "zecnb-map-swatch", item, { "aria-hidden": "true" });
      this.make("span", "", item).textContent = `${word} ${count.toLocaleString("en")}`;
      swatch.dataset.state = state;
    });
  }

  // -- layout --

  arrange() {
    if (!this.base?.length || !this.root.clientWidth) return;
    this.grid = layout(this.base.length, this.root.clientWidth, this.zoom);
    const { columns, rows, w, h, levels } = this.grid;
    this.zooms.hidden = levels === 1;
    this.out.disabled = this.zoom === 0;
    this.in.disabled = this.zoom === levels - 1;
    this.space.style.width = `${GUTTER + columns * w}px`;
    this.space.style.height = `${rows * h}px`;
    this.box.style.height = `${Math.min(rows * h, TALLEST) + (GUTTER + columns * w > this.root.clientWidth ? 16 : 2)}px`;
    this.box.setAttribute("aria-rowcount", rows);
    this.box.setAttribute("aria-colcount", columns);
    this.draw();
  }

  get tiny() {
    return this.grid.w < 7 || this.grid.h < 7;
  }

  zoomTo(zoom) {
    const level = Math.min(Math.max(zoom, 0), this.grid.levels - 1);
    if (level === this.zoom) return;
    this.zoom = level;
    this.arrange();
    const sought = this.states.findIndex((state) => this.marks[state].sought);
    this.show(this.at || Math.max(sought, 0), true); // who has been nowhere yet comes for what is planned
  }

  /** Scroll a cell into sight. */
  show(offset, centred = false) {
    const { columns, w, h, fold } = this.grid;
    const cell = Math.floor(offset / fold);
    const [x, y] = [(cell % columns) * w, Math.floor(cell / columns) * h];
    const { box } = this;
    const [wide, tall] = [box.clientWidth - GUTTER, box.clientHeight];
    if (centred) return box.scrollTo(x - wide / 2, y - tall / 2);
    const left = Math.min(Math.max(box.scrollLeft, x + w - wide), x);
    const top = Math.min(Math.max(box.scrollTop, y + h - tall), y);
    if (left !== box.scrollLeft || top !== box.scrollTop) box.scrollTo(left, top);
  }

  /** Return the address under the pointer, null beside the cells. */
  under(event) {
    const { columns, rows, w, h, fold } = this.grid;
    const place = this.box.getBoundingClientRect();
    const x = event.clientX - place.left - this.box.clientLeft - GUTTER;
    const column = Math.floor((x + this.box.scrollLeft) / w);
    const row = Math.floor((event.clientY - place.top - this.box.clientTop + this.box.scrollTop) / h);
    if (x < 0 || column >= columns || row < 0 || row >= rows) return null;
    const offset = (row * columns + column) * fold;
    return offset < this.base.length ? offset : null;
  }

  // -- picking --

  free(offset) {
    return this.base[offset] === 0;
  }

  /** Return the selection with the free addresses between two added, or taken away. */
  between(from, to, start, adding) {
    const picked = new Set(start);
    for (let offset = Math.min(from, to); offset <= Math.max(from, to); offset++) {
      if (!adding) picked.delete(offset);
      else if (this.free(offset)) picked.add(offset);
    }
    return picked;
  }

  pick(picked, wait = 0) {
    this.picked = picked;
    this.draw();
    clearTimeout(this.sending);
    this.sending = setTimeout(() => this.send(), wait);
  }

  send() {
    clearTimeout(this.sending);
    const offsets = Uint32Array.from(this.picked).sort();
    this.model.set("selection", ranges(Array.from(offsets, (offset) => offset + this.network)));
    this.model.save_changes();
  }

  toggle(offset) {
    this.range = null;
    if (this.free(offset) || this.picked.has(offset)) {
      this.pick(this.between(offset, offset, this.picked, !this.picked.has(offset)));
    }
  }

  press(event) {
    const offset = event.button === 0 ? this.under(event) : null;
    if (offset === null) return;
    this.box.focus({ preventScroll: true });
    this.at = offset;
    this.range = null;
    if (this.tiny) {
      this.zoomTo(2); // too small to aim at one address: look closer first
    } else if (event.shiftKey && this.start !== undefined) {
      this.pick(this.between(this.start, offset, this.picked, true));
    } else {
      this.canvas.setPointerCapture(event.pointerId);
      this.start = offset;
      this.drag = { before: this.picked, adding: !this.picked.has(offset), moved: false };
      if (this.drag.adding ? this.free(offset) : true) this.picked = this.between(offset, offset, this.picked, this.drag.adding);
    }
    this.tell();
    this.draw();
  }

  move(event) {
    const offset = this.under(event);
    if (offset !== null && this.drag && offset !== this.at) {
      this.drag.moved = true;
      this.at = offset;
      this.picked = this.between(this.start, offset, this.drag.before, this.drag.adding);
      this.show(offset);
    }
    if (this.hover === offset) return;
    this.hover = offset;
    this.tell();
    this.draw();
  }

  release() {
    if (!this.drag) return;
    const { before } = this.drag;
    this.drag = null;
    if (!same(before, this.picked)) this.send();
    this.tell();
  }

  abandon() {
    if (this.drag) this.picked = this.drag.before;
    this.drag = null;
    this.draw();
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) {
      if (!event.ctrlKey || !["Home", "End"].includes(event.key)) return;
    }
    const { columns, fold, h } = this.grid;
    const last = this.base.length - 1;
    const page = Math.max(1, Math.floor(this.box.clientHeight / h) - 1) * columns * fold;
    const inRow = Math.floor(this.at / fold) % columns;
    const steps = {
      ArrowLeft: -fold, ArrowRight: fold, ArrowUp: -columns * fold, ArrowDown: columns * fold,
      PageUp: -page, PageDown: page,
      Home: event.ctrlKey ? -this.at : -inRow * fold,
      End: event.ctrlKey ? last - this.at : Math.min((columns - 1 - inRow) * fold, last - this.at),
    };
    if (event.key in steps) {
      const to = this.at + steps[event.key];
      if (to >= 0 && to <= last) this.go(to, event.shiftKey);
    } else if (event.key === " " || event.key === "Enter") {
      this.toggle(this.at);
    } else if (event.key === "+" || event.key === "=") {
      this.zoomTo(this.zoom + 1);
    } else if (event.key === "-") {
      this.zoomTo(this.zoom - 1);
    } else if (event.key === "Escape" && this.drag) {
      this.abandon();
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation(); // else the notebook takes keys such as Enter and the arrows for its own
    this.hover = null;
    this.tell();
    this.draw();
  }

  /** Move the focus; with Shift, pick the free addresses from where it began. */
  go(to, picking) {
    if (picking) this.range ??= { anchor: this.at, before: this.picked };
    else this.range = null;
    this.at = to;
    this.start = picking ? this.start : to;
    if (picking) this.pick(this.between(this.range.anchor, to, this.range.before, true), CHANGING);
    this.show(to);
  }

  // -- words --

  /** Say what the cell under the pointer, else the one with the focus, is. */
  tell() {
    if (!this.base?.length) return;
    const focused = document.activeElement === this.box;
    const offset = this.hover ?? (focused ? this.at : null);
    if (focused) this.announce();
    this.said.textContent = this.sentence(offset);
    clearTimeout(this.asking);
    if (offset !== null && this.base[offset] && !this.holders.has(offset)) {
      this.asking = setTimeout(() => this.model.send({ holder_of: offset }), ASK_AFTER);
    }
  }

  sentence(offset) {
    const count = this.picked.size;
    const many = `${count.toLocaleString("en")} picked`;
    if (offset === null) return count ? many : "Point at an address, or move to it with the keyboard.";
    const holder = this.holders.get(offset);
    return [this.name(offset), ...this.state(offset), ...(holder ? [holder] : []), ...(count ? [many] : [])].join(" · ");
  }

  name(offset) {
    const { fold } = this.grid ?? { fold: 1 };
    const first = dotted(this.network + offset);
    return fold > 1 ? `${first} and ${(fold - 1).toLocaleString("en")} more` : first;
  }

  state(offset) {
    const [shown, below] = [this.states[offset], this.base[offset]];
    const words = [this.marks[shown].word];
    if (below !== shown && below) words.push(this.marks[below].word);
    if (this.picked?.has(offset)) words.push("picked");
    return words;
  }

  announce() {
    this.pair.reverse();
    const [cell, other] = this.pair;
    const { columns, fold } = this.grid ?? { columns: 1, fold: 1 };
    cell.textContent = [this.name(this.at), ...this.state(this.at)].join(", ");
    other.textContent = "";
    cell.setAttribute("aria-selected", String(this.picked?.has(this.at) ?? false));
    cell.setAttribute("aria-colindex", (Math.floor(this.at / fold) % columns) + 1);
    for (const name of ["aria-colindex", "aria-selected"]) other.removeAttribute(name);
    this.row.setAttribute("aria-rowindex", Math.floor(this.at / fold / columns) + 1);
    this.box.setAttribute("aria-activedescendant", cell.id);
  }

  told(message) {
    if (typeof message?.offset !== "number" || typeof message.words !== "string") return;
    this.holders.set(message.offset, message.words);
    if (message.offset === (this.hover ?? this.at)) this.tell();
  }

  // -- drawing --

  draw() {
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(() => this.paint());
  }

  paint() {
    if (!this.grid || !this.box.clientWidth) return;
    const themes = this.model.get("themes");
    this.theme = themes[isDark(this.root) ? "dark" : "light"];
    this.paper = getComputedStyle(this.root).backgroundColor;
    this.fills = this.marks.map(({ fill }) => fill || this.theme.free);
    this.surface(this.canvas, this.box.clientWidth, this.box.clientHeight);
    const context = this.canvas.getContext("2d");
    context.fillStyle = this.paper;
    context.fillRect(0, 0, this.box.clientWidth, this.box.clientHeight);
    const { columns, rows, w, h } = this.grid;
    const sight = {
      left: Math.floor(this.box.scrollLeft / w),
      right: Math.min(columns, Math.ceil((this.box.scrollLeft + this.box.clientWidth - GUTTER) / w)),
      top: Math.floor(this.box.scrollTop / h),
      bottom: Math.min(rows, Math.ceil((this.box.scrollTop + this.box.clientHeight) / h)),
    };
    context.save();
    context.translate(GUTTER - this.box.scrollLeft, -this.box.scrollTop);
    if (this.tiny) this.paintBands(context);
    else this.paintCells(context, sight);
    this.paintFocus(context);
    context.restore();
    this.paintLabels(context, sight);
    this.paintLegend();
  }

  /** Give a canvas a size in CSS pixels, sharp on any screen. */
  surface(canvas, width, height) {
    const scale = window.devicePixelRatio || 1;
    const [wide, tall] = [Math.round(width * scale), Math.round(height * scale)];
    if (canvas.width !== wide || canvas.height !== tall) {
      [canvas.width, canvas.height] = [wide, tall];
      [canvas.style.width, canvas.style.height] = [`${width}px`, `${height}px`];
    }
    canvas.getContext("2d").setTransform(scale, 0, 0, scale, 0, 0);
  }

  paintCells(context, { left, right, top, bottom }) {
    const { columns, w, h } = this.grid;
    const gap = w >= 12 ? 2 : 1;
    const numbered = w >= 30;
    const size = Math.min(w, h) * (numbered ? 0.42 : 0.55);
    context.font = "10.5px ui-monospace, Menlo, Consolas, monospace";
    context.textAlign = "center";
    context.textBaseline = "middle";
    for (let row = top; row < bottom; row++) {
      for (let column = left; column < right; column++) {
        const offset = row * columns + column;
        if (offset >= this.base.length) return;
        const [state, x, y] = [this.states[offset], column * w, row * h];
        const mark = this.marks[state];
        context.fillStyle = this.fills[state];
        context.fillRect(x + gap / 2, y + gap / 2, w - gap, h - gap);
        if (w >= SHAPED && mark.shape) this.shape(context, mark, x + w * (numbered ? 0.24 : 0.5), y + h / 2, size, mark.ink);
        if (numbered) {
          context.fillStyle = mark.shape ? mark.ink : this.theme.quiet;
          context.fillText(String((this.network + offset) & 255), x + w * (mark.shape ? 0.68 : 0.5), y + h / 2 + 0.5);
        }
        // A cell that the plan shows as planned or in conflict says it by its own colour and shape.
        if (this.picked.has(offset) && !mark.sought) this.frameCell(context, x, y, w, h, this.theme.text, w >= 12 ? 2 : 1.5, gap / 2);
      }
    }
  }

  frameCell(context, x, y, w, h, colour, line, inset) {
    context.strokeStyle = colour;
    context.lineWidth = line;
    context.strokeRect(x + inset + line / 2, y + inset + line / 2, w - 2 * inset - line, h - 2 * inset - line);
  }

  shape(context, mark, x, y, size, colour) {
    context.beginPath();
    for (const [dx, dy] of outline(mark.shape)) context.lineTo(x + dx * size, y + dy * size);
    context.closePath();
    context.fillStyle = colour;
    context.fill();
  }

  /** Draw everything at once: the most important state of each cell, and markers on what a person looks for. */
  paintBands(context) {
    const { columns, rows, w, h, fold } = this.grid;
    const shown = this.dominant(fold);
    const image = new ImageData(columns, rows);
    const colours = this.fills.map((fill) => [1, 3, 5].map((k) => parseInt(fill.slice(k, k + 2), 16)));
    shown.forEach((state, k) => image.data.set([...colours[state], 255], k * 4));
    const small = Object.assign(document.createElement("canvas"), { width: columns, height: rows });
    small.getContext("2d").putImageData(image, 0, 0);
    context.imageSmoothingEnabled = false;
    context.drawImage(small, 0, 0, columns * w, rows * h);
    const drawn = new Set(); // one marker for each patch about as large as the marker
    this.marks.forEach((mark, state) => {
      if (!mark.sought) return;
      shown.forEach((each, k) => {
        if (each !== state) return;
        const [x, y] = [((k % columns) + 0.5) * w, (Math.floor(k / columns) + 0.5) * h];
        const patch = `${state} ${Math.floor(x / 12)} ${Math.floor(y / 12)}`;
        if (drawn.has(patch)) return;
        drawn.add(patch);
        this.shape(context, mark, x, y, 13, this.paper);
        this.shape(context, mark, x, y, 10, mark.fill);
      });
    });
  }

  dominant(fold) {
    if (fold === 1) return this.states;
    const shown = new Uint8Array(this.states.length / fold);
    const rank = this.marks.map((mark) => mark.rank);
    this.states.forEach((state, offset) => {
      const k = Math.floor(offset / fold);
      if (offset % fold === 0 || rank[state] > rank[shown[k]]) shown[k] = state;
    });
    return shown;
  }

  paintFocus(context) {
    const offset = document.activeElement === this.box ? this.at : this.hover;
    if (offset === null) return;
    const { columns, w, h, fold } = this.grid;
    const cell = Math.floor(offset / fold);
    const [x, y] = [(cell % columns) * w, Math.floor(cell / columns) * h];
    const grow = this.tiny ? 5 : 1;
    this.frameCell(context, x - grow - 1, y - grow - 1, w + 2 * grow + 2, h + 2 * grow + 2, this.paper, 4, 0);
    this.frameCell(context, x - grow, y - grow, w + 2 * grow, h + 2 * grow, this.theme.text, 2, 0);
  }

  paintLabels(context, { top, bottom }) {
    const { columns, h, fold } = this.grid;
    context.fillStyle = this.paper;
    context.fillRect(0, 0, GUTTER, this.box.clientHeight);
    context.fillStyle = this.theme.quiet;
    context.font = "11px ui-monospace, Menlo, Consolas, monospace";
    context.textAlign = "right";
    context.textBaseline = "middle";
    const step = 2 ** Math.ceil(Math.log2(Math.max(1, 14 / h)));
    for (let row = Math.ceil(top / step) * step; row < bottom; row += step) {
      const text = dotted(this.network + row * columns * fold);
      const y = (row + 0.5) * h - this.box.scrollTop + (this.tiny ? 4 : 0);
      context.fillText(text, GUTTER - 8, this.box.scrollTop ? y : Math.max(y, 7)); // the first one whole
    }
  }

  paintLegend() {
    for (const swatch of this.legend.querySelectorAll("canvas")) {
      this.surface(swatch, 15, 15);
      const context = swatch.getContext("2d");
      context.clearRect(0, 0, 15, 15);
      const mark = this.marks[swatch.dataset.state];
      if (mark) {
        context.fillStyle = this.fills[swatch.dataset.state];
        context.fillRect(0, 0, 15, 15);
        if (mark.shape) this.shape(context, mark, 7.5, 7.5, 8, mark.ink);
      } else {
        this.frameCell(context, 0, 0, 15, 15, this.theme.quiet, 1, 0);
        context.fillStyle = this.theme.text;
        context.font = "bold 11px sans-serif";
        context.textAlign = "center";
        context.textBaseline = "middle";
        context.fillText("?", 7.5, 8);
      }
    }
  }
}

/** Tell from what is really behind the map whether it is on a dark page. */
function isDark(node) {
  const [red, green, blue] = getComputedStyle(node).backgroundColor.match(/[\d.]+/g).map(Number);
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue < 128;
}

export default { render };
