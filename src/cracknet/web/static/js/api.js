/**
 * The HTTP API, as the page uses it.
 *
 * @typedef {{kind: "add" | "erase", radius_px: number, points: [number, number][]}} Stroke
 * @typedef {{threshold: number | null, strokes: Stroke[], rejected: [number, number][],
 *   mm_per_px: number | null, scale_line: number[] | null}} Edits
 * @typedef {{number: number, file_name: string, name: string, bytes: number,
 *   status: "waiting" | "running" | "done" | "failed", error: string | null,
 *   width_px: number | null, height_px: number | null, cracks: number | null,
 *   edits: Edits, revision: number}} Photo
 * @typedef {{id: string, kind: string, title: string, status: string, error: string | null,
 *   options: Record<string, any>, photos: Photo[], revision: number}} Job
 * @typedef {Record<string, any> & {crack: number, at: [number, number]}} Crack
 * @typedef {{crack: number, points: [number, number][], widths_px: number[]}} Branch
 * @typedef {{revision: number, photo: string, scale: {mm_per_px: number, method: string,
 *   source: string} | null, threshold?: number, cracks: Crack[], branches: Branch[],
 *   notes: string[]}} Measurement
 * @typedef {{width_px: number, height_px: number, tile_px: number, levels: number,
 *   revision: number}} Pyramid
 */

const ROOT = "/api/v1";

/** An answer that says no; the message is the server's sentence. */
export class ApiError extends Error {
  /** @param {string} message @param {number} status 0 where no answer came */
  constructor(message, status) {
    super(message);
    this.status = status;
  }
}

/** @param {number} status @param {string} body */
export function sentenceOf(status, body) {
  try {
    const { detail } = JSON.parse(body);
    if (typeof detail === "string") return detail;
    if (Array.isArray(detail) && detail[0]?.msg) return String(detail[0].msg);
  } catch {
    // not JSON: an answer from something between the page and the server
  }
  return `The server answered with status ${status}.`;
}

/**
 * @param {string} path below /api/v1
 * @param {{method?: string, json?: any, headers?: Record<string, string>, keepalive?: boolean}} [how]
 * @returns {Promise<any>}
 */
export async function call(path, { method = "GET", json, headers = {}, keepalive = false } = {}) {
  /** @type {RequestInit} */
  const request = { method, headers: { Accept: "application/json", ...headers }, keepalive };
  if (json !== undefined) {
    request.body = JSON.stringify(json);
    request.headers = { ...request.headers, "Content-Type": "application/json" };
  }
  let answer;
  try {
    answer = await fetch(ROOT + path, request);
  } catch {
    throw new ApiError("The server does not answer. Is cracknet serve still running?", 0);
  }
  if (answer.status === 401) location.assign("/login");
  if (!answer.ok) throw new ApiError(sentenceOf(answer.status, await answer.text()), answer.status);
  return answer.status === 204 ? null : answer.json();
}

/** @param {string} job */
export const getJob = (job) => /** @type {Promise<Job>} */ (call(`/jobs/${job}`));

/** @param {string} job @param {number} photo @param {string} rest */
export const photoPath = (job, photo, rest) => `${ROOT}/jobs/${job}/photos/${photo}/${rest}`;

/** @param {string} job @param {string} file */
export const resultPath = (job, file) => `${ROOT}/jobs/${job}/results/${file}`;

/** @param {string} job */
export const eventsPath = (job) => `${ROOT}/jobs/${job}/events`;

/**
 * @param {string} job @param {number} photo @param {number} revision
 * @returns {Promise<Measurement>}
 */
export const getMeasurement = (job, photo, revision) =>
  call(`/jobs/${job}/photos/${photo}/measurement?revision=${revision}`);

/** @param {string} job @param {number} photo @returns {Promise<Pyramid>} */
export const getPyramid = (job, photo) => call(`/jobs/${job}/photos/${photo}/pyramid`);

/**
 * @param {string} job @param {Photo} photo @param {Edits} edits @param {boolean} [leaving]
 * @returns {Promise<Photo>}
 */
export const putEdits = (job, photo, edits, leaving = false) =>
  call(`/jobs/${job}/photos/${photo.number}/edits`, {
    method: "PUT",
    json: edits,
    // who leaves cannot be asked any more: their last correction goes in, whatever the revision
    headers: leaving ? {} : { "If-Match": String(photo.revision) },
    keepalive: leaving,
  });

/** @param {string} job @param {Record<string, any>} options @returns {Promise<Job>} */
export const putOptions = (job, options) =>
  call(`/jobs/${job}/options`, { method: "PUT", json: options });
