from __future__ import annotations

import numpy as np
import pytest

from cracknet.segmentation.models import find_model
from cracknet.segmentation.openvino import import_openvino
from cracknet.training.integers import quantise_net
from cracknet.training.net_parts import CONVOLUTIONS, net_parts, rank_parts

ov = import_openvino()


def read(path):
    return ov.Core().read_model(path)


def test_parts_of_the_shipped_net():
    net = read(find_model("cracknet-lite").file)
    parts = net_parts(net)
    assert list(parts) == [
        "stem",
        *(f"encoder 1/{scale}" for scale in (2, 4, 8, 16, 32)),
        *(f"decoder 1/{scale}" for scale in (16, 8, 4, 2, 1)),
        "logits",
    ]
    assert len(parts["stem"]) == len(parts["logits"]) == len(parts["decoder 1/1"]) == 1
    held = [name for names in parts.values() for name in names]
    every = {o.get_friendly_name() for o in net.get_ops() if o.get_type_name() in CONVOLUTIONS}
    assert len(held) == len(set(held))
    assert set(held) == every


def test_a_net_without_convolutions_has_no_parts(dark_net):
    assert net_parts(read(dark_net)) == {}


def test_one_convolution_is_the_logits(save_net, tmp_path):
    def formula(ops, gray):
        kernel = np.full((1, 1, 1, 1), 0.001, np.float32)
        values = ops.transpose(gray, [0, 3, 1, 2])
        values = ops.convolution(values, kernel, [1, 1], [0, 0], [0, 0], [1, 1])
        return ops.transpose(values, [0, 2, 3, 1])

    assert list(net_parts(read(save_net(tmp_path / "one.xml", formula)))) == ["logits"]


@pytest.mark.parametrize("loud", [2000.0, 500.0])
def test_the_part_that_rounding_ruins_comes_first(convolutional, tmp_path, loud):
    """The decoder's input is where the loud channel shares its scale with the one that counts."""
    net = read(convolutional(tmp_path / "fragile.xml", loud=loud))
    tiles = [np.random.default_rng(seed).integers(0, 256, (64, 96), np.uint8) for seed in range(4)]
    before = {o.get_friendly_name() for o in net.get_ops()}
    quantised = quantise_net(net, tiles)
    parts = net_parts(net)
    order = rank_parts(net, quantised, parts, tiles)
    assert order[0] == "decoder 1/1"
    assert sorted(order) == sorted(parts)
    assert {o.get_friendly_name() for o in net.get_ops()} == before  # the net stays as it is
