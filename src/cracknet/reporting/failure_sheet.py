"""The failure sheet: the photographs that a model gets wrong most, on one HTML page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from cracknet.arrays import Gray, Mask, Probability
from cracknet.datasets.pairs import AnnotatedPhoto
from cracknet.errors import ArgumentError, DatasetError
from cracknet.reporting.failure_pictures import (
    COLOURS_BGR,
    SHOWN_PX,
    paint_kinds,
    shrink,
    shrink_most,
    worst_window,
)
from cracknet.reporting.pages import data_uri, render_page, webp_of
from cracknet.reporting.writing import Picture
from cracknet.scoring.scorer import SetScores
from cracknet.scoring.worst import (
    FALSE_ALARMS,
    MISSES,
    PixelKinds,
    Ranked,
    Worst,
    kinds_of_pixels,
)

PredictionOf = Callable[[AnnotatedPhoto, Gray], Probability]
"""Gives the prediction of a photograph, (H, W) in [0, 1]; the photograph is given as read."""

_LOSSLESS = 101
_COLOUR_QUALITY = 90

_LEGEND = (
    ("hits", "hit: crack that is marked"),
    ("gross_alarms", "false alarm, further than {radius} px from any crack"),
    ("near_alarms", "marked beside a crack, within {radius} px"),
    ("gross_misses", "missed crack, further than {radius} px from anything marked"),
    ("near_misses", "crack not marked, but something within {radius} px is"),
)


@dataclass(frozen=True)
class Card:
    """A photograph on the sheet.

    Attributes
    ----------
    ranked : Ranked
    width_px, height_px : int
    pictures : tuple of (str, str)
        Caption and data URI.
    scores : tuple of (str, str)
        Name and value.
    """

    ranked: Ranked
    width_px: int
    height_px: int
    pictures: tuple[tuple[str, str], ...]
    scores: tuple[tuple[str, str], ...]


def failure_sheet(
    scores: SetScores,
    worst: Worst,
    pairs: Sequence[AnnotatedPhoto],
    prediction_of: PredictionOf,
    title: str,
    progress: Callable[[int, int], None] | None = None,
) -> str:
    """Lay out the worst photographs of a set on one page.

    Only they are read, and predicted, a second time, one after the other: memory is that of one
    photograph and of the page.

    Parameters
    ----------
    scores : SetScores
    worst : Worst
        Ranked from these scores.
    pairs : sequence of AnnotatedPhoto
        Those that were scored.
    prediction_of : callable
        As scored: of a model `Segmenter.probability`, of files `Predictions.read`.
    title : str
        The heading, such as the model, the set and its split.
    progress : callable, optional
        Called with the number of photographs drawn and of all.

    Returns
    -------
    str
        HTML.

    Raises
    ------
    ArgumentError
        When a ranked photograph is not among the pairs.
    DatasetError, PhotoError
        When a file cannot be read any more, or has changed its size.
    """
    by_stem = {pair.stem: pair for pair in pairs}
    cards: dict[tuple[str, str], Card] = {}
    for done, stem in enumerate(worst.stems, start=1):
        if stem not in by_stem:
            msg = f"the ranked photograph {stem!r} is not among those given. Give those scored."
            raise ArgumentError(msg)
        gray, truth = by_stem[stem].read()
        probability = prediction_of(by_stem[stem], gray)
        for ranked in (*worst.false_alarms, *worst.misses):
            if ranked.scores.stem == stem:
                cards[ranked.kind, stem] = _card(ranked, gray, truth, probability, worst.radius_px)
        if progress:
            progress(done, len(worst.stems))
    lists = (
        (FALSE_ALARMS, worst.false_alarms, worst.false_alarms_px),
        (MISSES, worst.misses, worst.misses_px),
    )
    return render_page(
        "failure_sheet.html.j2",
        title=title,
        worst=worst,
        summary=_summary(scores.summary(), worst.radius_px),
        threshold=scores.pooled.threshold,
        protocol=scores.protocol("pooled pixels"),
        lists=[
            (kind, [cards[kind, one.scores.stem] for one in ranked], total)
            for kind, ranked, total in lists
        ],
        legend=[
            (_hex(COLOURS_BGR[name]), text.format(radius=worst.radius_px)) for name, text in _LEGEND
        ],
    )


def _card(
    ranked: Ranked, gray: Gray, truth: Mask, probability: Probability, radius_px: int
) -> Card:
    if probability.shape != gray.shape or ranked.scores.pixels != gray.size:
        msg = (
            f"the photograph {ranked.scores.stem!r} or its prediction has changed since it was "
            f"scored: {gray.shape} and {probability.shape}. Evaluate again."
        )
        raise DatasetError(msg)
    mask = np.asarray(probability >= np.float32(ranked.scores.threshold))
    kinds = kinds_of_pixels(mask, truth, radius_px)
    pictures = [
        ("photograph", _uri(shrink(gray))),
        ("truth", _uri(shrink_most(truth), _LOSSLESS)),
        ("prediction: probability", _uri(shrink_most(probability), _COLOUR_QUALITY)),
        ("hits, false alarms, misses", _uri(paint_kinds(gray, kinds), _COLOUR_QUALITY)),
    ]
    if max(gray.shape) > SHOWN_PX:
        pictures += _closer(ranked.kind, gray, kinds)
    height, width = gray.shape
    return Card(ranked, width, height, tuple(pictures), _scores(ranked.scores, radius_px))


def _closer(kind: str, gray: Gray, kinds: PixelKinds) -> list[tuple[str, str]]:
    """Show the place of most errors at the photograph's own resolution."""
    window = worst_window(kinds.gross_alarms if kind == FALSE_ALARMS else kinds.gross_misses)
    part: Gray = np.asarray(window.cut(gray), np.uint8)
    cut = PixelKinds(
        **{name: np.asarray(window.cut(values), np.bool_) for name, values in vars(kinds).items()}
    )
    place = f"most {kind}, at x {window.left}, y {window.top}"
    return [
        (place, _uri(part)),
        (f"{place}, in colour", _uri(paint_kinds(part, cut), _COLOUR_QUALITY)),
    ]


def _scores(photo: Any, radius_px: int) -> tuple[tuple[str, str], ...]:
    summary = photo.summary()
    names = {
        "crack share": ("crack_share", "{:.2%}"),
        "precision": ("precision", "{:.3f}"),
        "recall": ("recall", "{:.3f}"),
        "F1": ("f1", "{:.3f}"),
        f"F1 within {radius_px} px": (f"f1_{radius_px}px", "{:.3f}"),
        "clDice": ("cl_dice", "{:.3f}"),
        "best F1": ("best_f1", "{:.3f}"),
        "best F1 at": ("best_f1_at", "{:.2f}"),
        "background called crack": ("false_alarm_share", "{:.3%}"),
        "distractors called crack": ("distractor_share", "{:.2%}"),
    }
    return tuple(
        (name, form.format(summary[key]))
        for name, (key, form) in names.items()
        if summary[key] is not None
    )


def _summary(summary: dict[str, Any], radius_px: int) -> list[tuple[str, str]]:
    names = {
        "precision": "precision",
        "recall": "recall",
        "F1": "f1",
        f"F1 within {radius_px} px": f"f1_{radius_px}px",
        "clDice": "cl_dice",
        "ODS": "ods",
    }
    return [
        (name, f"{summary[key]:.4f}") for name, key in names.items() if summary[key] is not None
    ]


def _uri(picture: Picture, quality: int = 72) -> str:
    return data_uri(webp_of(picture, quality))


def _hex(bgr: tuple[int, int, int]) -> str:
    return "#{:02x}{:02x}{:02x}".format(*reversed(bgr))
