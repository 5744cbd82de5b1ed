from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from cracknet.fleet import cores

if not hasattr(os, "sched_setaffinity"):
    pytest.skip("this system does not bind processes to cores", allow_module_level=True)

CODE = """
import importlib.util, json, os, sys
from pathlib import Path
spec = importlib.util.spec_from_file_location("cores", sys.argv[3])  # and not all of cracknet
cores = importlib.util.module_from_spec(spec)
spec.loader.exec_module(cores)
before = os.sched_getaffinity(0)
cores = cores.claim_cores(int(sys.argv[2]), Path(sys.argv[1]))
print(json.dumps([cores, sorted(os.sched_getaffinity(0)), sorted(before)]), flush=True)
sys.stdin.read()
"""


def start(folder, count):
    process = subprocess.Popen(
        [sys.executable, "-c", CODE, str(folder), str(count), cores.__file__],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    return process, json.loads(process.stdout.readline())


def end(process):
    process.kill()
    process.communicate()


def test_each_process_gets_cores_of_its_own_and_leaves_them_at_its_end(tmp_path):
    everything = sorted(os.sched_getaffinity(0))
    one, (first, bound, _) = start(tmp_path, 1)
    assert first == bound == everything[:1]
    rest, (others, bound, _) = start(tmp_path, max(len(everything) - 1, 1))
    if len(everything) > 1:
        assert others == bound == everything[1:]
    late, (none, bound, before) = start(tmp_path, 1)
    assert none == []
    assert bound == before == everything
    end(one)
    again, (freed, _, _) = start(tmp_path, 1)
    assert freed == first
    for process in (rest, late, again):
        end(process)
