"""The comparison's pictures: curves under distortion, and a grid of masks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from cracknet.datasets.pairs import read_mask
from cracknet.studies.compare.options import EDGES
from cracknet.studies.compare.sweeps import SWEEPS
from cracknet.studies.scored import Sample

RIGHT, WRONG, MISSED = (0, 158, 115), (213, 94, 0), (0, 114, 178)
"""Of Okabe and Ito's palette, as the house's other pictures."""


def draw_curves(results: Mapping[str, Any]) -> Figure:
    """Draw F1 over the steps of each sweep, a panel each: edge detectors dashed.

    Parameters
    ----------
    results : mapping
        Of systems, as ``results.json`` has them.
    """
    figure = Figure(figsize=(13, 7.5), layout="constrained")
    panels = figure.subplots(2, 3).ravel()
    colours = mpl.colormaps["tab20"].colors  # type: ignore[attr-defined]
    for axes, (name, sweep) in zip(panels, SWEEPS.items(), strict=False):
        for place, (system, result) in enumerate(results.items()):
            values = [np.nan if row["f1"] is None else row["f1"] for row in result["sweeps"][name]]
            axes.plot(
                sweep.steps,
                values,
                color=colours[place % len(colours)],
                linestyle="--" if system in EDGES else "-",
                linewidth=2.5 if system == "cracknet-lite" else 1.5,
                marker="o",
                markersize=3,
                label=result["title"],
            )
        axes.set_xlabel(sweep.label)
        axes.set_ylabel("F1")
        axes.set_ylim(0, 1)
        axes.grid(visible=True, alpha=0.3)
    panels[-1].axis("off")
    handles, labels = panels[0].get_legend_handles_labels()
    panels[-1].legend(handles, labels, loc="center", fontsize=9, frameon=False)
    return figure


def draw_grid(samples: Sequence[Sample], masks: Mapping[str, Sequence[Path]]) -> Figure:
    """Show photographs in columns and systems in rows: right, wrong and missed pixels coloured.

    Parameters
    ----------
    samples : sequence of Sample
    masks : mapping of str to sequence of Path
        By the system's title, the file of its mask of each sample.
    """
    read = [sample.pair.read() for sample in samples]
    rows: list[tuple[str, list[npt.NDArray[Any]]]] = [("Photograph", [gray for gray, _ in read])]
    for title, files in masks.items():
        shown = [
            coloured(read_mask(file), truth) for file, (_, truth) in zip(files, read, strict=True)
        ]
        rows.append((title, shown))
    height, width = read[0][0].shape
    cell = 2.3
    figure = Figure(
        figsize=(cell * len(samples) + 1.6, cell * height / width * len(rows) + 0.5),
        layout="constrained",
    )
    for row, (title, images) in enumerate(rows):
        for column, image in enumerate(images):
            axes = figure.add_subplot(len(rows), len(samples), row * len(samples) + column + 1)
            axes.imshow(image, cmap="gray", vmin=0, vmax=255, interpolation="antialiased")
            axes.set_xticks([])
            axes.set_yticks([])
            if row == 0:
                axes.set_title(samples[column].pair.stem, fontsize=8)
            if column == 0:
                axes.set_ylabel(
                    title.replace(" (", "\n("),
                    fontsize=7,
                    rotation=0,
                    ha="right",
                    va="center",
                )
    figure.supxlabel("green: right, orange: false alarm, blue: missed", fontsize=9)
    return figure


def coloured(mask: npt.NDArray[np.bool_], truth: npt.NDArray[np.bool_]) -> npt.NDArray[np.uint8]:
    """Return (H, W, 3) uint8: right, wrong and missed pixels in their colours on white."""
    image = np.full((*truth.shape, 3), 255, np.uint8)
    image[mask & truth], image[mask & ~truth], image[truth & ~mask] = RIGHT, WRONG, MISSED
    return image
