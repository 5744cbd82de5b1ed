/**
 * Choosing and rejecting cracks, in the picture, in the table and under it.
 */

import { announce, byId, make } from "./dom.js";
import { legend } from "./legend.js";
import { classMark, figureText, fixed, placeText } from "./readout.js";

/** How near a pointer must be to a centreline, in CSS px. */
const NEAR_PX = 10;

export class Selection {
  /**
   * @param {import("./viewer.js").Viewer} viewer
   * @param {import("./table.js").CrackTable} table
   * @param {() => import("./photo.js").OpenPhoto | null} open the photograph that is open
   */
  constructor(viewer, table, open) {
    this.viewer = viewer;
    this.table = table;
    this.open = open;
    viewer.onHover = (at) => this.#hover(at);
    viewer.onPick = (at) => this.choose(this.#near(at)?.crack ?? null, false);
  }

  /** @param {number | null} crack @param {boolean} show move the view there */
  choose(crack, show) {
    const open = this.open();
    if (!open?.lines) return;
    open.lines.chosen = crack;
    this.table.choose(crack, !show);
    const box = crack === null ? undefined : open.lines.boxes.get(crack);
    if (show && box) this.viewer.view.show(box);
    const row = this.#row(crack);
    byId("readout").textContent = row ? crackText(row) : "";
    this.list();
    this.viewer.invalidate();
  }

  /** Reject a crack, or accept it again. @param {number} crack */
  reject(crack) {
    const open = this.open();
    const row = this.#row(crack);
    if (!open || !row) return;
    const key = row.at.join();
    const others = open.edits.rejected.filter((at) => at.join() !== key);
    const gone = others.length < open.edits.rejected.length;
    announce(gone ? `Crack ${crack} is accepted again.` : `Crack ${crack} is rejected.`);
    open.edit({ rejected: gone ? others : [...others, row.at] });
  }

  /** Write what can be done with the chosen crack, and what was rejected. */
  list() {
    const open = this.open();
    if (!open) return;
    const { rejected } = open.edits;
    const pending = open.rejectedCracks();
    this.table.reject(pending);
    const chosen = open.lines?.chosen ?? null;
    const parts = [];
    if (chosen !== null) {
      parts.push(make("div", { class: "buttons" },
        make("button", { type: "button", id: "reject", "aria-keyshortcuts": "Delete", onclick: () => this.reject(chosen) },
          pending.has(chosen) ? `Accept crack ${chosen} again` : `Reject crack ${chosen}`)));
    }
    if (rejected.length) {
      parts.push(make("ul", { "aria-label": "Rejected cracks" }, ...rejected.map((at) =>
        make("li", {}, `Rejected at ${fixed(at[0], 0)}, ${fixed(at[1], 0)} px`,
          make("button", {
            type: "button", class: "small",
            onclick: () => open.edit({ rejected: rejected.filter((other) => other !== at) }),
          }, "Accept")))));
    }
    const focus = document.activeElement?.id === "reject";
    byId("rejected").replaceChildren(...parts);
    if (focus) document.getElementById("reject")?.focus();
  }

  /** @param {number | null} crack */
  #row(crack) {
    return this.open()?.measurement?.cracks.find((row) => row.crack === crack);
  }

  /** @param {import("./viewer.js").Point} at */
  #near(at) {
    return this.open()?.lines?.nearest(at[0], at[1], NEAR_PX / this.viewer.view.scale) ?? null;
  }

  /** @param {import("./viewer.js").Point | null} at */
  #hover(at) {
    const { view, tool } = this.viewer;
    const tip = byId("tip");
    const open = this.open();
    const found = at && this.#near(at);
    const row = found ? this.#row(found.crack) : undefined;
    tip.hidden = !row || tool.name !== "move";
    if (at) byId("readout").textContent = `x ${fixed(at[0], 0)}, y ${fixed(at[1], 0)} px`;
    if (!row || !found || !open) return;
    const text = placeText(row, found.width_px, legend.perPx(open));
    byId("readout").textContent = text;
    tip.replaceChildren(text.split(",")[0].replace("width here ", ""), " ", classMark(row.width_class));
    const [x, y] = view.toScreen(...found.at);
    const left = Math.min(x + 14, view.screenWidth - tip.offsetWidth - 4);
    tip.style.transform = `translate(${Math.round(Math.max(4, left))}px, ${Math.round(Math.max(4, y - tip.offsetHeight - 14))}px)`;
  }
}

/** @param {import("./api.js").Crack} row */
function crackText(row) {
  const words = row.width_class ? `, ${row.width_class}` : "";
  return `Crack ${row.crack}: length ${figureText(row, "length")}, greatest width ${figureText(row, "width_max")}, 95 % ${figureText(row, "width_p95")}${words}`;
}
