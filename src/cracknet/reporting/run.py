"""A run: many photographs segmented into one output folder, resumable."""

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
from typing import Any

from cracknet import __version__
from cracknet.arrays import Mask
from cracknet.errors import ArgumentError, EngineError, OutputError, PhotoError
from cracknet.files import write_whole
from cracknet.photo import DEFAULT_MAX_PIXELS, FoundPhoto, read_photo
from cracknet.reporting.journal import Journal, PhotoRow
from cracknet.reporting.naming import name_results
from cracknet.reporting.overlay import draw_overlay
from cracknet.reporting.writing import jpeg_of, png_of_mask, png_of_probability
from cracknet.segmentation import Segmentation, Segmenter

PIXELS_AT_ONCE = 64_000_000
SUFFIXES = (".mask.png", ".probability.png", ".overlay.jpg")


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
        Segmented in this run.
    """

    rows: tuple[PhotoRow, ...]
    skipped: int
    seconds: float
    megapixels: float

    @property
    def failed(self) -> tuple[PhotoRow, ...]:
        """The photographs that could not be done."""
        return tuple(row for row in self.rows if row.status == "failed")


def segment_photos(
    photos: Sequence[FoundPhoto],
    out: Path,
    segmenter: Segmenter,
    *,
    overwrite: bool = False,
    max_pixels: int = DEFAULT_MAX_PIXELS,
    progress: Callable[[PhotoRow, bool], None] | None = None,
) -> RunResult:
    """Segment photographs and write mask, probability, overlay, photos.csv and run.json.

    Each result is written whole or not at all. A photograph that fails is recorded and the run
    goes on. What an earlier run with the same options has done is skipped, unless the photograph
    has changed since; nothing else in the folder is touched.

    Parameters
    ----------
    photos : sequence of FoundPhoto
        As `cracknet.photo.files.find_photos` lists them.
    out : Path
        The output folder, made if need be.
    segmenter : Segmenter
    overwrite : bool
        Do all again.
    max_pixels : int
        Larger photographs fail before they are decoded.
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
    _make_folder(out)
    options = _options(segmenter)
    _check_earlier(out, options, overwrite)
    journal = Journal(out)
    names = [str(name) for name in name_results(photos)]
    if not overwrite:
        _check_others(journal, out, photos, names)
    _write_run(out, options, {"status": "running"})
    skipped: set[str] = set()
    todo: list[tuple[FoundPhoto, str]] = []
    for photo, name in zip(photos, names, strict=True):
        if not overwrite and _is_done(journal, out, photo, name):
            skipped.add(name)
            if progress:
                progress(journal.rows[name], True)
        else:
            todo.append((photo, name))

    megapixels = 0.0
    work = _PhotoWork(out, segmenter, max_pixels)
    try:
        for row in _in_threads(work, todo, segmenter.engine.workers + 1):
            journal.add(row)
            megapixels += (row.width_px or 0) * (row.height_px or 0) / 1e6
            if progress:
                progress(row, False)
    finally:
        journal.write_table(names)
    rows = tuple(journal.rows[name] for name in names)
    seconds = time.monotonic() - began
    failed = sum(row.status == "failed" for row in rows)
    _write_run(
        out,
        options,
        {
            "status": "finished",
            "photos": len(rows),
            "failed": failed,
            "skipped": len(skipped),
            "megapixels": round(megapixels, 3),
            "seconds": round(seconds, 3),
            "net_seconds": round(segmenter.net_seconds, 3),
        },
    )
    return RunResult(rows, len(skipped), seconds, megapixels)


class _PhotoWork:
    """All that is done to one photograph, called from several threads."""

    def __init__(self, out: Path, segmenter: Segmenter, max_pixels: int) -> None:
        self.out, self.segmenter, self.max_pixels = out, segmenter, max_pixels
        self._room = threading.Condition()
        self._pixels = 0

    def __call__(self, photo: FoundPhoto, name: str) -> PhotoRow:
        size, modified = _stamp(photo.path)
        try:
            read = read_photo(photo.path, max_pixels=self.max_pixels)
            with self._bounded(read.gray.size):
                result = self.segmenter.segment(read)
                mask = result.mask
                self._write(name, result, mask)
                share = float(mask.mean())
        except (PhotoError, EngineError, MemoryError) as error:
            text = str(error) or "not enough memory for this photograph."
            return PhotoRow(name, str(photo.path), "failed", text, bytes=size, modified_ns=modified)
        meta = read.metadata
        return PhotoRow(
            photo=name,
            file=str(photo.path),
            status="done",
            width_px=read.width,
            height_px=read.height,
            crack_share=share,
            taken=meta.taken,
            latitude_deg=meta.latitude_deg,
            longitude_deg=meta.longitude_deg,
            altitude_m=meta.altitude_m,
            camera=meta.camera,
            bytes=size,
            modified_ns=modified,
        )

    def _write(self, name: str, result: Segmentation, mask: Mask) -> None:
        base = str(self.out / name)
        write_whole(Path(base + SUFFIXES[0]), png_of_mask(mask))
        write_whole(Path(base + SUFFIXES[1]), png_of_probability(result.probability))
        write_whole(Path(base + SUFFIXES[2]), jpeg_of(draw_overlay(result.photo.gray, mask)))

    @contextmanager
    def _bounded(self, pixels: int) -> Iterator[None]:
        """Wait until the photographs in work leave room; one alone may be of any size."""
        with self._room:
            self._room.wait_for(
                lambda: self._pixels == 0 or self._pixels + pixels <= PIXELS_AT_ONCE
            )
            self._pixels += pixels
        try:
            yield
        finally:
            with self._room:
                self._pixels -= pixels
                self._room.notify_all()


def _in_threads(
    work: _PhotoWork, todo: Sequence[tuple[FoundPhoto, str]], threads: int
) -> Iterator[PhotoRow]:
    """Yield rows as they are done, with a few photographs in work and none waiting in memory."""
    pending: set[Future[PhotoRow]] = set()
    with ThreadPoolExecutor(threads, thread_name_prefix="photo") as pool:
        try:
            for photo, name in todo:
                if len(pending) >= threads:
                    done, pending = wait(pending, return_when=FIRST_COMPLETED)
                    for future in done:
                        yield future.result()
                pending.add(pool.submit(work, photo, name))
            while pending:
                done, pending = wait(pending, return_when=FIRST_COMPLETED)
                for future in done:
                    yield future.result()
        except BaseException:
            for future in pending:
                future.cancel()
            raise


def _stamp(path: Path) -> tuple[int, int]:
    """Return size and time of change, by which a changed photograph is known."""
    try:
        status = path.stat()
    except OSError:
        return 0, 0
    return status.st_size, status.st_mtime_ns


def _is_done(journal: Journal, out: Path, photo: FoundPhoto, name: str) -> bool:
    row = journal.rows.get(name)
    if row is None or row.status != "done":
        return False
    if _stamp(photo.path) != (row.bytes, row.modified_ns):
        return False
    return all(Path(f"{out / name}{suffix}").is_file() for suffix in SUFFIXES)


def _make_folder(out: Path) -> None:
    try:
        out.mkdir(parents=True, exist_ok=True)
        if not os.access(out, os.W_OK | os.X_OK):
            raise PermissionError(13, "no permission to write")
    except OSError as error:
        msg = f"the output folder {out} cannot be used: {error.strerror}. Name another with -o."
        raise OutputError(msg) from error


def _options(segmenter: Segmenter) -> dict[str, Any]:
    card = segmenter.card
    return {
        "model": card.name,
        "model_sha256": card.sha256,
        "engine": segmenter.engine.name,
        "precision": segmenter.precision,
        "threshold": segmenter.threshold,
        "tile_px": segmenter.tile_px,
        "overlap_px": card.overlap_px,
        "coarse_weight": card.coarse_weight,
    }


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
        msg = (
            f"{out} holds a run with {key} {earlier.get(key)!r}; now it is {options[key]!r}. "
            "Name another folder with -o, or do it all again with --overwrite."
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


def _write_run(out: Path, options: dict[str, Any], outcome: dict[str, Any]) -> None:
    content = {
        "cracknet": __version__,
        "options": options,
        **outcome,
        "written": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}",
    }
    write_whole(out / "run.json", (json.dumps(content, indent=2) + "\n").encode())


def own_result(photo: FoundPhoto, out: Path) -> bool:
    """Tell whether a file found as input is a result that CrackNet wrote below `out`."""
    return photo.path.name.endswith(SUFFIXES) and out.resolve() in photo.path.resolve().parents
