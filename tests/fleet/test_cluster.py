"""The tests of `cluster_cases.py`, in a process of their own.

Ray's client has been seen to wait for ever in a process that had run hundreds of other tests,
with the threads and libraries that they leave behind. A process of its own begins without them,
and a wait that does not end fails here instead of holding everything up.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

CASES = Path(__file__).with_name("cluster_cases.py")
SECONDS = 600


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="Ray is not installed")
def test_a_cluster_of_two_nodes(tmp_path):
    line = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(CASES)]
    line += ["--basetemp", str(tmp_path / "cases")]
    env = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST_")}
    done = subprocess.run(
        line, env=env, capture_output=True, text=True, timeout=SECONDS, check=False
    )
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
    assert " passed" in done.stdout
