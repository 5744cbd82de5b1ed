"""One set of weights gives one output, whatever backend Keras runs on."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys

import numpy as np
import pytest

from cracknet.nets import NETS, FCN32s

TOLERANCE = 1e-3
QUICK_COMPILING = (
    "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true "
    "--xla_cpu_parallel_codegen_split_count=1"
)
"""Nets run once here: XLA would spend a hundred times that on making them fast."""
SCRIPT = """
import sys
import keras
import numpy as np
from cracknet.nets import NETS

name, weights, out, backend = sys.argv[1:]
assert keras.config.backend() == backend, keras.config.backend()
net = NETS[name](**({'top_filters': 8} if name.startswith('fcn') else {}))
with np.load(weights) as kept:
    net.set_weights([kept[key] for key in kept.files if key != "gray"])
    gray = kept["gray"]
np.save(out, net.predict(gray, verbose=0))
"""


def run(backend, name, weights, out):
    """Run the net in a process of its own: a process has one backend."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, name, weights, out, backend],
        env=os.environ
        | {"KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "3", "XLA_FLAGS": QUICK_COMPILING},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return np.load(out)


def random_weights(net, rng):
    """Draw weights that keep the signal alive through a hundred layers, at every value alike."""
    drawn = []
    for weight in net.weights:
        shape = tuple(weight.shape)
        if weight.name in ("gamma", "moving_variance"):
            value = rng.uniform(0.5, 1.0, shape)
        elif weight.name == "depthwise_kernel":
            value = rng.normal(0, np.sqrt(2 / np.prod(shape[:2])), shape)
        elif weight.name == "kernel" and weight.path.split("/")[-2].startswith(("up", "logits")):
            value = np.asarray(weight)  # upsampling as it begins; random, it would be noise alone
        elif weight.name == "kernel":
            value = rng.normal(0, np.sqrt(2 / np.prod(shape[:-1])), shape)
        else:
            value = rng.normal(0, 0.1, shape)
        if isinstance(net, FCN32s) and weight.path.split("/")[-2] == "score":
            value *= 4  # one score of eight channels alone: else it says about a half everywhere
        if weight.name == "gamma" and weight.path.endswith("_3_bn/gamma"):
            value *= 0.3  # the end of a residual branch: the sum of 33 of them must not grow
        drawn.append(value.astype(np.float32))
    return drawn


OTHERS = ("cracknet-no-skips", "deeplab-v2", "deeplab-v2-fine", "resnet-45")
"""Nets of the same layers as those that are run here."""


@pytest.fixture(scope="module", params=[name for name in NETS if name not in OTHERS])
def reference(request, tmp_path_factory):
    """A net's name, its weights and input in a file, and TensorFlow's output."""
    folder = tmp_path_factory.mktemp(request.param)
    rng = np.random.default_rng(7)
    small = {"top_filters": 8} if request.param.startswith("fcn") else {}
    weights = random_weights(NETS[request.param](**small), rng)
    file = folder / "weights.npz"
    gray = rng.uniform(0, 255, (2, 64, 64, 1)).astype(np.float32)
    np.savez(file, *weights, gray=gray)
    output = run("tensorflow", request.param, file, folder / "tensorflow.npy")
    assert 0.05 < output.mean() < 0.95
    assert output.std() > 0.05  # neither saturated nor flat: differences would show
    yield request.param, file, output
    file.unlink()


@pytest.mark.slow
@pytest.mark.backends
@pytest.mark.slow
@pytest.mark.parametrize(
    "backend",
    [
        pytest.param(
            backend,
            marks=pytest.mark.skipif(
                importlib.util.find_spec(backend) is None, reason=f"{backend} is not installed"
            ),
        )
        for backend in ("jax", "torch")
    ],
)
def test_same_output_as_on_tensorflow(reference, backend, tmp_path):
    name, file, expected = reference
    found = run(backend, name, file, tmp_path / f"{backend}.npy")
    difference = float(np.abs(found - expected).max())
    assert difference < TOLERANCE
