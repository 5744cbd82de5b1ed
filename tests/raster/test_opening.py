"""Rasters of every kind of sample read as gray, and what is wrong with those that cannot be."""

from __future__ import annotations

import builtins
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from rasterio.control import GroundControlPoint
from rasterio.transform import Affine

from cracknet.errors import ArgumentError, PhotoError
from cracknet.photo import photo_from_array
from cracknet.photo.gray import gray_from_samples
from cracknet.raster import Box, levels, open_raster, opening

METRES = Affine(0.002, 0, 565_000, 0, -0.002, 5_934_000)
PLACE = {"crs": "EPSG:25832", "transform": METRES}


def noise(*shape, dtype=np.uint8, high=256, seed=0):
    return np.random.default_rng(seed).integers(0, high, shape).astype(dtype)


def read(path):
    with open_raster(path) as raster:
        return raster.read_gray(raster.box)


# What a sample becomes


def test_one_band_passes_unchanged_with_its_place(write_raster):
    samples = noise(1, 40, 60)
    with open_raster(write_raster(samples, **PLACE)) as raster:
        assert (raster.height, raster.width, raster.bands) == (40, 60, 1)
        assert raster.dtype == "uint8"
        assert raster.nodata is None
        assert not raster.may_be_invalid
        assert "UTM zone 32N" in raster.georeference.crs_wkt
        assert raster.georeference.transform == tuple(METRES)[:6]
        gray, valid = raster.read_gray(raster.box)
    np.testing.assert_array_equal(gray, samples[0])
    assert gray.dtype == np.uint8
    assert valid.all()
    assert valid.dtype == bool


def test_colours_are_as_of_a_photograph(write_raster):
    samples = noise(3, 30, 50)
    expected = photo_from_array(np.moveaxis(samples, 0, 2)).gray
    np.testing.assert_array_equal(read(write_raster(samples))[0], expected)
    np.testing.assert_array_equal(read(write_raster(samples, photometric="rgb"))[0], expected)


def test_a_fourth_band_that_is_not_alpha_is_not_used(write_raster):
    samples = noise(4, 30, 50)
    gray, valid = read(write_raster(samples, photometric="rgb", alpha="no"))
    np.testing.assert_array_equal(gray, photo_from_array(np.moveaxis(samples[:3], 0, 2)).gray)
    assert valid.all()


def test_bands_are_found_by_their_names(write_raster):
    samples = noise(5, 30, 50)
    path = write_raster(samples, interp=["undefined", "blue", "green", "red", "undefined"])
    expected = photo_from_array(np.moveaxis(samples[[3, 2, 1]], 0, 2)).gray
    np.testing.assert_array_equal(read(path)[0], expected)


@pytest.mark.parametrize("count", [2, 5, 7])
def test_other_numbers_of_bands_are_refused(write_raster, count):
    path = write_raster(noise(count, 8, 8))
    with pytest.raises(PhotoError, match=rf"ortho\.tif: .* has {count} .*gdal_translate"):
        open_raster(path)


@pytest.mark.parametrize("colours", [1, 3])
def test_alpha_is_where_there_is_no_data(write_raster, colours):
    samples = noise(colours + 1, 30, 50)
    samples[-1] = np.where(noise(30, 50, seed=1) < 128, 0, 255)
    interp = ["gray", "alpha"] if colours == 1 else ["red", "green", "blue", "alpha"]
    gray, valid = read(write_raster(samples, interp=interp))
    np.testing.assert_array_equal(valid, samples[-1] > 0)
    assert (gray[~valid] == 255).all()
    opaque = samples[0] if colours == 1 else photo_from_array(np.moveaxis(samples[:3], 0, 2)).gray
    np.testing.assert_array_equal(gray[valid], opaque[valid])


def test_partly_transparent_pixels_lie_over_white(write_raster):
    samples = noise(4, 30, 50)
    gray, valid = read(write_raster(samples, interp=["red", "green", "blue", "alpha"]))
    expected = photo_from_array(np.moveaxis(samples, 0, 2)).gray
    np.testing.assert_array_equal(gray, expected)
    np.testing.assert_array_equal(valid, samples[3] > 0)


def test_a_palette_is_looked_up(write_raster):
    colours = {0: (255, 0, 0, 255), 1: (0, 255, 0, 255), 2: (5, 5, 5, 255), 3: (9, 9, 9, 255)}
    samples = noise(1, 20, 30, high=4)
    # In TIFF, GDAL makes the colour of the nodata value transparent.
    gray, valid = read(write_raster(samples, colormap=colours, nodata=2))
    np.testing.assert_array_equal(gray, np.array([76, 150, 255, 9], np.uint8)[samples[0]])
    np.testing.assert_array_equal(valid, samples[0] != 2)


@pytest.mark.parametrize(
    ("dtype", "high"),
    [(np.uint16, 65536), (np.uint16, 4000), (np.uint16, 200), (np.int16, 3000), (np.uint32, 9**9)],
)
@pytest.mark.parametrize("count", [1, 3])
def test_more_than_8_bits_are_scaled_as_of_a_photograph(write_raster, dtype, high, count):
    samples = noise(count, 30, 50, dtype=dtype, high=high)
    flat = samples[0] if count == 1 else np.moveaxis(samples, 0, 2)
    np.testing.assert_array_equal(read(write_raster(samples))[0], gray_from_samples(flat))


@pytest.mark.parametrize(("low", "high"), [(0, 1), (0, 200), (0, 3000), (-5, 12), (7, 7)])
def test_floats_are_scaled_as_of_a_photograph(write_raster, low, high):
    samples = np.random.default_rng(0).uniform(low, high, (1, 30, 50)).astype(np.float32)
    gray, valid = read(write_raster(samples))
    assert valid.all()
    near = gray.astype(int) - gray_from_samples(samples[0])
    assert np.abs(near).max() <= (0 if low == 0 else 1)


def test_floats_that_are_no_numbers_are_no_data(write_raster):
    samples = np.random.default_rng(0).random((1, 30, 50)).astype(np.float32)
    samples[0, 3:9, 4:7] = np.nan
    samples[0, 20, 20] = np.inf
    gray, valid = read(write_raster(samples, nodata=np.nan))
    np.testing.assert_array_equal(valid, np.isfinite(samples[0]))
    assert (gray[~valid] == 255).all()


def test_the_bits_that_a_file_states_decide_its_white(write_raster):
    samples = noise(1, 30, 50, dtype=np.uint16, high=900)
    gray, _ = read(write_raster(samples, nbits=12))
    np.testing.assert_array_equal(gray, gray_from_samples(samples[0], stated_max=4095))
    few = noise(1, 30, 50, high=16)
    np.testing.assert_array_equal(read(write_raster(few, nbits=4))[0], few[0] * 17)


def test_one_bit_is_black_and_white(write_raster):
    samples = noise(1, 30, 50, high=2)
    np.testing.assert_array_equal(read(write_raster(samples, nbits=1))[0], samples[0] * 255)


def test_complex_numbers_are_refused(write_raster):
    path = write_raster(np.ones((1, 8, 8), np.complex64))
    with pytest.raises(PhotoError, match=r"ortho\.tif: .*complex64.*8 or 16 bits"):
        open_raster(path)


def test_levels_are_one_for_all_windows(write_raster):
    """A window of dark samples alone is not stretched: 12-bit data stay 12-bit data."""
    samples = noise(1, 600, 50, dtype=np.uint16, high=200)
    samples[0, 500:, :] = 4000
    with open_raster(write_raster(samples)) as raster:
        whole, _ = raster.read_gray(raster.box)
        top, _ = raster.read_gray(Box(0, 0, 100, 50))
    np.testing.assert_array_equal(top, whole[:100])
    assert top.max() <= 200 * 255 / 4095 + 1


def test_levels_are_those_of_valid_pixels(write_raster):
    samples = noise(1, 40, 50, dtype=np.uint16, high=1000)
    samples[0, :5] = 65535
    gray, valid = read(write_raster(samples, nodata=65535))
    assert not valid[:5].any()
    np.testing.assert_array_equal(gray[5:], gray_from_samples(samples[0, 5:]))


def test_levels_of_a_large_raster_are_those_of_a_sample_of_it(write_raster, monkeypatch):
    monkeypatch.setattr(levels, "SAMPLE_PX", 16)
    monkeypatch.setattr(levels, "SAMPLE_WINDOWS", 4)
    samples = noise(1, 160, 160, dtype=np.uint16, high=3000)
    samples[0, :, 80:] = 65535  # no data: looked for elsewhere
    samples[0, 3, 3] = 60000  # of one pixel: too white, not a stretch of all others
    path = write_raster(samples, nodata=65535)
    with open_raster(path) as raster, open_raster(path) as again:
        assert raster.levels == again.levels
        assert raster.levels.white == 4095
        gray, valid = raster.read_gray(raster.box)
    assert gray[3, 3] == 255
    assert valid[:, :80].all()
    expected = gray_from_samples(np.minimum(samples[0, :, :80], 4095))
    np.testing.assert_array_equal(gray[:, :80], expected)


# What holds data


def test_the_nodata_value_marks_pixels_that_have_it_in_all_bands(write_raster):
    samples = noise(3, 30, 50)
    samples[:, :10, :10] = 0
    samples[0, 20, 20] = 0
    samples[1:, 20, 20] = 7
    _, valid = read(write_raster(samples, nodata=0))
    assert not valid[:10, :10].any()
    assert valid[20, 20]
    assert valid[20:, 10:].all()


@pytest.mark.parametrize("nodata", [-9999, 0.5])
def test_a_nodata_value_that_no_sample_can_have_marks_none(tmp_path, write_raster, nodata):
    path = write_raster(noise(1, 30, 50))
    vrt = tmp_path / "ortho.vrt"
    vrt.write_text(
        f'<VRTDataset rasterXSize="50" rasterYSize="30"><VRTRasterBand dataType="Byte" band="1">'
        f"<NoDataValue>{nodata}</NoDataValue><SimpleSource><SourceFilename>{path}</SourceFilename>"
        "</SimpleSource></VRTRasterBand></VRTDataset>"
    )
    assert read(vrt)[1].all()


def test_a_mask_within_the_file_marks_pixels(write_raster):
    mask = noise(30, 50, high=2).astype(bool)
    gray, valid = read(write_raster(noise(3, 30, 50), mask=mask, photometric="rgb"))
    np.testing.assert_array_equal(valid, mask)
    assert (gray[~mask] == 255).all()


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_all_nodata(write_raster, dtype):
    gray, valid = read(write_raster(np.zeros((1, 30, 50), dtype), nodata=0))
    assert not valid.any()
    assert (gray == 255).all()


# Where it lies


def test_no_coordinate_system_is_none_and_no_warning(write_raster):
    with open_raster(write_raster(noise(1, 5, 7))) as raster:
        assert raster.georeference.crs_wkt is None
        assert raster.georeference.transform == (1, 0, 0, 0, 1, 0)


def test_a_rotated_transform_is_kept(write_raster):
    turned = Affine(0.008, 0.006, 500, 0.006, -0.008, 800)
    with open_raster(write_raster(noise(1, 5, 7), transform=turned, crs="EPSG:25832")) as raster:
        assert raster.georeference.transform == pytest.approx(tuple(turned)[:6])


def test_ground_control_points_are_kept(write_raster):
    points = [GroundControlPoint(r, c, 10 + c, 50 - r) for r, c in ((0, 0), (0, 7), (5, 0))]
    with open_raster(write_raster(noise(1, 5, 7), gcps=points, crs="EPSG:4326")) as raster:
        assert [point.x for point in raster.georeference.points] == [10, 17, 10]
        assert "WGS 84" in raster.georeference.crs_wkt


# Windows


@pytest.mark.parametrize(
    "options",
    [
        {"tiled": True, "blockxsize": 16, "blockysize": 48, "compress": "deflate"},
        {"blockysize": 7, "compress": "lzw"},
        {"blockysize": 1},
        {"tiled": True, "blockxsize": 32, "blockysize": 32, "bigtiff": "yes"},
        {"driver": "COG", "compress": "deflate"},
    ],
)
def test_windows_of_any_blocks_are_cut_from_the_whole(write_raster, options):
    samples = noise(3, 700, 90)
    with open_raster(write_raster(samples, **options)) as raster:
        whole, _ = raster.read_gray(raster.box)
        for box in (Box(0, 0, 1, 1), Box(699, 89, 700, 90), Box(100, 30, 650, 33)):
            part, valid = raster.read_gray(box)
            np.testing.assert_array_equal(part, whole[box.within(raster.box)])
            assert valid.shape == box.shape


def test_one_pixel(write_raster):
    gray, valid = read(write_raster(np.full((1, 1, 1), 77, np.uint8)))
    assert gray.tolist() == [[77]]
    assert valid.tolist() == [[True]]


@pytest.mark.parametrize("box", [Box(0, 0, 0, 5), Box(-1, 0, 5, 5), Box(0, 0, 31, 5)])
def test_a_window_beyond_the_raster_is_refused(write_raster, box):
    with (
        open_raster(write_raster(noise(1, 30, 50))) as raster,
        pytest.raises(ArgumentError, match="30 rows and 50 columns"),
    ):
        raster.read_gray(box)


def test_many_threads_read_one_raster(write_raster):
    samples = noise(1, 640, 64)
    with open_raster(write_raster(samples, compress="deflate")) as raster:
        boxes = [Box(top, 0, top + 64, 64) for top in range(0, 640, 64)] * 5
        with ThreadPoolExecutor(4) as pool:
            for box, (gray, _) in zip(boxes, pool.map(raster.read_gray, boxes), strict=True):
                np.testing.assert_array_equal(gray, samples[0, box.top : box.bottom])


def test_a_closed_raster_says_so(write_raster):
    with open_raster(write_raster(noise(1, 30, 50))) as raster:
        pass
    with pytest.raises(ArgumentError, match="closed"):
        raster.read_gray(raster.box)


# Whether it changed


def test_the_stamp_of_a_vrt_is_that_of_its_files(tmp_path, write_raster):
    path = write_raster(noise(1, 30, 50))
    vrt = tmp_path / "ortho.vrt"
    vrt.write_text(
        '<VRTDataset rasterXSize="50" rasterYSize="30"><VRTRasterBand dataType="Byte" band="1">'
        f"<SimpleSource><SourceFilename>{path}</SourceFilename></SimpleSource>"
        "</VRTRasterBand></VRTDataset>"
    )
    stamps = []
    for seed in (0, 0, 1):
        if seed:
            write_raster(noise(1, 30, 50, seed=seed))
        with open_raster(vrt) as raster:
            stamps.append(raster.stamp())
            raster.read_gray(raster.box)
    assert stamps[0] == stamps[1] != stamps[2]
    path.unlink()
    with open_raster(vrt) as raster, pytest.raises(PhotoError, match="made of is missing"):
        raster.read_gray(raster.box)


# What cannot be opened


@pytest.mark.parametrize("share", [0.3, 0.95])
def test_a_truncated_file_is_told_before_it_is_read(write_raster, share):
    path = write_raster(noise(1, 600, 600), tiled=True, compress="deflate")
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(PhotoError, match=r"ortho\.tif: the file is truncated: .* Copy it again"):
        open_raster(path)


def test_a_truncated_header_is_told(write_raster):
    path = write_raster(noise(1, 60, 60))
    path.write_bytes(path.read_bytes()[:6])
    with pytest.raises(PhotoError, match=r"ortho\.tif: it cannot be opened as a raster"):
        open_raster(path)


def test_a_damaged_block_is_told_with_its_place(write_raster):
    path = write_raster(noise(1, 600, 600), tiled=True, compress="deflate")
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 2000] = bytes(2000)
    path.write_bytes(content)
    with open_raster(path) as raster, pytest.raises(PhotoError, match=r"rows 0 to 5.*damaged"):
        raster.read_gray(raster.box)


def test_one_block_for_all_is_refused_where_it_is_too_large(write_raster, monkeypatch):
    path = write_raster(noise(1, 60, 60), blockysize=60)
    monkeypatch.setattr(opening, "BLOCK_PX", 3599)
    with pytest.raises(PhotoError, match=r"ortho\.tif: .*blocks of 60x60 px.*TILED=YES"):
        open_raster(path)


def test_what_is_no_raster(tmp_path):
    text = tmp_path / "notes.tif"
    text.write_text("no raster")
    for path, reason in ((tmp_path / "none.tif", "no such file"), (tmp_path, "is a folder"),
                         (text, "cannot be opened")):  # fmt: skip
        with pytest.raises(PhotoError, match=reason):
            open_raster(path)


def test_without_rasterio_the_extra_is_named(monkeypatch, tmp_path):
    real = builtins.__import__

    def lacking(name, *rest):
        if name.startswith("rasterio"):
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", lacking)
    with pytest.raises(ArgumentError, match=r"cracknet\[geo\]"):
        open_raster(tmp_path / "ortho.tif")
