/** Colours of widths: the plasma map from where it is bright enough, as in the overlays of the tables. */

const STOPS = [
  [154, 22, 159], [170, 35, 149], [182, 48, 139], [194, 60, 129], [205, 74, 118], [215, 86, 108],
  [224, 99, 99], [233, 113, 88], [240, 127, 79], [246, 143, 68], [250, 158, 59], [253, 174, 50],
  [254, 192, 41], [252, 210, 37], [246, 230, 38], [240, 249, 33],
];
const ROUND = [1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10];

/** Colours in use. */
export const BINS = 24;

/** Colour of each bin. */
export const COLOURS = Array.from({ length: BINS }, (_, bin) => {
  const place = (bin / (BINS - 1)) * (STOPS.length - 1);
  const low = Math.min(STOPS.length - 2, Math.floor(place));
  const mixed = STOPS[low].map((value, k) => Math.round(value + (place - low) * (STOPS[low + 1][k] - value)));
  return `rgb(${mixed.join(" ")})`;
});

/** @param {number} value @param {number} high end of the colours */
export const binOf = (value, high) => Math.max(0, Math.min(BINS - 1, Math.floor((value / high) * BINS)));

/** The least round number that is not below a value. @param {number} value above 0 @param {number[]} steps */
export function roundUp(value, steps = ROUND) {
  const power = 10 ** Math.floor(Math.log10(value));
  const found = steps.find((step) => step * power >= value * (1 - 1e-9));
  return Number(((found ?? 10) * power).toPrecision(6));
}

/** The greatest of 1, 2, 5 times a power of ten that is not above a value. @param {number} value above 0 */
export function roundDown(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  return Number(([5, 2, 1].find((step) => step * power <= value * (1 + 1e-9)) ?? 1) * power);
}
