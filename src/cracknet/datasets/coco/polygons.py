"""COCO's polygons. Their points lie on the grid between pixels: the first pixel covers 0 to 1."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

import cv2
import numpy as np

from cracknet.arrays import Mask
from cracknet.errors import DatasetError


def fill_polygon(points: Sequence[float], height: int, width: int) -> Mask:
    """Fill the pixels whose centres lie within a polygon (even-odd rule).

    Each row's middle is crossed by the outline at some places; from an odd crossing to the next a
    pixel lies within. What reaches beyond the mask is cut at its border.

    Parameters
    ----------
    points : sequence of float
        x0, y0, x1, y1, ... in px.
    height, width : int

    Returns
    -------
    (H, W) bool

    Raises
    ------
    DatasetError
        When there are fewer than three points, half a point, or a number beyond 1e9.

    Examples
    --------
    >>> fill_polygon([1, 0, 3, 0, 3, 1, 1, 1], 2, 4).astype(int)
    array([[0, 1, 1, 0],
           [0, 0, 0, 0]])
    """
    flat = np.array(points, np.float64)
    if flat.size < 6 or flat.size % 2 or not (np.abs(flat) <= 1e9).all():
        msg = (
            "a polygon is x0, y0, x1, y1, ... of at least three points, none beyond 1e9; got "
            f"{flat.size} numbers"
        )
        raise DatasetError(msg)
    ends = flat.reshape(-1, 2)
    starts = np.roll(ends, 1, axis=0)
    # Rows j whose middle j + 0.5 lies in [upper, lower) of the edge.
    upper, lower = np.minimum(starts, ends)[:, 1], np.maximum(starts, ends)[:, 1]
    first = np.clip(np.ceil(upper - 0.5), 0, height).astype(np.int64)
    count = np.clip(np.ceil(lower - 0.5), 0, height).astype(np.int64) - first
    edge = np.repeat(np.arange(len(ends)), count)
    row = np.arange(edge.size) - np.repeat(np.cumsum(count) - count, count) + first[edge]
    (x0, y0), (x1, y1) = starts[edge].T, ends[edge].T
    crossing = x0 + (row + 0.5 - y0) * ((x1 - x0) / (y1 - y0))
    column = np.clip(np.ceil(crossing - 0.5), 0, width).astype(np.int64)
    changes = np.zeros((height, width + 1), np.uint8)
    np.add.at(changes, (row, column), 1)
    return (np.cumsum(changes, axis=1, dtype=np.uint8)[:, :width] & 1).astype(np.bool_)


def polygons_of(mask: Mask) -> list[list[float]]:
    """Draw a mask as polygons along its pixels' sides; together they fill exactly its pixels.

    COCO joins the polygons of an annotation, so that one cannot be a hole of another. A piece
    with a hole is cut in two through the hole until no piece has one.

    Parameters
    ----------
    mask : (H, W) bool

    Returns
    -------
    list of list of float
        Each x0, y0, x1, y1, ... in px.
    """
    return [
        polygon
        for piece, row, column in _whole_pieces(mask, 0, 0)
        for polygon in _trace(piece, row, column)
    ]


def _whole_pieces(mask: Mask, row: int, column: int) -> Iterator[tuple[Mask, int, int]]:
    """Cut a mask into pieces without holes; each with its first row and column."""
    waiting = [(mask, row, column)]
    while waiting:
        part, top, left = waiting.pop()
        count, marks, boxes, _ = cv2.connectedComponentsWithStats(
            part.astype(np.uint8), connectivity=4
        )
        for mark in range(1, count):
            x, y, width, height, _ = (int(value) for value in boxes[mark])
            piece = np.asarray(marks[y : y + height, x : x + width] == mark)
            hole = _column_of_hole(piece)
            if hole is None:
                yield piece, top + y, left + x
            else:
                waiting.append((piece[:, :hole], top + y, left + x))
                waiting.append((piece[:, hole:], top + y, left + x + hole))


def _column_of_hole(piece: Mask) -> int | None:
    """Give a column with a hole in it, or None; 8-connected background outside is no hole."""
    outside = np.pad(~piece, 1, constant_values=True).astype(np.uint8)
    count, _, boxes, _ = cv2.connectedComponentsWithStats(outside, connectivity=8)
    if count <= 2:
        return None
    hole = next(box for box in boxes[1:] if box[0] > 0)  # the outside begins at the padding
    return int(hole[0]) - 1 + int(hole[2]) // 2


def _trace(piece: Mask, row: int, column: int) -> Iterator[list[float]]:
    """Walk around a piece with crack on the right hand, along pixel sides."""
    padded = np.pad(piece, 1)
    steps: dict[tuple[int, int], list[tuple[int, int]]] = defaultdict(list)

    def add(sides: Mask, start: tuple[int, int], step: tuple[int, int]) -> None:
        for y, x in np.argwhere(sides).tolist():
            steps[x + start[0], y + start[1]].append(step)

    inner = padded[1:-1, 1:-1]
    add(inner & ~padded[:-2, 1:-1], (0, 0), (1, 0))  # upper sides, to the right
    add(inner & ~padded[1:-1, 2:], (1, 0), (0, 1))  # right sides, down
    add(inner & ~padded[2:, 1:-1], (1, 1), (-1, 0))  # lower sides, to the left
    add(inner & ~padded[1:-1, :-2], (0, 1), (0, -1))  # left sides, up
    while steps:
        start = place = min(steps)
        last: tuple[int, int] | None = None
        corners: list[float] = []
        while True:
            choices = steps[place]
            # Where two pixels touch at a corner, turn right, to stay with this pixel.
            right = None if last is None else (-last[1], last[0])
            step = right if right in choices else choices[0]
            choices.remove(step)
            if not choices:
                del steps[place]
            if step != last:
                corners += [float(place[0] + column), float(place[1] + row)]
            last = step
            place = (place[0] + step[0], place[1] + step[1])
            if place == start:
                break
        yield corners
