/** The line of known length that gives the scale. */

/** @typedef {import("./viewer.js").Point} Point */

export class ScaleLine {
  /** @param {(length_px: number) => void} drawn */
  constructor(drawn) {
    this.name = "line";
    this.drawn = drawn;
    /** @type {Point[]} two, or none */
    this.ends = [];
  }

  get lengthPx() {
    const [a, b] = this.ends;
    return a && b ? Math.hypot(b[0] - a[0], b[1] - a[1]) : 0;
  }

  /** @param {Point} at */
  down(at) {
    this.ends = [at, at];
  }

  /** @param {Point} at */
  move(at) {
    if (this.ends.length) this.ends = [this.ends[0], at];
  }

  up() {
    if (this.lengthPx >= 2) this.drawn(this.lengthPx);
    else this.ends = [];
  }

  cancel() {
    this.ends = [];
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {import("./view.js").View} view
   * @param {number} ratio
   * @param {Point | null} at
   */
  draw(context, view, ratio, at) {
    const screen = (/** @type {Point} */ point) => view.toScreen(...point).map((value) => value * ratio);
    for (const [colour, wide] of /** @type {[string, number][]} */ ([["#000", 4], ["#ff0", 1.8]])) {
      context.strokeStyle = colour;
      context.lineWidth = wide * ratio;
      context.beginPath();
      const marks = at ? [...this.ends, at] : this.ends;
      for (const [x, y] of marks.map(screen)) {
        const r = 7 * ratio;
        context.moveTo(x - r, y);
        context.lineTo(x + r, y);
        context.moveTo(x, y - r);
        context.lineTo(x, y + r);
      }
      if (this.ends.length === 2) {
        const [[x0, y0], [x1, y1]] = this.ends.map(screen);
        context.moveTo(x0, y0);
        context.lineTo(x1, y1);
      }
      context.stroke();
    }
  }
}
