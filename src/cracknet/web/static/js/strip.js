/** The job's photographs, each with its state. */

import { photoPath } from "./api.js";
import { make } from "./dom.js";

/** Whether a photograph was never looked at, as its job was stopped. @param {import("./api.js").Photo} photo */
export const stopped = (photo) => photo.status === "failed" && (photo.error ?? "").startsWith("cancelled");

/** States of a photograph in words. @param {import("./api.js").Photo} photo */
export function stateText(photo) {
  if (stopped(photo)) return "Cancelled";
  if (photo.status === "failed") return "Failed";
  if (photo.status === "done") return photo.cracks ? `${photo.cracks} ${photo.cracks === 1 ? "crack" : "cracks"}` : "No cracks";
  if (photo.width_px !== null) return "Measuring anew";
  return photo.status === "running" ? "Finding cracks" : "Waiting";
}

export class Strip {
  /** @param {HTMLElement} list @param {(number: number) => void} picked */
  constructor(list, picked) {
    this.list = list;
    this.picked = picked;
    /** @type {Map<number, HTMLElement>} */
    this.items = new Map();
  }

  /** @param {import("./api.js").Job} job @param {number} current */
  show(job, current) {
    for (const photo of job.photos) {
      let item = this.items.get(photo.number);
      if (!item) {
        item = make("li", {}, make("button", { type: "button", onclick: () => this.picked(photo.number) },
          make("span", { class: "blank" }), make("span", { class: "name" }, photo.file_name), make("span", { class: "state" })));
        this.items.set(photo.number, item);
        this.list.append(item);
      }
      const button = /** @type {HTMLElement} */ (item.firstElementChild);
      const state = /** @type {HTMLElement} */ (button.lastElementChild);
      state.textContent = stateText(photo);
      state.className = `state ${stopped(photo) ? "cancelled" : photo.status}`;
      this.#picture(job.id, photo, button);
      if (photo.number !== current) button.removeAttribute("aria-current");
      else if (button.getAttribute("aria-current") !== "true") {
        button.setAttribute("aria-current", "true");
        item.scrollIntoView({ block: "nearest", inline: "nearest" });
      }
    }
  }

  /** @param {string} job @param {import("./api.js").Photo} photo @param {HTMLElement} button */
  #picture(job, photo, button) {
    const place = /** @type {HTMLElement} */ (button.firstElementChild);
    if (photo.width_px === null || photo.height_px === null || photo.status === "failed" || place.tagName === "IMG") return;
    let level = 0;
    while (Math.max(photo.width_px, photo.height_px) / 2 ** level > 512) level += 1;
    place.replaceWith(make("img", {
      src: `${photoPath(job, photo.number, `tiles/photo/${level}/0/0`)}?revision=0`,
      alt: "", loading: "lazy",
    }));
  }
}
