"""Dark holes with an edge all round: windows, pipes, gaps between parts, broken-out concrete."""

from __future__ import annotations

import math

import numpy as np

from cracknet.synthesis.distractors.canvas import Canvas
from cracknet.synthesis.noise import Field, blob, blur, relief, smooth_noise
from cracknet.synthesis.paths import Points


def openings(canvas: Canvas, rng: np.random.Generator, amount: float) -> None:
    """Draw windows, pipe ends, gaps and spalls, dark inside, some with a frame or a lit rim."""
    extent = min(canvas.height, canvas.width)
    for _ in range(max(1, round(rng.integers(1, 4) * amount))):
        form = rng.choice(["window", "pipe", "gap", "spall"])
        size = extent * float(np.exp(rng.uniform(math.log(0.04), math.log(0.5))))
        long = extent * rng.uniform(0.3, 0.9) if form == "gap" else 1.5 * size
        spot = canvas.free_spot(rng, long)
        if spot is None:
            continue
        if form == "gap":
            _gap(canvas, rng, spot, long, extent * rng.uniform(0.008, 0.04))
        elif form == "spall":
            _spall(canvas, rng, spot, size)
        else:
            _hole(canvas, rng, spot, size, turned=form == "window")


def _hole(
    canvas: Canvas,
    rng: np.random.Generator,
    spot: tuple[float, float],
    size: float,
    *,
    turned: bool,
) -> None:
    """Draw a rectangle seen at an angle, or an ellipse, with a frame and a shadow within."""
    outline = _rectangle(rng, size, size * rng.uniform(0.3, 1)) if turned else _ellipse(rng, size)
    frame = canvas.layer([outline * rng.uniform(1.05, 1.35) + spot], [255])
    hole = canvas.layer([outline + spot], [255])
    if rng.random() < 0.6:
        _cover(canvas, blur(frame, 0.6), rng.uniform(0.1, 0.9))
    dark = rng.uniform(0.02, 0.18)
    _cover(canvas, blur(hole, rng.uniform(0.4, 1.2)), dark)
    # Something stands in many holes, hardly lit: a pane, water, a wall further back.
    lean = canvas.distance_along(rng.uniform(0, 2 * math.pi)) / np.float32(size)
    lean -= np.float32(lean[min(int(max(spot[1], 0)), canvas.height - 1)].mean())
    glow = np.clip(lean * rng.uniform(-0.6, 0.6) + rng.uniform(-0.6, 0.6), 0, 1)
    canvas.reflectance[:] += hole * glow.astype(np.float32) * np.float32(rng.uniform(0.05, 0.3))


def _gap(
    canvas: Canvas, rng: np.random.Generator, spot: tuple[float, float], long: float, wide: float
) -> None:
    """Draw a wide joint between two parts: straight, dark, its edges sharp or chipped."""
    angle = rng.choice([0.0, math.pi / 2]) + rng.normal(0, 0.08)
    along = np.array([math.cos(angle), math.sin(angle)])
    across = np.array([-along[1], along[0]])
    share = np.linspace(-0.5, 0.5, 40)[:, None]
    chips = rng.choice([0.02, 0.25]) * wide
    sides = [share * long * along + across * (k * wide / 2) for k in (-1, 1)]
    sides = [side + across * rng.normal(0, chips, (len(side), 1)) for side in sides]
    alpha = canvas.layer([np.vstack([sides[0], sides[1][::-1]]) + spot], [255])
    alpha = blur(alpha, rng.uniform(0.5, 1.5))
    _cover(canvas, alpha * np.float32(rng.uniform(0.75, 1.0)), rng.uniform(0.03, 0.25))
    canvas.reflectance[:] *= 1 + 0.4 * relief(blur(alpha, 1.5), canvas.light_rad)


def _spall(
    canvas: Canvas, rng: np.random.Generator, spot: tuple[float, float], size: float
) -> None:
    """Draw a place where concrete broke out: rubble inside, one rim in shadow, one lit."""
    outline = blob(rng, spot, size, 0.5, rng.uniform(1, 1.8))
    alpha = canvas.roughen(canvas.layer([outline], [255]), rng, rng.uniform(4, 14), 0.6)
    heights = smooth_noise(canvas.height, canvas.width, rng.uniform(3, 9), rng)
    rubble = np.float32(rng.uniform(0.1, 0.4)) * relief(blur(heights, 0.7), canvas.light_rad)
    canvas.reflectance[:] *= 1 + alpha * (rubble - np.float32(rng.uniform(0.0, 0.4)))
    rim = relief(blur(alpha, rng.uniform(1, 3)), canvas.light_rad)
    canvas.darken(np.clip(np.float32(rng.uniform(1, 6)) * rim, -0.5, 0.85))


def _rectangle(rng: np.random.Generator, wide: float, high: float) -> Points:
    corners = np.array([[-1.0, -1.0], [1.0, -1.0], [1.0, 1.0], [-1.0, 1.0]]) * [wide / 2, high / 2]
    corners += rng.normal(0, 0.04, corners.shape) * min(wide, high)
    return _turn(corners, rng.choice([0.0, math.pi / 2]) + rng.normal(0, 0.1))


def _ellipse(rng: np.random.Generator, size: float) -> Points:
    angle = np.linspace(0, 2 * math.pi, 48, endpoint=False)
    flat = rng.uniform(0.4, 1.0)
    points = np.column_stack([np.cos(angle), flat * np.sin(angle)]) * size / 2
    return _turn(points, rng.uniform(0, math.pi))


def _turn(points: Points, angle: float) -> Points:
    spin = np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
    return np.asarray(points @ spin, dtype=np.float64)


def _cover(canvas: Canvas, alpha: Field, tone: float) -> None:
    canvas.reflectance[:] += alpha * (np.float32(tone) - canvas.reflectance)
