"""Measurements made by hand, of known figures."""

from __future__ import annotations

import numpy as np

from cracknet.measurement.results import WIDTH_METHODS, Branch, MeasuredCrack, Measurement

GRAY, PROBABILITY, DISTANCE = range(len(WIDTH_METHODS))


def line(start, end, width=4.0, *, method=PROBABILITY, nodes=(0, 1), resolved=True):
    """Make a straight branch with points a pixel apart."""
    start, end = np.asarray(start, float), np.asarray(end, float)
    count = max(2, round(float(np.hypot(*(end - start)))) + 1)
    points = start + np.linspace(0, 1, count)[:, None] * (end - start)
    widths = np.broadcast_to(np.asarray(width, float), (count,))
    return Branch(points, widths, np.full(count, method, np.uint8), nodes, resolved)


def ring(centre, radius, width=3.0):
    """Make a closed branch."""
    turns = np.linspace(0, 2 * np.pi, round(2 * np.pi * radius) + 1)
    points = np.asarray(centre) + radius * np.column_stack([np.cos(turns), np.sin(turns)])
    points[-1] = points[0]
    count = len(points)
    return Branch(points, np.full(count, width), np.full(count, PROBABILITY, np.uint8), (0, 0))


def crack(*branches, number=1, area=400.0, polygons=()):
    return MeasuredCrack(number, tuple(branches), area, tuple(polygons))


def measurement(*cracks, scale=None, size=(200, 300), **others):
    return Measurement(*size, tuple(cracks), scale, **others)
