/**
 * The crack pixels over the photograph, made in the browser: tiles of the probability, or of a mask,
 * from a threshold on, with the strokes of the brush laid over them in their order.
 */

import { TileLayer } from "./tiles.js";

/** The colour of all of CrackNet's overlays, as a little-endian pixel. */
const CRACK = "rgb(235, 40, 40)";
const CRACK_PIXEL = 0xff2828eb;

export class MaskLayer extends TileLayer {
  /**
   * @param {(level: number, column: number, row: number) => string} address
   * @param {import("./api.js").Pyramid} pyramid
   * @param {() => void} changed
   */
  constructor(address, pyramid, changed) {
    super(address, pyramid, changed, 120);
    this.least = 128;
    /** @type {import("./api.js").Stroke[]} */
    this.strokes = [];
    this.stamp = 0;
  }

  /** Show what is at least so probable. @param {number} threshold 0 to 1 */
  setThreshold(threshold) {
    // A probability is kept in steps of 1/255: the rounded value decides, as it does in the file.
    const least = Math.max(1, Math.ceil(threshold * 255 - 1e-6));
    if (least === this.least) return;
    this.least = least;
    this.stamp += 1;
  }

  /** @param {import("./api.js").Stroke[]} strokes */
  setStrokes(strokes) {
    if (strokes.length === this.strokes.length && strokes.every((stroke, k) => stroke === this.strokes[k])) return;
    this.strokes = strokes;
    this.stamp += 1;
  }

  /**
   * Draw a piece of a stroke at once, before it is among the strokes.
   *
   * @param {"add" | "erase"} kind
   * @param {number} radius
   * @param {[number, number][]} points the last ones
   */
  dab(kind, radius, points) {
    for (const tile of this.tiles.values()) {
      if (tile.state !== "ready" || !tile.canvas || tile.stamp !== this.stamp) continue;
      this.#stroke(tile, { kind, radius_px: radius, points });
    }
  }

  /** @param {Blob} blob */
  async decode(blob) {
    const picture = await createImageBitmap(blob, { colorSpaceConversion: "none", premultiplyAlpha: "none" });
    const canvas = new OffscreenCanvas(picture.width, picture.height);
    const context = /** @type {OffscreenCanvasRenderingContext2D} */ (canvas.getContext("2d", { willReadFrequently: true }));
    context.drawImage(picture, 0, 0);
    const { data, width, height } = context.getImageData(0, 0, picture.width, picture.height);
    const gray = new Uint8Array(width * height);
    for (let k = 0; k < gray.length; k += 1) gray[k] = data[4 * k];
    picture.close();
    return { gray, width, height };
  }

  /** @param {import("./tiles.js").Tile} tile */
  pictureOf(tile) {
    if (tile.canvas && tile.stamp === this.stamp) return tile.canvas;
    const { gray, width, height } = tile.picture;
    tile.canvas ??= Object.assign(document.createElement("canvas"), { width, height });
    const context = /** @type {CanvasRenderingContext2D} */ (tile.canvas.getContext("2d"));
    const pixels = context.createImageData(width, height);
    const words = new Uint32Array(pixels.data.buffer);
    const colours = new Uint32Array(256).fill(CRACK_PIXEL, this.least);
    for (let k = 0; k < gray.length; k += 1) words[k] = colours[gray[k]];
    context.putImageData(pixels, 0, 0);
    for (const stroke of this.strokes) this.#stroke(tile, stroke);
    tile.stamp = this.stamp;
    return tile.canvas;
  }

  /** @param {import("./tiles.js").Tile} tile @param {import("./api.js").Stroke} stroke */
  #stroke(tile, stroke) {
    const unit = 2 ** tile.level;
    const size = this.pyramid.tile_px * unit;
    const left = tile.column * size;
    const top = tile.row * size;
    const r = stroke.radius_px;
    const near = stroke.points.some(([x, y], k) => {
      const [px, py] = stroke.points[Math.max(0, k - 1)];
      return Math.max(x, px) + r > left - 0.5 && Math.min(x, px) - r < left + size
        && Math.max(y, py) + r > top - 0.5 && Math.min(y, py) - r < top + size;
    });
    if (!near) return;
    const context = /** @type {CanvasRenderingContext2D} */ (tile.canvas?.getContext("2d"));
    context.save();
    context.globalCompositeOperation = stroke.kind === "add" ? "source-over" : "destination-out";
    context.strokeStyle = CRACK;
    context.lineCap = "round";
    context.lineJoin = "round";
    context.lineWidth = Math.max((2 * r) / unit, 1);
    context.beginPath();
    stroke.points.forEach(([x, y], k) => {
      const at = /** @type {[number, number]} */ ([(x + 0.5 - left) / unit, (y + 0.5 - top) / unit]);
      if (k === 0) context.moveTo(...at);
      context.lineTo(...at);
    });
    context.stroke();
    context.restore();
  }
}
