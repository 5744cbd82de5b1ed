from __future__ import annotations

import json

import numpy as np
import pyogrio
import pytest
import shapely
from pyogrio.raw import read

from cracknet.errors import ArgumentError, OutputError
from cracknet.reporting.layers.geojson import geojson_files
from cracknet.reporting.layers.georeference import Georeference, to_wgs84
from cracknet.reporting.tables.rows import measured_rows

from ..measured import HOSTILE, photo

UTM = Georeference((0.002, 0, 565000, 0, -0.002, 5934000), "EPSG:25832")


def write(out, *items, georeference=None, width_points=False):
    with geojson_files(out, lambda rows: georeference, width_points) as add:
        for item in items:
            add(measured_rows(item))


def content(path):
    return json.loads(path.read_text("utf-8"))


def test_a_raster_is_in_wgs84(tmp_path):
    write(tmp_path, photo(), georeference=UTM)
    whole = content(tmp_path / "wall.branches.geojson")
    assert set(whole) == {"type", "name", "features"}  # RFC 7946: neither crs nor other units
    meta, _, shapes, _ = read(tmp_path / "wall.branches.geojson")
    assert meta["crs"] == "EPSG:4326"
    expected = to_wgs84(UTM, np.array([[50.0, 60.0]]))[0]
    assert shapely.from_wkb(shapes)[0].coords[0] == pytest.approx(tuple(expected), abs=1e-10)
    meta, _, shapes, _ = read(tmp_path / "wall.cracks.geojson")
    first, second = shapely.from_wkb(shapes)
    assert shapely.is_valid(first)
    assert first.geoms[0].exterior.is_ccw
    assert second is None


@pytest.mark.parametrize(("scale", "unit"), [(None, "px"), (photo().measurement.scale, "mm")])
def test_a_photograph_says_what_its_coordinates_are(tmp_path, scale, unit):
    write(tmp_path, photo(HOSTILE, scale=scale), width_points=True)
    for kind, count in (("cracks", 2), ("branches", 3), ("widths", 247)):
        path = tmp_path / f"{HOSTILE}.{kind}.geojson"
        whole = content(path)
        assert whole["coordinate_system"]["unit"] == unit
        assert "y up" in whole["coordinate_system"]["description"]
        assert whole["name"] == f"{kind} of {HOSTILE}"
        assert len(whole["features"]) == count
        crs = pyogrio.read_info(path)["crs"]
        assert crs != "EPSG:4326"
        assert {"px": "pixel", "mm": "millimetre"}[unit] in crs
    x, y = content(tmp_path / f"{HOSTILE}.branches.geojson")["features"][0]["geometry"][
        "coordinates"
    ][0]
    assert (x, y) == ((50.5, -60.5) if unit == "px" else (5.05, -6.05))


def test_properties_are_the_columns(tmp_path):
    write(tmp_path, photo(scale=None))
    properties = content(tmp_path / "wall.cracks.geojson")["features"][0]["properties"]
    assert properties["length_px"] == 150
    assert properties["length_mm"] is None
    assert properties["width_max_px"] == 4


def test_a_raster_of_unknown_system(tmp_path):
    write(tmp_path, photo(), georeference=Georeference(UTM.transform))
    whole = content(tmp_path / "wall.branches.geojson")
    assert "unknown" in whole["coordinate_system"]["description"]
    assert pyogrio.read_info(tmp_path / "wall.branches.geojson")["crs"] != "EPSG:4326"


def test_an_unknown_name_of_a_system(tmp_path):
    with pytest.raises(ArgumentError, match="Atlantis"):
        write(tmp_path, photo(), georeference=Georeference(UTM.transform, "Atlantis"))
    assert list(tmp_path.iterdir()) == []


def test_places_of_photographs(tmp_path):
    items = [photo(f"p{k}", latitude_deg=50 + k, longitude_deg=8.5) for k in range(3)]
    write(tmp_path, *items, photo("without"))
    meta, _, shapes, _ = read(tmp_path / "photos.geojson")
    assert meta["crs"] == "EPSG:4326"
    assert [p.coords[0] for p in shapely.from_wkb(shapes)] == [(8.5, 50 + k) for k in range(3)]


@pytest.mark.parametrize("items", [[], [photo(count=0)]])
def test_no_cracks(tmp_path, items):
    write(tmp_path, *items)
    for path in tmp_path.iterdir():
        assert content(path)["features"] == []
        assert pyogrio.read_info(path)["features"] == 0


def test_a_folder_that_is_a_file(tmp_path):
    (tmp_path / "out").write_text("mine")
    with pytest.raises(OutputError, match="cannot be written"):
        write(tmp_path / "out", photo())
