/** The page of a job: brings strip, viewer, tools, table and files together. */

import { ApiError, call, putOptions } from "./api.js";
import { Brush } from "./brush.js";
import { announce, byId, make } from "./dom.js";
import { offerDates } from "./dates.js";
import { showDownloads } from "./downloads.js";
import { follow } from "./events.js";
import { legend, scaleBar } from "./legend.js";
import { ScaleLine } from "./line.js";
import { OpenPhoto } from "./photo.js";
import { figure } from "./readout.js";
import { ScaleForm } from "./scale.js";
import { Selection } from "./selection.js";
import { Strip, stopped } from "./strip.js";
import { CrackTable } from "./table.js";
import { Viewer } from "./viewer.js";

const STATES = { queued: "Waiting", running: "Working", done: "Done", failed: "Failed", cancelled: "Cancelled" };

const id = /** @type {string} */ (byId("main").dataset.job);
const viewer = new Viewer(/** @type {HTMLCanvasElement} */ (byId("canvas")));
const opacity = /** @type {HTMLInputElement} */ (byId("opacity"));
const threshold = /** @type {HTMLInputElement} */ (byId("threshold"));
const brushSize = /** @type {HTMLInputElement} */ (byId("brush-size"));
const widths = /** @type {HTMLInputElement} */ (byId("widths"));
const classes = /** @type {HTMLSelectElement} */ (byId("classes"));
const saying = byId("saving");
const notice = byId("notice");

/** @type {import("./api.js").Job | null} */
let job = null;
/** @type {OpenPhoto | null} */
let open = null;
/** @type {string} what the list of files was made for */
let filesOf = "";

const strip = new Strip(byId("strip"), openPhoto);
const table = new CrackTable(byId("cracks"), (crack) => selection.choose(crack, true));
const selection = new Selection(viewer, table, () => open);

// ---- tools

const radius = () => Number(brushSize.value);
const dab = (/** @type {"add" | "erase"} */ kind, /** @type {number} */ r, /** @type {[number, number][]} */ points) => open?.dab(kind, r, points);
const stroked = (/** @type {import("./api.js").Stroke} */ stroke) => open?.edit({ strokes: [...open.edits.strokes, stroke] });
const dropped = () => open?.redrawStrokes();
const line = new ScaleLine((length) => scaleForm.drawn(length));
/** @type {Record<string, import("./viewer.js").Tool>} */
const tools = {
  move: { name: "move" },
  brush: new Brush("brush", radius, dab, stroked, dropped),
  eraser: new Brush("eraser", radius, dab, stroked, dropped),
  line,
};
const scaleForm = new ScaleForm(/** @type {HTMLFormElement} */ (byId("scale-form")), line, wishScale, () => chooseTool("line"));

/** @param {string} name */
function chooseTool(name) {
  viewer.choose(tools[name]);
  for (const button of document.querySelectorAll("[data-tool]")) {
    if (button.tagName === "BUTTON") button.setAttribute("aria-pressed", String(/** @type {HTMLElement} */ (button).dataset.tool === name));
  }
}

/** @type {Record<string, () => void>} */
const acts = {
  undo: () => open?.undo(),
  redo: () => open?.redo(),
  in: () => viewer.zoom(1.3),
  out: () => viewer.zoom(1 / 1.3),
  fit: () => viewer.fit(),
};

for (const button of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("button[data-tool]"))) {
  button.addEventListener("click", () => chooseTool(/** @type {string} */ (button.dataset.tool)));
}
for (const button of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("button[data-act]"))) {
  button.addEventListener("click", acts[/** @type {string} */ (button.dataset.act)]);
}

// ---- the photograph that is open

/** @param {number} number */
function openPhoto(number) {
  const record = job?.photos.find((photo) => photo.number === number);
  if (!job || !record || open?.record.number === number) return;
  open?.close();
  viewer.cancel();
  viewer.clear();
  line.ends = [];
  saying.textContent = "";
  byId("tip").hidden = true;
  table.choose(null);
  open = new OpenPhoto(id, record, viewer, {
    measured, edited,
    saying: (text, fault = false) => {
      saying.textContent = text;
      saying.classList.toggle("fault", fault);
    },
    failed: (sentence) => note(sentence, true),
  });
  open.opacity = Number(opacity.value) / 100;
  open.linesShown = widths.checked;
  history.replaceState(null, "", `#${number}`);
  const empty = record.status === "failed" ? "Not measured." : "Not measured yet.";
  table.fill([], empty);
  byId("scale-now").textContent = empty;
  byId("cracks-count").textContent = "";
  byId("notes").replaceChildren();
  open.load();
  edited();
}

/** Tell why there is nothing to see. @param {string} text @param {boolean} [fault] */
function note(text, fault = false) {
  notice.replaceChildren(...(text ? [make("p", fault ? { class: "fault" } : {}, text)] : []));
}

function measured() {
  if (!open?.measurement) return;
  const { cracks, notes, scale } = open.measurement;
  note("");
  table.fill(cracks, "No cracks.");
  legend(open);
  scaleForm.tell(scale);
  byId("cracks-count").textContent = cracks.length ? `${cracks.length}, in ${figure(cracks[0], "length").unit}` : "";
  byId("notes").replaceChildren(...(notes.length ? [make("ul", {}, ...notes.map((text) => make("li", {}, text)))] : []));
  viewer.canvas.setAttribute("aria-label", `Photograph ${open.record.file_name}, ${cracks.length} cracks`);
  announce(`${open.record.file_name} is measured: ${cracks.length} cracks.`);
  edited();
}

/** Show the state of the open photograph and of its corrections. */
function edited() {
  if (!open || !job) return;
  const { record, ready } = open;
  if (record.status === "failed" && !ready) {
    table.fill([], "Not measured.");
    byId("scale-now").textContent = "Not measured.";
    note(stopped(record) ? `The job was stopped before ${record.file_name} was looked at.` : named(record), !stopped(record));
  }
  else if (!ready) {
    const busy = record.status === "running" ? "Finding cracks in" : record.width_px === null ? "Waiting for its turn:" : "Loading";
    note(`${busy} ${record.file_name}.`);
  }
  const working = record.status === "waiting" || record.status === "running";
  if (!saying.classList.contains("fault") || working) {
    saying.classList.remove("fault");
    saying.textContent = !ready ? "" : open.saver.waiting ? "Corrected; not measured yet." : working ? "Measuring again." : "";
  }
  if (ready && record.status === "failed") {
    saying.textContent = record.error ?? "";
    saying.classList.add("fault");
  }
  enable("[data-tool='brush'], [data-tool='eraser'], [data-tool='line'], #threshold, #brush-size, #scale-form :is(input, select, button)", ready);
  const { threshold: own, strokes, rejected } = open.edits;
  enable("#reset", own !== null || strokes.length + rejected.length > 0);
  enable("[data-act='undo']", open.history.past.length > 0);
  enable("[data-act='redo']", open.history.future.length > 0);
  enable("#measure", open.saver.waiting !== null);
  threshold.value = String(open.threshold);
  byId("threshold-value").textContent = open.threshold.toFixed(2);
  selection.list();
  place();
  const files = `${record.number}/${record.width_px}/${job.status}`;
  if (files !== filesOf) {
    filesOf = files;
    showDownloads(byId("downloads"), job, record);
  }
}

/** Why a photograph failed, with its name. @param {import("./api.js").Photo} record */
function named({ file_name: name, error }) {
  return error?.includes(name) ? error : `${name}: ${error || "it could not be read."}`;
}

/** @param {string} selector @param {boolean} on */
function enable(selector, on) {
  for (const control of document.querySelectorAll(selector)) /** @type {HTMLButtonElement} */ (control).disabled = !on;
}

function place() {
  if (!job || !open) return;
  const index = job.photos.findIndex((photo) => photo.number === open?.record.number);
  byId("place").textContent = `${index + 1} of ${job.photos.length}`;
  enable("#previous", index > 0);
  enable("#next", index < job.photos.length - 1);
  strip.show(job, open.record.number);
}

/** @param {number} step */
function turn(step) {
  const index = job?.photos.findIndex((photo) => photo.number === open?.record.number) ?? -1;
  const next = job?.photos[index + step];
  if (next) openPhoto(next.number);
}

// ---- what follows the view

viewer.onView = () => scaleBar(viewer.view, open?.measurement?.scale ?? null);
let fetching = 0;
viewer.onSettled = () => {
  window.clearTimeout(fetching);
  fetching = window.setTimeout(() => open?.prefetch(), 200);
};

// ---- scale and classes

/** @param {import("./scale.js").Wish} wish */
async function wishScale({ edits, options }) {
  if (edits) open?.edit(edits);
  if (options) await changeOptions(options);
  open?.saver.now();
}

/** @param {Record<string, any>} change */
async function changeOptions(change) {
  if (!job) return;
  const next = { ...job.options, ...change };
  if (JSON.stringify(next) === JSON.stringify(job.options)) return;
  try {
    changed(await putOptions(id, next));
    announce("All photographs of the job are measured again.");
  } catch (error) {
    saying.textContent = /** @type {Error} */ (error).message;
    saying.classList.add("fault");
    if (job) showClasses(job);
  }
}

/** @param {import("./api.js").Job} of */
function showClasses(of) {
  const { standard, exposure } = of.options;
  classes.value = standard ? `${standard}/${exposure ?? ""}` : "";
  if (classes.selectedIndex < 0) classes.value = [...classes.options].find((option) => option.value.startsWith(`${standard}/`))?.value ?? "";
}

classes.addEventListener("change", () => {
  const [standard, ...exposure] = classes.value.split("/");
  changeOptions({ standard: standard || null, exposure: exposure.join("/") || null, judge: null });
});

// ---- sliders and buttons

opacity.addEventListener("input", () => {
  byId("opacity-value").textContent = `${opacity.value} %`;
  if (open) open.opacity = Number(opacity.value) / 100;
  viewer.invalidate();
});
threshold.addEventListener("input", () => {
  byId("threshold-value").textContent = Number(threshold.value).toFixed(2);
  open?.previewThreshold(Number(threshold.value));
});
threshold.addEventListener("change", () => open?.edit({ threshold: Number(threshold.value) }));
brushSize.addEventListener("input", () => {
  byId("brush-value").textContent = `${2 * radius()} px`;
  viewer.invalidate();
});
widths.addEventListener("change", () => {
  if (!open) return;
  open.linesShown = widths.checked;
  open.showEdits();
  legend(open);
});
byId("measure").addEventListener("click", () => open?.saver.now());
byId("reset").addEventListener("click", () => open?.edit({ threshold: null, strokes: [], rejected: [] }));
byId("previous").addEventListener("click", () => turn(-1));
byId("next").addEventListener("click", () => turn(1));
byId("help").addEventListener("click", () => /** @type {HTMLDialogElement} */ (byId("help-box")).showModal());
byId("cancel").addEventListener("click", async () => {
  try {
    changed(await call(`/jobs/${id}/cancel`, { method: "POST" }));
  } catch (error) {
    note(/** @type {Error} */ (error).message, true);
  }
});
offerDates(id, () => open?.record.number ?? 1);

viewer.canvas.addEventListener("keydown", (event) => {
  const letter = event.key.toLowerCase();
  if (event.ctrlKey || event.metaKey) {
    if (letter === "z") acts[event.shiftKey ? "redo" : "undo"]();
    else if (letter === "y") acts.redo();
    else return;
  } else if (event.altKey) return;
  else if ({ v: 1, b: 1, e: 1, l: 1 }[letter]) chooseTool({ v: "move", b: "brush", e: "eraser", l: "line" }[letter] ?? "move");
  else if (letter === "[" || letter === "]") {
    brushSize.value = String(radius() + (letter === "]" ? 1 : -1));
    brushSize.dispatchEvent(new Event("input"));
  } else if (event.key === "PageDown") turn(1);
  else if (event.key === "PageUp") turn(-1);
  else if (event.key === "Delete" && open?.lines?.chosen) selection.reject(open.lines.chosen);
  else return;
  event.preventDefault();
});
window.addEventListener("pagehide", () => open?.saver.leave());

// ---- following the job

/** @param {import("./api.js").Job} next */
function changed(next) {
  if (job && next.revision < job.revision) return;
  const first = !job;
  const before = job?.status;
  job = next;
  const ready = next.photos.filter((photo) => photo.status === "done" || photo.status === "failed").length;
  const working = next.status === "queued" || next.status === "running";
  const state = /** @type {Record<string, string>} */ (STATES)[next.status] ?? next.status;
  byId("job-state").textContent = working && next.photos.length > 1 ? `${state}: ${ready} of ${next.photos.length}` : state;
  byId("cancel").hidden = !working;
  if (!first && before !== next.status) announce(`The job: ${state}.`);
  showClasses(next);
  if (first) openPhoto(Number(location.hash.slice(1)) || next.photos[0]?.number);
  if (!open && next.photos.length) openPhoto(next.photos[0].number);
  const record = next.photos.find((photo) => photo.number === open?.record.number);
  if (record && record.revision !== open?.record.revision) open?.update(record);
  else edited();
}

chooseTool("move");
follow(id, changed, (error) => {
  if (error && !job) note(error.message, true);
  else if (error) byId("job-state").textContent = error instanceof ApiError ? "No connection; trying again" : error.message;
});
