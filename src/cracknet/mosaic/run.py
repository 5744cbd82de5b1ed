"""Photographs and rasters segmented into one output folder."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from cracknet.errors import ArgumentError, EngineError, PhotoError
from cracknet.mosaic.measuring import MeasuredRaster, measure_raster
from cracknet.mosaic.segmenting import refuse_gate, segment_raster
from cracknet.photo import DEFAULT_MAX_PIXELS, FoundPhoto
from cracknet.raster import is_raster
from cracknet.reporting.journal import Journal, PhotoRow
from cracknet.reporting.measured_run import is_raster_result, measure_results
from cracknet.reporting.measuring import Measuring, write_run_outputs
from cracknet.reporting.naming import name_results
from cracknet.reporting.photo_run import RunResult, stamp
from cracknet.reporting.run import segment_photos
from cracknet.segmentation import Segmenter

LARGE_PX = 50_000_000
"""Measuring a raster larger than this does not share the memory with the net."""


def segment_found(
    found: Sequence[FoundPhoto],
    out: Path,
    segmenter: Segmenter,
    *,
    measuring: Measuring | None = None,
    overwrite: bool = False,
    max_pixels: int = DEFAULT_MAX_PIXELS,
    progress: Callable[[PhotoRow, bool], None] | None = None,
    windows: Callable[[str, int, int], None] | None = None,
) -> RunResult:
    """Segment photographs as `cracknet.segment_photos` does, and rasters window by window.

    Parameters
    ----------
    found : sequence of FoundPhoto
        `cracknet.raster.is_raster` tells which of them are rasters.
    out, segmenter, measuring, overwrite, max_pixels, progress
        As of `cracknet.segment_photos`. The size of rasters has no limit.
    windows : callable, optional
        Called with a raster's name, its windows that are done, and its windows in all.

    Returns
    -------
    RunResult
        Photographs first. A raster that cannot be read is a row of status ``failed``.

    Raises
    ------
    ArgumentError
        When the folder holds results of other options or of another file of one's name, or there
        are rasters and the segmenter has a gate.
    OutputError
        When results cannot be written or do not fit on the disk.
    """
    names = [str(name) for name in name_results(found)]
    rasters: list[tuple[FoundPhoto, str]] = []
    photos: list[tuple[FoundPhoto, str]] = []
    for pair in zip(found, names, strict=True):
        (rasters if is_raster(pair[0].path) else photos).append(pair)
    if rasters:
        refuse_gate(rasters[0][0].path, segmenter)
    result = segment_photos(
        [photo for photo, _ in photos], out, segmenter, measuring=measuring, overwrite=overwrite,
        max_pixels=max_pixels, names=[name for _, name in photos], progress=progress,
    )  # fmt: skip
    began = time.monotonic()
    journal = Journal(out)
    for raster, name in rasters:
        row, skipped = _segmented(raster, name, out, segmenter, measuring, overwrite, windows)
        journal.add(row)
        journal.write_table(names)
        if progress:
            progress(row, skipped)
        result = _with_row(result, row, skipped)
    if rasters and measuring:
        write_run_outputs(out, measuring, journal, names)
    return replace(result, seconds=result.seconds + time.monotonic() - began)


def _segmented(
    raster: FoundPhoto,
    name: str,
    out: Path,
    segmenter: Segmenter,
    measuring: Measuring | None,
    overwrite: bool,
    progress: Callable[[str, int, int], None] | None,
) -> tuple[PhotoRow, bool]:
    """Segment one and measure it; return its row, and whether an earlier run had done it."""
    size, modified = stamp(raster.path)

    def step(done: int, total: int) -> None:
        if progress:
            progress(name, done, total)

    try:
        result = segment_raster(
            raster.path, out, segmenter, name=name, overwrite=overwrite, progress=step,
            measured=measuring is not None,
        )  # fmt: skip
        measured = None
        if measuring:
            if not result.skipped and result.width * result.height > LARGE_PX:
                segmenter.free_memory()
            measured = measure_raster(raster.path, out, name, measuring, progress=step)
    except (PhotoError, EngineError) as error:
        text = str(error)
        failed = PhotoRow(name, str(raster.path), "failed", text, bytes=size, modified_ns=modified)
        return failed, False
    row = PhotoRow(
        name,
        str(raster.path),
        "done",
        width_px=result.width,
        height_px=result.height,
        crack_share=result.crack_share,
        bytes=size,
        modified_ns=modified,
    )
    skipped = result.skipped and (measured is None or measured.skipped)
    return _with_cracks(row, measured), skipped


def measure_folder(
    out: Path,
    measuring: Measuring,
    *,
    jobs: int | None = None,
    overwrite: bool = False,
    progress: Callable[[PhotoRow, bool], None] | None = None,
    windows: Callable[[str, int, int], None] | None = None,
) -> RunResult:
    """Measure, or measure anew, what `cracknet segment` wrote into a folder, rasters too.

    Parameters
    ----------
    out, measuring, jobs, overwrite, progress
        As of `cracknet.reporting.measured_run.measure_results`.
    windows : callable, optional
        Called with a raster's name, its batches that are done, and its batches in all.

    Returns
    -------
    RunResult
        Photographs first.

    Raises
    ------
    ArgumentError
        When the folder holds no such results.
    OutputError
        When it cannot be written.
    """
    result = measure_results(out, measuring, jobs=jobs, overwrite=overwrite, progress=progress)
    began = time.monotonic()
    journal = Journal(out)
    rasters = [row for row in journal.rows.values() if is_raster_result(out, row.photo)]
    if not rasters:
        return result
    for before in rasters:
        row, skipped = _measured(before, out, measuring, overwrite, windows)
        if not skipped:
            journal.add(row)
        if progress:
            progress(row, skipped)
        result = _with_row(result, row, skipped)
    order = [row.photo for row in result.rows]
    journal.write_table(order)
    write_run_outputs(out, measuring, journal, order)
    return replace(result, seconds=result.seconds + time.monotonic() - began)


def _measured(
    row: PhotoRow,
    out: Path,
    measuring: Measuring,
    overwrite: bool,
    progress: Callable[[str, int, int], None] | None,
) -> tuple[PhotoRow, bool]:
    """Measure a segmented raster; return its row, and whether an earlier run had done it."""
    path = Path(row.file)

    def step(done: int, total: int) -> None:
        if progress:
            progress(row.photo, done, total)

    try:
        measured = measure_raster(
            path if stamp(path) == (row.bytes, row.modified_ns) else None,
            out, row.photo, measuring, overwrite=overwrite, progress=step,
        )  # fmt: skip
    except (PhotoError, ArgumentError) as error:
        return replace(row, status="failed", error=str(error)), False
    return _with_cracks(replace(row, status="done", error=""), measured), measured.skipped


def _with_row(result: RunResult, row: PhotoRow, skipped: bool) -> RunResult:
    """Return a run's result with one more raster."""
    pixels = 0 if skipped else (row.width_px or 0) * (row.height_px or 0)
    return replace(
        result,
        rows=(*result.rows, row),
        skipped=result.skipped + skipped,
        megapixels=result.megapixels + pixels / 1e6,
    )


def _with_cracks(row: PhotoRow, measured: MeasuredRaster | None) -> PhotoRow:
    if measured is None:
        return row
    return replace(row, cracks=measured.cracks, mm_per_px=measured.mm_per_px, note=measured.note)
