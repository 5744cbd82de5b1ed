"""Draw the picture of docs/annotate.md: a rendered photograph, its polygons, and its mask.

Run from the project's folder: python scripts/annotation_picture.py
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from cracknet.datasets.labelme import mask_to_labelme, paint_shapes
from cracknet.synthesis import render, standard_scene

PATH = Path("docs/images/annotation.png")
ZOOM = 3
COLOURS = {"crack": (60, 60, 230), "background": (240, 190, 60)}


def main() -> None:
    """Draw it."""
    options = replace(
        standard_scene(),
        height=110,
        width=130,
        cracks=(1, 1),
        width_px=(14, 18),
        kinds=("natural",),
        distractors=frozenset({"pores"}),
    )
    rendered = render(options, seed=4)
    gray, mask = rendered.gray.copy(), rendered.mask.astype(np.uint8)
    # An island of concrete where the crack is widest.
    distance = cv2.distanceTransform(mask, cv2.DIST_L2, 5)
    y, x = np.unravel_index(distance.argmax(), distance.shape)
    island = np.zeros_like(mask)
    cv2.ellipse(island, (int(x), int(y)), (6, int(distance.max()) - 4), 20, 0, 360, 1, -1)
    gray[island > 0] = np.roll(gray, 50, axis=0)[island > 0]
    file = mask_to_labelme((mask > 0) & (island == 0), "wall.png", tolerance_px=0.8)

    size = (options.width * ZOOM, options.height * ZOOM)
    photo = cv2.cvtColor(cv2.resize(gray, size, interpolation=cv2.INTER_CUBIC), cv2.COLOR_GRAY2BGR)
    drawn = photo.copy()
    for shape in file.shapes:
        points = np.round(np.array(shape.points) * ZOOM).astype(np.int32)
        cv2.polylines(drawn, [points], True, COLOURS[shape.label], 1, cv2.LINE_AA)
        for point in points.tolist():
            cv2.circle(drawn, point, 3, COLOURS[shape.label], -1, cv2.LINE_AA)
    crack = paint_shapes(file, options.height, options.width).crack.astype(np.uint8) * 255
    white = cv2.cvtColor(
        cv2.resize(crack, size, interpolation=cv2.INTER_NEAREST), cv2.COLOR_GRAY2BGR
    )
    gap = np.full((size[1], 8, 3), 255, np.uint8)
    PATH.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(PATH), np.hstack([photo, gap, drawn, gap, white]))


if __name__ == "__main__":
    main()
