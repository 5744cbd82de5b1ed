"""Runs that are killed, or run out of disk, each as a process of its own."""

from __future__ import annotations

import re
import shlex
import shutil
import signal
import subprocess
import sys
import time

import pytest

NAMES = ["ortho.mask.tif", "ortho.overlay.jpg", "ortho.probability.tif"]

RUN = """
import sys
import time
from cracknet.errors import CrackNetError
from cracknet.mosaic import segment_raster
from cracknet.segmentation import Segmenter
path, out, model = sys.argv[1:4]
if len(sys.argv) > 4:  # so slow that others can see it at work
    at_once = Segmenter.infer

    def slowly(self, pieces):
        for result in at_once(self, pieces):
            time.sleep(float(sys.argv[4]))
            yield result

    Segmenter.infer = slowly
with Segmenter(model, precision="f32", threads=1) as segmenter:
    try:
        result = segment_raster(path, out, segmenter, window_px=256)
    except CrackNetError as error:
        sys.exit(f"{type(error).__name__}: {error}")
print("resumed", result.resumed, "of", result.windows)
"""


@pytest.fixture(scope="module")
def ortho(save_raster, stained, tmp_path_factory):
    path = tmp_path_factory.mktemp("site") / "ortho.tif"
    return save_raster(path, stained(900, 1100), compress="deflate", crs="EPSG:25832")


@pytest.fixture(scope="module")
def line(ortho, small_model):
    def make(out):
        return [sys.executable, "-c", RUN, str(ortho), str(out), str(small_model)]

    return make


@pytest.fixture(scope="module")
def fresh(line, tmp_path_factory):
    out = tmp_path_factory.mktemp("fresh")
    subprocess.run(line(out), check=True, capture_output=True, timeout=120)
    return contents(out)


def contents(out):
    return {path.name: path.read_bytes() for path in out.iterdir() if path.is_file()}


def journal_lines(out):
    path = out / ".ortho.parts" / "journal.jsonl"
    return path.read_text().count('"window"') if path.is_file() else 0


@pytest.mark.parametrize("windows", [1, pytest.param(8, marks=pytest.mark.slow)])
def test_a_killed_run_goes_on(line, fresh, tmp_path, windows):
    process = subprocess.Popen(line(tmp_path), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    deadline = time.monotonic() + 100
    while journal_lines(tmp_path) < windows:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.001)
    process.kill()
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    assert not contents(tmp_path)
    before = journal_lines(tmp_path)
    done = subprocess.run(line(tmp_path), capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    resumed, windows_in_all = map(int, re.findall(r"\d+", done.stdout))
    assert windows <= resumed == before < windows_in_all
    assert contents(tmp_path) == fresh
    assert not list(tmp_path.glob(".*"))


def in_own_mounts(script):
    """Run a shell script where it may mount what no other process sees."""
    return subprocess.run(
        ["unshare", "--mount", "--map-root-user", "sh", "-ec", script],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


@pytest.fixture
def mounts(tmp_path):
    """Skip where mounting is not allowed, as in most containers."""
    probe = f"mount -t tmpfs -o size=1m tmpfs {shlex.quote(str(tmp_path))}"
    if not shutil.which("unshare") or in_own_mounts(probe).returncode:
        pytest.skip("this machine does not let tests mount a file system of their own")


@pytest.mark.usefixtures("mounts")
def test_a_disk_too_small_is_told_before_starting(line, tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    done = in_own_mounts(f"mount -t tmpfs -o size=6m tmpfs {disk}\n{shlex.join(line(disk))}\n")
    assert done.returncode == 1
    assert re.search(
        r"OutputError: the results of .*ortho\.tif \(1100x900 px\) take about 8 MB in .*, and "
        r"\d+ MB more until they are finished; 6 MB are free\. Free some space",
        done.stderr,
    ), done.stderr


@pytest.mark.usefixtures("mounts")
def test_a_disk_that_fills_up(line, fresh, tmp_path):
    """Something else fills the disk after the start; with space again the run goes on."""
    disk, full, finished = (tmp_path / name for name in ("disk", "full", "finished"))
    disk.mkdir()
    run = shlex.join(line(disk))
    done = in_own_mounts(
        f"""
        mount -t tmpfs -o size=64m tmpfs {disk}
        {run} 0.1 & process=$!
        while ! grep -qs '"window"' {disk}/.ortho.parts/journal.jsonl; do sleep 0.001; done
        mount -o remount,size=1m {disk} || dd if=/dev/zero of={disk}/other bs=1M 2>/dev/null || true
        wait $process && exit 9 || echo "status $?"
        cp -a {disk} {full}
        rm -f {disk}/other
        mount -o remount,size=64m {disk}
        {run}
        cp -a {disk} {finished}
        """
    )
    assert done.returncode == 0, done.stderr
    assert "status 1" in done.stdout
    assert "Traceback" not in done.stderr
    assert "OutputError" in done.stderr
    assert "cannot be written: " in done.stderr
    assert not [name for name in contents(full) if name != "other"]
    assert journal_lines(full) > 0
    assert contents(finished) == fresh
