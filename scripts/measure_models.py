"""Score the models that ship, for docs/scoreboard.md and docs/images/reliability.png.

    python scripts/measure_models.py --data ../shared/data --scenes runs/surroundings

Runs `cracknet evaluate` for each model and set into `benchmarks/results/scores`, then `cracknet
scoreboard`, then `scripts/reliability_picture.py` on the validation sets of the default model. A file
that is there and of the same weights is not made again.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path

from ship_model import ROOT, TEST, VALIDATION

from cracknet.segmentation import list_models
from cracknet.segmentation.models import DEFAULT_MODEL, ModelCard

SCORES = ROOT / "benchmarks/results/scores"
SETS = {
    name.replace(", no pixel of training", " leak free").replace(" ", "-"): which
    for name, which in (TEST | VALIDATION).items()
}
"""Name of the file: set, split, list of stems."""


def main() -> None:
    """Score what is to be scored, write the pages."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--scenes", type=Path, required=True)
    options = parser.parse_args()
    for card in list_models():
        for name in [*SETS, "scenes"]:
            target = SCORES / f"{card.name}-{name}.json"
            if not _of_these_weights(target, card):
                run("evaluate", card.name, *_words(name, options), "--json", target)
    run("scoreboard", *sorted(SCORES.glob("*.json")), "-o", ROOT / "docs/scoreboard.md")
    wanted = [SCORES / f"{DEFAULT_MODEL}-{name}.json" for name in SETS if "val" in name]
    subprocess.run([sys.executable, ROOT / "scripts/reliability_picture.py", *wanted], check=True)


def run(*words: object) -> None:
    """Run a command of CrackNet."""
    print(*words, flush=True)
    subprocess.run([sys.executable, "-m", "cracknet", *map(str, words)], check=True)


def _words(name: str, options: argparse.Namespace) -> list[object]:
    if name == "scenes":
        return [options.scenes, "--split", "val"]
    folder, split, only = SETS[name]
    words: list[object] = [options.data / folder, "--split", split]
    if only:
        words += ["--only", ROOT / "recipes" / only]
    if (options.data / folder / "planking" / split).is_dir():
        words += ["--distractors", options.data / folder / "planking" / split]
    return words


def _of_these_weights(target: Path, card: ModelCard) -> bool:
    if not target.is_file():
        return False
    content = json.loads(target.read_text("utf-8"))
    return content["model_sha256"] == card.sha256 and "reliability" in content


if __name__ == "__main__":
    main()
