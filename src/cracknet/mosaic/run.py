"""Photographs and rasters segmented into one output folder."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from cracknet.errors import EngineError, PhotoError
from cracknet.mosaic.segmenting import segment_raster
from cracknet.photo import DEFAULT_MAX_PIXELS, FoundPhoto
from cracknet.raster import is_raster
from cracknet.reporting.journal import Journal, PhotoRow
from cracknet.reporting.measuring import Measuring
from cracknet.reporting.naming import name_results
from cracknet.reporting.photo_run import RunResult, stamp
from cracknet.reporting.run import segment_photos
from cracknet.segmentation import Segmenter

NOT_MEASURED = "segmented; rasters are not measured yet"


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
        As of `cracknet.segment_photos`. Rasters are not measured; their size has no limit.
    windows : callable, optional
        Called with a raster's name, its windows that are done, and its windows in all.

    Returns
    -------
    RunResult
        Photographs first. A raster that cannot be read is a row of status ``failed``.

    Raises
    ------
    ArgumentError
        When the folder holds results of other options or of another file of one's name.
    OutputError
        When results cannot be written or do not fit on the disk.
    """
    names = [str(name) for name in name_results(found)]
    rasters: list[tuple[FoundPhoto, str]] = []
    photos: list[tuple[FoundPhoto, str]] = []
    for pair in zip(found, names, strict=True):
        (rasters if is_raster(pair[0].path) else photos).append(pair)
    result = segment_photos(
        [photo for photo, _ in photos], out, segmenter, measuring=measuring, overwrite=overwrite,
        max_pixels=max_pixels, names=[name for _, name in photos], progress=progress,
    )  # fmt: skip
    began = time.monotonic()
    journal = Journal(out)
    for raster, name in rasters:
        row, skipped = _segmented(raster, name, out, segmenter, overwrite, windows)
        journal.add(row)
        journal.write_table(names)
        if progress:
            progress(row, skipped)
        pixels = 0 if skipped else (row.width_px or 0) * (row.height_px or 0)
        result = replace(
            result,
            rows=(*result.rows, row),
            skipped=result.skipped + skipped,
            megapixels=result.megapixels + pixels / 1e6,
        )
    return replace(result, seconds=result.seconds + time.monotonic() - began)


def _segmented(
    raster: FoundPhoto,
    name: str,
    out: Path,
    segmenter: Segmenter,
    overwrite: bool,
    progress: Callable[[str, int, int], None] | None,
) -> tuple[PhotoRow, bool]:
    """Segment one; return its row, and whether an earlier run had done it."""
    size, modified = stamp(raster.path)

    def step(done: int, total: int) -> None:
        if progress:
            progress(name, done, total)

    try:
        result = segment_raster(
            raster.path, out, segmenter, name=name, overwrite=overwrite, progress=step
        )
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
        note=NOT_MEASURED,
        bytes=size,
        modified_ns=modified,
    )
    return row, result.skipped
