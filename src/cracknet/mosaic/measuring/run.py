"""The cracks of a segmented raster measured, in bounded memory, resumable."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from cracknet.errors import PhotoError
from cracknet.measurement.files import PhotoMeasurement
from cracknet.measurement.measure import MeasureOptions, is_thin, measure_notes
from cracknet.measurement.results import MeasuredCrack, Measurement
from cracknet.measurement.widths.blur import Blur
from cracknet.mosaic.measuring.batches import Batch, Limits, Survey
from cracknet.mosaic.measuring.blur import raster_blur
from cracknet.mosaic.measuring.cracks import measure_batch
from cracknet.mosaic.measuring.place import place_of, scale_of
from cracknet.mosaic.measuring.sources import Files, GraySource, open_files
from cracknet.mosaic.measuring.store import Store
from cracknet.mosaic.parts import Parts
from cracknet.mosaic.rolling import IN_ROWS, RollingGray
from cracknet.mosaic.space import check_measuring_space
from cracknet.mosaic.windows import WINDOW_PX
from cracknet.raster import Georeference, Raster, open_raster
from cracknet.reporting.measuring import Measuring
from cracknet.reporting.photo_run import stamp

FORMAT = 1
BATCHES_A_PART = 4
GONE = "the raster is gone or has changed: widths are from the probability."


@dataclass(frozen=True)
class MeasuredRaster:
    """What became of one raster's cracks.

    Attributes
    ----------
    layers : Path
        The GeoPackage.
    parts : int
        Files below ``NAME.cracks``.
    cracks, branches : int
    length_px : float
        Of all cracks.
    specks : int
        Regions of the mask too small to be cracks.
    mm_per_px : float or None
    blur_px : float
        Sigma of the camera's blur that all widths were found with.
    note : str
        What to know of it.
    skipped : bool
        Whether an earlier run had finished it.
    seconds : float
        Wall time of this run.
    """

    layers: Path
    parts: int
    cracks: int
    branches: int
    length_px: float
    specks: int
    mm_per_px: float | None
    blur_px: float
    note: str
    skipped: bool
    seconds: float


def measure_raster(
    path: str | Path | None,
    out: str | Path,
    name: str,
    measuring: Measuring | None = None,
    *,
    overwrite: bool = False,
    limits: Limits | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> MeasuredRaster:
    """Measure the cracks of a raster that `segment_raster` has segmented.

    A crack is one crack, however many windows it crosses. Lines and outlines go to
    ``OUT/NAME.gpkg`` batch by batch, and to parts in ``OUT/NAME.cracks``, of which tables are
    made. A run that was stopped or killed goes on at the next part.

    Parameters
    ----------
    path : str or Path, optional
        The raster, whose gray tells widths most exactly; None where it is gone.
    out : str or Path
        The output folder.
    name : str
        Of the results: ``NAME.mask.tif``, ``NAME.probability.tif``.
    measuring : Measuring, optional
    overwrite : bool
        Do all again.
    limits : Limits, optional
        How large windows are.
    progress : callable, optional
        Called with the batches done and the batches in all.

    Returns
    -------
    MeasuredRaster

    Raises
    ------
    PhotoError
        When the raster, its mask or its probability cannot be read or do not fit together.
    OutputError
        When results cannot be written.
    ArgumentError
        When the coordinate reference system is not known to PROJ.
    """
    began = time.monotonic()
    measuring = measuring or Measuring()
    limits = limits or Limits()
    out = Path(out)
    mask, probability = (Path(f"{out / name}{end}") for end in (".mask.tif", ".probability.tif"))
    with ExitStack() as stack:
        raster = None if path is None else stack.enter_context(open_raster(path))
        with open_raster(mask) as file:
            shape, georeference = (file.height, file.width), file.georeference
        if raster is not None and (raster.height, raster.width) != shape:
            msg = (
                f"{mask}: it must have the raster's size, {raster.width}x{raster.height} px; it "
                f"has {shape[1]}x{shape[0]}. Segment the raster again with --overwrite"
            )
            raise PhotoError(msg)
        likely = probability if probability.is_file() else None
        place = place_of(georeference if raster is None else _better(raster, georeference))
        scale, note = scale_of(place, shape, measuring.scale)
        header = _header(raster, mask, likely, measuring, limits)
        store = Store(out, name, header, place)
        about = None if overwrite else store.finished
        if about is not None:
            return MeasuredRaster(
                layers=store.layers, skipped=True, seconds=time.monotonic() - began,
                **about["result"],
            )  # fmt: skip
        store.open()
        gray = None if raster is None else stack.enter_context(_gray_of(raster, out, name))
        source = stack.enter_context(open_files(mask, likely, gray))
        first = PhotoMeasurement(
            name,
            str(mask if path is None else path),
            Measurement(*shape, (), scale, notes=tuple(filter(None, [note]))),
            _about(measuring, place),
        )
        work = _Work(source, measuring, limits, store, first)
        work.run(progress)
        totals = store.totals()
        notes = [note, GONE if raster is None else "", *measure_notes(int(totals["thin"]))]
        result: dict[str, Any] = {
            "parts": store.count,
            "cracks": int(totals["cracks"]),
            "branches": int(totals["branches"]),
            "length_px": totals["length_px"],
            "specks": int(totals["specks"]),
            "mm_per_px": None if scale is None else scale.mm_per_px,
            "blur_px": work.blur.sigma_px,
            "note": " ".join(filter(None, notes)),
        }
        store.finish({"result": result})
    return MeasuredRaster(
        layers=store.layers, skipped=False, seconds=time.monotonic() - began, **result
    )


class _Work:
    """The batches of one raster, measured in order into a store."""

    def __init__(
        self,
        source: Files,
        measuring: Measuring,
        limits: Limits,
        store: Store,
        first: PhotoMeasurement,
    ) -> None:
        self._source, self._limits = source, limits
        self._store, self._first = store, first
        width = replace(measuring.options.width, gamma=_gamma(measuring))
        self._options = MeasureOptions(measuring.options.trace, width)
        self.blur = Blur(0.0, known=False)

    def run(self, progress: Callable[[int, int], None] | None) -> None:
        """Measure what is not measured yet."""
        store = self._store
        survey = Survey(self._source, self._options.trace, self._limits)
        check_measuring_space(store.layers, store.layers.parent, int(survey.regions.areas.sum()))
        self.blur = self._blur(survey)
        batches = list(survey.batches())
        # A raster without cracks has one part, too, so that tables know it.
        starts = range(0, max(len(batches), 1), BATCHES_A_PART)
        number = int(store.totals().get("cracks", 0))
        for part, start in enumerate(starts, 1):
            several = batches[start : start + BATCHES_A_PART]
            if part > store.count:
                number += self._do(part, several, survey, number)
            if progress:
                progress(start + len(several), len(batches))

    def _do(self, part: int, batches: Sequence[Batch], survey: Survey, before: int) -> int:
        """Measure a part; return how many cracks it has."""
        cracks: list[MeasuredCrack] = []
        specks, area = (survey.specks, survey.specks_area_px2) if part == 1 else (0, 0.0)
        for batch in batches:
            found = measure_batch(self._source, survey, batch, self._options, self.blur)
            for crack in found.cracks:
                cracks.append(replace(crack, number=before + len(cracks) + 1))
            specks, area = specks + found.specks, area + found.specks_area_px2
        first = self._first
        measurement = replace(
            first.measurement, cracks=tuple(cracks), specks=specks, specks_area_px2=area
        )
        item = replace(first, measurement=measurement, about={**first.about, "part": part})
        figures = {
            "cracks": len(cracks),
            "branches": sum(len(crack.branches) for crack in cracks),
            "length_px": sum(crack.length_px for crack in cracks),
            "thin": sum(map(is_thin, cracks)),
            "specks": specks,
        }
        self._store.add(part, item, figures)
        return len(cracks)

    def _blur(self, survey: Survey) -> Blur:
        told = self._store.told("blur")
        if told is None:
            blur = raster_blur(self._source, survey, self._options)
            self._store.tell("blur", {"sigma_px": blur.sigma_px, "known": blur.known})
            return blur
        return Blur(float(told["sigma_px"]), known=bool(told["known"]))


def _gamma(measuring: Measuring) -> float:
    """Of a raster's gray: what is stated, else proportional to light."""
    return 1.0 if measuring.gamma is None else measuring.gamma


def _about(measuring: Measuring, place: Any) -> dict[str, Any]:
    content: dict[str, Any] = {"measure": measuring.as_dict(), "gamma": _gamma(measuring)}
    if place is not None:
        content["georeference"] = {"transform": list(place.transform), "crs": place.crs}
    return content


def _header(
    raster: Raster | None,
    mask: Path,
    probability: Path | None,
    measuring: Measuring,
    limits: Limits,
) -> dict[str, Any]:
    header = {
        "format": FORMAT,
        "input": None if raster is None else raster.stamp(),
        "mask": stamp(mask),
        "probability": None if probability is None else stamp(probability),
        "measure": measuring.as_dict(),
        "limits": asdict(limits),
    }
    return dict(json.loads(json.dumps(header)))  # as a file holds it


def _better(raster: Raster, of_mask: Georeference) -> Georeference:
    """Give the raster's own place, or that of a mask which was georeferenced after it."""
    own = raster.georeference
    return own if own.crs_wkt is not None or of_mask.crs_wkt is None else of_mask


@contextmanager
def _gray_of(raster: Raster, out: Path, name: str) -> Iterator[GraySource]:
    """Give what reads windows of gray; rows of one stored in whole rows are decoded once."""
    if raster.block[1] <= IN_ROWS * WINDOW_PX:
        yield raster
        return
    folder = Path(f"{out / name}.mask.tif").with_name(f".{Path(name).name}.rows")
    parts = Parts(folder, {"input": raster.stamp()}, overwrite=True)
    try:
        yield RollingGray(raster, parts)
    finally:
        parts.remove()
