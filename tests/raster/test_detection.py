from __future__ import annotations

import cv2
import numpy as np
import pytest
import tifffile

from cracknet.raster import detection
from cracknet.raster.detection import is_raster

GRAY = np.zeros((1, 20, 30), np.uint8)


def test_a_georeferenced_tiff_is_a_raster(write_raster):
    assert is_raster(write_raster(GRAY, crs="EPSG:25832"))
    assert is_raster(str(write_raster(GRAY, transform=(0.1, 0, 5, 0, -0.1, 7))))
    assert is_raster(write_raster(GRAY, crs="EPSG:25832", bigtiff="yes"))


def test_a_plain_tiff_is_a_photograph(write_raster):
    path = write_raster(GRAY)
    assert not is_raster(path)
    path.with_suffix(".tfw").write_text("0.1\n0\n0\n-0.1\n5\n7\n")
    assert is_raster(path)


def test_a_large_tiff_is_a_raster(write_raster, monkeypatch):
    path = write_raster(GRAY)
    monkeypatch.setattr(detection, "RASTER_PIXELS", 599)
    assert is_raster(path)
    monkeypatch.setattr(detection, "RASTER_PIXELS", 600)
    assert not is_raster(path)


def test_a_vrt_is_a_raster_by_its_content(tmp_path):
    path = tmp_path / "any.name"
    path.write_text('\n<VRTDataset rasterXSize="5" rasterYSize="5"></VRTDataset>')
    assert is_raster(path)


def test_photographs_and_what_is_no_image_are_none(tmp_path):
    jpeg = tmp_path / "wall.tif"
    cv2.imwrite(str(tmp_path / "wall.jpg"), GRAY[0])
    (tmp_path / "wall.jpg").rename(jpeg)
    (tmp_path / "empty.tif").touch()
    (tmp_path / "cut.tif").write_bytes(b"II*\0\xff\xff\xff\x7f")
    for path in (jpeg, tmp_path / "empty.tif", tmp_path / "cut.tif", tmp_path, tmp_path / "none"):
        assert not is_raster(path)


@pytest.mark.parametrize("size", [(1, 1), (700, 3)])
def test_rasterio_is_not_needed(tmp_path, size, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "rasterio", None)
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, np.zeros(size, np.uint8), extratags=[(33550, "d", 3, (1, 1, 0), True)])
    assert is_raster(path)
