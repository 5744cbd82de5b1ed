"""Rose of orientations: axial, so each direction is drawn with its opposite."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from markupsafe import Markup, escape

from cracknet.reporting.inspection.charts.steps import round_step

_SIZE, _RADIUS = 270, 104


def orientation_rose(shares: npt.NDArray[np.float64]) -> Markup:
    """Draw how much length of crack runs in which orientation.

    The area of a petal, not its radius, is in proportion to the share of length, so that long
    petals do not seem more than they are (an equal-area rose: Nemec 1988, The shape of the rose,
    Sedimentary Geology 59). Orientation is counter-clockwise from the picture's x axis; a crack
    has no direction, so every petal is drawn twice, through the centre.

    Parameters
    ----------
    shares : (N,) float64
        Share of length about k * 180 / N degrees, for k = 0 to N - 1; the sum is 1, or 0 where
        there is nothing.

    Returns
    -------
    Markup
        An ``<svg>`` with a label in words; empty where there is nothing.
    """
    most = float(shares.max(initial=0.0))
    if most <= 0:
        return Markup("")
    half = 90 / len(shares)
    rings, labels = _rings(most)
    parts = list(rings)
    for k, share in enumerate(shares):
        if share > 0:
            radius = _RADIUS * math.sqrt(share / most)
            middle = k * 180 / len(shares)
            parts += [_petal(middle + turn, half, radius) for turn in (0, 180)]
    for degrees, dx, dy, anchor in (
        (0, 6, 4, "start"),
        (45, 5, -2, "start"),
        (90, 0, -7, "middle"),
        (135, -5, -2, "end"),
    ):
        x, y = _at(degrees, _RADIUS)
        parts.append(
            f'<text x="{x + dx:.1f}" y="{y + dy:.1f}" text-anchor="{anchor}">{degrees}°</text>'
        )
    parts += labels
    strongest = int(shares.argmax())
    said = (
        f"Rose of crack orientation by length: most, {100 * most:.0f} %, runs within {half:g} "
        f"degrees of {strongest * 180 / len(shares):g} degrees from the picture's x axis"
    )
    return Markup(
        f'<svg class="chart" viewBox="0 0 {_SIZE} {_SIZE}" role="img" aria-label="{escape(said)}">'
        + "".join(parts)
        + "</svg>"
    )


def _rings(most: float) -> tuple[list[str], list[str]]:
    middle = _SIZE / 2
    parts, labels = [], []
    step = round_step(100 * most, 3)
    for k in range(1, int(100 * most / step + 1e-9) + 1):
        radius = _RADIUS * math.sqrt(k * step / 100 / most)
        x, y = _at(-67.5, radius)
        parts.append(
            f'<circle cx="{middle}" cy="{middle}" r="{radius:.1f}" fill="none" stroke="#c4c4c4"/>'
        )
        if radius > _RADIUS / 4:
            words = f"{k * step:g} %"
            labels.append(
                f'<rect x="{x:.1f}" y="{y - 5:.1f}" width="{7 * len(words) + 4}" height="13" '
                f'fill="#fff" fill-opacity="0.8"/>'
                f'<text x="{x + 2:.1f}" y="{y + 5:.1f}">{words}</text>'
            )
    parts.append(f'<circle cx="{middle}" cy="{middle}" r="{_RADIUS}" fill="none" stroke="#888"/>')
    for degrees in (0, 45, 90, 135):
        (x1, y1), (x2, y2) = _at(degrees, _RADIUS), _at(degrees + 180, _RADIUS)
        parts.append(
            f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="#d8d8d8"/>'
        )
    return parts, labels


def _petal(middle_deg: float, half_deg: float, radius: float) -> str:
    (x1, y1), (x2, y2) = _at(middle_deg - half_deg, radius), _at(middle_deg + half_deg, radius)
    centre = _SIZE / 2
    return (
        f'<path d="M{centre} {centre}L{x1:.2f} {y1:.2f}A{radius:.2f} {radius:.2f} 0 0 0 '
        f'{x2:.2f} {y2:.2f}Z" fill="#5b7da3" stroke="#1e2f42" stroke-width="0.7"/>'
    )


def _at(degrees: float, radius: float) -> tuple[float, float]:
    turn = math.radians(degrees)
    return _SIZE / 2 + radius * math.cos(turn), _SIZE / 2 - radius * math.sin(turn)
