"""A job's changes as server-sent events, so that a page follows without asking."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from functools import partial

from anyio import to_thread

from cracknet.web.queue.errors import MissingError
from cracknet.web.queue.jobs import Job
from cracknet.web.queue.store import Store

POLL_SECONDS = 0.25
QUIET_SECONDS = 30.0
"""How long a finished job is watched: somebody may still correct it."""
BEAT_SECONDS = 15.0
"""A comment in so many seconds keeps proxies from closing what seems dead."""
_RETRY_MS = 3000


async def job_events(
    store: Store,
    job_id: str,
    seen: int | None,
    shown: Callable[[Job], dict[str, object]],
    stopping: Callable[[], bool],
) -> AsyncIterator[bytes]:
    """Follow a job (WHATWG HTML, section 9.2: server-sent events).

    Parameters
    ----------
    store : Store
    job_id : str
    seen : int, optional
        The last revision that the listener has, as Last-Event-ID says; it is not sent again.
    shown : callable
        Puts a job into the API's shape.
    stopping : callable
        Whether the server is going down.

    Yields
    ------
    bytes
        An event ``job`` at once and then with every change, its id the revision. The stream ends
        when the job is deleted, or is finished and quiet for `QUIET_SECONDS`.
    """
    yield f"retry: {_RETRY_MS}\n\n".encode()
    changed = beat = time.monotonic()
    finished = False
    while not stopping():
        now = time.monotonic()
        try:
            revision = await to_thread.run_sync(store.revision, job_id)
        except MissingError:
            yield b"event: gone\ndata: {}\n\n"
            return
        if revision != seen:
            job = await to_thread.run_sync(partial(store.job, job_id))
            if job is None:
                continue
            seen, finished, changed, beat = job.revision, not job.unfinished, now, now
            text = json.dumps(shown(job), separators=(",", ":"), allow_nan=False)
            yield f"event: job\nid: {job.revision}\ndata: {text}\n\n".encode()
        elif now - changed > QUIET_SECONDS:
            if not finished:
                job = await to_thread.run_sync(partial(store.job, job_id))
                finished = job is None or not job.unfinished
                changed = now
            if finished:
                return
        if now - beat > BEAT_SECONDS:
            beat = now
            yield b": still here\n\n"
        await asyncio.sleep(POLL_SECONDS)
