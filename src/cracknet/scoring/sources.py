"""Where the predictions that are scored come from: a model, or a folder of files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from cracknet.arrays import Gray, Probability
from cracknet.datasets.pairs import AnnotatedPhoto
from cracknet.scoring.about import about_model, about_predictions
from cracknet.scoring.evaluate import Progress, is_predictions, score_model, score_predictions
from cracknet.scoring.predictions import find_predictions
from cracknet.scoring.scorer import SetScores
from cracknet.segmentation import Segmenter
from cracknet.segmentation.segmenter import DEFAULT_THRESHOLD


class Source(Protocol):
    """What gives predictions of the photographs of a set."""

    def score(self, distractors: Path | None = None, progress: Progress | None = None) -> SetScores:
        """Score all; parameters and errors are those of `score_model`, `score_predictions`."""

    def about(self, scores: SetScores) -> dict[str, Any]:
        """Return what is known of it, for JSON; `scores` are those that it gave."""

    def prediction(self, pair: AnnotatedPhoto, gray: Gray) -> Probability:
        """Give the prediction of one photograph, (H, W) float32, as it was scored."""


class _Model:
    def __init__(self, segmenter: Segmenter, pairs: Sequence[AnnotatedPhoto]) -> None:
        self._segmenter, self._pairs = segmenter, pairs

    def score(self, distractors: Path | None = None, progress: Progress | None = None) -> SetScores:
        return score_model(self._segmenter, self._pairs, distractors=distractors, progress=progress)

    def about(self, scores: SetScores) -> dict[str, Any]:
        return about_model(self._segmenter, scores.cpu_ms_per_megapixel)

    def prediction(self, pair: AnnotatedPhoto, gray: Gray) -> Probability:
        del pair  # the photograph is all that a model needs
        return self._segmenter.probability(gray)


class _Folder:
    def __init__(self, folder: Path, pairs: Sequence[AnnotatedPhoto], threshold: float) -> None:
        self._folder, self._pairs, self._threshold = folder, pairs, threshold
        self._predictions = find_predictions(folder, pairs)

    def score(self, distractors: Path | None = None, progress: Progress | None = None) -> SetScores:
        return score_predictions(
            self._predictions,
            self._pairs,
            self._threshold,
            distractors=distractors,
            progress=progress,
        )

    def about(self, scores: SetScores) -> dict[str, Any]:
        del scores  # files take no time to predict
        return about_predictions(self._folder)

    def prediction(self, pair: AnnotatedPhoto, gray: Gray) -> Probability:
        del gray
        return self._predictions.read(pair)


@contextmanager
def open_source(
    name: str | Path,
    pairs: Sequence[AnnotatedPhoto],
    threshold: float = DEFAULT_THRESHOLD,
    **options: Any,
) -> Iterator[Source]:
    """Open a model, or find the predictions of a folder, and close it after use.

    Parameters
    ----------
    name : str or Path
        A shipped model's name, a model file, or a folder (`is_predictions`).
    pairs : sequence of AnnotatedPhoto
        The photographs to score.
    threshold : float
        In [0, 1]: where masks are cut.
    **options
        Passed to `Segmenter`; a folder needs none.

    Raises
    ------
    ArgumentError, DatasetError, ModelError, EngineError
        As `Segmenter` and `find_predictions` do.
    """
    if is_predictions(name):
        yield _Folder(Path(name), pairs, threshold)
    else:
        with Segmenter(name, threshold=threshold, **options) as segmenter:
            yield _Model(segmenter, pairs)
