/** The table of cracks: sorted by any column, chosen with pointer or arrow keys. */

import { make } from "./dom.js";
import { classMark, decimalsOf, figure, fixed } from "./readout.js";

/** @typedef {import("./api.js").Crack} Crack */

const COLUMNS = [
  { name: "crack", title: "Crack" },
  { name: "width_class", title: "Class" },
  { name: "length", title: "Length" },
  { name: "width_max", title: "Greatest width" },
  { name: "width_p95", title: "Width, 95 %" },
  { name: "width_mean", title: "Mean width" },
  { name: "orientation_deg", title: "Angle" },
];
const SHORT = { width_max: "Max", width_p95: "95 %", width_mean: "Mean" };
const FIRST = 300;

export class CrackTable {
  /**
   * @param {HTMLElement} table
   * @param {(crack: number) => void} picked
   */
  constructor(table, picked) {
    this.table = table;
    this.picked = picked;
    /** @type {Crack[]} */
    this.rows = [];
    this.empty = "";
    this.sorted = "crack";
    this.down = false;
    /** @type {number | null} */
    this.chosen = null;
    this.shown = FIRST;
    /** @type {Set<number>} */
    this.rejected = new Set();
    table.addEventListener("keydown", (event) => this.#key(/** @type {KeyboardEvent} */ (event)));
  }

  /** @param {Crack[]} rows @param {string} empty what stands there without rows */
  fill(rows, empty) {
    this.rows = rows;
    this.empty = empty;
    this.shown = FIRST;
    if (!rows.some((row) => row.crack === this.chosen)) this.chosen = null;
    this.#write();
  }

  /** @param {number | null} crack @param {boolean} [scroll] */
  choose(crack, scroll = true) {
    this.chosen = crack;
    for (const row of this.table.querySelectorAll("tbody tr")) {
      const own = crack !== null && /** @type {HTMLElement} */ (row).dataset.crack === String(crack);
      if (own) row.setAttribute("aria-current", "true");
      else row.removeAttribute("aria-current");
      const button = row.querySelector(".pick");
      if (button) button.setAttribute("tabindex", own ? "0" : "-1");
      if (own && scroll) row.scrollIntoView({ block: "nearest" });
    }
    if (crack === null) this.table.querySelector(".pick")?.setAttribute("tabindex", "0");
  }

  /** @param {Set<number>} cracks */
  reject(cracks) {
    this.rejected = cracks;
    for (const row of this.table.querySelectorAll("tbody tr")) {
      row.classList.toggle("gone", cracks.has(Number(/** @type {HTMLElement} */ (row).dataset.crack)));
    }
  }

  #order() {
    const value = (/** @type {Crack} */ row) =>
      (this.sorted in row ? row[this.sorted] : figure(row, this.sorted).value);
    return [...this.rows].sort((a, b) => {
      const [x, y] = [value(a), value(b)];
      if (x === y) return a.crack - b.crack;
      if (x === null || x === "" || x === undefined) return 1;
      if (y === null || y === "" || y === undefined) return -1;
      const less = typeof x === "string" ? x.localeCompare(String(y)) : x - y;
      return this.down ? -less : less;
    });
  }

  #write() {
    const focus = document.activeElement?.getAttribute("data-sort");
    if (!this.rows.length) {
      this.table.replaceChildren(make("caption", {}, this.empty));
      return;
    }
    const classes = this.rows.some((row) => row.width_class);
    const columns = COLUMNS.filter((column) => classes || column.name !== "width_class");
    const head = columns.map((column) => this.#head(column));
    const rows = this.#order().slice(0, this.shown).map((row) => this.#row(row, columns));
    const more = this.rows.length - this.shown;
    const foot = more > 0 ? [make("tfoot", {}, make("tr", {}, make("td", { colspan: columns.length },
      make("button", { type: "button", onclick: () => { this.shown = Infinity; this.#write(); } }, `Show ${more} more`))))] : [];
    this.table.replaceChildren(
      make("caption", { class: "unseen" }, "Cracks of this photograph"),
      make("thead", {}, make("tr", {}, ...head)), make("tbody", {}, ...rows), ...foot,
    );
    this.choose(this.chosen, false);
    this.reject(this.rejected);
    if (focus) /** @type {HTMLElement | null} */ (this.table.querySelector(`[data-sort="${focus}"]`))?.focus();
  }

  /** @param {{name: string, title: string}} column */
  #head({ name, title }) {
    const unit = figure(this.rows[0], name).value === null ? "" : `, ${figure(this.rows[0], name).unit}`;
    const full = name === "orientation_deg" ? "Angle to the horizontal, degrees" : title + unit;
    const own = this.sorted === name;
    const short = /** @type {Record<string, string>} */ (SHORT)[name];
    const button = make("button", {
      type: "button", "data-sort": name, title: `${full}: sort`,
      onclick: () => {
        this.down = own ? !this.down : name !== "crack";
        this.sorted = name;
        this.#write();
      },
    }, short ?? title, own ? (this.down ? " ▾" : " ▴") : "");
    const sort = own ? (this.down ? "descending" : "ascending") : "none";
    return make("th", { scope: "col", "aria-sort": sort, class: name === "width_class" ? "" : "number" }, button);
  }

  /** @param {Crack} row @param {{name: string}[]} columns */
  #row(row, columns) {
    const cells = columns.slice(1).map(({ name }) => {
      if (name === "width_class") return make("td", {}, classMark(row.width_class));
      if (name === "orientation_deg") return make("td", { class: "number" }, fixed(row.orientation_deg, 0));
      const { value, unit } = figure(row, name);
      return make("td", { class: "number" }, fixed(value, decimalsOf(name, unit)));
    });
    const pick = make("button", { type: "button", class: "pick", tabindex: "-1", "aria-label": `Crack ${row.crack}: show it in the picture` }, String(row.crack));
    const line = make("tr", { "data-crack": row.crack }, make("th", { scope: "row", class: "number" }, pick), ...cells);
    line.addEventListener("click", () => this.picked(row.crack));
    return line;
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const row = /** @type {HTMLElement} */ (event.target).closest("tbody tr");
    if (!step || !row) return;
    const next = step > 0 ? row.nextElementSibling : row.previousElementSibling;
    if (!next) return;
    event.preventDefault();
    this.picked(Number(/** @type {HTMLElement} */ (next).dataset.crack));
    /** @type {HTMLElement | null} */ (next.querySelector(".pick"))?.focus();
  }
}
