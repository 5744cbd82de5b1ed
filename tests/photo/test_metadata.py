"""EXIF: position, time, camera; and that damaged EXIF fails nothing."""

from __future__ import annotations

import io
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from PIL.TiffImagePlugin import IFDRational

from cracknet.photo import read_photo
from cracknet.photo.metadata import PhotoMetadata, read_metadata

POSITION = {1: "N", 2: (48.0, 8.0, 13.2), 3: "E", 4: (11.0, 34.0, 30.0), 5: b"\0", 6: 519.5}


def exif_with(gps=None, camera=None, **main):
    exif = Image.Exif()
    for tag, value in main.items():
        exif[{"make": 271, "model": 272, "orientation": 274}[tag]] = value
    if gps:
        exif.get_ifd(0x8825).update(gps)
    if camera:
        exif.get_ifd(0x8769).update(camera)
    return exif


def metadata_of(exif):
    return read_metadata(io.BytesIO(exif.tobytes().removeprefix(b"Exif\0\0")))


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.tif", "a.webp"])
def test_every_field_from_every_format(tmp_path, name):
    exif = exif_with(
        POSITION,
        {36867: "2024:05:17 14:03:22", 36881: "+02:00", 37386: IFDRational(88, 10), 41989: 24},
        make="DJI",
        model="M3E",
        orientation=6,
    )
    Image.new("RGB", (8, 4)).save(tmp_path / name, exif=exif.tobytes())
    metadata = read_photo(tmp_path / name).metadata
    assert metadata.taken == "2024-05-17T14:03:22+02:00"
    assert metadata.latitude_deg == pytest.approx(48 + 8 / 60 + 13.2 / 3600, abs=1e-9)
    assert metadata.longitude_deg == pytest.approx(11 + 34.5 / 60, abs=1e-9)
    assert metadata.altitude_m == pytest.approx(519.5)
    assert metadata.camera == "DJI M3E"
    assert metadata.focal_length_mm == pytest.approx(8.8)
    assert metadata.focal_length_35mm_mm == 24.0
    assert metadata.orientation == 6


def test_south_west_and_below_the_sea():
    metadata = metadata_of(exif_with(POSITION | {1: "S", 3: "W", 5: b"\1"}))
    assert metadata.latitude_deg < -48
    assert metadata.longitude_deg < -11
    assert metadata.altitude_m == pytest.approx(-519.5)


@pytest.mark.parametrize(
    "broken",
    [
        {1: "X"},
        {1: ""},
        {2: (91.0, 0.0, 0.0)},
        {4: (181.0, 0.0, 0.0)},
        {2: (48.0, 61.0, 0.0)},
        {2: (IFDRational(48, 1), IFDRational(0, 0), IFDRational(0, 1))},
        {3: ""},
    ],
)
def test_malformed_position_is_none(broken):
    metadata = metadata_of(exif_with(POSITION | broken))
    assert (metadata.latitude_deg, metadata.longitude_deg) == (None, None)
    assert metadata.altitude_m == pytest.approx(519.5)


@pytest.mark.parametrize(
    ("camera", "taken"),
    [
        ({36867: "2024:05:17 14:03:22"}, "2024-05-17T14:03:22"),
        ({36867: "2024:05:17 14:03:22", 36881: "Z"}, "2024-05-17T14:03:22Z"),
        ({36867: "2024:05:17 14:03:22", 36881: "   :  "}, "2024-05-17T14:03:22"),
        ({36867: "0000:00:00 00:00:00"}, None),
        ({36867: "    :  :     :  :  "}, None),
        ({36867: "yesterday"}, None),
        ({36881: "+02:00"}, None),
    ],
)
def test_time(camera, taken):
    assert metadata_of(exif_with(camera=camera)).taken == taken


@pytest.mark.parametrize(
    ("main", "camera"),
    [
        ({"make": "Canon", "model": "Canon EOS R5"}, "Canon EOS R5"),
        ({"make": "DJI ", "model": " FC6310\0"}, "DJI FC6310"),
        ({"model": "X100"}, "X100"),
        ({"make": "Sony"}, "Sony"),
        ({"orientation": 1}, None),
    ],
)
def test_camera(main, camera):
    assert metadata_of(exif_with(**main)).camera == camera


def test_zero_focal_length_is_unknown():
    metadata = metadata_of(exif_with(camera={37386: IFDRational(0, 1), 41989: 0}))
    assert metadata.focal_length_mm is None
    assert metadata.focal_length_35mm_mm is None


def test_no_exif(tmp_path):
    Image.new("L", (4, 4)).save(tmp_path / "a.jpg")
    assert read_photo(tmp_path / "a.jpg").metadata == PhotoMetadata()


def jpeg_with_app1(payload):
    """Insert an APP1 segment into a small JPEG, whatever it holds."""
    stream = io.BytesIO()
    Image.new("L", (8, 8), 99).save(stream, "JPEG")
    data = stream.getvalue()
    return data[:2] + b"\xff\xe1" + struct.pack(">H", len(payload) + 2) + payload + data[2:]


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_damaged_exif_never_fails_the_photo(tmp_path_factory, data):
    whole = bytearray(exif_with(POSITION, {36867: "2024:05:17 14:03:22"}, make="A").tobytes())
    for _ in range(data.draw(st.integers(1, 6))):
        whole[data.draw(st.integers(6, len(whole) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(6, len(whole)))
    file = tmp_path_factory.mktemp("exif") / "a.jpg"
    file.write_bytes(jpeg_with_app1(bytes(whole[:cut])))
    photo = read_photo(file)
    assert np.array_equal(np.unique(photo.gray), [99])
    assert photo.metadata.orientation in range(1, 9)


@pytest.mark.parametrize(
    "payload",
    [
        b"Exif\0\0",
        b"Exif\0\0II*\0",
        b"Exif\0\0II*\0\xff\xff\xff\xff",
        b"Exif\0\0MM\0*\0\0\0\x08\xff\xff",
        b"Exif\0\0rubbish",
    ],
)
def test_exif_of_nothing(tmp_path, payload):
    (tmp_path / "a.jpg").write_bytes(jpeg_with_app1(payload))
    assert read_photo(tmp_path / "a.jpg").metadata == PhotoMetadata()


SENSOR = {
    41486: IFDRational(3954233, 1000),
    41487: IFDRational(3958763, 1000),
    41488: 2,
    40962: 3456,
    40963: 2304,
    37382: IFDRational(125, 100),
    41988: IFDRational(3, 2),
}


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.tif", "a.webp"])
def test_sensor_and_distance_from_every_format(tmp_path, name):
    Image.new("RGB", (8, 4)).save(tmp_path / name, exif=exif_with(camera=SENSOR).tobytes())
    metadata = read_photo(tmp_path / name).metadata
    assert metadata.focal_plane_x_px_per_mm == pytest.approx(3954.233 / 25.4)
    assert metadata.focal_plane_y_px_per_mm == pytest.approx(3958.763 / 25.4)
    assert metadata.subject_distance_m == pytest.approx(1.25)
    assert metadata.digital_zoom == pytest.approx(1.5)
    assert (metadata.original_width_px, metadata.original_height_px) == (3456, 2304)


@pytest.mark.parametrize(
    ("unit", "expected"), [(None, 100 / 25.4), (2, 100 / 25.4), (3, 10.0), (4, 100.0), (1, None)]
)
def test_unit_of_the_focal_plane(unit, expected):
    camera = {41486: IFDRational(100, 1)} | ({} if unit is None else {41488: unit})
    resolution = metadata_of(exif_with(camera=camera)).focal_plane_x_px_per_mm
    assert resolution == (None if expected is None else pytest.approx(expected))


@pytest.mark.parametrize("ratio", [IFDRational(0, 1), IFDRational(1, 1), IFDRational(100, 100)])
def test_no_digital_zoom(ratio):
    assert metadata_of(exif_with(camera={41988: ratio})).digital_zoom is None


@pytest.mark.parametrize("distance", [IFDRational(0, 1), IFDRational(0xFFFFFFFF, 1)])
def test_unknown_and_infinite_distance(distance):
    assert metadata_of(exif_with(camera={37382: distance})).subject_distance_m is None


def test_zero_size_and_resolution_are_unknown():
    metadata = metadata_of(exif_with(camera={40962: 0, 40963: 0, 41486: IFDRational(0, 1)}))
    assert metadata == PhotoMetadata()
