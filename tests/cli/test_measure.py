from __future__ import annotations

import csv
import json

import cv2
import numpy as np
import pytest

from cracknet.cli import main
from cracknet.synthesis import SceneOptions, render, straight_path


@pytest.fixture(scope="module")
def wall():
    options = SceneOptions(height=200, width=300, contrast=0.02, brightness=0.9)
    return render(options, 5, cracks=[straight_path((30, 60), (270, 120), 6.0, 0.95)])


@pytest.fixture
def masks(wall, tmp_path):
    folder = tmp_path / "masks"
    folder.mkdir()
    cv2.imwrite(str(folder / "wall.png"), wall.mask.astype(np.uint8) * 255)
    return folder


@pytest.fixture
def run(capsys):
    def call(*words):
        status = main([*map(str, words)])
        streams = capsys.readouterr()
        assert "Traceback" not in streams.err
        return status, streams.out, streams.err

    return call


def rows(out):
    with (out / "cracks.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


COLUMNS = (
    "photo,crack,length_px,width_mean_px,width_median_px,width_max_px,width_p95_px,area_px2,"
    "orientation_deg,branches,mm_per_px,length_mm,width_mean_mm,width_median_mm,width_max_mm,"
    "width_p95_mm,area_mm2,width_class"
)


def test_masks(run, masks, tmp_path):
    status, stdout, _ = run("measure", masks, "-o", tmp_path / "out", "--mm-per-px", 0.1)
    assert status == 0
    assert "1 measured, 0 skipped, 0 failed; 1 cracks in 1 photographs" in stdout
    assert (tmp_path / "out" / "cracks.csv").read_text().startswith(COLUMNS)
    (row,) = rows(tmp_path / "out")
    assert float(row["length_mm"]) == pytest.approx(0.1 * np.hypot(240, 60), rel=0.01)
    assert float(row["orientation_deg"]) == pytest.approx(180 - 14.04, abs=0.5)


def test_segment_measures_and_measure_sets_the_scale_afterwards(run, wall, dark_net, tmp_path):
    cv2.imwrite(str(tmp_path / "wall.png"), wall.gray)
    out = tmp_path / "out"
    words = ("segment", tmp_path / "wall.png", "-o", out, "-m", dark_net, "--precision", "f32")
    assert run(*words)[0] == 0
    assert rows(out)[0]["length_mm"] == ""
    status, stdout, _ = run(
        "measure", out, "--mm-per-px", 0.2, "--standard", "ec2.toml", "--exposure", "XC3"
    )
    assert status == 2
    status, stdout, _ = run(
        "measure", out, "--mm-per-px", 0.2, "--standard", "eurocode2", "--exposure", "XC3",
        "--json", tmp_path / "n.json",
    )  # fmt: skip
    assert status == 0
    assert "1 measured" in stdout
    assert rows(out)[0]["width_class"] == "above 0.30 mm"
    assert json.loads((tmp_path / "n.json").read_text())["cracks"] == 1
    assert (
        "1 skipped"
        in run("measure", out, "--mm-per-px", 0.2, "--standard", "eurocode2", "--exposure", "XC3")[
            1
        ]
    )


def test_no_measure_measures_nothing(run, wall, dark_net, tmp_path):
    cv2.imwrite(str(tmp_path / "wall.png"), wall.gray)
    out = tmp_path / "out"
    words = ("segment", tmp_path / "wall.png", "-o", out, "-m", dark_net, "--no-measure")
    assert run(*words, "--precision", "f32")[0] == 0
    assert not (out / "cracks.csv").exists()
    assert not (out / "wall.cracks.json").exists()


def test_a_scale_that_is_not_in_the_photograph_is_said_and_the_rest_done(
    run, wall, dark_net, tmp_path
):
    cv2.imwrite(str(tmp_path / "wall.png"), wall.gray)
    out = tmp_path / "out"
    status, _, stderr = run(
        "segment", tmp_path / "wall.png", "-o", out, "-m", dark_net, "--precision", "f32",
        "--distance-m", "2",
    )  # fmt: skip
    assert status == 0
    assert "no scale" in stderr
    assert "wall.png" in stderr
    assert rows(out)[0]["length_px"]
    assert rows(out)[0]["length_mm"] == ""


def test_a_failed_mask_is_1_and_named(run, masks, tmp_path):
    cv2.imwrite(str(masks / "gray.png"), np.arange(256, dtype=np.uint8).reshape(16, 16))
    status, stdout, _ = run("measure", masks, "-o", tmp_path / "out")
    assert status == 1
    assert "1 measured, 0 skipped, 1 failed" in stdout
    assert [row["photo"] for row in rows(tmp_path / "out")] == ["wall"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--mm-per-px", "0"], "mm"),
        (["--mm-per-px", "-0.2"], "mm"),
        (["--mm-per-px", "5000"], "5000"),
        (["--mm-per-px", "nan"], "nan"),
        (["--exposure", "humid"], "--standard"),
        (["--standard", "aci224r", "--exposure", "tropical"], "tropical"),
        (["--standard", "din1045"], "din1045"),
        (["--mm-per-px", "1", "--distance-m", "2"], "one source"),
        (["--scale-points", "1,2,3"], "1,2,3"),
        (["--bridge-px", "-1"], "bridge_px"),
        (["--blur-px", "99"], "blur"),
    ],
)
def test_wrong_options_are_refused_before_any_work(run, masks, tmp_path, words, said):
    status, _, stderr = run("measure", masks, "-o", tmp_path / "out", *words)
    assert status == 2
    assert said in stderr
    assert not (tmp_path / "out").exists()


def test_masks_need_a_folder_for_results(run, masks):
    status, _, stderr = run("measure", masks)
    assert status == 2
    assert "-o" in stderr


def test_nothing_to_measure(run, tmp_path):
    (tmp_path / "empty").mkdir()
    status, _, stderr = run("measure", tmp_path / "empty", "-o", tmp_path / "out")
    assert status == 2
    assert "no masks in" in stderr
    assert run("measure", tmp_path / "gone.png", "-o", tmp_path / "out")[0] == 2
