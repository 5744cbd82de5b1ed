"""Outlines of a mask along its pixels' borders."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from cracknet.arrays import Mask
from cracknet.errors import ArgumentError
from cracknet.measurement.results import Polygon

_Index = npt.NDArray[np.int64]


def outlines(mask: Mask) -> tuple[Polygon, ...]:
    """Draw the borders of all pieces of a mask.

    A piece is 4-connected: pixels that touch at a corner only are two pieces, so that every
    polygon is valid in the sense of OGC Simple Features (rings that touch themselves would not
    be). No ring passes a corner twice; holes may touch each other or the outer ring at a corner.
    Areas of all polygons add up to the count of the pixels.

    Method: the corners of the outline are found where the parity of the four pixels around a grid
    point says so. Along a grid line corners pair up, first with second, third with fourth, into
    the sides; following a row's side and a column's side in turn walks around each ring.

    Parameters
    ----------
    mask : (H, W) bool

    Returns
    -------
    tuple of Polygon
        One a piece, by its first pixel from the top: the outer ring, then its holes; (M, 2) x, y
        in px, corners only, half integers, not closed by a repeated point. The outer ring runs
        clockwise on screen, holes counter-clockwise.

    Raises
    ------
    ArgumentError
        When the mask is not two-dimensional bool.

    Examples
    --------
    >>> (ring,), = outlines(np.array([[False, True, True]]))
    >>> ring.tolist()
    [[0.5, -0.5], [2.5, -0.5], [2.5, 0.5], [0.5, 0.5]]
    """
    if mask.ndim != 2 or mask.dtype != np.bool_:
        msg = f"mask must be (H, W) bool; got shape {mask.shape}, {mask.dtype}."
        raise ArgumentError(msg)
    if not mask.any():
        return ()
    pieces = cv2.connectedComponents(mask.astype(np.uint8), connectivity=4, ltype=cv2.CV_32S)[1]
    x, y, piece, forward, along_row, along_column = _corners(mask, pieces)
    # A step of a cycle goes along a row's side, then along a column's. Taken with crack on the
    # right only, each ring is one cycle over every second corner.
    starts = np.flatnonzero(forward)
    number = np.empty(len(x), np.int64)
    number[starts] = np.arange(len(starts))
    ring, place = _cycles(number[along_column[along_row[starts]]])
    order = np.lexsort((place, ring))
    walk = np.column_stack([starts[order], along_row[starts[order]]]).ravel()
    rings = np.split(
        np.column_stack([x[walk], y[walk]]) - 0.5, 2 * np.flatnonzero(np.diff(ring[order])) + 2
    )
    owner = piece[starts[np.unique(ring)]]
    # The ring of a piece's topmost left corner is the outer one; rings come by their first corner.
    by_piece = np.argsort(owner, kind="stable")
    bounds = np.flatnonzero(np.diff(owner[by_piece], prepend=-1, append=-1))
    return tuple(tuple(rings[k] for k in by_piece[first:last]) for first, last in pairwise(bounds))


def _corners(
    mask: Mask, pieces: npt.NDArray[Any]
) -> tuple[_Index, _Index, _Index, Mask, _Index, _Index]:
    """Find x, y, piece, whether crack lies right of the row's side, and both partners of corners.

    x and y count grid points: pixel (r, c) lies between rows r and r + 1. Where two pixels touch
    at a corner only, two corners lie at one point.
    """
    height, width = mask.shape
    framed = np.pad(mask, 1).view(np.uint8)
    # One number for the four pixels around each grid point: upper left, upper right, lower ones.
    around = framed[:-1, :-1] + 2 * framed[:-1, 1:]
    around += 4 * framed[1:, :-1]
    around += 8 * framed[1:, 1:]
    # Odd count of crack pixels, or two that touch at the corner only.
    turning = np.array([count in (1, 3) for count in map(int.bit_count, range(16))])
    turning[[6, 9]] = True
    y, x = np.nonzero(turning[around])
    kind = around[y, x]
    del around, framed
    labels = np.zeros((len(y), 4), np.int64)
    for k, (down, right) in enumerate(((-1, -1), (-1, 0), (0, -1), (0, 0))):
        r, c = y + down, x + right
        inside = (r >= 0) & (r < height) & (c >= 0) & (c < width)
        labels[inside, k] = pieces[r[inside], c[inside]]
    falling, rising = kind == 9, kind == 6  # crack at upper left and lower right; the others
    double = falling | rising
    repeat = 1 + double.astype(np.int64)
    first = np.cumsum(repeat) - repeat
    x, y = np.repeat(x, repeat), np.repeat(y, repeat)
    piece = np.repeat(labels.max(axis=1), repeat)
    # The first copy ends the row's side that comes from the left, the second begins the one to
    # the right. Kept in this order along the column too, the first turns around the upper left
    # pixel, the second around the lower right one: right where these are crack of two pieces.
    # Where crack of one piece touches itself, the outline turns around the other two pixels.
    same = np.where(falling, labels[:, 0] == labels[:, 3], labels[:, 1] == labels[:, 2])
    swapped = double & (falling == same)
    a = first[falling]
    piece[a], piece[a + 1] = labels[falling, 0], labels[falling, 3]
    a = first[rising]
    piece[a], piece[a + 1] = labels[rising, 2], labels[rising, 1]
    copy = np.zeros(len(x), np.int64)
    copy[first[double] + 1] = 1
    copy[first[swapped]], copy[first[swapped] + 1] = 1, 0
    even = np.arange(len(x)) % 2 == 0  # the left end of its row's side
    forward = np.where(even, np.repeat(kind & 8, repeat), np.repeat(kind & 1, repeat)) > 0
    along_row = np.arange(len(x)) ^ 1
    by_column = np.lexsort((copy, y, x))
    along_column = np.empty_like(along_row)
    along_column[by_column] = by_column[np.arange(len(x)) ^ 1]
    return x, y, piece, forward, along_row, along_column


def _cycles(following: _Index) -> tuple[_Index, _Index]:
    """Give each element of a permutation the smallest of its cycle, and its place behind it.

    By pointer doubling: after k rounds each element has seen 2**k followers.
    """
    least, jump = np.arange(len(following)), following
    while True:
        smaller = np.minimum(least, least[jump])
        if np.array_equal(smaller, least):
            break
        least, jump = smaller, jump[jump]
    head = least == np.arange(len(following))
    # Steps to the head; the head itself goes nowhere.
    steps, jump = (~head).astype(np.int64), np.where(head, np.arange(len(head)), following)
    while (more := steps[jump]).any():
        steps, jump = steps + more, jump[jump]
    # Steps fall along the walk, so their negative rises; the head (no step) comes first.
    return least, np.where(head, -len(following) - 1, -steps)
