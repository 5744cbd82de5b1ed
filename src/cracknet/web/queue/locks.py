"""Which workers are alive: each holds a lock on a file of its own for as long as it lives.

The system drops the lock however the process ends, also by SIGKILL or a power cut, and no clock and
no number of a process that was given away again can mislead.
"""

from __future__ import annotations

import os
import sys
import time
from contextlib import suppress
from pathlib import Path

FOLDER = "workers"
STALE_SECONDS = 60.0


class WorkerLock:
    """The mark that a worker is alive; dropped with the process, or by `release`.

    Parameters
    ----------
    data : Path
        The folder of the jobs.
    owner : str
        The worker's name, used once.
    """

    def __init__(self, data: Path, owner: str) -> None:
        self._path = _path(data, owner)
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        self._held = True
        while not _lock(self._file):  # whoever looks whether it is held, holds it for a moment
            time.sleep(0.001)
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._close)  # a fork is not this worker

    def release(self) -> None:
        """Drop the lock and remove its file."""
        with suppress(OSError):
            self._path.unlink()
        self._close()

    def _close(self) -> None:
        if self._held:
            self._held = False
            os.close(self._file)


def is_alive(data: Path, owner: str) -> bool:
    """Tell whether a worker lives."""
    try:
        file = os.open(_path(data, owner), os.O_RDWR)
    except OSError:
        return False
    try:
        return not _lock(file)
    finally:
        os.close(file)


def remove_stale(data: Path) -> None:
    """Remove the files of workers that were killed."""
    folder = data / FOLDER
    for path in folder.glob("*.lock") if folder.is_dir() else []:
        with suppress(OSError):
            old = time.time() - path.stat().st_mtime > STALE_SECONDS
            if old and not is_alive(data, path.stem):
                path.unlink()


def _path(data: Path, owner: str) -> Path:
    return data / FOLDER / f"{owner}.lock"


if sys.platform == "win32":
    import msvcrt

    def _lock(file: int) -> bool:
        try:
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _lock(file: int) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True
