/** Keeping corrections on the server: shortly after the last one, and when the page is left. */

import { ApiError, getJob, putEdits } from "./api.js";
import { sameEdits } from "./edits.js";

const PAUSE_MS = 1500;
const TRIES = 4;

export class Saver {
  /**
   * @param {string} job
   * @param {import("./api.js").Photo} photo as the server has it
   * @param {{saving(): void, saved(photo: import("./api.js").Photo): void,
   *   failed(sentence: string): void, conflict(photo: import("./api.js").Photo): void}} told
   */
  constructor(job, photo, told) {
    this.job = job;
    this.photo = photo;
    this.told = told;
    this.kept = photo.edits;
    /** @type {import("./api.js").Edits | null} */
    this.waiting = null;
    this.timer = 0;
    this.busy = false;
  }

  /** Whether all corrections are kept. */
  get idle() {
    return !this.busy && this.waiting === null;
  }

  /** The server's record has moved on. @param {import("./api.js").Photo} photo */
  update(photo) {
    if (photo.revision >= this.photo.revision) this.photo = photo;
    if (this.idle) this.kept = photo.edits;
  }

  /** Keep these after a pause. @param {import("./api.js").Edits} edits */
  later(edits) {
    this.waiting = edits;
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => this.now(), PAUSE_MS);
  }

  /** Keep what waits. */
  async now() {
    window.clearTimeout(this.timer);
    if (this.busy) return;
    this.busy = true;
    while (this.waiting) {
      const edits = this.waiting;
      this.waiting = null;
      this.told.saving();
      try {
        const photo = await this.#put(edits);
        if (!photo) break;
        this.photo = photo;
        this.kept = edits;
        this.told.saved(photo);
      } catch (error) {
        this.waiting ??= edits;
        this.told.failed(/** @type {Error} */ (error).message);
        break;
      }
    }
    this.busy = false;
  }

  /** The page is being left: what waits goes out with it. */
  leave() {
    if (!this.waiting) return;
    putEdits(this.job, this.photo, this.waiting, true).catch(() => {});
    this.waiting = null;
  }

  /**
   * A record's revision also moves when its measurement ends: that is no conflict as long as the
   * corrections are still those that this page kept last.
   *
   * @param {import("./api.js").Edits} edits
   */
  async #put(edits) {
    for (let k = 0; k < TRIES; k += 1) {
      try {
        return await putEdits(this.job, this.photo, edits);
      } catch (error) {
        const stale = error instanceof ApiError && [409, 412].includes(error.status);
        if (!stale || k === TRIES - 1) throw error;
        const job = await getJob(this.job);
        this.photo = job.photos.find((photo) => photo.number === this.photo.number) ?? this.photo;
        if (!sameEdits(this.photo.edits, this.kept)) {
          this.kept = this.photo.edits;
          this.waiting = null;
          this.told.conflict(this.photo);
          return null;
        }
      }
    }
    return null;
  }
}
