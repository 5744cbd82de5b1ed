"""Masks of any origin measured into a folder, and what `segment` wrote measured where it lies."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from cracknet.arrays import Mask, Probability
from cracknet.datasets.annotations import visible_files
from cracknet.datasets.masked import MASK_ENDING, Masked, find_masked
from cracknet.datasets.pairs import mask_of_values, read_mask, read_mask_values
from cracknet.errors import ArgumentError, DatasetError, PhotoError
from cracknet.measurement.files import read_measurement
from cracknet.photo import PHOTO_SUFFIXES, FoundPhoto, Photo, PhotoMetadata, natural_key, read_photo
from cracknet.reporting.journal import Journal, PhotoRow, photo_facts, photo_row, with_measured
from cracknet.reporting.measuring import (
    MEASURED,
    Measuring,
    measure_photo,
    write_measurement,
    write_run_outputs,
)
from cracknet.reporting.naming import PROBABILITY_ENDING
from cracknet.reporting.photo_run import PixelBound, RunResult, run_photos, stamp, write_run
from cracknet.segmentation.segmenter import DEFAULT_THRESHOLD

RASTER_MASK_ENDING = ".mask.tif"
Progress = Callable[[PhotoRow, bool], None]


def find_masks(paths: Sequence[Path], images: Path | None = None) -> list[Masked]:
    """List masks given as files, folders of them, or datasets.

    Parameters
    ----------
    paths : sequence of Path
    images : Path, optional
        Folder of their photographs, named like the masks. By default, a dataset knows its own,
        and results of `cracknet segment` say theirs.

    Raises
    ------
    DatasetError
        When there is none.
    """
    found: list[Masked] = []
    for path in paths:
        if path.is_dir():
            found += find_masked(path, images=images)
            continue
        if not path.is_file():
            msg = f"no mask at {path}. Check the path."
            raise DatasetError(msg)
        name = path.name
        for ending in (PROBABILITY_ENDING, MASK_ENDING, path.suffix):
            name = name.removesuffix(ending)
        found.append(Masked("", PurePosixPath(name), _beside(images, name), path))
    return found


def _beside(images: Path | None, name: str) -> Path | None:
    """Find the photograph of a mask by its name; none where there are several."""
    if images is None:
        return None
    alike = [path for path in visible_files(images, PHOTO_SUFFIXES) if path.stem == name]
    return alike[0] if len(alike) == 1 else None


def measure_masks(
    masks: Sequence[Masked],
    out: Path,
    measuring: Measuring,
    *,
    as_probability: bool = False,
    threshold: float = DEFAULT_THRESHOLD,
    jobs: int | None = None,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> RunResult:
    """Measure masks of any origin: ``<name>.cracks.json`` for each, and tables of all.

    Parameters
    ----------
    masks : sequence of Masked
        As `cracknet.datasets.masked.find_masked` lists them. Their photographs, where known, tell
        widths more exactly, and may hold the scale.
    out : Path
        The output folder, made if need be.
    measuring : Measuring
    as_probability : bool
        The files hold probabilities, 0 to 255, and not masks.
    threshold : float
        Probability from which a pixel is crack.
    jobs : int, optional
        Processor cores to use; all by default.
    overwrite : bool
        Do all again.
    progress : callable, optional
        Called with each row, and True if it was skipped.

    Raises
    ------
    OutputError
        When the folder cannot be written.
    ArgumentError
        When the folder holds a run of other options or other files of the same name.
    """
    work = _MeasuringMasks(out, masks, measuring, as_probability, threshold, jobs)
    found = [FoundPhoto(item.mask, PurePosixPath(item.group, f"{item.name}.png")) for item in masks]
    return run_photos(found, out, work, overwrite=overwrite, progress=progress)


def measure_results(
    out: Path,
    measuring: Measuring,
    *,
    jobs: int | None = None,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> RunResult:
    """Measure, or measure anew, what `cracknet segment` wrote into a folder.

    The mask counts as it lies there, corrected by hand or not. Photographs whose mask has not
    changed since they were measured with the same options are skipped.

    Parameters
    ----------
    out : Path
    measuring : Measuring
    jobs : int, optional
        Processor cores to use; all by default.
    overwrite : bool
        Do all again.
    progress : callable, optional
        Called with each row, and True if it was skipped.

    Raises
    ------
    ArgumentError
        When the folder holds no such results.
    OutputError
        When it cannot be written.
    """
    began = time.monotonic()
    run, journal = _segmented(out), Journal(out)
    options = {**run["options"], "measure": measuring.as_dict()}
    rows = sorted(
        (row for row in journal.rows.values() if _is_segmented(out, row)),
        key=lambda row: natural_key(PurePosixPath(row.photo)),
    )
    wanted = json.loads(json.dumps(options["measure"]))  # as a measurement's file holds it
    todo = [row for row in rows if overwrite or not _is_measured(out, row, wanted)]
    waiting = {row.photo for row in todo}
    done: dict[str, PhotoRow] = {row.photo: row for row in rows if row.photo not in waiting}
    for row in done.values():
        if progress:
            progress(row, True)
    bound = PixelBound()
    model = {key: options[key] for key in ("model", "threshold") if key in options}
    # From here on the folder is one of these options: killed and run again, this goes on.
    write_run(out, options, {"status": "measuring", "photos": len(rows)})

    def work(row: PhotoRow) -> PhotoRow:
        try:
            with bound.of((row.width_px or 0) * (row.height_px or 0)):
                return _measure_result(out, row, measuring, model)
        except (DatasetError, PhotoError, MemoryError) as error:
            text = str(error) or "not enough memory for this photograph."
            return replace(row, status="failed", error=text)

    try:
        with ThreadPoolExecutor(jobs or os.cpu_count() or 1) as pool:
            for row in pool.map(work, todo):
                journal.add(row)
                done[row.photo] = row
                if progress:
                    progress(row, False)
    finally:
        journal.write_table([row.photo for row in rows])
    write_run_outputs(out, measuring, journal, [row.photo for row in rows])
    seconds = time.monotonic() - began
    outcome = {key: run[key] for key in ("megapixels", "net_seconds") if key in run}
    failed = sum(row.status == "failed" for row in done.values())
    write_run(
        out,
        options,
        {"status": "finished", "photos": len(rows), "failed": failed, **outcome,
         "measured": len(todo), "measuring_seconds": round(seconds, 3)},
    )  # fmt: skip
    megapixels = sum((row.width_px or 0) * (row.height_px or 0) for row in todo) / 1e6
    return RunResult(
        tuple(done[row.photo] for row in rows), len(rows) - len(todo), seconds, megapixels
    )


def is_segmented(folder: Path) -> bool:
    """Tell whether a folder is one that `cracknet segment` wrote."""
    try:
        return bool(_segmented(folder))
    except ArgumentError:
        return False


class _MeasuringMasks:
    """Measures one mask, called from several threads."""

    suffixes = (MEASURED,)

    def __init__(
        self,
        out: Path,
        masks: Sequence[Masked],
        measuring: Measuring,
        as_probability: bool,
        threshold: float,
        jobs: int | None,
    ) -> None:
        self.out, self.measuring = out, measuring
        self.as_probability, self.threshold = as_probability, threshold
        self.threads = jobs or os.cpu_count() or 1
        self._photos = {item.mask: item.photo for item in masks}
        self._bound = PixelBound()

    @property
    def options(self) -> dict[str, Any]:
        """As `cracknet.reporting.photo_run.Work` says."""
        return {
            "masks": "probability" if self.as_probability else "mask",
            "threshold": self.threshold if self.as_probability else None,
            "measure": self.measuring.as_dict(),
        }

    def do(self, photo: FoundPhoto, name: str) -> PhotoRow:
        """As `cracknet.reporting.photo_run.Work` says."""
        path = photo.path
        size, modified = stamp(path)
        try:
            mask, probability = read_mask_or_probability(path, self.as_probability, self.threshold)
            with self._bound.of(mask.size):
                beside = self._photos[path]
                read = None if beside is None else _photo_of(beside, mask, path)
                measured = measure_photo(
                    name, beside or path, read, mask, probability, self.measuring
                )
                write_measurement(self.out, measured, None if read is None else read.gray)
        except (DatasetError, PhotoError, MemoryError) as error:
            text = str(error) or "not enough memory for this mask."
            return PhotoRow(name, str(path), "failed", text, bytes=size, modified_ns=modified)
        metadata = PhotoMetadata() if read is None else read.metadata
        row = photo_row(name, path, metadata, mask.shape, float(mask.mean()))
        return replace(with_measured(row, measured), bytes=size, modified_ns=modified)

    def finish(self, journal: Journal, order: Sequence[str]) -> dict[str, Any]:
        """As `cracknet.reporting.photo_run.Work` says."""
        write_run_outputs(self.out, self.measuring, journal, order)
        return {}


def read_mask_or_probability(
    path: Path, as_probability: bool = False, threshold: float = DEFAULT_THRESHOLD
) -> tuple[Mask, Probability | None]:
    """Read a mask, or a probability stored as 0 to 255.

    Parameters
    ----------
    path : Path
        One whose name ends in ``.probability.png`` is a probability in any case.
    as_probability : bool
    threshold : float

    Returns
    -------
    mask : (H, W) bool
    probability : (H, W) float32 in [0, 1], or None for a mask

    Raises
    ------
    DatasetError
        When it cannot be read, or a mask holds other values than 0 and 255, or 0 and 1.
    """
    values = read_mask_values(path)
    if as_probability or path.name.endswith(PROBABILITY_ENDING):
        if values.dtype != np.uint8 or values.ndim != 2:
            msg = f"a probability is stored as 8-bit gray; {path} is not. Save it as 8-bit PNG."
            raise DatasetError(msg)
        probability = np.multiply(values, np.float32(1 / 255), dtype=np.float32)
        return np.asarray(probability >= np.float32(threshold)), probability
    try:
        return mask_of_values(values, path), None
    except DatasetError as error:
        msg = (
            f"{str(error).removesuffix(' Threshold it before use.')} If it is a probability, say "
            "so with --probability; if it is a photograph, `cracknet segment` finds its cracks "
            "and measures them."
        )
        raise DatasetError(msg) from error


def _photo_of(path: Path, mask: Mask, mask_path: Path) -> Photo:
    photo = read_photo(path)
    if photo.gray.shape != mask.shape:
        msg = (
            f"a mask must have its photograph's size, {photo.width}x{photo.height} upright "
            f"({path}); {mask_path} has {mask.shape[1]}x{mask.shape[0]}. Export it again, or leave "
            "out --images."
        )
        raise DatasetError(msg)
    return photo


def _segmented(folder: Path) -> Mapping[str, Any]:
    """Read run.json of a folder that `segment` wrote."""
    path = folder / "run.json"
    try:
        run = json.loads(path.read_text("utf-8"))
        if "model" not in run["options"]:
            msg = f"{folder} holds masks measured before, not results of `cracknet segment`."
            raise ArgumentError(msg)
    except OSError as error:
        msg = f"{folder} is not a folder that `cracknet segment` wrote: it has no run.json."
        raise ArgumentError(msg) from error
    except (ValueError, KeyError, TypeError) as error:
        if isinstance(error, ArgumentError):
            raise
        msg = f"{path} is not a run of CrackNet. Segment the photographs again."
        raise ArgumentError(msg) from error
    return dict(run)


def _measure_result(
    out: Path, row: PhotoRow, measuring: Measuring, about: Mapping[str, Any]
) -> PhotoRow:
    base = str(out / row.photo)
    mask = read_mask(Path(base + MASK_ENDING))
    probability: Probability | None = None
    stored = Path(base + PROBABILITY_ENDING)
    if stored.is_file():
        _, probability = read_mask_or_probability(stored)
        if probability is not None and probability.shape != mask.shape:
            msg = f"{stored} and the mask beside it differ in size. Segment the photograph again."
            raise DatasetError(msg)
    photo, gone = None, ""
    file = Path(row.file)
    if stamp(file) == (row.bytes, row.modified_ns):
        photo = _photo_of(file, mask, Path(base + MASK_ENDING))
    else:
        gone = f"the photograph {file} is gone or has changed: widths are from the probability."
    content = {**about, **photo_facts(row), "mask": list(stamp(Path(base + MASK_ENDING)))}
    item = measure_photo(row.photo, file, photo, mask, probability, measuring, content)
    if gone:
        notes = (*item.measurement.notes, gone)
        problem = " ".join(filter(None, (item.about.get("problem"), gone)))
        item = replace(
            item,
            measurement=replace(item.measurement, notes=notes),
            about={**item.about, "problem": problem},
        )
    write_measurement(out, item, None if photo is None else photo.gray)
    row = replace(row, status="done", error="")
    return with_measured(replace(row, crack_share=float(mask.mean())), item)


def _is_segmented(out: Path, row: PhotoRow) -> bool:
    """Tell whether a photograph has a mask to be measured, though measuring it failed before.

    Rasters, whose masks are GeoTIFFs, are measured by `cracknet.mosaic`.
    """
    if is_raster_result(out, row.photo):
        return False
    return row.status == "done" or Path(f"{out / row.photo}{MASK_ENDING}").is_file()


def is_raster_result(out: Path, name: str) -> bool:
    """Tell whether results of this name are those of a raster."""
    return Path(f"{out / name}{RASTER_MASK_ENDING}").is_file()


def _is_measured(out: Path, row: PhotoRow, wanted: Mapping[str, Any]) -> bool:
    """Tell whether a mask, as it lies there, was measured with the options wanted."""
    path = Path(f"{out / row.photo}{MEASURED}")
    try:
        about = read_measurement(path).about
    except PhotoError:
        return False
    mask = list(stamp(Path(f"{out / row.photo}{MASK_ENDING}")))
    return bool(about.get("measure") == wanted and about.get("mask") == mask)
