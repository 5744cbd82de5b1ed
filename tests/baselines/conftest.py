"""Tiles and photographs that the baselines' tests share."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from cracknet.baselines.tiles import TilePhoto
from cracknet.synthesis import render, standard_scene


@pytest.fixture(scope="session")
def tile_photos():
    """Nine rendered walls with wide cracks; the first three with a joint."""
    scene = dataclasses.replace(
        standard_scene(),
        height=144,
        width=176,
        cracks=(1, 1),
        width_px=(5, 9),
        depth=(0.8, 0.9),
    )
    photos = []
    for seed in range(9):
        made = render(scene, seed)
        joint = None
        gray = made.gray.copy()
        if seed < 3:
            joint = np.zeros(gray.shape, bool)
            joint[20 + 40 * seed : 23 + 40 * seed] = True
            gray[joint] = 250
        photos.append(TilePhoto(gray, made.mask & ~(joint if joint is not None else False), joint))
    return photos
