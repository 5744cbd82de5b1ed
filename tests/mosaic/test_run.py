from __future__ import annotations

import csv
import json

import cv2
import numpy as np
import pytest
import rasterio
from rasterio import Affine

from cracknet.cli import main
from cracknet.measurement.scale import ScaleOptions
from cracknet.mosaic import measure_folder, segment_found
from cracknet.mosaic.measuring.batches import Limits
from cracknet.photo import find_photos
from cracknet.reporting.measuring import Measuring
from cracknet.segmentation import Segmenter
from cracknet.segmentation.brightness import brightened


@pytest.fixture(scope="module")
def dark(dark_net):
    with Segmenter(dark_net, precision="f32") as segmenter:
        yield segmenter


@pytest.fixture
def write_raster(rendered):
    def write(path, broken=False):
        gray = rendered(300, 420).gray
        path.parent.mkdir(parents=True, exist_ok=True)
        with rasterio.open(
            path, "w", driver="GTiff", height=300, width=420, count=1, dtype="uint8",
            crs="EPSG:25832", transform=Affine(0.01, 0, 500000, 0, -0.01, 5400000), tiled=True,
            blockxsize=128, blockysize=128,
        ) as file:  # fmt: skip
            file.write(gray, 1)
        if broken:
            path.write_bytes(path.read_bytes()[:20000])
        return gray

    return write


def table(out):
    with (out / "photos.csv").open(newline="", encoding="utf-8") as file:
        return {row["photo"]: row for row in csv.DictReader(file)}


def test_photographs_and_rasters_in_one_folder(dark, write_raster, write_photos, tmp_path):
    gray = write_raster(tmp_path / "in" / "deck.tif")
    write_photos(tmp_path / "in", ["a.png", "deck.jpg"])
    out = tmp_path / "out"
    seen = []
    result = segment_found(
        find_photos([tmp_path / "in"]), out, dark, windows=lambda *words: seen.append(words)
    )
    assert result.failed == ()
    assert sorted(table(out)) == ["a", "deck.jpg", "deck.tif"]
    with rasterio.open(out / "deck.tif.mask.tif") as file:
        shown = brightened(gray, dark.gain(gray))
        np.testing.assert_array_equal(file.read(1), np.where(1 - shown / 255 >= 0.5, 255, 0))
        assert file.crs.to_epsg() == 25832
    assert cv2.imread(str(out / "deck.jpg.mask.png"), 0) is not None
    assert seen[-1][0] == "deck.tif"
    assert seen[-1][1] == seen[-1][2]
    assert result.megapixels == pytest.approx((300 * 420 + 2 * 160 * 224) / 1e6)
    again = segment_found(find_photos([tmp_path / "in"]), out, dark)
    assert again.skipped == 3
    assert again.megapixels == 0


# Measured


def rows_of(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def both(dark, write_raster, write_photos, tmp_path):
    """A folder of a photograph and a raster, segmented and measured."""
    write_raster(tmp_path / "in" / "deck.tif")
    write_photos(tmp_path / "in", ["a.png"])
    out = tmp_path / "out"
    result = segment_found(find_photos([tmp_path / "in"]), out, dark, measuring=Measuring())
    assert result.failed == ()
    return out


def test_rasters_are_measured_beside_photographs(both, dark, tmp_path):
    photos = table(both)
    assert int(photos["deck"]["cracks"]) > 0
    assert float(photos["deck"]["mm_per_px"]) == pytest.approx(10, rel=1e-3)
    cracks, branches = rows_of(both / "cracks.csv"), rows_of(both / "branches.csv")
    for name in ("a", "deck"):
        numbers = [int(row["crack"]) for row in cracks if row["photo"] == name]
        assert numbers == list(range(1, int(photos[name]["cracks"]) + 1))
        assert {int(row["crack"]) for row in branches if row["photo"] == name} == set(numbers)
    assert {row["scale_method"] for row in cracks if row["photo"] == "deck"} == {"raster"}
    assert (both / "deck.gpkg").is_file()
    before = {path: path.stat().st_mtime_ns for path in both.glob("deck*")}
    again = segment_found(find_photos([tmp_path / "in"]), both, dark, measuring=Measuring())
    assert again.skipped == 2
    assert {path: path.stat().st_mtime_ns for path in both.glob("deck*")} == before
    assert rows_of(both / "cracks.csv") == cracks


def test_a_raster_is_not_measured_where_that_is_not_wanted(dark, write_raster, tmp_path):
    write_raster(tmp_path / "deck.tif")
    out = tmp_path / "out"
    result = segment_found(find_photos([tmp_path / "deck.tif"]), out, dark)
    assert result.rows[0].cracks is None
    assert not (out / "deck.gpkg").exists()
    assert not (out / "deck.cracks").exists()


def test_a_run_killed_while_measuring_does_not_segment_again(
    dark, write_raster, tmp_path, monkeypatch
):
    from cracknet.mosaic.measuring import run as measuring_module

    write_raster(tmp_path / "deck.tif")
    found, out = find_photos([tmp_path / "deck.tif"]), tmp_path / "out"

    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(measuring_module, "measure_batch", stop)
    with pytest.raises(KeyboardInterrupt):
        segment_found(found, out, dark, measuring=Measuring())
    monkeypatch.undo()
    before = (out / "deck.mask.tif").stat().st_mtime_ns
    result = segment_found(found, out, dark, measuring=Measuring())
    assert result.rows[0].cracks
    assert result.skipped == 0
    assert (out / "deck.mask.tif").stat().st_mtime_ns == before


def test_the_folder_is_measured_anew_with_other_options(both):
    how = Measuring(scale=ScaleOptions(mm_per_px=2.0))
    result = measure_folder(both, how)
    assert result.failed == ()
    assert result.skipped == 0
    assert {row["mm_per_px"] for row in rows_of(both / "cracks.csv")} == {"2"}
    assert table(both)["deck"]["mm_per_px"] == "2.0"
    assert measure_folder(both, how).skipped == 2


def test_a_raster_that_is_gone_is_measured_by_its_probability(both, tmp_path):
    (tmp_path / "in" / "deck.tif").unlink()
    result = measure_folder(both, Measuring(scale=ScaleOptions(mm_per_px=2.0)))
    assert result.failed == ()
    assert "is gone" in table(both)["deck"]["note"]


def test_a_damaged_mask_fails_and_the_rest_is_measured(both):
    mask = both / "deck.mask.tif"
    mask.write_bytes(mask.read_bytes()[:3000])
    result = measure_folder(both, Measuring(scale=ScaleOptions(mm_per_px=2.0)))
    (failed,) = result.failed
    assert failed.photo == "deck"
    assert "deck.mask.tif" in failed.error
    assert {row["photo"] for row in rows_of(both / "cracks.csv")} == {"a"}


def test_all_formats_hold_the_raster(both, monkeypatch):
    """Its parts are one photograph's row, one drawing, one file of each layer."""
    pytest.importorskip("openpyxl")
    import ezdxf
    import openpyxl
    import pyarrow.parquet

    from cracknet.mosaic.measuring import run as measuring_module

    monkeypatch.setattr(measuring_module, "BATCHES_A_PART", 1)
    monkeypatch.setattr(
        measuring_module, "Limits", lambda: Limits(most_px=1, tile_px=128, halo_px=40)
    )
    formats = ("csv", "xlsx", "parquet", "geojson", "gpkg", "dxf")
    assert measure_folder(both, Measuring(formats=formats), overwrite=True).failed == ()
    assert len(list((both / "deck.cracks").glob("0*.json"))) > 1
    cracks = [row for row in rows_of(both / "cracks.csv") if row["photo"] == "deck"]
    book = openpyxl.load_workbook(both / "cracks.xlsx", read_only=True)
    header, *photos = book["Photos"].iter_rows(values_only=True)
    assert [row[0] for row in photos] == ["a", "deck"]
    counts = dict(zip(header, photos[1], strict=True))
    assert counts["cracks"] == len(cracks)
    total = sum(float(row["length_px"]) for row in cracks)
    assert counts["length [px]"] == pytest.approx(total, rel=1e-5)
    assert pyarrow.parquet.read_table(both / "cracks.parquet").num_rows == len(
        rows_of(both / "cracks.csv")
    )
    content = json.loads((both / "deck.cracks.geojson").read_text())
    assert len(content["features"]) == len(cracks)
    longitude, latitude = content["features"][0]["geometry"]["coordinates"][0][0][0]
    assert (longitude, latitude) == (pytest.approx(9, abs=0.01), pytest.approx(48.75, abs=0.05))
    drawing = ezdxf.readfile(both / "deck.dxf")
    labels = drawing.modelspace().query('TEXT[layer=="CRACK LABELS"]')
    assert len(labels) == len(cracks)


def test_a_report_says_where_rasters_are(both):
    from cracknet.errors import ArgumentError
    from cracknet.reporting.inspection.folder import read_folder

    items = {item.photo: item.failed for item in read_folder(both).items}
    assert items["a"] == ""
    assert "deck.gpkg" in items["deck"]
    (both / "a.cracks.json").unlink()
    with pytest.raises(ArgumentError, match="holds rasters only"):
        read_folder(both)


def test_a_damaged_raster_fails_and_the_rest_is_done(dark, write_raster, tmp_path):
    write_raster(tmp_path / "in" / "a.tif")
    write_raster(tmp_path / "in" / "b.tif", broken=True)
    write_raster(tmp_path / "in" / "c.tif")
    result = segment_found(find_photos([tmp_path / "in"]), tmp_path / "out", dark)
    (failed,) = result.failed
    assert failed.photo == "b"
    assert "b.tif" in failed.error
    assert (tmp_path / "out" / "c.mask.tif").is_file()


def test_the_command(dark_net, write_raster, tmp_path, capsys):
    write_raster(tmp_path / "deck.tif")
    words = ["segment", tmp_path / "deck.tif", "-o", tmp_path / "out", "-m", dark_net]
    assert main([*map(str, words), "--precision", "f32"]) == 0
    assert "1 done, 0 skipped, 0 failed" in capsys.readouterr().out
    assert (tmp_path / "out" / "deck.probability.tif").is_file()
    assert rows_of(tmp_path / "out" / "cracks.csv")
    assert main(["measure", str(tmp_path / "out"), "--mm-per-px", "3"]) == 0
    assert "1 measured, 0 skipped, 0 failed" in capsys.readouterr().out
    assert {row["mm_per_px"] for row in rows_of(tmp_path / "out" / "cracks.csv")} == {"3"}
    assert main(["measure", str(tmp_path / "out")]) == 0
    assert json.loads((tmp_path / "out" / "run.json").read_text())["status"] == "finished"
    # what was written is no input of the next run
    assert main([*map(str, [*words[:1], tmp_path, *words[2:]]), "--precision", "f32"]) == 0
    assert "1 skipped" in capsys.readouterr().out
