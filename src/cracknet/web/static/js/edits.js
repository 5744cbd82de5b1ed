/**
 * Corrections of a photograph, with undo and redo. A value is never changed in place: every step is a
 * new one, so that the history is a list of them.
 */

/** @typedef {import("./api.js").Edits} Edits */

/** @type {Edits} */
export const NO_EDITS = { threshold: null, strokes: [], rejected: [], mm_per_px: null, scale_line: null };

/** Whether two corrections say the same. @param {Edits} a @param {Edits} b */
export const sameEdits = (a, b) => keyOf(a) === keyOf(b);

/** @param {Edits} edits */
function keyOf(edits) {
  return JSON.stringify([
    edits.threshold ?? null, edits.mm_per_px ?? null, edits.scale_line ?? null, edits.rejected,
    edits.strokes.map((stroke) => [stroke.kind, stroke.radius_px, stroke.points]),
  ]);
}

/**
 * What to draw over the mask that was measured, so that it shows later corrections: the strokes since
 * then, or null where the mask must be made anew from the probability.
 *
 * @param {Edits} measured @param {Edits} now @returns {import("./api.js").Stroke[] | null}
 */
export function strokesSince(measured, now) {
  const first = measured.strokes.length;
  const begins = now.strokes.length >= first
    && sameEdits({ ...NO_EDITS, strokes: measured.strokes }, { ...NO_EDITS, strokes: now.strokes.slice(0, first) });
  return begins && (measured.threshold ?? null) === (now.threshold ?? null)
    && measured.rejected.every((at) => now.rejected.some((other) => other[0] === at[0] && other[1] === at[1]))
    ? now.strokes.slice(first) : null;
}

export class History {
  /** @param {Edits} edits as the server keeps them: earlier strokes can be undone after a reload, too */
  constructor(edits) {
    this.now = { ...NO_EDITS, ...edits };
    /** @type {Edits[]} */
    this.past = edits.strokes.map((_, k) => ({ ...this.now, strokes: edits.strokes.slice(0, k) }));
    /** @type {Edits[]} */
    this.future = [];
  }

  /** @param {Partial<Edits>} change */
  change(change) {
    const next = { ...this.now, ...change };
    if (sameEdits(next, this.now)) return false;
    this.past.push(this.now);
    this.future = [];
    this.now = next;
    return true;
  }

  /** @returns {boolean} whether there was anything to undo */
  undo() {
    const earlier = this.past.pop();
    if (!earlier) return false;
    this.future.push(this.now);
    this.now = earlier;
    return true;
  }

  /** @returns {boolean} whether there was anything to do again */
  redo() {
    const later = this.future.pop();
    if (!later) return false;
    this.past.push(this.now);
    this.now = later;
    return true;
  }
}
