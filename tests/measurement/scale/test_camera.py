"""The camera's distance: thin lens, sensor by EXIF, and photographs that no longer fit it."""

from __future__ import annotations

import math

import numpy as np
import pytest
from PIL import Image
from PIL.TiffImagePlugin import IFDRational

from cracknet.errors import ArgumentError, MeasurementError
from cracknet.measurement.scale import scale_from_camera
from cracknet.photo import Photo, PhotoMetadata, read_photo

# a pixel of 6.42 micrometres, as of an APS-C sensor of 22.2 x 14.8 mm with 3456 x 2304 px
APS_C = {"focal_length_mm": 39.0, "focal_plane_x_px_per_mm": 155.7}


def photo(width=3456, height=2304, **metadata):
    # only its size is looked at
    gray = np.broadcast_to(np.uint8(0), (height, width))
    return Photo(None, gray, PhotoMetadata(**metadata))


def test_the_focal_plane_by_a_thin_lens():
    scale = scale_from_camera(photo(**APS_C), 1.0)
    assert scale.mm_per_px == pytest.approx((1000 - 39) / 39 / 155.7)
    assert scale.method == "camera"
    assert 0.02 < scale.uncertainty < 0.04
    assert "focal plane" in scale.source


def test_a_real_file(tmp_path):
    """EXIF through Pillow and the reader: 512 px of 0.01 mm, 50 mm, EXIF's own distance 2 m."""
    exif = Image.Exif()
    exif.get_ifd(0x8769).update(
        {
            37386: IFDRational(50, 1),
            37382: IFDRational(2, 1),
            41486: IFDRational(1000, 1),
            41487: IFDRational(1000, 1),
            41488: 3,
            40962: 512,
            40963: 384,
        }
    )
    Image.new("L", (512, 384)).save(tmp_path / "a.jpg", exif=exif.tobytes())
    scale = scale_from_camera(read_photo(tmp_path / "a.jpg"), "exif")
    assert scale.mm_per_px == pytest.approx(0.01 * 1950 / 50)
    assert 0.10 < scale.uncertainty < 0.12
    assert "EXIF's estimate" in scale.source


def test_35_mm_terms_of_a_film_shaped_sensor():
    """On 3:2 all readings of the figure agree: a pixel is 36 mm / width of the film."""
    scale = scale_from_camera(photo(3000, 2000, focal_length_35mm_mm=50.0, focal_length_mm=50.0), 2)
    assert scale.mm_per_px == pytest.approx(36 / 3000 * (2000 - 50) / 50)


@pytest.mark.parametrize(("width", "height"), [(4000, 3000), (4000, 2250), (3000, 4000)])
def test_35_mm_terms_hold_all_their_readings(width, height):
    """Diagonal, width, and width of 4:3: each within two standard uncertainties."""
    scale = scale_from_camera(
        photo(width, height, focal_length_35mm_mm=26.0, focal_length_mm=4.2), 1.0
    )
    long = max(width, height)
    readings = [math.hypot(36, 24) / math.hypot(width, height), 36 / long]
    if (width, height) == (4000, 2250):
        readings.append(math.hypot(36, 24) / (1.25 * long))
    for pitch in readings:
        mm_per_px = pitch / 26 * (1000 - 4.2)
        assert abs(scale.mm_per_px / mm_per_px - 1) < 2 * scale.uncertainty
    assert scale.uncertainty < 0.05


def test_without_the_lens_own_focal_length():
    known = scale_from_camera(photo(focal_length_35mm_mm=26.0, focal_length_mm=4.2), 1.0)
    unknown = scale_from_camera(photo(focal_length_35mm_mm=26.0), 1.0)
    assert unknown.mm_per_px == pytest.approx(known.mm_per_px, rel=0.02)
    assert unknown.uncertainty > known.uncertainty


def test_farther_is_coarser_and_relatively_surer():
    near, far = (scale_from_camera(photo(**APS_C), metres) for metres in (0.5, 5.0))
    assert far.mm_per_px / near.mm_per_px == pytest.approx((5000 - 39) / (500 - 39))
    assert far.uncertainty < near.uncertainty


@pytest.mark.parametrize(
    ("metadata", "words"),
    [
        ({}, "no focal length in EXIF.*two points"),
        ({"focal_length_mm": 4.0}, "neither the sensor's resolution nor"),
        (APS_C | {"digital_zoom": 1.79}, "digital zoom of 1.79"),
        (APS_C | {"original_width_px": 6912, "original_height_px": 4608}, "resized or cropped"),
        (APS_C | {"focal_plane_x_px_per_mm": 5000.0}, r"sensor of 0.83 mm"),
        (APS_C | {"focal_length_35mm_mm": 39.0}, "by its pixels the sensor measures 26.7 mm"),
    ],
)
def test_exif_that_will_not_do(metadata, words):
    with pytest.raises(MeasurementError, match=words):
        scale_from_camera(photo(**metadata), 1.0)


def test_a_crop_of_no_camera_s_shape():
    with pytest.raises(MeasurementError, match="no camera takes 544 x 384 px"):
        scale_from_camera(photo(544, 384, focal_length_35mm_mm=29.0), 1.0)


def test_the_file_is_named(tmp_path):
    Image.new("L", (8, 8)).save(tmp_path / "wall.jpg")
    with pytest.raises(MeasurementError, match=r"wall\.jpg holds no focal length"):
        scale_from_camera(read_photo(tmp_path / "wall.jpg"), 1.0)


def test_a_photograph_turned_by_a_viewer_is_not_resized():
    size = {"original_width_px": 2304, "original_height_px": 3456}
    assert scale_from_camera(photo(**APS_C, **size), 1.0).mm_per_px > 0


def test_both_ways_to_the_sensor_agree():
    scale = scale_from_camera(photo(**APS_C, focal_length_35mm_mm=63.0), 1.0)
    assert "focal plane" in scale.source


def test_no_distance_in_exif():
    with pytest.raises(MeasurementError, match="SubjectDistance"):
        scale_from_camera(photo(**APS_C), "exif")


@pytest.mark.parametrize("metres", [0.0, -1.0, math.nan, math.inf])
def test_impossible_distances(metres):
    with pytest.raises(ArgumentError, match="positive number of metres"):
        scale_from_camera(photo(**APS_C), metres)


def test_nearer_than_the_lens_is_long():
    with pytest.raises(ArgumentError, match="Give metres"):
        scale_from_camera(photo(**APS_C), 0.05)


@pytest.mark.shared
def test_a_real_camera(data_folder):
    """An EOS 350D: 22.2 mm of sensor, a lens of 39 mm."""
    scale = scale_from_camera(read_photo(data_folder / "photos" / "beam_3456x2304.jpg"), 2.0)
    assert scale.mm_per_px == pytest.approx(22.2 / 3456 * (2000 - 39) / 39, rel=0.01)
