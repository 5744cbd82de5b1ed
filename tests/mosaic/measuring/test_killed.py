"""Measuring that is killed, as a process of its own, or that has no room."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time

import pytest

from cracknet.errors import OutputError
from cracknet.measurement.files import read_measurement
from cracknet.mosaic import measure_raster
from cracknet.mosaic import space as space_module

RUN = """
import sys
from cracknet.mosaic import measure_raster
from cracknet.mosaic.measuring import run
from cracknet.mosaic.measuring.batches import Limits
run.BATCHES_A_PART = 1
path, out = sys.argv[1:]
limits = Limits(most_px=40_000, halo_px=40, tile_px=128)
result = measure_raster(path, out, "deck", limits=limits)
print("parts", result.parts, "cracks", result.cracks)
"""


def cracks_in_layers(path):
    from pyogrio.raw import read

    meta, _, _, values = read(str(path), layer="cracks", read_geometry=False)
    return sorted(dict(zip(meta["fields"].tolist(), values, strict=True))["crack"].tolist())


def lengths(out):
    files = sorted((out / "deck.cracks").glob("0*.json"))
    return [c.length_px for file in files for c in read_measurement(file).measurement.cracks]


def test_a_killed_process_goes_on_at_the_next_part(segmented, tmp_path):
    path, out = segmented()
    line = [sys.executable, "-c", RUN, str(path), str(out)]
    process = subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    journal = out / ".deck.measuring" / "journal.jsonl"
    deadline = time.monotonic() + 100
    while not (journal.is_file() and '"window": "00001"' in journal.read_text()):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.001)
    process.kill()
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    first = (out / ".deck.measuring" / "00001.json").stat().st_mtime_ns
    done = subprocess.run(line, capture_output=True, text=True, timeout=120, check=True)
    parts, cracks = map(int, re.findall(r"\d+", done.stdout))
    assert parts > 2
    assert (out / "deck.cracks" / "00001.json").stat().st_mtime_ns == first
    assert cracks_in_layers(out / "deck.gpkg") == list(range(1, cracks + 1))
    resumed = lengths(out)
    assert len(resumed) == cracks
    (out / "deck.gpkg").unlink()
    subprocess.run(line, capture_output=True, timeout=120, check=True)
    assert lengths(out) == resumed


def test_no_room_for_lines_is_told_before_any_is_traced(segmented, monkeypatch):
    path, out = segmented()
    monkeypatch.setattr(space_module, "free_bytes", lambda _: 1_000_000)
    said = r"lines and outlines of .* take about \d MB in .*; 1 MB are"
    with pytest.raises(OutputError, match=said):
        measure_raster(path, out, "deck")
    assert not (out / "deck.gpkg").exists()
