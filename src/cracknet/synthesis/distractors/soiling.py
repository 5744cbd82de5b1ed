"""Stains, run-off, moss: what settles on concrete."""

from __future__ import annotations

import numpy as np

from cracknet.synthesis.distractors.canvas import Canvas
from cracknet.synthesis.noise import blob, blur, fractal_noise, smooth_noise


def stains(canvas: Canvas, rng: np.random.Generator, amount: float) -> None:
    """Damp or dirty blotches, some with a darker rim, some bright as efflorescence."""
    outlines = []
    extent = min(max(canvas.height, canvas.width), 900)
    for _ in range(canvas.count(4 * amount, rng)):
        radius = extent * float(np.exp(rng.uniform(np.log(0.02), np.log(0.22))))
        outlines.append(blob(rng, canvas.spot(rng), radius, 0.45, rng.uniform(0.8, 1.6)))
    values = [int(value) for value in rng.integers(110, 256, len(outlines))]
    alpha = canvas.roughen(canvas.layer(outlines, values), rng, rng.uniform(6, 30), 0.5)
    alpha = blur(alpha, float(rng.choice([0.7, 2.0, 6.0])))
    texture = 1 + 0.3 * fractal_noise(canvas.height, canvas.width, 40, 5, rng)
    strength = rng.uniform(0.08, 0.38) * (-0.6 if rng.random() < 0.2 else 1.0)
    rim = 4 * alpha * (1 - alpha) * rng.choice([0.0, 0.15])
    canvas.darken(np.clip((strength * alpha * texture + rim), -0.5, 0.7))


def streaks(canvas: Canvas, rng: np.random.Generator, amount: float) -> None:
    """Run-off: long soft streaks down the face, dark or bright, fraying into threads."""
    outlines, values = [], []
    for _ in range(canvas.count(7 * amount, rng)):
        x, y = canvas.spot(rng)
        y = rng.uniform(-0.3, 0.7) * canvas.height
        half = float(np.exp(rng.uniform(np.log(1.0), np.log(16.0))))
        length = min(canvas.height, 1500) * rng.uniform(0.15, 1.0)
        lean = rng.normal(0, 0.02) * length
        outlines.append(
            np.array(
                [
                    [x - half, y],
                    [x + half, y],
                    [x + half * 0.6 + lean, y + length * 0.6],
                    [x + lean, y + length],
                    [x - half * 0.6 + lean, y + length * 0.6],
                ]
            )
        )
        values.append(int(rng.integers(80, 256)))
    alpha = blur(canvas.layer(outlines, values), (rng.uniform(0.8, 4.0), rng.uniform(6, 20)))
    threads = smooth_noise(canvas.height, canvas.width, (120.0, rng.uniform(1.5, 5.0)), rng)
    alpha *= np.clip(0.8 + 0.45 * threads, 0.0, 1.7)
    strength = rng.uniform(0.12, 0.5) * (-0.6 if rng.random() < 0.25 else 1.0)
    canvas.darken(np.clip(strength * alpha, -0.5, 0.75))


def moss(canvas: Canvas, rng: np.random.Generator, amount: float) -> None:
    """Moss, algae, lichen: clustered speckle, dark mostly."""
    extent = min(max(canvas.height, canvas.width), 1000)
    patch = fractal_noise(canvas.height, canvas.width, extent / 3, 20, rng)
    patch = np.clip(patch - rng.uniform(0.2, 1.2) + 0.4 * (amount - 1), 0.0, 1.2)
    speckle = fractal_noise(canvas.height, canvas.width, rng.uniform(4, 14), 1.5, rng)
    alpha = np.clip((speckle + patch * 1.6 - 1.4) * 2.0, 0.0, 1.0) * np.clip(patch * 3, 0, 1)
    strength = rng.uniform(0.3, 0.7) if rng.random() < 0.7 else rng.uniform(-0.5, -0.2)
    canvas.darken(blur(alpha * np.float32(strength), 0.5))
