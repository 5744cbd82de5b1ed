"""Draw what a model's values mean: docs/images/reliability.png, from files of `cracknet evaluate`.

    python scripts/reliability_picture.py benchmarks/results/validation/*.json

A line for each file, of the share of pixels that is crack over the model's value, and their mean,
in which each set counts once.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

TARGET = Path("docs/images/reliability.png")


def main() -> None:
    """Read, draw, print the mean."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("scores", type=Path, nargs="+")
    figure = Figure(figsize=(7, 5), layout="constrained")
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], color="0.6", linestyle=":", label="a value is a probability")
    lines = []
    for path in parser.parse_args().scores:
        content = json.loads(path.read_text("utf-8"))
        value, share = np.array(
            [
                (row["value"], np.nan if row["crack_share"] is None else row["crack_share"])
                for row in content["reliability"]
            ]
        ).T
        lines.append((value, share))
        axes.plot(value, share, linewidth=1, marker="o", markersize=3,
                  label=f"{content['set']} {content['split']}")  # fmt: skip
    value, share = np.nanmean(lines, axis=0)
    axes.plot(value, share, color="black", linewidth=2.5, label="mean of the sets")
    axes.set_xlabel("value that the model gives")
    axes.set_ylabel("share of these pixels that is crack")
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    axes.grid(visible=True, alpha=0.3)
    axes.legend(fontsize=8, loc="upper left")
    figure.savefig(TARGET, dpi=110)
    print("\n".join(f"{v:.2f} {s:.3f}" for v, s in zip(value, share, strict=True)))


if __name__ == "__main__":
    main()
