from __future__ import annotations

import json

import numpy as np
import pytest

from cracknet.errors import PhotoError
from cracknet.measurement.figures import crack_figures
from cracknet.measurement.files import PhotoMeasurement, measurement_json, read_measurement
from cracknet.measurement.scale import Scale

from .making import crack, line, measurement, ring

SQUARE = (np.array([[9.5, 9.5], [9.5, 20.5], [30.5, 20.5], [30.5, 9.5]]),)


def example():
    scale = Scale(0.2, "marker", "ArUco 3", 0.01, np.diag([0.2, 0.2, 1.0]))
    return PhotoMeasurement(
        "nord/würfel",
        "/data/würfel.jpg",
        measurement(
            crack(line((10, 15), (30, 15)), ring((100, 100), 20), polygons=[SQUARE]),
            crack(line((50.5, 60.25), (90, 61), 0.0, resolved=False), number=2),
            scale=scale,
            specks=3,
            specks_area_px2=17.0,
            notes=("a note",),
        ),
        {"taken": "2026-05-01T10:00:00", "latitude_deg": 48.1},
    )


def test_a_measurement_comes_back_as_it_was(tmp_path):
    path = tmp_path / "würfel.cracks.json"
    path.write_bytes(measurement_json(example()))
    back = read_measurement(path)
    assert (back.photo, back.file, back.about) == (
        example().photo,
        example().file,
        example().about,
    )
    of, expected = back.measurement, example().measurement
    assert (of.height_px, of.width_px, of.specks, of.notes) == (200, 300, 3, ("a note",))
    first, again = (crack_figures(item, "w") for item in (expected, of))
    for one, other in zip(first, again, strict=True):
        for name, value in vars(one).items():
            found = getattr(other, name)
            assert found == (pytest.approx(value, rel=1e-3) if isinstance(value, float) else value)
    np.testing.assert_array_equal(of.cracks[0].polygons_px[0][0], SQUARE[0])
    np.testing.assert_array_equal(of.scale.homography, expected.scale.homography)
    assert [b.nodes for b in of.cracks[0].branches] == [(0, 1), (0, 0)]
    assert of.cracks[1].branches[0].resolved is False
    assert measurement_json(back) == path.read_bytes()


def test_no_cracks_and_no_scale(tmp_path):
    path = tmp_path / "a.cracks.json"
    path.write_bytes(measurement_json(PhotoMeasurement("a", "a.png", measurement())))
    back = read_measurement(path)
    assert back.measurement.cracks == ()
    assert back.measurement.scale is None


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is not a measurement"),
        (b"[1, 2]", "is not a measurement"),
        (b'{"a": 1}', "is not a measurement"),
        (b'{"schema": "cracknet.cracks/9"}', "of schema 'cracknet.cracks/9'"),
        (b'{"schema": "cracknet.cracks/1"}', "damaged"),
        (b"\xff\xfe", "is not a measurement"),
    ],
)
def test_a_file_of_another_kind_is_named(tmp_path, content, words):
    path = tmp_path / "b.cracks.json"
    path.write_bytes(content)
    with pytest.raises(PhotoError, match=f"b.cracks.json: .*{words}"):
        read_measurement(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(PhotoError, match=r"gone.cracks.json: cannot be read"):
        read_measurement(tmp_path / "gone.cracks.json")


@pytest.mark.parametrize("part", ["points_px", "widths_px", "methods", "nodes"])
def test_a_damaged_branch_is_told(tmp_path, part):
    content = json.loads(measurement_json(example()))
    content["cracks"][0]["branches"][0][part] = content["cracks"][0]["branches"][0][part][:1]
    path = tmp_path / "c.cracks.json"
    path.write_text(json.dumps(content))
    with pytest.raises(PhotoError, match="damaged"):
        read_measurement(path)
