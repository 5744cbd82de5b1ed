"""Cracks and branches as geometries of shapely."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from cracknet.measurement.results import Branch, MeasuredCrack

if TYPE_CHECKING:
    from shapely import Geometry, LineString, MultiPolygon, Polygon

Points = npt.NDArray[np.float64]
Place = Callable[[Points], Points]


def crack_polygons(crack: MeasuredCrack, place: Place) -> MultiPolygon | None:
    """Outline of a crack, valid by OGC, shells counter-clockwise; None where it has no outline.

    Outlines along pixel borders touch themselves where two pixels meet at a corner; such a ring is
    parted there.
    """
    import shapely

    parts = []
    for outer, *holes in crack.polygons_px:
        if len(outer) < 3:
            continue
        rings = [place(hole) for hole in holes if len(hole) >= 3]
        parts += _polygons(shapely.Polygon(place(outer), rings))
    if not parts:
        return None
    whole = shapely.MultiPolygon(parts)
    if not shapely.is_valid(whole):  # as where two parts lie over each other
        whole = shapely.MultiPolygon(_polygons(shapely.union_all(parts)))
    return shapely.orient_polygons(whole, exterior_cw=False)


def branch_line(branch: Branch, place: Place) -> LineString:
    """Centreline of a branch."""
    from shapely import LineString

    return LineString(place(branch.points_px))


def _polygons(shape: Geometry) -> list[Polygon]:
    import shapely

    if not shapely.is_valid(shape):
        shape = shapely.make_valid(shape, method="structure", keep_collapsed=False)
    parts = shapely.get_parts(shape)
    flat = [piece for part in parts for piece in shapely.get_parts(part)]
    return [piece for piece in flat if piece.geom_type == "Polygon" and not piece.is_empty]
