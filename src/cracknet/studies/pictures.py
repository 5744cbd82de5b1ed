"""The pictures of a study: strips, close-ups, curves and feature maps."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

import cv2
import matplotlib as mpl
import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from cracknet.arrays import Gray, Mask
from cracknet.studies.architecture import Architecture

COLOURS = {
    "cracknet": "#d55e00",
    "cracknet-no-skips": "#e69f00",
    "cracknet-lite": "#009e73",
    "fcn-8s": "#0072b2",
    "fcn-32s": "#56b4e9",
}
"""Of Okabe and Ito's palette, which the colour-blind can tell apart."""
CLOSE_UP_PX = 96
FEATURE_CELL_PX = 150


def as_svg(figure: Figure) -> bytes:
    """Render a figure as SVG, the same bytes for the same figure."""
    file = io.BytesIO()
    with mpl.rc_context({"svg.hashsalt": "cracknet"}):
        figure.savefig(file, format="svg", metadata={"Date": None})
    return file.getvalue()


def as_png(figure: Figure, dpi: int = 110) -> bytes:
    """Render a figure as PNG."""
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=dpi)
    return file.getvalue()


def strip(panels: Sequence[tuple[str, npt.NDArray[Any]]]) -> Figure:
    """Show photographs and masks of one size side by side, lettered as the paper's are.

    Parameters
    ----------
    panels : sequence of (str, array)
        A title, and (H, W) uint8 gray or bool.
    """
    height, width = panels[0][1].shape
    shape = (2.6 * len(panels), 2.6 * height / width + 0.45)
    figure = Figure(figsize=shape, layout="constrained")
    for place, (title, image) in enumerate(panels):
        axes = figure.add_subplot(1, len(panels), place + 1)
        values = image.astype(np.uint8) * 255 if image.dtype == np.bool_ else image
        axes.imshow(values, cmap="gray", vmin=0, vmax=255, interpolation="antialiased")
        axes.set_xticks([])
        axes.set_yticks([])
        axes.set_xlabel(f"({chr(ord('a') + place)}) {title}", fontsize=10)
    return figure


def close_up(truth: Mask, size_px: int = CLOSE_UP_PX) -> tuple[slice, slice]:
    """Find the square window that holds most of the cracks' border.

    Parameters
    ----------
    truth : (H, W) bool
    size_px : int
        Cut to the photograph's size.

    Returns
    -------
    rows, columns : slice
    """
    height, width = (min(size_px, extent) for extent in truth.shape)
    edge = np.zeros((truth.shape[0] + 1, truth.shape[1] + 1), np.int64)
    change = np.zeros(truth.shape, np.int64)
    change[1:] += truth[1:] ^ truth[:-1]
    change[:, 1:] += truth[:, 1:] ^ truth[:, :-1]
    edge[1:, 1:] = change.cumsum(0).cumsum(1)
    sums = (
        edge[height:, width:]
        - edge[:-height, width:]
        - edge[height:, :-width]
        + edge[:-height, :-width]
    )
    # Of several such windows that in their middle, so that the crack is not at its edge.
    best = np.argwhere(sums == sums.max())
    row, column = (int(k) for k in best[((best - best.mean(0)) ** 2).sum(1).argmin()])
    return slice(row, row + height), slice(column, column + width)


def outlined(gray: Gray, truth: Mask, masks: Sequence[tuple[str, Mask]]) -> Figure:
    """Show predictions in a close-up of the photograph, the true outline drawn over each.

    Parameters
    ----------
    gray : (H, W) uint8
    truth : (H, W) bool
    masks : sequence of (str, (H, W) bool)
    """
    window = close_up(truth)
    panels: list[tuple[str, npt.NDArray[Any]]] = [("Photograph", gray), *masks]
    figure = Figure(figsize=(3.2 * len(panels), 3.6), layout="constrained")
    for place, (title, image) in enumerate(panels):
        axes = figure.add_subplot(1, len(panels), place + 1)
        values = image[window].astype(np.uint8) * (255 if image.dtype == np.bool_ else 1)
        axes.imshow(values, cmap="gray", vmin=0, vmax=255, interpolation="nearest")
        shown = truth[window]
        if shown.any() and not shown.all():
            axes.contour(shown.astype(np.float32), [0.5], colors="#d55e00", linewidths=1.2)
        axes.set_xticks([])
        axes.set_yticks([])
        axes.set_xlabel(f"({chr(ord('a') + place)}) {title}", fontsize=10)
    return figure


def curves(
    runs: Mapping[str, tuple[str, Sequence[Mapping[str, float]]]], set_name: str, score: str
) -> Figure:
    """Draw a score over the epochs: held back photographs solid, training batches dotted.

    Parameters
    ----------
    runs : mapping of str to (str, rows)
        By the net's name its label and the rows of its ``validation.csv``.
    set_name : str
        The prefix of the validation's columns.
    score : {"precision", "recall"}
    """
    figure = Figure(figsize=(7.5, 4.2), layout="constrained")
    axes = figure.add_subplot()
    for net, (label, rows) in runs.items():
        epochs = [row["epoch"] for row in rows]
        colour = COLOURS.get(net, "#000000")
        mark = "o" if len(rows) < 10 else None
        held = [row[f"{set_name}_{score}"] for row in rows]
        axes.plot(epochs, held, color=colour, marker=mark, label=label)
        training = [row[f"training_{score}"] for row in rows]
        axes.plot(epochs, training, color=colour, linestyle=":", linewidth=1.2)
    axes.set_xlabel("epoch")
    axes.set_ylabel(score)
    axes.set_ylim(-0.02, 1.02)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(visible=True, alpha=0.3)
    axes.plot([], [], color="#555555", label="held back photographs")
    axes.plot([], [], color="#555555", linestyle=":", label="training batches")
    axes.legend(fontsize=8, loc="center left", bbox_to_anchor=(1, 0.5))
    return figure


def feature_maps(architecture: Architecture, features: Mapping[str, npt.NDArray[Any]]) -> Figure:
    """Show the strongest channels of each stage, a row for each.

    Parameters
    ----------
    architecture : Architecture
    features : mapping
        As `cracknet.studies.features.keep_features` returns them.
    """
    stages = architecture.stages
    columns = max(len(features[str(index)]) for index in range(len(stages)))
    height, width = features["gray"].shape
    zoom = FEATURE_CELL_PX / max(height, width)
    cell = (max(1, round(height * zoom)), max(1, round(width * zoom)))
    # One picture of all cells: an axis for each would take a hundred times as long.
    step = (cell[0] + 4, cell[1] + 4)
    sheet = np.full((step[0] * len(stages), step[1] * columns, 3), 255, np.uint8)
    colours = mpl.colormaps["viridis"]
    for index in range(len(stages)):
        for column, values in enumerate(np.asarray(features[str(index)], np.float32)):
            low, high = np.percentile(values, (1, 99))
            shown = np.clip((values - low) / max(high - low, 1e-6), 0, 1)
            larger = shown.shape[0] < cell[0]
            shown = cv2.resize(
                shown, cell[::-1], interpolation=cv2.INTER_NEAREST if larger else cv2.INTER_AREA
            )
            row, left = index * step[0], column * step[1]
            rgb = np.asarray(colours(shown)[..., :3] * 255, np.uint8)
            sheet[row : row + cell[0], left : left + cell[1]] = rgb
    inches = (sheet.shape[1] / 100 + 1.5, sheet.shape[0] / 100 + 0.1)
    figure = Figure(figsize=inches)
    axes = figure.add_axes((1.45 / inches[0], 0, sheet.shape[1] / 100 / inches[0], 1))
    axes.imshow(sheet, interpolation="antialiased")
    axes.set_frame_on(False)
    axes.set_xticks([])
    axes.set_yticks(
        [step[0] * index + cell[0] / 2 for index in range(len(stages))],
        [
            f"{'decoder' if stage.decoder else 'encoder'} 1/{stage.scale}\n{stage.channels} ch"
            for stage in stages
        ],
    )
    axes.tick_params(length=0)
    return figure
