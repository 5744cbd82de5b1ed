/** Small helpers around the document. */

/**
 * @template {HTMLElement} T
 * @param {string} id
 * @returns {T}
 */
export function byId(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no element #${id}`);
  return /** @type {T} */ (found);
}

/**
 * Make an element: attributes by name, listeners as functions under `onclick` and the like.
 *
 * @param {string} tag
 * @param {Record<string, any>} [attributes] null, undefined and false are left out
 * @param {...(Node | string | null)} children
 * @returns {HTMLElement}
 */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === "function") element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  for (const child of children) if (child !== null) element.append(child);
  return element;
}

/** Read a sentence to those who listen to the page. @param {string} text */
export function announce(text) {
  byId("announcer").textContent = text;
}

/**
 * A number as the user typed it, with a point or a comma; NaN where it is none.
 *
 * @param {string} text
 */
export function numberOf(text) {
  const trimmed = text.trim().replace(",", ".");
  return trimmed === "" ? NaN : Number(trimmed);
}

/** @param {number} bytes */
export function sizeText(bytes) {
  return bytes < 1e6 ? `${Math.max(1, Math.round(bytes / 1e3))} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
