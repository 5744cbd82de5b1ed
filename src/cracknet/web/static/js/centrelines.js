/** Centrelines of the cracks, in colours of their width; finds the nearest to a place. */

import { BINS, COLOURS, binOf, roundUp } from "./colours.js";

const PART = 128;
const CELL = 64;

/** @typedef {{crack: number, first: number, last: number, box: number[]}} Part */
/** @typedef {{crack: number, width_px: number, at: [number, number], distance: number}} Place */

export class Centrelines {
  /** @param {import("./api.js").Branch[]} branches */
  constructor(branches) {
    const count = branches.reduce((sum, branch) => sum + branch.points.length, 0);
    this.xs = new Float32Array(count);
    this.ys = new Float32Array(count);
    this.widths = new Float32Array(count);
    this.cracks = new Int32Array(count);
    /** @type {Part[]} */
    this.parts = [];
    /** @type {Map<number, number[]>} x0, y0, x1, y1 of each crack */
    this.boxes = new Map();
    /** @type {Map<string, number[]>} points by cell */
    this.cells = new Map();
    let at = 0;
    for (const branch of branches) at = this.#add(branch, at);
    this.high = this.#limit();
    this.bins = Uint8Array.from(this.widths, (width) => binOf(width, this.high));
    /** Points that an eraser went over since the measurement. */
    this.erased = new Uint8Array(count);
    this.visible = true;
    /** @type {number | null} */
    this.chosen = null;
    /** @type {Set<number>} drawn as taken out */
    this.rejected = new Set();
  }

  /** @param {import("./api.js").Branch} branch @param {number} start */
  #add({ crack, points, widths_px: widths }, start) {
    const box = this.boxes.get(crack) ?? [Infinity, Infinity, -Infinity, -Infinity];
    points.forEach(([x, y], k) => {
      const i = start + k;
      this.xs[i] = x;
      this.ys[i] = y;
      this.widths[i] = widths[k] ?? NaN;
      this.cracks[i] = crack;
      const key = `${Math.floor(x / CELL)},${Math.floor(y / CELL)}`;
      const cell = this.cells.get(key);
      if (cell) cell.push(i);
      else this.cells.set(key, [i]);
    });
    const end = start + points.length;
    for (let first = start; first < end - 1 || first === start; first += PART) {
      const last = Math.min(first + PART, end - 1);
      const part = [Infinity, Infinity, -Infinity, -Infinity];
      for (let i = first; i <= last; i += 1) {
        for (const target of [part, box]) {
          target[0] = Math.min(target[0], this.xs[i]);
          target[1] = Math.min(target[1], this.ys[i]);
          target[2] = Math.max(target[2], this.xs[i]);
          target[3] = Math.max(target[3], this.ys[i]);
        }
      }
      this.parts.push({ crack, first, last, box: part });
    }
    this.boxes.set(crack, box);
    return end;
  }

  /** End of the colours in px: a round number above all but the widest of a hundred. */
  #limit() {
    const sorted = Float32Array.from(this.widths.filter(Number.isFinite)).sort();
    const high = sorted.length ? sorted[Math.floor(0.99 * (sorted.length - 1))] : 0;
    return high > 0 ? high : 1;
  }

  /** Let the colours end at a round number of a unit. @param {number} perPx unit per px */
  roundLimit(perPx) {
    const high = roundUp(this.#limit() * perPx);
    this.high = high / perPx;
    this.bins = Uint8Array.from(this.widths, (width) => binOf(width, this.high));
    return high;
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {import("./view.js").View} view
   * @param {number} ratio
   */
  draw(context, view, ratio) {
    if (!this.visible && this.chosen === null && !this.rejected.size) return;
    const [x0, y0] = view.toPhoto(-20, -20);
    const [x1, y1] = view.toPhoto(view.screenWidth + 20, view.screenHeight + 20);
    const seen = this.parts.filter(({ box }) => box[2] >= x0 && box[0] <= x1 && box[3] >= y0 && box[1] <= y1);
    const step = 2 ** Math.max(0, Math.floor(Math.log2(2 / (view.scale * ratio))));
    const scale = view.scale * ratio;
    context.setTransform(scale, 0, 0, scale, (view.left + view.scale / 2) * ratio, (view.top + view.scale / 2) * ratio);
    context.lineCap = "round";
    context.lineJoin = "round";
    const line = (/** @type {Path2D} */ path, /** @type {string} */ colour, /** @type {number} */ px) => {
      context.strokeStyle = colour;
      context.lineWidth = px / view.scale;
      context.stroke(path);
    };
    const chosen = new Path2D();
    const gone = new Path2D();
    for (const part of seen) {
      if (part.crack === this.chosen) this.#trace(part, step, () => chosen);
      if (this.rejected.has(part.crack)) this.#trace(part, step, () => gone);
    }
    line(chosen, "#000", 9);
    line(chosen, "#fff", 6.5);
    if (this.visible || this.chosen !== null) {
      const paths = Array.from({ length: BINS }, () => new Path2D());
      for (const part of seen) {
        if (this.rejected.has(part.crack) || (!this.visible && part.crack !== this.chosen)) continue;
        this.#trace(part, step, (i) => paths[this.bins[i]]);
      }
      // round caps and joins would take twice the time, and nobody sees them at this thickness
      context.lineCap = "butt";
      context.lineJoin = "bevel";
      paths.forEach((path, bin) => line(path, COLOURS[bin], 2.5));
    }
    context.setLineDash([6 / view.scale, 5 / view.scale]);
    line(gone, "#fff", 3.5);
    line(gone, "#333", 2);
  }

  /** Lay a part into paths, one for each colour. @param {Part} part @param {number} step @param {(i: number) => Path2D} pathOf */
  #trace({ first, last }, step, pathOf) {
    /** @type {Path2D | null} */
    let path = null;
    let i = first;
    if (first === last) {
      pathOf(i).moveTo(this.xs[i], this.ys[i]);
      pathOf(i).lineTo(this.xs[i] + 0.01, this.ys[i]);
      return;
    }
    while (i < last) {
      const next = Math.min(last, i + step);
      if (this.erased[i] || this.erased[next]) {
        path = null;
        i = next;
        continue;
      }
      const own = pathOf(i);
      if (own !== path) own.moveTo(this.xs[i], this.ys[i]);
      own.lineTo(this.xs[next], this.ys[next]);
      path = own;
      i = next;
    }
  }

  /** Show the lines as measured. */
  restore() {
    this.erased.fill(0);
  }

  /** Hide, or show again, what a stroke went over. @param {import("./api.js").Stroke} stroke */
  apply({ kind, radius_px: radius, points }) {
    const value = Number(kind === "erase");
    points.forEach(([x1, y1], k) => {
      const [x0, y0] = points[Math.max(0, k - 1)];
      const [dx, dy] = [x1 - x0, y1 - y0];
      const length = dx * dx + dy * dy;
      const cell = (/** @type {number} */ at) => Math.floor(at / CELL);
      for (let row = cell(Math.min(y0, y1) - radius); row <= cell(Math.max(y0, y1) + radius); row += 1) {
        for (let column = cell(Math.min(x0, x1) - radius); column <= cell(Math.max(x0, x1) + radius); column += 1) {
          for (const i of this.cells.get(`${column},${row}`) ?? []) {
            const [px, py] = [this.xs[i] - x0, this.ys[i] - y0];
            const along = length ? Math.max(0, Math.min(1, (px * dx + py * dy) / length)) : 0;
            if ((px - along * dx) ** 2 + (py - along * dy) ** 2 <= radius * radius) this.erased[i] = value;
          }
        }
      }
    });
  }

  /**
   * @param {number} x @param {number} y @param {number} within all in photograph px
   * @returns {Place | null}
   */
  nearest(x, y, within) {
    let best = within ** 2;
    let found = -1;
    const test = (/** @type {number[]} */ points) => {
      for (const i of points) {
        const distance = (this.xs[i] - x) ** 2 + (this.ys[i] - y) ** 2;
        if (distance <= best) [best, found] = [distance, i];
      }
    };
    const cells = Math.ceil(within / CELL);
    if ((2 * cells + 1) ** 2 > this.cells.size) this.cells.forEach(test);
    else {
      for (let row = -cells; row <= cells; row += 1) {
        for (let column = -cells; column <= cells; column += 1) {
          test(this.cells.get(`${Math.floor(x / CELL) + column},${Math.floor(y / CELL) + row}`) ?? []);
        }
      }
    }
    if (found < 0) return null;
    return {
      crack: this.cracks[found], width_px: this.widths[found],
      at: [this.xs[found], this.ys[found]], distance: Math.sqrt(best),
    };
  }
}
