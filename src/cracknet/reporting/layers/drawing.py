"""DXF drawings: the branches of a photograph on layers by band of width."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from cracknet.files import write_whole
from cracknet.measurement.classes import WidthBand
from cracknet.measurement.figures import BranchFigures, CrackFigures
from cracknet.measurement.results import MeasuredCrack
from cracknet.reporting.layers.bands import band_colour, band_of
from cracknet.reporting.layers.placement import (
    Placement,
    before_horizon,
    frame_px,
    local_placement,
)
from cracknet.reporting.streams import result_path
from cracknet.reporting.tables.rows import MeasuredRows

if TYPE_CHECKING:
    from ezdxf.document import Drawing
    from ezdxf.layouts.layout import Modelspace

Points = npt.NDArray[np.float64]
FRAME, LABELS, OUTLINES, OTHER = "PHOTO", "CRACK LABELS", "CRACK OUTLINES", "CRACK other width"
UNSCALED = "CRACK without scale"
FORBIDDEN = '<>/\\":;?*|=`,'
"""Characters that a layer's name must not hold (DXF reference, group code 2 of LAYER), and the
comma, by which AutoCAD's filters part names."""
LABEL_SHARE = 0.012
"""Height of a label as a share of the photograph's mean side."""
GRAY_RGB, OUTLINE_RGB = (128, 128, 128), (120, 120, 120)


@contextmanager
def drawings(out: Path, bands: Sequence[WidthBand]) -> Iterator[Callable[[MeasuredRows], None]]:
    """Write ``<photo>.dxf`` for each photograph; of a raster's parts one drawing, in memory.

    Parameters
    ----------
    out : Path
        The output folder.
    bands : sequence of WidthBand
        Checked; see `cracknet.reporting.layers.bands.checked_bands`.

    Yields
    ------
    callable
        Adds a photograph.

    Raises
    ------
    OutputError
        When a file cannot be written.
    """
    waiting: list[MeasuredRows] = []

    def add(rows: MeasuredRows) -> None:
        if rows.item.about.get("part", 1) == 1:
            write()
        waiting.append(rows)
        if "part" not in rows.item.about:
            write()

    def write() -> None:
        if not waiting:
            return
        text = io.StringIO()
        rows = waiting[0] if len(waiting) == 1 else _whole(waiting)
        draw(rows, bands).write(text)
        path = result_path(out, rows.item.photo, ".dxf")
        # What the drawing's encoding cannot hold, DXF writes as \U+XXXX; R2010 is UTF-8.
        write_whole(path, text.getvalue().encode("utf-8", "dxfreplace"))
        waiting.clear()

    yield add
    write()


def _whole(parts: Sequence[MeasuredRows]) -> MeasuredRows:
    """Put the parts of a raster's measurement together."""
    first = parts[0]
    cracks = tuple(crack for part in parts for crack in part.item.measurement.cracks)
    item = replace(first.item, measurement=replace(first.item.measurement, cracks=cracks))
    return replace(
        first,
        item=item,
        cracks=tuple(row for part in parts for row in part.cracks),
        branches=tuple(row for part in parts for row in part.branches),
    )


def draw(rows: MeasuredRows, bands: Sequence[WidthBand]) -> Drawing:
    """Draw a measured photograph.

    In millimetres where it has a scale, else in pixels without a unit; y up, the photograph's
    upper left corner at the origin. Each branch is a LWPOLYLINE on the layer of the band that
    its 95th percentile of width falls into; outlines are closed polylines on a layer of their
    own; each crack has its number and largest width beside its widest place.

    Parameters
    ----------
    rows : MeasuredRows
    bands : sequence of WidthBand
        Checked.

    Returns
    -------
    ezdxf.document.Drawing
        Of DXF R2010.
    """
    from ezdxf import units
    from ezdxf.filemanagement import new

    of = rows.item.measurement
    scaled = of.scale is not None
    document = new("R2010", setup=False)
    document.units = units.MM if scaled else 0
    document.header["$MEASUREMENT"] = 1
    names = _add_layers(document, bands, scaled)
    space = document.modelspace()
    where = local_placement(of.scale)
    size = _Sizes.of(rows, where)
    _frame(space, rows, where, size)
    pieces = iter(rows.branches)
    for crack, figures in zip(of.cracks, rows.cracks, strict=True):
        _outlines(space, crack, where)
        for branch in crack.branches:
            layer = _layer_of(next(pieces), bands, names)
            points = where.place(branch.points_px)
            # A closed branch repeats its first point, which a closed polyline must not.
            closed = branch.closed and bool((points[0] == points[-1]).all()) and len(points) > 3
            space.add_lwpolyline(
                (points[:-1] if closed else points).tolist(),
                close=closed,
                dxfattribs={"layer": layer},
            )
        _label(space, figures, where, size)
    low, high = size.low, size.high
    document.header["$EXTMIN"], document.header["$EXTMAX"] = (*low, 0.0), (*high, 0.0)
    document.set_modelspace_vport(
        height=max(high[1] - low[1], (high[0] - low[0]) / 2) * 1.1,
        center=((low[0] + high[0]) / 2, (low[1] + high[1]) / 2),
    )
    return document


def layer_names(bands: Sequence[WidthBand]) -> list[str]:
    """Name the layer of each band: ``CRACK 1 up to 0.1 mm``, in which order they also sort.

    Examples
    --------
    >>> layer_names([WidthBand("fine: < 0,2", 0.0, 0.2)])
    ['CRACK 1 fine_ _ 0_2']
    """
    digits = len(str(len(bands)))
    names = []
    for number, band in enumerate(bands, 1):
        text = "".join("_" if c in FORBIDDEN or not c.isprintable() else c for c in band.name)
        names.append(f"CRACK {number:0{digits}} {text}"[:255].strip())
    return names


@dataclass(frozen=True)
class _Sizes:
    """Corners of what is drawn, and the height of letters, in the drawing's units."""

    low: tuple[float, float]
    high: tuple[float, float]
    letter: float
    frame: Points | None

    @classmethod
    def of(cls, rows: MeasuredRows, where: Placement) -> _Sizes:
        measurement = rows.item.measurement
        corners = frame_px(measurement.height_px, measurement.width_px)
        drawn = [branch.points_px for crack in measurement.cracks for branch in crack.branches]
        # A slanted view that shows the horizon has no frame on the concrete.
        frame = where.place(corners) if before_horizon(measurement.scale, corners) else None
        everything = np.vstack([corners] * (frame is not None or not drawn) + drawn)
        placed = where.place(everything)
        low, high = placed.min(axis=0), placed.max(axis=0)
        letter = LABEL_SHARE * float(
            np.sqrt(max((high - low).prod(), (high - low).max() ** 2 / 16))
        )
        return cls((low[0], low[1]), (high[0], high[1]), letter, frame)


def _add_layers(document: Drawing, bands: Sequence[WidthBand], scaled: bool) -> list[str]:
    """Add all layers, also those that stay empty: a reader looks for them by name."""
    names = layer_names(bands)
    layers = document.layers
    layers.add(FRAME).rgb = GRAY_RGB
    layers.add(OUTLINES).rgb = OUTLINE_RGB
    layers.add(LABELS, color=7)
    if not scaled:
        layers.add(UNSCALED).rgb = band_colour(0, 1)
        return names
    for number, name in enumerate(names):
        layers.add(name).rgb = band_colour(number, len(bands))
    layers.add(OTHER).rgb = GRAY_RGB
    return names


def _layer_of(figures: BranchFigures, bands: Sequence[WidthBand], names: Sequence[str]) -> str:
    if figures.width_p95_mm is None:
        return UNSCALED
    number = band_of(figures.width_p95_mm, bands)
    return OTHER if number is None else names[number]


def _frame(space: Modelspace, rows: MeasuredRows, where: Placement, size: _Sizes) -> None:
    if size.frame is not None:
        space.add_lwpolyline(size.frame.tolist(), close=True, dxfattribs={"layer": FRAME})
    below = (size.low[0], size.low[1] - 2.5 * size.letter)
    text = _plain(f"{rows.photo.photo}; {where.text}")
    space.add_text(text, height=size.letter, dxfattribs={"layer": FRAME, "insert": below})


def _outlines(space: Modelspace, crack: MeasuredCrack, where: Placement) -> None:
    for polygon in crack.polygons_px:
        for ring in polygon:
            if len(ring) >= 3:
                space.add_lwpolyline(
                    where.place(ring).tolist(), close=True, dxfattribs={"layer": OUTLINES}
                )


def _label(space: Modelspace, figures: CrackFigures, where: Placement, size: _Sizes) -> None:
    mm = figures.width_max_mm
    digits = 2 if mm is None or mm >= 0.1 else 3
    width = f"{figures.width_max_px:.1f} px" if mm is None else f"{mm:.{digits}f} mm"
    ((x, y),) = where.place(np.array([[figures.width_max_x_px, figures.width_max_y_px]]))
    offset = 0.8 * size.letter
    insert = (float(x) + offset, float(y) + offset)
    space.add_text(
        f"{figures.crack}: {width}",
        height=size.letter,
        dxfattribs={"layer": LABELS, "insert": insert},
    )


def _plain(text: str) -> str:
    """Keep a text from being read as DXF's codes: ``%%`` begins one, a line must not end."""
    return "".join(c if c.isprintable() else "_" for c in text).replace("%%", "% %")
