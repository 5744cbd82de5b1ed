"""What a worker does to a batch: fetch, segment, measure, write, and enter it into the ledger."""

from __future__ import annotations

import platform
import tempfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from cracknet import __version__
from cracknet.datasets.masked import MASK_ENDING
from cracknet.errors import ArgumentError, EngineError, ModelError, OutputError, PhotoError
from cracknet.fleet.batches import Batch
from cracknet.fleet.ledger import write_batch
from cracknet.fleet.places import PATIENCE_S, Place, is_local
from cracknet.fleet.rasters import do_raster
from cracknet.fleet.sources import Item
from cracknet.fleet.tables import PhotoResult, measured_result
from cracknet.measurement.files import SUFFIX, PhotoMeasurement, measurement_json
from cracknet.photo import DEFAULT_MAX_PIXELS, read_photo
from cracknet.raster import is_raster
from cracknet.reporting.journal import PhotoRow, photo_row, with_measured
from cracknet.reporting.measuring import WIDTH_PICTURE, Measuring, measure_photo
from cracknet.reporting.naming import OVERLAY_ENDING, PROBABILITY_ENDING
from cracknet.reporting.overlay import draw_overlay
from cracknet.reporting.photo_run import PixelBound
from cracknet.reporting.run import segmenter_options
from cracknet.reporting.tables import measured_rows
from cracknet.reporting.width_overlay import draw_width_overlay
from cracknet.reporting.writing import jpeg_of, png_of_mask, png_of_probability
from cracknet.segmentation import Segmentation, Segmenter
from cracknet.segmentation.models import sha256_of

PICTURES = {
    "mask": MASK_ENDING,
    "probability": PROBABILITY_ENDING,
    "overlay": OVERLAY_ENDING,
    "widths": WIDTH_PICTURE,
    "measurement": SUFFIX,
}
"""What may be written for each photograph, and how its name ends."""

RESULTS = "results"
"""Folder of these files below the destination."""


@dataclass(frozen=True)
class FleetWork:
    """What is done to every photograph; equal on every worker.

    Attributes
    ----------
    destination : str
        A folder or URL.
    segmenter : dict
        Options of `Segmenter`, without ``threads``.
    measuring : Measuring, optional
        How to measure; by default nothing is measured. Its formats are not used: the tables are
        Parquet.
    pictures : tuple of str
        Of `PICTURES`.
    max_pixels : int
        Larger photographs fail before they are decoded.
    patience_s : float
        How long an object store may be away.

    Raises
    ------
    ArgumentError
        When a picture is unknown, or needs a measurement where nothing is measured.
    """

    destination: str
    segmenter: dict[str, Any] = field(default_factory=dict)
    measuring: Measuring | None = None
    pictures: tuple[str, ...] = ("mask",)
    max_pixels: int = DEFAULT_MAX_PIXELS
    patience_s: float = PATIENCE_S

    def __post_init__(self) -> None:
        unknown = [name for name in self.pictures if name not in PICTURES]
        if unknown:
            msg = f"what is written must be of {', '.join(PICTURES)}; got {unknown[0]!r}."
            raise ArgumentError(msg)
        if self.measuring is None and {"widths", "measurement"} & set(self.pictures):
            msg = "widths and measurement need measuring. Leave --no-measure out."
            raise ArgumentError(msg)

    def options(self, segmenter: Segmenter) -> dict[str, Any]:
        """Return what must not differ within one destination, as JSON values."""
        card = segmenter.card
        files = [card.file, card.file.with_suffix(".bin")]
        sums = card.sha256 or {file.name: sha256_of(file) for file in files if file.is_file()}
        return {
            "command": "batch",
            **segmenter_options(segmenter),
            "model_sha256": sums,
            "measure": None if self.measuring is None else self.measuring.as_dict(),
            "pictures": sorted(self.pictures),
        }


@dataclass(frozen=True)
class Report:
    """What came of a batch: a row for each photograph, and what it cost."""

    key: str
    rows: tuple[PhotoRow, ...]
    cracks: int
    net_seconds: float

    @property
    def megapixels(self) -> float:
        """Of the photographs that are done."""
        return sum((row.width_px or 0) * (row.height_px or 0) for row in self.rows) / 1e6


class Worker:
    """An engine, loaded once, that does batches.

    Parameters
    ----------
    work : FleetWork
    threads : int, optional
        Cores to use; all by default.
    expected : dict, optional
        Options of the run, as the driver knows them, to compare with this machine's.

    Raises
    ------
    ModelError
        When this machine has another version or model than the run.
    OutputError
        When the destination is not seen from here.
    """

    def __init__(
        self, work: FleetWork, threads: int | None = None, expected: dict[str, Any] | None = None
    ) -> None:
        self.work = work
        self.place = Place(work.destination, patience_s=work.patience_s)
        self.segmenter = Segmenter(**work.segmenter, threads=threads)
        if expected is not None:
            _check_shared(self.place)
            check_alike(expected, {"cracknet": __version__, **work.options(self.segmenter)})
        self._pool = ThreadPoolExecutor(self.segmenter.engine.workers + 1, "photo")
        self._bound = PixelBound()
        self._rasters = threading.Lock()
        self._sources: dict[str, Place] = {}

    def close(self) -> None:
        """Let go of the engine."""
        self._pool.shutdown(cancel_futures=True)
        self.segmenter.close()

    def do(self, batch: Batch, seen: Callable[[PhotoRow], None] | None = None) -> Report:
        """Do a batch and enter it into the ledger.

        Parameters
        ----------
        batch : Batch
        seen : callable, optional
            Called with each row, in order.

        Raises
        ------
        OutputError
            When results cannot be written, or an object store stays away.
        """
        before = self.segmenter.net_seconds
        futures = [self._pool.submit(self._result, item) for item in batch.items]
        results = list(_in_order(futures, seen))
        entry = write_batch(self.place, batch, results)
        rows = tuple(result.row for result in results)
        return Report(entry.key, rows, entry.cracks, self.segmenter.net_seconds - before)

    def _result(self, item: Item) -> PhotoResult:
        if item.problem:
            return failed(item, item.problem)
        try:
            with self._at_hand(item) as path:
                return self._of_file(item, path)
        except (PhotoError, EngineError, MemoryError) as error:
            return failed(item, str(error) or "not enough memory for this photograph.")

    def _of_file(self, item: Item, path: Path) -> PhotoResult:
        try:
            if is_raster(path):
                with self._rasters:  # its windows use all cores by themselves
                    return do_raster(item, path, self.place, self.segmenter, self.work.measuring)
            photo = read_photo(path, max_pixels=self.work.max_pixels)
            with self._bound.of(photo.gray.size):
                return self._of_photo(item, path, self.segmenter.segment(photo))
        except PhotoError as error:  # of a copy: name the original
            raise PhotoError(str(error).replace(str(path), item.file)) from error

    def _of_photo(self, item: Item, path: Path, found: Segmentation) -> PhotoResult:
        mask, photo = found.mask, found.photo
        row = photo_row(item.photo, path, photo.metadata, mask.shape, float(mask.mean()))
        measured = None
        if self.work.measuring:
            about = {"model": self.segmenter.card.name, "threshold": self.segmenter.threshold}
            measured = measure_photo(
                item.photo, path, photo, mask, found.probability, self.work.measuring, about
            )
            measured = replace(measured, file=item.file)
        makers: dict[str, Callable[[], bytes | memoryview]] = {
            "mask": lambda: png_of_mask(mask),
            "probability": lambda: png_of_probability(found.probability),
            "overlay": lambda: jpeg_of(draw_overlay(photo.gray, mask)),
            "widths": lambda: _widths(measured, found),
            "measurement": lambda: b"" if measured is None else measurement_json(measured),
        }
        for name in self.work.pictures:
            self.place.put(f"{RESULTS}/{item.photo}{PICTURES[name]}", makers[name]())
        row = replace(with_measured(row, measured), file=item.file, bytes=item.bytes)
        return (
            PhotoResult(row) if measured is None else measured_result(row, measured_rows(measured))
        )

    @contextmanager
    def _at_hand(self, item: Item) -> Iterator[Path]:
        """Give a photograph as a file of this machine: itself, or a copy until it is done."""
        if is_local(item.file):
            yield Path(item.file)
            return
        start = "/".join(item.file.split("/")[:3])
        place = self._sources.get(start)
        if place is None:
            place = Place(start, PhotoError, patience_s=self.work.patience_s)
            self._sources[start] = place
        name = item.file[len(start) + 1 :]
        with tempfile.TemporaryDirectory(prefix="cracknet-") as folder:
            copy = Path(folder) / f"photo{Path(item.file).suffix}"
            place.fetch(name, copy)
            yield copy


def failed(item: Item, error: str) -> PhotoResult:
    """Record that a photograph could not be done."""
    return PhotoResult(PhotoRow(item.photo, item.file, "failed", error, bytes=item.bytes))


def check_alike(expected: dict[str, Any], found: dict[str, Any]) -> None:
    """Refuse to work where a machine has another version or model than the run.

    Raises
    ------
    ModelError
    """
    for key, value in expected.items():
        if found.get(key) != value:
            msg = (
                f"every machine of a run must have the same version and model; here {key} is "
                f"{found.get(key)!r}, the run's is {value!r}. Install the same on all machines."
            )
            raise ModelError(msg)


def _check_shared(place: Place) -> None:
    """Refuse a destination that is this machine's own, where the driver wrote to another's."""
    if not place.has("run.json"):
        msg = (
            f"{place.url} is not the driver's on {platform.node()}: there is no run.json in it. "
            "Name a folder that all machines share, or an object store."
        )
        raise OutputError(msg)


def _in_order(
    futures: list[Future[PhotoResult]], seen: Callable[[PhotoRow], None] | None
) -> Iterator[PhotoResult]:
    try:
        for future in futures:
            result = future.result()
            if seen:
                seen(result.row)
            yield result
    finally:
        for future in futures:
            future.cancel()


def _widths(measured: PhotoMeasurement | None, found: Segmentation) -> bytes | memoryview:
    if measured is None:
        return b""
    return jpeg_of(draw_width_overlay(found.photo.gray, measured.measurement))
