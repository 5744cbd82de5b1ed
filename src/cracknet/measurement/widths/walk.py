"""A walk across all rows: the map is read and measured, the gray profiles are prepared."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from cracknet.arrays import Gray, Mask, Probability
from cracknet.measurement.widths.crossing import find_edges, neighbour_limits
from cracknet.measurement.widths.gray_profiles import GrayBlock, gray_places, prepare_block
from cracknet.measurement.widths.options import WidthOptions
from cracknet.measurement.widths.rows import (
    GAP_ROWS,
    Floats,
    Indices,
    Rows,
    Samples,
    average_rows,
    row_normals,
    sample_rows,
)

BLOCK_ROWS = 1024
"""Rows sampled at a time."""

WIDEST_HALF_PX = 120.0
"""No profile is taken of cracks wider than twice this: their distance to the border does."""

PLACES_STEP_PX, PLACES_MARGIN_PX = 0.5, 4.0
"""Places of the map's profiles, and how far they reach beyond the mask's border."""

MAP_AVERAGE_PX = 1.0
"""Sigma of the average of the map's profiles along the branch."""

CENTRE_AVERAGE_PX = 1.5
"""Sigma of the average of the found centres along the branch."""


@dataclass(frozen=True, eq=False)
class Seen:
    """What the walk gathers.

    Parameters
    ----------
    width, offset : (N,) float64
        Width by the map, and place of the middle along the normal, px.
    found : (N,) bool
        Whether the map showed both edges.
    normals : (N, 2) float64
    move : (N,) float64
        How far along the normal the gray profile's place 0 lies from the point.
    blocks : list of GrayBlock
        Gray profiles, none without a photograph.
    """

    width: Floats
    offset: Floats
    found: npt.NDArray[np.bool_]
    normals: Floats
    move: Floats
    blocks: list[GrayBlock]


def walk(
    points: Floats,
    rows: Rows,
    branch: Indices,
    half: Floats,
    mask: Mask,
    probability: Probability | None,
    gray: Gray | None,
    options: WidthOptions,
) -> Seen:
    """Read the map across all rows, and prepare the gray profiles, block by block."""
    count = len(points)
    cracks = mask.view(np.uint8) * np.uint8(255)
    light = None if gray is None else _light(gray, options.gamma)
    seen = Seen(
        np.zeros(count),
        np.zeros(count),
        np.zeros(count, bool),
        np.zeros((count, 2)),
        np.zeros(count),
        [],
    )
    length = np.bincount(branch)[branch].astype(np.float64)
    filled_rows = rows.point >= 0
    normals_rows = row_normals(rows.spread(points), filled_rows, 2.0)
    seen.normals[:] = normals_rows[rows.row]
    for first in range(0, len(rows.point), BLOCK_ROWS):
        last = min(first + BLOCK_ROWS, len(rows.point))
        low, high = max(first - GAP_ROWS, 0), min(last + GAP_ROWS, len(rows.point))
        filled = filled_rows[low:high]
        if not filled.any():
            continue
        point = rows.point[low:high]
        point = np.where(filled, point, point[filled.argmax()])
        mine = np.flatnonzero((rows.row >= first) & (rows.row < last))
        at = rows.row[mine] - low
        centres, normals, rough = points[point], normals_rows[low:high], half[point]

        reach = min(float(rough.max()), WIDEST_HALF_PX) + PLACES_MARGIN_PX
        side = np.arange(PLACES_STEP_PX, reach + PLACES_STEP_PX, PLACES_STEP_PX)
        places = np.concatenate([-side[::-1], [0.0], side])
        inside = sample_rows(cracks, centres, normals, places, cv2.INTER_LINEAR)
        inside /= 255
        if probability is None:
            chart = inside
        else:
            chart = sample_rows(probability, centres, normals, places, cv2.INTER_LINEAR)
        usable = np.isfinite(chart) & filled[:, None]
        means, counts = average_rows(
            np.where(usable, chart, 0).astype(np.float32), usable.astype(np.float32),
            MAP_AVERAGE_PX,
        )  # fmt: skip
        limits = neighbour_limits(places, inside, rough)
        edges = find_edges(places, means, counts, np.maximum(rough, 1.0) + 0.5, *limits)
        found = edges.found & filled & (rough <= WIDEST_HALF_PX)
        move = _smooth(edges.centre_px, found, CENTRE_AVERAGE_PX, 0.0)
        move = np.clip(move, -2 - rough, 2 + rough)
        moved = centres + normals * move[:, None]
        square = row_normals(np.where(filled[:, None], moved, 0), filled, 1.0)
        # Read aslant, a crack looks wider by one over the cosine.
        cosine = np.abs(np.einsum("rk,rk->r", square, normals))
        seen.width[mine] = (edges.width_px * cosine)[at]
        seen.offset[mine], seen.found[mine] = edges.centre_px[at], found[at]
        seen.move[mine] = move[at]
        if light is None:
            continue

        halves = _smooth(edges.width_px * cosine / 2, found, CENTRE_AVERAGE_PX, np.nan)
        halves = np.where(np.isfinite(halves), halves, rough)
        narrow = filled & (halves <= WIDEST_HALF_PX)
        if not narrow[at].any():
            continue
        places = gray_places(float(halves[narrow].max()))
        inside = sample_rows(cracks, moved, square, places, cv2.INTER_LINEAR)
        inside /= 255
        below, above = neighbour_limits(places, inside, halves)
        samples = sample_rows(light, moved, square, places, cv2.INTER_LANCZOS4)
        usable = np.isfinite(samples) & narrow[:, None]
        usable &= (places >= below[:, None]) & (places <= above[:, None])
        seen.blocks.append(
            prepare_block(
                mine, at, places, np.where(usable, samples, 0).astype(np.float32),
                usable.astype(np.float32), halves, length[mine], options.aim_px,
            )
        )  # fmt: skip
    return seen


def _light(gray: Gray, gamma: float) -> Samples:
    """Light of each pixel, 0 to 255, the camera's tone curve undone."""
    table = (255 * (np.arange(256) / 255) ** gamma).astype(np.float32)
    return np.asarray(table[gray] if gamma != 1 else gray.astype(np.float32), np.float32)


def _smooth(values: Floats, found: npt.NDArray[np.bool_], sigma: float, missing: float) -> Floats:
    """Average found values along the rows; `missing` where none is near."""
    column = np.where(found, values, 0).astype(np.float32)[:, None]
    means, counts = average_rows(column, found.astype(np.float32)[:, None], sigma)
    return np.where(counts[:, 0] > 0.05, means[:, 0], missing).astype(np.float64)
