"""What every net of `NETS` keeps to."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path

import keras
import numpy as np
import pytest

import cracknet
from cracknet.nets import NETS
from cracknet.training.losses import CrossEntropyDice

PARAMETERS = {"cracknet": 51_666_833, "cracknet-lite": 3_845_569}
CONVOLUTIONS = {
    # 1 stem, 33 bottleneck blocks of 3, 4 projections: the 100 layers of ResNet101 before its
    # dense one, with the projections; then 10 of the decoder and the head
    "cracknet": 1 + 33 * 3 + 4 + 10 + 1,
    # 1 stem, 15 blocks of expand and project beside a first without expand; 9 and the head
    "cracknet-lite": 1 + 15 * 2 + 1 + 9 + 1,
}
SKIPS = {
    "cracknet": {16: 1024, 8: 512, 4: 256, 2: 64},
    "cracknet-lite": {16: 112, 8: 40, 4: 24, 2: 16, 1: 1},
}
OTHER_ARGUMENTS = {"decoder_filters": (20, 16, 12, 8, 4), "mean": 100.0, "std": 40.0}


@pytest.fixture(scope="module", params=list(NETS))
def name(request):
    return request.param


@pytest.fixture(scope="module")
def net(name):
    keras.utils.set_random_seed(3)
    return NETS[name]()


def gray(height=64, width=64, count=1, seed=0):
    rng = np.random.default_rng(seed)
    return rng.uniform(0, 255, (count, height, width, 1)).astype(np.float32)


def predict(net, images):
    return keras.ops.convert_to_numpy(net(images, training=False))


@pytest.mark.parametrize(("height", "width"), [(32, 32), (64, 64), (96, 32), (32, 160)])
def test_output_has_the_input_s_size_in_probabilities(net, height, width):
    result = predict(net, gray(height, width, count=2))
    assert result.shape == (2, height, width, 1)
    assert result.dtype == np.float32
    assert result.min() >= 0
    assert result.max() <= 1
    assert result.std() > 0


def test_any_size_is_taken(net):
    assert net.input_shape == (None, None, None, 1)
    assert net.output_shape == (None, None, None, 1)


def test_parameter_count(name, net):
    assert net.count_params() == PARAMETERS[name]


def test_convolution_count(name, net):
    found = [
        layer
        for layer in net.layers
        if isinstance(layer, keras.layers.Conv2D)
        and not isinstance(layer, keras.layers.DepthwiseConv2D)
    ]
    assert len(found) == CONVOLUTIONS[name]


def test_encoder_of_cracknet_is_resnet101():
    """Blocks of 3, 4, 23 and 3, of three convolutions each, the first with a projection."""
    convolutions = {
        layer.name for layer in NETS["cracknet"]().layers if isinstance(layer, keras.layers.Conv2D)
    }
    expected = {"conv1_conv"}
    for group, blocks in ((2, 3), (3, 4), (4, 23), (5, 3)):
        expected.add(f"conv{group}_block1_0_conv")
        expected |= {
            f"conv{group}_block{block}_{layer}_conv"
            for block in range(1, blocks + 1)
            for layer in (1, 2, 3)
        }
    assert len(expected) == 104
    assert expected <= convolutions
    assert all(
        other.startswith("decoder_") or other == "logits" for other in convolutions - expected
    )


def test_skip_connections_join_the_scales(name, net):
    """Each concatenation joins upsampled features with the encoder's, of one scale."""
    joins = [layer for layer in net.layers if isinstance(layer, keras.layers.Concatenate)]
    tensors = [tensor for layer in joins for tensor in layer.input]
    values = keras.Model(net.input, tensors)(gray(64, 128), training=False)
    found = {}
    for layer, upsampled, skip in zip(joins, values[::2], values[1::2], strict=True):
        assert upsampled.shape[1:3] == skip.shape[1:3]
        producers = [tensor._keras_history.operation for tensor in layer.input]
        assert isinstance(producers[0], keras.layers.UpSampling2D)
        assert producers[0].interpolation == "bilinear"
        assert not producers[1].name.startswith("decoder_")
        assert 64 // skip.shape[1] == 128 // skip.shape[2]
        found[64 // skip.shape[1]] = skip.shape[3]
    assert found == SKIPS[name]


def test_gray_values_are_standardised_inside(net):
    inner = keras.Model(net.input, net.get_layer("standardise").output)
    values = np.array([0.0, net.mean, net.mean + net.std, 255.0], np.float32)
    result = predict(inner, values.reshape(1, 2, 2, 1)).ravel()
    assert result == pytest.approx((values - net.mean) / net.std, abs=1e-5)


def test_every_argument_is_an_attribute(name, net):
    arguments = [
        argument
        for argument in inspect.signature(NETS[name].__init__).parameters
        if argument not in ("self", "kwargs")
    ]
    assert arguments
    for argument in arguments:
        assert hasattr(net, argument)
        assert argument in net.get_config()


def test_config_round_trip(name):
    net = NETS[name](**OTHER_ARGUMENTS, name="other")
    again = NETS[name].from_config(net.get_config())
    assert again.get_config() == net.get_config()
    for argument, value in OTHER_ARGUMENTS.items():
        assert getattr(again, argument) == value
    assert again.name == "other"

    def architecture(model):
        return [
            (type(layer), layer.name, [tuple(weight.shape) for weight in layer.weights])
            for layer in model.layers
        ]

    assert architecture(again) == architecture(net)
    assert net.get_layer("decoder_1_1_conv").filters == OTHER_ARGUMENTS["decoder_filters"][-1]


def test_save_and_load_gives_the_same_output(name, net, tmp_path):
    images = gray(seed=5)
    expected = predict(net, images)
    whole, weights = tmp_path / "net.keras", tmp_path / "net.weights.h5"
    net.save(whole)
    again = keras.saving.load_model(whole)
    whole.unlink()
    assert isinstance(again, NETS[name])
    assert again.get_config() == net.get_config()
    assert predict(again, images) == pytest.approx(expected, abs=1e-6)

    other = NETS[name]()
    assert np.abs(predict(other, images) - expected).max() > 1e-4
    net.save_weights(weights)
    other.load_weights(weights)
    weights.unlink()
    assert predict(other, images) == pytest.approx(expected, abs=1e-6)


def test_one_step_of_training_lowers_the_loss(name):
    """Both losses are of the same image, the second after one step of gradient descent."""
    keras.utils.set_random_seed(0)
    net = NETS[name]()
    trainer = keras.Model(net.input, net.get_layer("logits").output)
    trainer.compile(keras.optimizers.SGD(1e-2), CrossEntropyDice(), run_eagerly=True)
    image = np.full((1, 64, 64, 1), 180, np.float32)
    image[:, 28:34] = 40
    before, after = (
        float(np.ravel(trainer.train_on_batch(image, (image < 100).astype(np.float32)))[0])
        for _ in range(2)
    )
    assert after < before - 1e-3


@pytest.mark.parametrize("room", ["nets", "training"])
def test_no_backend_is_imported(room):
    """The code runs on any Keras backend because it names none."""
    folder = Path(cracknet.__file__).parent / room
    files = sorted(folder.rglob("*.py"))
    assert len(files) > 3
    for file in files:
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                imported = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                imported = [node.module or ""]
            else:
                continue
            roots = {module.split(".")[0] for module in imported}
            assert not roots & {"tensorflow", "torch", "jax"}, f"{file}: {imported}"
