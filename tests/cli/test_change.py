from __future__ import annotations

import csv
import json
from dataclasses import replace

import cv2
import numpy as np
import pytest

from cracknet.cli import main
from cracknet.measurement.files import PhotoMeasurement, measurement_json
from cracknet.measurement.measure import measure
from cracknet.synthesis import SceneOptions, render, straight_path

SCENE = SceneOptions(
    height=260, width=320, contrast=0.06, brightness=0.75, noise_percent=0.8, light_gradient=0
)
OLD = straight_path((-5, 90), (200, 120), 6, 0.9)
NEW = straight_path((-5, 90), (290, 133), 6, 0.9)


@pytest.fixture(scope="module")
def walls():
    return {name: render(SCENE, 3, cracks=paths) for name, paths in (
        ("before", [OLD]), ("after", [NEW]), ("bare", [])
    )}  # fmt: skip


@pytest.fixture
def folder(tmp_path, walls):
    """Photographs, their masks, and measurements of both dates."""
    for name, wall in walls.items():
        cv2.imwrite(str(tmp_path / f"{name}.png"), wall.gray)
        cv2.imwrite(str(tmp_path / f"{name}-cracks.png"), wall.mask.astype(np.uint8) * 255)
        item = PhotoMeasurement(name, f"{name}.png", measure(wall.mask, gray=wall.gray))
        (tmp_path / f"{name}.cracks.json").write_bytes(measurement_json(item))
    return tmp_path


@pytest.fixture
def run(capsys):
    def change(*words):
        status = main(["change", *map(str, words)])
        streams = capsys.readouterr()
        assert "Traceback" not in streams.err
        return status, streams.out, streams.err

    return change


def rows(out):
    with (out / "change.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_photographs_are_segmented_and_compared(run, folder, save_net):
    # Dark is crack: a net of one formula finds these cracks exactly.
    net = save_net(
        folder / "net.xml",
        lambda ops, gray: ops.sigmoid(
            ops.multiply(ops.subtract(np.float32(75), gray), np.float32(0.2))
        ),
    )
    out = folder / "out"
    status, said, error = run(
        folder / "before.png", folder / "after.png", "-o", out, "--model", net,
        "--after-mm-per-px", 0.25, "--json", folder / "n.json", "--side-by-side",
    )  # fmt: skip
    assert status == 0, error
    assert "grown" in said
    (grown,) = [row for row in rows(out) if row["state"] == "grown"]
    assert float(grown["length_change_px"]) == pytest.approx(90.9, abs=4)
    assert float(grown["length_change_mm"]) == pytest.approx(22.7, abs=1)
    assert json.loads((out / "change.json").read_text())["mm_per_px"] == pytest.approx(0.25)
    assert cv2.imread(str(out / "change.png")).shape[1] > 2000
    assert json.loads((folder / "n.json").read_text())["changed"] is True


def test_measurements_of_earlier_runs(run, folder):
    out = folder / "out"
    status, said, error = run(
        folder / "before.cracks.json", folder / "after.cracks.json", "-o", out,
        "--before-mm-per-px", 0.5,
    )  # fmt: skip
    assert status == 0, error
    assert "scale of BEFORE" in said
    assert rows(out)[0]["state"] == "grown"
    assert float(rows(out)[0]["width_after_mm"]) == pytest.approx(3, abs=0.15)


def test_masks_with_their_photographs(run, folder):
    words = [folder / "before-cracks.png", folder / "after.cracks.json", "-o", folder / "out"]
    status, _, error = run(*words)
    assert status == 2
    assert "--before-photo" in error
    status, _, error = run(*words, "--before-photo", folder / "before.png")
    assert status == 0, error
    assert rows(folder / "out")[0]["state"] == "grown"


def test_one_date_without_cracks(run, folder):
    status, said, _ = run(
        folder / "bare.cracks.json", folder / "after.cracks.json", "-o", folder / "out"
    )
    assert status == 0
    assert "BEFORE has no cracks." in said
    assert [row["state"] for row in rows(folder / "out")] == ["new"]


def test_a_blank_photograph_is_refused(run, folder):
    cv2.imwrite(str(folder / "after.png"), np.full((260, 320), 127, np.uint8))
    status, _, error = run(
        folder / "before.cracks.json", folder / "after.cracks.json", "-o", folder / "out"
    )
    assert status == 2
    assert "laid over each other" in error
    assert not (folder / "out").exists()


def test_different_places_are_refused(run, folder):
    other = render(replace(SCENE, surface="rough"), 4, cracks=[NEW])
    cv2.imwrite(str(folder / "after.png"), other.gray)
    status, _, error = run(
        folder / "before.cracks.json", folder / "after.cracks.json", "-o", folder / "out"
    )
    assert status == 2
    assert "same place" in error


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("notes.txt", b"words", "notes.txt"),
        ("none.jpg", None, "none.jpg"),
        ("x.cracks.json", b"{}", "x.cracks.json"),
        ("x.cracks.json", b'{"schema": "cracknet.cracks/9"}', "cracks/9"),
    ],
)
def test_files_of_unknown_kind(run, folder, name, content, said):
    if content is not None:
        (folder / name).write_bytes(content)
    status, _, error = run(folder / name, folder / "after.cracks.json", "-o", folder / "out")
    assert status == 2
    assert said in error


def test_a_photograph_that_is_not_there_or_of_another_size(run, folder):
    words = [folder / "before.cracks.json", folder / "after.cracks.json", "-o", folder / "out"]
    cv2.imwrite(str(folder / "small.png"), np.zeros((90, 90), np.uint8))
    status, _, error = run(*words, "--before-photo", folder / "small.png")
    assert status == 2
    assert "320x260" in error
    (folder / "before.png").unlink()
    status, _, error = run(*words)
    assert status == 2
    assert "--before-photo" in error
    status, _, error = run(folder, *words[1:])
    assert status == 2
    assert "folder" in error


def test_wrong_values(run, folder):
    words = [folder / "before.cracks.json", folder / "after.cracks.json", "-o", folder / "out"]
    for more in (("--sigmas", "-1"), ("--after-mm-per-px", "0"), ("--tolerance-px", "nan")):
        assert run(*words, *more)[0] == 2
