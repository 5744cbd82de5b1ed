"""What a worker does with a piece of work: segment, measure, write tables, compare."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

from cracknet.arrays import Mask
from cracknet.errors import ArgumentError, OutputError, PhotoError
from cracknet.measurement.change import ChangeOptions, Dated, compare
from cracknet.measurement.files import SUFFIX, PhotoMeasurement
from cracknet.photo import FoundPhoto, Photo
from cracknet.raster import is_raster
from cracknet.reporting.change_run import read_dated
from cracknet.reporting.edited_run import measure_edits, write_tables
from cracknet.reporting.journal import Journal, PhotoRow
from cracknet.reporting.photo_run import make_folder, write_run
from cracknet.reporting.pyramid import colour_of, write_layer, write_pyramid
from cracknet.reporting.run import PhotoSegmenting
from cracknet.reporting.swipe import write_swipe
from cracknet.reporting.tables.rows import measured_rows
from cracknet.segmentation import Segmentation, Segmenter
from cracknet.segmentation.models import DEFAULT_MODEL, find_model
from cracknet.web.queue.jobs import JobOptions
from cracknet.web.queue.store import Store
from cracknet.web.queue.tasks import PhotoFigures, Task

KEPT_MODELS = 2


class Working:
    """Does pieces of work, one at a time, and keeps the models that it has loaded.

    Parameters
    ----------
    store : Store
    max_pixels : int
        Larger photographs fail before they are decoded.
    threads : int
        Cores for the net.
    """

    def __init__(self, store: Store, *, max_pixels: int, threads: int) -> None:
        self.store, self.max_pixels, self.threads = store, max_pixels, threads
        self._segmenters: dict[str, Segmenter] = {}

    def close(self) -> None:
        """Let go of the models."""
        for segmenter in self._segmenters.values():
            segmenter.close()
        self._segmenters.clear()

    def do(self, task: Task) -> PhotoFigures | None:
        """Do a piece of work; give the figures of its photograph, where it has one.

        Raises
        ------
        CrackNetError
            When it cannot be done; the message calls the photograph by its sender's name.
        """
        match task.kind:
            case "segment":
                return self._segment(task)
            case "measure":
                return self._measure(task)
            case "tables":
                self._tables(task)
            case "change":
                self._change(task)
        return None

    def _segment(self, task: Task) -> PhotoFigures:
        photo, file = _photo(task)
        if is_raster(file):
            msg = (
                f"{photo.file_name} is a georeferenced or very large TIFF, and this page takes "
                "photographs. Segment it on a command line: cracknet segment "
                f"{photo.file_name} -o RESULTS"
            )
            raise PhotoError(msg)
        found: list[PhotoFigures] = []

        def also(result: Segmentation, mask: Mask, measured: PhotoMeasurement | None) -> None:
            gray = result.photo.gray
            write_pyramid(self._tiles(task), colour_of(file, gray), result.probability, mask)
            if measured is not None:
                found.append(_figures(measured, float(mask.mean())))

        options = task.job.options
        segmenter = self._segmenter(options)
        called = Path(photo.file_name)
        work = PhotoSegmenting(
            self._out(task), segmenter, options.measuring(), self.max_pixels, also, called
        )
        _begin_run(work.out, work.options)
        row = work.do(FoundPhoto(file, PurePosixPath(file.name)), photo.name)
        Journal(work.out).add(row)
        if not found:
            raise PhotoError(_told(row, photo.file_name))
        return found[0]

    def _measure(self, task: Task) -> PhotoFigures:
        photo, _ = _photo(task)
        corrected = measure_edits(
            self._out(task),
            photo.name,
            photo.edits,
            task.job.options.measuring(photo.edits),
            threshold=_threshold(task.job.options),
            max_pixels=self.max_pixels,
            called=Path(photo.file_name),
        )
        write_layer(self._tiles(task), "mask", corrected.mask)
        return _figures(corrected.measured, float(corrected.mask.mean()))

    def _tables(self, task: Task) -> None:
        options = task.job.options
        names = [photo.name for photo in task.job.photos]
        write_tables(self._out(task), options.measuring(), names, threshold=_threshold(options))

    def _change(self, task: Task) -> None:
        before, before_file = self._dated(task.job.about["before"])
        after, after_file = self._dated(task.job.about["after"])
        change = compare(before, after, ChangeOptions())
        pictures = (colour_of(before_file, before.gray), colour_of(after_file, after.gray))
        write_swipe(change, *pictures, self._out(task))

    def _dated(self, which: Mapping[str, Any]) -> tuple[Dated, Path]:
        job = self.store.job(str(which["job"]))
        photos = () if job is None else job.photos
        photo = next((item for item in photos if item.number == which["photo"]), None)
        if job is None or photo is None or photo.width_px is None:
            msg = (
                "a photograph to be compared has been deleted or is not measured. Segment both "
                "first, then compare them."
            )
            raise ArgumentError(msg)
        file = self.store.stored(job.id, photo.number)
        measured = self.store.folder(job.id) / "results" / f"{photo.name}{SUFFIX}"
        try:
            dated = read_dated(measured, _not_again, photo=file)
        except (PhotoError, ArgumentError) as error:
            raise PhotoError(str(error).replace(str(file), photo.file_name)) from error
        return replace(dated, name=photo.file_name), file or measured

    def _segmenter(self, options: JobOptions) -> Segmenter:
        """Give the model loaded, at the threshold of the job's sensitivity."""
        name = options.model or DEFAULT_MODEL
        segmenter = self._segmenters.pop(name, None)
        if segmenter is None:
            while len(self._segmenters) >= KEPT_MODELS:
                self._segmenters.pop(next(iter(self._segmenters))).close()
            segmenter = Segmenter(name, threads=self.threads)
        self._segmenters[name] = segmenter
        # One thread works with it, and a photograph is segmented and written at one threshold.
        segmenter.threshold = segmenter.card.threshold_for(options.sensitivity)
        return segmenter

    def _out(self, task: Task) -> Path:
        return self.store.folder(task.job.id) / "results"

    def _tiles(self, task: Task) -> Path:
        number = _photo(task)[0].number
        return self.store.folder(task.job.id) / "tiles" / str(number)


def _photo(task: Task) -> tuple[Any, Path]:
    if task.photo is None or task.file is None:
        msg = f"a {task.kind} needs a photograph."
        raise ArgumentError(msg)
    return task.photo, task.file


def _not_again(photo: Photo) -> Segmentation:
    msg = f"{photo.path} has been segmented before."
    raise ArgumentError(msg)


def _threshold(options: JobOptions) -> float:
    return find_model(options.model or DEFAULT_MODEL).threshold_for(options.sensitivity)


def _figures(item: PhotoMeasurement, crack_share: float) -> PhotoFigures:
    of = measured_rows(item).photo
    return PhotoFigures(
        width_px=of.width_px,
        height_px=of.height_px,
        crack_share=crack_share,
        cracks=of.cracks,
        length_px=of.length_px,
        length_mm=of.length_mm,
        width_max_px=of.width_max_px,
        width_max_mm=of.width_max_mm,
        mm_per_px=of.mm_per_px,
    )


def _told(row: PhotoRow, file_name: str) -> str:
    """Say what went wrong, without where the file lies on the server."""
    text = row.error.removeprefix(f"{row.file}: ")
    return f"{file_name}: {text}".replace(row.file, file_name)


def _begin_run(out: Path, options: Mapping[str, Any]) -> None:
    """Write run.json when the first photograph of these options is begun."""
    make_folder(out)
    wanted = json.loads(json.dumps(options))
    if _options_of(out) == wanted:
        return
    try:
        write_run(out, dict(options), {"status": "running"})
    except OutputError:
        # Another worker began the same job at the same moment, and has written the same.
        if _options_of(out) != wanted:
            raise


def _options_of(out: Path) -> Any:
    with suppress(OSError, ValueError, KeyError, TypeError):
        return json.loads((out / "run.json").read_text("utf-8"))["options"]
    return None
