"""What a raster's results take on the disk, told before hours are spent on them."""

from __future__ import annotations

from pathlib import Path

from cracknet.errors import OutputError
from cracknet.mosaic.parts import free_bytes
from cracknet.mosaic.plan import Plan

RESULT_BYTES = 0.35
"""Of mask, probability and their overviews, for each pixel."""

PART_BYTES = 0.25
"""Of the finished windows' pictures, for each pixel."""

FIXED_BYTES = 8_000_000

MEASURED_BYTES = 0.6
"""Of lines and outlines, for each pixel of a raster that is to be measured: 0.25 to 0.28 were
measured with 2.8 px of crack in a thousand pixels (`benchmarks/mosaic.py`)."""

CRACK_BYTES = 60
"""Of lines and outlines, for each pixel of the mask that is crack; about 20 were measured."""


def estimate_bytes(plan: Plan, *, in_rows: bool = False) -> tuple[int, int]:
    """Estimate what a raster's results take.

    Measured were 0.07 bytes a pixel of results (`benchmarks/mosaic.py`); the estimate leaves room
    for rougher surfaces. Of the half size two rows of windows are kept at once as floats.

    Parameters
    ----------
    plan : Plan
    in_rows : bool
        Whether the raster is decoded row by row (`RollingGray`).

    Returns
    -------
    results : int
        Of the files that stay.
    parts : int
        Of what is deleted at the end, while both are there.
    """
    height, width = plan.full.shape
    parts = PART_BYTES * height * width
    strip_px = sum(
        (span.reach - span.cell_end) * width + (span.end - span.begin) * 512
        for span in plan.full.rows[:2]
    )
    kept = sum(span.cell_end - span.cell_begin for span in plan.half.rows[:2]) if plan.half else 0
    parts += 4 * (strip_px + kept * (width // 2))
    if in_rows:  # gray and valid, of the windows in work and those of the half size ahead
        deepest = max(span.end - span.begin for span in plan.full.rows)
        parts += 2 * min(4 * deepest, height) * width
    return int(RESULT_BYTES * height * width) + FIXED_BYTES, int(parts) + FIXED_BYTES


def check_space(
    path: Path,
    out: Path,
    plan: Plan,
    have: int,
    *,
    in_rows: bool = False,
    measured: bool = False,
) -> None:
    """Refuse to start where the results do not fit on the disk.

    Parameters
    ----------
    path : Path
        The raster, for the message.
    out : Path
        The output folder, which exists.
    plan : Plan
    have : int
        Bytes of parts that an earlier run has left.
    in_rows : bool
        As of `estimate_bytes`.
    measured : bool
        Whether its cracks are to be measured.

    Raises
    ------
    OutputError
        The message tells the estimate and what is free.
    """
    results, parts = estimate_bytes(plan, in_rows=in_rows)
    height, width = plan.full.shape
    results += int(MEASURED_BYTES * height * width) * measured
    needed = results + max(parts - have, 0)
    free = free_bytes(out)
    if needed > free:
        msg = (
            f"the results of {path} ({width}x{height} px) take about {_size(results)} in {out}, "
            f"and {_size(max(parts - have, 0))} more until they are finished; {_size(free)} are "
            "free. Free some space, or name another output folder."
        )
        raise OutputError(msg)


def check_measuring_space(mask: Path, out: Path, crack_px: int) -> None:
    """Refuse to measure where lines and outlines do not fit on the disk.

    Raises
    ------
    OutputError
        The message tells the estimate and what is free.
    """
    needed, free = CRACK_BYTES * crack_px + FIXED_BYTES, free_bytes(out)
    if needed > free:
        msg = (
            f"lines and outlines of {mask} take about {_size(needed)} in {out}; {_size(free)} "
            "are free. Free some space, or name another output folder."
        )
        raise OutputError(msg)


def _size(count: int) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.0f} MB"
