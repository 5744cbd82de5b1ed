from __future__ import annotations

import math

import numpy as np
import pytest
from pyproj import Geod

from cracknet.errors import ArgumentError
from cracknet.measurement.figures import length_mm
from cracknet.reporting.layers.georeference import (
    Georeference,
    georeference_of,
    on_earth,
    to_wgs84,
)
from cracknet.reporting.layers.raster_scale import raster_scale, with_raster_scale

from ..measured import TENTH, line, photo

UTM = Georeference((0.002, 0, 565000, 0, -0.002, 5934000), "EPSG:25832")
DEGREES = Georeference((2e-8, 0, 9.99, 0, -2e-8, 53.55), "EPSG:4326")
SITE = (
    'ENGCRS["Site",EDATUM["Bolt"],CS[Cartesian,2],AXIS["x",east],AXIS["y",north],'
    'LENGTHUNIT["millimetre",0.001]]'
)


def test_pixel_corners_and_centres():
    points = np.array([[-0.5, -0.5], [0, 0], [0.5, 0.5]])
    expected = [[565000, 5934000], [565000.001, 5933999.999], [565000.002, 5933999.998]]
    np.testing.assert_allclose(UTM.to_world(points), expected, rtol=0, atol=1e-9)


def test_positions_in_wgs84():
    ((longitude, latitude),) = to_wgs84(UTM, np.array([[-0.5, -0.5]]))
    # Hamburg; easting 565000 is 65 km east of the zone's meridian at 9 degrees.
    assert (longitude, latitude) == pytest.approx((9.981, 53.551), abs=2e-3)
    np.testing.assert_allclose(to_wgs84(DEGREES, np.array([[-0.5, -0.5]])), [[9.99, 53.55]])


@pytest.mark.parametrize(
    "georeference",
    [
        UTM,
        DEGREES,
        Georeference((0.003, 0, 1111000, 0, -0.003, 7083000), "EPSG:3857"),  # web Mercator
        Georeference((0.01, 0, 2000000, 0, -0.01, 700000), "EPSG:2263"),  # US feet, New York
        Georeference((0.0014, 0.0014, 565000, 0.0014, -0.0014, 5934000), "EPSG:25832"),  # turned
    ],
)
@pytest.mark.parametrize("end", [(1400, 100), (100, 1400), (1400, 1400)])
def test_lengths_are_those_along_the_ellipsoid(georeference, end):
    branch = line((100, 100), end, 5.0)
    scale = raster_scale(georeference, 1500, 1500)
    (lon0, lat0), (lon1, lat1) = to_wgs84(georeference, branch.points_px[[0, -1]])
    metres = Geod(ellps="GRS80").inv(lon0, lat0, lon1, lat1)[2]
    assert length_mm(branch, scale) == pytest.approx(1000 * metres, rel=2e-6)
    assert scale.method == "raster"


def test_square_pixels_need_no_homography():
    assert raster_scale(UTM, 100, 100).homography is None
    assert raster_scale(UTM, 100, 100).mm_per_px == pytest.approx(2, rel=1e-3)
    flat = raster_scale(DEGREES, 100, 100).homography
    np.testing.assert_allclose(
        flat[1, 1] / flat[0, 0], 1 / math.cos(math.radians(53.55)), rtol=5e-3
    )


def test_a_local_system_has_lengths_and_no_place():
    site = Georeference((0.5, 0, 10, 0, -0.5, 20), SITE)
    assert raster_scale(site, 10, 10).mm_per_px == pytest.approx(0.5)
    assert not on_earth(site)
    with pytest.raises(ArgumentError, match="cannot be turned into WGS84"):
        to_wgs84(site, np.zeros((1, 2)))


def test_without_a_system_there_is_no_scale():
    nowhere = Georeference((1, 0, 0, 0, -1, 0))
    assert raster_scale(nowhere, 10, 10) is None
    assert not on_earth(nowhere)
    assert with_raster_scale(photo(scale=None), nowhere).measurement.scale is None


def test_a_scale_given_is_kept():
    assert with_raster_scale(photo(), UTM).measurement.scale is TENTH
    assert with_raster_scale(photo(scale=None), UTM).measurement.scale.method == "raster"


@pytest.mark.parametrize("name", ["EPSG:999999", "Atlantis", "LOCAL_CS[", "x" * 200])
def test_unknown_systems(name):
    with pytest.raises(ArgumentError, match="not known to PROJ"):
        raster_scale(Georeference((1, 0, 0, 0, -1, 0), name), 10, 10)


def test_coordinates_outside_their_system():
    with pytest.raises(ArgumentError, match="cannot be turned"):
        to_wgs84(Georeference((1, 0, 1e12, 0, -1, 1e12), "EPSG:25832"), np.zeros((1, 2)))


@pytest.mark.parametrize(
    "transform",
    [(1, 0, 0, 0, -1), (0, 0, 0, 0, 0, 0), (1, 2, 0, 2, 4, 0), (math.nan, 0, 0, 0, 1, 0)],
)
def test_transforms_that_cannot_be(transform):
    with pytest.raises(ArgumentError, match="transform"):
        Georeference(transform)


def test_the_georeference_of_a_measured_raster():
    assert georeference_of(photo()) is None
    values = {"transform": list(UTM.transform), "crs": UTM.crs}
    assert georeference_of(photo(georeference=values)) == UTM
    for damaged in ("x", {}, {"transform": 3}, {"transform": [1, 2]}, {"transform": ["a"] * 6}):
        with pytest.raises(ArgumentError, match=r"wall\.jpg"):
            georeference_of(photo(georeference=damaged))
