"""Batches in one process, on a disk."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time

import cv2
import numpy as np
import pytest

from cracknet.errors import ArgumentError, OutputError
from cracknet.fleet import PICTURES, plan_fleet, run_fleet
from cracknet.measurement.files import read_measurement
from cracknet.reporting.measuring import Measuring
from cracknet.reporting.run import segment_photos
from cracknet.segmentation import Segmenter

NAMES = ["a.png", "b.jpg", "sub/c.png", "sub/d.png"]


@pytest.fixture
def photos(write_photos, tmp_path):
    return write_photos(tmp_path / "in", NAMES)


def masks(out):
    return {
        path.relative_to(out).as_posix(): path.stat().st_mtime_ns
        for path in (out / "results").rglob("*.mask.png")
    }


def test_the_same_as_segment(photos, batch, tables, dark_net, tmp_path):
    """Masks and measurements are those of `segment`; the tables hold its rows."""
    from cracknet.photo import find_photos

    result = batch(tmp_path / "in", tmp_path / "out", pictures=tuple(PICTURES))
    assert (result.done, result.skipped, result.failed, result.batches) == (4, 0, (), 2)
    found = find_photos([tmp_path / "in"])
    with Segmenter(dark_net, threshold=0.7, precision="f32", threads=1) as segmenter:
        segment_photos(found, tmp_path / "one", segmenter, measuring=Measuring())
    rows = tables(tmp_path / "out", "cracks")
    assert len(rows) == result.cracks > 4
    for name in NAMES:
        stem = name.rpartition(".")[0]
        for picture, suffix in PICTURES.items():
            theirs = tmp_path / "one" / f"{stem}{suffix}"
            ours = tmp_path / "out" / "results" / f"{name}{suffix}"
            if picture != "measurement":
                assert ours.read_bytes() == theirs.read_bytes()
                continue
            expected, got = (read_measurement(path).measurement for path in (theirs, ours))
            assert len(expected.cracks) == len(got.cracks)
            assert len(got.cracks) == sum(row["photo"] == name for row in rows)
    table = tables(tmp_path / "out", "photos")
    assert [row["photo"] for row in table] == NAMES
    assert sum(row["cracks"] for row in table) == result.cracks
    assert [row["branches"] for row in rows] == [
        sum(
            (b["photo"], b["crack"]) == (row["photo"], row["crack"])
            for b in tables(tmp_path / "out", "branches")
        )
        for row in rows
    ]


def test_a_rerun_does_nothing_twice(photos, batch, tmp_path):
    first = batch(tmp_path / "in", tmp_path / "out")
    before = masks(tmp_path / "out")
    again = batch(tmp_path / "in", tmp_path / "out")
    assert (again.done, again.skipped, again.megapixels) == (0, 4, 0)
    assert masks(tmp_path / "out") == before
    told = json.loads((tmp_path / "out" / "run.json").read_text())
    assert (told["photos"], told["cracks"]) == (4, first.cracks)
    assert told["this_run"]["skipped"] == 4


def test_new_changed_and_failed_photographs_are_done_and_counted_once(
    photos, batch, tables, write_photos, tmp_path
):
    folder, out = tmp_path / "in", tmp_path / "out"
    (folder / "z.png").write_bytes(b"text")
    [row] = batch(folder, out).failed
    assert row.error.startswith(f"{folder}/z.png: not an image")
    assert [r["status"] for r in tables(out, "photos")] == ["done"] * 4 + ["failed"]
    before = masks(out)
    time.sleep(0.01)
    shutil.copy(folder / "a.png", folder / "z.png")
    shutil.copy(folder / "a.png", folder / "0.png")
    write_photos(folder, ["b.jpg"], size=(96, 128))
    result = batch(folder, out)
    assert (result.done, result.skipped, result.failed) == (3, 3, ())
    rows = tables(out, "photos")
    assert [(r["photo"], r["width_px"]) for r in rows] == [
        ("0.png", 224), ("a.png", 224), ("b.jpg", 128),
        ("sub/c.png", 224), ("sub/d.png", 224), ("z.png", 224),
    ]  # fmt: skip
    after = masks(out)
    unchanged = {name for name, when in before.items() if after[name] == when}
    assert unchanged == {f"results/{name}.mask.png" for name in ("a.png", "sub/c.png", "sub/d.png")}
    cracks = tables(out, "cracks")
    assert len({(row["photo"], row["crack"]) for row in cracks}) == len(cracks)
    assert len(cracks) == sum(row["cracks"] for row in rows)


def test_a_list_with_missing_duplicate_and_unreadable_entries(photos, batch, tables, tmp_path):
    (tmp_path / "torn.png").write_bytes((tmp_path / "in" / "a.png").read_bytes()[:3000])
    lines = ["in/a.png", "lost.png", "in/./a.png", "torn.png", "in/sub", "in/sub/d.png"]
    (tmp_path / "list.txt").write_text("\n".join(lines))
    result = batch(tmp_path / "list.txt", tmp_path / "out")
    assert (result.done, result.duplicates) == (2, (str(tmp_path / "in" / "a.png"),))
    errors = {row.file.removeprefix(f"{tmp_path}/"): row.error for row in result.failed}
    assert "no such file" in errors.pop("lost.png")
    assert "is a folder" in errors.pop("in/sub")
    assert "the file is truncated" in errors.pop("torn.png")
    assert errors == {}
    assert len(tables(tmp_path / "out", "photos")) == 5
    again = batch(tmp_path / "list.txt", tmp_path / "out")
    assert (again.done, again.skipped, len(again.failed)) == (0, 2, 3)
    assert len(tables(tmp_path / "out", "photos")) == 5


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"segmenter": {"threshold": 0.5}}, r"holds a run with threshold 0\.7; now it is 0\.5"),
        ({"measuring": None}, "holds a run with measure {.*now it is None"),
        ({"pictures": ("mask", "overlay")}, r"holds a run with pictures \['mask'\]; now"),
        ({"segmenter": {"model": "cracknet-lite"}}, "with model 'dark'; now it is 'cracknet-lite'"),
    ],
)
def test_a_destination_that_holds_another_run(photos, batch, tmp_path, options, said):
    batch(photos[0], tmp_path / "out")
    before = {p: p.read_bytes() for p in (tmp_path / "out").rglob("*") if p.is_file()}
    with pytest.raises(ArgumentError, match=f"{said}.*Name another destination with -o"):
        batch(tmp_path / "in", tmp_path / "out", **options)
    assert {p: p.read_bytes() for p in (tmp_path / "out").rglob("*") if p.is_file()} == before


def test_a_destination_of_segment_or_of_another_program(photos, batch, dark_net, tmp_path):
    from cracknet.photo import find_photos

    with Segmenter(dark_net, threshold=0.7, precision="f32", threads=1) as segmenter:
        segment_photos(find_photos([photos[0]]), tmp_path / "out", segmenter)
    with pytest.raises(ArgumentError, match="holds a run with cracknet None"):
        batch(tmp_path / "in", tmp_path / "out")
    (tmp_path / "out" / "run.json").write_text("{}")
    with pytest.raises(OutputError, match=r"run.json is not a run of CrackNet"):
        batch(tmp_path / "in", tmp_path / "out")


def test_photographs_of_another_folder_do_not_replace_results(photos, batch, tmp_path):
    batch(tmp_path / "in", tmp_path / "out")
    shutil.copytree(tmp_path / "in", tmp_path / "other")
    with pytest.raises(ArgumentError, match=r"holds the results of .*/in/a.png as a.png"):
        batch(tmp_path / "other", tmp_path / "out")


def test_a_run_that_another_one_disturbs(photos, work, tmp_path):
    plan = plan_fleet(tmp_path / "in", work(tmp_path / "out"), batch_megapixels=0.01)
    seen = []

    def disturb(row, skipped):
        seen.append(row)
        if len(seen) == 3:
            for part in (tmp_path / "out" / "photos").iterdir():
                part.unlink()

    with pytest.raises(OutputError, match="2 photographs that were done are not in the ledger"):
        run_fleet(plan, threads=1, progress=disturb)
    rest = plan_fleet(tmp_path / "in", work(tmp_path / "out"), batch_megapixels=0.01)
    assert rest.photos == 2
    assert run_fleet(rest, threads=1).done == 2


@pytest.mark.slow
def test_a_process_killed_in_the_middle(
    write_photos, batch, check_alike, tables, dark_net, tmp_path
):
    """Nothing is lost, less than a batch is repeated, and nothing is counted twice."""
    names = [f"wall_{k:02}.png" for k in range(14)]
    write_photos(tmp_path / "in", names)
    out = tmp_path / "out"
    line = [
        sys.executable, "-m", "cracknet", "batch", tmp_path / "in", "-o", out, "-m", dark_net,
        "-t", 0.7, "--precision", "f32", "-j", 1, "--batch-megapixels", 0.08,
    ]  # fmt: skip
    process = subprocess.Popen(list(map(str, line)))
    deadline = time.monotonic() + 60
    while len(list((out / "ledger").glob("*.json"))) < 2:
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.002)
    process.kill()
    assert process.wait() == -signal.SIGKILL
    before = masks(out)
    entries = len(list((out / "ledger").glob("*.json")))
    kept = 2 * entries
    assert 2 <= entries < 7
    result = batch(tmp_path / "in", out, batch_megapixels=0.08)
    assert (result.done, result.skipped) == (14 - kept, kept)
    after = masks(out)
    assert sum(after[name] != when for name, when in before.items()) <= 2
    assert [row["photo"] for row in tables(out, "photos")] == names
    batch(tmp_path / "in", tmp_path / "fresh")
    for table in ("cracks", "branches"):
        check_alike(tables(out, table), tables(tmp_path / "fresh", table))
    assert not list(out.rglob(".*.part"))


def test_a_raster_among_photographs(photos, batch, tables, tmp_path, rendered):
    rasterio = pytest.importorskip("rasterio")
    deck = tmp_path / "in" / "deck.tif"
    with rasterio.open(
        deck, "w", driver="GTiff", height=160, width=224, count=1, dtype="uint8",
        crs="EPSG:25832", transform=rasterio.Affine(0.002, 0, 500_000, 0, -0.002, 5_900_000),
    ) as raster:  # fmt: skip
        raster.write(rendered(160, 224).gray, 1)
    out = tmp_path / "out"
    result = batch(tmp_path / "in", out)
    assert (result.done, result.failed) == (5, ())
    with rasterio.open(out / "rasters" / "deck.tif" / "deck.mask.tif") as mask:
        assert mask.crs == "EPSG:25832"
        raster = mask.read(1)
    photo = cv2.imread(str(out / "results" / "a.png.mask.png"), cv2.IMREAD_GRAYSCALE)
    assert np.array_equal(raster > 0, photo > 0)  # the same scene
    rows = {row["photo"]: row for row in tables(out, "photos")}
    assert rows["deck.tif"]["status"] == "done"
    count = sum(row["photo"] == "deck.tif" for row in tables(out, "cracks"))
    assert rows["deck.tif"]["cracks"] == count > 0
    assert rows["deck.tif"]["crack_share"] == pytest.approx(rows["a.png"]["crack_share"])
    assert batch(tmp_path / "in", out).skipped == 5


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"pictures": ("mask", "sketch")}, "must be of mask, .*; got 'sketch'"),
        ({"pictures": ("widths",), "measuring": None}, "widths and measurement need measuring"),
    ],
)
def test_work_that_cannot_be(work, tmp_path, options, said):
    with pytest.raises(ArgumentError, match=said):
        work(tmp_path, **options)


def test_workers_need_a_cluster(photos, work, tmp_path):
    plan = plan_fleet(tmp_path / "in", work(tmp_path / "out"))
    with pytest.raises(ArgumentError, match="Add --address"):
        run_fleet(plan, workers=2)


@pytest.mark.slow
def test_ray_is_not_imported_without_an_address(photos, dark_net, tmp_path):
    code = (
        "import sys; from cracknet.cli import main; status = main(sys.argv[1:]); "
        "sys.exit(9 if 'ray' in sys.modules else status)"
    )
    line = [sys.executable, "-c", code, "batch", tmp_path / "in", "-o", tmp_path / "out"]
    line += ["--model", dark_net, "--jobs", 1]
    done = subprocess.run(list(map(str, line)), capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
