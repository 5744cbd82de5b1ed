"""Round numbers for axes."""

from __future__ import annotations

import math

_MANTISSAS = (1.0, 2.0, 2.5, 5.0, 10.0)


def round_step(span: float, most: int) -> float:
    """Return the least of 1, 2, 2.5, 5 times a power of ten of which `most` cover `span`.

    Examples
    --------
    >>> round_step(0.83, 5), round_step(100, 4), round_step(3, 24)
    (0.2, 25.0, 0.2)
    """
    least = span / most
    power = 10.0 ** math.floor(math.log10(least))
    # A hair of room against steps such as 0.1 * 3 > 0.3.
    step = next(m * power for m in _MANTISSAS if m * power >= least * (1 - 1e-9))
    return float(f"{step:.6g}")
