from __future__ import annotations

import numpy as np
import pytest

from cracknet.mosaic import rolling, segment_raster, segmenting
from cracknet.mosaic.parts import Parts
from cracknet.mosaic.rolling import RollingGray
from cracknet.raster import Box, open_raster
from cracknet.segmentation import Segmenter


@pytest.fixture
def in_rows(save_raster, stained, tmp_path, monkeypatch):
    """A raster of strips of 7 rows, some of it without data, decoded 70 rows at a time."""
    monkeypatch.setattr(rolling, "STRETCH_PX", 70 * 900)
    gray = np.maximum(stained(800, 900), 1)
    gray[200:330, 300:500] = 0
    return save_raster(tmp_path / "rows.tif", gray, blockysize=7, compress="deflate", nodata=0)


def test_windows_are_as_of_the_raster_and_rows_decoded_once(in_rows, tmp_path, monkeypatch):
    parts = Parts(tmp_path / "parts", {})
    with open_raster(in_rows) as raster:
        whole, held = raster.read_gray(raster.box)
        source = RollingGray(raster, parts)
        assert source.rows == 70
        decoded = []
        read = raster.read_gray
        monkeypatch.setattr(raster, "read_gray", lambda box: decoded.append(box.top) or read(box))
        for box in (Box(0, 0, 300, 400), Box(0, 300, 300, 900), Box(250, 1, 800, 2)):
            gray, valid = source.read_gray(box)
            np.testing.assert_array_equal(gray, whole[box.within(raster.box)])
            np.testing.assert_array_equal(valid, held[box.within(raster.box)])
        assert decoded == list(range(0, 800, 70))
        files = len(list(parts.folder.glob("rows-*-gray.npy")))
        source.drop_above(300)
        assert len(list(parts.folder.glob("rows-*-gray.npy"))) == files - 4
        assert not (parts.folder / "rows-000003-valid.npy").exists()
        gray, _ = source.read_gray(Box(100, 0, 101, 900))  # decoded again
        np.testing.assert_array_equal(gray, whole[100:101])


def test_a_raster_in_rows_gives_what_one_in_tiles_gives(
    in_rows, save_raster, tmp_path, small_model, monkeypatch
):
    monkeypatch.setattr(segmenting, "IN_ROWS", 0)
    with Segmenter(small_model, precision="f32") as segmenter:
        one = segment_raster(in_rows, tmp_path / "one", segmenter, window_px=256)
        monkeypatch.setattr(segmenting, "IN_ROWS", 99)
        other = segment_raster(in_rows, tmp_path / "other", segmenter, window_px=256)
    assert one.crack_px == other.crack_px > 0
    assert one.valid_px == other.valid_px == 800 * 900 - 130 * 200
    for name in ("mask", "probability", "overlay"):
        assert getattr(one, name).stat().st_size == getattr(other, name).stat().st_size
    assert not list((tmp_path / "one").glob(".*"))
