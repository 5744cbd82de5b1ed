"""The legend of a width overlay: a bar of colours with widths, and a scale bar."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from cracknet.measurement.results import Measurement
from cracknet.measurement.scale import Scale
from cracknet.reporting.lettering import WHITE, Picture, darken, draw_text, text_size

COLOUR_MAP = cv2.COLORMAP_PLASMA
"""Perceptually uniform (Smith and van der Walt), and no gray of concrete is in it."""
DARKEST = 0.33
"""Where the map begins to be used: darker colours are lost in a dark photograph."""
ROUND = (1.0, 2.0, 5.0, 10.0)
FINE = (1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)
"""Round numbers for the legend's end: finer, so that few of its colours lie idle."""
LETTER_SHARE, SMALLEST_LETTER_PX = 0.02, 11
TOO_SMALL_PX = 110
"""A picture with a shorter side bears no legend."""


@dataclass(frozen=True)
class Box:
    """A rectangle in px."""

    left: int
    top: int
    width: int
    height: int

    def meets(self, other: Box) -> bool:
        """Whether two boxes share a pixel."""
        return (
            self.left < other.left + other.width
            and other.left < self.left + self.width
            and self.top < other.top + other.height
            and other.top < self.top + self.height
        )


def width_colours(
    widths: npt.NDArray[np.float64], limits: tuple[float, float]
) -> npt.NDArray[np.uint8]:
    """Colours of widths, (N,) to (N, 3) BGR; beyond the limits those of the limits."""
    share = np.clip((widths - limits[0]) / (limits[1] - limits[0]), 0, 1)
    codes = np.rint(255 * (DARKEST + (1 - DARKEST) * share)).astype(np.uint8)
    return _table()[codes]


def round_up(value: float, steps: tuple[float, ...] = ROUND) -> float:
    """Give the smallest round number, a step times a power of ten, not below a value.

    Examples
    --------
    >>> round_up(0.3), round_up(7), round_up(2)
    (0.5, 10.0, 2.0)
    """
    power = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in steps if step * power >= value * (1 - 1e-9))


def ticks(limits: tuple[float, float], most: int) -> list[float]:
    """Round numbers between two limits, at most so many, at least the upper limit.

    Examples
    --------
    >>> ticks((0.0, 0.5), 6)
    [0.0, 0.1, 0.2, 0.3, 0.4, 0.5]
    >>> ticks((0.0, 2.0), 3)
    [0.0, 1.0, 2.0]
    """
    low, high = limits
    step = round_up((high - low) / max(most - 1, 1))
    first, last = math.ceil(low / step - 1e-6), math.floor(high / step + 1e-6)
    return [round(k * step, 12) for k in range(first, last + 1)] or [high]


def letter_px(height: int, width: int) -> int:
    """Height of letters that can be read in a picture of this size, shown whole or not."""
    return max(SMALLEST_LETTER_PX, round(LETTER_SHARE * math.sqrt(height * width)))


def legend_box(
    height: int, width: int, limits: tuple[float, float], unit: str, letter: int
) -> tuple[int, int] | None:
    """Width and height in px of the legend, None where the picture is too small for one."""
    if min(height, width) < TOO_SMALL_PX:
        return None
    lines = _lines(height, letter)
    _, tall = text_size("0", letter)
    wide = max(text_size(_label(value), letter)[0] for value in ticks(limits, lines))
    title = text_size(_title(unit), letter)[0]
    return max(3 * letter + wide, title + letter), round((lines * 1.25 + 2.2) * tall)


def draw_legend(
    picture: Picture, box: Box, limits: tuple[float, float], unit: str, letter: int
) -> None:
    """Draw the bar of colours with its title and round widths, in place."""
    darken(picture, box.left, box.top, box.width, box.height)
    _, tall = text_size("0", letter)
    inset = letter // 2
    draw_text(picture, _title(unit), box.left + inset, box.top + inset // 2, letter)
    top = box.top + round(1.5 * tall)
    high = max(box.top + box.height - tall // 2 - inset // 2 - top, 2)
    share = np.linspace(1, 0, high)
    colours = width_colours(limits[0] + share * (limits[1] - limits[0]), limits)
    left, right = box.left + inset, box.left + inset + round(1.2 * letter)
    bar = picture[top : top + high, left:right]
    bar[:] = colours[: bar.shape[0], None]
    for value in ticks(limits, _lines(picture.shape[0], letter)):
        y = top + round((high - 1) * (limits[1] - value) / (limits[1] - limits[0]))
        thick = max(1, letter // 10)
        picture[y : y + thick, right : right + letter // 3] = WHITE
        draw_text(picture, _label(value), right + letter // 2, y - tall // 2, letter)


def scale_bar(measurement: Measurement, x: float, y: float, longest_px: float) -> tuple[float, str]:
    """Length in px of a scale bar of a round length at a place, and its text.

    Of a slanted view the length holds at this place and along x.
    """
    scale = measurement.scale
    if scale is None:
        return 0.0, ""
    mm_per_px = _mm_per_px(scale, x, y)
    length = round_up(longest_px * mm_per_px)
    while length > longest_px * mm_per_px * (1 + 1e-9):
        length = round_up(length / 2.6)  # the next round number below
    text = f"{length / 1000:g} m" if length >= 1000 else f"{length:g} mm"
    return length / mm_per_px, text if scale.homography is None else f"{text} (here)"


def draw_scale_bar(picture: Picture, box: Box, length_px: float, text: str, letter: int) -> None:
    """Draw a scale bar, in place."""
    darken(picture, box.left, box.top, box.width, box.height)
    inset, thick = letter // 2, max(2, letter // 4)
    wide, tall = text_size(text, letter)
    draw_text(picture, text, box.left + (box.width - wide) // 2, box.top + inset // 2, letter)
    left = box.left + (box.width - length_px) / 2
    low = box.top + inset // 2 + tall + thick
    for start, end, over in ((left, left + length_px, 0), *_ends(left, length_px, thick)):
        x0, x1 = round(start), max(round(end), round(start) + 1)
        picture[low - over : low + thick + over, x0:x1] = WHITE


def scale_bar_box(length_px: float, text: str, letter: int) -> tuple[int, int]:
    """Width and height in px of a scale bar with its panel."""
    wide, tall = text_size(text, letter)
    thick = max(2, letter // 4)
    return round(max(length_px, wide)) + letter, tall + 3 * thick + letter


def _ends(left: float, length: float, thick: int) -> list[tuple[float, float, int]]:
    half = max(1, thick // 2)
    return [(left, left + half, thick), (left + length - half, left + length, thick)]


def _mm_per_px(scale: Scale, x: float, y: float) -> float:
    return float(scale.mm_along(np.array([[x, y]]), np.array([[1.0, 0.0]]))[0])


def _lines(height: int, letter: int) -> int:
    return int(np.clip(height / (4.2 * letter), 2, 6))


def _label(value: float) -> str:
    return f"{value:g}"


def _title(unit: str) -> str:
    return f"width, {unit}"


def _table() -> npt.NDArray[np.uint8]:
    codes = np.arange(256, dtype=np.uint8)[:, None]
    return np.asarray(cv2.applyColorMap(codes, COLOUR_MAP), np.uint8)[:, 0]
