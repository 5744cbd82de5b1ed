"""What was scored, and what it costs: the facts that stand beside scores in JSON."""

from __future__ import annotations

import platform
import re
import time
from pathlib import Path
from statistics import median
from typing import Any

from cracknet.arrays import Gray, Probability
from cracknet.errors import ModelError
from cracknet.segmentation import Segmenter
from cracknet.segmentation.cost import COST_TILE_PX, count_multiply_adds


class TimedSegmenter:
    """A Segmenter with a clock: the processor time that segmenting takes.

    It is the time of all threads of this process, so other work on the machine hardly changes
    it. The first photograph of each size is left out: the net is compiled for it then.

    Parameters
    ----------
    segmenter : Segmenter
        In use by nobody else meanwhile.
    """

    def __init__(self, segmenter: Segmenter) -> None:
        self._segmenter = segmenter
        self._sizes: set[tuple[int, ...]] = set()
        self._costs: list[float] = []

    def probability(self, gray: Gray) -> Probability:
        """Segment a photograph (H, W), as `Segmenter.probability` does."""
        began = time.process_time()
        result = self._segmenter.probability(gray)
        spent = time.process_time() - began
        if gray.shape in self._sizes:
            self._costs.append(spent * 1e9 / gray.size)
        self._sizes.add(gray.shape)
        return result

    @property
    def ms_per_megapixel(self) -> float | None:
        """Median over photographs, in ms of one core; None if no size came twice."""
        return median(self._costs) if self._costs else None


def about_model(segmenter: Segmenter, cpu_ms_per_megapixel: float | None) -> dict[str, Any]:
    """Return what is known of a model that was scored, for JSON.

    Parameters
    ----------
    segmenter : Segmenter
        After scoring: the engine says then in which precision it computed.
    cpu_ms_per_megapixel : float, optional

    Returns
    -------
    dict
        ``model``, ``model_sha256``, ``net``, ``parameters``, ``size_mb``, ``licence``,
        ``training_data`` (terms by set), ``coarse_weight``; ``multiply_adds`` of the net for a
        tile of ``multiply_adds_tile_px``; ``engine``, ``precision_hint``, and the
        ``number_format`` that it chose; ``cpu_ms_per_megapixel``, ``processor``. What is
        unknown is None; so are multiply-adds that the net's graph does not tell.
    """
    card = segmenter.card
    try:
        cost = count_multiply_adds(card.file)
    except ModelError:  # scores need none
        cost = None
    return {
        "model": card.name,
        "model_sha256": card.sha256,
        "net": card.net,
        "parameters": card.parameters or None,
        "size_mb": card.size_mb,
        "licence": card.licence,
        "training_data": card.training.get("data"),
        "coarse_weight": card.coarse_weight,
        "multiply_adds": cost,
        "multiply_adds_tile_px": COST_TILE_PX,
        "engine": segmenter.engine.name,
        "precision_hint": segmenter.precision,
        "number_format": segmenter.engine.precision,
        "cpu_ms_per_megapixel": cpu_ms_per_megapixel,
        "processor": processor(),
    }


def about_predictions(folder: Path) -> dict[str, Any]:
    """Return what is known of a folder of predictions: its name."""
    return {"model": folder.resolve().name, "model_sha256": None, "engine": None}


def processor() -> str:
    """Name this machine's processor."""
    try:
        facts = Path("/proc/cpuinfo").read_text("utf-8", errors="replace")
    except OSError:  # not Linux
        facts = ""
    found = re.search(r"^model name\s*:\s*(.+)$", facts, re.MULTILINE)
    return found[1].strip() if found else platform.processor() or platform.machine()
