"""A mask as Labelme's polygons, to be corrected by hand."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePath
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from cracknet.arrays import Mask
from cracknet.datasets.labelme.files import WRITTEN_VERSION, LabelmeFile, LabelmeShape
from cracknet.datasets.labels import Labels
from cracknet.errors import ArgumentError, DatasetError

DEFAULT_TOLERANCE_PX = 0.5

Pixels = npt.NDArray[np.int_]
"""Shape (N, 2), column and row."""


def mask_to_labelme(
    mask: Mask,
    image_path: str,
    *,
    tolerance_px: float = DEFAULT_TOLERANCE_PX,
    image_data: str | None = None,
    original: LabelmeFile | None = None,
    labels: Labels | None = None,
) -> LabelmeFile:
    """Draw a mask as a Labelme file.

    Every crack becomes a polygon; a hole in it a polygon of the label ``background`` that comes
    after it, as `cracknet.datasets.labelme.painting.paint_shapes` reads them. A vertex lies in the
    middle of its pixel, so that the polygon covers the mask's border pixels, in Labelme too.

    Parameters
    ----------
    mask : (H, W) bool
        Upright.
    image_path : str
        The photograph's path, from where the JSON will lie.
    tolerance_px : float
        How far a polygon may run beside the mask's outline (Douglas and Peucker), px. 0 keeps every
        pixel of it.
    image_data : str, optional
        The photograph in base64.
    original : LabelmeFile, optional
        An earlier file of this photograph. Its keys are kept, known or not, and so are its shapes
        that mean neither crack nor background: ignored areas, points, labels that are not mapped.
    labels : Labels, optional
        What the labels of `original` mean.

    Raises
    ------
    ArgumentError
        When the mask is not a (H, W) bool array, or the tolerance is negative.
    DatasetError
        When `original` is of another size.
    """
    if mask.dtype != np.bool_ or mask.ndim != 2 or not mask.size:
        msg = f"a mask is a bool array (H, W); got {mask.dtype} {mask.shape}."
        raise ArgumentError(msg)
    if not 0 <= tolerance_px <= 100:
        msg = f"the tolerance is 0 to 100 px; got {tolerance_px:g}."
        raise ArgumentError(msg)
    height, width = mask.shape
    shapes = [
        _shape("crack" if is_crack else "background", _points(outline, tolerance_px))
        for is_crack, outline in outlines(mask)
    ]
    content: dict[str, Any] = {"version": WRITTEN_VERSION, "flags": {}}
    if original is not None:
        size = (original.image_width or width, original.image_height or height)
        if size != (width, height):
            msg = (
                f"a mask must have the size of the earlier Labelme file, {size[0]}x{size[1]}; it "
                f"has {width}x{height} ({image_path}). Segment the photograph that was annotated."
            )
            raise DatasetError(msg)
        content |= original.model_dump(by_alias=True, exclude_unset=True)
        known = labels or Labels()
        shapes += [
            shape
            for shape in original.shapes
            if shape.shape_type in ("point", "points")
            or known.meaning(shape.label) not in ("crack", "background")
        ]
    content |= {
        "shapes": [shape.model_dump(exclude_unset=True) for shape in shapes],
        "imagePath": PurePath(image_path).as_posix(),
        "imageData": image_data,
        "imageHeight": height,
        "imageWidth": width,
    }
    return LabelmeFile.model_validate(content)


def outlines(mask: Mask) -> Iterator[tuple[bool, Pixels]]:
    """Trace a mask from outside to inside: cracks, their holes, cracks within these, and so on.

    Parameters
    ----------
    mask : (H, W) bool

    Yields
    ------
    is_crack : bool
        False for a hole.
    outline : (N, 2) int
        The border pixels of the crack or hole, column and row, each next to the one before.
    """
    left = mask.view(np.uint8)
    is_crack = True
    while left.any():
        found, _ = cv2.findContours(left, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        whole = np.zeros(left.shape, np.uint8)
        cv2.drawContours(whole, found, -1, 1, cv2.FILLED)
        for contour in found:
            yield is_crack, contour.reshape(-1, 2).astype(int)
        left = np.where(left, np.uint8(0), whole)
        is_crack = not is_crack


def _points(outline: Pixels, tolerance_px: float) -> list[list[float]]:
    """Simplify an outline; at least three points, for Labelme takes no fewer as a polygon."""
    corners = cv2.approxPolyDP(outline.astype(np.int32)[:, None], tolerance_px, closed=True)
    points = corners.reshape(-1, 2) + 0.5
    if len(points) == 1:
        points = points[0] + np.array([(-0.25, 0.25), (0.25, 0.25), (0.0, -0.25)])
    elif len(points) == 2:
        # Aside by a quarter pixel: a line one pixel wide stays one, and can be seen and grasped.
        dx, dy = points[1] - points[0]
        aside = np.array([-dy, dx]) / np.hypot(dx, dy) * 0.25
        points = np.array([points[0] + aside, points[1], points[0] - aside])
    return [[float(x), float(y)] for x, y in points.round(3)]


def _shape(label: str, points: list[list[float]]) -> LabelmeShape:
    return LabelmeShape.model_validate(
        {
            "label": label,
            "points": points,
            "group_id": None,
            "description": "",
            "shape_type": "polygon",
            "flags": {},
            "mask": None,
        }
    )
