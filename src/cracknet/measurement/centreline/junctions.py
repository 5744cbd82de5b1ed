"""Junctions placed where the branches' own directions meet.

Within the circle that fits into the mask at a junction the skeleton bends: it belongs to no branch.
So each branch is cut off there, and the junction moves to the point that lies nearest to the
straight continuations of its branches.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cracknet.measurement.centreline.curves import Index, Values
from cracknet.measurement.results import Points

if TYPE_CHECKING:
    from cracknet.measurement.centreline.maps import Maps

ZONE = 1.8
"""Radii of the junction's circle within which a branch is cut off."""
PULL = 0.05
"""Weight of the skeleton's own junction against one branch's line."""
FARTHEST = 3.0
"""How many radii a junction may move."""


def place(
    nodes: Points, radii: Values, owners: Index, points: Points, directions: Points, maps: Maps
) -> Points:
    """Move junctions to where their branches' lines meet, in the least squares' sense.

    Minimises ``sum_k (n_k . (x - p_k))^2 + PULL |x - x_0|^2`` over the lines k through p_k with
    normals n_k. A junction that would move further than `FARTHEST` radii, or off the mask, stays.

    Parameters
    ----------
    nodes : (M, 2) float64
        x_0, px.
    radii : (M,) float64
    owners : (E,) int64
        Node of each line.
    points, directions : (E, 2) float64
        p_k and unit directions.
    maps : Maps
    """
    normal = np.column_stack([-directions[:, 1], directions[:, 0]])
    along = (normal * (points - nodes[owners])).sum(axis=1)
    count = len(nodes)

    def total(values: Values) -> Values:
        return np.asarray(np.bincount(owners, values, count), np.float64)

    xx = total(normal[:, 0] ** 2) + PULL
    yy = total(normal[:, 1] ** 2) + PULL
    xy = total(normal[:, 0] * normal[:, 1])
    x, y = total(normal[:, 0] * along), total(normal[:, 1] * along)
    determinant = xx * yy - xy * xy
    shift = np.column_stack([yy * x - xy * y, xx * y - xy * x]) / determinant[:, None]
    moved = nodes + shift
    stays = (np.hypot(*shift.T) > FARTHEST * radii + 1) | ~maps.within(moved)
    return np.where(stays[:, None], nodes, moved)
