"""What the builders left: pores, formwork joints, tie holes, aggregate, brickwork, tiles, edges."""

from __future__ import annotations

import math

import numpy as np

from cracknet.synthesis.distractors.canvas import Canvas
from cracknet.synthesis.noise import as_field, blob, blur, fill, relief, smooth_noise
from cracknet.synthesis.paths import CrackPath, Points


def pores(canvas: Canvas, rng: np.random.Generator, amount: float) -> None:
    """Bug holes: dark irregular discs, their far rim lit."""
    dark: list[Points] = []
    lit: list[Points] = []
    towards = np.array([math.cos(canvas.light_rad), math.sin(canvas.light_rad)])
    largest = rng.uniform(1.0, 5.0)
    for _ in range(canvas.count(rng.uniform(6, 60) * amount, rng)):
        radius = float(np.clip(np.exp(rng.normal(0.2, 0.6)) * largest / 2, 0.6, 14))
        outline = blob(rng, canvas.spot(rng), radius, rng.choice([0.15, 0.45]), rng.uniform(1, 1.5))
        dark.append(outline)
        lit.append(outline + towards * max(0.7, 0.2 * radius))
    values = [int(value) for value in rng.integers(90, 256, len(dark))]
    shadow = blur(canvas.layer(dark, values), 0.5)
    rim = blur(canvas.layer(lit, values), 0.6) * (1 - shadow)
    canvas.darken(rng.uniform(0.4, 0.8) * shadow - rng.uniform(0.0, 0.3) * rim)


def joints(canvas: Canvas, rng: np.random.Generator, amount: float) -> None:
    """Joints between formwork boards: straight lines, a step in brightness, leaked grout."""
    angle = rng.choice([0.0, math.pi / 2]) + rng.normal(0, 0.03)
    across = angle + math.pi / 2
    place = canvas.distance_along(across)
    low, high = float(place.min()), float(place.max())
    board = rng.uniform(60, 300) / max(amount, 0.1)
    at = [low + rng.uniform(0.1, 1.0) * min(board, high - low + 1)]
    while at[-1] + board < high:
        at.append(at[-1] + board * rng.uniform(0.85, 1.15))
    tones = rng.normal(0, rng.choice([0.01, 0.05]), len(at) + 1).astype(np.float32)
    canvas.reflectance[:] *= 1 + tones[np.searchsorted(at, place)]
    normal = np.array([math.cos(across), math.sin(across)])
    along = np.array([math.cos(angle), math.sin(angle)])
    reach = math.hypot(canvas.height, canvas.width) + 4
    width = float(np.exp(rng.uniform(np.log(0.7), np.log(5.0))))
    strips = []
    for position in at:
        middle = normal * position + along * (along @ [canvas.width / 2, canvas.height / 2])
        local = width * rng.uniform(0.6, 1.3)
        strips.append(_strip(middle - reach * along, middle + reach * along, local, rng))
    lines = canvas.lines(strips)
    turned = abs(math.cos(angle)) > 0.5
    size = (3.0, rng.uniform(20, 120)) if turned else (rng.uniform(20, 120), 3.0)
    broken = smooth_noise(canvas.height, canvas.width, size, rng)
    strength = np.clip(rng.uniform(0.3, 0.7) + 0.25 * broken, 0.0, 0.9)
    bright = -0.5 if rng.random() < 0.2 else 1.0
    canvas.darken(blur(bright * lines * strength, 0.4))
    leak = blur(lines, rng.uniform(3, 10)) * rng.uniform(0.1, 0.5)
    canvas.darken(np.clip(leak * (1 + broken) * 0.5, 0, 0.4))
    if rng.random() < 0.5:
        canvas.reflectance[:] *= 1 + 0.25 * relief(blur(lines, 1.2), canvas.light_rad)


def tie_holes(canvas: Canvas, rng: np.random.Generator, amount: float) -> None:
    """Holes of formwork ties: round, with a ring, open and dark or plugged and flat."""
    for _ in range(max(1, round(rng.integers(1, 4) * amount))):
        radius = rng.uniform(5, 30)
        spot = canvas.free_spot(rng, radius * 1.3)
        if spot is None:
            continue
        place = np.hypot(
            np.arange(canvas.width, dtype=np.float32)[None, :] - spot[0],
            np.arange(canvas.height, dtype=np.float32)[:, None] - spot[1],
        )
        inside = np.clip(radius - place + 0.5, 0, 1)
        ring = np.exp(-(((place - radius) / rng.uniform(0.7, 2.0)) ** 2))
        if rng.random() < 0.5:
            lean = (canvas.distance_along(canvas.light_rad) - spot[0]) / radius
            canvas.darken(inside * np.clip(0.55 - 0.1 * np.clip(lean, -2, 2), 0.3, 0.85))
        else:
            canvas.darken(inside * np.float32(rng.uniform(-0.12, 0.12)))
        canvas.darken(ring * np.float32(rng.uniform(0.15, 0.5)))


def aggregate(canvas: Canvas, rng: np.random.Generator, amount: float) -> None:
    """Exposed aggregate: stones of different brightness in a darker matrix, here and there."""
    size = rng.uniform(3, 11)
    pitch = 2.3 * size
    columns, rows = math.ceil(canvas.width / pitch) + 1, math.ceil(canvas.height / pitch) + 1
    grid = np.stack(np.meshgrid(np.arange(columns), np.arange(rows)), axis=-1).reshape(-1, 2)
    centres = (grid + rng.uniform(-0.45, 0.45, grid.shape)) * pitch
    radii = size * np.exp(rng.normal(0, 0.35, len(centres)))
    forms = [blob(rng, (0.0, 0.0), 1.0, 0.3, stretch) for stretch in rng.uniform(1, 1.5, 24)]
    chosen = rng.integers(0, len(forms), len(centres))
    outlines = [
        centre + radius * forms[form]
        for centre, radius, form in zip(centres, radii, chosen, strict=True)
    ]
    tones = np.full(canvas.reflectance.shape, 90, dtype=np.uint8)
    fill(tones, outlines, [int(v) for v in np.clip(rng.normal(140, 38, len(outlines)), 20, 255)])
    relative = tones.astype(np.float32) * np.float32(1 / 128) - 1
    relative += 0.35 * relief(blur(relative, 1.0), canvas.light_rad)
    where = smooth_noise(canvas.height, canvas.width, 150.0, rng) + rng.uniform(-0.5, 1.5)
    where = np.clip(where * 2, 0, 1)
    canvas.reflectance[:] *= 1 + rng.uniform(0.25, 0.7) * min(amount, 1.3) * where * relative


def masonry(canvas: Canvas, rng: np.random.Generator, amount: float) -> None:
    """Brickwork: courses with joints shifted by half a brick, rough mortar lines."""
    high = rng.uniform(24, 90)
    _grid(
        canvas, rng, high, high * rng.uniform(2.0, 3.6), 0.5, rng.uniform(2.5, 11.0),
        rough=rng.uniform(0.8, 2.5), spread=0.14 * amount,
    )  # fmt: skip


def tiles(canvas: Canvas, rng: np.random.Generator, amount: float) -> None:
    """Tiles or slabs: a square grid of thin straight joints."""
    high = rng.uniform(60, 320)
    _grid(
        canvas, rng, high, high * rng.choice([1.0, 1.0, 2.0]), rng.choice([0.0, 0.0, 0.5]),
        rng.uniform(1.0, 6.0), rough=rng.uniform(0.0, 0.4), spread=0.05 * amount,
    )  # fmt: skip


def edges(canvas: Canvas, rng: np.random.Generator, amount: float) -> None:
    """Draw the rim of a part: beyond a straight line another brightness, a seam on it."""
    angle = rng.uniform(0, math.pi)
    place = canvas.distance_along(angle + math.pi / 2)
    place -= float(np.quantile(place[:: max(canvas.height // 64, 1)], rng.uniform(0.08, 0.92)))
    wobble = rng.choice([0.0, 0.5, 3.0])
    if wobble:
        place += wobble * smooth_noise(canvas.height, canvas.width, 12.0, rng)
    beyond = np.clip(place / rng.choice([1.0, 4.0]) + 0.5, 0, 1)
    canvas.darken(beyond * np.float32(amount * rng.uniform(-0.35, 0.5)))
    seam = np.exp(-((place / rng.uniform(0.8, 5.0)) ** 2))
    canvas.darken(seam * np.float32(amount * rng.uniform(-0.25, 0.6)))


def _strip(
    start: Points, end: Points, width: float, rng: np.random.Generator, pieces: int = 24
) -> CrackPath:
    """Make a nearly straight line whose width wanders."""
    share = np.linspace(0, 1, pieces + 1)[:, None]
    points = start + share * (end - start)
    points += rng.normal(0, 0.25, points.shape)
    widths = width * np.exp(rng.normal(0, 0.2, pieces + 1))
    return CrackPath(points, widths, 1.0)


def _grid(
    canvas: Canvas,
    rng: np.random.Generator,
    high: float,
    wide: float,
    shift: float,
    joint: float,
    *,
    rough: float,
    spread: float,
) -> None:
    angle = rng.normal(0, 0.04)
    x = canvas.distance_along(angle)
    y = canvas.distance_along(angle + math.pi / 2)
    if rough:
        x = x + as_field(rough) * smooth_noise(canvas.height, canvas.width, 7.0, rng)
        y = y + as_field(rough) * smooth_noise(canvas.height, canvas.width, 7.0, rng)
    y = as_field((y + rng.uniform(0, high)) / high)
    course = np.floor(y)
    x = as_field((x + rng.uniform(0, wide)) / wide + shift * (course % 2))
    block = np.floor(x)
    to_joint = np.minimum(
        np.minimum(y - course, course + 1 - y) * high, np.minimum(x - block, block + 1 - x) * wide
    )
    tones = rng.normal(0, spread, (64, 64)).astype(np.float32)
    tone = tones[course.astype(np.int32) % 64, block.astype(np.int32) % 64]
    alpha = as_field(np.clip((joint / 2 - to_joint) / max(0.8, 0.5 * rough) + 0.5, 0, 1))
    mortar = np.float32(rng.uniform(-0.25, 0.55))
    canvas.reflectance[:] *= (1 + tone) * (1 - alpha) + alpha * (1 - mortar)
    canvas.reflectance[:] *= 1 - rng.uniform(0.0, 0.3) * relief(blur(alpha, 1.0), canvas.light_rad)
