from __future__ import annotations

import csv
import importlib.util
import math

import pytest
from openpyxl import load_workbook
from pyarrow import parquet

from cracknet.errors import ArgumentError, OutputError, PhotoError
from cracknet.reporting.layers import Georeference
from cracknet.reporting.outputs import FORMATS, OutputCounts, write_outputs

from .measured import HOSTILE, photo

RUN_FILES = {
    "csv": {"cracks.csv", "branches.csv"},
    "xlsx": {"cracks.xlsx"},
    "parquet": {"cracks.parquet", "branches.parquet"},
    "geojson": {"photos.geojson"},
    "gpkg": {"photos.gpkg"},
    "dxf": set(),
}
PHOTO_FILES = {
    "geojson": {"{}.cracks.geojson", "{}.branches.geojson"},
    "gpkg": {"{}.gpkg"},
    "dxf": {"{}.dxf"},
}


def files(out):
    return {p.relative_to(out).as_posix() for p in out.rglob("*") if p.is_file()}


def expected(formats, names):
    run = set().union(*(RUN_FILES[f] for f in formats))
    own = {text.format(name) for f in formats for text in PHOTO_FILES.get(f, ()) for name in names}
    return run | own


@pytest.mark.parametrize("formats", [*([name] for name in FORMATS), list(FORMATS)])
@pytest.mark.parametrize("count", [None, 0])
def test_every_format_writes_its_files(tmp_path, formats, count):
    names = ["wall", HOSTILE]
    seen = []
    counts = write_outputs(
        (photo(name, count=count) for name in names),
        tmp_path / "new",
        formats,
        progress=lambda item: seen.append(item.photo),
    )
    assert files(tmp_path / "new") == expected(formats, names)
    assert seen == names
    assert counts == (OutputCounts(2, 4, 6) if count is None else OutputCounts(2, 0, 0))


def test_no_photographs(tmp_path):
    assert write_outputs([], tmp_path, FORMATS) == OutputCounts(0, 0, 0)
    assert files(tmp_path) == expected(FORMATS, [])


def test_tables_say_the_same(tmp_path):
    items = [photo("a"), photo(HOSTILE, scale=None)]
    write_outputs(items, tmp_path, ["xlsx", "parquet", "csv"], classify=lambda w, u: f"{w} {u}")
    with (tmp_path / "cracks.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))[1:]
    whole = parquet.read_table(tmp_path / "cracks.parquet").to_pylist()
    sheet = list(load_workbook(tmp_path / "cracks.xlsx")["Cracks"].values)[1:]
    for row, record, cells in zip(rows, whole, sheet, strict=True):
        for text, value, cell in zip(row, record.values(), cells, strict=True):
            if isinstance(value, float):
                assert float(text) == cell == pytest.approx(value, rel=2e-3, abs=5e-5)
            else:
                assert (
                    text
                    == ("" if value is None else str(value))
                    == str("" if cell is None else cell)
                )


def test_a_photograph_is_let_go_before_the_next(tmp_path):
    alive = 0

    def items():
        nonlocal alive
        for k in range(50):
            alive += 1
            yield photo(f"p{k}", count=1)
            alive -= 1
            assert alive == 0

    assert write_outputs(items(), tmp_path, ["csv", "xlsx", "parquet"]).photos == 50


def test_a_raster_brings_its_own_millimetres(tmp_path):
    where = Georeference((0.002, 0, 565000, 0, -0.002, 5934000), "EPSG:25832")
    write_outputs([photo(scale=None)], tmp_path, ["csv"], georeference=where)
    about = {"georeference": {"transform": list(where.transform), "crs": where.crs}}
    write_outputs([photo(scale=None, **about)], tmp_path / "own", ["csv"])
    text = (tmp_path / "cracks.csv").read_text("utf-8")
    assert (tmp_path / "own" / "cracks.csv").read_text("utf-8") == text
    row = next(csv.DictReader(text.splitlines()))
    assert float(row["length_mm"]) == pytest.approx(300, rel=1e-3)
    assert row["scale_method"] == "raster"


@pytest.mark.parametrize("formats", [[], ["shp"], ["csv", "xls"]])
def test_unknown_formats(tmp_path, formats):
    with pytest.raises(ArgumentError, match="csv, xlsx, parquet, geojson, gpkg, dxf; got"):
        write_outputs([photo()], tmp_path / "out", formats)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", [name for name, form in FORMATS.items() if form.modules])
def test_a_missing_extra_is_named_before_any_work(tmp_path, monkeypatch, name):
    missing = FORMATS[name].modules[-1]
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda m, *rest: None if m == missing else find(m, *rest)
    )

    def items():
        pytest.fail("a photograph was taken")
        yield

    with pytest.raises(ArgumentError, match=rf"{name} needs .*cracknet\[{FORMATS[name].extra}\]"):
        write_outputs(items(), tmp_path / "out", ["csv", name])
    assert not (tmp_path / "out").exists()


def test_bands_are_checked_before_any_work(tmp_path):
    with pytest.raises(ArgumentError, match="not overlap"):
        write_outputs([photo()], tmp_path / "out", ["dxf"], bands=[("a", 2, 1)])
    assert not (tmp_path / "out").exists()


def test_an_unreadable_photograph_leaves_no_half_tables(tmp_path):
    def items():
        yield photo("a")
        msg = "b.cracks.json: damaged"
        raise PhotoError(msg)

    with pytest.raises(PhotoError, match="damaged"):
        write_outputs(items(), tmp_path, list(FORMATS))
    left = files(tmp_path)
    assert left == expected(["geojson", "gpkg", "dxf"], ["a"]) - {"photos.geojson", "photos.gpkg"}


@pytest.mark.parametrize("name", list(FORMATS))
def test_an_output_folder_that_is_a_file(tmp_path, name):
    (tmp_path / "out").write_text("mine")
    with pytest.raises(OutputError, match="cannot be written"):
        write_outputs([photo()], tmp_path / "out", [name])
    assert (tmp_path / "out").read_text() == "mine"


@pytest.mark.parametrize("name", ["gpkg", "geojson", "dxf"])
def test_a_name_that_leads_out_of_the_folder(tmp_path, name):
    with pytest.raises(ArgumentError, match="below the output folder"):
        write_outputs([photo("../../x")], tmp_path / "a" / "b", [name])
    assert files(tmp_path) == set()


def test_bands_of_a_table_of_classes(tmp_path):
    from cracknet.measurement.classes import find_table, legend

    bands = legend(find_table("ltpp"))
    write_outputs([photo()], tmp_path, ["dxf"], bands=bands)
    assert math.isinf(bands[-1].upper_mm)
    assert (tmp_path / "wall.dxf").is_file()
