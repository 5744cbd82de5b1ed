"""Whether the other photograph shows a crack that was not found in it.

Segmentation draws a line somewhere between seen and not seen, and on another day, in another
light, elsewhere. What is new or gone must be so in the photograph, too: where that shows a dark
line at the crack's place, nearly as deep as its own, nothing has changed.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from cracknet.arrays import Gray
from cracknet.measurement.change.lines import Lines, tangents
from cracknet.measurement.results import Points

Values = npt.NDArray[np.float64]

ASIDE_PX = 3.0
"""How far aside the line is looked for, and how far beyond the crack's edges the ground begins."""

GROUND_PX = 4.0
"""Width of the strips of ground on either side that a line's depth is taken against."""

BLOCK = 8
"""Points whose profiles are averaged, so that noise counts less."""

AS_DEEP = 0.5
"""Depth at the other date over depth at its own, from which on the line is there."""

LEAST_DEPTH = 0.03
"""Of the ground's gray: a crack that stands out less at its own date proves nothing."""


def shown_share(
    gray: Gray,
    points: Points,
    widths: Values,
    other_gray: Gray,
    other: Points,
    other_widths: Values,
) -> float:
    """Depth of a dark line in the other photograph over its depth in its own.

    Parameters
    ----------
    gray, other_gray : (H, W) uint8
    points, other : (N, 2) float64
        The stretch's centreline in either photograph, px.
    widths, other_widths : (N,) float64
        Its width in px of either.

    Returns
    -------
    float
        About 1 where both show it alike, about 0 where the other does not; 0 where it can hardly
        be seen at its own date.
    """
    own = _depth(gray, points, widths)
    return _depth(other_gray, other, other_widths) / own if own > LEAST_DEPTH else 0.0


def mark_shown(
    lines: Lines,
    found: npt.NDArray[np.bool_],
    stretches: list[tuple[int, int]],
    own: tuple[Gray, Points],
    other: tuple[Gray, Points],
    factor: float,
) -> npt.NDArray[np.bool_]:
    """Count the stretches that the other photograph shows as found.

    Parameters
    ----------
    lines : Lines
    found : (N,) bool
    stretches : list of (int, int)
        Begin and end of what is not found.
    own, other : (gray, points)
        Both photographs, and the N points of the lines in px of either.
    factor : float
        Pixels of the other photograph for one of its own.

    Returns
    -------
    (N,) bool
        A copy of `found` with those stretches set.
    """
    out = found.copy()
    for start, stop in stretches:
        widths = lines.own_widths[start:stop]
        share = shown_share(
            own[0], own[1][start:stop], widths, other[0], other[1][start:stop], widths * factor
        )
        if share >= AS_DEEP:
            out[start:stop] = True
    return out


def _depth(gray: Gray, points: Points, widths: Values) -> float:
    """Depth of a dark line as a share of the ground's gray: the median over blocks of points."""
    if len(points) < 2:
        return 0.0
    along = tangents(points)
    normals = np.column_stack([-along[:, 1], along[:, 0]])
    half = max(float(np.median(widths)) / 2, 0.5)
    reach = half + 2 * ASIDE_PX + GROUND_PX
    offsets = np.arange(-np.ceil(reach), np.ceil(reach) + 0.5, 0.5)
    places = points[:, None] + offsets[None, :, None] * normals[:, None]
    sampled = cv2.remap(
        gray, places[..., 0].astype(np.float32), places[..., 1].astype(np.float32),
        cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE,
    ).astype(np.float64)  # fmt: skip
    cuts = np.arange(0, len(points), BLOCK)
    counts = np.diff(np.append(cuts, len(points)))
    profiles = np.add.reduceat(sampled, cuts, axis=0) / counts[:, None]
    core = max(1, round(half))  # half of the crack's width, in steps of half a pixel
    smooth = cv2.blur(profiles, (2 * (core // 2) + 1, 1), borderType=cv2.BORDER_REPLICATE)
    line = smooth[:, np.abs(offsets) <= ASIDE_PX].min(axis=1)
    far = np.abs(offsets) >= half + ASIDE_PX
    ground = np.minimum(
        np.median(profiles[:, far & (offsets < 0)], axis=1),
        np.median(profiles[:, far & (offsets > 0)], axis=1),
    )
    return float(np.median((ground - line) / np.maximum(ground, 1.0)))
