"""Runs that are killed, stopped, or run out of disk, each as a process of its own."""

from __future__ import annotations

import csv
import json
import resource
import shlex
import shutil
import signal
import subprocess
import sys
import time

import cv2
import pytest

from cracknet.reporting.run import SUFFIXES

NAMES = [f"wall_{k:02}.png" for k in range(12)]


@pytest.fixture(scope="module")
def photos(write_photos, tmp_path_factory):
    folder = tmp_path_factory.mktemp("walls")
    write_photos(folder, NAMES, size=(448, 448))
    return folder


@pytest.fixture(scope="module")
def fresh(photos, command, tmp_path_factory):
    """The results of a run that was never disturbed."""
    out = tmp_path_factory.mktemp("fresh")
    done = command("segment", photos, "-o", out)
    assert done.returncode == 0, done.stderr
    return contents(out)


def contents(out):
    return {path.name: path.read_bytes() for path in out.iterdir() if path.name.endswith(SUFFIXES)}


def start(photos, out):
    line = [sys.executable, "-m", "cracknet", "segment", str(photos), "-o", str(out), "-j", "2"]
    return subprocess.Popen(
        line,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A shell's background jobs, the tests among them, are born deaf to SIGINT.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )


def wait_for_results(process, out, count):
    deadline = time.monotonic() + 60
    while len(list(out.glob("*.overlay.jpg"))) < count:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.002)


def check_whole(out):
    """Every result that is seen can be decoded, and is of the photographs' size."""
    for path in out.iterdir():
        if path.name.endswith(SUFFIXES):
            assert cv2.imread(str(path), cv2.IMREAD_GRAYSCALE).shape == (448, 448)


def check_finished(out, fresh, done, before):
    """What was not done is done, what was done was skipped, and all is as of a fresh run."""
    assert done.returncode == 0, done.stderr
    assert contents(out) == fresh
    skipped = json.loads((out / "run.json").read_text())["skipped"]
    assert skipped <= before < len(NAMES)
    assert skipped > 0 or before < 6  # up to 3 results are seen before their rows are written
    with (out / "photos.csv").open(newline="") as file:
        assert [row["status"] for row in csv.DictReader(file)] == ["done"] * len(NAMES)
    assert not list(out.rglob(".*.part"))


@pytest.mark.parametrize("results", [2, 6])
def test_a_killed_run(photos, fresh, command, tmp_path, results):
    process = start(photos, tmp_path)
    wait_for_results(process, tmp_path, results)
    process.kill()
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    check_whole(tmp_path)
    before = len(list(tmp_path.glob("*.overlay.jpg")))
    check_finished(tmp_path, fresh, command("segment", photos, "-o", tmp_path), before)


@pytest.mark.parametrize("results", [0, 3])
def test_a_stopped_run(photos, fresh, command, tmp_path, results):
    process = start(photos, tmp_path)
    if results:
        wait_for_results(process, tmp_path, results)
    else:
        while not (tmp_path / "run.json").exists():
            assert process.poll() is None, process.communicate()
            time.sleep(0.002)
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Stopped. What is done is kept" in stderr
    assert "Traceback" not in stderr
    check_whole(tmp_path)
    assert not list(tmp_path.rglob(".*.part"))
    done = command("segment", photos, "-o", tmp_path)
    assert done.returncode == 0, done.stderr
    assert contents(tmp_path) == fresh


def test_files_that_may_not_grow(photos, fresh, command, tmp_path):
    """As on a disk that fills up, by the limit that the system sets on a file's size."""
    largest = sorted(len(content) for content in fresh.values())
    limit = largest[len(largest) // 2]

    def restrict():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    (tmp_path / "notes.txt").write_text("mine")
    done = command("segment", photos, "-o", tmp_path, preexec_fn=restrict)
    check_full(done, tmp_path, "File too large")
    again = command("segment", photos, "-o", tmp_path)
    assert again.returncode == 0, again.stderr
    assert contents(tmp_path) == fresh
    assert (tmp_path / "notes.txt").read_text() == "mine"


def check_full(done, out, reason):
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert f"cannot be written: {reason}. Free some space" in done.stderr
    assert str(out) in done.stderr
    check_whole(out)
    assert not list(out.rglob(".*.part"))


def in_own_mounts(script):
    """Run a shell script where it may mount what no other process sees."""
    return subprocess.run(
        ["unshare", "--mount", "--map-root-user", "sh", "-ec", script],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture
def mounts(tmp_path):
    """Skip where mounting is not allowed, as in most containers."""
    probe = f"mount -t tmpfs -o size=1m tmpfs {shlex.quote(str(tmp_path))}"
    if not shutil.which("unshare") or in_own_mounts(probe).returncode:
        pytest.skip("this machine does not let tests mount a file system of their own")


@pytest.mark.usefixtures("mounts")
def test_a_disk_that_fills_up(photos, fresh, tmp_path):
    size = sum(map(len, fresh.values())) // 2
    disk, full, finished = (tmp_path / name for name in ("disk", "full", "finished"))
    disk.mkdir()
    run = shlex.join([sys.executable, "-m", "cracknet", "segment", str(photos), "-o", str(disk)])
    done = in_own_mounts(
        f"""
        mount -t tmpfs -o size={size} tmpfs {disk}
        {run} && exit 9 || echo "status $?"
        cp -a {disk} {full}
        mount -o remount,size=64m {disk}
        {run}
        cp -a {disk} {finished}
        """
    )
    assert done.returncode == 0, done.stderr
    assert "status 1" in done.stdout
    assert "Traceback" not in done.stderr
    assert f"{disk}/" in done.stderr
    assert "cannot be written: No space left on device. Free some space" in done.stderr
    check_whole(full)
    assert not list(full.rglob(".*.part"))
    kept = contents(full)
    assert 0 < len(kept) < len(fresh)
    assert all(fresh[name] == content for name, content in kept.items())
    assert contents(finished) == fresh
    assert json.loads((finished / "run.json").read_text())["skipped"] > 0


@pytest.mark.usefixtures("mounts")
def test_a_disk_that_may_only_be_read(photos, tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    run = [sys.executable, "-m", "cracknet", "segment", str(photos), "-o", str(disk)]
    for out in (disk, disk / "out"):
        run[-1] = str(out)
        done = in_own_mounts(f"mount -t tmpfs -o ro tmpfs {disk}\n{shlex.join(run)}")
        assert done.returncode == 1
        assert f"the output folder {out} cannot be used" in done.stderr
        assert "Traceback" not in done.stderr
