"""All files that are made of measured photographs, in one pass over them."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from pathlib import Path

from cracknet.errors import ArgumentError
from cracknet.measurement.classes import WidthBand
from cracknet.measurement.figures import Classifier
from cracknet.measurement.files import PhotoMeasurement
from cracknet.reporting.layers.bands import DEFAULT_BANDS, checked_bands
from cracknet.reporting.layers.georeference import Georeference, georeference_of
from cracknet.reporting.layers.raster_scale import with_raster_scale
from cracknet.reporting.tables.rows import MeasuredRows, measured_rows

Adder = Callable[[MeasuredRows], None]


@dataclass(frozen=True)
class OutputOptions:
    """What the formats need to know.

    Attributes
    ----------
    bands : tuple of WidthBand
        Of width, for the layers of drawings.
    georeference : Georeference, optional
        Of all photographs; without, each its own from `georeference_of`.
    width_points : bool
        Whether GeoPackage and GeoJSON hold a point for every width.
    """

    bands: tuple[WidthBand, ...] = DEFAULT_BANDS
    georeference: Georeference | None = None
    width_points: bool = False

    def georeference_for(self, item: PhotoMeasurement) -> Georeference | None:
        """Georeference of one photograph."""
        return georeference_of(item) if self.georeference is None else self.georeference


@dataclass(frozen=True)
class Format:
    """A format of output.

    Attributes
    ----------
    open : callable
        Takes the output folder and the options; gives a context that yields a function adding one
        photograph.
    extra : str
        Of the package, that brings what it needs; empty for none.
    modules : tuple of str
        What it imports from there.
    """

    open: Callable[[Path, OutputOptions], AbstractContextManager[Adder]]
    extra: str = ""
    modules: tuple[str, ...] = ()


def _csv(out: Path, _: OutputOptions) -> AbstractContextManager[Adder]:
    from cracknet.reporting.tables.csv_files import csv_tables

    return csv_tables(out)


def _xlsx(out: Path, _: OutputOptions) -> AbstractContextManager[Adder]:
    from cracknet.reporting.tables.workbook import workbook

    return workbook(out)


def _parquet(out: Path, _: OutputOptions) -> AbstractContextManager[Adder]:
    from cracknet.reporting.tables.parquet import parquet_tables

    return parquet_tables(out)


def _geojson(out: Path, options: OutputOptions) -> AbstractContextManager[Adder]:
    from cracknet.reporting.layers.geojson import geojson_files

    return geojson_files(out, lambda r: options.georeference_for(r.item), options.width_points)


def _gpkg(out: Path, options: OutputOptions) -> AbstractContextManager[Adder]:
    from cracknet.reporting.layers.geopackage import geopackages

    return geopackages(out, lambda r: options.georeference_for(r.item), options.width_points)


def _dxf(out: Path, options: OutputOptions) -> AbstractContextManager[Adder]:
    from cracknet.reporting.layers.drawing import drawings

    return drawings(out, options.bands)


FORMATS = {
    "csv": Format(_csv),
    "xlsx": Format(_xlsx, "tables", ("xlsxwriter",)),
    "parquet": Format(_parquet, "tables", ("pyarrow",)),
    "geojson": Format(_geojson, "geo", ("shapely", "pyproj")),
    "gpkg": Format(_gpkg, "geo", ("pyogrio", "shapely", "pyproj")),
    "dxf": Format(_dxf, "cad", ("ezdxf",)),
}


@dataclass(frozen=True)
class OutputCounts:
    """What was written: how many photographs, cracks and branches."""

    photos: int
    cracks: int
    branches: int


def write_outputs(
    items: Iterable[PhotoMeasurement],
    out: Path,
    formats: Collection[str],
    *,
    classify: Classifier | None = None,
    bands: Sequence[tuple[str, float, float]] = DEFAULT_BANDS,
    georeference: Georeference | None = None,
    width_points: bool = False,
    progress: Callable[[PhotoMeasurement], None] | None = None,
) -> OutputCounts:
    """Write tables, map layers and drawings of measured photographs.

    One pass: each photograph is taken once, and let go before the next. Files of the whole run
    appear when it has ended, whole; after an error none of them does.

    Parameters
    ----------
    items : iterable of PhotoMeasurement
        A generator will do.
    out : Path
        The output folder, made if need be.
    formats : collection of str
        Of `FORMATS`; docs/outputs.md names their files.
    classify : callable, optional
        Names the width class of a crack from its width in mm and that width's uncertainty.
    bands : sequence of (name, lower_mm, upper_mm)
        Layers of drawings by width.
    georeference : Georeference, optional
        Of all photographs; without, each has the one in its ``about``, or none.
    width_points : bool
        Also write every single width as a point, in GeoPackage and GeoJSON.
    progress : callable, optional
        Called with each photograph when it is done.

    Returns
    -------
    OutputCounts

    Raises
    ------
    ArgumentError
        When a format is not known, what it needs is not installed (said before anything is
        read or written), or a coordinate reference system cannot be used.
    OutputError
        When a file cannot be written.
    """
    chosen = checked_formats(formats)
    options = OutputOptions(checked_bands(bands), georeference, width_points)
    photos = cracks = branches = 0
    with ExitStack() as stack:
        adders = [stack.enter_context(FORMATS[name].open(out, options)) for name in chosen]
        for item in items:
            rows = measured_rows(_scaled(item, options), classify)
            for add in adders:
                add(rows)
            photos += item.about.get("part", 1) == 1
            cracks += len(rows.cracks)
            branches += len(rows.branches)
            if progress:
                progress(item)
    return OutputCounts(photos, cracks, branches)


def checked_formats(formats: Collection[str]) -> list[str]:
    """Check that formats are known and what they need is installed; give each once, in order.

    Raises
    ------
    ArgumentError
        Naming the formats there are, or the extra to install.
    """
    unknown = sorted(set(formats) - set(FORMATS))
    if unknown or not formats:
        got = ", ".join(map(repr, unknown)) or "none"
        msg = f"formats must be of {', '.join(FORMATS)}; got {got}."
        raise ArgumentError(msg)
    for name, form in FORMATS.items():
        missing = [m for m in form.modules if importlib.util.find_spec(m) is None]
        if name in formats and missing:
            msg = (
                f"the format {name} needs the package {missing[0]}: "
                f'pip install "cracknet[{form.extra}]"'
            )
            raise ArgumentError(msg)
    return [name for name in FORMATS if name in formats]


def _scaled(item: PhotoMeasurement, options: OutputOptions) -> PhotoMeasurement:
    """Give a raster measured without a scale its transform's, so that tables hold millimetres."""
    where = options.georeference_for(item)
    if where is None or importlib.util.find_spec("pyproj") is None:
        return item
    return with_raster_scale(item, where)
