"""Rasters measured into a folder: layers, parts, scale, going on, and what reads them."""

from __future__ import annotations

import json
import os
import warnings

import numpy as np
import pytest
import rasterio
from rasterio.control import GroundControlPoint

from cracknet.errors import ArgumentError, PhotoError
from cracknet.measurement.files import read_measurement
from cracknet.measurement.measure import measure
from cracknet.measurement.scale import MarkerOptions, ScaleOptions
from cracknet.mosaic import measure_raster
from cracknet.mosaic.measuring import run as run_module
from cracknet.mosaic.measuring.batches import Limits
from cracknet.reporting.measuring import Measuring

pytestmark = pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")

SMALL = Limits(most_px=40_000, halo_px=40, tile_px=128)
IN_PX = {"crs": None, "place": None}


def layer(path, name):
    from pyogrio import read_info
    from pyogrio.raw import read
    from shapely import from_wkb

    meta, _, shapes, values = read(str(path), layer=name)
    columns = dict(zip(meta["fields"].tolist(), values, strict=True))
    return read_info(str(path), layer=name), columns, from_wkb(shapes)


def parts(out, name="deck"):
    return [read_measurement(path) for path in sorted((out / f"{name}.cracks").glob("0*.json"))]


def cracks_of(out, name="deck"):
    return [crack for part in parts(out, name) for crack in part.measurement.cracks]


def test_lines_and_outlines_lie_on_the_cracks(segmented, winding):
    path, out = segmented()
    result = measure_raster(path, out, "deck", limits=SMALL)
    mask, soft, gray = winding
    soft = (np.round(soft * 255) / 255).astype(np.float32)
    whole = measure(mask, probability=soft, gray=gray)
    assert result.cracks == len(whole.cracks)
    assert result.length_px == pytest.approx(sum(c.length_px for c in whole.cracks), rel=1e-3)
    assert result.specks == whole.specks
    info, columns, lines = layer(out / "deck.gpkg", "branches")
    assert info["crs"] == "EPSG:25832"
    metres = sum(line.length for line in lines)
    assert metres == pytest.approx(result.length_px * 0.002, rel=1e-4)
    assert len(lines) == result.branches
    # UTM's scale factor there is 0.99964: on the ground it is a little more
    assert sum(columns["length_mm"]) == pytest.approx(metres * 1000, rel=1e-3)
    for line in lines:
        x, y = np.asarray(line.coords).T
        column = np.floor((x - 565_000) / 0.002).astype(int)
        row = np.floor((5_934_000 - y) / 0.002).astype(int)
        inside = mask[np.clip(row, 0, 299), np.clip(column, 0, 419)]
        assert inside.mean() > 0.97
    _, columns, outlines = layer(out / "deck.gpkg", "cracks")
    assert sorted(columns["crack"].tolist()) == list(range(1, result.cracks + 1))
    assert all(shape.is_valid for shape in outlines)
    areas = [shape.area / 0.002**2 for shape in outlines]
    np.testing.assert_allclose(areas, columns["area_px2"], rtol=1e-5)


def test_the_parts_are_measurements_as_of_photographs(segmented):
    path, out = segmented()
    result = measure_raster(path, out, "deck", limits=SMALL)
    read = parts(out)
    assert [part.about["part"] for part in read] == list(range(1, result.parts + 1))
    assert [crack.number for crack in cracks_of(out)] == list(range(1, result.cracks + 1))
    assert sum(part.measurement.specks for part in read) == result.specks
    assert {(part.measurement.height_px, part.measurement.width_px) for part in read} == {
        (300, 420)
    }
    assert not list(out.glob(".*"))


def test_what_is_done_is_skipped_until_mask_or_options_change(segmented):
    path, out = segmented()
    first = measure_raster(path, out, "deck", limits=SMALL)
    again = measure_raster(path, out, "deck", limits=SMALL)
    assert again.skipped
    assert not first.skipped
    assert (again.cracks, again.length_px) == (first.cracks, first.length_px)
    assert not measure_raster(path, out, "deck", limits=SMALL, overwrite=True).skipped
    coarse = Measuring(scale=ScaleOptions(mm_per_px=3))
    assert measure_raster(path, out, "deck", coarse, limits=SMALL).mm_per_px == 3
    mask = out / "deck.mask.tif"
    with rasterio.open(mask, "r+") as file:  # corrected by hand
        values = file.read(1)
        values[:, 200:240] = 0
        file.write(values, 1)
    os.utime(mask, ns=(1, 1))
    corrected = measure_raster(path, out, "deck", coarse, limits=SMALL)
    assert not corrected.skipped
    assert corrected.cracks > first.cracks
    (out / "deck.gpkg").unlink()
    assert not measure_raster(path, out, "deck", coarse, limits=SMALL).skipped


def test_a_run_that_broke_off_goes_on_without_doubling(segmented, monkeypatch):
    path, out = segmented()
    monkeypatch.setattr(run_module, "BATCHES_A_PART", 1)
    whole = measure_raster(path, out, "deck", limits=SMALL)
    expected = [crack.length_px for crack in cracks_of(out)]
    assert whole.parts > 2
    real, calls = run_module.measure_batch, []

    def breaking(*args):
        calls.append(args[2])
        if len(calls) == 3:
            raise KeyboardInterrupt
        return real(*args)

    monkeypatch.setattr(run_module, "measure_batch", breaking)
    with pytest.raises(KeyboardInterrupt):
        measure_raster(path, out, "deck", limits=SMALL, overwrite=True)
    assert (out / ".deck.measuring").is_dir()
    done = measure_raster(path, out, "deck", limits=SMALL, overwrite=True)
    assert len(calls) == 3 + whole.parts - 2
    assert done.cracks == whole.cracks
    assert [crack.length_px for crack in cracks_of(out)] == expected
    _, columns, _ = layer(out / "deck.gpkg", "cracks")
    assert sorted(columns["crack"].tolist()) == list(range(1, whole.cracks + 1))


def test_parts_of_another_mask_are_dropped(segmented, monkeypatch):
    path, out = segmented()
    monkeypatch.setattr(run_module, "measure_batch", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        measure_raster(path, out, "deck", limits=SMALL)
    monkeypatch.undo()
    os.utime(out / "deck.mask.tif", ns=(1, 1))
    assert measure_raster(path, out, "deck", limits=SMALL).cracks


# Scale and place


def test_a_raster_without_place_is_measured_in_px(segmented):
    path, out = segmented(**IN_PX)
    result = measure_raster(path, out, "deck", limits=SMALL)
    assert result.mm_per_px is None
    assert "no coordinate reference system" in result.note
    info, columns, lines = layer(out / "deck.gpkg", "branches")
    assert "Photograph, px" in info["crs"]
    assert all(np.isnan(columns["length_mm"]))
    assert all(line.bounds[1] <= 0 for line in lines)  # y up, from the upper left corner
    given = Measuring(scale=ScaleOptions(mm_per_px=0.5))
    assert measure_raster(path, out, "deck", given, limits=SMALL).mm_per_px == 0.5


def test_metric_lengths_in_a_geographic_system(segmented):
    """0.02 mm of latitude and of longitude at 50 degrees: metres by the ellipsoid of WGS 84."""
    degrees = 2e-8
    path, out = segmented(crs="EPSG:4326", place=(degrees, 0, 9.0, 0, -degrees, 50.0))
    result = measure_raster(path, out, "deck", limits=SMALL)
    down, across = 111_229.0 * degrees * 1000, 71_696.0 * degrees * 1000  # at 50 degrees
    assert result.mm_per_px == pytest.approx(np.sqrt(down * across), rel=1e-3)
    info, columns, _ = layer(out / "deck.gpkg", "cracks")
    assert info["crs"] == "EPSG:4326"
    assert all(columns["length_mm"] > across * columns["length_px"] * 0.999)
    assert all(columns["length_mm"] < down * columns["length_px"] * 1.001)


def test_markers_are_for_photographs(segmented):
    path, out = segmented()
    how = Measuring(scale=ScaleOptions(marker=MarkerOptions(50.0)))
    result = measure_raster(path, out, "deck", how, limits=SMALL)
    assert result.mm_per_px == pytest.approx(2, rel=1e-3)
    assert "marker gives a scale to photographs" in result.note


def test_pixels_too_large_for_a_scale_are_told(segmented):
    path, out = segmented(place=(10.0, 0, 565_000, 0, -10.0, 5_934_000))
    result = measure_raster(path, out, "deck", limits=SMALL)
    assert result.mm_per_px is None
    assert "no scale: mm_per_px must be between" in result.note


def test_ground_control_points_place_the_layers(segmented):
    path, out = segmented(**IN_PX)
    points = [
        GroundControlPoint(row, column, 565_000 + 0.004 * column, 5_934_000 - 0.004 * row, 0)
        for row, column in ((0, 0), (0, 420), (300, 0), (300, 420))
    ]
    with rasterio.open(path, "r+") as file:
        file.gcps = points, rasterio.CRS.from_epsg(25832)
    result = measure_raster(path, out, "deck", limits=SMALL)
    assert result.mm_per_px == pytest.approx(4, rel=1e-3)
    _, _, lines = layer(out / "deck.gpkg", "branches")
    assert sum(line.length for line in lines) == pytest.approx(result.length_px * 0.004, rel=1e-4)


# What is not there, or does not fit


def test_no_crack_at_all_has_layers_and_a_part(segmented):
    path, out = segmented()
    with rasterio.open(out / "deck.mask.tif", "r+") as file:
        file.write(np.zeros((300, 420), np.uint8), 1)
    result = measure_raster(path, out, "deck", limits=SMALL)
    assert (result.cracks, result.length_px, result.parts) == (0, 0, 1)
    for name in ("cracks", "branches"):
        _, columns, _ = layer(out / "deck.gpkg", name)
        assert len(columns["crack"]) == 0


def test_without_the_raster_widths_are_from_the_probability(segmented):
    path, out = segmented()
    path.unlink()
    result = measure_raster(None, out, "deck", limits=SMALL)
    assert "the raster is gone" in result.note
    assert result.cracks
    methods = {
        int(code)
        for crack in cracks_of(out)
        for branch in crack.branches
        for code in branch.methods
    }
    assert 0 not in methods  # gray


def test_a_raster_stored_in_rows_gives_the_same(segmented, monkeypatch):
    path, out = segmented()
    measure_raster(path, out, "deck", limits=SMALL)
    expected = [crack.length_px for crack in cracks_of(out)]
    monkeypatch.setattr(run_module, "WINDOW_PX", 64)  # so that a block counts as a row
    result = measure_raster(path, out, "deck", limits=SMALL, overwrite=True)
    assert [crack.length_px for crack in cracks_of(out)] == expected
    assert not result.skipped
    assert not list(out.glob(".*"))


def test_a_damaged_mask_is_told(segmented):
    path, out = segmented()
    mask = out / "deck.mask.tif"
    mask.write_bytes(mask.read_bytes()[:-9000])
    with pytest.raises(PhotoError, match=r"deck\.mask\.tif"):
        measure_raster(path, out, "deck", limits=SMALL)


def test_a_mask_of_another_size_is_told(segmented, save_raster):
    path, out = segmented()
    (out / "deck.mask.tif").unlink()
    save_raster(out / "deck.mask.tif", np.zeros((20, 30), np.uint8))
    with pytest.raises(PhotoError, match="must have the raster's size, 420x300"):
        measure_raster(path, out, "deck", limits=SMALL)
    (out / "deck.mask.tif").unlink()
    save_raster(out / "deck.mask.tif", np.zeros((300, 420), np.uint16))
    with pytest.raises(PhotoError, match="one band of 8 bits"):
        measure_raster(path, out, "deck", limits=SMALL)
    (out / "deck.mask.tif").unlink()
    save_raster(out / "deck.mask.tif", np.zeros((300, 420), np.uint8))
    (out / "deck.probability.tif").unlink()
    save_raster(out / "deck.probability.tif", np.zeros((52, 70), np.uint8))
    with pytest.raises(PhotoError, match="must have the mask's size"):
        measure_raster(path, out, "deck", limits=SMALL)


def test_about_says_what_was_measured(segmented):
    path, out = segmented()
    result = measure_raster(path, out, "deck", limits=SMALL)
    about = json.loads((out / "deck.cracks" / "about.json").read_text())
    assert about["result"]["cracks"] == result.cracks
    assert about["header"]["limits"]["most_px"] == SMALL.most_px
    georeference = parts(out)[0].about["georeference"]
    assert georeference["transform"] == [0.002, 0, 565_000, 0, -0.002, 5_934_000]


def test_a_system_unknown_to_proj_is_told(segmented):
    local = 'LOCAL_CS["site",LOCAL_DATUM["site",0],UNIT["metre",1],AXIS["x",EAST],AXIS["y",NORTH]]'
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        path, out = segmented(crs=local)
    try:
        result = measure_raster(path, out, "deck", limits=SMALL)
    except ArgumentError as error:
        pytest.fail(f"a local system is a known one: {error}")
    assert result.mm_per_px == pytest.approx(2)
