"""A photograph of a run corrected and measured anew in its folder."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from cracknet.errors import ArgumentError
from cracknet.measurement.files import read_measurement
from cracknet.measurement.scale import PointPair, ScaleOptions
from cracknet.photo import find_photos
from cracknet.reporting.edited_run import PAINTED, measure_edits, write_tables
from cracknet.reporting.edits import Edits, Stroke
from cracknet.reporting.measured_run import measure_results
from cracknet.reporting.measuring import Measuring
from cracknet.reporting.run import segment_photos
from cracknet.segmentation import Segmenter


@pytest.fixture
def run(tmp_path, dark_net):
    """A folder of two photographs segmented: light walls, each with a dark line 5 px wide."""
    folder, out = tmp_path / "photos", tmp_path / "out"
    folder.mkdir()
    for name, row in (("a", 50), ("b", 90)):
        wall = np.full((160, 224), 230, np.uint8)
        wall[row : row + 5, 20:200] = 20
        cv2.imwrite(str(folder / f"{name}.png"), wall)
    with Segmenter(dark_net) as segmenter:
        segment_photos(find_photos([folder]), out, segmenter, measuring=Measuring())
    return out


def contents(out, name="a"):
    return {p.name: p.read_bytes() for p in out.iterdir() if p.name.startswith(f"{name}.")}


def test_no_edits_give_what_segment_gave(run):
    before = contents(run)
    corrected = measure_edits(run, "a", Edits(), Measuring())
    after = contents(run)
    for name in before.keys() - {"a.cracks.json"}:
        assert after[name] == before[name], name
    first, second = json.loads(before["a.cracks.json"]), json.loads(after["a.cracks.json"])
    assert first.pop("about").keys() == second.pop("about").keys()
    assert first == second
    assert corrected.row.cracks == 1


def test_a_stroke_adds_a_crack_and_taking_it_back_removes_it(run):
    fresh = contents(run)
    stroke = Stroke("add", 3, ((20, 120), (200, 120)))
    corrected = measure_edits(run, "a", Edits(strokes=(stroke,)), Measuring())
    assert corrected.row.cracks == 2
    mask = cv2.imread(str(run / "a.mask.png"), cv2.IMREAD_GRAYSCALE)
    assert np.array_equal(mask > 0, corrected.mask)
    assert mask[120, 100] == 255
    overlay = cv2.imread(str(run / "a.overlay.jpg"))[120, 100].astype(int)
    assert overlay[2] > overlay[0] + 60, "red where the stroke is"
    stored = read_measurement(run / "a.cracks.json")
    assert len(stored.measurement.cracks) == 2
    assert PAINTED in stored.measurement.notes
    assert stored.about["edits"]["strokes"][0]["radius_px"] == 3
    assert contents(run)["a.probability.png"] == fresh["a.probability.png"]
    assert contents(run)["a.widths.jpg"] != fresh["a.widths.jpg"]

    measure_edits(run, "a", Edits(), Measuring())
    back = contents(run)
    assert back["a.mask.png"] == fresh["a.mask.png"]
    assert back["a.widths.jpg"] == fresh["a.widths.jpg"]
    assert "edits" not in read_measurement(run / "a.cracks.json").about


def test_the_same_edits_give_the_same_bytes(run):
    edits = Edits(
        threshold=0.3,
        strokes=(Stroke("add", 2.7, ((30.2, 20.4), (90.1, 70.9))),),
        rejected=((100, 52),),
    )
    measure_edits(run, "a", edits, Measuring())
    first = contents(run)
    first_about = json.loads(first.pop("a.cracks.json"))
    measure_edits(run, "a", edits, Measuring())
    second = contents(run)
    second_about = json.loads(second.pop("a.cracks.json"))
    for about in (first_about, second_about):
        about["about"].pop("mask")  # the time at which the mask was written
    assert (first, first_about) == (second, second_about)


def test_a_threshold_and_a_scale_of_its_own(run):
    scale = Measuring(scale=ScaleOptions(points=PointPair((0, 0), (200, 0), 100)))
    corrected = measure_edits(run, "a", Edits(threshold=0.95), scale)
    assert corrected.row.cracks == 0
    assert corrected.measured.about["threshold"] == 0.95
    corrected = measure_edits(run, "a", Edits(), scale)
    assert corrected.row.mm_per_px == 0.5


def test_tables_follow(run):
    measure_edits(run, "a", Edits(rejected=((100, 52),)), Measuring())
    measuring = Measuring(scale=ScaleOptions(mm_per_px=0.5))
    measure_edits(run, "b", Edits(), measuring)
    write_tables(run, measuring, ["b", "a"], threshold=0.4)
    with (run / "cracks.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["photo"] for row in rows] == ["b"]
    assert float(rows[0]["length_mm"]) == pytest.approx(float(rows[0]["length_px"]) / 2)
    with (run / "photos.csv").open(newline="") as file:
        photos = {row["photo"]: row for row in csv.DictReader(file)}
    assert list(photos) == ["b", "a"]
    assert photos["a"]["cracks"] == "0"
    options = json.loads((run / "run.json").read_text())["options"]
    assert options["threshold"] == 0.4
    assert options["measure"]["scale"] == {"mm_per_px": 0.5}


def test_the_folder_is_still_one_that_measure_reads(run):
    """`cracknet measure` skips what was corrected and keeps its mask."""
    stroke = Stroke("add", 3, ((20, 120), (200, 120)))
    measure_edits(run, "a", Edits(strokes=(stroke,)), Measuring())
    write_tables(run, Measuring(), ["a", "b"])
    assert measure_results(run, Measuring()).skipped == 2
    again = measure_results(run, Measuring(scale=ScaleOptions(mm_per_px=0.1)))
    assert {row.photo: row.cracks for row in again.rows} == {"a": 2, "b": 1}


def test_without_its_photograph_the_probability_tells_widths(run):
    row = json.loads((run / ".cracknet-photos.jsonl").read_text().split("\n")[1])
    Path(row["file"]).unlink()
    corrected = measure_edits(run, row["photo"], Edits(), Measuring())
    assert any("is gone" in note for note in corrected.measured.measurement.notes)
    assert corrected.row.cracks == 1


def test_what_was_not_segmented_is_refused(run, tmp_path):
    with pytest.raises(ArgumentError, match="Segment the photograph first"):
        measure_edits(run, "c", Edits(), Measuring())
    with pytest.raises(ArgumentError, match="is not a folder"):
        measure_edits(tmp_path, "a", Edits(), Measuring())
