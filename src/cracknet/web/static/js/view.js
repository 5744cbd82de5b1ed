/**
 * Where the photograph lies on the screen. Pixel centres are at whole numbers, so pixel (x, y) covers
 * [x - 0.5, x + 0.5] x [y - 0.5, y + 0.5]; `scale` is screen px (CSS) per photograph px.
 */
export class View {
  constructor() {
    this.scale = 1;
    this.left = 0;
    this.top = 0;
    this.width = 1;
    this.height = 1;
    this.screenWidth = 1;
    this.screenHeight = 1;
  }

  /** Largest enlargement: a pixel as large as a fingertip's tenth. */
  static LARGEST = 32;

  /** Scale at which all is shown. */
  get fitScale() {
    return Math.min(this.screenWidth / this.width, this.screenHeight / this.height);
  }

  /** @param {number} x @param {number} y photograph px @returns {[number, number]} */
  toScreen(x, y) {
    return [(x + 0.5) * this.scale + this.left, (y + 0.5) * this.scale + this.top];
  }

  /** @param {number} x @param {number} y screen px @returns {[number, number]} */
  toPhoto(x, y) {
    return [(x - this.left) / this.scale - 0.5, (y - this.top) / this.scale - 0.5];
  }

  /** Show all of the photograph. */
  fit() {
    this.scale = this.fitScale;
    this.keepInside();
  }

  /** Change the size of the screen and keep what was in its middle there. @param {number} width @param {number} height */
  resize(width, height) {
    const wasFit = Math.abs(this.scale / this.fitScale - 1) < 1e-6;
    const middle = this.toPhoto(this.screenWidth / 2, this.screenHeight / 2);
    this.screenWidth = width;
    this.screenHeight = height;
    if (wasFit) this.fit();
    else this.centre(middle[0], middle[1]);
  }

  /** @param {number} x @param {number} y photograph px @param {number} [scale] */
  centre(x, y, scale = this.scale) {
    this.scale = this.#bounded(scale);
    this.left = this.screenWidth / 2 - (x + 0.5) * this.scale;
    this.top = this.screenHeight / 2 - (y + 0.5) * this.scale;
    this.keepInside();
  }

  /** @param {number} dx @param {number} dy screen px */
  pan(dx, dy) {
    this.left += dx;
    this.top += dy;
    this.keepInside();
  }

  /** Zoom with a place of the screen held fast. @param {number} factor @param {number} x @param {number} y */
  zoom(factor, x = this.screenWidth / 2, y = this.screenHeight / 2) {
    const [px, py] = this.toPhoto(x, y);
    this.scale = this.#bounded(this.scale * factor);
    this.left = x - (px + 0.5) * this.scale;
    this.top = y - (py + 0.5) * this.scale;
    this.keepInside();
  }

  /** Show a rectangle of the photograph, never larger than full size. @param {number[]} box x0, y0, x1, y1 */
  show([x0, y0, x1, y1]) {
    const wanted = 0.7 * Math.min(this.screenWidth / (x1 - x0 + 1), this.screenHeight / (y1 - y0 + 1));
    this.centre((x0 + x1) / 2, (y0 + y1) / 2, Math.min(wanted, Math.max(1, this.fitScale)));
  }

  /** A photograph smaller than the screen stands in its middle; a larger one covers it. */
  keepInside() {
    const clamp = (/** @type {number} */ at, /** @type {number} */ size, /** @type {number} */ room) => {
      if (size <= room) return (room - size) / 2;
      const slack = Math.min(room / 3, size - room);
      return Math.min(slack, Math.max(room - size - slack, at));
    };
    this.left = clamp(this.left, this.width * this.scale, this.screenWidth);
    this.top = clamp(this.top, this.height * this.scale, this.screenHeight);
  }

  /** @param {number} scale */
  #bounded(scale) {
    const least = Math.min(this.fitScale, 1);
    return Math.min(View.LARGEST, Math.max(least, scale));
  }
}
