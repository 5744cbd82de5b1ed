"""Where the files of a job lie, and names that are safe for them."""

from __future__ import annotations

import re
import shutil
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path, PurePosixPath, PureWindowsPath

from cracknet.errors import ArgumentError

JOB_ID = re.compile(r"[A-Za-z0-9_-]{16,64}")
"""What `secrets.token_urlsafe(16)` makes; nothing else becomes part of a path."""

LONGEST_NAME = 80
_RESERVED = {"con", "prn", "aux", "nul", *(f"{p}{n}" for p in ("com", "lpt") for n in range(10))}


def job_folder(data: Path, job: str) -> Path:
    """Give the folder of a job.

    Raises
    ------
    ArgumentError
        When the job's id is none.
    """
    if not JOB_ID.fullmatch(job):
        msg = f"a job's id is made of 16 to 64 letters, figures, - and _; got {job!r}."
        raise ArgumentError(msg)
    return data / "jobs" / job


def remove_folder(data: Path, job: str) -> None:
    """Remove all files of a job, and nothing else: a link is removed, what it leads to is not."""
    folder = job_folder(data, job)
    if folder.is_symlink():
        folder.unlink()
    elif folder.exists():
        # A worker at it may put a file there meanwhile: `Store.sweep` comes by later.
        shutil.rmtree(folder, ignore_errors=True)


def job_folders(data: Path) -> Iterator[tuple[str, float]]:
    """List the jobs that have a folder, and the Unix time at which it was last written to."""
    folder = data / "jobs"
    for path in sorted(folder.iterdir()) if folder.is_dir() else []:
        if JOB_ID.fullmatch(path.name):  # or else CrackNet did not write it
            uploads = path / "uploads"
            with suppress(OSError):
                files = list(uploads.iterdir()) if uploads.is_dir() else []
                yield path.name, max(item.lstat().st_mtime for item in (path, *files))


def safe_names(file_names: Iterable[str]) -> list[str]:
    """Name the results of photographs after their files, each once.

    Letters and figures of any script stay, all else becomes ``_``; nothing of a path, no dot and
    no name of a device is left.

    Examples
    --------
    >>> safe_names(["Pier 3.JPG", "../../etc/passwd", "pier 3.png", "...", "C:/x/con.jpg"])
    ['Pier_3', 'passwd', 'pier_3-3', 'photo-4', 'con_']
    """
    taken: set[str] = set()
    names: list[str] = []
    for number, file_name in enumerate(file_names, 1):
        last = PurePosixPath(PureWindowsPath(file_name).name).name
        stem, dot, suffix = last.rpartition(".")
        text = unicodedata.normalize("NFC", stem if dot and stem and suffix.isalnum() else last)
        name = re.sub(r"[^\w-]|_", "_", text).strip("_-")[:LONGEST_NAME] or f"photo-{number}"
        while len(name.encode()) > 2 * LONGEST_NAME:
            name = name[:-1]
        if name.casefold() in _RESERVED:
            name += "_"
        if name.casefold() in taken:
            name = f"{name}-{number}"
        while name.casefold() in taken:
            name += "_"
        taken.add(name.casefold())
        names.append(name)
    return names
