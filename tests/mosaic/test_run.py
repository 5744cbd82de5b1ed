from __future__ import annotations

import csv
import json

import cv2
import numpy as np
import pytest
import rasterio
from rasterio import Affine

from cracknet.cli import main
from cracknet.mosaic import segment_found
from cracknet.photo import find_photos
from cracknet.segmentation import Segmenter


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
        np.testing.assert_array_equal(file.read(1), np.where(1 - gray / 255 >= 0.5, 255, 0))
        assert file.crs.to_epsg() == 25832
    assert cv2.imread(str(out / "deck.jpg.mask.png"), 0) is not None
    assert seen[-1][0] == "deck.tif"
    assert seen[-1][1] == seen[-1][2]
    assert result.megapixels == pytest.approx((300 * 420 + 2 * 160 * 224) / 1e6)
    again = segment_found(find_photos([tmp_path / "in"]), out, dark)
    assert again.skipped == 3
    assert again.megapixels == 0


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
    assert json.loads((tmp_path / "out" / "run.json").read_text())["status"] == "finished"
    # what was written is no input of the next run
    assert main([*map(str, [*words[:1], tmp_path, *words[2:]]), "--precision", "f32"]) == 0
    assert "1 skipped" in capsys.readouterr().out
