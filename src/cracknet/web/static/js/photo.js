/** The photograph that is open: its tiles, centrelines and corrections. */

import { getMeasurement, getPyramid, photoPath } from "./api.js";
import { Centrelines } from "./centrelines.js";
import { History, sameEdits, strokesSince } from "./edits.js";
import { MaskLayer } from "./mask.js";
import { Saver } from "./saving.js";
import { TileLayer } from "./tiles.js";

/**
 * @typedef {{measured(): void, edited(): void, saying(text: string, fault?: boolean): void,
 *   failed(sentence: string): void}} Told
 */

export class OpenPhoto {
  /**
   * @param {string} job
   * @param {import("./api.js").Photo} record
   * @param {import("./viewer.js").Viewer} viewer
   * @param {Told} told
   */
  constructor(job, record, viewer, told) {
    this.job = job;
    this.record = record;
    this.viewer = viewer;
    this.told = told;
    this.history = new History(record.edits);
    this.measuredEdits = record.edits;
    this.loadedRevision = -1;
    this.closed = false;
    this.opacity = 0.55;
    this.preview = /** @type {number | null} */ (null);
    /** @type {import("./api.js").Measurement | null} */
    this.measurement = null;
    /** @type {Centrelines | null} */
    this.lines = null;
    /** @type {TileLayer | null} */
    this.tiles = null;
    /** @type {MaskLayer | null} */
    this.mask = null;
    /** @type {MaskLayer | null} shown until the tiles of its successor are there */
    this.oldMask = null;
    /** @type {MaskLayer | null} */
    this.probability = null;
    this.linesShown = true;
    this.saver = new Saver(job, record, {
      saving: () => this.closed || told.saying("Saving the corrections."),
      saved: (photo) => this.closed || this.update(photo),
      failed: (sentence) => told.saying(`The corrections of ${record.file_name} are not saved: ${sentence}`, true),
      conflict: (photo) => this.#takeOver(photo),
    });
  }

  /** Whether there is anything to show. */
  get ready() {
    return this.measurement !== null;
  }

  get edits() {
    return this.history.now;
  }

  /** The threshold in effect. */
  get threshold() {
    return this.preview ?? this.edits.threshold ?? this.measurement?.threshold ?? 0.5;
  }

  /** Whether the corrections were made after the measurement that is shown. */
  get changed() {
    return !sameEdits(this.edits, this.measuredEdits);
  }

  /** @returns {Promise<void>} */
  async load() {
    if (this.record.width_px === null || this.record.status === "failed") return;
    const { revision, number, edits } = this.record;
    this.loadedRevision = revision;
    try {
      const [pyramid, measurement] = await Promise.all([
        getPyramid(this.job, number), getMeasurement(this.job, number, revision),
      ]);
      if (this.closed) return;
      this.#show(pyramid, measurement, edits);
      this.told.measured();
    } catch (error) {
      if (!this.closed) this.told.failed(/** @type {Error} */ (error).message);
    }
  }

  /** The server's record has changed. @param {import("./api.js").Photo} record */
  update(record) {
    if (record.revision < this.record.revision) return;
    this.record = record;
    this.saver.update(record);
    // corrected elsewhere, while nothing is under way here
    if (this.saver.idle && !sameEdits(record.edits, this.edits)) {
      this.history = new History(record.edits);
      this.showEdits();
    }
    if (record.status === "done" && record.revision !== this.loadedRevision) this.load();
    else this.told.edited();
  }

  /** @param {Partial<import("./api.js").Edits>} change */
  edit(change) {
    if (this.history.change(change)) this.#edited();
  }

  undo() {
    if (this.history.undo()) this.#edited();
  }

  redo() {
    if (this.history.redo()) this.#edited();
  }

  /** Show another threshold without keeping it. @param {number | null} threshold */
  previewThreshold(threshold) {
    this.preview = threshold;
    this.showEdits();
  }

  /** @param {"add" | "erase"} kind @param {number} radius @param {[number, number][]} points */
  dab(kind, radius, points) {
    this.#shown()?.dab(kind, radius, points);
    this.lines?.apply({ kind, radius_px: radius, points });
    this.viewer.invalidate();
  }

  /** Take away what was drawn of a stroke that was given up. */
  redrawStrokes() {
    for (const layer of [this.mask, this.probability]) if (layer) layer.stamp += 1;
    this.showEdits();
  }

  /** Put the layers into the state of the corrections. */
  showEdits() {
    const since = this.preview === null ? strokesSince(this.measuredEdits, this.edits) : null;
    this.mask?.setStrokes(since ?? []);
    this.probability?.setThreshold(this.threshold);
    this.probability?.setStrokes(this.edits.strokes);
    if (this.lines) {
      this.lines.visible = this.linesShown;
      this.lines.rejected = this.rejectedCracks();
      this.lines.restore();
      for (const stroke of since ?? []) this.lines.apply(stroke);
    }
    this.viewer.invalidate();
  }

  /** Numbers of measured cracks that were rejected since. @returns {Set<number>} */
  rejectedCracks() {
    const key = (/** @type {number[]} */ at) => at.join();
    const points = new Set(this.edits.rejected.map(key));
    return new Set((this.measurement?.cracks ?? []).filter((row) => points.has(key(row.at))).map((row) => row.crack));
  }

  /** Fetch the probability where the view is, so that the threshold acts at once. */
  prefetch() {
    this.probability?.draw(null, this.viewer.view, this.viewer.ratio);
  }

  close() {
    this.closed = true;
    this.saver.now();
    for (const layer of [this.tiles, this.mask, this.oldMask, this.probability]) layer?.close();
  }

  #edited() {
    this.preview = null;
    this.saver.later(this.edits);
    this.showEdits();
    this.told.edited();
  }

  /** @param {import("./api.js").Photo} photo */
  #takeOver(photo) {
    this.record = photo;
    this.history = new History(photo.edits);
    this.showEdits();
    this.told.saying("This photograph was corrected elsewhere in the meantime. The page shows that state; your last correction is not kept.", true);
    this.load();
  }

  /** @returns {MaskLayer | null} */
  #shown() {
    const since = this.preview === null && strokesSince(this.measuredEdits, this.edits) !== null;
    return since ? this.mask : this.probability;
  }

  /**
   * @param {import("./api.js").Pyramid} pyramid
   * @param {import("./api.js").Measurement} measurement
   * @param {import("./api.js").Edits} edits those that were measured
   */
  #show(pyramid, measurement, edits) {
    const first = this.tiles === null;
    const redraw = () => this.viewer.invalidate();
    const address = (/** @type {string} */ layer, revision = measurement.revision) => (/** @type {number[]} */ ...at) =>
      `${photoPath(this.job, this.record.number, `tiles/${layer}/${at.join("/")}`)}?revision=${revision}`;
    this.tiles ??= new TileLayer(address("photo", 0), pyramid, redraw); // it never changes
    this.probability ??= new MaskLayer(address("probability"), pyramid, redraw);
    this.oldMask?.close();
    this.oldMask = this.mask;
    this.mask = new MaskLayer(address("mask"), pyramid, redraw);
    this.measurement = measurement;
    this.measuredEdits = edits;
    const chosen = this.lines?.chosen ?? null;
    this.lines = new Centrelines(measurement.branches);
    this.lines.chosen = chosen !== null && this.lines.boxes.has(chosen) ? chosen : null;
    const { viewer, tiles, lines } = this;
    const layers = [tiles, { draw: this.#drawMask.bind(this) }, lines];
    if (first) viewer.open(pyramid.width_px, pyramid.height_px, layers);
    else viewer.layers = layers;
    this.showEdits();
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {import("./view.js").View} view
   * @param {number} ratio
   */
  #drawMask(context, view, ratio) {
    if (!this.opacity) return true;
    context.globalAlpha = this.opacity;
    context.imageSmoothingEnabled = view.scale * ratio < 1.5;
    const shown = this.#shown();
    if (shown !== this.mask || !this.oldMask) return shown?.draw(context, view, ratio) ?? true;
    // While the new mask comes, the old one stands: nothing flickers.
    if (!this.mask?.draw(null, view, ratio)) {
      this.oldMask.draw(context, view, ratio);
      return false;
    }
    this.oldMask.close();
    this.oldMask = null;
    return this.mask.draw(context, view, ratio);
  }
}
