"""OpenVINO is imported, and reports to nobody."""

from __future__ import annotations

import os
import subprocess
import sys

SCRIPT = """
import os, sys
told = []
watched = ('socket.connect', 'socket.getaddrinfo', 'socket.gethostbyname')
sys.addaudithook(lambda event, _: told.append(event) if event in watched else None)
os.register_at_fork(before=lambda: told.append('fork'))
import numpy as np
import cracknet
with cracknet.Segmenter() as segmenter:
    segmenter.segment(np.full((64, 64), 180, np.uint8))
assert 'openvino' in sys.modules
assert 'openvino_telemetry' not in sys.modules
import openvino_telemetry  # who wants it can have it afterwards
print(told)
"""


def test_segmenting_reaches_no_other_host_and_forks_nothing():
    # no machine of continuous integration: there OpenVINO keeps still by itself
    env = {key: value for key, value in os.environ.items() if key not in ("CI", "TF_BUILD")}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, text=True, env=env, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"


def test_a_package_imported_before_stays():
    script = (
        "import sys, openvino_telemetry as before\n"
        "from cracknet.segmentation.openvino import import_openvino\n"
        "import_openvino()\n"
        "assert sys.modules['openvino_telemetry'] is before"
    )
    env = os.environ | {"CI": "true"}  # it keeps still
    subprocess.run([sys.executable, "-c", script], env=env, check=True)
