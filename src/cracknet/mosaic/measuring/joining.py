"""The outlines of tiles joined into those of a whole region."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from cracknet.measurement.results import Points, Polygon


def joined_outlines(pieces: Sequence[Polygon]) -> list[Polygon]:
    """Join polygons along pixels' borders that share sides.

    Parameters
    ----------
    pieces : sequence of Polygon
        As `cracknet.measurement.outlines.outlines` draws them, each of its own tile.

    Returns
    -------
    list of Polygon
        By the first corner from the top. Outer rings run clockwise on screen, corners only.
    """
    import shapely

    if len(pieces) < 2:
        return list(pieces)
    whole = shapely.union_all([shapely.Polygon(outer, holes) for outer, *holes in pieces])
    # Clockwise on screen, with y down, is what shapely calls counter-clockwise.
    parts = shapely.get_parts(shapely.orient_polygons(whole, exterior_cw=False))
    polygons = [_rings(part) for part in parts]
    return sorted(polygons, key=lambda polygon: (polygon[0][0][1], polygon[0][0][0]))


def _rings(part: Any) -> Polygon:
    return tuple(_corners(np.asarray(ring.coords)) for ring in (part.exterior, *part.interiors))


def _corners(ring: Points) -> Points:
    """Leave out points on straight sides, and begin at the first corner from the top."""
    open_ring = ring[:-1]
    ahead = np.roll(open_ring, -1, axis=0) - open_ring
    behind = open_ring - np.roll(open_ring, 1, axis=0)
    turning = ahead[:, 0] * behind[:, 1] != ahead[:, 1] * behind[:, 0]
    corners = open_ring[turning]
    first = np.lexsort((corners[:, 0], corners[:, 1]))[0]
    return np.roll(corners, -first, axis=0)
