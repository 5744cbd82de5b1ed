"""`cracknet finetune` as typed, on the real net and its real weights."""

from __future__ import annotations

import importlib.util
import json

import cv2
import pytest

from cracknet.cli import main
from cracknet.synthesis import SceneOptions, write_rendered_set

pytestmark = pytest.mark.usefixtures("_keras_environment")


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data") / "walls"
    options = SceneOptions(height=96, width=128, cracks=(2, 2), width_px=(4, 9))
    write_rendered_set(folder, 4, options, split="train", vary=False)
    return folder


@pytest.mark.slow
def test_from_photographs_to_a_model_that_segments(photos, tmp_path, capsys):
    out, file = tmp_path / "tuned", tmp_path / "scores.json"
    words = f"finetune {photos} -o {out} --steps 5 --batch-size 2 --crop 64 --freeze-encoder"
    assert main([*words.split(), "--json", str(file)]) == 0
    said = capsys.readouterr().out
    scores = json.loads(file.read_text())
    assert f"before {scores['before']['f1']:.4f}  after {scores['mean']['f1']:.4f}" in said
    assert scores["before"]["f1"] > 0.3  # the weights that ship find rendered cracks
    assert scores["spread"]["f1"] == 0
    photo = next((photos / "images/train").iterdir())
    segment = ["segment", str(photo), "--model", str(out / "model.xml"), "-o", str(tmp_path / "s")]
    assert main(segment) == 0
    mask = cv2.imread(str(tmp_path / "s" / f"{photo.stem}.mask.png"), cv2.IMREAD_GRAYSCALE)
    assert 0 < (mask > 0).mean() < 0.5


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (["nowhere"], 2, "no Labelme file at nowhere"),
        (["{photos}", "--weights", "gone.npz"], 1, "no weights of cracknet-lite at gone.npz"),
        (["{photos}", "--net", "unet"], 1, "no weights of unet"),
        (["{photos}", "--crop", "100"], 2, "multiple of 32"),
        (["{photos}", "--label", "x"], 2, "NAME=crack"),
        (["{photos}", "--validation-share", "0"], 2, "leaves none to train on"),
    ],
)
def test_wrong_use(photos, tmp_path, capsys, words, status, said):
    arguments = [word.format(photos=photos) for word in words]
    assert main(["finetune", *arguments, "-o", str(tmp_path / "out")]) == status
    assert said in " ".join(capsys.readouterr().err.split())


@pytest.mark.skipif(importlib.util.find_spec("torch") is not None, reason="torch is installed")
@pytest.mark.parametrize("command", [["train", "x.toml"], ["finetune", "x"]])
def test_a_backend_that_is_not_installed(tmp_path, capsys, command):
    assert main([*command, "-o", str(tmp_path), "--backend", "torch"]) == 1
    assert "training with torch needs the package torch" in capsys.readouterr().err


def test_a_backend_other_than_the_process_s(tmp_path, capsys):
    pytest.importorskip("jax")
    import keras

    assert keras.config.backend() == "tensorflow"
    assert main(["train", "x.toml", "-o", str(tmp_path), "--backend", "jax"]) == 1
    assert "Keras runs on tensorflow in this process" in capsys.readouterr().err
