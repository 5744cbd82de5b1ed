from __future__ import annotations

import re
import subprocess
import sys

import cv2
import numpy as np
import pytest

import cracknet
from cracknet.cli import main

HEAVY = {"cv2", "openvino", "keras", "tensorflow", "torch", "jax", "onnxruntime", "scipy", "PIL"}
FRAMEWORKS = {"keras", "tensorflow", "torch", "jax", "nncf", "tf2onnx"}
COMMANDS = ("segment", "models", "render", "evaluate", "train", "export")


def loaded(code):
    """Top-level packages in a new Python after running code."""
    line = f"{code}\nimport sys\nprint(*{{name.split('.')[0] for name in sys.modules}})"
    done = subprocess.run(
        [sys.executable, "-c", line], capture_output=True, text=True, check=True, timeout=120
    )
    return set(done.stdout.splitlines()[-1].split())


@pytest.mark.parametrize(
    "code",
    [
        "import cracknet",
        "import cracknet; cracknet.__version__, dir(cracknet)",
        "import cracknet.cli",
        "from cracknet.cli import main; assert main(['--help']) == 0",
        "from cracknet.cli import main; assert main(['segment', '--help']) == 0",
        "from cracknet.cli import main; assert main(['--version']) == 0",
    ],
)
def test_what_is_asked_first_loads_nothing_heavy(code):
    packages = loaded(code)
    assert "cracknet" in packages
    assert not packages & HEAVY
    assert "numpy" not in packages


def test_segmenting_loads_no_training_framework(tmp_path):
    cv2.imwrite(str(tmp_path / "a.png"), np.full((40, 50), 150, np.uint8))
    words = ["segment", str(tmp_path / "a.png"), "-o", str(tmp_path / "out")]
    packages = loaded(f"from cracknet.cli import main; assert main({words!r}) == 0")
    assert (tmp_path / "out" / "a.mask.png").exists()
    assert "openvino" in packages
    assert not packages & FRAMEWORKS


def test_listing_models_loads_no_training_framework():
    code = "from cracknet.cli import main; assert main(['models']) == 0"
    assert not loaded(code) & FRAMEWORKS


def test_help_names_every_command(capsys):
    for words in (["--help"], ["-h"]):
        assert main(words) == 0
        text = capsys.readouterr().out
        for name in COMMANDS:
            assert re.search(rf"\b{name}\b", text)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help(name, capsys):
    assert main([name, "--help"]) == 0
    streams = capsys.readouterr()
    assert f"cracknet {name}" in streams.out or f"{name} [OPTIONS]" in streams.out
    assert streams.err == ""


def test_the_version(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"cracknet {cracknet.__version__}\n"


def test_no_command_shows_the_help_and_is_2(capsys):
    assert main([]) == 2
    streams = capsys.readouterr()
    assert "Usage" in streams.out + streams.err
    assert "Error" not in streams.err


@pytest.mark.parametrize("words", [["dance"], ["--colour"], ["models", "--colour"]])
def test_wrong_words_are_2(words, capsys):
    assert main(words) == 2
    streams = capsys.readouterr()
    assert streams.err.startswith("Error: ")
    assert words[-1] in streams.err
    assert "--help" in streams.err
    assert "Traceback" not in streams.err


def test_both_ways_to_run_it(command):
    assert command("--version").stdout == f"cracknet {cracknet.__version__}\n"
    done = command("dance")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_public_names_are_there():
    for name in cracknet.__all__:
        assert getattr(cracknet, name).__name__ == name
    with pytest.raises(AttributeError, match="nothing"):
        cracknet.nothing  # noqa: B018
