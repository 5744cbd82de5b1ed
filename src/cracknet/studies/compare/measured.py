"""One system measured: scores, costs, curves under distortion, and the narrowest crack."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from cracknet.arrays import Gray, Mask, Probability
from cracknet.baselines.baseline import Baseline
from cracknet.baselines.narrowest import Wall, find_widths, narrowest
from cracknet.datasets.pairs import AnnotatedPhoto
from cracknet.files import write_whole
from cracknet.scoring.matches import Matches
from cracknet.scoring.options import ScoreOptions
from cracknet.scoring.scorer import Scorer
from cracknet.studies.compare.sweeps import SWEEPS, distorted
from cracknet.studies.scored import encode_png

SCORES = ScoreOptions((2,), cl_dice=True, average_precision=False, normalised=False)
KEPT = (
    "precision", "recall", "f1", "ods", "ods_at", "f1_2px", "cl_dice", "false_alarm_share",
    "true_positive", "false_positive", "false_negative", "crack_share", "photos", "protocol",
)  # fmt: skip
Swept = Mapping[str, Sequence[Sequence[tuple[Gray, Mask]]]]
"""The distorted photographs by the sweep's name, for each of its steps."""


def distort_all(photos: Sequence[tuple[Gray, Mask]], seed: int) -> Swept:
    """Distort photographs by every step of every sweep, the same for all systems."""
    return {
        name: [distorted(name, step, photos, seed) for step in sweep.steps]
        for name, sweep in SWEEPS.items()
    }


def measure(
    system: Baseline,
    pairs: Sequence[AnnotatedPhoto],
    swept: Swept,
    *,
    walls: Sequence[Wall],
    keep: Mapping[str, Path],
) -> dict[str, Any]:
    """Measure a system.

    Parameters
    ----------
    system : Baseline
    pairs : sequence of AnnotatedPhoto
        To score on.
    swept : mapping
        Of `distort_all`.
    walls : sequence of Wall
        To look for the narrowest crack on.
    keep : mapping of str to Path
        Where the mask of a photograph is written, by its stem.

    Returns
    -------
    dict
        ``parameters``, ``scores``, ``cpu_ms_per_megapixel``, ``sweeps``, ``widths`` and
        ``narrowest_px``.
    """
    timed = _Timed(system.predict)
    scorer = Scorer(0.5, SCORES)
    for pair in pairs:
        gray, truth = pair.read()
        probability = timed(gray)
        scorer.add(probability, truth, stem=pair.stem)
        if pair.stem in keep:
            mask = (probability >= np.float32(0.5)).astype(np.uint8) * np.uint8(255)
            write_whole(keep[pair.stem], encode_png(mask))
    scores = scorer.result().summary()
    rows = find_widths(system, walls)
    least = narrowest(rows)
    return {
        "parameters": system.parameters,
        "scores": {key: scores[key] for key in KEPT},
        "cpu_ms_per_megapixel": timed.ms_per_megapixel,
        "sweeps": {
            name: [_f1(system, photos) for photos in steps] for name, steps in swept.items()
        },
        "widths": [
            {
                "width_px": row.width_px,
                "found_share": row.found_share,
                "blank_share": row.blank_share,
            }
            for row in rows
        ],
        "narrowest_px": least.width_px if least else None,
    }


class _Timed:
    """A function with a clock: processor time a megapixel, first photographs of a size aside."""

    def __init__(self, predict: Callable[[Gray], Probability]) -> None:
        self._predict = predict
        self._sizes: set[tuple[int, ...]] = set()
        self._costs: list[float] = []

    def __call__(self, gray: Gray) -> Probability:
        began = time.process_time()
        result = self._predict(gray)
        spent = time.process_time() - began
        if gray.shape in self._sizes:
            self._costs.append(1000 * spent / (gray.size / 1e6))
        self._sizes.add(gray.shape)
        return result

    @property
    def ms_per_megapixel(self) -> float | None:
        return median(self._costs) if self._costs else None


def _f1(system: Baseline, photos: Sequence[tuple[Gray, Mask]]) -> dict[str, float | None]:
    right = predicted = actual = 0
    for gray, truth in photos:
        mask = system.predict(gray) >= np.float32(0.5)
        right += int(np.count_nonzero(mask & truth))
        predicted += int(np.count_nonzero(mask))
        actual += int(np.count_nonzero(truth))
    counts = Matches(right, predicted, right, actual)
    return {"precision": counts.precision, "recall": counts.recall, "f1": counts.f1}
