from __future__ import annotations

import csv
import json
from pathlib import PurePosixPath

import cv2
import numpy as np
import pytest

from cracknet.datasets.masked import Masked
from cracknet.errors import ArgumentError, DatasetError
from cracknet.measurement.classes import ClassChoice, find_table
from cracknet.measurement.files import read_measurement
from cracknet.measurement.scale import MarkerOptions, ScaleOptions
from cracknet.photo import find_photos
from cracknet.reporting.measured_run import (
    find_masks,
    is_segmented,
    measure_masks,
    measure_results,
    read_mask_or_probability,
)
from cracknet.reporting.measuring import Measuring
from cracknet.reporting.run import segment_photos
from cracknet.segmentation import Segmenter
from cracknet.synthesis import SceneOptions, render, straight_path

QUARTER = Measuring(scale=ScaleOptions(mm_per_px=0.25))


@pytest.fixture(scope="module")
def wall():
    options = SceneOptions(height=160, width=240, contrast=0.02, brightness=0.9, depth=(0.8, 0.9))
    return render(options, 5, cracks=[straight_path((20, 50), (220, 90), 6.0, 0.95)])


@pytest.fixture(scope="module")
def dark(dark_net):
    with Segmenter(dark_net, precision="f32") as segmenter:
        yield segmenter


@pytest.fixture
def segmented(dark, wall, tmp_path):
    """Photographs segmented and not measured, one in a folder of its own."""
    source = tmp_path / "in"
    (source / "pier").mkdir(parents=True)
    cv2.imwrite(str(source / "a.png"), wall.gray)
    cv2.imwrite(str(source / "pier" / "b.png"), wall.gray[:, ::-1])
    segment_photos(find_photos([source]), tmp_path / "out", dark)
    return tmp_path / "out"


@pytest.fixture
def write_mask(wall, tmp_path):
    def write(name="a.png", values=None, folder="masks"):
        path = tmp_path / folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        stored = wall.mask.astype(np.uint8) * 255 if values is None else values
        cv2.imwrite(str(path), stored)
        return path

    return write


def rows(out, name="cracks.csv"):
    with (out / name).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_a_mask_alone(write_mask, tmp_path):
    write_mask()
    result = measure_masks(find_masks([tmp_path / "masks"]), tmp_path / "out", QUARTER)
    assert [row.status for row in result.rows] == ["done"]
    (row,) = rows(tmp_path / "out")
    assert row["photo"] == "a"
    assert float(row["length_px"]) == pytest.approx(np.hypot(200, 40), rel=0.01)
    assert float(row["length_mm"]) == pytest.approx(0.25 * float(row["length_px"]), rel=1e-3)
    assert float(row["width_median_px"]) == pytest.approx(6, abs=0.3)
    assert len(rows(tmp_path / "out", "branches.csv")) == 1
    assert json.loads((tmp_path / "out" / "run.json").read_text())["options"]["masks"] == "mask"


def test_masks_of_zeros_and_ones(write_mask, wall, tmp_path):
    write_mask(values=wall.mask.astype(np.uint8))
    measure_masks(find_masks([tmp_path / "masks"]), tmp_path / "out", QUARTER)
    assert len(rows(tmp_path / "out")) == 1


def test_the_photograph_beside_a_mask_tells_widths(write_mask, wall, tmp_path):
    write_mask(folder="masks")
    write_mask("a.jpg", wall.gray, "photos")
    masks = find_masks([tmp_path / "masks" / "a.png"], tmp_path / "photos")
    assert masks == [
        Masked("", PurePosixPath("a"), tmp_path / "photos" / "a.jpg", tmp_path / "masks/a.png")
    ]
    measure_masks(masks, tmp_path / "out", QUARTER)
    assert rows(tmp_path / "out")[0]["width_method"] == "gray"
    assert read_measurement(tmp_path / "out/a.cracks.json").file.endswith("a.jpg")


def test_a_dataset(write_mask, wall, tmp_path):
    for split in ("train", "test"):
        write_mask("a.png", folder=f"set/masks/{split}")
        write_mask("a.png", wall.gray, f"set/images/{split}")
    measure_masks(find_masks([tmp_path / "set"]), tmp_path / "out", QUARTER)
    assert sorted(row["photo"] for row in rows(tmp_path / "out")) == ["test/a", "train/a"]


def test_a_probability(write_mask, wall, tmp_path):
    blurred = cv2.GaussianBlur(wall.coverage, (0, 0), 1.0)
    path = write_mask("p.png", np.round(blurred * 255).astype(np.uint8))
    mask, probability = read_mask_or_probability(path, as_probability=True)
    assert mask.dtype == bool
    np.testing.assert_allclose(probability, blurred, atol=0.003)
    measure_masks(find_masks([path]), tmp_path / "out", QUARTER, as_probability=True, threshold=0.5)
    assert float(rows(tmp_path / "out")[0]["width_median_px"]) == pytest.approx(6, abs=0.25)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (np.array([[0, 128], [255, 3]], np.uint8), "--probability"),
        (np.full((3, 3), 7, np.uint8), "holds 7"),
    ],
)
def test_a_mask_of_other_values_fails_and_the_rest_is_done(write_mask, tmp_path, values, words):
    write_mask("bad.png", values)
    write_mask("good.png")
    result = measure_masks(find_masks([tmp_path / "masks"]), tmp_path / "out", QUARTER)
    (failed,) = result.failed
    assert "bad.png" in failed.error
    assert words in failed.error
    assert [row["photo"] for row in rows(tmp_path / "out")] == ["good"]


def test_a_mask_of_another_size_than_its_photograph_fails(write_mask, wall, tmp_path):
    write_mask()
    write_mask("a.jpg", wall.gray[:-1], "photos")
    masks = find_masks([tmp_path / "masks"], tmp_path / "photos")
    (failed,) = measure_masks(masks, tmp_path / "out", QUARTER).failed
    assert "240x159" in failed.error
    assert "240x160" in failed.error


def test_a_mask_that_is_not_there(tmp_path):
    with pytest.raises(DatasetError, match=r"no mask at .*gone.png"):
        find_masks([tmp_path / "gone.png"])


def test_without_a_photograph_a_marker_cannot_be_found(write_mask, tmp_path):
    write_mask()
    how = Measuring(scale=ScaleOptions(marker=MarkerOptions(50)))
    (row,) = measure_masks(find_masks([tmp_path / "masks"]), tmp_path / "out", how).rows
    assert row.status == "done"
    assert "no scale: marker needs the photograph" in row.note
    assert rows(tmp_path / "out")[0]["length_mm"] == ""


def test_masks_that_are_done_are_skipped(write_mask, tmp_path):
    write_mask()
    masks = find_masks([tmp_path / "masks"])
    measure_masks(masks, tmp_path / "out", QUARTER)
    written = (tmp_path / "out/a.cracks.json").stat().st_mtime_ns
    assert measure_masks(masks, tmp_path / "out", QUARTER).skipped == 1
    assert (tmp_path / "out/a.cracks.json").stat().st_mtime_ns == written
    assert len(rows(tmp_path / "out")) == 1


def test_what_segment_wrote_is_measured_where_it_lies(segmented):
    assert is_segmented(segmented)
    assert not (segmented / "cracks.csv").exists()
    result = measure_results(segmented, QUARTER)
    assert [row.photo for row in result.rows] == ["a", "pier/b"]
    assert {row["photo"] for row in rows(segmented)} == {"a", "pier/b"}
    assert all(row["length_mm"] for row in rows(segmented))
    assert rows(segmented)[0]["width_method"] == "gray"
    assert [row["cracks"] for row in rows(segmented, "photos.csv")] == ["1", "1"]
    run = json.loads((segmented / "run.json").read_text())
    assert run["options"]["measure"]["scale"] == {"mm_per_px": 0.25}
    assert run["status"] == "finished"


def test_measured_again_only_with_other_options(segmented):
    measure_results(segmented, QUARTER)
    assert measure_results(segmented, QUARTER).skipped == 2
    half = Measuring(scale=ScaleOptions(mm_per_px=0.5))
    before = float(rows(segmented)[0]["length_mm"])
    assert measure_results(segmented, half).skipped == 0
    assert float(rows(segmented)[0]["length_mm"]) == pytest.approx(2 * before, rel=1e-3)


def test_a_corrected_mask_is_measured_anew(segmented):
    measure_results(segmented, QUARTER)
    mask = cv2.imread(str(segmented / "a.mask.png"), 0)
    mask[:, 120:] = 0
    cv2.imwrite(str(segmented / "a.mask.png"), mask)
    lengths = {row["photo"]: float(row["length_px"]) for row in rows(segmented)}
    assert measure_results(segmented, QUARTER).skipped == 1
    now = {row["photo"]: float(row["length_px"]) for row in rows(segmented)}
    assert now["a"] < 0.6 * lengths["a"]
    assert now["pier/b"] == lengths["pier/b"]


def test_a_mask_corrected_after_segmenting_and_measuring_at_once_is_measured_anew(
    dark, segmented, tmp_path
):
    both = tmp_path / "both"
    segment_photos(find_photos([tmp_path / "in"]), both, dark, measuring=QUARTER)
    assert measure_results(both, QUARTER).skipped == 2
    mask = cv2.imread(str(both / "a.mask.png"), 0)
    mask[:, 120:] = 0
    cv2.imwrite(str(both / "a.mask.png"), mask)
    before = float(rows(both)[0]["length_px"])
    assert measure_results(both, QUARTER).skipped == 1
    assert float(rows(both)[0]["length_px"]) < 0.6 * before


def test_a_photograph_that_is_gone_is_measured_by_its_probability(segmented, tmp_path):
    (tmp_path / "in" / "a.png").unlink()
    first, _ = measure_results(segmented, QUARTER).rows
    assert first.status == "done"
    assert "gone or has changed" in first.note
    assert rows(segmented)[0]["width_method"] == "probability"


def test_a_damaged_mask_fails_and_is_done_when_it_is_back(segmented):
    good = (segmented / "a.mask.png").read_bytes()
    (segmented / "a.mask.png").write_bytes(good[:50])
    (failed,) = measure_results(segmented, QUARTER).failed
    assert "a.mask.png" in failed.error
    assert [row["photo"] for row in rows(segmented)] == ["pier/b"]
    (segmented / "a.mask.png").write_bytes(good)
    assert measure_results(segmented, QUARTER).failed == ()
    assert [row["photo"] for row in rows(segmented)] == ["a", "pier/b"]


def test_classes_by_a_standard(segmented):
    choice = ClassChoice(find_table("aci224r"), "humid", "p95")
    measure_results(segmented, Measuring(scale=ScaleOptions(mm_per_px=0.25), classes=choice))
    assert {row["width_class"] for row in rows(segmented)} == {"above 0.30 mm"}
    about = read_measurement(segmented / "a.cracks.json").about
    assert ClassChoice.from_dict(about["measure"]["classes"]) == choice.__class__(
        ClassChoice.from_dict(choice.as_dict()).table, "humid", "p95"
    )


def test_a_folder_that_segment_did_not_write(tmp_path):
    assert not is_segmented(tmp_path)
    with pytest.raises(ArgumentError, match=r"has no run.json"):
        measure_results(tmp_path, QUARTER)
    (tmp_path / "run.json").write_text("[]")
    with pytest.raises(ArgumentError, match="not a run of CrackNet"):
        measure_results(tmp_path, QUARTER)


def test_segmenting_and_measuring_at_once_gives_the_same(dark, segmented, tmp_path):
    measure_results(segmented, QUARTER)
    segment_photos(find_photos([tmp_path / "in"]), tmp_path / "both", dark, measuring=QUARTER)
    for apart, together in zip(rows(segmented), rows(tmp_path / "both"), strict=True):
        assert apart.keys() == together.keys()
        assert apart["photo"] == together["photo"]
        assert float(apart["length_px"]) == pytest.approx(float(together["length_px"]), rel=1e-2)
        a, b = float(apart["width_mean_px"]), float(together["width_mean_px"])
        assert a == pytest.approx(b, abs=0.1)


def test_a_run_measured_anew_is_not_segmented_with_other_options(dark, segmented, tmp_path):
    measure_results(segmented, QUARTER)
    with pytest.raises(ArgumentError, match="cracknet measure"):
        segment_photos(find_photos([tmp_path / "in"]), segmented, dark)
    again = segment_photos(find_photos([tmp_path / "in"]), segmented, dark, measuring=QUARTER)
    assert again.skipped == 2
