"""Shadows: of walls and railings, of foliage, of cables."""

from __future__ import annotations

import math

import numpy as np

from cracknet.synthesis.distractors.canvas import Canvas
from cracknet.synthesis.noise import blob, blur, fractal_noise
from cracknet.synthesis.paths import CrackPath


def shadows(canvas: Canvas, rng: np.random.Generator, amount: float) -> None:
    """One large shadow, sharp or soft: a straight edge, a body, or foliage."""
    extent = max(canvas.height, canvas.width)
    form = rng.choice(["edge", "body", "foliage", "bars"])
    if form == "edge":
        place = canvas.distance_along(rng.uniform(0, 2 * math.pi))
        place -= float(np.quantile(place[:: max(canvas.height // 64, 1)], rng.uniform(0.3, 0.9)))
        alpha = np.clip(place / np.exp(rng.uniform(0, 3)) + 0.5, 0, 1).astype(np.float32)
    elif form == "body":
        outline = blob(rng, canvas.spot(rng), extent * rng.uniform(0.1, 0.45), 0.3, 1.4)
        if rng.random() < 0.5:
            outline = outline[:: max(len(outline) // 5, 1)]
        alpha = blur(canvas.layer([outline], [255]), np.exp(rng.uniform(-0.7, 2.5)))
    elif form == "foliage":
        leaves = fractal_noise(canvas.height, canvas.width, min(extent, 700) / 5, 8, rng, gain=0.8)
        alpha = np.clip((leaves + rng.uniform(-0.6, 0.8)) * rng.uniform(1, 5) + 0.5, 0, 1)
        alpha = blur(alpha, rng.uniform(0.5, 4))
    else:
        pitch = rng.uniform(20, 120)
        place = canvas.distance_along(rng.uniform(0, math.pi)) / np.float32(pitch)
        bar = np.abs((place % 1) - 0.5) * pitch
        alpha = blur(
            np.clip(pitch * rng.uniform(0.06, 0.25) - bar + 0.5, 0, 1), rng.uniform(0.5, 4)
        )
    canvas.shade(alpha * np.float32(min(rng.uniform(0.2, 0.62) * amount, 0.85)))


def cables(canvas: Canvas, rng: np.random.Generator, amount: float) -> None:
    """Shadows of cables and wires: long, thin, straight or sagging, soft."""
    strips = []
    angle = rng.uniform(0, math.pi)
    for _ in range(max(1, round(rng.integers(1, 4) * amount))):
        start, end = canvas.crossing_line(rng, angle + rng.normal(0, 0.08))
        share = np.linspace(0, 1, 48)
        sag = rng.normal(0, 0.06) * 4 * share * (1 - share)
        run = end - start
        points = start + share[:, None] * run + sag[:, None] * np.array([-run[1], run[0]])
        strips.append(CrackPath(points, np.full(48, np.exp(rng.uniform(0.4, 2.4))), 1.0))
    alpha = blur(canvas.lines(strips), np.exp(rng.uniform(-0.4, 1.5)))
    canvas.shade(alpha * np.float32(rng.uniform(0.25, 0.65)))
