"""A picture of what has changed: AFTER in gray, its cracks in colours of what became of them."""

from __future__ import annotations

import cv2
import numpy as np

from cracknet.arrays import Gray
from cracknet.errors import ArgumentError
from cracknet.measurement.change import Change, Piece
from cracknet.measurement.results import Points
from cracknet.reporting.lettering import Colour, Picture, darken, draw_text, text_size

COLOURS: dict[str, Colour] = {
    "outside": (150, 150, 150),
    "matched": (245, 245, 245),
    "widened": (0, 150, 255),
    "new": (220, 40, 220),
    "grown": (40, 30, 235),
    "gone": (255, 160, 40),
    "lost": (255, 160, 40),
}
"""Blue, green, red of each kind of piece, in the order of drawing."""

LEGEND = (
    ("matched", "unchanged"), ("grown", "grown"), ("widened", "wider"), ("new", "new"),
    ("gone", "no longer visible"), ("outside", "outside of the common view"),
)  # fmt: skip

BRIGHTNESS = 0.75
SMALLEST_PX, LARGEST_PX = 1000, 3000
"""Longest side of the picture: smaller photographs are enlarged, larger ones shrunk."""

LINE_SHARE = 0.0032
"""Least thickness of a line as a share of the longest side."""

DASH_LINES = 4.0
"""Length of a dash, and of a gap, in thicknesses of the line."""

_BITS = 4


def draw_change(gray: Gray, change: Change, *, before: Gray | None = None) -> Picture:
    """Draw the cracks of AFTER by what became of them, with a legend.

    Lines are as thick as the crack is wide, but never too thin to see. Widened parts bear their
    difference, in mm where a scale is known. What is no longer visible is dashed.

    Parameters
    ----------
    gray : (H, W) uint8
        The photograph of AFTER.
    change : Change
    before : (H', W') uint8, optional
        The photograph of BEFORE: it is laid into AFTER's frame and set beside the picture.

    Returns
    -------
    (H'', W'', 3) uint8, BGR

    Raises
    ------
    ArgumentError
        When a photograph is not of the size that was registered.
    """
    registration = change.registration
    _check("AFTER", gray, registration.after_shape)
    longest = max(gray.shape)
    factor = min(max(longest, SMALLEST_PX), LARGEST_PX) / longest
    size = (max(1, round(gray.shape[1] * factor)), max(1, round(gray.shape[0] * factor)))
    picture = _paled(gray, size)
    pieces = [piece for crack in change.cracks for piece in crack.pieces]
    least = max(2.0, LINE_SHARE * max(size))
    order = list(COLOURS)
    for piece in sorted(pieces, key=lambda piece: order.index(piece.kind)):
        _draw_piece(picture, piece, factor, least)
    letters = max(11, round(max(size) / 58))
    for piece in pieces:
        if piece.kind == "widened":
            _draw_difference(picture, piece, factor, letters)
    if before is not None:
        _check("BEFORE", before, registration.before_shape)
        warped = cv2.warpPerspective(before, registration.matrix, gray.shape[::-1])
        picture = _beside(_paled(np.asarray(warped, np.uint8), size), picture, letters)
    kinds: set[str] = {"gone" if piece.kind == "lost" else piece.kind for piece in pieces}
    legend = _legend(picture.shape[1], kinds, letters, _caption(change))
    return np.vstack([picture, legend])


def _check(name: str, gray: Gray, shape: tuple[int, int]) -> None:
    if gray.shape != shape:
        msg = f"{name} must be the photograph that was compared, {shape}; got {gray.shape}."
        raise ArgumentError(msg)


def _beside(before: Picture, after: Picture, letters: int) -> Picture:
    gap = np.zeros((len(after), max(4, letters // 3), 3), np.uint8)
    for side, name in ((before, "BEFORE"), (after, "AFTER")):
        width, height = text_size(name, letters)
        darken(side, 0, 0, width + letters, height + letters // 2)
        draw_text(side, name, letters // 2, letters // 4, letters)
    return np.hstack([before, gap, after])


def _paled(gray: Gray, size: tuple[int, int]) -> Picture:
    way = cv2.INTER_AREA if size[0] < gray.shape[1] else cv2.INTER_LINEAR
    small = cv2.resize(gray, size, interpolation=way)
    pale = np.asarray(small * BRIGHTNESS, np.uint8)
    return np.repeat(pale[:, :, None], 3, axis=2)


def _draw_piece(picture: Picture, piece: Piece, factor: float, least_px: float) -> None:
    points = (piece.points_px + 0.5) * factor - 0.5
    thick = max(float(np.median(piece.widths_px)) * factor, least_px)
    lines = [points]
    if piece.kind in ("outside", "matched"):
        thick = max(thick * 0.6, 1.5)
    if piece.kind in ("gone", "lost"):
        thick = min(thick, 2 * least_px)  # there is no crack to be covered, and dashes are short
        lines = _dashes(points, DASH_LINES * thick)
    for rim, colour in ((2, (20, 20, 20)), (0, COLOURS[piece.kind])):
        if rim and piece.kind == "outside":
            continue
        for line in lines:
            _line(picture, line, colour, round(thick) + rim)


def _line(picture: Picture, points: Points, colour: Colour, thick: int) -> None:
    fixed = np.round(points * (1 << _BITS)).astype(np.int32)
    cv2.polylines(picture, [fixed], False, colour, min(thick, 255), cv2.LINE_AA, _BITS)


def _dashes(points: Points, length_px: float) -> list[Points]:
    walked = np.append(0.0, np.cumsum(np.hypot(*np.diff(points, axis=0).T)))
    dashes = []
    for start in np.arange(0, walked[-1], 2 * length_px):
        at = np.linspace(start, min(start + length_px, walked[-1]), 8)
        dashes.append(np.column_stack([np.interp(at, walked, points[:, k]) for k in (0, 1)]))
    return dashes


def _draw_difference(picture: Picture, piece: Piece, factor: float, letters: int) -> None:
    if piece.change_px is None:
        return
    text = f"{piece.change_px:+.1f} px"
    if piece.change_mm is not None:
        text = f"{piece.change_mm:+.2f} mm"
    if len(piece.points_px) * factor < 3 * letters:
        return
    height, width = picture.shape[:2]
    x, y = piece.points_px[len(piece.points_px) // 2] * factor
    wide, tall = text_size(text, letters)
    left = int(np.clip(x + letters, 0, max(width - wide, 0)))
    top = int(np.clip(y - tall - letters // 2, 0, max(height - tall, 0)))
    draw_text(picture, text, left, top, letters, COLOURS["widened"])


def _caption(change: Change) -> str:
    said = [f"{count} {state}" for state, count in change.counts.items() if count]
    return ", ".join(said) if said else "no cracks at either date"


def _legend(width: int, kinds: set[str], letters: int, caption: str) -> Picture:
    """Lay the legend's entries in as many rows as they need, under a line of text."""
    places: list[tuple[str, str, int, int]] = []
    x, row = letters, 1
    for kind, text in LEGEND:
        if kind not in kinds:
            continue
        wide = 4 * letters + text_size(text, letters)[0]
        if x + wide > width and x > letters:
            x, row = letters, row + 1
        places.append((kind, text, x, row))
        x += wide + letters
    tall = round(letters * 1.7)
    panel = np.full((tall * (row + 1) + letters // 2, width, 3), 40, np.uint8)
    draw_text(panel, caption, letters, letters // 4, letters)
    for kind, text, left, line in places:
        middle = line * tall + tall // 2 + letters // 4
        ends = np.array([[left, middle], [left + 3 * letters, middle]], np.float64)
        thick = max(3, letters // 4)
        for part in _dashes(ends, DASH_LINES * thick / 2) if kind == "gone" else [ends]:
            _line(panel, part, COLOURS[kind], thick)
        top = middle - text_size(text, letters)[1] // 2
        draw_text(panel, text, left + 3 * letters + letters // 2, top, letters)
    return panel
