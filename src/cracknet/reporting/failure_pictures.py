"""Pictures of what a prediction gets right and wrong."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from cracknet.arrays import Gray, Mask, Probability
from cracknet.errors import ArgumentError
from cracknet.reporting.writing import Picture
from cracknet.scoring.worst import PixelKinds

SHOWN_PX = 640
"""Longest side of a picture on the sheet; what is larger is shrunk, and its worst place shown."""

COLOURS_BGR: dict[str, tuple[int, int, int]] = {
    "hits": (115, 158, 0),
    "near_misses": (233, 180, 86),
    "near_alarms": (66, 228, 240),
    "gross_misses": (178, 114, 0),
    "gross_alarms": (0, 94, 213),
}
"""Colours of Okabe and Ito (2008), which the colour-blind can tell apart; drawn in this order."""

_VEIL = 0.45
"""How far the photograph below the colours is drawn to white, so that they stand out."""


@dataclass(frozen=True)
class Window:
    """A part of a photograph, px."""

    top: int
    left: int
    height: int
    width: int

    def cut(self, values: npt.NDArray[np.generic]) -> npt.NDArray[np.generic]:
        """Cut it from an array (H, W)."""
        return values[self.top : self.top + self.height, self.left : self.left + self.width]


def paint_kinds(gray: Gray, kinds: PixelKinds, longest_px: int = SHOWN_PX) -> Picture:
    """Paint hits, false alarms and misses over a paled photograph.

    Where the photograph is shrunk, a pixel takes the colour of the gravest error within it, so
    that hairlines stay in sight; they look wider than they are.

    Parameters
    ----------
    gray : (H, W) uint8
    kinds : PixelKinds
        Of the photograph's shape.
    longest_px : int

    Returns
    -------
    (H', W', 3) uint8, BGR

    Raises
    ------
    ArgumentError
        When the shapes differ.
    """
    if gray.shape != kinds.hits.shape:
        msg = f"photograph {gray.shape} and masks {kinds.hits.shape} must have one shape."
        raise ArgumentError(msg)
    small = shrink(gray, longest_px)
    pale = np.asarray(small * (1 - _VEIL) + 255 * _VEIL, np.uint8)
    picture = np.repeat(pale[:, :, None], 3, axis=2)
    for name, colour in COLOURS_BGR.items():
        picture[shrink_most(getattr(kinds, name), longest_px) > 0] = colour
    return picture


def shrink(gray: Gray, longest_px: int = SHOWN_PX) -> Gray:
    """Shrink a photograph (H, W) to a longest side; smaller ones stay as they are."""
    size = _size(gray.shape, longest_px)
    if size == gray.shape[::-1]:
        return gray
    return np.asarray(cv2.resize(gray, size, interpolation=cv2.INTER_AREA), np.uint8)


def shrink_most(values: Mask | Probability, longest_px: int = SHOWN_PX) -> Gray:
    """Shrink a mask or a probability (H, W), each pixel the largest within it, as 0 to 255."""
    levels = cv2.convertScaleAbs(values.astype(np.float32), alpha=255)
    width, height = _size(values.shape, longest_px)
    rows = np.arange(height) * values.shape[0] // height
    columns = np.arange(width) * values.shape[1] // width
    most = np.maximum.reduceat(np.maximum.reduceat(levels, rows, axis=0), columns, axis=1)
    return np.asarray(most, np.uint8)


def worst_window(errors: Mask, side_px: int = SHOWN_PX) -> Window:
    """Find about the window that holds most errors, and lay them in its middle.

    Parameters
    ----------
    errors : (H, W) bool
    side_px : int
        Longest side of the window.
    """
    height, width = errors.shape
    window = min(height, side_px), min(width, side_px)
    zoom = min(1.0, SHOWN_PX / max(height, width))
    size = _size(errors.shape, SHOWN_PX)
    share = cv2.resize(errors.view(np.uint8).astype(np.float32), size, interpolation=cv2.INTER_AREA)
    box = [max(1, round(side * zoom)) for side in window]
    found = cv2.boxFilter(share, -1, box[::-1], normalize=False, borderType=cv2.BORDER_CONSTANT)
    start = [
        max(0, int(at) - side // 2)
        for at, side in zip(np.unravel_index(found.argmax(), found.shape), box, strict=True)
    ]
    part = share[start[0] : start[0] + box[0], start[1] : start[1] + box[1]]
    corner = []
    for axis, (length, whole) in enumerate(zip(window, errors.shape, strict=True)):
        weights = part.sum(axis=1 - axis)
        middle = float(np.average(np.arange(weights.size), weights=weights + 1e-9))
        corner.append(
            min(max(0, round((start[axis] + middle + 0.5) / zoom) - length // 2), whole - length)
        )
    return Window(corner[0], corner[1], *window)


def _size(shape: tuple[int, ...], longest_px: int) -> tuple[int, int]:
    """Return width and height of a picture whose longest side is shrunk to a limit."""
    zoom = min(1.0, longest_px / max(shape))
    return max(1, round(shape[1] * zoom)), max(1, round(shape[0] * zoom))
