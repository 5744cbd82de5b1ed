"""CrackNet (ResNet101): `segment` end to end beside PyTorch eager fp32 and ONNX Runtime fp32.

One net, one set of weights, the same photographs, one process:

    python benchmarks/inference.py --json benchmarks/results/inference.json

The two others get less to do: their time is the net's alone, on the very tiles that CrackNet
cuts, without decoding, blending, encoding and writing, and with batch normalisation folded into
the convolutions, as the export does it. Weights are random unless --weights names a run's:
speed does not depend on them.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np

from cracknet.photo import find_photos, read_photo
from cracknet.reporting.run import segment_photos
from cracknet.segmentation import Segmenter
from cracknet.segmentation.engines import OnnxRuntimeEngine, OpenVINOEngine, available_cores
from cracknet.segmentation.tiles import cut_tile


def main() -> None:
    """Run all and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--net", default="cracknet")
    parser.add_argument("--weights", type=Path, help=".weights.h5 of a run; random by default")
    parser.add_argument("--photos", type=Path, help="folder; rendered by default")
    parser.add_argument("--count", type=int, default=4, help="photographs to render")
    parser.add_argument("--size", default="2048x1536")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        xml, onnx = _export(options.net, options.weights, folder)
        found = find_photos([options.photos or _render(folder, options.count, options.size)])
        rows, facts = _measure(xml, onnx, found, folder)
    _print(rows, facts)
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps({"net": options.net, **facts, "rows": rows}, indent=2))


def _export(net: str, weights: Path | None, folder: Path) -> tuple[Path, Path]:
    import keras

    from cracknet.nets import NETS
    from cracknet.training.export import export_onnx, load_net

    if weights:
        model = load_net(weights, net)
    else:
        keras.utils.set_random_seed(0)
        model = NETS[net]()
    onnx, xml = folder / f"{net}.onnx", folder / f"{net}.xml"
    export_onnx(model, onnx)
    import openvino as ov

    ov.save_model(ov.convert_model(onnx), xml)
    return xml, onnx


def _render(folder: Path, count: int, size: str) -> Path:
    from dataclasses import replace

    from cracknet.synthesis import standard_scene, write_rendered_set

    width, height = map(int, size.split("x"))
    scene = replace(standard_scene(), width=width, height=height)
    write_rendered_set(folder / "set", count, scene, seed=7, file_format="jpg")
    return folder / "set" / "images"


def _measure(
    xml: Path, onnx: Path, found: list[Any], folder: Path
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    import onnxruntime
    import openvino
    import torch

    pixels = sum(read_photo(photo.path).gray.size for photo in found)
    tiles = _tiles(xml, found)
    rows = []
    for precision in ("bf16", "f32"):
        with Segmenter(xml, precision=precision) as segmenter:
            segmenter.probability(read_photo(found[0].path).gray)  # compiled and warm
            segmenter.net_seconds = 0.0
            began = time.perf_counter()
            segment_photos(found, folder / f"out-{precision}", segmenter)
            seconds = time.perf_counter() - began
            outside = 1 - segmenter.net_seconds / seconds
        rows.append(_row(f"cracknet segment, end to end, {precision}", seconds, outside))
    for precision in ("bf16", "f32"):
        with Segmenter(xml, precision=precision) as segmenter:
            seconds = _time(tiles, OpenVINOEngine(xml, precision=precision).infer)
        rows.append(_row(f"OpenVINO {precision}, one tile at a time, net only", seconds, None))
    rows.append(
        _row("ONNX Runtime fp32, net only", _time(tiles, OnnxRuntimeEngine(onnx).infer), None)
    )
    torch.set_num_threads(available_cores())
    rows.append(_row("PyTorch eager fp32, net only", _time(tiles, _torch_net(onnx)), None))
    eager = rows[-1]["seconds"]
    for row in rows:
        row["ms_per_megapixel"] = round(row["seconds"] / pixels * 1e9, 1)
        row["times_pytorch_eager"] = round(eager / row["seconds"], 2)
        row["seconds"] = round(row["seconds"], 3)
    facts = {
        "photographs": len(found),
        "megapixels": round(pixels / 1e6, 2),
        "tiles": len(tiles),
        "tile_px": list(tiles[0].shape),
        "cores": available_cores(),
        "processor": _processor(),
        "versions": {
            "openvino": openvino.__version__,
            "onnxruntime": onnxruntime.__version__,
            "torch": torch.__version__,
            "python": platform.python_version(),
        },
    }
    return rows, facts


def _row(name: str, seconds: float, outside: float | None) -> dict[str, Any]:
    share = None if outside is None else round(outside, 3)
    return {"what": name, "seconds": seconds, "share_outside_net": share}


def _tiles(xml: Path, found: list[Any]) -> list[Any]:
    tiles = []
    with Segmenter(xml) as segmenter:
        for photo in found:
            gray = read_photo(photo.path).gray
            tiles += [cut_tile(gray, tile) for tile in segmenter.lay(gray)]
    return tiles


def _time(tiles: list[Any], infer: Callable[[Any], Any]) -> float:
    infer(tiles[0])
    began = time.perf_counter()
    for tile in tiles:
        infer(tile)
    return time.perf_counter() - began


def _torch_net(path: Path) -> Callable[[Any], Any]:
    """Run the exported graph operation by operation in eager PyTorch, channels first."""
    import onnx
    import torch
    from torch.nn import functional

    graph = onnx.load(path).graph
    constants = {
        array.name: torch.from_numpy(onnx.numpy_helper.to_array(array).copy())
        for array in graph.initializer
    }

    def conv(node: dict[str, Any], x: Any, weight: Any, bias: Any = None) -> Any:
        top, left, bottom, right = node.get("pads", (0, 0, 0, 0))
        if node.get("auto_pad") == b"SAME_UPPER":
            sizes = zip(x.shape[2:], weight.shape[2:], node["strides"], strict=True)
            (top, bottom), (left, right) = (
                ((need := max((-(-n // s) - 1) * s + k - n, 0)) // 2, need - need // 2)
                for n, k, s in sizes
            )
        if (top, left) == (bottom, right):
            padding: Any = (top, left)
        else:
            x, padding = functional.pad(x, (left, right, top, bottom)), 0
        groups = node.get("group", 1)
        return functional.conv2d(x, weight, bias, node.get("strides", 1), padding, groups=groups)

    def pool(node: dict[str, Any], x: Any) -> Any:
        top, left, bottom, right = node.get("pads", (0, 0, 0, 0))
        x = functional.pad(x, (left, right, top, bottom), value=-torch.inf)
        return functional.max_pool2d(x, node["kernel_shape"], node["strides"])

    def pad(node: dict[str, Any], x: Any, pads: Any, *rest: Any) -> Any:
        before, after = pads[: x.ndim].tolist(), pads[x.ndim :].tolist()
        pairs = [n for pair in reversed(list(zip(before, after, strict=True))) for n in pair]
        return functional.pad(x, pairs)

    operations: dict[str, Callable[..., Any]] = {
        "Conv": conv,
        "MaxPool": pool,
        "Pad": pad,
        "Relu": lambda _, x: torch.relu(x),
        "Clip": lambda _, x, low, high: torch.clamp(x, low, high),
        "Sigmoid": lambda _, x: torch.sigmoid(x),
        "Add": lambda _, x, y: x + y,
        "Mul": lambda _, x, y: x * y,
        "Concat": lambda node, *parts: torch.cat(parts, node["axis"]),
        "Transpose": lambda node, x: x.permute(node["perm"]),
        "Resize": lambda _, x, roi, scales: functional.interpolate(
            x, scale_factor=2, mode="bilinear", align_corners=False
        ),
    }
    nodes = [
        (
            operations[node.op_type],
            {entry.name: onnx.helper.get_attribute_value(entry) for entry in node.attribute},
            list(node.input),
            node.output[0],
        )
        for node in graph.node
    ]

    def infer(tile: Any) -> Any:
        values = {"gray": torch.from_numpy(tile[None, :, :, None].astype(np.float32)), "": None}
        with torch.inference_mode():
            for operation, attributes, inputs, output in nodes:
                arguments = [constants[n] if n in constants else values[n] for n in inputs]
                values[output] = operation(attributes, *arguments)
        return values["probability"].numpy()[0, :, :, 0]

    sample = np.random.default_rng(0).integers(0, 256, (128, 160), np.uint8)
    difference = np.abs(infer(sample) - OnnxRuntimeEngine(path).infer(sample)).max()
    if difference > 1e-3:
        msg = f"the PyTorch net differs from the exported one by {difference}"
        raise RuntimeError(msg)
    return infer


def _processor() -> str:
    flags = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    has = [name for name in ("amx_bf16", "amx_int8", "avx512_bf16", "avx512_vnni") if name in flags]
    model = next((line for line in flags.splitlines() if line.startswith("model name")), "")
    return f"{model.partition(':')[2].strip() or platform.processor()} ({', '.join(has)})"


def _print(rows: list[dict[str, Any]], facts: dict[str, Any]) -> None:
    print(
        f"{facts['photographs']} photographs, {facts['megapixels']} MP, {facts['tiles']} tiles of "
        f"{facts['tile_px']}, {facts['cores']} cores, {facts['processor']}"
    )
    print(f"{'':48} {'s':>8} {'ms/MP':>8} {'x eager':>8} {'outside net':>12}")
    for row in rows:
        share = row["share_outside_net"]
        print(
            f"{row['what']:48} {row['seconds']:8.2f} {row['ms_per_megapixel']:8.0f} "
            f"{row['times_pytorch_eager']:8.2f} {'' if share is None else f'{share:.1%}':>12}"
        )


if __name__ == "__main__":
    main()
