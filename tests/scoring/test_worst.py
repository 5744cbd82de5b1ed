from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from cracknet.errors import ArgumentError
from cracknet.scoring.options import QUICK_SCORES
from cracknet.scoring.scorer import Scorer
from cracknet.scoring.tolerance import match_within
from cracknet.scoring.worst import kinds_of_pixels, rank_worst

SHAPE = (20, 30)


def lines(*columns):
    mask = np.zeros(SHAPE, bool)
    mask[:, list(columns)] = True
    return mask


def scores_of(*photographs, options=None):
    """Score masks (stem, prediction, truth)."""
    scorer = Scorer(0.5, options) if options else Scorer(0.5)
    for stem, mask, truth in photographs:
        scorer.add(mask.astype(np.float32), truth, stem=stem)
    return scorer.result()


@pytest.fixture
def four():
    """Two lines invented, one line missed, one line 2 px aside, and one line 3 px aside."""
    return scores_of(
        ("invented", lines(5, 20, 21), lines(5)),
        ("missed", lines(), lines(9)),
        ("near", lines(7), lines(9)),
        ("aside", lines(6), lines(9)),
    )


def test_lists_are_ranked_by_gross_errors(four):
    worst = rank_worst(four, 10)
    assert [(r.rank, r.scores.stem, r.errors_px, r.kind) for r in worst.false_alarms] == [
        (1, "invented", 40, "false alarms"),
        (2, "aside", 20, "false alarms"),
    ]
    assert [(r.rank, r.scores.stem, r.errors_px) for r in worst.misses] == [
        (1, "aside", 20),  # of equals, by name
        (2, "missed", 20),
    ]
    assert (worst.false_alarms_px, worst.misses_px, worst.photographs) == (60, 40, 4)
    assert [r.share for r in worst.false_alarms] == pytest.approx([2 / 3, 1 / 3])
    assert worst.stems == ["invented", "aside", "missed"]


def test_only_so_many_are_kept_and_shares_are_of_the_whole_set(four):
    worst = rank_worst(four, 1)
    assert worst.stems == ["invented", "aside"]
    assert worst.misses[0].share == 0.5
    assert worst.as_dict()["misses"] == [{"photo": "aside", "errors_px": 20, "share": 0.5}]
    assert worst.as_dict()["false_alarms_px"] == 60


def test_another_tolerance(four):
    assert [r.scores.stem for r in rank_worst(four, 9, 5).false_alarms] == ["invented"]


def test_nothing_wrong_and_nothing_at_all():
    right = rank_worst(scores_of(("a", lines(3), lines(3))), 3)
    assert right.stems == []
    assert right.false_alarms_px == right.misses_px == 0
    assert rank_worst(Scorer(0.5).result(), 3).photographs == 0


@pytest.mark.parametrize("count", [0, -1])
def test_a_count_below_one(four, count):
    with pytest.raises(ArgumentError, match=f"got {count}"):
        rank_worst(four, count)


def test_a_tolerance_that_was_not_taken(four):
    with pytest.raises(ArgumentError, match=r"\(2, 5 px\); got 3"):
        rank_worst(four, 1, 3)
    quick = scores_of(("a", lines(3), lines(9)), options=QUICK_SCORES)
    with pytest.raises(ArgumentError, match=r"\(none px\)"):
        rank_worst(quick, 1)


def test_kinds_of_two_lines_side_by_side():
    kinds = kinds_of_pixels(lines(5, 8, 20), lines(5, 6, 25), 2)
    assert np.array_equal(kinds.hits, lines(5))
    assert np.array_equal(kinds.near_alarms, lines(8))
    assert np.array_equal(kinds.gross_alarms, lines(20))
    assert np.array_equal(kinds.near_misses, lines(6))
    assert np.array_equal(kinds.gross_misses, lines(25))


@pytest.mark.parametrize("marked", [False, True])
@pytest.mark.parametrize("real", [False, True])
@pytest.mark.parametrize("shape", [(1, 1), (4, 7)])
def test_kinds_of_one_pixel_and_of_all(marked, real, shape):
    kinds = kinds_of_pixels(np.full(shape, marked), np.full(shape, real))
    expected = {(True, True): "hits", (True, False): "gross_alarms", (False, True): "gross_misses"}
    for name, values in vars(kinds).items():
        assert values.all() if expected.get((marked, real)) == name else not values.any(), name


def test_kinds_of_different_shapes():
    with pytest.raises(ArgumentError, match=r"\(2, 2\) and truth \(3, 3\)"):
        kinds_of_pixels(np.zeros((2, 2), bool), np.zeros((3, 3), bool))


@settings(max_examples=60, deadline=None)
@given(arrays(bool, (9, 11)), arrays(bool, (9, 11)), st.integers(0, 6))
def test_each_pixel_is_of_one_kind_and_gross_errors_are_those_counted(mask, truth, radius):
    kinds = kinds_of_pixels(mask, truth, radius)
    times = sum(values.astype(int) for values in vars(kinds).values())
    assert np.array_equal(times, (mask | truth).astype(int))
    counts = match_within(mask, truth, radius)
    assert kinds.gross_alarms.sum() == counts.predicted - counts.right
    assert kinds.gross_misses.sum() == counts.actual - counts.found
