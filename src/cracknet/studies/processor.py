"""What this machine is: processor, cores, memory, versions."""

from __future__ import annotations

import platform
import re
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from cracknet import __version__
from cracknet.scoring.about import processor
from cracknet.segmentation.engines import available_cores

FAST = ("avx2", "avx512f", "avx512_vnni", "avx_vnni", "avx512_bf16", "amx_bf16", "amx_int8")
"""What a processor may have, as Linux names it, that makes nets fast."""


def processor_facts() -> dict[str, str | int]:
    """Return processor, cores that may be used, what makes nets fast, memory and versions.

    What the system does not tell is left out.
    """
    found: dict[str, str | int] = {"processor": processor(), "cores": available_cores()}
    flags = re.search(r"^flags\s*:\s*(.+)", read_text(Path("/proc/cpuinfo")), re.MULTILINE)
    if flags:
        present = set(flags[1].split())
        found["fast"] = " ".join(name for name in FAST if name in present)
    if memory := memory_gib():
        found["memory_gib"] = memory
    found["system"] = f"{platform.system()} {platform.machine()}"
    found["cracknet"] = __version__
    for package in ("openvino", "onnxruntime", "numpy"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue  # the second is an extra
    return found


def memory_gib() -> int | None:
    """Return the memory in GiB; None where the system does not tell."""
    match = re.search(r"MemTotal:\s+(\d+) kB", read_text(Path("/proc/meminfo")))
    return round(int(match[1]) / 2**20) if match else None


def read_text(path: Path) -> str:
    """Return a text of the system; empty where it cannot be read."""
    try:
        return path.read_text("utf-8", errors="replace")
    except OSError:
        return ""
