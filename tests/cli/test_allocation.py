"""Memory handed back: measured in a process of its own, for it is set for good."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys

import pytest

PROGRAM = """
import json, sys
import numpy as np
from cracknet.cli.allocation import return_freed_memory

def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096 / 2**20

done = return_freed_memory() if "on" in sys.argv else None
# The 30 MiB block, once freed, has the allocator take blocks up to that size from its heap.
np.ones(30 << 20, np.uint8)
before = resident()
kept, freed = [], []
for _ in range(12):
    freed.append(np.ones(20 << 20, np.uint8))
    kept.append(np.ones(200_000, np.uint8))
del freed
print(json.dumps({"done": done, "held_mb": resident() - before}))
"""


def held(*words: str, **variables: str) -> dict[str, object]:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *words],
        env=os.environ | variables,
        capture_output=True,
        text=True,
        check=True,
    )
    return dict(json.loads(done.stdout))


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="GNU's C library alone")
def test_holes_between_kept_blocks_go_back():
    """Twelve blocks of 20 MiB are freed, small ones between them are kept."""
    assert held()["held_mb"] > 150
    found = held("on")
    assert found["done"] is True
    assert found["held_mb"] < 30


def test_what_the_user_has_set_stays():
    assert held("on", MALLOC_ARENA_MAX="4")["done"] is False
