/** Legend of the width colours, and the scale bar. */

import { roundDown } from "./colours.js";
import { byId } from "./dom.js";

const LONGEST_PX = 150;

/** mm per px where one number holds for the whole photograph, else null. @param {import("./photo.js").OpenPhoto} open */
function perPx(open) {
  const scale = open.measurement?.scale;
  return scale && !(/** @type {any} */ (scale).homography) ? scale.mm_per_px : null;
}

/** @param {import("./photo.js").OpenPhoto} open */
export function legend(open) {
  const { lines } = open;
  const shown = Boolean(lines?.boxes.size && open.linesShown);
  byId("legend").hidden = !shown;
  if (!lines || !shown) return;
  const mm = perPx(open);
  const high = lines.roundLimit(mm ?? 1);
  byId("legend-unit").textContent = mm === null ? "px" : "mm";
  byId("legend-high").textContent = `${high}`;
  open.viewer.invalidate();
}
legend.perPx = perPx;

/**
 * A bar of a round length.
 *
 * @param {import("./view.js").View} view
 * @param {{mm_per_px: number} | null} scale
 */
export function scaleBar(view, scale) {
  const bar = byId("bar");
  bar.hidden = scale === null;
  if (!scale) return;
  const perScreenPx = scale.mm_per_px / view.scale;
  const length = roundDown(LONGEST_PX * perScreenPx);
  byId("bar-line").style.width = `${length / perScreenPx}px`;
  byId("bar-text").textContent = length >= 1000 ? `${length / 1000} m` : `${length} mm`;
}
