"""Photographs, models and ways to run the command that several rooms' tests share."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def data_folder():
    """Where the real photographs lie; tests that ask for it are marked `shared`."""
    folder = Path(os.environ.get("CRACKNET_DATA") or ROOT.parent / "shared" / "data")
    if not folder.is_dir():
        pytest.skip(f"no real photographs at {folder}; name their folder in CRACKNET_DATA")
    return folder


@pytest.fixture(scope="session")
def weasyprint():
    """WeasyPrint, which needs a system library, too; without it tests of the PDF are skipped."""
    from cracknet.errors import OutputError
    from cracknet.reporting.inspection.pdf import load_weasyprint

    try:
        return load_weasyprint()
    except OutputError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def rendered():
    """Return a function: height, width and seed in, a rendered photograph with cracks out."""
    from cracknet.synthesis import render, standard_scene

    @cache
    def make(height, width, seed=0):
        options = dataclasses.replace(
            standard_scene(), height=height, width=width, cracks=(3, 3), width_px=(3, 10)
        )
        return render(options, seed)

    return make


@pytest.fixture(scope="session")
def write_photos(rendered):
    """Return a function that writes different photographs with cracks into a folder."""

    def write(folder, names, size=(160, 224)):
        folder.mkdir(parents=True, exist_ok=True)
        scene = rendered(*size).gray
        for k, name in enumerate(names):
            gray = np.roll(scene, 13 * k, axis=1)
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(path), gray[:: (-1) ** k])
        return [folder / name for name in names]

    return write


@pytest.fixture(scope="session")
def save_net():
    """Return a function that writes a small OpenVINO model of a formula."""
    import openvino as ov
    import openvino.opset13 as ops

    def save(path, formula, shape=(-1, -1, -1, 1)):
        gray = ops.parameter(ov.PartialShape(shape), np.float32, name="gray")
        result = formula(ops, gray)
        outputs = result if isinstance(result, list) else [result]
        ov.save_model(ov.Model(outputs, [gray], "net"), path, compress_to_fp16=False)
        return path

    return save


@pytest.fixture(scope="session")
def dark_net(save_net, tmp_path_factory):
    """A model whose probability of crack is exactly how dark a pixel is: 1 - gray / 255."""
    return save_net(
        tmp_path_factory.mktemp("dark") / "dark.xml",
        lambda ops, gray: ops.relu(ops.subtract(np.float32(1), ops.divide(gray, np.float32(255)))),
    )


@pytest.fixture(scope="session")
def save_gate(save_net):
    """Return a function that writes a gate for tiles of 32 px of a formula, with its card."""
    from cracknet.segmentation.models import GATE, ModelCard, sha256_of, write_card

    def save(path, formula, tile_px=32):
        save_net(path, formula, shape=(-1, 32, 32, 1))
        sums = {file.name: sha256_of(file) for file in (path, path.with_suffix(".bin"))}
        card = ModelCard(path.stem, "vgg19", path, sums, tile_px=tile_px, kind=GATE)
        write_card(card, path.with_suffix(".json"))
        return path

    return save


@pytest.fixture(scope="session")
def dark_gate(save_gate, tmp_path_factory):
    """A gate whose probability of damage is how dark a tile of 32 px is on average."""

    def darkness(ops, gray):
        mean = ops.reduce_mean(gray, np.int64([1, 2]), keep_dims=False)  # (N, 1)
        light = ops.divide(mean, np.float32(255))
        return ops.concat([light, ops.subtract(np.float32(1), light)], 1)

    return save_gate(tmp_path_factory.mktemp("gate") / "gate.xml", darkness)


@pytest.fixture(scope="session")
def command():
    """Return a function that runs `cracknet` as a user does, in a process of its own."""

    def run(*words, **options):
        line = [sys.executable, "-m", "cracknet", *map(str, words)]
        return subprocess.run(line, capture_output=True, text=True, timeout=120, **options)

    return run
