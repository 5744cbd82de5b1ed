/** Brush and eraser: strokes in photograph px. */

/** @typedef {import("./viewer.js").Point} Point */

const DECIMALS = 10;

export class Brush {
  /**
   * @param {"brush" | "eraser"} name
   * @param {() => number} radius in photograph px
   * @param {(kind: "add" | "erase", radius: number, points: Point[]) => void} dab drawn at once
   * @param {(stroke: import("./api.js").Stroke) => void} done
   * @param {() => void} dropped
   */
  constructor(name, radius, dab, done, dropped) {
    this.name = name;
    /** @type {"add" | "erase"} */
    this.kind = name === "brush" ? "add" : "erase";
    this.radius = radius;
    this.dab = dab;
    this.done = done;
    this.dropped = dropped;
    /** @type {Point[]} */
    this.points = [];
  }

  /** @param {Point} at */
  down(at) {
    this.points = [rounded(at)];
    this.dab(this.kind, this.radius(), this.points);
  }

  /** @param {Point} at */
  move(at) {
    const last = this.points[this.points.length - 1];
    const next = rounded(at);
    if (!last || Math.hypot(next[0] - last[0], next[1] - last[1]) < Math.max(0.5, this.radius() / 4)) return;
    this.points.push(next);
    this.dab(this.kind, this.radius(), [last, next]);
  }

  up() {
    if (this.points.length) this.done({ kind: this.kind, radius_px: this.radius(), points: this.points });
    this.points = [];
  }

  cancel() {
    this.points = [];
    this.dropped();
  }

  /**
   * The ring of the brush, black and white so that it shows on any ground.
   *
   * @param {CanvasRenderingContext2D} context
   * @param {import("./view.js").View} view
   * @param {number} ratio
   * @param {Point | null} at
   */
  draw(context, view, ratio, at) {
    if (!at) return;
    const [x, y] = view.toScreen(...at).map((value) => value * ratio);
    const radius = Math.max(2, this.radius() * view.scale) * ratio;
    for (const [colour, wide] of /** @type {[string, number][]} */ ([["#000", 3], ["#fff", 1.5]])) {
      context.strokeStyle = colour;
      context.lineWidth = wide * ratio;
      context.beginPath();
      context.arc(x, y, radius, 0, 2 * Math.PI);
      if (this.kind === "erase") {
        context.moveTo(x - radius * 0.7, y + radius * 0.7);
        context.lineTo(x + radius * 0.7, y - radius * 0.7);
      }
      context.stroke();
    }
  }
}

/** @param {Point} at @returns {Point} */
function rounded([x, y]) {
  return [Math.round(x * DECIMALS) / DECIMALS, Math.round(y * DECIMALS) / DECIMALS];
}
