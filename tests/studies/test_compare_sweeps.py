"""Sweeps: what each does to photograph and mask, and that it is the same for every system."""

from __future__ import annotations

import numpy as np
import pytest

from cracknet.studies.compare.sweeps import SWEEPS, distorted


@pytest.fixture
def photo():
    gray = np.full((80, 120), 160, np.uint8)
    gray[:, 50:70] = 40
    return gray, gray == 40


@pytest.mark.parametrize("name", SWEEPS)
def test_steps_rise_from_the_photograph_as_it_is(name, photo):
    steps = SWEEPS[name].steps
    assert steps[0] == 0
    assert list(steps) == sorted(set(steps))
    [(gray, mask)] = distorted(name, 0, [photo], seed=1)
    assert np.array_equal(gray, photo[0])
    away = [
        np.abs(distorted(name, step, [photo], seed=1)[0][0].astype(int) - photo[0]).mean()
        for step in steps
    ]
    assert away == sorted(away)
    assert away[-1] > 1
    assert mask is photo[1]


@pytest.mark.parametrize("name", SWEEPS)
def test_all_systems_see_the_same(name, photo):
    step = SWEEPS[name].steps[-1]
    first, again = (distorted(name, step, [photo, photo], seed=3) for _ in range(2))
    for (a, b), (c, d) in zip(first, again, strict=True):
        assert np.array_equal(a, c)
        assert np.array_equal(b, d)
    assert first[0][0].dtype == np.uint8


def test_noise_has_its_sigma_and_darkness_its_share():
    flat = np.full((200, 200), 128, np.uint8), np.zeros((200, 200), bool)
    [(noisy, _)] = distorted("noise", 20, [flat], seed=0)
    assert noisy.std() == pytest.approx(20, rel=0.03)
    [(dark, _)] = distorted("darkness", 0.75, [flat], seed=0)
    assert np.unique(dark) == [32]
    [(uneven, _)] = distorted("uneven light", 0.5, [flat], seed=0)
    assert uneven.max() == 128
    assert uneven.min() == 64


def test_distortion_moves_photograph_and_mask_together(photo):
    [(gray, mask)] = distorted("distortion", 0.2, [photo], seed=2)
    assert not np.array_equal(mask, photo[1])
    # the crack is dark wherever the mask says so, but for the edge that is interpolated
    assert ((gray < 100) != mask).mean() < 0.01
