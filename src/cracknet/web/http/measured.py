"""A photograph's measurement as the page and programs take it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from cracknet.measurement.files import PhotoMeasurement, read_measurement
from cracknet.measurement.results import MeasuredCrack
from cracknet.reporting.tables.columns import columns_of, values_of
from cracknet.reporting.tables.rows import measured_rows
from cracknet.web.queue.jobs import PhotoRecord

DECIMALS = 2
"""Of positions and widths in px: more is not seen, and the answer is a third larger."""


def measurement_shape(path: Path, record: PhotoRecord) -> bytes:
    """Read a measurement and write it as JSON in the API's shape.

    Parameters
    ----------
    path : Path
        The ``.cracks.json``.
    record : PhotoRecord

    Raises
    ------
    PhotoError
        When the file is damaged.
    """
    item = read_measurement(path)
    of = item.measurement
    scale = of.scale
    content = {
        "revision": record.revision,
        "photo": item.photo,
        "scale": None
        if scale is None
        else {
            "mm_per_px": scale.mm_per_px,
            "method": scale.method,
            "source": scale.source,
            "uncertainty": scale.uncertainty,
            "homography": scale.homography is not None,
        },
        "threshold": item.about.get("threshold"),
        "cracks": _cracks(item),
        "branches": [
            {
                "crack": crack.number,
                "points": np.round(branch.points_px, DECIMALS).tolist(),
                "widths_px": np.round(branch.widths_px, DECIMALS).tolist(),
            }
            for crack in of.cracks
            for branch in crack.branches
        ],
        "notes": list(of.notes),
    }
    return json.dumps(content, separators=(",", ":"), allow_nan=False).encode()


def _cracks(item: PhotoMeasurement) -> list[dict[str, Any]]:
    rows = []
    figures = measured_rows(item).cracks
    for row, crack in zip(figures, item.measurement.cracks, strict=True):
        values = zip(columns_of(type(row)), values_of(row), strict=True)
        shown: dict[str, Any] = {column.name: column.rounded(value) for column, value in values}
        rows.append({**shown, "at": _point_on(crack)})
    return rows


def _point_on(crack: MeasuredCrack) -> list[float]:
    """Give the middle of the longest branch: a point that lies on the crack."""
    branch = max(crack.branches, key=lambda branch: branch.length_px)
    return [float(value) for value in branch.points_px[len(branch.points_px) // 2].round(DECIMALS)]
