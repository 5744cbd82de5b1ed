/** The first page: choosing and sending photographs, and the list of jobs. */

import { call } from "./api.js";
import { announce, byId, make, numberOf, sizeText } from "./dom.js";
import { showFields } from "./scale_choice.js";
import { sendPhotos } from "./upload.js";

const form = /** @type {HTMLFormElement} */ (byId("upload"));
const input = /** @type {HTMLInputElement} */ (byId("photos"));
const drop = byId("drop");
const fault = byId("upload-error");
const start = /** @type {HTMLButtonElement} */ (byId("start"));
const scaleKind = /** @type {HTMLSelectElement} */ (byId("scale-kind"));
const most = Number(form.dataset.maxPhotos) || Infinity;
const largest = Number(form.dataset.maxBytes) || Infinity;
const largestSum = Number(form.dataset.maxSum) || Infinity;

/** @type {File[]} */
let files = [];
let key = "";

/** @param {Iterable<File>} more */
function add(more) {
  const known = new Set(files.map((file) => `${file.name}/${file.size}/${file.lastModified}`));
  for (const file of more) {
    if (!known.has(`${file.name}/${file.size}/${file.lastModified}`)) files.push(file);
  }
  show();
}

function show() {
  key = newKey();
  const size = files.reduce((sum, file) => sum + file.size, 0);
  const tooLarge = files.find((file) => file.size > largest);
  byId("chosen").replaceChildren(...files.map((file) => make("li", {},
    make("span", { class: "name", title: file.name }, file.name), make("span", { class: "quiet number" }, sizeText(file.size)),
    make("button", {
      type: "button", class: "small", "aria-label": `Leave out ${file.name}`,
      onclick: () => { files = files.filter((other) => other !== file); show(); },
    }, "Leave out"))));
  fault.textContent = files.length > most ? `At most ${most} photographs make a job; these are ${files.length}. Leave some out, or send them as two jobs.`
    : size > largestSum ? `These are ${sizeText(size)}; at most ${sizeText(largestSum)} make a job. Send them as several jobs.`
      : tooLarge ? `${tooLarge.name} has ${sizeText(tooLarge.size)}; a photograph may have ${sizeText(largest)}. Leave it out.` : "";
  start.disabled = !files.length || fault.textContent !== "";
  start.textContent = files.length ? `Find cracks in ${files.length} ${files.length === 1 ? "photograph" : "photographs"}` : "Find cracks";
  if (files.length) announce(`${files.length} photographs chosen, ${sizeText(size)}.`);
}

/** A key that no other job has. Not `randomUUID`: that is for secure contexts only. */
function newKey() {
  return [...crypto.getRandomValues(new Uint32Array(4))].map((word) => word.toString(16).padStart(8, "0")).join("");
}

/** @returns {Record<string, any>} */
function options() {
  const value = (/** @type {string} */ id) => /** @type {HTMLInputElement} */ (byId(id)).value.trim();
  /** @type {Record<string, any>} */
  const chosen = { sensitivity: value("sensitivity") };
  if (document.getElementById("model")) chosen.model = value("model");
  const [standard, ...exposure] = value("classes").split("/");
  if (standard) Object.assign(chosen, { standard, exposure: exposure.join("/") });
  const positive = (/** @type {string} */ id, /** @type {string} */ what) => {
    const number = numberOf(value(id));
    if (number > 0) return number;
    byId(id).focus();
    throw new Error(`${what} must be a number greater than 0, such as ${/** @type {HTMLInputElement} */ (byId(id)).placeholder}.`);
  };
  if (scaleKind.value === "mm_per_px") chosen.mm_per_px = positive("scale-mm", "Millimetres per pixel");
  if (scaleKind.value === "marker") chosen.marker = String(positive("scale-marker", "The marker's side in mm"));
  if (scaleKind.value === "distance") {
    chosen.distance_m = value("scale-distance") === "" ? "exif" : positive("scale-distance", "The distance in m");
  }
  return chosen;
}

async function send() {
  fault.textContent = "";
  const stop = new AbortController();
  const bar = /** @type {HTMLProgressElement} */ (byId("sent"));
  const stopped = () => stop.abort();
  try {
    const chosen = options();
    byId("sending").hidden = false;
    start.disabled = true;
    byId("stop").addEventListener("click", stopped);
    announce("Sending the photographs.");
    const title = /** @type {HTMLInputElement} */ (byId("title")).value.trim();
    const job = await sendPhotos(files, title, chosen, key, (share) => { bar.value = share; }, stop.signal);
    location.assign(`/jobs/${job.id}`);
  } catch (error) {
    fault.textContent = /** @type {Error} */ (error).message;
    start.disabled = false;
    byId("sending").hidden = true;
  }
  byId("stop").removeEventListener("click", stopped);
}

showFields(scaleKind, form);
input.addEventListener("change", () => {
  add(input.files ?? []);
  input.value = "";
});
form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (files.length) send();
});
// Files may be dropped anywhere on the page: beside the field, the browser would open them instead.
for (const kind of ["dragover", "dragleave", "drop"]) {
  document.addEventListener(kind, (event) => {
    const carried = /** @type {DragEvent} */ (event).dataTransfer;
    if (!carried?.types.includes("Files")) return;
    event.preventDefault();
    drop.classList.toggle("over", kind === "dragover");
    if (kind === "drop") add(carried.files);
  });
}
byId("jobs").addEventListener("click", async (event) => {
  const button = /** @type {HTMLElement} */ (event.target).closest("[data-delete]");
  if (!button) return;
  const { delete: id, title } = /** @type {HTMLElement} */ (button).dataset;
  if (!window.confirm(`Delete ${title} with its photographs and results? This cannot be undone.`)) return;
  try {
    await call(`/jobs/${id}`, { method: "DELETE" });
    announce(`${title} is deleted.`);
  } catch (error) {
    fault.textContent = /** @type {Error} */ (error).message;
  }
  byId("jobs").dispatchEvent(new Event("jobs-changed"));
});
