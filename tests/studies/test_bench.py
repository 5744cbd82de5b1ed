"""`cracknet bench`: real models in processes of their own, on a small rendered photograph."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from dataclasses import replace

import cv2
import numpy as np
import pytest

from cracknet.errors import ArgumentError, ModelError
from cracknet.studies.bench import BenchOptions, Case, Measured, as_json, as_table, bench
from cracknet.studies.bench.bench import cases_of
from cracknet.studies.bench.case import BUSY, STAGES, run_case


@pytest.fixture(scope="module")
def wall(tmp_path_factory):
    gray = np.full((256, 320), 170, np.uint8)
    cv2.line(gray, (20, 100), (300, 150), 60, 5, cv2.LINE_AA)
    file = tmp_path_factory.mktemp("wall") / "wall.png"
    cv2.imwrite(str(file), gray)
    return file


def test_a_case_tells_speed_memory_and_stages(wall):
    row = run_case(Case("cracknet-lite", threads=1), wall, 0.01)
    assert not row.error
    assert row.threads == 1
    assert row.photos >= 2
    assert row.megapixels == pytest.approx(row.photos * 256 * 320 / 1e6)
    assert set(row.stages_ms_per_mp) == set(STAGES)
    assert all(spent >= 0 for spent in row.stages_ms_per_mp.values())
    assert row.stages_ms_per_mp["net"] > row.stages_ms_per_mp["cut and blend"]
    assert row.precision in ("f32", "bf16")
    assert 0 < row.busy_share <= 1
    assert row.ms_per_mp > 0
    assert row.peak_mb > 50


def test_bench_runs_cases_and_passes_them_on(wall):
    seen = []
    done = bench(
        BenchOptions(models=("cracknet-lite-int8",), seconds=0.1, photo=wall, threads=1),
        progress=seen.append,
    )
    assert list(done.rows) == seen
    (row,) = seen
    assert not row.error, row.error
    assert row.weights == "int8"
    assert done.machine["cores"] >= 1
    content = json.loads(json.dumps(as_json(done), allow_nan=False))
    assert content["rows"][0]["case"]["model"] == "cracknet-lite-int8"
    assert content["rows"][0]["stages_ms_per_mp"]["net"] > 0
    columns, cells = as_table(done)
    assert len(columns) == len(cells[0])
    assert cells[0][2].startswith("int8")


def test_a_photograph_that_cannot_be_read_is_a_row_with_the_error(tmp_path):
    file = tmp_path / "no.jpg"
    file.write_bytes(b"not a photograph")
    done = bench(BenchOptions(models=("cracknet-lite-int8",), seconds=0.1, photo=file, threads=1))
    (row,) = done.rows
    assert str(file) in row.error
    columns, cells = as_table(done)
    assert len(columns) == len(cells[0])
    assert cells[0][-1] == row.error
    assert as_json(done)["rows"][0]["peak_mb"] is None


def test_a_float_model_is_timed_in_float32_too():
    cases = cases_of(["cracknet-lite", "cracknet-lite-int8"])
    assert [(case.model, case.precision) for case in cases] == [
        ("cracknet-lite", "auto"),
        ("cracknet-lite", "f32"),
        ("cracknet-lite-int8", "auto"),
    ]


def test_what_limits():
    row = Measured(Case("m"), busy_share=1.0, stages_ms_per_mp=dict.fromkeys(STAGES, 1.0))
    slow = dict.fromkeys(STAGES, 1.0) | {"measure": 5.0}
    assert row.net_share == pytest.approx(1 / len(STAGES))
    assert replace(row, stages_ms_per_mp=slow).limit == "measure"
    assert "other programs" in replace(row, busy_share=BUSY / 2).limit
    assert Measured(Case("m"), error="no").limit == ""
    assert Measured(Case("m")).net_share == 0
    assert math.isnan(Measured(Case("m")).peak_mb)


@pytest.mark.parametrize(
    "wrong",
    [
        {"seconds": 0},
        {"seconds": math.nan},
        {"height_px": 16},
        {"width_px": 100000},
    ],
)
def test_options_outside_their_range(wrong):
    with pytest.raises(ArgumentError):
        BenchOptions(**wrong)


def test_a_missing_photograph_or_model_is_named(tmp_path):
    with pytest.raises(ArgumentError, match=r"no\.jpg"):
        BenchOptions(photo=tmp_path / "no.jpg")
    with pytest.raises(ModelError, match="no-such"):
        bench(BenchOptions(models=("no-such",)))


def test_bench_needs_no_training_framework():
    code = "import sys, cracknet.studies.bench; print([m for m in ('keras',) if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
