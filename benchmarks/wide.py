"""A training step of FCN-8s with fc6 and fc7 as matrix products, and as plain convolutions.

    python benchmarks/wide.py --json benchmarks/results/wide.json

Both nets take turns, so that whatever else runs on the machine slows both alike. The first steps,
which trace and compile, are left out. What decides is how many places the map at 1/32 has.
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import time
from pathlib import Path
from unittest import mock

import keras
import numpy as np

from cracknet.nets import NETS, vgg16
from cracknet.segmentation.engines import available_cores
from cracknet.training.losses import CrossEntropyDice

BATCH = 4
FIRST_STEPS = 2


def main() -> None:
    """Run all and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[128, 256, 448])
    parser.add_argument("--dtype", default="mixed_bfloat16")
    parser.add_argument("--steps", type=int, default=5, help="of each net and size, timed")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    keras.config.set_dtype_policy(options.dtype)
    nets = {"product": _net()}
    with mock.patch.object(vgg16, "WideConv2D", keras.layers.Conv2D):
        nets["convolution"] = _net()
    rows = []
    for size in options.sizes:
        draw = np.random.default_rng(1)
        gray = draw.uniform(0, 255, (BATCH, size, size, 1)).astype(np.float32)
        mask = (draw.uniform(size=gray.shape) > 0.9).astype(np.float32)
        seconds: dict[str, list[float]] = {name: [] for name in nets}
        for _ in range(FIRST_STEPS + options.steps):
            for name, net in nets.items():
                began = time.monotonic()
                net.train_on_batch(gray, mask)
                seconds[name].append(time.monotonic() - began)
        medians = {name: statistics.median(times[FIRST_STEPS:]) for name, times in seconds.items()}
        ratio = medians["convolution"] / medians["product"]
        rows.append({"size_px": size, "seconds": medians, "convolution_to_product": ratio})
        told = "  ".join(f"{name} {value:.2f} s" for name, value in medians.items())
        print(f"{size} px  {told}  ratio {ratio:.2f}", flush=True)
    if options.json:
        result = {
            "net": "fcn-8s",
            "batch": BATCH,
            "dtype": options.dtype,
            "backend": keras.config.backend(),
            "machine": f"{platform.machine()}, {available_cores()} cores",
            "cases": rows,
        }
        options.json.write_text(json.dumps(result, indent=1) + "\n")


def _net() -> keras.Model:
    net = NETS["fcn-8s"]()
    trained = keras.Model(net.input, net.get_layer("logits").output)
    optimizer = keras.optimizers.SGD(0.001, momentum=0.9)
    trained.compile(optimizer, CrossEntropyDice(1, 0), jit_compile=False)
    return trained


if __name__ == "__main__":
    main()
