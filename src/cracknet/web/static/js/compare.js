/** The page of two dates. */

import { call } from "./api.js";
import { byId, make } from "./dom.js";
import { follow } from "./events.js";
import { fixed } from "./readout.js";
import { Swipe } from "./swipe.js";

const id = /** @type {string} */ (byId("main").dataset.job);
const notice = byId("notice");
/** Marks of the states; several words share one. */
const MARKS = { new: "new", grown: "grown", widened: "widened", "grown and widened": "grown", unchanged: "unchanged", "no longer visible": "gone" };
const WORDS = { queued: "Waiting for its turn.", running: "Laying the two photographs over each other.", cancelled: "This comparison was stopped." };
let shown = false;

/** @param {string} text @param {boolean} [failed] */
function say(text, failed = false) {
  notice.replaceChildren(...(text ? [make("p", failed ? { class: "fault" } : {}, text)] : []));
}

/** @param {import("./api.js").Job} job */
async function changed(job) {
  byId("job-state").textContent = { queued: "Waiting", running: "Working", done: "Done", failed: "Failed", cancelled: "Cancelled" }[job.status] ?? "";
  if (job.status === "failed") say(job.error || "The two photographs could not be compared.", true);
  else if (job.status !== "done") say(/** @type {Record<string, string>} */ (WORDS)[job.status] ?? "");
  else if (!shown) {
    shown = true;
    try {
      show(await call(`/changes/${id}`));
      say("");
    } catch (error) {
      shown = false;
      say(/** @type {Error} */ (error).message, true);
    }
  }
}

/** @param {any} change */
function show(change) {
  const pictures = change.pictures;
  const [before, after] = [byId("before"), byId("after")].map((image) => /** @type {HTMLImageElement} */ (image));
  before.src = pictures.before;
  after.src = pictures.after;
  byId("swipe").hidden = byId("swipe-control").hidden = false;
  new Swipe(byId("frame"), byId("cut"), byId("divider"), /** @type {HTMLInputElement} */ (byId("place")), byId("place-value"));
  const marked = /** @type {HTMLInputElement} */ (byId("marked"));
  marked.addEventListener("change", () => {
    after.src = marked.checked ? pictures.change : pictures.after;
    after.alt = marked.checked ? "The later photograph with what has changed" : "The later photograph";
    for (const part of byId("frame").querySelectorAll(".cut, .divider, .date")) /** @type {HTMLElement} */ (part).hidden = marked.checked;
  });
  const rows = change.rows ?? [];
  table(rows);
  const counts = Object.entries(MARKS).map(([state]) => [state, rows.filter((/** @type {any} */ row) => row.state === state).length]);
  byId("counts").textContent = counts.filter(([, count]) => count).map(([state, count]) => `${count} ${state}`).join(", ") || "No cracks at either date.";
  byId("notes").replaceChildren(...(change.notes ?? []).map((/** @type {string} */ note) => make("p", {}, note)));
}

/** @param {any[]} rows */
function table(rows) {
  if (!rows.length) return;
  const mm = rows.some((row) => typeof row.width_after_mm === "number" || typeof row.width_before_mm === "number" || typeof row.grown_mm === "number");
  const unit = mm ? "mm" : "px";
  const value = (/** @type {any} */ row, /** @type {string} */ name) => row[`${name}_${unit}`];
  const signed = (/** @type {number | null} */ number, /** @type {number} */ decimals) =>
    (typeof number === "number" ? `${number > 0 ? "+" : ""}${fixed(number, decimals)}`.replace(/^[+-](0\.?0*)$/, "$1") : "");
  const numbers = (/** @type {any} */ list) => (Array.isArray(list) ? list.join(", ") : String(list ?? ""));
  const head = ["State", "Before", "After", "Grown", "Width before", "Width after", "Wider by", "Remark"];
  const decimals = mm ? 2 : 1;
  byId("changes").replaceChildren(
    make("caption", {}, `Numbers of the cracks at both dates; lengths and widths in ${unit}.`),
    make("thead", {}, make("tr", {}, ...head.map((text, k) => make("th", { scope: "col", class: k > 2 && k < 7 ? "number" : "" }, text)))),
    make("tbody", {}, ...rows.map((row) => make("tr", {},
      make("td", {}, make("span", { class: `change ${/** @type {Record<string, string>} */ (MARKS)[row.state] ?? ""}` }, row.state)),
      make("td", {}, numbers(row.before)), make("td", {}, numbers(row.after)),
      make("td", { class: "number" }, fixed(value(row, "grown"), 1)),
      make("td", { class: "number" }, fixed(value(row, "width_before"), decimals)),
      make("td", { class: "number" }, fixed(value(row, "width_after"), decimals)),
      make("td", { class: "number" }, signed(value(row, "width_change"), decimals)),
      make("td", { class: "remark" }, row.remark ?? "")))),
  );
}

follow(id, changed, (error) => error && say(error.message, true));
