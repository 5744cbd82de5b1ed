/** The scale: by a line, by mm per px, or by a marker. */

import { make, numberOf } from "./dom.js";
import { showFields } from "./scale_choice.js";

/**
 * What the form asks for: a change of this photograph, or of the options of all.
 *
 * @typedef {{edits?: Partial<import("./api.js").Edits>, options?: Record<string, any>}} Wish
 */

const NONE = { mm_per_px: null, scale_line: null };

export class ScaleForm {
  /**
   * @param {HTMLFormElement} form
   * @param {import("./line.js").ScaleLine} line
   * @param {(wish: Wish) => void} wished
   * @param {() => void} draw the tool of the line is wanted
   */
  constructor(form, line, wished, draw) {
    this.line = line;
    this.wished = wished;
    this.kind = /** @type {HTMLSelectElement} */ (form.elements.namedItem("scale-kind"));
    this.hint = /** @type {HTMLElement} */ (document.getElementById("scale-hint"));
    this.now = /** @type {HTMLElement} */ (document.getElementById("scale-now"));
    this.form = form;
    this.show = showFields(this.kind, form);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#set();
    });
    this.#field("scale-clear").addEventListener("click", () => wished({ edits: NONE, options: { mm_per_px: null, marker: null, distance_m: null } }));
    this.kind.addEventListener("change", () => {
      this.hint.textContent = "";
      if (this.kind.value === "line") draw();
    });
  }

  /** A line was drawn: ask for its length. @param {number} lengthPx */
  drawn(lengthPx) {
    this.kind.value = "line";
    this.show();
    this.hint.textContent = `The line is ${lengthPx.toFixed(1)} px long. Type its length in mm.`;
    this.#field("scale-line").focus();
  }

  /** @param {{mm_per_px: number, source: string} | null} scale */
  tell(scale) {
    this.now.replaceChildren(...(scale
      ? [make("strong", {}, `${Number(scale.mm_per_px.toPrecision(5))} mm per px`), ` ${scale.source.replace(/^given as .*? per pixel/, "as given")}`]
      : ["Not known: lengths and widths are in px."]));
  }

  #set() {
    const kind = this.kind.value;
    const name = { all: "scale-mm", mm_per_px: "scale-mm", line: "scale-line", marker: "scale-marker" }[kind] ?? "";
    const value = numberOf(/** @type {HTMLInputElement} */ (this.#field(name)).value);
    if (!(value > 0)) return this.#complain(name, "Type a number greater than 0, such as 0.2.");
    if (kind === "line" && !this.line.lengthPx) {
      return this.#complain(name, "Draw the line in the photograph first: choose the scale line tool and drag along a known length.");
    }
    this.hint.textContent = "";
    if (kind === "line") {
      const ends = this.line.ends.flat().map((part) => Math.round(part * 100) / 100);
      return this.wished({ edits: { mm_per_px: null, scale_line: [...ends, value] } });
    }
    if (kind === "mm_per_px") return this.wished({ edits: { ...NONE, mm_per_px: value } });
    return this.wished({
      edits: NONE,
      options: { mm_per_px: kind === "all" ? value : null, marker: kind === "marker" ? String(value) : null, distance_m: null },
    });
  }

  /** @param {string} name @param {string} sentence */
  #complain(name, sentence) {
    this.hint.textContent = sentence;
    this.#field(name).focus();
  }

  /** @param {string} name */
  #field(name) {
    return /** @type {HTMLElement} */ (this.form.elements.namedItem(name));
  }
}
