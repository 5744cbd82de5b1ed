"""Which cracks of one date are which of the other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cracknet.measurement.change.lines import Lines
from cracknet.measurement.change.matching import Partners
from cracknet.measurement.change.options import ChangeOptions
from cracknet.measurement.results import Measurement

LINK_PX, LINK_SHARE = 20.0, 0.2
"""Two cracks are one where so much of either's length is found on the other."""


@dataclass(frozen=True)
class Seen:
    """Lengths of one crack, px of AFTER: whole, in the common view, and found of that."""

    whole_px: float
    seen_px: float
    found_px: float

    @property
    def found_share(self) -> float:
        """Share of the length in the common view that is found at the other date."""
        return self.found_px / self.seen_px if self.seen_px > 0 else 0.0


@dataclass(frozen=True)
class Paired:
    """Cracks by what became of them; numbers are those of the measurements.

    `groups` holds for each crack that is there at both dates the numbers in BEFORE and AFTER;
    `relations` all numbers of the other date on which an (AFTER) crack's length lies.
    """

    new: tuple[int, ...]
    gone: tuple[int, ...]
    outside_before: tuple[int, ...]
    outside_after: tuple[int, ...]
    groups: tuple[tuple[tuple[int, ...], tuple[int, ...]], ...]
    relations: dict[int, tuple[int, ...]]


def lengths_of(
    measurement: Measurement, lines: Lines, found: npt.NDArray[np.bool_]
) -> dict[int, Seen]:
    """Sum up each crack's lengths, by its number."""
    out = {}
    for crack in measurement.cracks:
        own = lines.crack == crack.number
        out[crack.number] = Seen(
            float(lines.lengths[own].sum()),
            float(lines.lengths[own & lines.seen].sum()),
            float(lines.lengths[own & found].sum()),
        )
    return out


def pair_cracks(
    before: dict[int, Seen],
    after: dict[int, Seen],
    common: dict[tuple[int, int], float],
    options: ChangeOptions,
) -> Paired:
    """Sort the cracks into new, gone, outside, and groups that are one crack.

    Parameters
    ----------
    before, after : dict of int to Seen
    common : dict of (int, int) to float
        Length that a crack of BEFORE and one of AFTER share, px.
    options : ChangeOptions
    """
    outside = [
        {number for number, seen in side.items() if seen.seen_px < options.least_seen_px}
        for side in (before, after)
    ]
    lost = [
        {n for n, seen in side.items() if n not in out and seen.found_share < options.found_share}
        for side, out in zip((before, after), outside, strict=True)
    ]
    relations: dict[int, list[int]] = {}
    # Union by repeated relabelling: cracks of BEFORE bear negative labels, so that none is twice.
    label = {-n: -n for n in before if n not in outside[0] | lost[0]}
    label |= {n: n for n in after if n not in outside[1] | lost[1]}
    for (old, new), length in sorted(common.items()):
        smaller = min(before[old].seen_px, after[new].seen_px)
        if length < min(LINK_PX, LINK_SHARE * smaller):
            continue
        relations.setdefault(new, []).append(old)
        if -old in label and new in label and label[-old] != label[new]:
            away, kept = label[-old], label[new]
            label = {k: kept if v == away else v for k, v in label.items()}
    members: dict[int, list[int]] = {}
    for number, name in label.items():
        members.setdefault(name, []).append(number)
    groups = []
    for numbers in members.values():
        olds = tuple(sorted(-n for n in numbers if n < 0))
        news = tuple(sorted(n for n in numbers if n > 0))
        groups.append((olds, news))
    return Paired(
        tuple(sorted(lost[1])), tuple(sorted(lost[0])),
        tuple(sorted(outside[0])), tuple(sorted(outside[1])),
        tuple(groups), {new: tuple(sorted(olds)) for new, olds in relations.items()},
    )  # fmt: skip


def common_lengths(before: Lines, after: Lines, partners: Partners) -> dict[tuple[int, int], float]:
    """Length that each crack of BEFORE shares with each of AFTER, px of AFTER."""
    shared: dict[tuple[int, int], float] = {}
    use = np.flatnonzero(partners >= 0)
    pairs = np.column_stack([before.crack[partners[use]], after.crack[use]])
    for pair in np.unique(pairs, axis=0) if len(pairs) else []:
        own = (pairs == pair).all(axis=1)
        shared[int(pair[0]), int(pair[1])] = float(after.lengths[use[own]].sum())
    return shared
