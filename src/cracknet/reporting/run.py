"""Many photographs segmented, and measured, into one output folder."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from cracknet.arrays import Mask
from cracknet.datasets.masked import MASK_ENDING
from cracknet.errors import EngineError, PhotoError
from cracknet.files import write_whole
from cracknet.measurement.files import PhotoMeasurement
from cracknet.photo import DEFAULT_MAX_PIXELS, FoundPhoto, read_photo
from cracknet.reporting.journal import Journal, PhotoRow, photo_row, with_measured
from cracknet.reporting.measuring import (
    MEASURED,
    WIDTH_PICTURE,
    Measuring,
    measure_photo,
    write_measurement,
    write_run_outputs,
)
from cracknet.reporting.naming import OVERLAY_ENDING, PROBABILITY_ENDING
from cracknet.reporting.overlay import draw_overlay
from cracknet.reporting.photo_run import PixelBound, RunResult, run_photos, stamp
from cracknet.reporting.writing import jpeg_of, png_of_mask, png_of_probability
from cracknet.segmentation import Segmentation, Segmenter

SUFFIXES = (MASK_ENDING, PROBABILITY_ENDING, OVERLAY_ENDING)


def segment_photos(
    photos: Sequence[FoundPhoto],
    out: Path,
    segmenter: Segmenter,
    *,
    measuring: Measuring | None = None,
    overwrite: bool = False,
    max_pixels: int = DEFAULT_MAX_PIXELS,
    names: Sequence[str] | None = None,
    progress: Callable[[PhotoRow, bool], None] | None = None,
) -> RunResult:
    """Segment photographs and write mask, probability, overlay, photos.csv and run.json.

    With `measuring`, every photograph is measured, too: ``<name>.cracks.json`` for each, and
    cracks.csv and branches.csv for all. See `cracknet.reporting.photo_run.run_photos` for what is
    skipped, and what happens to photographs that fail.

    Parameters
    ----------
    photos : sequence of FoundPhoto
        As `cracknet.photo.files.find_photos` lists them.
    out : Path
        The output folder, made if need be.
    segmenter : Segmenter
    measuring : Measuring, optional
        How to measure; by default nothing is measured.
    overwrite : bool
        Do all again.
    max_pixels : int
        Larger photographs fail before they are decoded.
    names : sequence of str, optional
        Of their results below the folder, instead of those made of the photographs' own.
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
    work = PhotoSegmenting(out, segmenter, measuring, max_pixels)
    return run_photos(photos, out, work, overwrite=overwrite, names=names, progress=progress)


class PhotoSegmenting:
    """All that is done to one photograph, called from several threads.

    Parameters
    ----------
    out, segmenter, measuring, max_pixels
        As of `segment_photos`.
    also : callable, optional
        Called with the results of each photograph, its mask and its measurement, while they are
        in memory.
    called : Path, optional
        What a photograph is called in messages, in place of its path.
    """

    def __init__(
        self,
        out: Path,
        segmenter: Segmenter,
        measuring: Measuring | None,
        max_pixels: int,
        also: Callable[[Segmentation, Mask, PhotoMeasurement | None], None] | None = None,
        called: Path | None = None,
    ) -> None:
        self.out, self.segmenter, self.max_pixels = out, segmenter, max_pixels
        self.also, self.called = also, called
        self.measuring = measuring
        self.suffixes = (*SUFFIXES, MEASURED) if measuring else SUFFIXES
        self.threads = segmenter.engine.workers + 1
        self._bound = PixelBound()

    @property
    def options(self) -> dict[str, Any]:
        """As `cracknet.reporting.photo_run.Work` says."""
        measure = self.measuring.as_dict() if self.measuring else None
        return {**segmenter_options(self.segmenter), "measure": measure}

    def do(self, photo: FoundPhoto, name: str) -> PhotoRow:
        """As `cracknet.reporting.photo_run.Work` says."""
        size, modified = stamp(photo.path)
        measured: PhotoMeasurement | None = None
        try:
            read = read_photo(photo.path, max_pixels=self.max_pixels)
            if self.called is not None:
                read = replace(read, path=self.called)
            with self._bound.of(read.gray.size):
                result = self.segmenter.segment(read)
                mask = result.mask
                self._write(name, result, mask)
                if self.measuring:
                    measured = self._measure(name, photo.path, result, mask, self.measuring)
                if self.also:
                    self.also(result, mask, measured)
                share = float(mask.mean())
        except (PhotoError, EngineError, MemoryError) as error:
            text = str(error) or "not enough memory for this photograph."
            return PhotoRow(name, str(photo.path), "failed", text, bytes=size, modified_ns=modified)
        row = photo_row(name, photo.path, read.metadata, (read.height, read.width), share)
        return replace(with_measured(row, measured), bytes=size, modified_ns=modified)

    def finish(self, journal: Journal, order: Sequence[str]) -> dict[str, Any]:
        """As `cracknet.reporting.photo_run.Work` says."""
        if self.measuring:
            write_run_outputs(self.out, self.measuring, journal, order)
        return {"net_seconds": round(self.segmenter.net_seconds, 3)}

    def _write(self, name: str, result: Segmentation, mask: Mask) -> None:
        base = str(self.out / name)
        write_whole(Path(base + SUFFIXES[0]), png_of_mask(mask))
        write_whole(Path(base + SUFFIXES[1]), png_of_probability(result.probability))
        write_whole(Path(base + SUFFIXES[2]), jpeg_of(draw_overlay(result.photo.gray, mask)))

    def _measure(
        self, name: str, file: Path, result: Segmentation, mask: Mask, measuring: Measuring
    ) -> PhotoMeasurement:
        about = {
            "model": self.segmenter.card.name,
            "threshold": self.segmenter.threshold,
            "mask": list(stamp(Path(f"{self.out / name}{SUFFIXES[0]}"))),
        }
        measured = measure_photo(
            name, file, result.photo, mask, result.probability, measuring, about
        )
        write_measurement(self.out, measured, result.photo.gray)
        return measured


def segmenter_options(segmenter: Segmenter) -> dict[str, Any]:
    """Return what decides a segmenter's results, as JSON values."""
    card, gate = segmenter.card, segmenter.gate_card
    return {
        "model": card.name,
        "model_sha256": card.sha256,
        "engine": segmenter.engine.name,
        "precision": segmenter.precision,
        "threshold": segmenter.threshold,
        "tile_px": segmenter.tile_px,
        "overlap_px": card.overlap_px,
        "coarse_weight": card.coarse_weight,
        "brighten": segmenter.brighten,
        "gate": gate.name if gate else None,
        "gate_sha256": gate.sha256 if gate else None,
    }


def own_result(photo: FoundPhoto, out: Path) -> bool:
    """Tell whether a file found as input is a result that CrackNet wrote below `out`."""
    endings = (*SUFFIXES, WIDTH_PICTURE, ".mask.tif", ".probability.tif")
    return photo.path.name.endswith(endings) and out.resolve() in photo.path.resolve().parents
