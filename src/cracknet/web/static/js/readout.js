/** Numbers in words: lengths and widths with their unit, classes, and the line under the picture. */

import { make } from "./dom.js";

/**
 * @param {Record<string, any>} row of cracks.csv
 * @param {string} name such as "length" or "width_max"
 * @returns {{value: number | null, unit: string}}
 */
export function figure(row, name) {
  const mm = row[`${name}_mm`];
  const known = typeof mm === "number";
  const px = row[`${name}_px`];
  return { value: known ? mm : typeof px === "number" ? px : null, unit: known ? "mm" : "px" };
}

/** @param {number | null | undefined} value @param {number} decimals */
export const fixed = (value, decimals) => (typeof value === "number" && Number.isFinite(value) ? value.toFixed(decimals) : "");

/** Widths need two decimals in mm, one in px; lengths one. @param {string} name @param {string} unit */
export const decimalsOf = (name, unit) => (name.startsWith("width") && unit === "mm" ? 2 : 1);

/** @param {Record<string, any>} row @param {string} name */
export function figureText(row, name) {
  const { value, unit } = figure(row, name);
  return value === null ? "unknown" : `${fixed(value, decimalsOf(name, unit))} ${unit}`;
}

/** A width class as mark and words: the mark's shape differs, too. @param {string | null | undefined} name */
export function classMark(name) {
  if (!name) return make("span");
  const kind = ["within", "above", "undecided"].find((word) => name.startsWith(word))
    ?? (name.includes(" or ") ? "undecided" : "severity");
  return make("span", { class: `class ${kind}` }, name);
}

/**
 * What the line under the picture says of a place on a crack.
 *
 * @param {import("./api.js").Crack} row
 * @param {number} width_px @param {number | null} mmPerPx null where unknown, or not the same everywhere
 */
export function placeText(row, width_px, mmPerPx) {
  const here = !Number.isFinite(width_px) ? "width unknown here"
    : mmPerPx === null ? `width here ${fixed(width_px, 1)} px`
      : `width here ${fixed(width_px * mmPerPx, 2)} mm (${fixed(width_px, 1)} px)`;
  const words = row.width_class ? `, ${row.width_class}` : "";
  return `Crack ${row.crack}: ${here}, greatest ${figureText(row, "width_max")}, length ${figureText(row, "length")}${words}`;
}
