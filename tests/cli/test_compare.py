"""`cracknet compare` as typed."""

from __future__ import annotations

import json

import pytest

from cracknet.cli import main
from cracknet.synthesis import SceneOptions, write_rendered_set

pytestmark = pytest.mark.usefixtures("_keras_environment")


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data") / "walls"
    options = SceneOptions(height=64, width=96, cracks=(2, 2), width_px=(4, 9))
    for split, count in (("train", 4), ("test", 2)):
        write_rendered_set(folder, count, options, split=split, vary=False)
    return folder


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["{photos}"], "Missing option '--out'"),
        (["nowhere", "-o", "out"], "nowhere/images/test"),
        (["{photos}", "-o", "out", "--budget", "full"], "'--budget'"),
        (["{photos}", "-o", "out", "--systems", "sobel,canny"], "got sobel, canny"),
        (["{photos}", "-o", "out", "--validation", "none.txt"], "none.txt cannot be read"),
        (["{photos}", "-o", "out", "--seed", "-1"], "seed must be at least 0"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_wrong_use_is_said_and_ends_with_2(capsys, photos, tmp_path, monkeypatch, words, said):
    monkeypatch.chdir(tmp_path)
    status = main(["compare", *(word.format(photos=photos) for word in words)])
    err = " ".join(capsys.readouterr().err.split())
    assert said in err
    assert err.startswith("Error: ")
    assert status == 2
    assert list(tmp_path.iterdir()) == []


def test_two_systems(capsys, photos, tmp_path):
    out = tmp_path / "compared"
    words = ["compare", photos, "-o", out, "--budget", "smoke", "--systems", "sobel,log"]
    for _ in range(2):
        assert main([str(word) for word in words]) == 0
        assert f"the comparison is {out / 'comparison.md'}" in capsys.readouterr().out
    content = json.loads((out / "results.json").read_text())
    assert list(content["systems"]) == ["sobel", "log"]
    assert content["budget"] == "smoke"
