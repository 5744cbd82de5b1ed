"""The loop on CrackNet-Lite itself, stopped and gone on with."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from cracknet.synthesis import standard_scene, write_rendered_set
from cracknet.training.checkpoints import read_checkpoint
from cracknet.training.loop import train
from cracknet.training.recipe import Recipe

ENCODER = Path(__file__).resolve().parents[2] / "models" / "efficientnet_lite0_imagenet.npz"


@pytest.mark.slow
def test_stopped_or_not_the_run_is_the_same(tmp_path):
    """States agree number by number; on one machine they have been seen to agree to the bit."""
    scene = dataclasses.replace(standard_scene(), height=72, width=88, cracks=(2, 2))
    write_rendered_set(tmp_path / "photos", 2, scene)
    recipe = Recipe.model_validate(
        {
            "net": {"name": "cracknet-lite", "encoder_weights": ENCODER},
            "data": [{"root": tmp_path / "photos"}],
            "validation": [{"root": tmp_path / "photos"}],
            "crops": {"size_px": 64},
            "run": {"steps": 8, "batch_size": 2, "validate_every": 8},
        }
    )
    whole, pieces = tmp_path / "whole", tmp_path / "pieces"
    train(recipe, whole, lambda _: None)
    train(recipe, pieces, lambda _: None, until=3)
    assert read_checkpoint(pieces).step == 3
    train(recipe, pieces, lambda _: None)
    found, expected = read_checkpoint(pieces), read_checkpoint(whole)
    assert found.step == expected.step == 8
    for kind in ("variables", "average"):
        for one, other in zip(getattr(found, kind), getattr(expected, kind), strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-6, atol=1e-6)
