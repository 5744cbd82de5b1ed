"""The drawing of a net, the paper's figure 2, made from the Keras model's own graph."""

from __future__ import annotations

import math

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, Rectangle

from cracknet.studies.architecture import Architecture, Skip, Stage

ENCODER, DECODER, JOINED, INK = "#4f7cac", "#d9822b", "#b9cfe6", "#222222"
ROW = 1.6
"""Distance of two resolutions' rows."""


def draw_architecture(architecture: Architecture) -> Figure:
    """Draw a net as a U: encoder downwards on the left, decoder upwards on the right.

    A block is as wide as it has channels and as high as its resolution, both by logarithm. The
    light part of a decoder's block are the channels that a skip brings.

    Parameters
    ----------
    architecture : Architecture
    """
    stages = architecture.stages
    deepest = max(stage.scale for stage in stages)
    rows = int(math.log2(deepest))
    figure = Figure(figsize=(10, 1.5 + 1.05 * (rows + 1)), layout="constrained")
    axes = figure.add_subplot()
    axes.set_axis_off()
    encoder = [stage for stage in stages if not stage.decoder]
    places = {}
    right = 1.3 * rows + 6.5
    for index, stage in enumerate(stages):
        row = math.log2(stage.scale)
        x = right - 0.65 * row if stage.decoder else 0.65 * row
        places[index] = (x, -ROW * row)
    middle = (places[len(encoder) - 1][0] + right - 0.65 * rows) / 2
    places[len(encoder) - 1] = (middle, -ROW * rows)  # the bottom of the U
    for index, stage in enumerate(stages):
        _block(axes, stage, places[index], bottom=index == len(encoder) - 1)
        if index:
            _arrow(axes, places[index - 1], places[index], stages[index - 1], stage)
        for skip in stage.skips:
            _skip(axes, skip, places[skip.source], places[index], stages[skip.source], stage)
    _head(axes, architecture, places[len(stages) - 1], right)
    axes.set_title(
        f"{architecture.name}: {architecture.parameters / 1e6:.1f} million parameters", fontsize=12
    )
    axes.set_xlim(-2.6, right + 6.4)
    axes.set_ylim(-ROW * rows - 1.0, 1.1)
    return figure


def _width(channels: int) -> float:
    return 0.25 + 0.17 * math.log2(max(channels, 1))


def _height(scale: int) -> float:
    return 1.15 - 0.12 * math.log2(scale)


def _block(axes: Axes, stage: Stage, place: tuple[float, float], *, bottom: bool) -> None:
    x, y = place
    width, height = _width(stage.channels), _height(stage.scale)
    colour = DECODER if stage.decoder else ENCODER
    axes.add_patch(
        Rectangle((x - width / 2, y - height / 2), width, height, facecolor=colour, edgecolor=INK)
    )
    for skip in stage.skips:
        part = _width(skip.channels) / 2
        axes.add_patch(
            Rectangle(
                (x - width / 2 - part, y - height / 2),
                part,
                height,
                facecolor=JOINED,
                edgecolor=INK,
                linestyle="--",
            )
        )
    text = f"1/{stage.scale}   {stage.channels} ch"
    if stage.convolutions:
        plural = "s" if stage.convolutions > 1 else ""
        text += f"\n{stage.convolutions} convolution{plural}"
    else:
        text += "\ninput" if not stage.decoder else ""
    if bottom:
        axes.text(x, y - height / 2 - 0.08, text, ha="center", va="top", fontsize=8)
    elif stage.decoder:
        axes.text(x + width / 2 + 0.12, y, text, ha="left", va="center", fontsize=8)
    else:
        axes.text(x - width / 2 - 0.12, y, text, ha="right", va="center", fontsize=8)


def _arrow(
    axes: Axes, start: tuple[float, float], end: tuple[float, float], above: Stage, below: Stage
) -> None:
    down = below.scale >= above.scale
    sign = -1 if down else 1
    axes.add_patch(
        FancyArrowPatch(
            (start[0], start[1] + sign * _height(above.scale) / 2),
            (end[0], end[1] - sign * _height(below.scale) / 2),
            arrowstyle="-|>",
            mutation_scale=10,
            color=ENCODER if down else DECODER,
            linewidth=1.4,
            shrinkA=0,
            shrinkB=0,
        )
    )


def _skip(
    axes: Axes,
    skip: Skip,
    start: tuple[float, float],
    end: tuple[float, float],
    source: Stage,
    target: Stage,
) -> None:
    first = start[0] + _width(source.channels) / 2
    last = end[0] - _width(target.channels) / 2 - _width(skip.channels) / 2
    axes.add_patch(
        FancyArrowPatch(
            (first, start[1]),
            (last, end[1]),
            arrowstyle="-|>",
            mutation_scale=10,
            color="#666666",
            linestyle="--",
            shrinkA=0,
            shrinkB=0,
        )
    )
    axes.text(
        (first + last) / 2,
        (start[1] + end[1]) / 2 + 0.06,
        f"{skip.channels} ch {skip.how}",
        ha="center",
        va="bottom",
        fontsize=7.5,
        color="#444444",
    )


def _head(axes: Axes, architecture: Architecture, place: tuple[float, float], right: float) -> None:
    """Draw the probability at full resolution."""
    factor = architecture.head_factor
    x, y = right + 3.9, 0.0
    height, width = _height(1), _width(1)
    axes.add_patch(
        Rectangle((x - width / 2, y - height / 2), width, height, facecolor=INK, edgecolor=INK)
    )
    last = architecture.stages[-1]
    start = (
        (place[0] + 2.6, y)
        if last.scale == 1
        else (place[0] + _width(last.channels) / 2, place[1] + 0.1)
    )
    axes.add_patch(
        FancyArrowPatch(
            start,
            (x - width / 2, y if last.scale == 1 else y - height / 4),
            arrowstyle="-|>",
            mutation_scale=10,
            color=INK,
            shrinkA=0,
            shrinkB=0,
            connectionstyle="arc3" if last.scale == 1 else "arc3,rad=0.15",
        )
    )
    how = "1x1 convolution" if factor == 1 else f"learned upsampling x{factor}"
    axes.text(x + width / 2 + 0.1, y, f"probability\n{how},\nsigmoid", va="center", fontsize=8)
