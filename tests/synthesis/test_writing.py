from __future__ import annotations

import dataclasses
import json

import cv2
import numpy as np
import pytest

from cracknet.errors import ArgumentError, OutputError
from cracknet.synthesis import (
    CrackPath,
    SceneOptions,
    WrittenCounts,
    path_coverage,
    standard_scene,
    write_rendered_set,
)

SMALL = dataclasses.replace(standard_scene(), height=48, width=64, cracks=(1, 2))


def contents(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_layout_of_the_set(tmp_path):
    assert write_rendered_set(tmp_path, 2, SMALL, split="val") == WrittenCounts(2, 0)
    assert sorted(contents(tmp_path)) == [
        "images/val/rendered_00000.png",
        "images/val/rendered_00001.png",
        "masks/val/rendered_00000.png",
        "masks/val/rendered_00001.png",
        "truth/val/rendered_00000.json",
        "truth/val/rendered_00001.json",
    ]
    mask = cv2.imread(str(tmp_path / "masks/val/rendered_00000.png"), cv2.IMREAD_UNCHANGED)
    image = cv2.imread(str(tmp_path / "images/val/rendered_00000.png"), cv2.IMREAD_UNCHANGED)
    assert mask.shape == image.shape == (48, 64)
    assert set(np.unique(mask)) <= {0, 255}


def test_same_seed_same_bytes_and_no_dependence_on_count(tmp_path):
    write_rendered_set(tmp_path / "a", 3, SMALL, seed=4)
    write_rendered_set(tmp_path / "b", 1, SMALL, seed=4)
    write_rendered_set(tmp_path / "b", 3, SMALL, seed=4)
    assert contents(tmp_path / "a") == contents(tmp_path / "b")
    write_rendered_set(tmp_path / "c", 3, SMALL, seed=5)
    assert contents(tmp_path / "a") != contents(tmp_path / "c")


def test_splits_of_one_seed_share_no_photograph(tmp_path):
    write_rendered_set(tmp_path, 1, SMALL, split="train")
    write_rendered_set(tmp_path, 1, SMALL, split="test")
    files = contents(tmp_path)
    name = "rendered_00000.png"
    assert files[f"images/train/{name}"] != files[f"images/test/{name}"]


def test_what_is_there_is_skipped_unless_asked(tmp_path):
    write_rendered_set(tmp_path, 2, SMALL)
    image = tmp_path / "images/train/rendered_00001.png"
    before = image.read_bytes()
    image.write_bytes(b"mine")
    assert write_rendered_set(tmp_path, 2, SMALL) == WrittenCounts(0, 2)
    assert image.read_bytes() == b"mine"
    assert write_rendered_set(tmp_path, 2, SMALL, overwrite=True) == WrittenCounts(2, 0)
    assert image.read_bytes() == before
    (tmp_path / "masks/train/rendered_00000.png").unlink()
    assert write_rendered_set(tmp_path, 2, SMALL) == WrittenCounts(1, 1)
    assert not list(tmp_path.rglob("*.part"))


def test_truth_gives_back_the_coverage(tmp_path):
    options = SceneOptions(height=60, width=80, cracks=(1, 1), kinds=("natural",), mm_per_px=0.25)
    write_rendered_set(tmp_path, 1, options, vary=False)
    truth = json.loads((tmp_path / "truth/train/rendered_00000.json").read_text())
    assert truth["schema"] == "cracknet/rendered-truth/1"
    assert (truth["height_px"], truth["width_px"], truth["mm_per_px"]) == (60, 80, 0.25)
    assert truth["seed"] == 0
    assert truth["options"]["surface"] == "smooth"
    [crack] = truth["cracks"]
    [path] = crack["paths"]
    again = CrackPath(path["points_px"], path["widths_px"], path["depth"])
    assert path["length_px"] == pytest.approx(again.length_px, abs=0.01)
    assert path["length_mm"] == pytest.approx(0.25 * path["length_px"], abs=1e-4)
    assert path["width_mean_mm"] == pytest.approx(0.25 * path["width_mean_px"], abs=1e-4)
    covered = float(path_coverage(again, 60, 80).sum())
    assert truth["coverage_area_px2"] == pytest.approx(covered, rel=1e-3)


def test_unknown_scale_gives_no_millimetres(tmp_path):
    options = dataclasses.replace(SMALL, mm_per_px=None, cracks=(1, 1))
    write_rendered_set(tmp_path, 1, options)
    truth = json.loads((tmp_path / "truth/train/rendered_00000.json").read_text())
    assert truth["mm_per_px"] is None
    assert truth["cracks"][0]["length_mm"] is None


def test_hard_negatives_have_empty_masks(tmp_path):
    write_rendered_set(tmp_path, 3, dataclasses.replace(SMALL, cracks=(0, 0)), file_format="jpg")
    for path in (tmp_path / "masks/train").iterdir():
        assert not cv2.imread(str(path), cv2.IMREAD_UNCHANGED).any()
    assert len(list((tmp_path / "images/train").glob("*.jpg"))) == 3


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"count": -1}, "count"),
        ({"seed": -1}, "seed"),
        ({"split": "../up"}, "split"),
        ({"split": ""}, "split"),
        ({"stem": "a/b"}, "stem"),
        ({"file_format": "bmp"}, "file_format"),
    ],
)
def test_impossible_arguments_are_rejected(tmp_path, arguments, named):
    with pytest.raises(ArgumentError, match=named):
        write_rendered_set(tmp_path, **{"count": 1, "options": SMALL, **arguments})
    assert not contents(tmp_path)


def test_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be written"):
        write_rendered_set(tmp_path / "file", 1, SMALL)
