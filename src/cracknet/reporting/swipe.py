"""Two dates to be wiped over each other: BEFORE laid into AFTER's frame, both of one size."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from cracknet.errors import ArgumentError
from cracknet.files import write_whole
from cracknet.measurement.change import Change
from cracknet.reporting.change_picture import draw_change
from cracknet.reporting.change_tables import change_csv, change_json
from cracknet.reporting.writing import Picture, jpeg_of

LARGEST_PX = 3000
"""Longest side of the pictures, as of `cracknet.reporting.change_picture`."""

PICTURES = ("before.jpg", "after.jpg", "change.jpg")


def write_swipe(change: Change, before: Picture, after: Picture, out: Path) -> None:
    """Write change.csv, change.json, and the pictures before.jpg, after.jpg and change.jpg.

    Parameters
    ----------
    change : Change
    before, after : (H, W) gray or (H, W, 3) BGR, uint8
        The photographs that were compared, of different sizes where they are.
    out : Path
        The folder, made if need be.

    Raises
    ------
    ArgumentError
        When a photograph is not of the size that was compared.
    OutputError
        When a file cannot be written.
    """
    found = change.registration
    for name, picture, shape in (
        ("BEFORE", before, found.before_shape),
        ("AFTER", after, found.after_shape),
    ):
        if picture.shape[:2] != shape:
            msg = f"{name} must be the photograph that was compared, {shape}; got {picture.shape}."
            raise ArgumentError(msg)
    gray = after if after.ndim == 2 else np.asarray(cv2.cvtColor(after, cv2.COLOR_BGR2GRAY))
    factor = min(1.0, LARGEST_PX / max(found.after_shape))
    height, width = (max(1, round(side * factor)) for side in found.after_shape)
    # pixel centres lie at whole numbers, so that a picture of half the size is moved as well
    shrink = np.array(
        [[factor, 0, factor / 2 - 0.5], [0, factor, factor / 2 - 0.5], [0, 0, 1]], np.float64
    )
    source, matrix = _shrunk(before, found.matrix, shrink)
    laid = cv2.warpPerspective(source, matrix, (width, height), flags=cv2.INTER_LINEAR)
    small = cv2.resize(after, (width, height), interpolation=cv2.INTER_AREA)
    write_whole(out / "change.csv", change_csv(change))
    write_whole(out / "before.jpg", jpeg_of(np.asarray(laid, np.uint8)))
    write_whole(out / "after.jpg", jpeg_of(np.asarray(small, np.uint8)))
    write_whole(out / "change.jpg", jpeg_of(draw_change(np.asarray(gray, np.uint8), change)))
    write_whole(out / "change.json", change_json(change))


def _shrunk(
    before: Picture, matrix: npt.NDArray[np.float64], shrink: npt.NDArray[np.float64]
) -> tuple[Picture, npt.NDArray[np.float64]]:
    """Shrink BEFORE by its mean first, as warping takes single pixels and would flicker."""
    whole = np.asarray(shrink @ matrix, np.float64)
    halvings = 0
    # how much a pixel in the middle of BEFORE shrinks
    height, width = before.shape[:2]
    middle = np.array([[width / 2, height / 2], [width / 2 + 1, height / 2]], np.float64)
    moved = cv2.perspectiveTransform(middle[None], whole)[0]
    step = float(np.hypot(*(moved[1] - moved[0])))
    while step < 0.7 and min(before.shape[:2]) >= 2 and halvings < 6:
        height, width = before.shape[:2]
        size = (max(1, width // 2), max(1, height // 2))
        fx, fy = width / size[0], height / size[1]
        before = np.asarray(cv2.resize(before, size, interpolation=cv2.INTER_AREA), np.uint8)
        grow = np.array([[fx, 0, fx / 2 - 0.5], [0, fy, fy / 2 - 0.5], [0, 0, 1]], np.float64)
        whole, step, halvings = whole @ grow, step * 2, halvings + 1
    return before, whole
