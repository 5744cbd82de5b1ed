"""Things on the surface: scratches, writing, leaves, twigs, stones, grass. None lies on a crack."""

from __future__ import annotations

import math
import string

import cv2
import numpy as np
import numpy.typing as npt

from cracknet.synthesis.distractors.canvas import Canvas
from cracknet.synthesis.generators import natural_path
from cracknet.synthesis.noise import Field, blob, blur, smooth_noise
from cracknet.synthesis.paths import CrackPath, Points


def scratches(canvas: Canvas, rng: np.random.Generator, amount: float) -> None:
    """Thin lines, bright mostly, straight or gently bent, some side by side."""
    strips = []
    for _ in range(canvas.count(3 * amount, rng)):
        angle, length = rng.uniform(0, math.pi), rng.uniform(20, 250)
        x, y = canvas.spot(rng)
        for _ in range(int(rng.integers(1, 5))):
            bend = rng.normal(0, 0.15)
            share = np.linspace(-0.5, 0.5, 16)
            turn = angle + bend * share
            points = np.column_stack(
                [x + length * share * np.cos(turn), y + length * share * np.sin(turn)]
            )
            widths = rng.uniform(0.4, 1.8) * (1 - (2 * share) ** 2 * 0.9)
            strips.append(CrackPath(points, widths, 1.0))
            x, y = x + rng.normal(0, 8), y + rng.normal(0, 8)
    alpha = canvas.lines(strips)
    alpha *= np.clip(0.8 + 0.4 * smooth_noise(canvas.height, canvas.width, 9.0, rng), 0, 1)
    canvas.darken(alpha * np.float32(rng.uniform(-0.4, -0.12) if rng.random() < 0.75 else 0.3))


def markings(canvas: Canvas, rng: np.random.Generator, amount: float) -> None:
    """Chalk, crayon, stencilled text and painted lines."""
    painted = np.zeros(canvas.reflectance.shape, dtype=np.uint8)
    for _ in range(max(1, round(rng.integers(1, 4) * amount))):
        if rng.random() < 0.6:
            _write(painted, canvas, rng)
        else:
            _draw_line(painted, canvas, rng)
    alpha = painted.astype(np.float32) * np.float32(1 / 255)
    chalk = smooth_noise(canvas.height, canvas.width, rng.uniform(1.5, 4), rng)
    alpha *= np.clip(rng.uniform(0.5, 1.1) + 0.4 * chalk, 0, 1)
    _cover(canvas, alpha, rng.choice([0.06, 0.25, 0.85, 0.95], p=[0.35, 0.15, 0.25, 0.25]))


def debris(canvas: Canvas, rng: np.random.Generator, amount: float) -> None:
    """Leaves, pebbles and twigs, each with its shadow.

    A twig is thin, long and bent like a crack; what tells it apart is its lit back, its shadow
    beside it, and that it is smooth.
    """
    towards = np.array([math.cos(canvas.light_rad), math.sin(canvas.light_rad)])
    for _ in range(canvas.count(3 * amount, rng)):
        form = rng.choice(["leaf", "pebble", "twig"])
        size = rng.uniform(8, 55) if form != "pebble" else rng.uniform(2, 12)
        spot = canvas.free_spot(rng, size * (2.4 if form == "twig" else 1.7) + 4)
        if spot is None:
            continue
        tone = rng.choice([rng.uniform(0.08, 0.3), rng.uniform(0.4, 0.8)])
        lit: Points | None = None
        if form == "leaf":
            outline = _leaf(rng, spot, size)
        elif form == "pebble":
            outline = blob(rng, spot, size, 0.2, rng.uniform(1, 1.4))
        else:
            twig = _twig(rng, spot, size)
            outline, tone = twig.polygon_px, rng.uniform(0.25, 0.65)
            back = max(twig.rails_px, key=lambda rail: -float((rail @ towards).mean()))
            lit = np.vstack([back, twig.points_px[::-1]])
        _blend(canvas, outline + towards * rng.uniform(1.5, 3), 0.0, rng.uniform(0.3, 0.6), 1.2)
        _blend(canvas, outline, tone, 0.92, 0.5)
        if lit is not None:
            _blend(canvas, lit, min(1.6 * tone + 0.1, 1.0), 0.8, 0.6)


def plants(canvas: Canvas, rng: np.random.Generator, amount: float) -> None:
    """Draw a tuft of grass: many bent blades, bright on dark."""
    extent = min(canvas.height, canvas.width)
    reach = extent * rng.uniform(0.12, 0.4)
    spot = canvas.free_spot(rng, reach)
    if spot is None or extent < 16:
        return
    lean = rng.uniform(0, 2 * math.pi)
    for _ in range(int(rng.integers(25, 90) * min(amount, 2.0))):
        share = np.linspace(0, 1, 9)
        angle = lean + rng.normal(0, 0.7) + rng.normal(0, 0.8) * share
        length = reach * rng.uniform(0.3, 0.75)
        base = np.array(spot) + rng.normal(0, 0.12, 2) * reach
        points = base + length * np.column_stack([share * np.cos(angle), share * np.sin(angle)])
        half = rng.uniform(0.6, 2.6) * np.sqrt(1.02 - share) / 2
        normal = np.column_stack([-np.sin(angle), np.cos(angle)]) * half[:, None]
        outline = np.vstack([points + normal, (points - normal)[::-1]])
        _blend(canvas, outline + 1.5, 0.05, 0.5, 0.8)
        _blend(canvas, outline, rng.uniform(0.08, 0.75), 0.95, 0.4)


def _write(painted: npt.NDArray[np.uint8], canvas: Canvas, rng: np.random.Generator) -> None:
    letters = string.ascii_uppercase + 2 * string.digits + " ./-"
    words = "".join(rng.choice(list(letters), int(rng.integers(2, 9))))
    scale = rng.uniform(0.5, 2.4)
    reach = 11 * scale * len(words)
    spot = canvas.free_spot(rng, reach)
    if spot is None:
        return
    fonts = (cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_DUPLEX, cv2.FONT_HERSHEY_SCRIPT_SIMPLEX)
    place = (int(spot[0] - 0.9 * reach), int(spot[1] + 8 * scale))
    thickness = max(1, round(scale * rng.uniform(0.8, 2.2)))
    font = fonts[int(rng.integers(len(fonts)))]
    cv2.putText(painted, words, place, font, scale, (255,), thickness, cv2.LINE_AA)


def _draw_line(painted: npt.NDArray[np.uint8], canvas: Canvas, rng: np.random.Generator) -> None:
    length = rng.uniform(30, 200)
    spot = canvas.free_spot(rng, length / 2)
    if spot is None:
        return
    angle = rng.uniform(0, math.pi)
    share = np.linspace(-0.5, 0.5, 12)
    points = np.column_stack(
        [
            spot[0] + length * 0.9 * share * math.cos(angle),
            spot[1] + length * 0.9 * share * math.sin(angle),
        ]
    )
    points += np.cumsum(rng.normal(0, 0.012 * length, points.shape), axis=0) * 0.5
    corners = np.round(points * 16).astype(np.int32)
    thickness = int(rng.integers(1, 7))
    cv2.polylines(painted, [corners], False, (255,), thickness, cv2.LINE_AA, 4)


def _leaf(rng: np.random.Generator, spot: tuple[float, float], size: float) -> Points:
    share = np.linspace(0, math.pi, 20)
    half = size * rng.uniform(0.2, 0.5) * np.sin(share) ** 0.8 * (1 + 0.08 * np.sin(9 * share))
    along = -size * np.cos(share)
    outline = np.vstack(
        [
            np.column_stack([along, half]),
            np.column_stack([along, -half * rng.uniform(0.5, 1)])[::-1],
        ]
    )
    turn = rng.uniform(0, 2 * math.pi)
    spin = np.array([[math.cos(turn), math.sin(turn)], [-math.sin(turn), math.cos(turn)]])
    return np.asarray(outline @ spin + np.array(spot), dtype=np.float64)


def _twig(rng: np.random.Generator, spot: tuple[float, float], size: float) -> CrackPath:
    turn = rng.uniform(0, 2 * math.pi)
    half = 2 * size * np.array([math.cos(turn), math.sin(turn)])
    start, end = np.array(spot) - half, np.array(spot) + half
    return natural_path(
        (float(start[0]), float(start[1])), (float(end[0]), float(end[1])),
        rng.uniform(2.0, 5.5), rng, roughness=0.035, width_variation=0.05, taper=(False, True),
    )  # fmt: skip


def _cover(canvas: Canvas, alpha: Field, tone: float) -> None:
    canvas.reflectance[:] += alpha * (np.float32(tone) - canvas.reflectance)


def _blend(canvas: Canvas, outline: Points, tone: float, share: float, sigma: float) -> None:
    """Cover an outline with a tone, in its own box only."""
    margin = 4 + 3 * sigma
    low = np.maximum(np.floor(outline.min(axis=0) - margin), 0).astype(int)
    high = np.ceil(outline.max(axis=0) + margin).astype(int)
    box = slice(low[1], max(high[1], low[1])), slice(low[0], max(high[0], low[0]))
    part = canvas.reflectance[box]
    if part.size == 0:
        return
    layer = np.zeros(part.shape, dtype=np.uint8)
    corners = np.round((outline - low) * 16).astype(np.int32)
    cv2.fillPoly(layer, [corners], (255,), lineType=cv2.LINE_AA, shift=4)
    alpha = blur(layer.astype(np.float32), sigma) * np.float32(share / 255)
    part += alpha * (np.float32(tone) - part)
