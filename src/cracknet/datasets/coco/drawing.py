"""Masks as COCO's annotations: one for each connected crack."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

import cv2
import numpy as np

from cracknet.arrays import Mask
from cracknet.datasets.coco.polygons import polygons_of
from cracknet.datasets.coco.rle import runs_of_pixels, text_of

CocoShapes = Literal["rle", "polygon"]
CATEGORY = {"id": 1, "name": "crack", "supercategory": "defect"}


def annotations_of(
    mask: Mask, image_id: int, first_id: int, shapes: CocoShapes = "rle"
) -> Iterator[dict[str, Any]]:
    """Draw each connected crack (pixels that touch at a side or corner) as an annotation.

    Parameters
    ----------
    mask : (H, W) bool
    image_id, first_id : int
        The photograph's id, and that of the first annotation; the following count up.
    shapes : {"rle", "polygon"}
        Compressed run lengths, or polygons along the pixels' sides; both hold exactly the mask.

    Yields
    ------
    dict
        With segmentation, area (px2) and bbox (x, y, width, height in px).
    """
    count, marks, boxes, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    for mark in range(1, count):
        x, y, width, height, area = (int(value) for value in boxes[mark])
        crack = np.asarray(marks[y : y + height, x : x + width] == mark)
        if shapes == "rle":
            columns, rows = np.nonzero(crack.T)
            runs = runs_of_pixels(rows + y, columns + x, mask.shape)
            segmentation: Any = {"size": list(mask.shape), "counts": text_of(runs)}
        else:
            segmentation = [
                [value + (x, y)[k % 2] for k, value in enumerate(polygon)]
                for polygon in polygons_of(crack)
            ]
        yield {
            "id": first_id + mark - 1,
            "image_id": image_id,
            "category_id": CATEGORY["id"],
            "segmentation": segmentation,
            "area": area,
            "bbox": [x, y, width, height],
            "iscrowd": 0,
        }
