"""A run: the same work done to many photographs into one output folder, resumable."""

from __future__ import annotations

import json
import os
import platform
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from cracknet import __version__
from cracknet.errors import ArgumentError, OutputError
from cracknet.files import write_whole
from cracknet.photo import FoundPhoto
from cracknet.reporting.journal import Journal, PhotoRow
from cracknet.reporting.naming import name_results

PIXELS_AT_ONCE = 64_000_000


@dataclass(frozen=True)
class RunResult:
    """What a run did.

    Attributes
    ----------
    rows : tuple of PhotoRow
        One for each photograph of this run, in order.
    skipped : int
        How many of them an earlier run had done.
    seconds : float
        Wall time.
    megapixels : float
        Worked on in this run.
    """

    rows: tuple[PhotoRow, ...]
    skipped: int
    seconds: float
    megapixels: float

    @property
    def failed(self) -> tuple[PhotoRow, ...]:
        """The photographs that could not be done."""
        return tuple(row for row in self.rows if row.status == "failed")


class Work(Protocol):
    """What is done to one photograph, called from several threads."""

    @property
    def options(self) -> dict[str, Any]:
        """What must not differ between runs into one folder, as JSON values."""

    @property
    def suffixes(self) -> Sequence[str]:
        """Endings of the files that a photograph is done with."""

    @property
    def threads(self) -> int:
        """How many photographs to work on at once."""

    def do(self, photo: FoundPhoto, name: str) -> PhotoRow:
        """Write the results of one photograph; a failure is a row, not an error."""

    def finish(self, journal: Journal, order: Sequence[str]) -> dict[str, Any]:
        """Write what stands over all photographs, those of this run first; return figures."""


def run_photos(
    photos: Sequence[FoundPhoto],
    out: Path,
    work: Work,
    *,
    overwrite: bool = False,
    names: Sequence[str] | None = None,
    progress: Callable[[PhotoRow, bool], None] | None = None,
) -> RunResult:
    """Do a work to photographs, and write photos.csv and run.json.

    Each result is written whole or not at all. A photograph that fails is recorded and the run
    goes on. What an earlier run with the same options has done is skipped, unless the photograph
    has changed since; nothing else in the folder is touched.

    Parameters
    ----------
    photos : sequence of FoundPhoto
        As `cracknet.photo.files.find_photos` lists them.
    out : Path
        The output folder, made if need be.
    work : Work
    overwrite : bool
        Do all again.
    names : sequence of str, optional
        Of their results below the folder; by default as `name_results` has them.
    progress : callable, optional
        Called with each row, and True if it was skipped.

    Raises
    ------
    OutputError
        When the folder cannot be written, or the disk is full; what is done stays.
    ArgumentError
        When the folder holds a run of other options, or results of another photograph of the
        same name, and `overwrite` is False.
    """
    began = time.monotonic()
    make_folder(out)
    _check_earlier(out, work.options, overwrite)
    journal = Journal(out)
    names = [str(name) for name in name_results(photos)] if names is None else list(names)
    if not overwrite:
        _check_others(journal, out, photos, names)
    write_run(out, work.options, {"status": "running"})
    skipped: set[str] = set()
    todo: list[tuple[FoundPhoto, str]] = []
    for photo, name in zip(photos, names, strict=True):
        if not overwrite and _is_done(journal, out, photo, name, work.suffixes):
            skipped.add(name)
            if progress:
                progress(journal.rows[name], True)
        else:
            todo.append((photo, name))

    megapixels = 0.0
    try:
        for row in _in_threads(work, todo):
            journal.add(row)
            megapixels += (row.width_px or 0) * (row.height_px or 0) / 1e6
            if progress:
                progress(row, False)
    finally:
        journal.write_table(names)
    rows = tuple(journal.rows[name] for name in names)
    figures = work.finish(journal, names)
    seconds = time.monotonic() - began
    write_run(
        out,
        work.options,
        {
            "status": "finished",
            "photos": len(rows),
            "failed": sum(row.status == "failed" for row in rows),
            "skipped": len(skipped),
            "megapixels": round(megapixels, 3),
            "seconds": round(seconds, 3),
            **figures,
        },
    )
    return RunResult(rows, len(skipped), seconds, megapixels)


class PixelBound:
    """Keeps the photographs in work within what memory holds; one alone may be of any size."""

    def __init__(self, pixels_at_once: int = PIXELS_AT_ONCE) -> None:
        self._most = pixels_at_once
        self._room = threading.Condition()
        self._pixels = 0

    @contextmanager
    def of(self, pixels: int) -> Iterator[None]:
        """Wait until there is room for so many pixels, and take it."""
        with self._room:
            self._room.wait_for(lambda: self._pixels == 0 or self._pixels + pixels <= self._most)
            self._pixels += pixels
        try:
            yield
        finally:
            with self._room:
                self._pixels -= pixels
                self._room.notify_all()


def _in_threads(work: Work, todo: Sequence[tuple[FoundPhoto, str]]) -> Iterator[PhotoRow]:
    """Yield rows as they are done, with a few photographs in work and none waiting in memory."""
    pending: set[Future[PhotoRow]] = set()
    with ThreadPoolExecutor(work.threads, thread_name_prefix="photo") as pool:
        try:
            for photo, name in todo:
                if len(pending) >= work.threads:
                    done, pending = wait(pending, return_when=FIRST_COMPLETED)
                    for future in done:
                        yield future.result()
                pending.add(pool.submit(work.do, photo, name))
            while pending:
                done, pending = wait(pending, return_when=FIRST_COMPLETED)
                for future in done:
                    yield future.result()
        except BaseException:
            for future in pending:
                future.cancel()
            raise


def stamp(path: Path) -> tuple[int, int]:
    """Return size and time of change, by which a changed photograph is known."""
    try:
        status = path.stat()
    except OSError:
        return 0, 0
    return status.st_size, status.st_mtime_ns


def _is_done(
    journal: Journal, out: Path, photo: FoundPhoto, name: str, suffixes: Sequence[str]
) -> bool:
    row = journal.rows.get(name)
    if row is None or row.status != "done":
        return False
    if stamp(photo.path) != (row.bytes, row.modified_ns):
        return False
    return all(Path(f"{out / name}{suffix}").is_file() for suffix in suffixes)


def make_folder(out: Path) -> None:
    """Make the output folder; `OutputError` where it cannot be made or written to."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        if not os.access(out, os.W_OK | os.X_OK):
            raise PermissionError(13, "no permission to write")
    except OSError as error:
        msg = f"the output folder {out} cannot be used: {error.strerror}. Name another with -o."
        raise OutputError(msg) from error


def _check_earlier(out: Path, options: dict[str, Any], overwrite: bool) -> None:
    path = out / "run.json"
    if not path.is_file():
        return
    try:
        earlier = dict(json.loads(path.read_text("utf-8"))["options"])
    except (ValueError, KeyError, TypeError) as error:
        msg = f"{path} is not a run of CrackNet. Name another folder with -o."
        raise OutputError(msg) from error
    differing = [key for key in options if earlier.get(key) != options[key]]
    if differing and not overwrite:
        key = differing[0]
        again = "do it all again with --overwrite"
        if differing == ["measure"]:
            again = f"measure its results anew with `cracknet measure {out}` and these options"
        msg = (
            f"{out} holds a run with {key} {earlier.get(key)!r}; now it is {options[key]!r}. "
            f"Name another folder with -o, or {again}."
        )
        raise ArgumentError(msg)
    if differing:
        Journal(out).forget()


def _check_others(
    journal: Journal, out: Path, photos: Sequence[FoundPhoto], names: Sequence[str]
) -> None:
    """Refuse to replace the results of another photograph that an earlier run named alike.

    One that has since been moved or deleted gives its name away.
    """
    for photo, name in zip(photos, names, strict=True):
        row = journal.rows.get(name)
        if row is None or row.file == str(photo.path):
            continue
        other = Path(row.file)
        if other.is_file() and photo.path.is_file() and not other.samefile(photo.path):
            msg = (
                f"{out} holds the results of {other} as {name}, and those of {photo.path} would "
                "replace them. Name another folder with -o, or both photographs in one run."
            )
            raise ArgumentError(msg)


def write_run(out: Path, options: dict[str, Any], outcome: dict[str, Any]) -> None:
    """Write run.json: version, options and what came of the run."""
    content = {
        "cracknet": __version__,
        "options": options,
        **outcome,
        "written": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}",
    }
    write_whole(out / "run.json", (json.dumps(content, indent=2) + "\n").encode())
