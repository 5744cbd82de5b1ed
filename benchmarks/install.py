"""Size of a base install in a new environment, and what starting up costs.

python benchmarks/install.py --json benchmarks/results/install.json
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HEAVY = ("cv2", "openvino", "numpy", "PIL", "keras", "torch", "tensorflow")


def main() -> None:
    """Install, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        venv.create(folder / "venv", with_pip=True)
        python = folder / "venv" / "bin" / "python"
        before = _size(folder / "venv")
        began = time.perf_counter()
        subprocess.run([python, "-m", "pip", "install", "-q", str(ROOT)], check=True)
        installed = time.perf_counter() - began
        after = _size(folder / "venv")
        _help(python)
        help_s = min(_help(python) for _ in range(5))
        code = f"import sys, cracknet; print(*[m for m in {HEAVY!r} if m in sys.modules])"
        loaded = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True)
        packages = sorted(
            ((_size(path), path.name) for path in _site(folder / "venv").iterdir()), reverse=True
        )
    result = {
        "install_seconds": round(installed, 1),
        "base_install_mb": round((after - before) / 1e6, 1),
        "help_seconds": round(help_s, 3),
        "import_loads": loaded.stdout.split(),
        "largest_mb": {name: round(size / 1e6, 1) for size, name in packages[:8]},
    }
    for key, value in result.items():
        print(f"{key}: {value}")
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps(result, indent=2))


def _help(python: Path) -> float:
    began = time.perf_counter()
    subprocess.run([python.parent / "cracknet", "--help"], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


def _site(folder: Path) -> Path:
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    return folder / "lib" / version / "site-packages"


def _size(path: Path) -> int:
    """Return bytes on disk of a file or folder."""
    if path.is_file():
        return path.stat().st_blocks * 512
    return sum(
        file.stat().st_blocks * 512
        for file in path.rglob("*")
        if file.is_file() and not file.is_symlink()
    )


if __name__ == "__main__":
    main()
