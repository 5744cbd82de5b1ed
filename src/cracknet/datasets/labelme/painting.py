"""Labelme's shapes painted on pixels.

The upper left pixel covers 0 to 1 in x and y. As Labelme's own masks, a polygon covers every pixel
that it encloses or that its outline runs through, each vertex standing for the whole pixel it lies
in; so does a rectangle. (Labelme draws with Pillow's ``ImageDraw.polygon(outline=1, fill=1)``,
which cuts coordinates to whole pixels; polygons are drawn with the same function here.) A circle
covers the pixels whose centres lie in it. A line is a band of the stated width around it: pixels
whose centres lie within half the width, cut square at its ends and round at its joints; Labelme's
own tool draws it 10 px wide.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from cracknet.arrays import Mask
from cracknet.datasets.labelme.files import LabelmeFile, LabelmeShape
from cracknet.datasets.labels import Labels
from cracknet.errors import ArgumentError, DatasetError

LABELME_LINE_WIDTH_PX = 10.0
CRACK, IGNORED = 1, 2

Points: TypeAlias = npt.NDArray[np.float64]
"""Shape (N, 2), x and y in px."""

Patch: TypeAlias = tuple[int, int, Mask]
"""First row, first column, and the pixels that a shape covers from there on."""

_NOTHING: Patch = (0, 0, np.zeros((0, 0), np.bool_))
_PIECE_PX = 128


@dataclass(frozen=True, eq=False)
class Painted:
    """Shapes on pixels.

    Parameters
    ----------
    crack
        Shape (H, W), True = crack.
    ignored_px
        Pixels of ignored areas, which are not crack in `crack`.
    notes
        What was left out or cut, in words.
    """

    crack: Mask
    ignored_px: int
    notes: tuple[str, ...]


def paint_shapes(
    file: LabelmeFile,
    height: int,
    width: int,
    labels: Labels | None = None,
    *,
    line_width_px: float = LABELME_LINE_WIDTH_PX,
    where: object = "the file",
) -> Painted:
    """Paint the shapes in the file's order, later ones over earlier ones.

    So a background polygon after a crack makes a hole in it. Points (the types ``point`` and
    ``points``) cover no area and are passed over. What reaches beyond the photograph is cut at its
    border: the polygon's part within is kept as it is, no vertex is moved.

    Parameters
    ----------
    file : LabelmeFile
    height, width : int
        Of the photograph as it was drawn on, px.
    labels : Labels, optional
        What the labels mean.
    line_width_px : float
        Width of lines and linestrips.
    where : object
        Names the file in errors.

    Raises
    ------
    DatasetError
        When a label is not mapped, or a shape has the wrong number of points or an unknown type.
    ArgumentError
        When the line width is not between 1 and 1000 px.
    """
    if not 1 <= line_width_px <= 1000:
        msg = f"the width of lines is 1 to 1000 px; got {line_width_px:g}."
        raise ArgumentError(msg)
    labels = labels or Labels()
    values = np.zeros((height, width), np.uint8)
    points_only = outside = beyond = 0
    for number, shape in enumerate(file.shapes):
        place = f"shape {number} ({shape.label!r}) of {where}"
        kind = shape.shape_type or "polygon"
        if kind in ("point", "points"):
            points_only += 1
            continue
        meaning = labels.require(shape.label, where)
        points = np.array(shape.points, np.float64)
        _check_count(kind, len(points), place)
        beyond += bool((points < 0).any() or (points > (width, height)).any())
        if kind in ("line", "linestrip"):
            patch = _band(points, line_width_px, height, width)
        elif kind == "mask":
            patch = _stored_mask(shape, place, height, width)
        else:
            patch = _PAINTERS[kind](points, height, width)
        row, column, covered = patch
        outside += not covered.any()
        area = values[row : row + covered.shape[0], column : column + covered.shape[1]]
        area[covered] = {"crack": CRACK, "background": 0, "ignore": IGNORED}[meaning]
    notes = []
    if points_only:
        notes.append(f"{points_only} points passed over: a point covers no area")
    if beyond:
        notes.append(f"{beyond} shapes reach beyond the photograph and were cut at its border")
    if outside:
        notes.append(f"{outside} shapes cover no pixel of the photograph")
    return Painted(values == CRACK, int(np.count_nonzero(values == IGNORED)), tuple(notes))


_COUNTS = {
    "polygon": range(3, 10**9),
    "oriented_rectangle": range(4, 5),
    "rectangle": (2, 4),  # Labelme writes two corners; AnyLabeling, in its format, four
    "circle": range(2, 3),
    "line": range(2, 3),
    "linestrip": range(2, 10**9),
    "mask": range(2, 3),
}
"""How many points each type of shape has."""


def _check_count(kind: str, count: int, place: str) -> None:
    if kind not in _COUNTS:
        known = ", ".join([*_COUNTS, "point"])
        msg = f"shapes of the types {known} are known; {place} is {kind!r}. Draw it as a polygon."
        raise DatasetError(msg)
    if count not in _COUNTS[kind]:
        allowed = _COUNTS[kind]
        wanted = f"at least {allowed[0]}" if len(allowed) > 9 else " or ".join(map(str, allowed))
        msg = (
            f"a {kind} has {wanted} points; {place} has {count}. Delete it in Labelme, or draw it "
            "again."
        )
        raise DatasetError(msg)


def _polygon(points: Points, height: int, width: int) -> Patch:
    points = _within(points, (-2.0, -2.0), (width + 2.0, height + 2.0))
    if not len(points):
        return _NOTHING
    pixels = np.floor(points).astype(int)
    low = np.maximum(pixels.min(axis=0), 0)
    high = np.minimum(pixels.max(axis=0) + 1, (width, height))
    if (high <= low).any():
        return _NOTHING
    image = Image.new("1", (int(high[0] - low[0]), int(high[1] - low[1])))
    ImageDraw.Draw(image).polygon([(int(x), int(y)) for x, y in pixels - low], fill=1, outline=1)
    return int(low[1]), int(low[0]), np.asarray(image)


def _within(points: Points, low: Sequence[float], high: Sequence[float]) -> Points:
    """Cut a polygon at a box (Sutherland and Hodgman, CACM 17, 1974); as it is if all lies within.

    Where it leaves the box and comes back, the cut runs along the box's side.
    """
    for axis in (0, 1):
        for sign, limit in ((1.0, low[axis]), (-1.0, -high[axis])):
            inside = sign * points[:, axis] >= limit
            if inside.all():
                continue
            kept = []
            for k in range(len(points)):
                start, end = points[k - 1], points[k]
                if inside[k] != inside[k - 1]:
                    share = (sign * limit - start[axis]) / (end[axis] - start[axis])
                    kept.append(start + share * (end - start))
                if inside[k]:
                    kept.append(end)
            points = np.array(kept).reshape(-1, 2)
    return points


def _rectangle(points: Points, height: int, width: int) -> Patch:
    if len(points) == 4:
        return _polygon(points, height, width)
    (x0, y0), (x1, y1) = np.sort(points, axis=0)
    return _polygon(np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)]), height, width)


def _circle(points: Points, height: int, width: int) -> Patch:
    centre, radius = points[0], float(np.linalg.norm(points[1] - points[0]))
    row, column, x, y = _grid(centre - radius, centre + radius, height, width)
    covered = (x - centre[0]) ** 2 + (y - centre[1]) ** 2 <= radius**2
    return row, column, covered


_PAINTERS: dict[str, Callable[[Points, int, int], Patch]] = {
    "polygon": _polygon,
    "oriented_rectangle": _polygon,
    "rectangle": _rectangle,
    "circle": _circle,
}


def _band(points: Points, line_width_px: float, height: int, width: int) -> Patch:
    half = line_width_px / 2
    row, column, x, y = _grid(points.min(axis=0) - half, points.max(axis=0) + half, height, width)
    covered = np.zeros((y.size, x.size), np.bool_)
    for joint in points[1:-1]:
        top, left, x, y = _grid(joint - half, joint + half, height, width)
        disc = (x - joint[0]) ** 2 + (y - joint[1]) ** 2 < half**2
        covered[top - row :, left - column :][: y.size, : x.size] |= disc
    for start, end in pairwise(points):
        length = float(np.linalg.norm(end - start))
        if not length:
            continue
        along = (end - start) / length
        # A long slanting line is taken in pieces, for its box would hold mostly nothing.
        stops = start + np.linspace(0, 1, int(length / _PIECE_PX) + 2)[:, None] * (end - start)
        for a, b in pairwise(stops):
            top, left, x, y = _grid(np.minimum(a, b) - half, np.maximum(a, b) + half, height, width)
            forth = (x - start[0]) * along[0] + (y - start[1]) * along[1]
            aside = (y - start[1]) * along[0] - (x - start[0]) * along[1]
            # One side is left open, so that a band 10 px wide is 10 pixels wide on any grid.
            near = (forth >= 0) & (forth < length) & (aside >= -half) & (aside < half)
            covered[top - row :, left - column :][: y.size, : x.size] |= near
    return row, column, covered


def _grid(low: Points, high: Points, height: int, width: int) -> tuple[int, int, Points, Points]:
    """First row and column of a box within the photograph; x (1, w) and y (h, 1) of its pixels."""
    limits = np.array([width, height])
    first = np.clip(np.floor(low), 0, limits).astype(int)
    last = np.clip(np.ceil(high), 0, limits).astype(int)
    x = np.arange(first[0], max(first[0], last[0]))[None, :] + 0.5
    y = np.arange(first[1], max(first[1], last[1]))[:, None] + 0.5
    return int(first[1]), int(first[0]), x, y


def _stored_mask(shape: LabelmeShape, place: str, height: int, width: int) -> Patch:
    if shape.mask is None:
        msg = f"a shape of the type mask holds its pixels as base64 PNG; {place} holds none."
        raise DatasetError(msg)
    try:
        code = base64.b64decode(shape.mask, validate=True)
        with Image.open(io.BytesIO(code)) as image:
            pixels = np.asarray(image) > 0
    except (ValueError, OSError, SyntaxError, Image.DecompressionBombError) as error:
        msg = f"the mask of {place} cannot be read: {error}. Draw it again in Labelme."
        raise DatasetError(msg) from error
    if pixels.ndim != 2:
        msg = f"the mask of {place} must have one band; it has {pixels.shape[2]}."
        raise DatasetError(msg)
    limit = 2 * max(height, width) + pixels.size  # beyond it nothing lies within the photograph
    left, top = (int(np.clip(round(value), -limit, limit)) for value in shape.points[0])
    row, column = max(top, 0), max(left, 0)
    if row >= height or column >= width:
        return _NOTHING
    return row, column, pixels[row - top : height - top, column - left : width - left]
