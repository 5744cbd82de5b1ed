"""Features of a photograph, kept beside the run."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from cracknet.datasets.pairs import find_pairs
from cracknet.studies import scored
from cracknet.studies.architecture import read_architecture
from cracknet.studies.features import FEATURE_CHANNELS, _middle, keep_architecture, keep_features
from cracknet.studies.pictures import feature_maps
from cracknet.studies.scored import Sample, TrainedNet
from cracknet.training.validation import save_weights


@pytest.fixture
def trained(tiny, tmp_path, monkeypatch):
    monkeypatch.setattr(scored, "NETS", tiny)
    save_weights(tiny["cracknet"](), tmp_path / "average.weights.h5")
    return TrainedNet("cracknet", tmp_path, "abc")


@pytest.fixture
def sample(rendered_set):
    return Sample(find_pairs(rendered_set, "test")[0], 0.1, 0.75)


def test_the_strongest_channels_of_each_stage(trained, sample):
    architecture = keep_architecture(trained)
    found = keep_features(trained, architecture, sample)
    assert found["gray"].shape == (64, 64)  # of 72x88: multiples of 32
    for index, stage in enumerate(architecture.stages):
        maps = found[str(index)]
        size = 64 // stage.scale
        assert maps.shape == (min(stage.channels, FEATURE_CHANNELS), size, size)
        spread = maps.astype(np.float32).std(axis=(1, 2))
        assert (np.diff(spread) <= 1e-3).all()
    height, width = feature_maps(architecture, found).axes[0].images[0].get_array().shape[:2]
    assert height == len(architecture.stages) * 154
    assert width == FEATURE_CHANNELS * 154


def test_they_are_kept_for_these_weights_alone(trained, sample, monkeypatch):
    architecture = keep_architecture(trained)
    found = keep_features(trained, architecture, sample)
    again = TrainedNet("cracknet", trained.folder, "abc")
    monkeypatch.setattr(TrainedNet, "net", property(lambda _: pytest.fail("a net was built")))
    for name, values in keep_features(again, keep_architecture(again), sample).items():
        np.testing.assert_array_equal(values, found[name])
    with pytest.raises(pytest.fail.Exception, match="a net was built"):
        keep_features(TrainedNet("cracknet", trained.folder, "xyz"), architecture, sample)


def test_a_kept_architecture_is_the_net_s(trained):
    read = read_architecture(trained.net, "cracknet")
    assert keep_architecture(trained) == keep_architecture(trained) == read
    assert dataclasses.asdict(read)["stages"]


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ((1, 1), (32, 32)),
        ((33, 500), (32, 480)),
        ((64, 96), (64, 96)),
        ((3000, 40), (1024, 32)),
    ],
)
def test_the_middle(shape, expected):
    gray = np.arange(shape[0] * shape[1], dtype=np.uint32).astype(np.uint8).reshape(shape)
    assert _middle(gray).shape == expected
