"""Measured photographs made by hand, of known figures."""

from __future__ import annotations

import numpy as np

from cracknet.measurement.files import PhotoMeasurement
from cracknet.measurement.results import WIDTH_METHODS, Branch, MeasuredCrack, Measurement
from cracknet.measurement.scale import Scale

TENTH = Scale(0.1, "given", "--mm-per-px 0.1", 0.01)
HOSTILE = 'Brücke "7", Süd/=1+1 Ω'


def line(start, end, width, nodes=(0, 1)):
    start, end = np.asarray(start, float), np.asarray(end, float)
    count = max(2, round(float(np.hypot(*(end - start)))) + 1)
    points = start + np.linspace(0, 1, count)[:, None] * (end - start)
    method = np.full(count, WIDTH_METHODS.index("gray"), np.uint8)
    return Branch(points, np.broadcast_to(np.asarray(width, float), (count,)), method, nodes)


def ring(centre, radius, width):
    turns = np.linspace(0, 2 * np.pi, round(2 * np.pi * radius) + 1)
    points = np.asarray(centre) + radius * np.column_stack([np.cos(turns), np.sin(turns)])
    points[-1] = points[0]
    return Branch(points, np.full(len(points), width), np.zeros(len(points), np.uint8), (0, 0))


def rectangle(left, top, right, bottom):
    corners = [(left, top), (right, top), (right, bottom), (left, bottom)]
    return np.array(corners, float) - 0.5


def cracks():
    """Two cracks in 200 x 300 px: 100 px of 4 px with a side branch of 50 px of 2 px; a ring."""
    first = MeasuredCrack(
        1,
        (line((50, 60), (150, 60), 4.0), line((100, 60), (100, 110), 2.0, (2, 3))),
        500.0,
        ((rectangle(50, 58, 150, 62), rectangle(60, 59, 62, 61)), (rectangle(99, 62, 101, 110),)),
    )
    second = MeasuredCrack(2, (ring((220, 120), 15, 1.5),), 141.0)
    return first, second


def photo(name="wall", *, scale=TENTH, count=None, **about):
    found = cracks() if count is None else cracks()[:count]
    return PhotoMeasurement(name, f"photos/{name}.jpg", Measurement(200, 300, found, scale), about)
