"""The stages read from a net's graph: exact on small nets, and the paper's on CrackNet."""

from __future__ import annotations

import keras
import pytest
from keras import layers

from cracknet.nets import NETS
from cracknet.studies.architecture import Architecture, Skip, Stage, read_architecture
from cracknet.studies.diagram import draw_architecture
from cracknet.studies.pictures import as_svg


def test_a_u_of_three_resolutions(tiny):
    found = read_architecture(tiny["cracknet"](), "u")
    assert found == Architecture(
        name="u",
        parameters=found.parameters,
        stages=(
            Stage(False, 1, 1, 4, 1, "one_relu"),
            Stage(False, 2, 4, 8, 1, "two_relu"),
            Stage(False, 4, 8, 16, 1, "four_relu"),
            Stage(True, 2, 24, 8, 2, "decoder_2_2_relu", (Skip(1, 8, "concatenated"),)),
            Stage(True, 1, 12, 4, 1, "decoder_1_1_relu", (Skip(0, 4, "concatenated"),)),
        ),
        head_factor=1,
    )
    assert found.parameters == tiny["cracknet"]().count_params()


def test_without_skips(tiny):
    found = read_architecture(tiny["cracknet-no-skips"]())
    assert [stage.skips for stage in found.stages] == [()] * 5
    assert [stage.channels_in for stage in found.stages] == [1, 4, 8, 16, 8]


def test_an_fcn_adds_scores(tiny):
    found = read_architecture(tiny["fcn-8s"]())
    assert [(s.decoder, s.scale) for s in found.stages] == [
        (False, 1),
        (False, 2),
        (False, 4),
        (True, 2),
    ]
    assert found.stages[-1].skips == (Skip(1, 1, "added"),)
    assert found.head_factor == 2


def test_an_fcn_without_decoder(tiny):
    found = read_architecture(tiny["fcn-32s"]())
    assert [stage.decoder for stage in found.stages] == [False] * 3
    assert found.stages[-1].channels == 1
    assert found.head_factor == 4


def test_residual_additions_are_no_skips():
    image = keras.Input((None, None, 1))
    x = layers.Conv2D(3, 3, padding="same", name="a")(image)
    y = layers.Conv2D(3, 3, padding="same", name="b")(x)
    x = layers.Add(name="sum")([x, y])
    x = layers.UpSampling2D(2, name="up")(layers.MaxPooling2D(2, name="pool")(x))
    net = keras.Model(image, layers.Conv2D(1, 1, name="logits")(x))
    found = read_architecture(net)
    assert [stage.skips for stage in found.stages] == [(), (), ()]
    assert [stage.convolutions for stage in found.stages] == [2, 0, 0]


def test_it_comes_back_from_its_dict(tiny):
    from dataclasses import asdict

    found = read_architecture(tiny["cracknet"]())
    assert Architecture.from_dict(asdict(found)) == found


def test_the_paper_s_net():
    """Figure 2 as `cracknet.nets.CrackNet` documents it."""
    found = read_architecture(NETS["cracknet"]())
    encoder = [stage for stage in found.stages if not stage.decoder]
    decoder = [stage for stage in found.stages if stage.decoder]
    assert [(s.scale, s.channels) for s in encoder] == [
        (1, 1),
        (2, 64),
        (4, 256),
        (8, 512),
        (16, 1024),
        (32, 2048),
    ]
    # ResNet101's hundred convolutions one after another; its 101st layer is the dense one.
    assert sum(stage.convolutions for stage in encoder) == 100
    assert [(s.scale, s.channels) for s in decoder] == [
        (16, 256),
        (8, 128),
        (4, 64),
        (2, 32),
        (1, 16),
    ]
    assert [skip for s in decoder for skip in s.skips] == [
        Skip(4, 1024, "concatenated"),
        Skip(3, 512, "concatenated"),
        Skip(2, 256, "concatenated"),
        Skip(1, 64, "concatenated"),
    ]


def words(figure):
    [axes] = figure.axes
    return [text.get_text() for text in axes.texts]


@pytest.mark.parametrize(
    ("net", "joins"),
    [
        ("cracknet", ["8 ch concatenated", "4 ch concatenated"]),
        ("cracknet-no-skips", []),
        ("fcn-8s", ["1 ch added"]),
        ("fcn-32s", []),
    ],
)
def test_the_drawing_shows_every_stage_and_skip(tiny, net, joins):
    found = read_architecture(tiny[net](), net)
    drawn = words(draw_architecture(found))
    assert [text for text in drawn if text.endswith(("concatenated", "added"))] == joins
    stages = [text for text in drawn if text.startswith("1/")]
    assert [text.split("\n")[0] for text in stages] == [
        f"1/{stage.scale}   {stage.channels} ch" for stage in found.stages
    ]


def test_other_channels_draw_another_picture(tiny):
    pictures = {
        as_svg(draw_architecture(read_architecture(tiny["cracknet"](filters=filters), "u")))
        for filters in (4, 4, 8)
    }
    assert len(pictures) == 2
