"""Writing the GeoTIFFs: what a disk does to it, and what is read back."""

from __future__ import annotations

import numpy as np
import pytest
import rasterio

from cracknet.errors import OutputError
from cracknet.mosaic import assembly
from cracknet.mosaic.assembly import Content, overlay_factor, read_about, write_geotiff
from cracknet.mosaic.parts import Parts
from cracknet.mosaic.plan import plan_windows
from cracknet.raster import Georeference
from cracknet.reporting.writing import png_of_mask, png_of_probability
from cracknet.segmentation import Segmenter

pytestmark = pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")


@pytest.fixture
def content(small_model, tmp_path):
    """Parts of a raster of 2 x 2 windows, of noise; the last holds no data."""
    with Segmenter(small_model) as segmenter:
        plan = plan_windows(segmenter, 700, 800, 256)
    parts = Parts(tmp_path / "parts", {"format": 1})
    rng = np.random.default_rng(0)
    jobs = [job for job in plan.jobs() if job.kind == "full"]
    for job in jobs[:-1]:
        shape = job.window.cell.shape
        probability = rng.random(shape, np.float32)
        parts.save_picture(f"{job.key}-probability", png_of_probability(probability))
        parts.save_picture(f"{job.key}-mask", png_of_mask(probability > 0.5))
        parts.finish(job.key, {"valid": shape[0] * shape[1], "crack": 0})
    parts.finish(jobs[-1].key, {"valid": 0, "crack": 0})
    return Content(parts, plan, Georeference(None, (1, 0, 0, 0, 1, 0)))


def test_cells_become_one_file(content, tmp_path):
    path = tmp_path / "a.tif"
    write_geotiff(path, content, "probability", {"a": 1})
    with rasterio.open(path) as file:
        values, valid = file.read(1), file.read_masks(1) > 0
    for box, picture in content.cells("probability"):
        place = slice(box.top, box.bottom), slice(box.left, box.right)
        np.testing.assert_array_equal(values[place], 0 if picture is None else picture)
        assert valid[place].all() == (picture is not None)
        assert valid[place].any() == (picture is not None)
    assert read_about(path) == {"a": 1}
    assert not list(tmp_path.glob(".*"))


def test_what_is_read_back_otherwise_is_not_kept(content, tmp_path, monkeypatch):
    written = assembly._write

    def lose(part, *rest):
        sums = written(part, *rest)
        with rasterio.open(part, "r+") as file:
            file.write(np.zeros((1, 1, 1), np.uint8), window=((5, 6), (5, 6)))
        return sums

    path = tmp_path / "a.tif"
    path.write_text("as it was")
    monkeypatch.setattr(assembly, "_write", lose)
    with pytest.raises(OutputError, match=r"a\.tif cannot be written: .*read back.*are kept"):
        write_geotiff(path, content, "probability", {})
    assert path.read_text() == "as it was"
    assert not list(tmp_path.glob(".*"))


def test_a_folder_that_is_not_there(content, tmp_path):
    with pytest.raises(OutputError, match="cannot be written"):
        write_geotiff(tmp_path / "none" / "a.tif", content, "mask", {})


def test_files_of_others_say_nothing(tmp_path):
    (tmp_path / "a.tif").write_text("mine")
    assert read_about(tmp_path / "a.tif") is None
    with rasterio.open(
        tmp_path / "b.tif", "w", driver="GTiff", height=1, width=1, count=1, dtype="uint8"
    ):
        pass
    assert read_about(tmp_path / "b.tif") is None


@pytest.mark.parametrize(
    ("size", "factor"),
    [((1, 1), 1), ((2048, 5), 1), ((5, 2049), 2), ((40_000, 65_536), 32), ((10**6, 10**6), 256)],
)
def test_the_overlay_is_shrunk_by_powers_of_2(size, factor):
    assert overlay_factor(*size) == factor
