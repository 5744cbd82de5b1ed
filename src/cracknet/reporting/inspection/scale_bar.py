"""A scale bar on a strip below a picture, where it covers nothing."""

from __future__ import annotations

import math

import numpy as np

from cracknet.measurement.results import Measurement
from cracknet.reporting.lettering import BLACK, WHITE, draw_text, text_size
from cracknet.reporting.width_legend import scale_bar
from cracknet.reporting.writing import Picture

_SHARE = 0.25


def add_scale_bar(
    picture: Picture, measurement: Measurement, factor: float, letter: int
) -> Picture:
    """Return a picture, (h, w, 3) BGR, with a white strip below that holds a scale bar.

    Without a scale the bar is in pixels of the photograph, and says so.

    Parameters
    ----------
    picture : Picture
    measurement : Measurement
        Of the photograph.
    factor : float
        Pixels of the picture for one of the photograph.
    letter : int
        Height of letters in px.
    """
    height, width = picture.shape[:2]
    longest = _SHARE * measurement.width_px
    if measurement.scale is None:
        length = round_below(max(longest, 1))
        text = f"{length:g} px (no scale)"
    else:
        length, text = scale_bar(measurement, longest / 2, measurement.height_px - 1, longest)
    bar = max(1, round(length * factor))
    wide, tall = text_size(text, letter)
    thick = max(2, letter // 6)
    whole = np.full(
        (height + tall + 5 * thick, max(width, wide + 2 * thick, bar + 2 * thick), 3), 255, np.uint8
    )
    whole[:height, :width] = picture
    draw_text(whole, text, thick, height + thick, letter, BLACK, WHITE)
    low = height + tall + 2 * thick
    whole[low : low + thick, thick : thick + bar] = BLACK
    for x in (thick, max(thick, bar)):
        whole[low - thick : low + 2 * thick, x : x + thick] = BLACK
    return whole


def round_below(most: float) -> float:
    """Return the largest of 1, 2, 5 times a power of ten that is at most `most`.

    Examples
    --------
    >>> round_below(37.0), round_below(0.9), round_below(1000)
    (20.0, 0.5, 1000.0)
    """
    power = 10.0 ** math.floor(math.log10(most) + 1e-9)
    return float(f"{max(m for m in (1, 2, 5) if m * power <= most * (1 + 1e-9)) * power:.6g}")
