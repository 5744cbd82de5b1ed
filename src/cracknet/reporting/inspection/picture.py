"""The picture of a photograph in a report: its cracks in the colours of their classes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from cracknet.arrays import Gray
from cracknet.errors import OutputError
from cracknet.measurement.figures import widths_mm
from cracknet.measurement.results import Branch, Measurement
from cracknet.reporting.inspection.bands import WidthClasses, plain_colour
from cracknet.reporting.inspection.labels import place_labels
from cracknet.reporting.inspection.scale_bar import add_scale_bar
from cracknet.reporting.width_legend import letter_px
from cracknet.reporting.width_overlay import BRIGHTNESS
from cracknet.reporting.writing import Picture

LONGEST_PX = 1600
"""Longest side of a picture: 0.11 mm a pixel on a printed page."""

JPEG_QUALITY = 70

_SHORTEST_PX = 800
_OPACITY = 0.8
_LEAST_LINE_PX, _MOST_LINE_PX = 2, 255
_SHIFT = 4  # fractional bits of OpenCV's coordinates


@dataclass(frozen=True, eq=False)
class Sizing:
    """How a photograph becomes a picture: its size, and picture pixels per photograph pixel."""

    width_px: int
    height_px: int
    factor: float

    def place(self, points_px: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Map positions in the photograph to positions in the picture; pixel centres are whole."""
        return (points_px + 0.5) * self.factor - 0.5


def sizing(height_px: int, width_px: int, longest_px: int = LONGEST_PX) -> Sizing:
    """Size a picture: large photographs are shrunk, small ones enlarged a whole number of times.

    Examples
    --------
    >>> sizing(3000, 4000), sizing(100, 300).factor
    (Sizing(width_px=1600, height_px=1200, factor=0.4), 3.0)
    """
    longest = max(height_px, width_px)
    if longest > longest_px:
        factor = longest_px / longest
    else:
        factor = float(max(1, math.ceil(min(_SHORTEST_PX, longest_px) / longest)))
        while factor > 1 and factor * longest > longest_px:
            factor -= 1
    return Sizing(max(1, round(width_px * factor)), max(1, round(height_px * factor)), factor)


def crack_picture(
    gray: Gray,
    measurement: Measurement,
    classes: WidthClasses,
    numbered: Mapping[int, tuple[float, float]],
    longest_px: int = LONGEST_PX,
) -> Picture:
    """Draw a photograph, darkened, with cracks in their classes' colours, numbers, a scale bar.

    Centrelines are drawn as wide as the crack, at least two pixels of the picture; each piece has
    the colour of the class of its own width. Without a scale there is one colour. It is the width
    overlay in steps: a report's colours are classes, told apart in picture, table and histogram.

    Parameters
    ----------
    gray : (H, W) uint8
        The photograph, upright.
    measurement : Measurement
        Of the same size.
    classes : WidthClasses
    numbered : mapping of int to (float, float)
        Which cracks get their number, and at which place (x, y) in px.
    longest_px : int
        Longest side of the picture, the scale bar aside.

    Returns
    -------
    Picture
        (h, w, 3) uint8, BGR.
    """
    height, width = gray.shape
    size = sizing(height, width, longest_px)
    how = cv2.INTER_AREA if size.factor < 1 else cv2.INTER_NEAREST
    small = cv2.resize(gray, (size.width_px, size.height_px), interpolation=how)
    dark = cv2.convertScaleAbs(small, alpha=BRIGHTNESS)
    picture = np.asarray(cv2.cvtColor(dark, cv2.COLOR_GRAY2BGR), np.uint8)
    draw_cracks(picture, measurement, classes, size)
    letter = letter_px(size.height_px, size.width_px)
    places = {number: size.place(np.array(spot)) for number, spot in numbered.items()}
    place_labels(picture, places, letter)
    return add_scale_bar(picture, measurement, size.factor, letter)


def draw_cracks(
    picture: Picture, measurement: Measurement, classes: WidthClasses, size: Sizing
) -> None:
    """Paint the cracks onto a picture of the photograph, (h, w, 3) BGR, in place."""
    branches = [branch for crack in measurement.cracks for branch in crack.branches]
    if not branches:
        return
    scale = measurement.scale
    if scale is None:
        kinds = np.zeros(sum(len(branch.widths_px) for branch in branches), np.intp)
    else:
        kinds = classes.index(np.concatenate([widths_mm(branch, scale) for branch in branches]))
    colours = [plain_colour()] if scale is None else list(classes.colours)
    lines = picture.copy()
    for (kind, thickness), pieces in sorted(_pieces(branches, kinds, size).items()):
        cv2.polylines(
            lines,
            pieces,
            isClosed=False,
            color=colours[kind][::-1],
            thickness=thickness,
            lineType=cv2.LINE_AA,
            shift=_SHIFT,
        )
    cv2.addWeighted(lines, _OPACITY, picture, 1 - _OPACITY, 0, dst=picture)


def _pieces(
    branches: Sequence[Branch], kinds: npt.NDArray[np.intp], size: Sizing
) -> dict[tuple[int, int], list[npt.NDArray[np.int32]]]:
    """Cut branches where the class of the width changes; gather pieces by class and thickness.

    All of a photograph at once, and few calls of OpenCV: map cracking has thousands of pieces.
    """
    points = size.place(np.concatenate([branch.points_px for branch in branches]))
    places = np.rint(points * 2**_SHIFT).astype(np.int32)
    widths = np.concatenate([branch.widths_px for branch in branches]) * size.factor
    owners = np.repeat(np.arange(len(branches)), [len(branch.widths_px) for branch in branches])
    cuts = np.flatnonzero((np.diff(kinds) != 0) | (np.diff(owners) != 0)) + 1
    starts = np.concatenate([[0], cuts])
    ends = np.concatenate([cuts, [len(kinds)]])
    means = np.add.reduceat(widths, starts) / (ends - starts)
    thick = np.clip(np.rint(means), _LEAST_LINE_PX, _MOST_LINE_PX).astype(int)
    # A piece reaches to the first point of the next one of its branch.
    ends[:-1] += owners[ends[:-1]] == owners[ends[:-1] - 1]
    gathered: dict[tuple[int, int], list[npt.NDArray[np.int32]]] = {}
    for start, end, kind, width in zip(
        starts.tolist(), ends.tolist(), kinds[starts].tolist(), thick.tolist(), strict=True
    ):
        gathered.setdefault((kind, width), []).append(places[start:end])
    return gathered


def jpeg_in_full_colour(picture: Picture, quality: int = JPEG_QUALITY) -> bytes:
    """Encode a picture as JPEG whose colours are as sharp as its grays, as thin lines need.

    JPEG and not WebP: PDF holds it as it is, and on photographs of concrete WebP takes ten times
    the time to save a tenth of the size.

    Raises
    ------
    OutputError
        When it cannot be encoded.
    """
    options = (
        cv2.IMWRITE_JPEG_QUALITY,
        quality,
        cv2.IMWRITE_JPEG_SAMPLING_FACTOR,
        cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444,
        cv2.IMWRITE_JPEG_OPTIMIZE,
        1,
    )
    done, code = cv2.imencode(".jpg", picture, options)
    if not done:
        msg = f"a picture of {picture.shape[1]}x{picture.shape[0]} cannot be encoded as JPEG."
        raise OutputError(msg)
    return code.tobytes()
