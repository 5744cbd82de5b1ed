"""The narrowest crack that a system finds, on rendered walls with cracks of known width.

Dorafshan et al. (2018) state the narrowest crack of each of their systems on photographs of
concrete of known scale; here the width is exact, because the crack was rendered.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from cracknet.arrays import Gray, Mask
from cracknet.baselines.baseline import Baseline
from cracknet.errors import ArgumentError
from cracknet.synthesis import CrackPath, SceneOptions, natural_path, render

WIDTHS_PX = (0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0)
FOUND_FROM = 0.5
"""Share of a crack's length from which it counts as found."""
BLANK_BELOW = 0.1
"""Share of the same line, on the same wall without a crack, from which nothing counts as found."""
_NEAR_PX = 2


@dataclass(frozen=True)
class WidthFound:
    """How much of cracks of one width was marked.

    Attributes
    ----------
    width_px, width_mm : float
    found_share : float
        Of the centreline's length, within 2 px of the mask; mean over walls.
    blank_share : float
        The same of the same line on the same walls without crack: what is marked anyway.
    """

    width_px: float
    width_mm: float
    found_share: float
    blank_share: float

    @property
    def found(self) -> bool:
        """Whether cracks of this width count as found."""
        return self.found_share >= FOUND_FROM and self.blank_share < BLANK_BELOW


@dataclass(frozen=True, eq=False)
class Wall:
    """A rendered wall without and with a crack at one place, of each width.

    Attributes
    ----------
    line_px : (N, 2) int
        Pixels of the centreline, row and column.
    blank : (H, W) uint8
        Without the crack.
    cracked : dict of float to (H, W) uint8
        With it, by its width in px.
    """

    line_px: npt.NDArray[np.int64]
    blank: Gray
    cracked: dict[float, Gray]


def render_walls(
    count: int = 3,
    widths_px: Sequence[float] = WIDTHS_PX,
    *,
    size_px: int = 512,
    depth: float = 0.6,
    seed: int = 0,
) -> list[Wall]:
    """Render walls, each with a crack from side to side as concrete breaks, of constant width.

    A straight line would be no fair trial: nets learn that straight lines are joints.

    Parameters
    ----------
    count : int
    widths_px : sequence of float
        Rising. Below a pixel a crack takes its share of the pixel's light.
    size_px : int
        Height and width of a wall.
    depth : float
        Share of the light that the crack takes away.
    seed : int

    Raises
    ------
    ArgumentError
        When there are no widths, they do not rise, or no walls.
    """
    if not widths_px or list(widths_px) != sorted(set(widths_px)) or count < 1:
        msg = "widths must rise, and there must be at least one, and one wall."
        raise ArgumentError(msg)
    scene = SceneOptions(height=size_px, width=size_px, cracks=(0, 0), contrast=0.05)
    walls = []
    for wall in range(count):
        rng = np.random.default_rng([seed, wall])
        left, right = rng.uniform(0.3, 0.7, 2) * size_px
        start, end = (-5.0, float(left)), (size_px + 5.0, float(right))
        points = natural_path(start, end, 1.0, rng, width_variation=0).points_px
        cracked = {}
        for width in widths_px:
            path = CrackPath(points, np.full(len(points), float(width)), depth)
            cracked[width] = render(scene, seed + wall, cracks=[path]).gray
        blank = render(scene, seed + wall, cracks=[]).gray
        walls.append(Wall(_pixels(points, size_px), blank, cracked))
    return walls


def find_widths(
    baseline: Baseline, walls: Sequence[Wall], mm_per_px: float = 0.2
) -> list[WidthFound]:
    """Look for the cracks of each width on rendered walls.

    Parameters
    ----------
    baseline : Baseline
    walls : sequence of Wall
        Of `render_walls`.
    mm_per_px : float
        Millimetres a pixel, for the widths in mm.
    """
    blank = float(np.mean([_marked(baseline, wall.blank, wall) for wall in walls]))
    rows = []
    for width in walls[0].cracked:
        shares = [_marked(baseline, wall.cracked[width], wall) for wall in walls]
        rows.append(WidthFound(width, width * mm_per_px, float(np.mean(shares)), blank))
    return rows


def narrowest(rows: Sequence[WidthFound]) -> WidthFound | None:
    """Return the narrowest width from which on all are found; None where the widest is not.

    Examples
    --------
    >>> rows = [WidthFound(w, w / 5, s, 0.0) for w, s in ((0.5, 0.7), (1, 0.2), (2, 0.8), (4, 1))]
    >>> narrowest(rows).width_px
    2
    """
    best = None
    for row in reversed(rows):
        if not row.found:
            break
        best = row
    return best


def _pixels(points: npt.NDArray[np.float64], size_px: int) -> npt.NDArray[np.int64]:
    """Return the pixels along a centreline inside the wall, one for each px of its length."""
    along = np.concatenate([[0], np.hypot(*np.diff(points, axis=0).T).cumsum()])
    at = np.arange(0, along[-1])
    pixels = np.stack([np.interp(at, along, points[:, axis]) for axis in (1, 0)], 1).round()
    inside = ((pixels >= 0) & (pixels < size_px)).all(axis=1)
    return pixels[inside].astype(np.int64)


def _marked(baseline: Baseline, gray: Gray, wall: Wall) -> float:
    """Return the share of the centreline that lies within 2 px of what is marked."""
    mask: Mask = baseline.predict(gray) >= 0.5
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * _NEAR_PX + 1,) * 2)
    near = cv2.dilate(mask.astype(np.uint8), kernel)
    return float(near[wall.line_px[:, 0], wall.line_px[:, 1]].mean())
