/** Following a job: server-sent events, and asking every two seconds where they do not come. */

import { eventsPath, getJob } from "./api.js";

const ASK_MS = 2000;
const FAILURES = 3;

/**
 * Call back with the job now and after every change.
 *
 * @param {string} id
 * @param {(job: import("./api.js").Job) => void} changed
 * @param {(error: Error | null) => void} trouble null when it is over
 * @returns {() => void} stop following
 */
export function follow(id, changed, trouble) {
  let failures = 0;
  let timer = 0;
  let stopped = false;
  /** @type {EventSource | null} */
  let source = null;

  async function ask() {
    try {
      const job = await getJob(id);
      trouble(null);
      if (!stopped) changed(job);
    } catch (error) {
      trouble(/** @type {Error} */ (error));
    }
    if (!stopped) timer = window.setTimeout(ask, ASK_MS);
  }

  function listen() {
    source = new EventSource(eventsPath(id));
    source.addEventListener("job", (event) => {
      failures = 0;
      trouble(null);
      changed(JSON.parse(/** @type {MessageEvent} */ (event).data));
    });
    source.addEventListener("gone", () => {
      stopped = true;
      source?.close();
      trouble(new Error("This job was deleted."));
    });
    source.addEventListener("error", () => {
      failures += 1;
      // A stream that the server ended in peace is opened again by the browser itself.
      if (failures >= FAILURES || source?.readyState === EventSource.CLOSED) {
        source?.close();
        if (!timer && !stopped) timer = window.setTimeout(ask, 0);
      }
    });
  }

  if (typeof EventSource === "undefined") ask();
  else listen();
  return () => {
    stopped = true;
    source?.close();
    window.clearTimeout(timer);
  };
}
