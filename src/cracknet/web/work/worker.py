"""The worker: a process that takes work from the list, one piece after the other.

Photographs are decoded here and not in the server: one that brings the decoder down takes this
process with it, and the supervisor starts another.
``python -m cracknet.web.work.worker --data DATA`` runs one by hand, beside others or alone.
"""

from __future__ import annotations

import argparse
import logging
import os
import secrets
import signal
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from cracknet.errors import CrackNetError
from cracknet.photo import DEFAULT_MAX_PIXELS
from cracknet.web.queue.claims import Claims, release, release_dead
from cracknet.web.queue.locks import WorkerLock
from cracknet.web.queue.store import Store
from cracknet.web.queue.tasks import PhotoFigures, Task

if TYPE_CHECKING:
    from cracknet.web.work.working import Working

POLL_SECONDS = 0.2
DEAD_SECONDS = 5.0
"""How often a worker looks for what others have left behind."""
STUCK_SECONDS = 5.0
"""How long native code may go on after the worker was told to end."""
NICENESS = 5
STUCK = 3
"""Status of a worker that did not end in time."""

logger = logging.getLogger(__name__)

_told_to_end = threading.Event()


class Stopped(BaseException):
    """The worker was told to end. Not an Exception: no handler of errors takes it for one."""


def work(
    store: Store,
    owner: str,
    *,
    max_pixels: int = DEFAULT_MAX_PIXELS,
    threads: int | None = None,
    until_idle: bool = False,
) -> int:
    """Do what there is to do, and wait for more.

    Parameters
    ----------
    store : Store
    owner : str
        A name that no other worker has or had.
    max_pixels : int
        Larger photographs fail before they are decoded.
    threads : int, optional
        Cores for the net; all but one by default, so that the page answers meanwhile.
    until_idle : bool
        Return when there is nothing to do.

    Returns
    -------
    int
        How many pieces of work were done or failed.
    """
    # The server, which runs workers as processes, loads this module without what they need.
    from cracknet.web.work.working import Working

    lock = WorkerLock(store.data, owner)
    claims = Claims(store, owner)
    working = Working(store, max_pixels=max_pixels, threads=threads or spare_cores())
    done, looked = 0, -DEAD_SECONDS
    try:
        while True:
            if _told_to_end.is_set():
                raise Stopped
            if time.monotonic() - looked >= DEAD_SECONDS:
                release_dead(store)
                looked = time.monotonic()
            task = claims.claim()
            if task is None:
                if until_idle:
                    return done
                time.sleep(POLL_SECONDS)
                continue
            if not _do(task, claims, working):
                store.remove_files(task.job.id)  # it was deleted, and these came after
            done += 1
    finally:
        working.close()
        release(store, owner, killed=False)
        lock.release()


def spare_cores() -> int:
    """Count the cores for the net: all but one, at least one."""
    from cracknet.segmentation.engines import available_cores

    return max(1, available_cores() - 1)


def _do(task: Task, claims: Claims, working: Working) -> bool:
    """Do one piece of work; tell whether its job is still there."""
    try:
        figures = _unless_told_to_end(working, task)
    except CrackNetError as error:
        return claims.fail(task, _told(task, str(error)))
    except MemoryError:
        return claims.fail(task, "this computer has not enough memory for it.")
    except Exception as error:
        # A fault of CrackNet's: it is told, and the next photograph is done.
        logger.exception("the %s of job %s failed", task.kind, task.job.id)
        msg = f"it cannot be done for a fault of the program ({type(error).__name__}: {error})."
        return claims.fail(task, _told(task, msg))
    return claims.finish(task, figures)


def _unless_told_to_end(working: Working, task: Task) -> PhotoFigures | None:
    """Do one piece of work; what fails after the signal fails because of it, and is put back."""
    try:
        return working.do(task)
    except Exception as error:
        # A library in whose callback Stopped was raised tells of it by an error of its own.
        if _told_to_end.is_set():
            raise Stopped from error
        raise


def _told(task: Task, text: str) -> str:
    """Call the photograph by its sender's name, and not by where it lies on the server."""
    if task.photo is None or task.file is None:
        return text
    folder = task.file.parents[1]
    return text.replace(str(task.file), task.photo.file_name).replace(f"{folder}{os.sep}", "")


def _stop(_signal: int, _frame: FrameType | None) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # once is enough: what follows puts things back
    # What is raised in a bare `except:` of another library is lost; the loop sees this then.
    _told_to_end.set()
    raise Stopped


def _end_with_parent() -> None:
    """End when the pipe from the parent closes, as it does however that ends."""
    # Not sys.stdin, whose lock this thread would hold when the interpreter ends, and abort it.
    while os.read(0, 4096):
        pass
    signal.raise_signal(signal.SIGTERM)
    time.sleep(STUCK_SECONDS)
    os._exit(STUCK)  # what it was at is taken up by the next worker


def main(words: list[str] | None = None) -> int:
    """Run a worker until it is told to end."""
    parser = argparse.ArgumentParser(prog="python -m cracknet.web.work.worker", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="Folder of the jobs.")
    parser.add_argument("--owner", default="", help="A name never used before; made up by default.")
    parser.add_argument("--max-pixels", type=int, default=DEFAULT_MAX_PIXELS)
    parser.add_argument("--threads", type=int, help="Cores for the net; all but one by default.")
    parser.add_argument(
        "--end-with-stdin", action="store_true", help="End when the standard input does."
    )
    parser.add_argument("--until-idle", action="store_true", help="End when nothing is left to do.")
    given = parser.parse_args(words)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s worker: %(message)s")
    try:
        signal.signal(signal.SIGTERM, _stop)
        signal.signal(signal.SIGINT, signal.SIG_IGN if given.end_with_stdin else _stop)
        _yield_to_others()
        if given.end_with_stdin:
            threading.Thread(target=_end_with_parent, daemon=True).start()
        with Store(given.data) as store:
            work(
                store,
                given.owner or f"{os.getpid()}-{secrets.token_hex(6)}",
                max_pixels=given.max_pixels,
                threads=given.threads,
                until_idle=given.until_idle,
            )
    except Stopped:
        return 0
    except CrackNetError:
        logger.exception("the worker cannot go on")
        return 1
    return 0


def _yield_to_others() -> None:
    """Let the server and the browser go first, in time and in memory.

    OpenCV is kept to the cores of the net. Where Linux runs out of memory, it ends this process
    and not the server, and the photograph is told to be too large.
    """
    import cv2

    cv2.setNumThreads(spare_cores())
    if hasattr(os, "nice"):
        os.nice(NICENESS)
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("500", "ascii")


if __name__ == "__main__":
    sys.exit(main())
