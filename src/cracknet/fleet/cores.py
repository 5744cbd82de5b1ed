"""A core for each worker of a machine, so that workers do not fight over one."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import IO

_HELD: list[IO[bytes]] = []
"""Locked files, one for each core that this process has taken; its end unlocks them."""


def claim_cores(count: int, folder: Path | None = None) -> tuple[int, ...]:
    """Take cores that no other worker of this machine has taken, and run on them only.

    An inference engine pins its threads itself, to the first cores it may use: two workers that
    may use all cores meet on the same ones. Ray hands out numbers of cores, not cores. So each
    worker locks a file for each of its cores; the lock goes with the process, however it ends.

    Parameters
    ----------
    count : int
    folder : Path, optional
        Of the locks, one for all workers of the machine.

    Returns
    -------
    tuple of int
        Empty where there are not enough free ones, or the system cannot bind a process to cores;
        then nothing is changed.
    """
    if not hasattr(os, "sched_setaffinity"):
        return ()
    import fcntl

    folder = folder or Path(tempfile.gettempdir()) / f"cracknet-cores-{os.getuid()}"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    taken: dict[int, IO[bytes]] = {}
    for core in sorted(os.sched_getaffinity(0)):
        if len(taken) == count:
            break
        file: IO[bytes] = (folder / f"core-{core}").open("ab")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.close()
        else:
            taken[core] = file
    if len(taken) < count:
        for file in taken.values():
            file.close()
        return ()
    _HELD.extend(taken.values())
    for thread in _threads():
        os.sched_setaffinity(thread, taken)
    return tuple(taken)


def _threads() -> list[int]:
    """All threads of this process; those that start later inherit the cores of their starter."""
    try:
        return [int(entry.name) for entry in Path("/proc/self/task").iterdir()]
    except OSError:
        return [0]
