"""The scores of a set, gathered photograph by photograph in one pass."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from cracknet.arrays import Mask, Probability
from cracknet.scoring.counts import PooledCounts, PooledScores
from cracknet.scoring.guards import check_pair
from cracknet.scoring.matches import Matches
from cracknet.scoring.normalised import NormalisedScores
from cracknet.scoring.options import ALL_SCORES, ScoreOptions
from cracknet.scoring.photograph import PhotoScores, score_counted
from cracknet.scoring.ranking import AveragePrecision, Ranking
from cracknet.scoring.reliability import Reliability, reliability
from cracknet.segmentation.segmenter import DEFAULT_THRESHOLD, check_threshold

FLOAT_VALUES = "float probabilities"
"""What was scored, where it came from a model and not from files."""

_NO_MEAN = ("threshold", "best_f1_at")


@dataclass(frozen=True)
class SetScores:
    """The scores of a set.

    Attributes
    ----------
    photographs : tuple of PhotoScores
        In the order in which they were added.
    pooled : PhotoScores
        The counts of all, added. `PhotoScores.best` holds those of OIS.
    curve : PooledScores
        Precision, recall and F1 of all pixels at the thresholds of ODS.
    reliability : Reliability
        Share of crack among the pixels of each tenth of values.
    average_precision : AveragePrecision, optional
    normalised : NormalisedScores, optional
    values : str
        What was scored: float probabilities, or files of 8 or 16 bits.
    cpu_ms_per_megapixel : float, optional
        What segmenting took, in ms of one core, where a model was scored.
    """

    photographs: tuple[PhotoScores, ...]
    pooled: PhotoScores
    curve: PooledScores
    reliability: Reliability
    average_precision: AveragePrecision | None
    normalised: NormalisedScores | None
    values: str = FLOAT_VALUES
    cpu_ms_per_megapixel: float | None = None

    def summary(self) -> dict[str, Any]:
        """Return the scores of the pooled pixels by name; what is undefined is None.

        Beside those of `PhotoScores.summary`: ``ods`` and ``ods_at``, the best F1 over the
        thresholds 0.01, 0.02 ... 0.99 of counts pooled over all photographs (DeepSegmentor's
        ``cal_prf_metrics``, but that here a probability equal to the threshold counts, and the
        precision of nothing is 0, not 1); ``ois``, the F1 of counts pooled over photographs
        where each takes its own best of these thresholds (the BSDS edge benchmark's OIS;
        DeepSegmentor has none; the mean of the photographs' best F1, which other code calls OIS,
        is ``best_f1`` of `mean`); ``average_precision`` and the bound of its rounding error;
        ``per_image_normalised``, a protocol of its own; the counts.
        """
        scores = self.pooled.summary()
        for key in ("best_f1", "best_f1_at"):
            del scores[key]
        counts, some = self.pooled.matches, self.pooled.matches.actual > 0
        ranked = self.average_precision
        return {
            **scores,
            "ods": self.curve.ods if some else None,
            "ods_at": self.curve.ods_threshold if some else None,
            "ois": self.pooled.best.f1,
            "average_precision": ranked.value if ranked else None,
            "average_precision_error": ranked.error if ranked else None,
            "per_image_normalised": self.normalised.summary() if self.normalised else None,
            "photos": len(self.photographs),
            "photos_without_crack": sum(not one.matches.actual for one in self.photographs),
            "true_positive": counts.right,
            "false_positive": counts.predicted - counts.right,
            "false_negative": counts.actual - counts.right,
            "pixels": self.pooled.pixels,
            "protocol": self.protocol("pooled pixels"),
        }

    def mean(self) -> dict[str, Any]:
        """Return the mean over photographs of each score of `PhotoScores.summary`.

        A photograph for which a score is undefined is left out of that score. Precision, too,
        is averaged over photographs with crack only, so that it goes with recall.
        """
        rows = [one.summary() for one in self.photographs]
        cracked = [row for row in rows if row["recall"] is not None]
        means: dict[str, Any] = {}
        for key in self.pooled.summary():
            chosen = cracked if key == "precision" else rows
            known = [row[key] for row in chosen if row[key] is not None]
            means[key] = float(np.mean(known)) if known and key not in _NO_MEAN else None
        means["threshold"] = self.pooled.threshold
        return {**means, "protocol": self.protocol("mean over photographs")}

    def rows(self) -> list[dict[str, Any]]:
        """Return the scores of each photograph: ``photo``, those of its summary, ``protocol``."""
        protocol = self.protocol("one photograph")
        return [
            {"photo": one.stem, **one.summary(), "protocol": protocol} for one in self.photographs
        ]

    def protocol(self, what: str) -> str:
        """Name a protocol in full."""
        return f"{what}, no tolerance, whole photographs, {self.values}"


class Scorer:
    """Gather the scores of a set, photograph by photograph, in one pass.

    Counts are kept by histogram, so memory does not grow with pixels (`Ranking` says how much
    average precision takes), and the order of photographs does not matter.

    Parameters
    ----------
    threshold : float
        In [0, 1]: where masks are cut.
    options : ScoreOptions
        Which scores are taken; `QUICK_SCORES` for validation during training.
    values : str
        What is scored, for the protocol's name.

    Raises
    ------
    ArgumentError
        When the threshold is outside [0, 1].

    Examples
    --------
    >>> scorer = Scorer(0.5)
    >>> truth = np.eye(8, dtype=bool)
    >>> for strength in (0.9, 0.6):
    ...     _ = scorer.add(truth * np.float32(strength), truth)
    >>> scores = scorer.result().summary()
    >>> scores["f1"], scores["ods"], scores["ois"], scores["average_precision"], scores["photos"]
    (1.0, 1.0, 1.0, 1.0, 2)
    """

    def __init__(
        self,
        threshold: float = DEFAULT_THRESHOLD,
        options: ScoreOptions = ALL_SCORES,
        values: str = FLOAT_VALUES,
    ) -> None:
        self.threshold = check_threshold(threshold)
        self.options = options
        self.values = values
        self._counts = PooledCounts()
        self._ranking = Ranking() if options.average_precision else None
        self._normalised = NormalisedScores() if options.normalised else None
        self._photographs: list[PhotoScores] = []

    def add(
        self,
        probability: Probability,
        truth: Mask,
        *,
        distractors: Mask | None = None,
        stem: str = "",
    ) -> PhotoScores:
        """Score one photograph and count it.

        Parameters and errors are those of `score_photograph`; a photograph that is refused
        is not counted.
        """
        probability, truth = check_pair(probability, truth)
        counts = PooledCounts()
        counts.add(probability, truth)
        photo = score_counted(
            counts, probability, truth, self.threshold, self.options, distractors, stem
        )
        self._counts.pool(counts)
        if self._ranking:
            self._ranking.add(probability, truth)
        if self._normalised:
            self._normalised.add(probability, truth)
        self._photographs.append(photo)
        return photo

    def result(self) -> SetScores:
        """Return the scores of all photographs added so far."""
        return SetScores(
            photographs=tuple(self._photographs),
            pooled=pool(self._photographs, self.threshold, self.options),
            curve=self._counts.scores(),
            reliability=reliability(self._counts),
            average_precision=self._ranking.average_precision() if self._ranking else None,
            normalised=replace(self._normalised) if self._normalised else None,
            values=self.values,
        )


def pool(photographs: list[PhotoScores], threshold: float, options: ScoreOptions) -> PhotoScores:
    """Add the counts of photographs."""
    nothing = Matches()
    known = [one.distractors for one in photographs if one.distractors]
    return PhotoScores(
        stem="",
        threshold=threshold,
        pixels=sum(one.pixels for one in photographs),
        matches=sum((one.matches for one in photographs), nothing),
        best=sum((one.best for one in photographs), nothing),
        best_at=None,
        within={
            radius: sum((one.within[radius] for one in photographs), nothing)
            for radius in options.tolerances_px
        },
        skeletons=(
            sum((one.skeletons for one in photographs if one.skeletons), nothing)
            if options.cl_dice
            else None
        ),
        distractors=sum(known, nothing) if known else None,
    )
