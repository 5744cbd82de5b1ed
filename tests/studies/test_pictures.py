"""What pictures show: the window of a close-up, and curves of the numbers given."""

from __future__ import annotations

import numpy as np
import pytest

from cracknet.studies.pictures import as_svg, close_up, curves


def test_the_close_up_holds_the_longest_border():
    truth = np.zeros((100, 120), bool)
    truth[10:12, :40] = True
    truth[60:90:2, 70:100] = True
    rows, columns = close_up(truth, 32)
    assert truth[rows, columns].sum() == truth[60:90].sum()
    assert (rows.stop - rows.start, columns.stop - columns.start) == (32, 32)


@pytest.mark.parametrize("shape", [(1, 1), (5, 200), (96, 96)])
@pytest.mark.parametrize("full", [False, True])
def test_the_close_up_of_anything_stays_inside(shape, full):
    rows, columns = close_up(np.full(shape, full))
    assert 0 <= rows.start < rows.stop <= shape[0]
    assert 0 <= columns.start < columns.stop <= shape[1]


def test_curves_are_those_of_the_set_and_of_the_batches():
    rows = [
        {"epoch": e, "walls_recall": 0.1 * e, "training_recall": 0.2 * e, "walls_precision": 0.0}
        for e in (1, 2, 3)
    ]
    figure = curves({"fcn-8s": ("FCN-8s", rows)}, "walls", "recall")
    held, training, *legend = figure.axes[0].lines
    assert held.get_xydata().tolist() == [[e, 0.1 * e] for e in (1, 2, 3)]
    assert training.get_xydata().tolist() == [[e, 0.2 * e] for e in (1, 2, 3)]
    assert all(len(line.get_xydata()) == 0 for line in legend)


def test_the_same_figure_is_the_same_file():
    rows = [{"epoch": 1.0, "a_recall": 0.5, "training_recall": 0.5}]
    made = [as_svg(curves({"cracknet": ("CrackNet", rows)}, "a", "recall")) for _ in range(2)]
    assert made[0] == made[1]
