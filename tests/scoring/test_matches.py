from __future__ import annotations

import pytest

from cracknet.scoring.matches import Matches


@pytest.mark.parametrize(
    ("counts", "precision", "recall", "f1", "iou"),
    [
        ((6, 8, 6, 12), 0.75, 0.5, 0.6, 6 / 14),
        ((0, 0, 0, 5), 0, 0, 0, 0),  # nothing predicted
        ((0, 4, 0, 5), 0, 0, 0, 0),  # all of it wrong
        ((5, 5, 5, 5), 1, 1, 1, 1),
        ((0, 4, 0, 0), 0, None, None, None),  # no crack: recall is undefined
        ((0, 0, 0, 0), 0, None, None, None),
    ],
)
def test_ratios(counts, precision, recall, f1, iou):
    found = Matches(*counts)
    assert found.precision == precision
    assert (found.recall, found.iou) == (recall, iou)
    assert found.f1 == (None if f1 is None else pytest.approx(f1))


def test_right_and_found_may_differ():
    counts = Matches(right=9, predicted=10, found=2, actual=10)
    assert counts.f1 == pytest.approx(2 * 0.9 * 0.2 / 1.1)


def test_pooling_adds():
    assert sum([Matches(1, 2, 3, 4), Matches(5, 6, 7, 8)], Matches()) == Matches(6, 8, 10, 12)
