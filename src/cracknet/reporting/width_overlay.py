"""The width overlay: a photograph, darkened, with its cracks coloured by their width."""

from __future__ import annotations

import math

import cv2
import numpy as np
import numpy.typing as npt

from cracknet.arrays import Gray
from cracknet.errors import ArgumentError
from cracknet.measurement.figures import branch_normals, crack_figures, widths_mm
from cracknet.measurement.results import Branch, Measurement
from cracknet.measurement.statistics import weighted_quantile
from cracknet.reporting.lettering import Picture, draw_text, text_size
from cracknet.reporting.width_legend import (
    FINE,
    Box,
    draw_legend,
    draw_scale_bar,
    legend_box,
    letter_px,
    round_up,
    scale_bar,
    scale_bar_box,
    width_colours,
)

BRIGHTNESS = 0.62
"""Of the photograph below the colours."""
OPACITY = 0.85
LINE_SHARE = 0.0013
"""Least thickness of a line as a share of the picture's mean side: hairlines stay in sight."""
USUAL_SHARE = 0.99
"""Share of the length whose widths the legend spans; a few wider places take its last colour."""
BAR_SHARE = 0.28
_BITS = 4


def draw_width_overlay(
    gray: Gray,
    measurement: Measurement,
    *,
    limits: tuple[float, float] | None = None,
    numbers: bool = True,
) -> Picture:
    """Draw the cracks of a photograph in colours of their width, with a legend and a scale bar.

    Lines are as thick as the crack is wide, but never too thin to see. Crack numbers stand beside
    the widest places; one that finds no room is left out, the longest crack's first to be placed.
    Letters grow with the picture. Pictures with a side below 110 px bear no legend.

    Parameters
    ----------
    gray : (H, W) uint8
        The photograph that was measured.
    measurement : Measurement
    limits : (float, float), optional
        Widths of the first and last colour, in mm where there is a scale, else in px; by default
        from 0 to a round number that 99 % of the length stays below.
    numbers : bool
        Whether to write crack numbers.

    Returns
    -------
    (H, W, 3) uint8, BGR

    Raises
    ------
    ArgumentError
        When the photograph is of another size, or the limits are not two ascending numbers.
    """
    size = (measurement.height_px, measurement.width_px)
    if gray.dtype != np.uint8 or gray.shape != size:
        msg = (
            f"the photograph must be uint8 of shape {size}, as it was measured; got {gray.dtype} "
            f"{gray.shape}."
        )
        raise ArgumentError(msg)
    if limits is not None and not (limits[0] < limits[1] and all(map(math.isfinite, limits))):
        msg = f"limits must be two ascending widths; got {limits}."
        raise ArgumentError(msg)
    branches = [branch for crack in measurement.cracks for branch in crack.branches]
    widths = [_shown(branch, measurement) for branch in branches]
    span = limits or usual_limits(measurement)
    picture = np.repeat((gray * np.float32(BRIGHTNESS)).astype(np.uint8)[:, :, None], 3, axis=2)
    _draw_branches(picture, branches, [width_colours(values, span) for values in widths])
    _annotate(picture, measurement, branches, span, numbers=numbers)
    return picture


def usual_limits(measurement: Measurement) -> tuple[float, float]:
    """Widths from 0 to a round number that 99 % of the length stays below: mm, or px unscaled."""
    branches = [branch for crack in measurement.cracks for branch in crack.branches]
    if not branches:
        return 0.0, 1.0
    widths = np.concatenate([_shown(branch, measurement) for branch in branches])
    weights = np.concatenate([branch.weights_px for branch in branches])
    usual = weighted_quantile(widths, weights, USUAL_SHARE) if weights.sum() > 0 else 0.0
    return 0.0, round_up(usual, FINE) if usual > 0 else 1.0


def _shown(branch: Branch, measurement: Measurement) -> npt.NDArray[np.float64]:
    scale = measurement.scale
    return branch.widths_px if scale is None else widths_mm(branch, scale)


def _draw_branches(
    picture: Picture, branches: list[Branch], colours: list[npt.NDArray[np.uint8]]
) -> None:
    """Lay the strip that each branch covers over the picture, in its colours, in place."""
    if not branches:
        return
    least = max(3, round(LINE_SHARE * math.sqrt(picture.shape[0] * picture.shape[1])))
    paint, cover = np.zeros_like(picture), np.zeros(picture.shape[:2], np.uint8)
    for branch, colours_of in zip(branches, colours, strict=True):
        # OpenCV fills each pixel that an edge touches, half a pixel too many on either side. The
        # paint runs over the edge, which the cover then cuts softly.
        inner, outer = _strip(branch, least, -1.0), _strip(branch, least, 2.0)
        for shade, narrow, wide in zip(colours_of.tolist(), inner, outer, strict=False):
            cv2.fillConvexPoly(paint, wide, shade, cv2.LINE_8, _BITS)
            cv2.fillConvexPoly(cover, narrow, (255,), cv2.LINE_8, _BITS)
    cover = np.asarray(cv2.GaussianBlur(cover, (3, 3), 0.6), np.uint8)
    rows, columns = np.nonzero(cover)
    share = cover[rows, columns, None] * np.float32(OPACITY / 255)
    below = picture[rows, columns]
    above = paint[rows, columns]
    picture[rows, columns] = np.rint(below * (1 - share) + above * share).astype(np.uint8)


def _strip(branch: Branch, least: float, more: float) -> npt.NDArray[np.int32]:
    """Quadrilaterals of a branch between its points, (N - 1, 4, 2), in fractions of a pixel."""
    half = (np.maximum(branch.widths_px, least) + more)[:, None] / 2
    offset = branch_normals(branch) * half
    left, right = branch.points_px + offset, branch.points_px - offset
    corners = np.stack([left[:-1], left[1:], right[1:], right[:-1]], axis=1)
    return np.rint(corners * (1 << _BITS)).astype(np.int32)


def _annotate(
    picture: Picture,
    measurement: Measurement,
    branches: list[Branch],
    span: tuple[float, float],
    *,
    numbers: bool,
) -> None:
    height, width = picture.shape[:2]
    letter = letter_px(height, width)
    unit = "px" if measurement.scale is None else "mm"
    points = np.concatenate([b.points_px for b in branches]) if branches else np.empty((0, 2))
    taken: list[Box] = []
    room = legend_box(height, width, span, unit, letter)
    if room is not None and branches:
        box = _quietest_corner(room, (height, width), points, letter, taken)
        taken.append(box)
        draw_legend(picture, box, span, unit, letter)
    if room is not None and measurement.scale is not None:
        _place_scale_bar(picture, measurement, points, letter, taken)
    if numbers and room is not None:
        _place_numbers(picture, measurement, letter, taken)


def _place_scale_bar(
    picture: Picture,
    measurement: Measurement,
    points: npt.NDArray[np.float64],
    letter: int,
    taken: list[Box],
) -> None:
    height, width = picture.shape[:2]
    # Where it will stand decides its length in a slanted view, hence twice.
    x, y = width / 2, height - 2.0 * letter
    for _ in range(2):
        length, text = scale_bar(measurement, x, y, BAR_SHARE * width)
        room = scale_bar_box(length, text, letter)
        box = _quietest_corner(room, (height, width), points, letter, taken)
        x, y = box.left + box.width / 2, box.top + box.height / 2
    if not any(box.meets(other) for other in taken) and box.width <= width:
        taken.append(box)
        draw_scale_bar(picture, box, length, text, letter)


def _quietest_corner(
    room: tuple[int, int],
    size: tuple[int, int],
    points: npt.NDArray[np.float64],
    letter: int,
    taken: list[Box],
) -> Box:
    """Choose the corner where a box covers least of the cracks and no other box."""
    (wide, tall), (height, width), inset = room, size, letter // 2
    left, right, low, top = inset, width - wide - inset, height - tall - inset, inset
    corners = [
        Box(x, y, wide, tall) for x, y in ((right, low), (left, low), (right, top), (left, top))
    ]
    x, y = points.T

    def cost(box: Box) -> tuple[bool, int]:
        inside = (x >= box.left) & (x < box.left + wide) & (y >= box.top) & (y < box.top + tall)
        return any(box.meets(other) for other in taken), int(inside.sum())

    return min(corners, key=cost)


def _place_numbers(
    picture: Picture, measurement: Measurement, letter: int, taken: list[Box]
) -> None:
    """Write crack numbers beside their widest places, where they cover no other."""
    height, width = picture.shape[:2]
    cell = 4 * letter
    grid: dict[tuple[int, int], list[Box]] = {}

    def cells(box: Box) -> list[tuple[int, int]]:
        columns = range(box.left // cell, (box.left + box.width) // cell + 1)
        rows = range(box.top // cell, (box.top + box.height) // cell + 1)
        return [(column, row) for column in columns for row in rows]

    for box in taken:
        for key in cells(box):
            grid.setdefault(key, []).append(box)
    for row in crack_figures(measurement, ""):
        text = str(row.crack)
        wide, tall = text_size(text, letter)
        away = row.width_max_px / 2 + 0.3 * letter
        for turn in (-45, 45, -135, 135, 0, 180, -90, 90):
            across, down = math.cos(math.radians(turn)), math.sin(math.radians(turn))
            left = round(row.width_max_x_px + across * (away + wide / 2) - wide / 2)
            top = round(row.width_max_y_px + down * (away + tall / 2) - tall / 2)
            box = Box(left, top, wide, tall)
            inside = left >= 0 and top >= 0 and left + wide <= width and top + tall <= height
            near = (other for key in cells(box) for other in grid.get(key, ()))
            if inside and not any(box.meets(other) for other in near):
                draw_text(picture, text, left, top, letter)
                for key in cells(box):
                    grid.setdefault(key, []).append(box)
                break
