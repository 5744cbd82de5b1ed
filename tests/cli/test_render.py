from __future__ import annotations

import json

import cv2
import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from cracknet.cli.render import render


@pytest.fixture
def run():
    app = typer.Typer()
    app.command()(render)
    return lambda *words: CliRunner().invoke(app, [str(word) for word in words])


def test_renders_a_set(run, tmp_path):
    counts = tmp_path / "counts.json"
    words = ["-o", tmp_path / "set", "--count", 2, "--size", "80x48", "--json", counts]
    result = run(*words, "--cracks", "1", "--width-px", "1.5-4", "--distractors", "pores,joints")
    assert result.exit_code == 0, result.output
    assert "2 rendered" in result.output
    assert json.loads(counts.read_text()) == {"written": 2, "skipped": 0}
    image = cv2.imread(str(tmp_path / "set/images/train/rendered_00001.png"), cv2.IMREAD_GRAYSCALE)
    assert image.shape == (48, 80)
    truth = json.loads((tmp_path / "set/truth/train/rendered_00001.json").read_text())
    assert set(truth["options"]["distractors"]) <= {"pores", "joints"}
    assert len(truth["cracks"]) == 1
    assert "0 rendered, 2 were there" in run(*words).output


def test_no_cracks_as_jpeg(run, tmp_path):
    result = run(
        "-o", tmp_path, "--count", 1, "--size", "40x40", "--no-cracks", "--format", "jpg",
        "--split", "test",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    assert (tmp_path / "images/test/rendered_00000.jpg").exists()
    mask = cv2.imread(str(tmp_path / "masks/test/rendered_00000.png"), cv2.IMREAD_GRAYSCALE)
    assert not mask.any()


def truths_of(run, folder, *words):
    """Render a set without distractors and return the truths of its photographs."""
    result = run("-o", folder, "--distractors", "none", *words)
    assert result.exit_code == 0, result.output
    return [
        json.loads(path.read_text()) for path in sorted((folder / "truth/train").glob("*.json"))
    ]


def test_faint_cracks(run, tmp_path):
    words = ("--count", 3, "--size", "64x64", "--cracks", 2, "--depth", "0.1-0.2")
    for truth in truths_of(run, tmp_path, *words):
        assert truth["options"]["depth"] == [0.1, 0.2]
        depths = [line["depth"] for crack in truth["cracks"] for line in crack["paths"]]
        assert depths
        assert all(0 < depth <= 0.2 for depth in depths)


def test_kinds_of_cracks(run, tmp_path):
    words = ("--count", 4, "--size", "96x64", "--cracks", 1, "--kinds", "straight, straight")
    truths = truths_of(run, tmp_path, *words)
    assert len(truths) == 4
    for truth in truths:
        (crack,) = truth["cracks"]
        (line,) = crack["paths"]
        points = np.array(line["points_px"])
        assert crack["junctions_px"] == []
        assert len(points) == 2
        assert line["length_px"] == pytest.approx(np.hypot(*(points[1] - points[0])), abs=1e-3)
        assert len(set(line["widths_px"])) == 1


@pytest.mark.parametrize(
    "words",
    [
        ("--kinds", "zigzag"),
        ("--kinds", ""),
        ("--size", "512by512"),
        ("--size", "0x5"),
        ("--cracks", "3-1"),
        ("--cracks", "1.5"),
        ("--width-px", "wide"),
        ("--depth", "0.5-0.2"),
        ("--depth", "0.5-1.2"),
        ("--distractors", "ghosts"),
        ("--format", "bmp"),
        ("--seed", "-3"),
        ("--mm-per-px", "0"),
    ],
)
def test_wrong_use_exits_2(run, tmp_path, words):
    assert run("-o", tmp_path, "--count", 1, *words).exit_code == 2
    assert not list(tmp_path.iterdir())


def test_unwritable_output_exits_1(run, tmp_path):
    (tmp_path / "file").write_text("")
    assert run("-o", tmp_path / "file", "--count", 1, "--size", "32x32").exit_code == 1


def test_cracks_across_the_user_s_own_surfaces(run, tmp_path):
    wall = tmp_path / "wall.png"
    cv2.imwrite(str(wall), np.random.default_rng(0).integers(90, 110, (60, 60)).astype(np.uint8))
    words = ["--count", 1, "--size", "40x40", "--distractors", "none", "--backgrounds"]
    result = run("-o", tmp_path / "set", *words, wall)
    assert result.exit_code == 0, result.output
    truth = json.loads((tmp_path / "set/truth/train/rendered_00000.json").read_text())
    assert truth["background"] == "wall.png"
    result = run("-o", tmp_path / "other", *words, tmp_path / "none")
    assert result.exit_code == 1
    assert "none" in result.output
