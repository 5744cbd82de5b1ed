"""A small net with convolutions, and photographs for it."""

from __future__ import annotations

import numpy as np
import pytest

from cracknet.synthesis import SceneOptions, write_rendered_set


@pytest.fixture(scope="session")
def convolutional(save_net):
    """Return a function that writes a net of four convolutions that says how dark a pixel is.

    Stem, encoder at half size, decoder, logits. The stem's second channel is `loud` times as large
    as its first and means nothing: where both share one scale of 8 bits, the first is lost.
    """

    def write(path, loud=1.0):
        rng = np.random.default_rng(3)
        stem = np.zeros((2, 1, 3, 3))
        stem[0, 0, 1, 1], stem[1] = 1, loud / 9
        encoder = rng.normal(size=(2, 2, 3, 3)) * 0.1
        encoder[:, 1] /= loud
        decoder = rng.normal(size=(3, 4, 3, 3)) * 0.01
        decoder[:, 1] = 0
        decoder[0, 0, 1, 1] = 1
        logits = np.array([20, 0.1, -0.1]).reshape(1, 3, 1, 1)

        def formula(ops, gray):
            def conv(values, kernel, stride=1):
                pads, kernel = [kernel.shape[2] // 2] * 2, kernel.astype(np.float32)
                return ops.convolution(values, kernel, [stride] * 2, pads, pads, [1, 1])

            dark = ops.subtract(np.float32(1), ops.divide(gray, np.float32(255)))
            first = ops.relu(conv(ops.transpose(dark, [0, 3, 1, 2]), stem))
            half = ops.relu(conv(first, encoder, 2))
            doubled = ops.interpolate(
                half, np.float32([2, 2]), "linear_onnx", "scales", axes=[2, 3]
            )
            mixed = ops.relu(conv(ops.concat([first, doubled], 1), decoder))
            value = ops.sigmoid(ops.subtract(conv(mixed, logits), np.float32(10)))
            return ops.transpose(value, [0, 2, 3, 1])

        return save_net(path, formula)

    return write


@pytest.fixture(scope="session")
def walls(tmp_path_factory):
    """A set of 4 rendered photographs to train on, and 2 to validate on."""
    folder = tmp_path_factory.mktemp("data") / "walls"
    options = SceneOptions(height=96, width=128, cracks=(2, 2), width_px=(4, 9))
    write_rendered_set(folder, 4, options, split="train", vary=False)
    write_rendered_set(folder, 2, options, split="val", vary=False, seed=9)
    return folder
