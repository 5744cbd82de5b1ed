/**
 * The canvas: draws its layers when something has changed, and turns pointers, wheel and keys into
 * moves of the view or of the tool.
 *
 * @typedef {[number, number]} Point
 * @typedef {{draw(context: CanvasRenderingContext2D, view: View, ratio: number): boolean | void}} Layer
 * @typedef {{name: string, down?(at: Point): void, move?(at: Point): void, up?(): void, cancel?(): void,
 *   key?(event: KeyboardEvent): boolean, draw?(context: CanvasRenderingContext2D, view: View, ratio: number, at: Point | null): void}} Tool
 */

import { View } from "./view.js";

const CLICK_PX = 4;
const KEY_PAN_PX = 60;
const KEY_ZOOM = 1.3;

export class Viewer {
  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas) {
    this.canvas = canvas;
    this.context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
    this.view = new View();
    /** @type {Layer[]} */
    this.layers = [];
    /** @type {Tool} */
    this.tool = { name: "move" };
    /** @type {(at: Point | null) => void} */
    this.onHover = () => {};
    /** @type {(at: Point) => void} */
    this.onPick = () => {};
    /** @type {() => void} */
    this.onView = () => {};
    /** @type {() => void} */
    this.onSettled = () => {};
    /** @type {Point | null} photograph px, of the pointer or of the keyboard's cross */
    this.at = null;
    this.penDown = false;
    this.frame = 0;
    /** @type {Map<number, Point>} */
    this.pointers = new Map();
    this.moved = 0;
    this.active = false;
    this.#listen();
    new ResizeObserver(() => this.#resize()).observe(canvas);
  }

  /** Begin with another photograph. @param {number} width @param {number} height @param {Layer[]} layers */
  open(width, height, layers) {
    Object.assign(this.view, { width, height });
    this.layers = layers;
    this.active = true;
    this.at = null;
    this.#resize();
    this.view.fit();
    this.invalidate();
  }

  /** Show nothing. */
  clear() {
    this.layers = [];
    this.active = false;
    this.invalidate();
  }

  /** @param {Tool} tool */
  choose(tool) {
    this.cancel();
    this.tool = tool;
    this.canvas.dataset.tool = tool.name;
    this.invalidate();
  }

  /** Give up what the tool was in the middle of. */
  cancel() {
    if (this.penDown) this.tool.cancel?.();
    this.penDown = false;
  }

  /** Draw at the next frame. */
  invalidate() {
    if (!this.frame) this.frame = requestAnimationFrame(() => this.#draw());
  }

  /** @param {number} factor */
  zoom(factor) {
    this.view.zoom(factor);
    this.invalidate();
  }

  /** Show all. */
  fit() {
    this.view.fit();
    this.invalidate();
  }

  get ratio() {
    return window.devicePixelRatio || 1;
  }

  #resize() {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    if (!width || !height) return;
    this.canvas.width = Math.round(width * this.ratio);
    this.canvas.height = Math.round(height * this.ratio);
    this.view.resize(width, height);
    // A canvas that was resized is empty until it is drawn: not one frame may show that.
    cancelAnimationFrame(this.frame);
    this.#draw();
  }

  #draw() {
    this.frame = 0;
    const { context, canvas, ratio, view } = this;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, canvas.width, canvas.height);
    let complete = true;
    for (const layer of this.layers) {
      context.save();
      context.imageSmoothingEnabled = view.scale * ratio < 4;
      if (layer.draw(context, view, ratio) === false) complete = false;
      context.restore();
    }
    if (this.active) {
      context.save();
      this.tool.draw?.(context, view, ratio, this.at);
      context.restore();
    }
    canvas.parentElement?.setAttribute("aria-busy", String(!complete));
    this.onView();
    if (complete && this.active) this.onSettled();
  }

  #listen() {
    const { canvas } = this;
    canvas.addEventListener("pointerdown", (event) => this.#down(event));
    canvas.addEventListener("pointermove", (event) => this.#move(event));
    canvas.addEventListener("pointerup", (event) => this.#up(event, true));
    canvas.addEventListener("pointercancel", (event) => this.#up(event, false));
    canvas.addEventListener("pointerleave", () => {
      if (this.pointers.size) return;
      this.at = null;
      this.onHover(null);
      this.invalidate();
    });
    canvas.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    canvas.addEventListener("keydown", (event) => this.#key(event));
    canvas.addEventListener("blur", () => {
      if (!this.pointers.size && this.penDown) this.#pen(false);
    });
  }

  /** @param {PointerEvent | WheelEvent} event @returns {Point} */
  #place(event) {
    const box = this.canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  /** @param {PointerEvent} event */
  #down(event) {
    if (!this.active) return;
    this.canvas.setPointerCapture(event.pointerId);
    this.pointers.set(event.pointerId, this.#place(event));
    this.canvas.classList.add("dragged");
    if (this.pointers.size === 1) {
      this.moved = 0;
      this.at = this.view.toPhoto(...this.#place(event));
      const pans = this.tool.name === "move" || event.button === 1;
      if (!pans && event.button === 0) this.#pen(true);
    } else {
      this.cancel();
      this.moved = Infinity;
    }
    this.invalidate();
  }

  /** @param {PointerEvent} event */
  #move(event) {
    const place = this.#place(event);
    const before = this.pointers.get(event.pointerId);
    if (!before) {
      this.at = this.view.toPhoto(...place);
      this.onHover(this.at);
      if (this.tool.draw) this.invalidate();
      return;
    }
    if (this.pointers.size === 2) this.#pinch(event.pointerId, place);
    else if (this.penDown) {
      for (const part of event.getCoalescedEvents?.() ?? []) this.tool.move?.(this.view.toPhoto(...this.#place(part)));
      this.at = this.view.toPhoto(...place);
      this.tool.move?.(this.at);
      this.onHover(this.at);
    } else {
      this.moved += Math.hypot(place[0] - before[0], place[1] - before[1]);
      if (this.moved >= CLICK_PX) this.view.pan(place[0] - before[0], place[1] - before[1]);
      this.onHover(null);
    }
    this.pointers.set(event.pointerId, place);
    this.invalidate();
  }

  /** @param {number} id @param {Point} place */
  #pinch(id, place) {
    const was = /** @type {Point} */ (this.pointers.get(id));
    const [other] = [...this.pointers].filter(([key]) => key !== id).map(([, at]) => at);
    const span = (/** @type {Point} */ a) => Math.max(1, Math.hypot(a[0] - other[0], a[1] - other[1]));
    const middle = /** @type {Point} */ ([(place[0] + other[0]) / 2, (place[1] + other[1]) / 2]);
    this.view.pan((place[0] - was[0]) / 2, (place[1] - was[1]) / 2);
    this.view.zoom(span(place) / span(was), ...middle);
  }

  /** @param {PointerEvent} event @param {boolean} done */
  #up(event, done) {
    if (!this.pointers.delete(event.pointerId)) return;
    if (!this.pointers.size) this.canvas.classList.remove("dragged");
    if (this.penDown) {
      if (done) this.#pen(false);
      else this.cancel();
    } else if (done && this.moved < CLICK_PX && event.button === 0 && !this.pointers.size) {
      this.onPick(this.view.toPhoto(...this.#place(event)));
    }
    this.invalidate();
  }

  /** @param {boolean} down */
  #pen(down) {
    if (!this.at) return;
    this.penDown = down;
    if (down) this.tool.down?.(this.at);
    else this.tool.up?.();
    this.invalidate();
  }

  /** @param {WheelEvent} event */
  #wheel(event) {
    if (!this.active) return;
    event.preventDefault();
    const pixels = event.deltaY * [1, 16, 400][event.deltaMode];
    const factor = Math.exp(-Math.max(-300, Math.min(300, pixels)) * (event.ctrlKey ? 0.01 : 0.002));
    this.view.zoom(factor, ...this.#place(event));
    this.invalidate();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (!this.active || event.ctrlKey || event.metaKey || event.altKey) return;
    if (this.tool.key?.(event)) {
      event.preventDefault();
      this.invalidate();
      return;
    }
    const arrow = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    const draws = this.tool.name !== "move";
    if (arrow && draws) this.#moveCross(arrow[0], arrow[1], event.shiftKey ? 10 : 1);
    else if (arrow) this.view.pan(-arrow[0] * KEY_PAN_PX, -arrow[1] * KEY_PAN_PX);
    else if (event.key === "+" || event.key === "=") this.view.zoom(KEY_ZOOM);
    else if (event.key === "-") this.view.zoom(1 / KEY_ZOOM);
    else if (event.key === "0") this.view.fit();
    else if (event.key === "1") this.view.zoom(1 / this.view.scale);
    else if (event.key === " " && draws) {
      this.at ??= this.#middle();
      this.#pen(!this.penDown);
    } else if (event.key === "Escape" && this.penDown) this.cancel();
    else return;
    event.preventDefault();
    this.invalidate();
  }

  /** @returns {Point} */
  #middle() {
    return this.view.toPhoto(this.view.screenWidth / 2, this.view.screenHeight / 2);
  }

  /** Move the cross by screen px, and the view with it where it would leave. @param {number} dx @param {number} dy @param {number} step */
  #moveCross(dx, dy, step) {
    const by = (step * 2) / this.view.scale;
    const [x, y] = this.at ?? this.#middle();
    this.at = [
      Math.min(this.view.width - 1, Math.max(0, x + dx * by)),
      Math.min(this.view.height - 1, Math.max(0, y + dy * by)),
    ];
    const [sx, sy] = this.view.toScreen(...this.at);
    const outside = (/** @type {number} */ at, /** @type {number} */ room) => Math.min(0, room - 20 - at) - Math.min(0, at - 20);
    this.view.pan(outside(sx, this.view.screenWidth), outside(sy, this.view.screenHeight));
    if (this.penDown) this.tool.move?.(this.at);
    else this.onHover(this.at);
  }
}
