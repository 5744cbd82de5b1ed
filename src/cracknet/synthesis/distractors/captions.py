"""What a camera or an office writes into a photograph: caption bars, dates, scale bars, frames."""

from __future__ import annotations

import string

import cv2
import numpy as np
import numpy.typing as npt

from cracknet.synthesis.distractors.canvas import Canvas

FONTS = (cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_DUPLEX, cv2.FONT_HERSHEY_COMPLEX)


def captions(canvas: Canvas, rng: np.random.Generator, amount: float) -> None:
    """Write a bar with text along an edge, a date in a corner, or a scale bar."""
    for _ in range(max(1, round(rng.integers(1, 3) * amount))):
        form = rng.choice(["bar", "date", "scale"])
        if form == "bar":
            _bar(canvas, rng)
        elif form == "date":
            _date(canvas, rng)
        else:
            _scale(canvas, rng)


def _bar(canvas: Canvas, rng: np.random.Generator) -> None:
    high = int(np.clip(canvas.height * rng.uniform(0.03, 0.12), 8, 70))
    top = 0 if rng.random() < 0.3 else max(canvas.height - high, 0)
    rows = slice(top, top + high)
    if canvas.near_crack[rows].any():
        return
    dark = rng.random() < 0.5
    canvas.reflectance[rows] = rng.uniform(0.02, 0.15) if dark else rng.uniform(0.75, 1.0)
    layer = np.zeros(canvas.reflectance.shape, dtype=np.uint8)
    scale = high * rng.uniform(0.5, 0.75) / 30
    place = (int(rng.uniform(0.01, 0.3) * canvas.width), top + int(0.75 * high))
    _text(layer, _words(rng, int(rng.integers(5, 40))), place, scale, rng)
    _ink(canvas, layer, 1.0 if dark else 0.03)


def _date(canvas: Canvas, rng: np.random.Generator) -> None:
    text = f"{rng.integers(1995, 2030)}-{rng.integers(1, 13):02d}-{rng.integers(1, 29):02d}"
    if rng.random() < 0.6:
        text += f" {rng.integers(0, 24):02d}:{rng.integers(0, 60):02d}"
    scale = float(np.clip(canvas.width * rng.uniform(0.0008, 0.002), 0.3, 3))
    wide, high = cv2.getTextSize(text, FONTS[0], scale, 1)[0]
    x = int(rng.choice([0.03 * canvas.width, max(0.95 * canvas.width - wide, 0)]))
    y = int(rng.choice([high + 0.03 * canvas.height, 0.96 * canvas.height]))
    if canvas.near_crack[max(y - high - 3, 0) : y + 4, x : x + wide].any():
        return
    layer = np.zeros(canvas.reflectance.shape, dtype=np.uint8)
    _text(layer, text, (x, y), scale, rng)
    _ink(canvas, layer, rng.choice([1.0, 0.85, 0.03]))


def _scale(canvas: Canvas, rng: np.random.Generator) -> None:
    """Draw a scale bar with ticks, or the rule that lay beside the crack."""
    long = canvas.width * rng.uniform(0.1, 0.4)
    spot = canvas.free_spot(rng, long / 2 + 6)
    if spot is None:
        return
    layer = np.zeros(canvas.reflectance.shape, dtype=np.uint8)
    x, y = int(spot[0] - long / 2), int(spot[1])
    thick = int(rng.integers(1, 4))
    cv2.line(layer, (x, y), (int(x + long), y), (255,), thick, cv2.LINE_AA)
    for share in np.linspace(0, 1, int(rng.integers(2, 16))):
        at = int(x + share * long)
        cv2.line(layer, (at, y - int(rng.integers(3, 8))), (at, y), (255,), thick, cv2.LINE_AA)
    _ink(canvas, layer, rng.choice([1.0, 0.03]))


def _words(rng: np.random.Generator, count: int) -> str:
    letters = string.ascii_letters + string.digits + 12 * " " + ".,:/-"
    return "".join(rng.choice(list(letters), count))


def _text(
    layer: npt.NDArray[np.uint8],
    text: str,
    place: tuple[int, int],
    scale: float,
    rng: np.random.Generator,
) -> None:
    font = FONTS[int(rng.integers(len(FONTS)))]
    thickness = max(1, round(1.6 * scale * rng.uniform(0.7, 1.6)))
    cv2.putText(layer, text, place, font, scale, (255,), thickness, cv2.LINE_AA)


def _ink(canvas: Canvas, layer: npt.NDArray[np.uint8], tone: float) -> None:
    alpha = layer.astype(np.float32) * np.float32(1 / 255)
    canvas.reflectance[:] += alpha * (np.float32(tone) - canvas.reflectance)
