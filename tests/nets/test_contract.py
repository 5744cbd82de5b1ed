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

PARAMETERS = {
    "cracknet": 51_666_833,
    "cracknet-lite": 3_845_569,
    "cracknet-no-skips": 48_551_825,
    # 134.3 million, as the authors' files: VGG16's 13 convolutions, fc6 and fc7
    "fcn-8s": 134_264_547,
    "fcn-32s": 134_267_585,
    # ResNet101 on one channel, and a 3x3 score of 2048 features at each of four rates
    "deeplab-v2": 42_651_904 + 4 * (9 * 2048 + 1),
    "deeplab-v2-fine": 42_651_904 + 4 * (9 * 2048 + 1) + (9 * 256 + 1) + (9 * 64 + 1),
    "resnet-45": 31_492_993,
}
CONVOLUTIONS = {
    # 1 stem, 33 bottleneck blocks of 3, 4 projections: the 100 layers of ResNet101 before its
    # dense one, with the projections; then 10 of the decoder and the head
    "cracknet": 1 + 33 * 3 + 4 + 10 + 1,
    # 1 stem, 15 blocks of expand and project beside a first without expand; 9 and the head
    "cracknet-lite": 1 + 15 * 2 + 1 + 9 + 1,
    # 13 of VGG16, fc6, fc7, and a score of each scale
    "fcn-8s": 13 + 2 + 3,
    "fcn-32s": 13 + 2 + 1,
    # of SMALL: 1 stem, 4 bottleneck blocks of 3, 4 projections, 4 rates, 2 finer scores
    "deeplab-v2-fine": 1 + 4 * 3 + 4 + 4 + 2,
    # 1 stem, 4 blocks of 2, 3 projections, a score
    "resnet-45": 1 + 4 * 2 + 3 + 1,
}
SKIPS = {
    "cracknet": {16: 1024, 8: 512, 4: 256, 2: 64},
    "cracknet-lite": {16: 112, 8: 40, 4: 24, 2: 16, 1: 1},
    "fcn-8s": {},
    "fcn-32s": {},
    "deeplab-v2-fine": {},
    "resnet-45": {},
}
SMALL = {
    "fcn-8s": {"top_filters": 8},
    "fcn-32s": {"top_filters": 8},
    "deeplab-v2-fine": {"blocks": (1, 1, 1, 1), "filters": 8},
    # fewer filters, and TensorFlow 2.21 dies in the gradient of a strided 1x1 convolution
    "resnet-45": {"blocks": (1, 1, 1, 1), "filters": 16},
}
"""Arguments to run with: fc6 alone would be 400 MB in every file. Of the baselines' residual nets
test_resnet.py says what they are at full size."""
DECODERS = {
    "deeplab-v2-fine": {"aspp_6", "aspp_12", "aspp_18", "aspp_24", "score_4", "score_2"},
    "resnet-45": {"score"},
}
"""Layers with weights that are no encoder's, where they have names of their own."""
NORMALISED = {"mean": 100.0, "std": 40.0}
OTHER_ARGUMENTS = {
    "cracknet": {"decoder_filters": (20, 16, 12, 8, 4), **NORMALISED},
    "cracknet-lite": {"decoder_filters": (20, 16, 12, 8, 4), **NORMALISED},
    "fcn-8s": {"top_filters": 8, "dropout": 0.25, **NORMALISED},
    "fcn-32s": {"top_filters": 8, "dropout": 0.25, **NORMALISED},
    "deeplab-v2-fine": {"blocks": (1, 2, 1, 1), "filters": 4, **NORMALISED},
    "resnet-45": {"blocks": (1, 2, 1, 1), "filters": 4, **NORMALISED},
}
VARIANTS = ("cracknet-no-skips", "deeplab-v2")
"""Nets that are another with less; the other is tested."""


@pytest.fixture(scope="module", params=[name for name in NETS if name not in VARIANTS])
def name(request):
    return request.param


def build(name, **arguments):
    """Build a net to run: the FCNs, which begin by saying 0.5 everywhere, with random scores."""
    keras.utils.set_random_seed(3)
    net = NETS[name](**SMALL.get(name, {}) | arguments)
    for layer in net.layers:
        if layer.name.startswith("score"):
            layer.kernel.assign(keras.random.normal(layer.kernel.shape))
    return net


@pytest.fixture(scope="module")
def net(name):
    return build(name)


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


@pytest.mark.parametrize("name", list(NETS))
def test_parameter_count(name):
    assert NETS[name]().count_params() == PARAMETERS[name]


def test_cracknet_without_skips_joins_nothing_else_changed():
    net = NETS["cracknet-no-skips"]()
    assert not net.skips
    assert not any(isinstance(layer, keras.layers.Concatenate) for layer in net.layers)
    with_skips = NETS["cracknet"]()
    joins = {layer.name for layer in with_skips.layers} - {layer.name for layer in net.layers}
    assert joins == {f"decoder_{scale}_concatenate" for scale in (16, 8, 4, 2)}


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


def test_fcn_8s_sums_scores_of_three_scales():
    """The sums add scores of 1/32 with those of pool4, then of pool3, each upsampled by 2."""
    net = NETS["fcn-8s"](top_filters=8)
    sums = [layer for layer in net.layers if isinstance(layer, keras.layers.Add)]
    tensors = [tensor for layer in sums for tensor in layer.input]
    shapes = [t.shape[1:] for t in keras.Model(net.input, tensors)(gray(64, 128), training=False)]
    assert shapes == [(4, 8, 1)] * 2 + [(8, 16, 1)] * 2
    names = [[tensor._keras_history.operation.name for tensor in layer.input] for layer in sums]
    assert names == [["upsample_16", "score_pool4"], ["upsample_8", "score_pool3"]]


@pytest.mark.parametrize(("name", "factor"), [("fcn-8s", 8), ("fcn-32s", 32)])
def test_fcns_begin_with_bilinear_upsampling(name, factor):
    """A score of 1 everywhere stays 1 everywhere, but at the border, where zeros are padded."""
    net = NETS[name](top_filters=8)
    scores = keras.Input((None, None, 1))
    upsample = keras.Model(scores, net.get_layer("logits")(scores))
    result = predict(upsample, np.ones((1, 6, 6, 1), np.float32))[0, ..., 0]
    assert result.shape == (6 * factor, 6 * factor)
    assert result[factor:-factor, factor:-factor] == pytest.approx(1, abs=1e-6)
    one = np.zeros((1, 5, 5, 1), np.float32)
    one[0, 2, 2] = 1
    found = predict(upsample, one)[0, ..., 0]
    # half way between two scores their weights are a half each, but for half a pixel
    assert found[2 * factor + factor // 2, 2 * factor] == pytest.approx(0.5, abs=1 / factor)
    assert found.max() <= 1
    assert found.sum() == pytest.approx(factor**2, rel=1e-5)


def test_encoder_of_the_fcns_is_vgg16():
    """Every layer is one of Keras Applications' VGG16, of the same shape but for the colours."""
    net = NETS["fcn-8s"](top_filters=8)
    reference = keras.applications.VGG16(include_top=False, weights=None)
    for layer in reference.layers[1:]:
        ours = net.get_layer(layer.name)
        assert type(ours) is type(layer)
        if layer.weights and layer.name != "block1_conv1":
            assert [w.shape for w in ours.weights] == [w.shape for w in layer.weights]


def test_encoder_layers_are_what_a_frozen_encoder_freezes(name, net):
    """All convolutions of the encoder, none of the decoder."""
    frozen = {layer.name for layer in net.encoder_layers if layer.weights}
    decoder = {layer.name for layer in net.layers if layer.weights} - frozen
    if name.startswith("fcn"):
        assert len(frozen) == 13
        assert {"fc6", "fc7", "score", "logits"} <= decoder
    elif name in DECODERS:
        assert decoder == DECODERS[name]
    else:
        assert all(layer.startswith(("decoder_", "logits")) for layer in decoder)
        assert len(decoder) == 21 - 2 * (name == "cracknet-lite")


def test_skip_connections_join_the_scales(name, net):
    """Each concatenation joins upsampled features with the encoder's, of one scale."""
    joins = [layer for layer in net.layers if isinstance(layer, keras.layers.Concatenate)]
    tensors = [tensor for layer in joins for tensor in layer.input]
    values = keras.Model(net.input, tensors)(gray(64, 128), training=False) if tensors else []
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
        for argument in inspect.signature(type(net).__init__).parameters
        if argument not in ("self", "kwargs")
    ]
    assert arguments
    for argument in arguments:
        assert hasattr(net, argument)
        assert argument in net.get_config()


def test_config_round_trip(name):
    net = NETS[name](**OTHER_ARGUMENTS[name], name="other")
    again = type(net).from_config(net.get_config())
    assert again.get_config() == net.get_config()
    for argument, value in OTHER_ARGUMENTS[name].items():
        value = list(value) if isinstance(value, tuple) else value
        assert net.get_config()[argument] == value
    assert again.name == "other"

    def architecture(model):
        return [
            (type(layer), layer.name, [tuple(weight.shape) for weight in layer.weights])
            for layer in model.layers
        ]

    assert architecture(again) == architecture(net)
    if "decoder_filters" in OTHER_ARGUMENTS[name]:
        assert net.get_layer("decoder_1_1_conv").filters == 4


def test_save_and_load_gives_the_same_output(name, net, tmp_path):
    images = gray(seed=5)
    expected = predict(net, images)
    whole, weights = tmp_path / "net.keras", tmp_path / "net.weights.h5"
    net.save(whole)
    again = keras.saving.load_model(whole)
    whole.unlink()
    assert type(again) is type(net)
    assert again.get_config() == net.get_config()
    assert predict(again, images) == pytest.approx(expected, abs=1e-6)

    other = NETS[name](**SMALL.get(name, {}))
    assert np.abs(predict(other, images) - expected).max() > 1e-4
    net.save_weights(weights)
    other.load_weights(weights)
    weights.unlink()
    assert predict(other, images) == pytest.approx(expected, abs=1e-6)


def test_one_step_of_training_lowers_the_loss(name):
    """Both losses are of the same image, the second after one step of gradient descent."""
    keras.utils.set_random_seed(0)
    net = NETS[name](**SMALL.get(name, {}) | ({"dropout": 0} if name.startswith("fcn") else {}))
    trainer = keras.Model(net.input, net.get_layer("logits").output)
    trainer.compile(keras.optimizers.SGD(1e-2), CrossEntropyDice(), run_eagerly=True)
    image = np.full((1, 64, 64, 1), 180, np.float32)
    image[:, 28:34] = 40
    before, after = (
        float(np.ravel(trainer.train_on_batch(image, (image < 100).astype(np.float32)))[0])
        for _ in range(2)
    )
    assert after < before - 1e-4


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
