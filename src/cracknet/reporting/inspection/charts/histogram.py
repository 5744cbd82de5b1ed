"""Histogram of widths, weighted by length, coloured by class."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from markupsafe import Markup, escape

from cracknet.reporting.inspection.charts.steps import round_step
from cracknet.reporting.inspection.profiles import WidthProfile

_WIDTH, _HEIGHT = 520, 270
_LEFT, _RIGHT, _TOP, _BOTTOM = 62, 500, 34, 226
_MOST_BINS = 24
_LABEL_ROOM = 24


def width_histogram(
    profile: WidthProfile,
    unit: str,
    limits: Sequence[float] = (),
    colours: Sequence[str] = ("#707070",),
) -> Markup:
    """Draw how much length of crack has which width.

    Each bar is the length whose width lies in the bar's interval, cut at the limits between
    classes and stacked in their colours; dashed lines mark the limits, so that the classes are
    told apart in gray as well. Where a few widths lie far beyond the rest, the last bar, marked
    by a sign, holds all from there on.

    Parameters
    ----------
    profile : WidthProfile
        In `unit`.
    unit : {"mm", "px"}
    limits : sequence of float
        Between neighbouring classes, ascending, in `unit`; one fewer than colours.
    colours : sequence of str
        One a class, from narrow to wide.

    Returns
    -------
    Markup
        An ``<svg>`` with a label in words; empty where there is no length.
    """
    widths, lengths = profile.widths, profile.lengths
    if not lengths.size or lengths.sum() <= 0:
        return Markup("")
    top, step, cut = _bins(widths, lengths)
    count = round(top / step)
    # Cut first: a width far beyond a tiny step would overflow.
    bins = np.minimum(np.minimum(widths, top) / step, count - 1).astype(int)
    classes = np.searchsorted(np.array(limits), widths, side="left")
    heights = np.zeros((count, len(colours)))
    np.add.at(heights, (bins, classes), lengths)
    of_length, length_unit = (1000.0, "m") if unit == "mm" and lengths.sum() >= 1e4 else (1.0, unit)
    heights /= of_length
    parts = [
        *_y_axis(float(heights.sum(axis=1).max()), length_unit),
        *_bars(heights, colours),
        *_x_axis(top, step, unit, cut=cut),
        *_limit_lines(limits, top, unit),
    ]
    said = (
        f"Histogram of crack width in {unit}, weighted by length in {length_unit}: "
        f"{lengths.sum() / of_length:.4g} {length_unit} of crack, widths from "
        f"{widths.min():.3g} to {widths.max():.3g} {unit}"
    )
    return Markup(
        f'<svg class="chart" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" '
        f'aria-label="{escape(said)}">' + "".join(parts) + "</svg>"
    )


def _bins(
    widths: npt.NDArray[np.float64], lengths: npt.NDArray[np.float64]
) -> tuple[float, float, bool]:
    """Upper end and step of the bins, and whether widths beyond are put into the last."""
    most = float(widths.max())
    order = np.argsort(widths)
    share = np.cumsum(lengths[order]) / lengths.sum()
    usual = float(widths[order][min(int(np.searchsorted(share, 0.99)), len(order) - 1)])
    cut = most > 3 * usual > 0
    span = 1.5 * usual if cut else most
    if span <= 0:  # all widths are nought
        return 1.0, 1.0, False
    step = round_step(span, _MOST_BINS)
    return max(1, math.ceil(span / step - 1e-9)) * step, step, cut


def _y_axis(most: float, unit: str) -> list[str]:
    step = round_step(most, 4)
    parts = []
    for k in range(int(most / step + 1e-9) + 1):
        y = _BOTTOM - (_BOTTOM - _TOP) * k * step / most
        parts.append(
            f'<line x1="{_LEFT}" x2="{_RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="#d8d8d8"/>'
            f'<text x="{_LEFT - 5}" y="{y + 4:.1f}" text-anchor="end">{k * step:g}</text>'
        )
    middle = (_TOP + _BOTTOM) / 2
    parts.append(
        f'<text x="12" y="{middle}" text-anchor="middle" transform="rotate(-90 12 {middle})">'
        f"length, {unit}</text>"
    )
    return parts


def _bars(heights: npt.NDArray[np.float64], colours: Sequence[str]) -> list[str]:
    most = heights.sum(axis=1).max()
    wide = (_RIGHT - _LEFT) / len(heights)
    parts = []
    for k, stack in enumerate(heights):
        bottom = float(_BOTTOM)
        for height, colour in zip(stack, colours, strict=True):
            tall = (_BOTTOM - _TOP) * height / most
            if tall <= 0:
                continue
            parts.append(
                f'<rect x="{_LEFT + k * wide:.2f}" y="{bottom - tall:.2f}" width="{wide:.2f}" '
                f'height="{tall:.2f}" fill="{colour}" stroke="#333" stroke-width="0.6"/>'
            )
            bottom -= tall
    return parts


def _x_axis(top: float, bin_step: float, unit: str, *, cut: bool) -> list[str]:
    step = round_step(top, 6)
    parts = [f'<line x1="{_LEFT}" x2="{_RIGHT}" y1="{_BOTTOM}" y2="{_BOTTOM}" stroke="#333"/>']
    for k in range(int(top / step + 1e-9) + 1):
        x = _LEFT + (_RIGHT - _LEFT) * k * step / top
        parts.append(
            f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{_BOTTOM}" y2="{_BOTTOM + 4}" stroke="#333"/>'
            f'<text x="{x:.1f}" y="{_BOTTOM + 16}" text-anchor="middle">{k * step:g}</text>'
        )
    middle = (_LEFT + _RIGHT) / 2
    parts.append(f'<text x="{middle}" y="{_HEIGHT - 6}" text-anchor="middle">width, {unit}</text>')
    if cut:
        start = top - bin_step
        parts.append(
            f'<text x="{_RIGHT}" y="{_HEIGHT - 6}" text-anchor="end">'
            f"last bar: over {start:.3g}</text>"
        )
    return parts


def _limit_lines(limits: Sequence[float], top: float, unit: str) -> list[str]:
    parts, last = [], -math.inf
    for limit in limits:
        x = _LEFT + (_RIGHT - _LEFT) * limit / top
        if not _LEFT < x < _RIGHT:
            continue
        parts.append(
            f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{_TOP}" y2="{_BOTTOM}" stroke="#111" '
            'stroke-dasharray="4 3"/>'
        )
        if x - last >= _LABEL_ROOM:
            parts.append(f'<text x="{x:.1f}" y="{_TOP - 6}" text-anchor="middle">{limit:g}</text>')
            last = x
    if parts:
        middle = (_LEFT + _RIGHT) / 2
        parts.append(f'<text x="{middle}" y="12" text-anchor="middle">limit, {unit}</text>')
    return parts
