from __future__ import annotations

import dataclasses
import json

import cv2
import numpy as np
import pytest

from cracknet.errors import ArgumentError, PhotoError
from cracknet.synthesis import (
    SceneOptions,
    cut_surface,
    grain_contrast,
    render,
    standard_scene,
    straight_path,
    write_rendered_set,
)

SMALL = dataclasses.replace(
    standard_scene(), height=48, width=64, cracks=(1, 1), distractors=frozenset()
)


def wall(height=90, width=120, seed=0):
    rng = np.random.default_rng(seed)
    return np.clip(rng.normal(120, 10, (height, width)), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("shape", [(48, 64), (200, 300), (10, 900), (900, 10), (1, 1)])
def test_a_surface_has_the_scene_s_size_whatever_the_photograph_s(shape):
    for seed in range(8):
        surface = cut_surface(wall(*shape), 48, 64, 0.6, np.random.default_rng(seed))
        assert surface.shape == (48, 64)
        assert surface.dtype == np.float32
        assert surface.min() > 0


@pytest.mark.parametrize(("gray", "median"), [(120, 0.6), (20, 0.164), (0, 1 / 128), (255, 0.6)])
def test_brightness_is_moved_at_most_twofold(gray, median):
    flat = np.full((60, 80), gray, np.uint8)
    surface = cut_surface(flat, 48, 64, 0.6, np.random.default_rng(0))
    assert float(np.median(surface)) == pytest.approx(median, abs=1e-3)


def test_grain_contrast_is_of_what_is_fine_only():
    slope = np.tile(np.linspace(0.3, 0.6, 400, dtype=np.float32), (400, 1))
    assert grain_contrast(slope) < 0.01
    grain = np.exp(np.random.default_rng(1).normal(np.log(0.5), 0.2, (400, 400)))
    assert grain_contrast(grain.astype(np.float32)) == pytest.approx(0.2, rel=0.02)


def test_the_crack_takes_away_its_share_of_the_photograph_s_light():
    options = SceneOptions(
        height=40, width=60, light_gradient=0, vignette=0, psf_sigma_px=0, noise_percent=0,
        shot_noise_percent=0,
    )  # fmt: skip
    surface = np.full((40, 60), 0.5, np.float32)
    surface[:, 30:] = 0.8
    path = straight_path((-5, 20), (70, 20), 4.0, 0.5)
    gray = render(options, 1, cracks=[path], surface=surface).gray
    bare = render(options, 1, cracks=[], surface=surface).gray
    assert gray[20, 10] == pytest.approx(bare[20, 10] / 2, abs=1)
    assert gray[20, 50] == pytest.approx(bare[20, 50] / 2, abs=1)
    assert np.array_equal(gray[:15], bare[:15])
    assert float(surface[20, 10]) == 0.5  # what was given stays as it was


def test_a_surface_of_another_size_is_refused():
    with pytest.raises(ArgumentError, match="the surface must be 48x64"):
        render(SMALL, 1, surface=np.ones((64, 48), np.float32))


def test_a_set_names_its_backgrounds_and_is_the_same_each_time(tmp_path):
    folder = tmp_path / "walls"
    folder.mkdir()
    for index in range(3):
        cv2.imwrite(str(folder / f"wall_{index}.png"), wall(seed=index))
    for name in ("a", "b"):
        write_rendered_set(tmp_path / name, 4, SMALL, seed=2, backgrounds=[folder])
    names = set()
    for index in range(4):
        image, truth = f"images/train/rendered_{index:05d}.png", f"rendered_{index:05d}.json"
        assert (tmp_path / "a" / image).read_bytes() == (tmp_path / "b" / image).read_bytes()
        content = json.loads((tmp_path / "a/truth/train" / truth).read_text())
        names.add(content["background"])
        # A crack stands out of the grain that it runs across.
        assert 0.03 < content["options"]["contrast"] < 0.15
    assert names <= {f"wall_{index}.png" for index in range(3)}
    assert len(names) > 1


def test_without_backgrounds_the_truth_names_none(tmp_path):
    write_rendered_set(tmp_path, 1, SMALL)
    assert "background" not in json.loads(
        (tmp_path / "truth/train/rendered_00000.json").read_text()
    )


@pytest.mark.parametrize("content", [None, b"no picture"])
def test_backgrounds_that_cannot_be_had(tmp_path, content):
    place = tmp_path / "wall.png"
    if content is not None:
        place.write_bytes(content)
    with pytest.raises(PhotoError, match=r"wall\.png"):
        write_rendered_set(tmp_path / "set", 1, SMALL, backgrounds=[place])
    assert not list(tmp_path.glob("set/images/train/*"))
