"""A classifier that was taught, exported, sees with OpenVINO what it saw in Keras."""

from __future__ import annotations

import json

import numpy as np
import pytest

from cracknet.baselines.exporting import export_gate
from cracknet.baselines.learning import LearningOptions, learn, load_trained
from cracknet.baselines.vgg19 import vgg19
from cracknet.errors import ArgumentError, ModelError, OutputError, TrainingError
from cracknet.segmentation import Segmenter
from cracknet.segmentation.gate import load_gate

ABOUT = {"classifier": "vgg19", "classes": 2, "tile_px": 32, "width": 0.05}


def build():
    return vgg19(2, 32, 0.05)


def draw(step):
    rng = np.random.default_rng(step)
    kinds = np.arange(8) % 2
    level = np.where(kinds == 1, 40, 200)[:, None, None, None]
    return (level + rng.normal(0, 5, (8, 32, 32, 1))).astype(np.float32), kinds


def taught(folder, **about):
    options = LearningOptions(steps=3, batch_size=8)
    learn(build, draw, options, folder, about={**ABOUT, **about}, log=lambda _: None)
    return folder


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return taught(tmp_path_factory.mktemp("run"))


def test_the_file_gives_what_the_net_gives(run, tmp_path):
    card = export_gate(run, tmp_path / "made" / "gate.xml", half=False)
    assert (card.kind, card.net, card.tile_px) == ("gate", "vgg19", 32)
    assert card.training["steps"] == 3
    kept, damage = load_gate(tmp_path / "made" / "gate.xml")
    assert kept == card
    net = load_trained(build, run / "weights.npz")
    assert damage.parameters == net.count_params()
    tiles = draw(9)[0]
    assert damage.classify(tiles) == pytest.approx(net(tiles).numpy(), abs=0.02)  # bf16 on some
    with Segmenter(gate=tmp_path / "made" / "gate.xml") as segmenter:
        gray = np.random.default_rng(1).integers(0, 256, (96, 96), np.uint8)
        assert not segmenter.probability(gray)[~damage.seen(gray)].any()
    with pytest.raises(ModelError, match="is a gate, not a model"):
        Segmenter(tmp_path / "made" / "gate.xml")


def test_what_is_no_finished_run_is_told(run, tmp_path):
    out = tmp_path / "gate.xml"
    with pytest.raises(ArgumentError, match=r"ends in \.xml; got gate\.onnx"):
        export_gate(run, tmp_path / "gate.onnx")
    with pytest.raises(ArgumentError, match=r"learning\.json cannot be read.*runs/vgg19"):
        export_gate(tmp_path, out)
    other = tmp_path / "other"
    other.mkdir()
    (other / "learning.json").write_text(json.dumps({**ABOUT, "classifier": "vgg11"}))
    with pytest.raises(ArgumentError, match="vgg11"):
        export_gate(other, out)
    (other / "learning.json").write_text(json.dumps(ABOUT))
    with pytest.raises(TrainingError, match=r"no weights\.npz: its training has not ended"):
        export_gate(other, out)
    (other / "weights.npz").write_bytes((run / "weights.npz").read_bytes())
    (other / "learning.json").write_text(json.dumps({**ABOUT, "width": 0.1}))
    with pytest.raises(TrainingError, match="does not fit the net"):
        export_gate(other, out)
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be written"):
        export_gate(run, tmp_path / "file" / "gate.xml")
