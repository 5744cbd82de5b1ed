from __future__ import annotations

import numpy as np
import pyogrio
import pytest
import shapely
from pyogrio.raw import read

from cracknet.errors import ArgumentError, OutputError
from cracknet.measurement.figures import BranchFigures, CrackFigures
from cracknet.reporting.layers import geopackage as module
from cracknet.reporting.layers.geopackage import geopackages
from cracknet.reporting.layers.georeference import Georeference
from cracknet.reporting.tables.columns import columns_of
from cracknet.reporting.tables.rows import PhotoFigures, measured_rows

from ..measured import HOSTILE, photo

UTM = Georeference((0.002, 0, 565000, 0, -0.002, 5934000), "EPSG:25832")


def write(out, *items, georeference=None, width_points=False):
    with geopackages(out, lambda rows: georeference, width_points) as add:
        for item in items:
            add(measured_rows(item))


def layer(path, name):
    """Fields as columns, and geometries, of a layer as GDAL reads it."""
    meta, _, shapes, values = read(path, layer=name)
    return meta, shapely.from_wkb(shapes), dict(zip(meta["fields"], values, strict=True))


def test_layers_of_a_photograph(tmp_path):
    write(tmp_path, photo(), width_points=True)
    path = tmp_path / "wall.gpkg"
    assert pyogrio.list_layers(path).tolist() == [
        ["cracks", "MultiPolygon"], ["branches", "LineString"], ["widths", "Point"],
    ]  # fmt: skip
    _, shapes, values = layer(path, "cracks")
    assert list(values) == [c.name for c in columns_of(CrackFigures)]
    assert shapely.is_valid(shapes[0])
    assert shapes[0].area == pytest.approx(4.92)  # mm2
    assert shapes[1] is None
    _, shapes, values = layer(path, "branches")
    assert list(values) == [c.name for c in columns_of(BranchFigures)]
    np.testing.assert_allclose(shapely.length(shapes), values["length_mm"])
    assert shapes[0].coords[0] == pytest.approx((5.05, -6.05))  # mm, y up, from the corner
    assert values["closed"].tolist() == [False, False, True]
    assert np.isnan(values["tortuosity"][2])
    _, shapes, values = layer(path, "widths")
    assert len(shapes) == 101 + 51 + 95
    assert values["crack_width_mm"][0] == pytest.approx(0.4)


@pytest.mark.parametrize("name", ["wall", HOSTILE])
def test_photographs_have_a_unit_and_no_place(tmp_path, name):
    write(tmp_path, photo(name), photo("px", scale=None))
    crs = pyogrio.read_info(tmp_path / f"{name}.gpkg", layer="branches")["crs"]
    assert 'UNIT["millimetre",0.001]' in crs
    meta, shapes, values = layer(tmp_path / "px.gpkg", "branches")
    assert 'UNIT["pixel"' in meta["crs"]
    np.testing.assert_allclose(shapely.length(shapes), values["length_px"])
    assert np.isnan(values["length_mm"]).all()


@pytest.mark.parametrize(
    "georeference", [UTM, Georeference((2e-8, 0, 9.99, 0, -2e-8, 53.55), "EPSG:4326")]
)
def test_rasters_lie_on_the_earth(tmp_path, georeference):
    write(tmp_path, photo(), georeference=georeference)
    meta, shapes, _ = layer(tmp_path / "wall.gpkg", "branches")
    assert meta["crs"] == georeference.crs
    expected = georeference.to_world(np.array([[50.0, 60.0]]))[0]
    assert shapes[0].coords[0] == pytest.approx(tuple(expected), abs=1e-9)


def test_a_raster_of_unknown_system(tmp_path):
    write(tmp_path, photo(), georeference=Georeference(UTM.transform))
    meta, shapes, _ = layer(tmp_path / "wall.gpkg", "branches")
    assert "Undefined Cartesian SRS" in meta["crs"]
    assert shapes[0].coords[0][0] > 560000


def test_an_unknown_name_of_a_system(tmp_path):
    with pytest.raises(ArgumentError, match="Atlantis"):
        write(tmp_path, photo(), georeference=Georeference(UTM.transform, "Atlantis"))
    assert list(tmp_path.iterdir()) == []


def test_places_of_photographs(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "PHOTOS_AT_ONCE", 3)
    items = [photo(f"p{k}", latitude_deg=50 + k, longitude_deg=8.5, altitude_m=7) for k in range(7)]
    write(tmp_path, *items, photo("without"))
    meta, shapes, values = layer(tmp_path / "photos.gpkg", "photos")
    assert meta["crs"] == "EPSG:4326"
    assert list(values) == [c.name for c in columns_of(PhotoFigures)]
    assert values["photo"].tolist() == [f"p{k}" for k in range(7)]
    assert [point.coords[0] for point in shapes] == [(8.5, 50 + k) for k in range(7)]
    assert values["cracks"].tolist() == [2] * 7


def test_a_photograph_called_like_the_layer_of_places(tmp_path):
    write(tmp_path, photo("photos", latitude_deg=1.0, longitude_deg=2.0))
    assert pyogrio.list_layers(tmp_path / "photos.gpkg")[:, 0].tolist() == ["photos"]
    assert "cracks" in pyogrio.list_layers(tmp_path / "photos.cracks.gpkg")[:, 0]


def test_no_cracks(tmp_path):
    write(tmp_path, photo(count=0))
    for name in ("cracks", "branches"):
        _, shapes, values = layer(tmp_path / "wall.gpkg", name)
        assert len(shapes) == 0
        assert "length_px" in values
    assert len(layer(tmp_path / "photos.gpkg", "photos")[1]) == 0


def test_nothing_at_all(tmp_path):
    write(tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["photos.gpkg"]


def test_written_again(tmp_path):
    write(tmp_path, photo())
    write(tmp_path, photo(count=1))
    assert len(layer(tmp_path / "wall.gpkg", "cracks")[1]) == 1


def test_a_folder_that_is_a_file(tmp_path):
    (tmp_path / "out").write_text("mine")
    with pytest.raises(OutputError, match="cannot be written"):
        write(tmp_path / "out", photo())
