/** What can be taken home. A file that must be made first is waited for, and a refusal is told. */

import { photoPath, resultPath, sentenceOf } from "./api.js";
import { byId, make } from "./dom.js";

const OF_PHOTO = [
  ["mask.png", "Mask"], ["overlay.jpg", "Overlay"], ["widths.jpg", "Widths"], ["probability.png", "Probability"],
  ["labelme.json", "Labelme"], ["cracks.json", "Measurement"], ["photo", "Photograph"],
];
const OF_JOB = [
  ["report.pdf", "Report (PDF)"], ["report.html", "Report (HTML)"], ["cracks.csv", "Cracks (CSV)"],
  ["cracks.xlsx", "Cracks (XLSX)"], ["branches.csv", "Branches (CSV)"], ["photos.csv", "Photographs (CSV)"],
  ["cracks.geojson", "GeoJSON"], ["cracks.gpkg", "GeoPackage"], ["drawings.zip", "Drawings (DXF)"],
  ["coco.json", "COCO"],
];

/**
 * @param {HTMLElement} place
 * @param {import("./api.js").Job} of
 * @param {import("./api.js").Photo} photo
 */
export function showDownloads(place, of, photo) {
  const { id: job, photos: { length: count } } = of;
  const link = (/** @type {string} */ href, /** @type {string} */ text) =>
    make("a", { href, download: "", onclick: fetched }, text);
  const own = OF_PHOTO.map(([file, text]) => link(photoPath(job, photo.number, `results/${file}`), text));
  const all = OF_JOB.map(([file, text]) => link(resultPath(job, file), text));
  const zip = make("a", { href: resultPath(job, "all.zip"), download: "" }, "All as ZIP");
  const ready = of.photos.some((one) => one.width_px !== null);
  if (!ready) {
    place.replaceChildren(make("p", { class: "quiet" }, "Tables, pictures and the report are here once a photograph is done."));
    return;
  }
  place.replaceChildren(
    ...(photo.width_px === null ? [] : [make("div", {}, make("strong", {}, "This photograph"), ...own)]),
    make("div", {}, make("strong", {}, count === 1 ? "The job" : `All ${count} photographs`), ...all, zip),
  );
}

/** @param {MouseEvent} event */
async function fetched(event) {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const link = /** @type {HTMLAnchorElement} */ (event.currentTarget);
  const state = byId("download-state");
  state.className = "quiet";
  state.textContent = `${link.textContent}: being made.`;
  try {
    const answer = await fetch(link.href);
    if (!answer.ok) throw new Error(sentenceOf(answer.status, await answer.text()));
    const address = URL.createObjectURL(await answer.blob());
    const named = /filename="?([^";]+)"?/.exec(answer.headers.get("Content-Disposition") ?? "")?.[1];
    make("a", { href: address, download: named ?? link.pathname.split("/").pop() }).click();
    setTimeout(() => URL.revokeObjectURL(address), 60_000);
    state.textContent = `${link.textContent}: saved.`;
  } catch (error) {
    state.className = "fault";
    state.textContent = `${link.textContent}: ${/** @type {Error} */ (error).message}`;
  }
}
