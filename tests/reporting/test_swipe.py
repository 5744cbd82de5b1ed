"""Two dates of one size, to be wiped over each other."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from cracknet.errors import ArgumentError
from cracknet.measurement.change import Change
from cracknet.measurement.change.registration import Registration
from cracknet.reporting import swipe
from cracknet.reporting.swipe import PICTURES, write_swipe


def registered(before, after, matrix):
    """A change without cracks whose BEFORE lies in AFTER's frame by `matrix`."""
    matrix = np.asarray(matrix, float)
    found = Registration(
        matrix, np.repeat(matrix[None], 8, axis=0), 0.1, 99, 30, 40, 0.9, 1.0, 0.0,
        before.shape[:2], after.shape[:2],
    )  # fmt: skip
    return Change("a.jpg", "b.jpg", found, ())


@pytest.fixture
def scene(rendered):
    return rendered(448, 448).gray


def pictures(out):
    return [cv2.imread(str(out / name), cv2.IMREAD_UNCHANGED) for name in PICTURES]


@pytest.mark.parametrize("factor", [1.0, 0.4])
def test_before_lies_on_after_at_any_size(scene, tmp_path, monkeypatch, factor):
    """AFTER shows the same wall at half the size, moved by (8, 5) px of its own."""
    monkeypatch.setattr(swipe, "LARGEST_PX", round(200 * factor))
    half = cv2.resize(scene, (224, 224), interpolation=cv2.INTER_AREA)
    after = np.ascontiguousarray(half[5:205, 8:208])
    # pixel centres at whole numbers: x of the half is (x + 0.5) / 2 - 0.5
    matrix = [[0.5, 0, -0.25 - 8], [0, 0.5, -0.25 - 5], [0, 0, 1]]
    write_swipe(registered(scene, after, matrix), scene, after, tmp_path)
    laid, small, change = pictures(tmp_path)
    side = round(200 * factor)
    assert laid.shape == small.shape == (side, side)
    apart = laid.astype(int) - small
    assert np.abs(apart[2:-2, 2:-2]).mean() < 5
    moved = np.roll(small, 2, axis=1).astype(int) - small
    assert np.abs(moved[2:-2, 2:-2]).mean() > 8, "else the bound above says nothing"
    assert change.ndim == 3
    assert (tmp_path / "change.json").is_file()
    assert (tmp_path / "change.csv").is_file()


def test_colour_stays(scene, tmp_path):
    colour = np.dstack([scene // 2, scene, scene])
    write_swipe(registered(colour, scene, np.eye(3)), colour, scene, tmp_path)
    laid, small, _ = pictures(tmp_path)
    assert laid.shape == (*small.shape, 3)
    assert laid[..., 2].mean() > 1.5 * laid[..., 0].mean()


def test_the_photographs_must_be_those_compared(scene, tmp_path):
    change = registered(scene, scene, np.eye(3))
    with pytest.raises(ArgumentError, match="BEFORE must be the photograph"):
        write_swipe(change, scene[:-1], scene, tmp_path)
    with pytest.raises(ArgumentError, match="AFTER must be the photograph"):
        write_swipe(change, scene, scene[:, 1:], tmp_path)
    assert not list(tmp_path.iterdir())
