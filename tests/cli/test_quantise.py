"""`cracknet quantise` as typed, and what goes wrong."""

from __future__ import annotations

import json
import sys

import pytest

from cracknet.cli import main
from cracknet.segmentation.models import WEIGHTS
from cracknet.synthesis import SceneOptions, write_rendered_set


@pytest.fixture(scope="module")
def walls(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data") / "walls"
    options = SceneOptions(height=96, width=128, cracks=(2, 2), width_px=(4, 9))
    write_rendered_set(folder, 4, options, split="train", vary=False)
    (folder / "held.txt").write_text("rendered_00001\nrendered_00002\n")
    (folder / "other.txt").write_text("elsewhere\n")
    return folder


@pytest.fixture
def run(capsys):
    """Return a function: words in; exit status, output and errors out."""

    def command(*words):
        status = main(["quantise", *map(str, words)])
        out, err = capsys.readouterr()
        assert "Traceback" not in err
        return status, out, " ".join(err.split())

    return command


@pytest.mark.slow
def test_the_shipped_model(run, walls, tmp_path):
    out, file = tmp_path / "int8" / "lite.xml", tmp_path / "numbers.json"
    held = walls / "held.txt"
    status, said, log = run(
        "cracknet-lite", "-o", out, "--calibrate", walls, "--without", held,
        "--validate", f"{walls}:train", "--only", held,
        "--samples", 6, "--tolerance", 0.1, "--float", "stem", "--json", file,
    )  # fmt: skip
    assert status == 0
    numbers = json.loads(file.read_text())
    before, after = (
        numbers[k]["walls train, listed in held.txt"]["f1"] for k in ("before", "after")
    )
    assert f"F1 {before:.4f} -> {after:.4f}" in said
    assert "(2 photographs)" in said
    assert "in floating point: stem" in said
    assert "in 8-bit integers, but for stem" in log
    assert numbers["bytes_after"] < numbers["bytes_before"]
    assert json.loads(out.with_suffix(".json").read_text())["precision"] == "int8"
    photo = next((walls / "images/train").glob("rendered_00000.*"))
    assert main(["segment", str(photo), "-m", str(out), "-o", str(tmp_path / "seen")]) == 0
    assert (tmp_path / "seen" / "rendered_00000.mask.png").is_file()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["gone.xml"], "no model 'gone.xml'"),
        (["cracknet-lite", "-o", "x.onnx"], "ends in .xml; got x.onnx"),
        (["cracknet-lite", "-o", str(WEIGHTS / "cracknet-lite.xml")], "it would be lost"),
        (["{dark}"], "no convolution"),
        (["cracknet-lite", "--tolerance", "3"], "the tolerance lies in [0, 1]"),
        (["cracknet-lite", "--samples", "0"], "at least 1 sample"),
        (["cracknet-lite", "--preset", "fast"], "performance or mixed; got 'fast'"),
        (["cracknet-lite", "--float", "head"], "got 'head'"),
        (["cracknet-lite", "--calibrate", "nowhere"], "nowhere/images/train. A dataset holds"),
        (["cracknet-lite", "--without", "{walls}/other.txt"], "none does for"),
        (["cracknet-lite", "--without", "{walls}/none.txt"], "none.txt cannot be read"),
    ],
)  # fmt: skip
def test_wrong_use(run, walls, dark_net, tmp_path, monkeypatch, words, said):
    monkeypatch.chdir(tmp_path)
    words = [word.format(walls=walls, dark=dark_net) for word in words]
    held = f"{walls}/held.txt"
    if "--without" not in words:
        words += ["--without", held]
    status, _, err = run(
        *words, *([] if "-o" in words else ["-o", "x.xml"]),
        "--calibrate", walls, "--validate", f"{walls}:train", "--only", held,
    )  # fmt: skip
    assert status == 2
    assert said in err
    assert list(tmp_path.iterdir()) == []


def test_photographs_on_both_sides(run, walls, tmp_path):
    words = ["cracknet-lite", "-o", tmp_path / "x.xml", "--calibrate", walls]
    status, _, err = run(*words, "--validate", f"{walls}:train", "--only", walls / "held.txt")
    assert status == 2
    assert "(2 in all). Leave them out with --without" in err


def test_sets_are_required(run, walls):
    assert run("cracknet-lite", "-o", "x.xml", "--calibrate", walls)[0] == 2
    assert run("cracknet-lite", "-o", "x.xml", "--validate", walls)[0] == 2


def test_nncf_missing(run, walls, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "nncf", None)
    held = walls / "held.txt"
    status, _, err = run(
        "cracknet-lite", "-o", tmp_path / "x.xml", "--calibrate", walls, "--without", held,
        "--validate", f"{walls}:train", "--only", held,
    )  # fmt: skip
    assert status == 1
    assert "pip install 'cracknet[train]'" in err
