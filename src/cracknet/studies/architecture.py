"""The stages of a net, read from the Keras model itself."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import keras
from keras import layers

PROBE_PX = 512
"""Shapes are followed for an input of this size; no pixel is computed."""


@dataclass(frozen=True)
class Skip:
    """Features that go around the deeper stages.

    Attributes
    ----------
    source : int
        Index of the encoder's stage that they come from.
    channels : int
        As they arrive.
    how : str
        ``concatenated`` or ``added``.
    """

    source: int
    channels: int
    how: str


@dataclass(frozen=True)
class Stage:
    """Consecutive layers of one resolution.

    Attributes
    ----------
    decoder : bool
        Whether deeper stages come before it.
    scale : int
        The input's pixels a pixel of the stage, along one axis.
    channels_in, channels : int
        What its first convolution reads, and what it gives.
    convolutions : int
        How many stand one after another in it; those of shortcuts are not counted.
    layer : str
        The layer that gives the stage's features.
    skips : tuple of Skip
    """

    decoder: bool
    scale: int
    channels_in: int
    channels: int
    convolutions: int
    layer: str
    skips: tuple[Skip, ...] = ()


@dataclass(frozen=True)
class Architecture:
    """What a net consists of.

    Attributes
    ----------
    name : str
    parameters : int
    stages : tuple of Stage
        From the input on; the first is the input itself.
    head_factor : int
        How much the layer ``logits`` enlarges: 1 for a 1x1 convolution.
    """

    name: str
    parameters: int
    stages: tuple[Stage, ...]
    head_factor: int

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> Self:
        """Build it from what `dataclasses.asdict` made of it."""
        stages = tuple(
            Stage(**{**stage, "skips": tuple(Skip(**skip) for skip in stage["skips"])})
            for stage in content["stages"]
        )
        return cls(**{**content, "stages": stages})


def read_architecture(net: keras.Model, name: str = "") -> Architecture:
    """Walk a net's graph from input to output and sum it up in stages.

    The stages are those of the longest path; what joins it from an encoder's stage is a skip.

    Parameters
    ----------
    net : keras.Model
        Functional, with one input of shape (N, H, W, C) and a layer ``logits``.
    name : str
        By default the model's own.
    """
    made_by = {id(layer.output): layer for layer in net.layers}
    parents = {
        layer.name: [made_by[id(tensor)].name for tensor in keras.tree.flatten(layer.input)]
        if not isinstance(layer, layers.InputLayer)
        else []
        for layer in net.layers
    }
    by_name = {layer.name: layer for layer in net.layers}
    trunk = _longest_path(parents, "logits")
    scales = _scales(net)
    before: list[int] = [0]
    for layer in trunk:
        before.append(max(before[-1], scales[layer]))
    in_decoder = {
        layer: scales[layer] < deepest for layer, deepest in zip(trunk, before[:-1], strict=True)
    }
    groups: list[list[str]] = []
    for layer in trunk[:-1]:
        key = (in_decoder[layer], scales[layer])
        if groups and key == (in_decoder[groups[-1][-1]], scales[groups[-1][-1]]):
            groups[-1].append(layer)
        else:
            groups.append([layer])
    stage_of = {layer: index for index, group in enumerate(groups) for layer in group}
    stages = tuple(
        _stage(group, by_name, parents, in_decoder, scales, stage_of, trunk) for group in groups
    )
    return Architecture(
        name or net.name,
        net.count_params(),
        stages,
        head_factor=scales[trunk[-2]] // scales["logits"] if len(trunk) > 1 else 1,
    )


def _stage(
    group: Sequence[str],
    by_name: Mapping[str, keras.layers.Layer],
    parents: Mapping[str, Sequence[str]],
    in_decoder: Mapping[str, bool],
    scales: Mapping[str, int],
    stage_of: Mapping[str, int],
    trunk: Sequence[str],
) -> Stage:
    skips = []
    for layer in group:
        if not in_decoder[layer] or len(parents[layer]) < 2:
            continue
        previous = trunk[trunk.index(layer) - 1]
        for parent in parents[layer]:
            origin = _trunk_ancestor(parent, parents, stage_of)
            if parent != previous and not in_decoder[origin]:
                joins = isinstance(by_name[layer], layers.Concatenate)
                how = "concatenated" if joins else "added"
                skips.append(Skip(stage_of[origin], by_name[parent].output.shape[-1], how))
    convolutions = [layer for layer in group if _convolves(by_name[layer])]
    # A border of zeros, which the next stage's convolution asks for, is no feature.
    featured = [x for x in group if not isinstance(by_name[x], layers.ZeroPadding2D)] or group
    first = by_name[convolutions[0] if convolutions else group[0]]
    entering = parents[first.name]
    return Stage(
        decoder=in_decoder[group[0]],
        scale=scales[group[0]],
        channels_in=by_name[entering[0]].output.shape[-1] if entering else first.output.shape[-1],
        channels=by_name[featured[-1]].output.shape[-1],
        convolutions=len(convolutions),
        layer=featured[-1],
        skips=tuple(skips),
    )


def _convolves(layer: keras.layers.Layer) -> bool:
    kinds = (layers.Conv2D, layers.Conv2DTranspose, layers.DepthwiseConv2D, layers.SeparableConv2D)
    return isinstance(layer, kinds)


def _longest_path(parents: Mapping[str, Sequence[str]], end: str) -> list[str]:
    """Follow, from `end` back to the input, always the parent with the most layers above it."""
    depth: dict[str, int] = {}
    waiting = [end]
    while waiting:  # not recursive: ResNet101 is deeper than Python's stack is meant for
        layer = waiting[-1]
        missing = [parent for parent in parents[layer] if parent not in depth]
        if missing:
            waiting += missing
        else:
            depth[layer] = 1 + max((depth[parent] for parent in parents[layer]), default=0)
            waiting.pop()
    path = [end]
    while parents[path[-1]]:
        path.append(max(parents[path[-1]], key=depth.__getitem__))
    return path[::-1]


def _trunk_ancestor(
    layer: str, parents: Mapping[str, Sequence[str]], stage_of: Mapping[str, int]
) -> str:
    while layer not in stage_of:
        layer = parents[layer][0]
    return layer


def _scales(net: keras.Model) -> dict[str, int]:
    every = keras.Model(net.inputs, [layer.output for layer in net.layers])
    shapes = every.compute_output_spec(
        keras.KerasTensor((1, PROBE_PX, PROBE_PX, net.inputs[0].shape[-1]))
    )
    # Padding makes a few pixels more; the scale is the nearest power of 2.
    return {
        layer.name: 2 ** round(math.log2(PROBE_PX / shape.shape[1]))
        for layer, shape in zip(net.layers, shapes, strict=True)
    }
