"""A wall photographed twice, and measurements made of known paths."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from cracknet.measurement.change import Dated
from cracknet.measurement.results import Branch, MeasuredCrack, Measurement
from cracknet.synthesis import CrackPath, SceneOptions, render
from cracknet.synthesis.views import path_through, photograph, pinhole_view

WALL, PHOTO = (640, 760), (320, 380)
STRAIGHT_ON = pinhole_view(WALL, PHOTO, magnification=0.5)
SLANTED = pinhole_view(
    WALL, PHOTO, slant_deg=30, towards_deg=20, turn_deg=5, magnification=0.52, shift_px=(6, -4)
)


@pytest.fixture(scope="session")
def views():
    return STRAIGHT_ON, SLANTED


@pytest.fixture(scope="session")
def wall():
    """Return a function that photographs a wall of a seed, with cracks, through a view."""

    @cache
    def base(seed, cracks):
        scene = SceneOptions(
            height=WALL[0], width=WALL[1], surface="weathered", contrast=0.07, psf_sigma_px=0,
            noise_percent=0, shot_noise_percent=0, light_gradient=0, vignette=0,
        )  # fmt: skip
        return render(scene, seed, cracks=list(cracks)).gray

    @cache
    def shoot(view, seed=0, cracks=(), noise_seed=0, exposure=1.0):
        matrix = (STRAIGHT_ON, SLANTED)[view]
        rng = np.random.default_rng(noise_seed)
        return photograph(base(seed, cracks), matrix, *PHOTO, rng, exposure=exposure)

    return shoot


@pytest.fixture(scope="session")
def measured():
    """Return a function: paths in px of the wall and a view in, what an ideal measure finds out."""

    def make(paths, view=0, scale=None, method=0, resolved=True):
        cracks = []
        for number, path in enumerate(paths, 1):
            own = path_through(_dense(path), (STRAIGHT_ON, SLANTED)[view])
            inside = ((own.points_px > -0.5) & (own.points_px < [PHOTO[1], PHOTO[0]])).all(axis=1)
            points, widths = own.points_px[inside], own.widths_px[inside]
            if len(points) > 1:
                branch = Branch(
                    points, widths, np.full(len(points), method, np.uint8), resolved=resolved
                )
                cracks.append(MeasuredCrack(number, (branch,), float(widths.sum())))
        return Measurement(*PHOTO, tuple(cracks), scale)

    return make


@pytest.fixture(scope="session")
def dated(wall, measured):
    """Return a function that makes one date of a seeded wall with known cracks."""

    def make(paths=(), view=0, seed=0, noise_seed=0, **options):
        paths = tuple(paths)
        gray = wall(view, seed, paths, noise_seed + view)
        return Dated(measured(paths, view, **options), gray, f"view{view}.png")

    return make


def _dense(path):
    at = np.append(0, np.cumsum(path.lengths_px))
    fine = np.linspace(0, at[-1], int(path.length_px) + 1)
    points = np.column_stack([np.interp(fine, at, path.points_px[:, k]) for k in (0, 1)])
    return CrackPath(points, np.interp(fine, at, path.widths_px), path.depth)
