"""Numbers beside cracks in a picture, kept from covering each other."""

from __future__ import annotations

import math
from collections.abc import Mapping

import cv2
import numpy as np
import numpy.typing as npt

from cracknet.reporting.lettering import BLACK, WHITE, draw_text, text_size
from cracknet.reporting.writing import Picture

_RINGS, _TURNS = (0.9, 1.5, 2.2), 12


def place_labels(
    picture: Picture, places: Mapping[int, npt.NDArray[np.float64]], letter: int
) -> None:
    """Write numbers of `letter` px onto a picture, (h, w, 3) BGR, in place, near (x, y) each.

    Each number takes the first free spot of three rings around its place, with a thin line to it;
    where none is free it takes the nearest spot inside the picture all the same.
    """
    height, width = picture.shape[:2]
    taken = np.zeros((height, width), np.bool_)
    spots_taken = []
    for number, (x, y) in places.items():
        wide, tall = text_size(str(number), letter)
        spots = [
            (
                max(0, min(round(x + r * letter * math.cos(t) - wide / 2), width - wide)),
                max(0, min(round(y + r * letter * math.sin(t) - tall / 2), height - tall)),
            )
            for r in _RINGS
            for t in np.arange(_TURNS) * 2 * math.pi / _TURNS - math.pi / 4
        ]
        left, top = next(
            (
                (left, top)
                for left, top in spots
                if not taken[top : top + tall, left : left + wide].any()
            ),
            spots[0],
        )
        taken[top : top + tall, left : left + wide] = True
        spots_taken.append((str(number), left, top))
        middle = (left + wide // 2, top + tall // 2)
        cv2.line(picture, (round(x), round(y)), middle, WHITE, 1, cv2.LINE_AA)
    for text, left, top in spots_taken:
        draw_text(picture, text, left, top, letter, WHITE, BLACK)
