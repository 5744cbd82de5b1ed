from __future__ import annotations

import keras
import numpy as np
import pytest

from cracknet.training.tally import PixelCounts, Tally


def test_counts_are_those_of_numpy():
    rng = np.random.default_rng(0)
    metric = PixelCounts()
    logits = rng.normal(0, 2, (3, 40, 50, 1)).astype(np.float32)
    truth = (rng.random(logits.shape) < 0.1).astype(np.float32)
    metric.update_state(truth, logits)
    marked = logits >= 0
    found = {key: float(value) for key, value in metric.result().items()}
    assert found == {
        "found": (marked & (truth > 0)).sum(),
        "marked": marked.sum(),
        "true": truth.sum(),
    }
    metric.update_state(truth, logits)
    assert float(metric.result()["true"]) == 2 * truth.sum()
    metric.reset_state()
    assert float(metric.result()["true"]) == 0


def test_a_batch_of_many_crack_pixels_is_counted_exactly():
    """4 crops of 448x448, all crack: float32 counts them to the pixel."""
    ones = keras.ops.ones((4, 448, 448, 1))
    metric = PixelCounts()
    metric.update_state(ones, ones)
    assert float(metric.result()["found"]) == 4 * 448 * 448


def test_figures_over_steps():
    tally = Tally()
    assert tally.add({"loss": np.float32(0.5), "found": 2, "marked": 4, "true": 10}) == 0.5
    tally.add({"loss": [1.5], "found": 1, "marked": 2, "true": 0})
    assert tally.figures() == {"loss": 1.0, "precision": 0.5, "recall": pytest.approx(0.3)}
    assert Tally(tally.sums).figures() == tally.figures()


def test_nothing_marked_and_no_crack():
    """Precision is 0 where nothing is marked."""
    tally = Tally()
    assert tally.figures() == {"loss": 0, "precision": 0, "recall": 0}
    tally.add({"loss": 1.0, "found": 0, "marked": 0, "true": 7})
    assert tally.figures() == {"loss": 1, "precision": 0, "recall": 0}
