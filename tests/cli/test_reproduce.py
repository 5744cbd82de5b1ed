"""`cracknet reproduce` as typed: what it refuses, and a whole study of a real net."""

from __future__ import annotations

import json

import pytest

from cracknet.cli import main
from cracknet.cli.reproduce import _first_weights, _set_and_split
from cracknet.synthesis import SceneOptions, write_rendered_set

pytestmark = pytest.mark.usefixtures("_keras_environment")


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data") / "walls"
    options = SceneOptions(height=64, width=96, cracks=(2, 2), width_px=(4, 9))
    for split, count in (("train", 4), ("test", 2), ("val", 1)):
        write_rendered_set(folder, count, options, split=split, vary=False)
    return folder


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["{photos}"], "Missing option '--out'"),
        (["nowhere", "-o", "out"], "nowhere/images/test"),
        (["{photos}", "-o", "out", "--test-split", "exam"], "images/exam"),
        (["{photos}", "-o", "out", "--train-split", "learn"], "images/learn"),
        (["{photos}", "-o", "out", "--budget", "huge"], "'--budget'"),
        (["{photos}", "-o", "out", "--nets", "cracknet,unet"], "got 'unet'"),
        (["{photos}", "-o", "out", "--nets", ""], "got ''"),
        (["{photos}", "-o", "out", "--size", "100"], "multiple of 32 px; got 100"),
        (["{photos}", "-o", "out", "--epochs", "0"], "epochs must be at least 1; got 0"),
        (["{photos}", "-o", "out", "--optimizer", "adam"], "'--optimizer'"),
        (["{photos}", "-o", "out", "--other", "{photos}:train"], "trained or tested on"),
        (["{photos}", "-o", "out", "--other", "nowhere"], "nowhere/images/test"),
        (["{photos}", "-o", "out", "--encoder-weights", "unet=x.npz"], "got 'unet'"),
        (["{photos}", "-o", "out", "--backend", "abacus"], "'--backend'"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_wrong_use_is_said_and_ends_with_2(capsys, photos, tmp_path, monkeypatch, words, said):
    monkeypatch.chdir(tmp_path)
    status = main(["reproduce", *(word.format(photos=photos) for word in words)])
    err = " ".join(capsys.readouterr().err.split())
    assert said in err
    assert err.startswith("Error: ")
    assert status == 2
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("word", "root", "split"),
    [
        ("sets/uav75:val", "sets/uav75", "val"),
        ("sets/uav75", "sets/uav75", "test"),
        (r"C:\sets\uav75", r"C:\sets\uav75", "test"),
        (r"C:\sets\uav75:all", r"C:\sets\uav75", "all"),
        ("sets/uav75:", "sets/uav75:", "test"),
    ],
)
def test_a_set_and_its_split(word, root, split):
    found = _set_and_split(word)
    assert (str(found[0]), found[1]) == (root, split)


def test_first_weights_of_a_net_or_of_both_fcns():
    found = _first_weights(["vgg.npz", "fcn-8s=own.npz", "cracknet=resnet.npz"])
    assert {net: str(path) for net, path in found.items()} == {
        "fcn-8s": "own.npz",
        "fcn-32s": "vgg.npz",
        "cracknet": "resnet.npz",
    }


@pytest.mark.slow
def test_from_photographs_to_a_report(capsys, photos, tmp_path):
    """The smoke budget on the paper's net; the second call only writes the report anew."""
    out = tmp_path / "study"
    words = ["reproduce", photos, "-o", out, "--budget", "smoke", "--nets", "cracknet"]
    words += ["--size", 64, "--epochs", 1, "--other", f"{photos}:val"]
    for _ in range(2):
        assert main([str(word) for word in words]) == 0
        said = capsys.readouterr().out
        assert f"the report is {out / 'report.html'}" in said
    assert "cracknet: trained already" in said
    assert "scored" not in said
    content = json.loads((out / "results.json").read_text())
    assert content["nets"]["cracknet"]["parameters"] == 51_666_833
    assert content["nets"]["cracknet"]["steps"] == 6
    assert list(content["generalisation"]) == ["walls test", "walls val"]
    assert 0 <= content["nets"]["cracknet"]["test"]["recall"] <= 1
