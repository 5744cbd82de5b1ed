/** Sending photographs, with progress: fetch does not tell how much has gone out. */

import { ApiError, sentenceOf } from "./api.js";

/**
 * @param {File[]} files @param {string} title @param {Record<string, any>} options
 * @param {string} key the same for every try of the same job
 * @param {(share: number) => void} progress
 * @param {AbortSignal} stop
 * @returns {Promise<import("./api.js").Job>}
 */
export function sendPhotos(files, title, options, key, progress, stop) {
  const form = new FormData();
  form.append("title", title);
  form.append("options", JSON.stringify(options));
  for (const file of files) form.append("photos", file, file.name);
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", "/api/v1/jobs");
    request.setRequestHeader("Idempotency-Key", key);
    request.upload.addEventListener("progress", (event) => event.lengthComputable && progress(event.loaded / event.total));
    request.addEventListener("load", () => {
      if (request.status === 201 || request.status === 200) resolve(JSON.parse(request.responseText));
      else if (request.status === 401) location.assign("/login");
      else reject(new ApiError(sentenceOf(request.status, request.responseText), request.status));
    });
    request.addEventListener("error", () => reject(new ApiError("The server does not answer. Is cracknet serve still running?", 0)));
    request.addEventListener("abort", () => reject(new ApiError("Stopped. Nothing was kept.", 0)));
    stop.addEventListener("abort", () => request.abort());
    request.send(form);
  });
}
