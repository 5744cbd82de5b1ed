"""Keeps the workers running: starts them with the server, and again when one has died."""

from __future__ import annotations

import logging
import os
import secrets
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

from cracknet.errors import CrackNetError
from cracknet.photo import DEFAULT_MAX_PIXELS
from cracknet.web.queue.claims import release
from cracknet.web.queue.store import Store
from cracknet.web.work.worker import STUCK, spare_cores

LOOK_SECONDS = 0.1
LONGEST_PAUSE_SECONDS = 10.0
"""Between two starts of a worker that keeps dying at once."""
STEADY_SECONDS = 30.0
"""A worker that lived so long did not die at once."""

logger = logging.getLogger(__name__)


class Supervisor:
    """Runs workers as processes of their own until it is stopped.

    A worker ends with the server, also where that is killed. One that dies is replaced, and a
    photograph that has brought down two is marked as failed.

    Parameters
    ----------
    data : Path
        Folder of the jobs.
    workers : int
    max_pixels : int
        Larger photographs fail before they are decoded.
    threads : int, optional
        Cores of each worker's net; by default all but one, shared by the workers.
    """

    def __init__(
        self,
        data: Path,
        *,
        workers: int = 1,
        max_pixels: int = DEFAULT_MAX_PIXELS,
        threads: int | None = None,
    ) -> None:
        self.data, self.workers, self.max_pixels = data, workers, max_pixels
        self.threads = threads
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []
        self._processes: dict[int, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Supervisor:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def alive(self) -> int:
        """How many workers live."""
        return sum(process.poll() is None for process in list(self._processes.values()))

    @property
    def pids(self) -> list[int]:
        """Numbers of the workers' processes."""
        living = [item for item in list(self._processes.values()) if item.poll() is None]
        return [process.pid for process in living]

    def start(self) -> None:
        """Start the workers and a thread that looks after each."""
        self._stop.clear()
        for place in range(self.workers):
            thread = threading.Thread(target=self._look_after, args=(place,), daemon=True)
            thread.start()
            self._threads.append(thread)

    def stop(self, seconds: float = 10.0) -> None:
        """End the workers; what they were at goes back into the queue.

        Parameters
        ----------
        seconds : float
            After this they are killed.
        """
        self._stop.set()
        deadline = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        for process in list(self._processes.values()):
            if process.poll() is None:
                process.kill()
        for thread in self._threads:
            thread.join(5.0)
        self._threads.clear()

    def _look_after(self, place: int) -> None:
        """Run one worker after the other."""
        pause = 0.0
        with Store(self.data) as store:
            while not self._stop.wait(pause):
                began = time.monotonic()
                owner = f"{os.getpid()}-{place}-{secrets.token_hex(6)}"
                process = self._run(owner, place)
                self._wait(process)
                asked = self._stop.is_set()
                # Closed only now: the pipe's end is what tells the worker that the server is gone.
                if process.stdin is not None:
                    with suppress(OSError):
                        process.stdin.close()
                if not asked:
                    logger.warning("a worker ended with status %s", process.returncode)
                self._release(store, owner, killed=not asked and _killed(process))
                steady = time.monotonic() - began > STEADY_SECONDS
                pause = 0.0 if steady else min(LONGEST_PAUSE_SECONDS, max(0.1, 2 * pause))

    def _run(self, owner: str, place: int) -> subprocess.Popen[bytes]:
        # -P: no module of the current folder takes the place of an installed one
        line = [sys.executable, "-P", "-m", "cracknet.web.work.worker", "--data", str(self.data)]
        line += ["--owner", owner, "--max-pixels", str(self.max_pixels), "--end-with-stdin"]
        line += ["--threads", str(self.threads or max(1, spare_cores() // self.workers))]
        process = subprocess.Popen(line, stdin=subprocess.PIPE)
        self._processes[place] = process
        return process

    def _wait(self, process: subprocess.Popen[bytes]) -> None:
        """Wait for its end, and ask for it when the server stops."""
        asked = False
        while process.poll() is None:
            if self._stop.is_set() and not asked:
                process.send_signal(signal.SIGTERM)
                asked = True
            time.sleep(LOOK_SECONDS)

    def _release(self, store: Store, owner: str, *, killed: bool) -> None:
        try:
            release(store, owner, killed=killed)
        except (CrackNetError, OSError):
            # As with a full disk: the next worker finds that this one is dead.
            logger.exception("the work of %s could not be put back", owner)


def _killed(process: subprocess.Popen[bytes]) -> bool:
    """Tell whether a worker was brought down, and did not end by itself.

    0 is as it was told to, 1 an error of Python's that it could still tell, as a full disk.
    """
    return process.returncode not in (0, 1, STUCK)
