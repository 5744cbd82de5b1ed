"""Put the default model into the package: quantise what ships as cracknet-lite, write the card.

    python scripts/ship_int8.py --data ../shared/data

Calibrated on training photographs of the six sets, compared on their validation photographs; refused
where F1 or ODS falls by more than 0.3 points in the mean of the six, or by more than 0.6 on one of
them: the smallest have 10 to 26 photographs, on which rounding alone moves F1 by half a point.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from ship_model import ROOT

from cracknet.segmentation.models import WEIGHTS, ModelCard, read_card

OF, NAME = "cracknet-lite", "cracknet-lite-int8"
CALIBRATE = ("deepcrack", "crack500", "uav75", "uav_concrete", "tile:all", "masonry:all")
VALIDATE = (
    "deepcrack:train", "crack500:train", "uav75:val", "uav_concrete:val", "masonry:all", "tile:all",
)  # fmt: skip
HELD_OUT = ("deepcrack", "crack500", "masonry", "tile")
FAULTY = ("crack500", "deepcrack")
IN_FLOAT = ("stem", "encoder 1/2")
"""What loses most when it is rounded (training log, row 30)."""
MEAN_TOLERANCE, TOLERANCE = 0.003, 0.006


def main() -> None:
    """Quantise, compare, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    data = parser.parse_args().data
    words = ["--preset", "mixed", "--tolerance", f"{TOLERANCE}"]
    for part in IN_FLOAT:
        words += ["--float", part]
    for name in CALIBRATE:
        words += ["--calibrate", f"{data / name}"]
    for name in VALIDATE:
        words += ["--validate", f"{data / name}"]
    for name in HELD_OUT:
        file = f"{ROOT / 'recipes/validation' / name}.txt"
        words += ["--without", file, "--only", file]
    for name in FAULTY:
        words += ["--without", f"{ROOT / 'recipes/faulty' / name}.txt"]
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / f"{NAME}.xml"
        command = [sys.executable, "-m", "cracknet", "quantise", OF, "-o", str(made), *words]
        subprocess.run(command, check=True)
        if (loss := mean_loss(read_card(made.with_suffix(".json")))) > MEAN_TOLERANCE:
            msg = f"loses {100 * loss:.2f} points in the mean; nothing is written"
            raise SystemExit(msg)
        for suffix in (".xml", ".bin", ".json"):
            shutil.copyfile(made.with_suffix(suffix), WEIGHTS / f"{NAME}{suffix}")
    card = read_card(WEIGHTS / f"{NAME}.json")
    (WEIGHTS / f"{NAME}.md").write_text(card_text(card), "utf-8")
    print(card_text(card))


def mean_loss(card: ModelCard) -> float:
    """Return by how much F1 or ODS falls, whichever more, in the mean over the validation sets."""
    before = card.quantisation["scores_before"].values()
    pairs = list(zip(before, card.scores.values(), strict=True))
    return max(sum(a[key] - b[key] for a, b in pairs) / len(pairs) for key in ("f1", "ods"))


def card_text(card: ModelCard) -> str:
    """Write the card out for readers."""
    about = card.quantisation
    rows = "\n".join(
        f"| {name} | {now['photos']} | {before['f1']:.4f} -> {now['f1']:.4f} "
        f"| {before['ods']:.4f} -> {now['ods']:.4f} |"
        for (name, before), now in zip(
            about["scores_before"].items(), card.scores.values(), strict=True
        )
    )
    kept = ", ".join(about["float_parts"])
    parts = (
        f"In floating point stay what lost too much in integers: {kept} (number: by what the\n"
        "  resolution is divided there). All other convolutions are in int8."
        if kept
        else "All convolutions are in int8."
    )
    return f"""# {card.name}

Written by `scripts/ship_int8.py`. `{OF}` in 8-bit integers (NNCF post-training quantisation): the same net, terms
and failures as [{OF}]({OF}.md); {card.size_mb:.1f} MB. What `cracknet segment` uses by default. The
numbers are those of `{card.name}.json`.

**{card.licence}**

- Calibrated on {about["samples"]} tiles of training photographs of the six sets, a third of them at half size; no photograph of a
  validation or test split.
- {parts}
- Weights use half the range of 8 bits, so that processors without VNNI, which add products in 16 bits, do not
  overflow ([how that was measured on the weights before](../../../docs/models.md#int8)).

Pooled pixels, no tolerance, threshold 0.5, floating point -> int8, both with float32 arithmetic for the rest; the
largest loss is {100 * about["largest_loss"]:.2f} points, and in the mean of the sets {100 * max(0, mean_loss(card)):.2f}:

| validation set | photographs | F1 | ODS |
|---|---|---|---|
{rows}
"""


if __name__ == "__main__":
    main()
