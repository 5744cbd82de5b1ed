"""Rasters segmented window by window against the same rasters segmented at once."""

from __future__ import annotations

import json
import os
import shutil

import cv2
import numpy as np
import pytest
import rasterio
from rasterio.control import GroundControlPoint
from rasterio.transform import Affine

from cracknet.errors import ArgumentError, EngineError, OutputError, PhotoError
from cracknet.mosaic import segment_raster
from cracknet.mosaic import space as space_module
from cracknet.raster import open_raster
from cracknet.segmentation import Segmenter
from cracknet.segmentation.brightness import gain_of, histogram_of

pytestmark = pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")

METRES = Affine(0.002, 0, 565_000, 0, -0.002, 5_934_000)


class PlacedEngine:
    """An engine that says something else at every place of a tile, and of every tile."""

    workers = 2
    name = "placed"
    precision = "f32"

    def __init__(self):
        self.tiles = 0

    def infer(self, tile):
        self.tiles += 1
        height, width = tile.shape
        rows = np.sin(np.arange(height, dtype=np.float32) / 17 + tile.mean())
        columns = np.cos(np.arange(width, dtype=np.float32) / 13)
        return (1 - tile / np.float32(255)) * (0.5 + 0.5 * np.outer(rows, columns))


@pytest.fixture
def placed(small_model):
    with Segmenter(small_model, threshold=0.35) as segmenter:
        segmenter.engine = PlacedEngine()
        yield segmenter


@pytest.fixture
def dark(small_model):
    with Segmenter(small_model, precision="f32") as segmenter:
        yield segmenter


def read(path):
    with rasterio.open(path) as file:
        return file.read(1), file.read_masks(1) > 0


def at_once(path, segmenter):
    """Probability times 255, and mask, of the whole raster segmented as a photograph."""
    with open_raster(path) as raster:
        gray, valid = raster.read_gray(raster.box)
    gain = gain_of(histogram_of(gray, valid)) if segmenter.brighten else 1.0
    probability = segmenter.probability(gray, gain=gain)
    probability[~valid] = 0
    mask = (probability >= np.float32(segmenter.threshold)) & valid
    return cv2.convertScaleAbs(probability, alpha=255).reshape(gray.shape), mask, valid


def check_same(path, out, segmenter, **options):
    """No pixel differs by more than the last digit of four float32 added in another order."""
    result = segment_raster(path, out, segmenter, window_px=256, **options)
    probability, mask, valid = at_once(path, segmenter)
    found, held = read(result.probability)
    differing = found.astype(int) - probability
    assert np.abs(differing).max() <= 1
    assert (differing != 0).mean() <= 1e-4
    marked, held_too = read(result.mask)
    assert set(np.unique(marked)) <= {0, 255}
    assert ((marked > 0) != mask).mean() <= 1e-5
    np.testing.assert_array_equal(held, valid)
    np.testing.assert_array_equal(held_too, valid)
    assert result.valid_px == valid.sum()
    assert result.crack_px == (marked > 0).sum()
    assert (result.height, result.width) == valid.shape
    return result


# No seam


@pytest.mark.parametrize(
    "size", [(700, 900), (701, 899), (900, 1301), (1, 1), (1, 1500), (1499, 2), (256, 257)]
)
def test_windows_give_what_the_whole_gives(tmp_path, save_raster, stained, placed, size):
    path = save_raster(tmp_path / "ortho.tif", stained(*size), compress="deflate")
    result = check_same(path, tmp_path / "out", placed)
    assert result.windows > 6 or min(size) < 300
    assert not result.skipped
    assert result.resumed == 0


def test_a_dark_raster_is_brightened_by_one_gain(tmp_path, save_raster, stained, placed):
    gray = stained(700, 900) // 4
    gray[:, 500:] //= 2  # windows differ in their own medians
    gray[:80] = 255  # holds no data
    path = save_raster(tmp_path / "ortho.tif", gray, nodata=255)
    check_same(path, tmp_path / "out", placed)
    bright = segment_raster(path, tmp_path / "out", placed, window_px=256)
    assert bright.skipped
    placed.brighten = False
    check_same(path, tmp_path / "as-taken", placed)
    one, other = (
        read(tmp_path / name / "ortho.probability.tif")[0] for name in ("out", "as-taken")
    )
    assert np.abs(one.astype(int) - other).max() > 50


def test_the_seams_would_be_seen(tmp_path, save_raster, stained, placed):
    """What the test above rests on: the engine's tiles differ where they overlap."""
    gray = stained(700, 900)
    moved = placed.probability(gray, offset=(32, 64))
    assert np.abs(placed.probability(gray) - moved).max() > 0.05


def test_no_tile_is_inferred_twice(tmp_path, save_raster, stained, placed):
    path = save_raster(tmp_path / "ortho.tif", stained(1100, 900))
    segment_raster(path, tmp_path / "out", placed, window_px=256)
    by_windows, placed.engine.tiles = placed.engine.tiles, 0
    at_once(path, placed)
    assert by_windows == placed.engine.tiles > 100


@pytest.mark.slow
@pytest.mark.parametrize("size", [(1051, 1303)])
def test_the_shipped_model_shows_no_seam(tmp_path, save_raster, rendered, size):
    path = save_raster(tmp_path / "ortho.tif", rendered(*size).gray, compress="deflate")
    with Segmenter(precision="f32", tile_px=512) as segmenter:
        check_same(path, tmp_path / "out", segmenter)


# What holds no data


def with_nodata(gray):
    valid = np.zeros(gray.shape, bool)
    cv2.ellipse(valid.view(np.uint8), (250, 400), (200, 500), 30, 0, 360, 1, -1)
    valid[1000:1004, 900:904] = True  # few pixels far from all others
    return np.where(valid, np.maximum(gray, 1), 0), valid


def test_no_data_is_no_crack_and_not_inferred(tmp_path, save_raster, stained, placed):
    gray, valid = with_nodata(stained(1100, 1300))
    path = save_raster(tmp_path / "ortho.tif", gray, nodata=0, crs="EPSG:25832", transform=METRES)
    segment_raster(path, tmp_path / "first", placed, window_px=256)
    tiles, placed.engine.tiles = placed.engine.tiles, 0
    result = check_same(path, tmp_path / "out", placed)
    assert tiles < 0.7 * (placed.engine.tiles - tiles)  # the rest was at once
    assert 0 < result.valid_px == valid.sum() < 0.5 * gray.size
    assert result.crack_share == result.crack_px / result.valid_px
    with rasterio.open(result.mask) as file:
        assert {flag.name for flag in file.mask_flag_enums[0]} == {"per_dataset"}
        factor = file.overviews(1)[0]
        small = file.read_masks(1, out_shape=(1100 // factor, 1300 // factor))
    assert 0.3 < (small > 0).mean() / valid.mean() < 3


@pytest.mark.parametrize("kind", ["alpha", "mask", "float"])
def test_no_data_of_other_kinds(tmp_path, save_raster, stained, placed, kind):
    gray, valid = with_nodata(stained(600, 700))
    path = tmp_path / "ortho.tif"
    if kind == "alpha":
        alpha = np.where(valid, 255, 0).astype(np.uint8)
        save_raster(path, np.stack([gray] * 3 + [alpha]), photometric="rgb", alpha="yes")
    elif kind == "mask":
        save_raster(path, gray, mask=valid)
    else:
        save_raster(path, np.where(valid, gray / 255, np.nan).astype(np.float32))
    assert check_same(path, tmp_path / "out", placed).valid_px == valid.sum()


def test_all_nodata(tmp_path, save_raster, placed):
    path = save_raster(tmp_path / "ortho.tif", np.zeros((600, 700), np.uint8), nodata=0)
    result = check_same(path, tmp_path / "out", placed)
    assert placed.engine.tiles > 0  # at once
    assert (result.valid_px, result.crack_px, result.crack_share) == (0, 0, 0)
    assert result.net_seconds == 0
    assert cv2.imread(str(result.overlay)).shape == (600, 700, 3)


@pytest.mark.parametrize("dtype", [np.uint16, np.float32])
def test_more_than_8_bits(tmp_path, save_raster, stained, placed, dtype):
    samples = stained(500, 600).astype(dtype) * 16
    check_same(save_raster(tmp_path / "ortho.tif", samples), tmp_path / "out", placed)


# The files


def test_the_results_lie_where_the_raster_does(tmp_path, save_raster, stained, dark):
    gray = stained(600, 700)
    path = save_raster(tmp_path / "deck.tif", gray, crs="EPSG:25832", transform=METRES)
    steps = []
    result = segment_raster(
        path, tmp_path / "out" / "deep", dark, window_px=256,
        progress=lambda done, windows: steps.append((done, windows)),
    )  # fmt: skip
    assert result.georeferenced
    assert sorted(file.name for file in (tmp_path / "out" / "deep").iterdir()) == [
        "deck.mask.tif", "deck.overlay.jpg", "deck.probability.tif",
    ]  # fmt: skip
    for file in (result.mask, result.probability):
        with rasterio.open(file) as source:
            assert source.crs == rasterio.crs.CRS.from_epsg(25832)
            assert source.transform == METRES
            assert source.dtypes == ("uint8",)
            assert source.block_shapes == [(256, 256)]
            assert source.compression.name == "deflate"
            assert source.overviews(1) == [2, 4]
            assert source.shape == (600, 700)
            assert json.loads(source.tags()["CRACKNET"])["model"] == "dark"
    # The dark model, but for the very bright, where the half size says more.
    np.testing.assert_allclose(read(result.probability)[0] / 255, 1 - gray / 255, atol=0.03)
    overlay = cv2.imread(str(result.overlay))
    assert overlay.shape == (600, 700, 3)
    assert steps[-1] == (result.windows, result.windows)
    assert [done for done, _ in steps] == list(range(1, result.windows + 1))


def test_a_raster_without_place_and_one_turned(tmp_path, save_raster, stained, dark):
    gray = stained(300, 300)
    plain = segment_raster(save_raster(tmp_path / "a.tif", gray), tmp_path / "out", dark)
    assert not plain.georeferenced
    with rasterio.open(plain.mask) as file:
        assert file.crs is None
    turned = Affine(0.008, 0.006, 500, 0.006, -0.008, 800)
    path = save_raster(tmp_path / "b.tif", gray, crs="EPSG:25832", transform=turned)
    with rasterio.open(segment_raster(path, tmp_path / "out", dark).mask) as file:
        assert file.transform.almost_equals(turned)
    points = [GroundControlPoint(r, c, 10 + c, 50 - r) for r, c in ((0, 0), (0, 7), (5, 0))]
    path = save_raster(tmp_path / "c.tif", gray, crs="EPSG:4326", gcps=points)
    with rasterio.open(segment_raster(path, tmp_path / "out", dark).mask) as file:
        assert [point.x for point in file.gcps[0]] == [10, 17, 10]
        assert file.gcps[1] == rasterio.crs.CRS.from_epsg(4326)


def test_the_overlay_of_a_large_raster_is_small_and_shows_thin_cracks(tmp_path, save_raster, dark):
    gray = np.full((300, 5000), 200, np.uint8)
    gray[:, 3001] = 0
    path = save_raster(tmp_path / "road.tif", gray)
    overlay = cv2.imread(str(segment_raster(path, tmp_path / "out", dark).overlay))
    assert overlay.shape == (75, 1250, 3)
    red = overlay[..., 2].astype(int) - overlay[..., 1]
    assert red[:, 750].min() > 35
    assert red[:, :740].max() < 20


def test_a_vrt_of_two_files(tmp_path, save_raster, stained, placed):
    gray = stained(500, 800)
    for name, left in (("a.tif", 0), ("b.tif", 400)):
        save_raster(tmp_path / name, gray[:, left : left + 400])
    sources = "".join(
        f'<SimpleSource><SourceFilename relativeToVRT="1">{name}</SourceFilename>'
        f'<DstRect xOff="{left}" yOff="0" xSize="400" ySize="500"/></SimpleSource>'
        for name, left in (("a.tif", 0), ("b.tif", 400))
    )
    vrt = tmp_path / "deck.vrt"
    vrt.write_text(
        '<VRTDataset rasterXSize="800" rasterYSize="500"><VRTRasterBand dataType="Byte" band="1">'
        f"{sources}</VRTRasterBand></VRTDataset>"
    )
    result = check_same(vrt, tmp_path / "out", placed)
    assert result.mask.name == "deck.mask.tif"


# Doing it again


def test_what_is_done_is_skipped_and_others_are_not_replaced(
    tmp_path, save_raster, stained, dark, small_model
):
    path = save_raster(tmp_path / "ortho.tif", stained(300, 400))
    out = tmp_path / "out"
    first = segment_raster(path, out, dark)
    written = first.mask.stat().st_mtime_ns
    again = segment_raster(path, out, dark)
    assert again.skipped
    assert again.net_seconds == 0
    assert (again.valid_px, again.crack_px) == (first.valid_px, first.crack_px)
    assert first.mask.stat().st_mtime_ns == written
    with Segmenter(small_model, threshold=0.9) as other:
        with pytest.raises(ArgumentError, match=r"ortho\.mask\.tif is not the result.*overwrite"):
            segment_raster(path, out, other)
        assert segment_raster(path, out, other, overwrite=True).crack_px < first.crack_px
    save_raster(path, stained(300, 400, seed=1))
    with pytest.raises(ArgumentError, match="as it is now"):
        segment_raster(path, out, dark)
    assert segment_raster(path, out, dark, name="other").mask.name == "other.mask.tif"


def test_a_file_that_is_not_ours_is_not_replaced(tmp_path, save_raster, stained, dark):
    path = save_raster(tmp_path / "ortho.tif", stained(30, 40))
    (tmp_path / "ortho.mask.tif").write_text("mine")
    with pytest.raises(ArgumentError, match="is not the result"):
        segment_raster(path, tmp_path, dark)
    assert (tmp_path / "ortho.mask.tif").read_text() == "mine"


class FailingEngine(PlacedEngine):
    """Fails after so many tiles."""

    def __init__(self, tiles):
        super().__init__()
        self.left = tiles

    def infer(self, tile):
        self.left -= 1
        if self.left < 0:
            msg = "the engine broke"
            raise EngineError(msg)
        return super().infer(tile)


def test_a_run_that_broke_off_goes_on_at_the_next_window(tmp_path, save_raster, stained, placed):
    path = save_raster(tmp_path / "ortho.tif", stained(1100, 900))
    whole = segment_raster(path, tmp_path / "whole", placed, window_px=256)
    all_tiles = placed.engine.tiles
    placed.engine = FailingEngine(all_tiles // 2)
    out = tmp_path / "out"
    with pytest.raises(EngineError, match="broke"):
        segment_raster(path, out, placed, window_px=256)
    assert [file.name for file in out.iterdir()] == [".ortho.parts"]
    placed.engine = PlacedEngine()
    result = segment_raster(path, out, placed, window_px=256)
    assert 0 < result.resumed < result.windows
    assert placed.engine.tiles < 0.75 * all_tiles
    assert sorted(file.name for file in out.iterdir()) == [
        "ortho.mask.tif", "ortho.overlay.jpg", "ortho.probability.tif",
    ]  # fmt: skip
    for name in ("mask", "probability"):
        one, other = getattr(result, name), getattr(whole, name)
        np.testing.assert_array_equal(read(one)[0], read(other)[0])
    assert result.crack_px == whole.crack_px


def test_windows_of_other_options_are_not_mixed(tmp_path, save_raster, stained, placed):
    path = save_raster(tmp_path / "ortho.tif", stained(600, 900))
    placed.engine = FailingEngine(30)
    with pytest.raises(EngineError):
        segment_raster(path, tmp_path / "out", placed, window_px=256)
    placed.engine = PlacedEngine()
    placed.threshold = 0.7
    with pytest.raises(ArgumentError, match=r"ortho\.parts holds .* threshold 0.35; now it is 0.7"):
        segment_raster(path, tmp_path / "out", placed, window_px=256)
    os.utime(path, (1, 1))
    placed.threshold = 0.35
    with pytest.raises(ArgumentError, match="before it changed"):
        segment_raster(path, tmp_path / "out", placed, window_px=256)
    assert not segment_raster(path, tmp_path / "out", placed, window_px=256, overwrite=True).resumed


# What cannot be done


def test_a_raster_larger_than_the_disk_is_refused_with_numbers(
    tmp_path, save_raster, stained, dark, monkeypatch
):
    path = save_raster(tmp_path / "ortho.tif", stained(30, 40))
    monkeypatch.setattr(space_module, "free_bytes", lambda folder: 5_000_000)
    with pytest.raises(OutputError, match=r"ortho\.tif \(40x30 px\) take about 8 MB .*5 MB are"):
        segment_raster(path, tmp_path / "out", dark)
    assert not any((tmp_path / "out").glob("*.tif"))


def test_a_damaged_raster_keeps_what_is_done(tmp_path, save_raster, stained, dark):
    path = save_raster(
        tmp_path / "ortho.tif", stained(1500, 900), compress="deflate", tiled=True,
        blockxsize=128, blockysize=128,
    )  # fmt: skip
    content = bytearray(path.read_bytes())
    content[-9000:-3000] = bytes(6000)
    path.write_bytes(content)
    with pytest.raises(PhotoError, match=r"ortho\.tif: rows .* cannot be read"):
        segment_raster(path, tmp_path / "out", dark, window_px=256)
    assert any((tmp_path / "out" / ".ortho.parts").glob("*.png"))


def test_a_folder_that_cannot_be_made(tmp_path, save_raster, stained, dark):
    path = save_raster(tmp_path / "ortho.tif", stained(30, 40))
    with pytest.raises(OutputError, match="cannot be used"):
        segment_raster(path, path / "out", dark)
    with pytest.raises(ArgumentError, match="window_px"):
        segment_raster(path, tmp_path, dark, window_px=0)


def test_damaged_parts_are_told(tmp_path, save_raster, stained, placed):
    path = save_raster(tmp_path / "ortho.tif", stained(600, 900))
    placed.engine = FailingEngine(60)
    with pytest.raises(EngineError):
        segment_raster(path, tmp_path / "out", placed, window_px=256)
    parts = tmp_path / "out" / ".ortho.parts"
    next(parts.glob("*-mask.png")).write_bytes(b"damaged")
    placed.engine = PlacedEngine()
    with pytest.raises(OutputError, match=r"-mask\.png is damaged.*--overwrite"):
        segment_raster(path, tmp_path / "out", placed, window_px=256)
    shutil.rmtree(parts)
    assert segment_raster(path, tmp_path / "out", placed, window_px=256).resumed == 0
