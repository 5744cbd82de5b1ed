"""Scores of a model, or of predictions on disk, on a set of photographs with masks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from cracknet.arrays import Mask, Probability
from cracknet.datasets.pairs import AnnotatedPhoto, read_mask
from cracknet.errors import ArgumentError, DatasetError
from cracknet.scoring.about import TimedSegmenter
from cracknet.scoring.options import ALL_SCORES, ScoreOptions
from cracknet.scoring.predictions import Predictions, find_predictions
from cracknet.scoring.scorer import FLOAT_VALUES, Scorer, SetScores
from cracknet.segmentation import Segmenter, list_models
from cracknet.segmentation.segmenter import DEFAULT_THRESHOLD

PROTOCOL = f"pooled pixels, no tolerance, whole photographs, {FLOAT_VALUES}"

Progress = Callable[[], None]


def evaluate_model(
    segmenter: Segmenter,
    pairs: Sequence[AnnotatedPhoto],
    progress: Progress | None = None,
    options: ScoreOptions = ALL_SCORES,
) -> dict[str, Any]:
    """Segment every photograph of a set and score all pixels together.

    Parameters and errors are those of `score_model`.

    Returns
    -------
    dict
        ``precision``, ``recall``, ``f1`` at ``threshold``, ``ods`` and its threshold
        ``ods_at``, ``photos``, ``crack_share``, ``protocol`` and the others of
        `SetScores.summary`.
    """
    return score_model(segmenter, pairs, options=options, progress=progress).summary()


def score_model(
    segmenter: Segmenter,
    pairs: Sequence[AnnotatedPhoto],
    *,
    distractors: Path | None = None,
    options: ScoreOptions = ALL_SCORES,
    progress: Progress | None = None,
) -> SetScores:
    """Segment every photograph of a set and score it.

    Parameters
    ----------
    segmenter : Segmenter
        Scores at a threshold are taken at its own.
    pairs : sequence of AnnotatedPhoto
    distractors : Path, optional
        Folder of masks ``<stem>.png`` of what must not be marked; not every photograph needs one.
    options : ScoreOptions
    progress : callable, optional
        Called after each photograph.

    Raises
    ------
    DatasetError, PhotoError
        When a file cannot be read or does not fit its photograph, or there is no photograph.
    """
    timed = TimedSegmenter(segmenter)

    def read(pair: AnnotatedPhoto) -> tuple[Probability, Mask]:
        gray, truth = pair.read()
        return timed.probability(gray), truth

    scorer = Scorer(segmenter.threshold, options)
    scores = _score(scorer, pairs, read, distractors, progress)
    return replace(scores, cpu_ms_per_megapixel=timed.ms_per_megapixel)


def is_predictions(name: str | Path) -> bool:
    """Tell a folder of predictions from a model: a folder, and no shipped model's name."""
    return str(name) not in {card.name for card in list_models()} and Path(name).is_dir()


def score_predictions(
    folder: Path | Predictions,
    pairs: Sequence[AnnotatedPhoto],
    threshold: float = DEFAULT_THRESHOLD,
    *,
    distractors: Path | None = None,
    options: ScoreOptions = ALL_SCORES,
    progress: Progress | None = None,
) -> SetScores:
    """Score predictions that lie in a folder; the photographs are not read.

    Parameters
    ----------
    folder : Path or Predictions
        Holds a file for each photograph; or what `find_predictions` found in it.
    pairs : sequence of AnnotatedPhoto
    threshold : float
        In [0, 1].
    distractors, options, progress
        As in `score_model`.

    Raises
    ------
    ArgumentError
        When the threshold is outside [0, 1].
    DatasetError
        When a prediction is missing, a file cannot be read or does not fit its photograph, or
        there is no photograph.
    """
    _check_any(pairs)
    predictions = folder if isinstance(folder, Predictions) else find_predictions(folder, pairs)

    def read(pair: AnnotatedPhoto) -> tuple[Probability, Mask]:
        return predictions.read(pair), pair.read_mask()

    scorer = Scorer(threshold, options, predictions.values)
    return _score(scorer, pairs, read, distractors, progress)


def _score(
    scorer: Scorer,
    pairs: Sequence[AnnotatedPhoto],
    read: Callable[[AnnotatedPhoto], tuple[Probability, Mask]],
    distractors: Path | None,
    progress: Progress | None,
) -> SetScores:
    _check_any(pairs)
    avoided = _find_distractors(distractors, pairs) if distractors else {}
    for pair in pairs:
        probability, truth = read(pair)
        avoid = read_mask(avoided[pair.stem]) if pair.stem in avoided else None
        try:
            scorer.add(probability, truth, distractors=avoid, stem=pair.stem)
        except ArgumentError as error:
            msg = f"the photograph {pair.stem!r} cannot be scored: {error}"
            raise DatasetError(msg) from error
        if progress:
            progress()
    return scorer.result()


def _check_any(pairs: Sequence[AnnotatedPhoto]) -> None:
    if not pairs:
        msg = "no photographs to score. Check the data set's split and the list of stems."
        raise DatasetError(msg)


def _find_distractors(folder: Path, pairs: Sequence[AnnotatedPhoto]) -> dict[str, Path]:
    found = {pair.stem: path for pair in pairs if (path := folder / f"{pair.stem}.png").is_file()}
    if not found:
        msg = (
            f"{folder} holds no mask of what must not be marked: expected such as "
            f"{folder / pairs[0].stem}.png. Name the folder that holds the masks of this split."
        )
        raise DatasetError(msg)
    return found
