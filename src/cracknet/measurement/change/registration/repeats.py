"""Whether a wall's pattern repeats, so that another place would fit as well."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from cracknet.arrays import Gray
from cracknet.measurement.change.registration.homography import Matrix

SIDE_PX = 400
"""Longest side at which AFTER is looked at."""

LIKE = 0.8
"""Another shift that correlates this well, as a share of the right one, makes it ambiguous."""

RIDGE = 0.6
"""What hangs together with the right shift above this share of it belongs to its own peak."""

LEAST = 0.1
"""Below this correlation nothing is said: light and dirt differ too much at this size."""


def second_place(before: Gray, after: Gray, matrix: Matrix) -> tuple[float, tuple[float, float]]:
    """Find the best other shift, and its correlation as a share of that at the shift found.

    BEFORE is warped onto AFTER, both are reduced, and freed of what changes slowly and of strong
    contrast; the middle half of AFTER is then compared with all shifts of up to a quarter of the
    picture. 1 says that another place fits as well, as on a wall of equal tiles.

    Returns
    -------
    float
        0 where the photographs are too unlike at this size to say, and where nothing compares.
    (float, float)
        By how much, x and y in px of AFTER, BEFORE would have to be moved on to lie there.
    """
    factor = min(1.0, SIDE_PX / max(after.shape))
    height, width = (max(1, round(side * factor)) for side in after.shape)
    small = cv2.resize(after, (width, height), interpolation=cv2.INTER_AREA)
    shrink = np.diag([width / after.shape[1], height / after.shape[0], 1.0])
    shrink[:2, 2] = (np.diag(shrink)[:2] - 1) / 2
    warped = cv2.warpPerspective(
        cv2.GaussianBlur(before, (0, 0), max(0.5 / factor, 0.5)), shrink @ matrix, (width, height)
    )
    known = cv2.warpPerspective(
        np.full(before.shape, 255, np.uint8), shrink @ matrix, (width, height)
    )
    rows, columns = np.nonzero(known == 255)
    if not len(rows):
        return 0.0, (0.0, 0.0)
    box = (
        slice(int(rows.min()), int(rows.max()) + 1),
        slice(int(columns.min()), int(columns.max()) + 1),
    )
    there, here = _flat(np.asarray(warped, np.uint8)), _flat(np.asarray(small, np.uint8))
    there[known < 255] = 0
    there, here = there[box], here[box]
    tall, wide = here.shape
    if min(tall, wide) < 32:
        return 0.0, (0.0, 0.0)
    middle = here[tall // 4 : tall - tall // 4, wide // 4 : wide - wide // 4]
    fit = np.asarray(cv2.matchTemplate(there, middle, cv2.TM_CCORR_NORMED), np.float64)
    y, x = tall // 4, wide // 4
    right = float(fit[y - 2 : y + 3, x - 2 : x + 3].max())
    if right < LEAST:
        return 0.0, (0.0, 0.0)
    reach = max(6, min(tall, wide) // 25)
    near = slice(max(0, y - reach), y + reach + 1), slice(max(0, x - reach), x + reach + 1)
    # Along streaks or an edge the correlation falls off slowly: that ridge is no second place.
    _, pieces = cv2.connectedComponents((fit > RIDGE * right).astype(np.uint8))
    ridge = np.setdiff1d(pieces[near], 0)
    fit[np.isin(pieces, ridge)] = 0
    fit[near] = 0
    row, column = np.unravel_index(int(fit.argmax()), fit.shape)
    move = (float(x - column) / factor, float(y - row) / factor)
    return max(0.0, float(fit[row, column]) / right), move


def _flat(gray: Gray) -> npt.NDArray[np.float32]:
    values = gray.astype(np.float32)
    values -= cv2.GaussianBlur(values, (0, 0), 8)
    spread = np.sqrt(cv2.GaussianBlur(values * values, (0, 0), 16)) + np.float32(1)
    return np.asarray(np.clip(values / spread, -2, 2), np.float32)
