from __future__ import annotations

import json
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from cracknet.errors import OutputError, TrainingError
from cracknet.training.checkpoints import Checkpoint, read_checkpoint, write_checkpoint

ENDLESS = """
import sys
from itertools import count
from pathlib import Path
import numpy as np
from cracknet.training.checkpoints import Checkpoint, write_checkpoint

for step in count(1):
    arrays = [np.full((300, 400), step, np.float32)] * 3
    write_checkpoint(Path(sys.argv[1]), Checkpoint(step, arrays, arrays))
    print(step, flush=True)
"""
FULL_DISK = """
import resource, sys
from pathlib import Path
import numpy as np
from cracknet.errors import OutputError
from cracknet.training.checkpoints import Checkpoint, write_checkpoint

resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
arrays = [np.zeros(100_000, np.float32)]
try:
    write_checkpoint(Path(sys.argv[1]), Checkpoint(2, arrays, arrays))
except OutputError as error:
    print(error)
"""


def checkpoint(step):
    """Make a checkpoint whose every array tells its step."""
    variables = [
        np.full((3, 4), step, np.float32),
        np.array(step, np.int64),
        *[np.full(2, step + k / 100, np.float32) for k in range(12)],
    ]
    return Checkpoint(step, variables, [np.full(5, -step, np.float32), np.zeros((0, 2))])


def assert_same(found, expected):
    assert found.step == expected.step
    for kind in ("variables", "average"):
        pairs = zip(getattr(found, kind), getattr(expected, kind), strict=True)
        for one, other in pairs:
            assert one.dtype == other.dtype
            assert np.array_equal(one, other)


def test_round_trip_in_order(tmp_path):
    write_checkpoint(tmp_path, checkpoint(7))
    assert_same(read_checkpoint(tmp_path), checkpoint(7))
    write_checkpoint(tmp_path, checkpoint(8))
    assert_same(read_checkpoint(tmp_path), checkpoint(8))
    assert [path.name for path in tmp_path.iterdir()] == ["last.npz"]


def test_no_checkpoint(tmp_path):
    assert read_checkpoint(tmp_path) is None
    assert read_checkpoint(tmp_path / "gone") is None


def test_what_a_killed_write_left_is_passed_over(tmp_path):
    write_checkpoint(tmp_path, checkpoint(7))
    (tmp_path / "last.npz.part").write_bytes(b"PK half a file")
    assert_same(read_checkpoint(tmp_path), checkpoint(7))
    write_checkpoint(tmp_path, checkpoint(8))
    assert_same(read_checkpoint(tmp_path), checkpoint(8))
    assert not (tmp_path / "last.npz.part").exists()


def test_killed_at_any_moment_leaves_one_whole_checkpoint(tmp_path):
    rng = np.random.default_rng(0)
    for _ in range(4):
        process = subprocess.Popen(
            [sys.executable, "-c", ENDLESS, tmp_path], stdout=subprocess.PIPE, text=True
        )
        said = int(process.stdout.readline())
        time.sleep(rng.uniform(0, 0.05))
        process.send_signal(signal.SIGKILL)
        said = max([said, *map(int, process.stdout.read().split())])
        process.stdout.close()
        assert process.wait() == -signal.SIGKILL
        found = read_checkpoint(tmp_path)
        assert found.step in (said, said + 1)  # the last may be renamed and not yet said
        for array in (*found.variables, *found.average):
            assert np.all(array == found.step)


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX resource limits")
def test_full_disk_keeps_the_last_checkpoint(tmp_path):
    write_checkpoint(tmp_path, checkpoint(1))
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, tmp_path], capture_output=True, text=True, check=True
    )
    assert "cannot be written: File too large" in done.stdout
    assert str(tmp_path) in done.stdout
    assert_same(read_checkpoint(tmp_path), checkpoint(1))
    assert [path.name for path in tmp_path.iterdir()] == ["last.npz"]


def test_folder_that_is_not_there(tmp_path):
    with pytest.raises(OutputError, match="gone"):
        write_checkpoint(tmp_path / "gone", checkpoint(1))


@pytest.mark.parametrize("keep", [0, 10, 500, -10])
def test_damaged_checkpoint(tmp_path, keep):
    write_checkpoint(tmp_path, checkpoint(1))
    path = tmp_path / "last.npz"
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(TrainingError, match="damaged") as caught:
        read_checkpoint(tmp_path)
    assert str(path) in str(caught.value)


def write_three_files(folder, kept):
    """Write a checkpoint as the runs of before 0.1 did."""
    np.savez(folder / "last.npz", *kept.variables)
    np.savez(folder / "average.npz", *kept.average)
    (folder / "state.json").write_text(json.dumps({"step": kept.step}))


def test_runs_of_before_are_read_and_go_on_in_one_file(tmp_path):
    write_three_files(tmp_path, checkpoint(3))
    assert_same(read_checkpoint(tmp_path), checkpoint(3))
    write_checkpoint(tmp_path, checkpoint(4))
    assert_same(read_checkpoint(tmp_path), checkpoint(4))


def test_run_of_before_that_was_killed_in_its_first_checkpoint(tmp_path):
    write_three_files(tmp_path, checkpoint(3))
    (tmp_path / "state.json").unlink()
    assert read_checkpoint(tmp_path) is None


def test_run_of_before_without_its_average(tmp_path):
    write_three_files(tmp_path, checkpoint(3))
    (tmp_path / "average.npz").unlink()
    with pytest.raises(TrainingError, match="damaged"):
        read_checkpoint(tmp_path)
