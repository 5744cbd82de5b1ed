"""Three thresholds with names, chosen on validation photographs of several sources."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from cracknet.errors import ArgumentError
from cracknet.scoring.counts import THRESHOLDS, PooledScores
from cracknet.segmentation.segmenter import DEFAULT_THRESHOLD

ALIKE = 0.001
"""Mean scores nearer to each other than this are equally good: chance decides between them."""


def f_beta(scores: PooledScores, beta: float) -> npt.NDArray[np.float64]:
    """Return F_beta at each of `THRESHOLDS`: ``(1 + b^2) P R / (b^2 P + R)``, 0 where both are 0.

    Parameters
    ----------
    scores : PooledScores
    beta : float
        Above 0; 1 gives F1.

    Returns
    -------
    (99,) float64
    """
    weight = beta * beta
    below = weight * scores.precision + scores.recall
    above = (1 + weight) * scores.precision * scores.recall
    return np.divide(above, below, out=np.zeros_like(above), where=below > 0)


def choose_thresholds(sources: Mapping[str, PooledScores]) -> dict[str, float]:
    """Choose the thresholds of ``low``, ``normal`` and ``high`` sensitivity.

    ``high`` has the best F2 and ``low`` the best F0.5, each averaged over the sources, so that
    none counts more for having more pixels; ``normal`` is 0.5, which models are trained for, and
    neither of the others lies beyond it. Of equally good ones (`ALIKE`) that nearest to 0.5 is
    taken.

    Parameters
    ----------
    sources : mapping of str to PooledScores
        Validation scores by source.

    Raises
    ------
    ArgumentError
        When there is no source.

    Examples
    --------
    >>> falling = np.linspace(1, 0, 99)
    >>> choose_thresholds({"wall": PooledScores(falling[::-1], falling, falling)})
    {'low': 0.65, 'normal': 0.5, 'high': 0.35}
    """
    if not sources:
        msg = "thresholds are chosen on one source or more; got none."
        raise ArgumentError(msg)
    middle = int(np.abs(THRESHOLDS - DEFAULT_THRESHOLD).argmin())

    def best(beta: float, candidates: npt.NDArray[np.int64]) -> float:
        mean = np.mean([f_beta(scores, beta) for scores in sources.values()], axis=0)
        good = mean[candidates] >= mean[candidates].max() - ALIKE
        return float(THRESHOLDS[candidates[good.argmax()]])

    return {
        "low": best(0.5, np.arange(middle, len(THRESHOLDS))),
        "normal": DEFAULT_THRESHOLD,
        "high": best(2.0, np.arange(middle, -1, -1)),
    }
