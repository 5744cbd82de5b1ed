"""Sides of a marker: unbiased under blur, and honest of their own scatter."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from cracknet.errors import MeasurementError
from cracknet.measurement.scale.edges import fit_sides


def square(blur, noise, seed, origin=(40.3, 50.7), side=80.0, modules=8):
    """A black frame with a white margin, its pixels covered by area; and its true corners."""
    rng = np.random.default_rng(seed)
    fine = 10
    grid = (np.arange(180 * fine) + 0.5) / fine - 0.5
    inside_x = (grid >= origin[0]) & (grid < origin[0] + side)
    inside_y = (grid >= origin[1]) & (grid < origin[1] + side)
    cover = (inside_y[:, None] & inside_x[None]).reshape(180, fine, 180, fine).mean((1, 3))
    light = cv2.GaussianBlur(220 - 190 * cover, (0, 0), blur)
    light += rng.normal(0, noise, light.shape)
    corners = np.array(origin) + side * np.array([[0, 0], [1, 0], [1, 1], [0, 1]])
    return np.clip(np.rint(light), 0, 255).astype(np.uint8), corners


@pytest.mark.parametrize("blur", [0.4, 0.8, 1.5])
def test_blur_does_not_move_the_sides(blur):
    gray, corners = square(blur, 0.0, 0)
    found = fit_sides(gray, np.round(corners), 8, "marker").corners()
    assert np.abs(found - corners).max() < 0.03


def test_scatter_is_as_stated():
    """Errors of many noisy pictures against the stated covariance of the sides' points."""
    errors, stated = [], []
    for seed in range(40):
        gray, corners = square(0.8, 6.0, seed)
        sides = fit_sides(gray, np.round(corners), 8, "marker")
        # the first side runs along y = origin, outwards is up
        errors.append(sides.ends_px[0, :, 1] - corners[0, 1])
        stated.append(np.sqrt(np.diag(sides.covariances_px2[0])))
    ratio = np.std(errors) / np.mean(stated)
    assert 0.5 < ratio < 1.4
    assert abs(np.mean(errors)) < 0.03


def test_moved_sides_move_the_corners_outwards():
    gray, corners = square(0.8, 0.0, 0)
    sides = fit_sides(gray, corners, 8, "marker")
    grown = sides.corners(np.full((4, 2), 1.0))
    assert grown - sides.corners() == pytest.approx(
        np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]), abs=0.01
    )


def test_a_flat_picture_has_no_sides():
    corners = np.array([[40.0, 40], [90, 40], [90, 90], [40, 90]])
    with pytest.raises(MeasurementError, match="AprilTag 3 has a side without a clear edge"):
        fit_sides(np.full((120, 120), 99, np.uint8), corners, 8, "AprilTag 3")
