/** Choosing two photographs, of one job or of two, to compare their dates. */

import { call } from "./api.js";
import { byId, make } from "./dom.js";

/** @param {string} job @param {() => number} current number of the photograph that is open */
export function offerDates(job, current) {
  const box = /** @type {HTMLDialogElement} */ (byId("dates-box"));
  const [before, after] = [byId("before"), byId("after")];
  const fault = byId("dates-fault");
  byId("compare").addEventListener("click", async () => {
    box.showModal();
    fault.textContent = "";
    try {
      const jobs = (await call("/jobs?limit=100")).filter((/** @type {any} */ one) => one.kind === "segment");
      for (const select of [before, after]) select.replaceChildren(...jobs.map(group));
      /** @type {HTMLSelectElement} */ (after).value = `${job}/${current()}`;
    } catch (error) {
      fault.textContent = /** @type {Error} */ (error).message;
    }
  });
  byId("dates-close").addEventListener("click", () => box.close());
  byId("dates").addEventListener("submit", async (event) => {
    event.preventDefault();
    const chosen = [before, after].map((select) => /** @type {HTMLSelectElement} */ (select).value);
    if (!chosen[0] || !chosen[1] || chosen[0] === chosen[1]) {
      fault.textContent = "Choose two different photographs.";
      return;
    }
    const [first, second] = chosen.map((text) => ({ job: text.split("/")[0], photo: Number(text.split("/")[1]) }));
    try {
      const made = await call("/changes", { method: "POST", json: { before: first, after: second } });
      location.assign(`/compare/${made.id}`);
    } catch (error) {
      fault.textContent = /** @type {Error} */ (error).message;
    }
  });
}

/** @param {import("./api.js").Job & {created: string}} job */
function group(job) {
  const title = `${job.title || job.photos[0]?.file_name || "Job"}, ${job.created.slice(0, 10)}`;
  const photos = job.photos.filter((photo) => photo.width_px !== null && photo.status !== "failed");
  return make("optgroup", { label: title }, ...photos.map((photo) => make("option", { value: `${job.id}/${photo.number}` }, `${photo.file_name} (${title})`)));
}
