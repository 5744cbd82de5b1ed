"""Multiply-adds: of nets counted by hand, and of nets whose papers say them."""

from __future__ import annotations

import numpy as np
import pytest

from cracknet.errors import ArgumentError, ModelError
from cracknet.segmentation import list_models
from cracknet.segmentation.cost import count_multiply_adds, multiply_adds_of
from cracknet.segmentation.openvino import import_openvino

ov = import_openvino()
ops = ov.opset13


def constant(*shape):
    return ops.constant(np.zeros(shape, np.float32))


def cost_of(shape, formula):
    values = ops.parameter(ov.PartialShape(shape), np.float32)
    return multiply_adds_of(ov.Model([formula(values)], [values], "net"))


def convolution(values, *weights, stride=1, pad=0):
    return ops.convolution(values, constant(*weights), [stride] * 2, [pad] * 2, [pad] * 2, [1, 1])


@pytest.mark.parametrize(
    ("shape", "formula", "by_hand"),
    [
        # 8 x 10 outputs of 5 channels, each 3 channels of 3x3
        ((1, 3, 8, 10), lambda x: convolution(x, 5, 3, 3, 3, pad=1), 8 * 10 * 5 * 27),
        ((1, 3, 8, 10), lambda x: convolution(x, 5, 3, 3, 3), 6 * 8 * 5 * 27),
        ((1, 3, 8, 10), lambda x: convolution(x, 5, 3, 1, 1, stride=2), 4 * 5 * 5 * 3),
        ((2, 3, 8, 10), lambda x: convolution(x, 5, 3, 1, 1), 2 * 80 * 15),
        # 6 channels in 3 groups: each of 4 outputs of a group sees 2
        (
            (1, 6, 7, 7),
            lambda x: ops.group_convolution(
                x, constant(3, 4, 2, 3, 3), [1, 1], [1, 1], [1, 1], [1, 1]
            ),
            49 * 12 * 2 * 9,
        ),
        # depthwise
        (
            (1, 6, 7, 7),
            lambda x: ops.group_convolution(
                x, constant(6, 1, 1, 5, 5), [1, 1], [2, 2], [2, 2], [1, 1]
            ),
            49 * 6 * 25,
        ),
        # each of 4x5 inputs of 3 channels is spread over 2 channels of 4x4
        (
            (1, 3, 4, 5),
            lambda x: ops.convolution_backprop_data(
                x, constant(3, 2, 4, 4), [2, 2], pads_begin=[1, 1], pads_end=[1, 1]
            ),
            20 * 3 * 2 * 16,
        ),
        (
            (1, 6, 4, 5),
            lambda x: ops.group_convolution_backprop_data(
                x, constant(3, 2, 4, 2, 2), [2, 2], pads_begin=[0, 0], pads_end=[0, 0]
            ),
            20 * 6 * 4 * 4,
        ),
        ((7, 11), lambda x: ops.matmul(x, constant(11, 5), False, False), 7 * 5 * 11),
        ((11, 7), lambda x: ops.matmul(x, constant(5, 11), True, True), 7 * 5 * 11),
        ((3, 7, 11), lambda x: ops.matmul(x, constant(11, 5), False, False), 3 * 7 * 5 * 11),
        ((11,), lambda x: ops.matmul(x, constant(11, 5), False, False), 5 * 11),
        # free of charge: activations, sums, pooling
        ((1, 3, 8, 8), lambda x: ops.relu(ops.add(x, constant(1, 3, 1, 1))), 0),
    ],
)  # fmt: skip
def test_by_hand(shape, formula, by_hand):
    assert cost_of(shape, formula) == by_hand


def test_a_chain_adds_up():
    def net(values):
        hidden = ops.relu(convolution(values, 4, 3, 3, 3, pad=1))
        return convolution(hidden, 2, 4, 1, 1)

    assert cost_of((1, 3, 6, 6), net) == 36 * 4 * 27 + 36 * 2 * 4


def test_shapes_that_are_not_fixed():
    with pytest.raises(ModelError, match="Reshape the model first"):
        cost_of((1, 3, -1, 8), lambda x: convolution(x, 5, 3, 3, 3))


def test_a_model_file_grows_with_the_tile():
    file = list_models()[0].file
    small, large = count_multiply_adds(file, 224, 224), count_multiply_adds(file, 448, 448)
    assert large == 4 * small > 1e9
    assert count_multiply_adds(file, 224, 448) == 2 * small


def test_a_net_without_convolutions_costs_nothing(dark_net):
    assert count_multiply_adds(dark_net) == 0


@pytest.mark.parametrize("size", [(0, 448), (448, -1)])
def test_a_tile_without_pixels(dark_net, size):
    with pytest.raises(ArgumentError, match="at least 1x1"):
        count_multiply_adds(dark_net, *size)


def test_what_is_no_model(tmp_path, save_net):
    (tmp_path / "a.xml").write_text("no model")
    with pytest.raises(ModelError, match=r"a\.xml does not allow it"):
        count_multiply_adds(tmp_path / "a.xml")
    colour = save_net(
        tmp_path / "colour.xml",
        lambda ops, x: ops.matmul(x, ops.constant(np.ones((3, 2), np.float32)), False, False),
        (1, -1, -1, 3),
    )
    with pytest.raises(ModelError, match=r"colour\.xml"):
        count_multiply_adds(colour)


def resnet101(image):
    """Convolutions and classifier of ResNet-101: He et al. 2016, table 1."""
    values = convolution(image, 64, 3, 7, 7, stride=2, pad=3)
    values = ops.max_pool(values, [2, 2], [1, 1], [1, 1], [1, 1], [3, 3]).output(0)
    inside = 64
    for stage, blocks in enumerate((3, 4, 23, 3)):
        width = 64 * 2**stage
        for block in range(blocks):
            stride = 2 if stage and not block else 1
            hidden = convolution(values, width, inside, 1, 1, stride=stride)
            hidden = convolution(hidden, width, width, 3, 3, pad=1)
            hidden = convolution(hidden, 4 * width, width, 1, 1)
            if not block:
                values = convolution(values, 4 * width, inside, 1, 1, stride=stride)
            values, inside = ops.add(hidden, values), 4 * width
    pooled = ops.reduce_mean(values, np.array([2, 3]))
    return ops.matmul(pooled, constant(2048, 1000), False, False)


def mobilenet(image):
    """MobileNet: Howard et al. 2017, table 1."""
    values, inside = convolution(image, 32, 3, 3, 3, stride=2, pad=1), 32
    steps = [(64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2)]
    for width, stride in [*steps, *[(512, 1)] * 5, (1024, 2), (1024, 1)]:
        each = constant(inside, 1, 1, 3, 3)
        values = ops.group_convolution(values, each, [stride] * 2, [1, 1], [1, 1], [1, 1])
        values, inside = convolution(values, width, inside, 1, 1), width
    pooled = ops.reduce_mean(values, np.array([2, 3]))
    return ops.matmul(pooled, constant(1024, 1000), False, False)


@pytest.mark.parametrize(
    ("net", "published"),
    [
        (resnet101, 7.6e9),  # He et al. 2016, table 1
        (mobilenet, 569e6),  # Howard et al. 2017, table 4
    ],
)
def test_nets_whose_papers_say_it(net, published):
    assert cost_of((1, 3, 224, 224), net) == pytest.approx(published, rel=0.01)
