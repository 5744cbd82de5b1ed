"""Which scores are taken."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ScoreOptions:
    """Which scores are taken beyond precision, recall, F1, IoU, ODS and OIS.

    What they cost in ms of one core for a megapixel (deepcrack test): 2 and 4 for tolerances of
    2 and 5 px, 33 for clDice, 66 for average precision, 6 for the per-image protocol; what is
    always taken costs 13. Segmenting that megapixel takes several hundred.

    Attributes
    ----------
    tolerances_px : tuple of int
        Radii of precision and recall with tolerance.
    cl_dice : bool
    average_precision : bool
    normalised : bool
        The per-image protocol of the SCSegamba family.
    """

    tolerances_px: tuple[int, ...] = (2, 5)
    cl_dice: bool = True
    average_precision: bool = True
    normalised: bool = True


ALL_SCORES = ScoreOptions()
QUICK_SCORES = ScoreOptions((), cl_dice=False, average_precision=False, normalised=False)
"""For validation during training: what follows from the histogram alone."""
