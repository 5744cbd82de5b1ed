"""One row of the comparison for each crack."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from cracknet.measurement.change.growth import Stretch
from cracknet.measurement.change.lines import Lines
from cracknet.measurement.change.matching import Partners
from cracknet.measurement.change.millimetres import Millimetres
from cracknet.measurement.change.options import ChangeOptions
from cracknet.measurement.change.pairing import Paired, Seen
from cracknet.measurement.change.pieces import flags_of, pieces_of
from cracknet.measurement.change.results import CrackChange, Piece, State
from cracknet.measurement.change.widening import Widening, compare_widths, width_remarks

THIN_PX = 1.5
"""A crack thinner than this in the other photograph may be there and not show."""

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Side:
    """One date: its points, and what of them is there at the other.

    `found` says which points are, `shown` which of these only the photograph shows; `stretches`
    are not; `tips` holds each tip's uncertainty, `seen` each crack's lengths.
    """

    lines: Lines
    found: Flags
    shown: Flags
    stretches: list[Stretch]
    tips: npt.NDArray[np.float64]
    seen: dict[int, Seen]

    def of(self, numbers: Iterable[int]) -> Flags:
        """Points of some cracks."""
        return np.isin(self.lines.crack, list(numbers))


@dataclass(frozen=True, eq=False)
class Rows:
    """What all rows are made of."""

    before: Side
    after: Side
    partners: Partners
    millimetres: Millimetres
    factor: float
    options: ChangeOptions

    def new(self, number: int, relations: tuple[int, ...]) -> CrackChange:
        """Return the row of a crack of AFTER that BEFORE does not show."""
        side, seen = self.after, self.after.seen[number]
        own = side.of([number])
        use = own & side.lines.seen
        width, width_mm = self._median_width(side.lines, use)
        remarks = []
        if relations:
            names = ", ".join(map(str, relations))
            remarks.append(f"grew out of crack {names} of BEFORE")
        if width / self.factor < THIN_PX:
            remarks.append(
                f"only {width / self.factor:.1f} px wide in BEFORE, where it may not have shown"
            )
        length_mm = self._length_mm(side.lines, use)
        return CrackChange(
            "new", (), (number,), 0.0, seen.seen_px, seen.found_share,
            grown_px=seen.seen_px, grown_mm=length_mm, width_after_px=width,
            width_after_mm=width_mm, seen_share=seen.seen_px / seen.whole_px,
            remark="; ".join(remarks),
            pieces=(*pieces_of(side.lines, use, "new"),
                    *pieces_of(side.lines, own & ~use, "outside")),
        )  # fmt: skip

    def gone(self, number: int) -> CrackChange:
        """Return the row of a crack of BEFORE that AFTER does not show."""
        side = self.before
        seen = side.seen[number]
        own = side.of([number])
        return self._gone(number, own, seen, "")

    def gone_branches(self, numbers: tuple[int, ...]) -> Iterable[CrackChange]:
        """Yield a row for each lost branch of cracks that are there otherwise."""
        side = self.before
        for number in numbers:
            branches = np.unique(side.lines.branch[side.of([number])])
            for branch in branches if len(branches) > 1 else []:
                own = side.lines.branch == branch
                seen = Seen(
                    *(
                        float(side.lines.lengths[own & flags].sum())
                        for flags in (own, side.lines.seen, side.found)
                    )
                )
                sure = any(s.sure and own[s.start] for s in side.stretches)
                enough = seen.seen_px >= self.options.least_seen_px
                if sure and enough and seen.found_share < self.options.found_share:
                    yield self._gone(number, own, seen, f"a branch of crack {number}")

    def _gone(self, number: int, own: Flags, seen: Seen, remark: str) -> CrackChange:
        side = self.before
        use = own & side.lines.seen
        width, width_mm = self._median_width(side.lines, use)
        remarks = [remark] if remark else []
        if width < THIN_PX:
            remarks.append(f"only {width:.1f} px wide in AFTER, where it may not show")
        return CrackChange(
            "no longer visible", (number,), (), seen.seen_px, 0.0, seen.found_share,
            width_before_px=width, width_before_mm=width_mm,
            seen_share=seen.seen_px / seen.whole_px, remark="; ".join(remarks),
            pieces=(*pieces_of(side.lines, use, "gone"),
                    *pieces_of(side.lines, own & ~use, "outside")),
        )  # fmt: skip

    def outside(self, number: int, *, in_after: bool) -> CrackChange:
        """Return the row of a crack that the other photograph does not show the place of."""
        side = self.after if in_after else self.before
        own, seen = side.of([number]), side.seen[number]
        width, width_mm = self._median_width(side.lines, own)
        return CrackChange(
            "outside",
            () if in_after else (number,),
            (number,) if in_after else (),
            0.0 if in_after else seen.whole_px,
            seen.whole_px if in_after else 0.0,
            width_before_px=None if in_after else width,
            width_after_px=width if in_after else None,
            width_before_mm=None if in_after else width_mm,
            width_after_mm=width_mm if in_after else None,
            seen_share=seen.seen_px / seen.whole_px if seen.whole_px else 0.0,
            pieces=tuple(pieces_of(side.lines, own, "outside")),
        )

    def both(self, olds: tuple[int, ...], news: tuple[int, ...], paired: Paired) -> CrackChange:
        """Return the row of a crack that is there at both dates."""
        options, here, there = self.options, self.after, self.before
        own, old = here.of(news), there.of(olds)
        grown = [s for s in here.stretches if own[s.start]]
        lost = [s for s in there.stretches if old[s.start]]
        wider = compare_widths(there.lines, here.lines, self.partners, own & here.found, options)
        sure = [s for s in grown if s.sure]
        as_whole = wider is not None and wider.judged(options) and wider.change_px > 0
        parts = self._wider_parts(own)
        is_wider = as_whole or bool(parts)
        state: State = "unchanged"
        if sure:
            state = "grown and widened" if is_wider else "grown"
        elif is_wider:
            state = "widened"
        lengths = (
            sum(there.seen[number].seen_px for number in olds),
            sum(here.seen[number].seen_px for number in news),
        )
        length, sigma = self._length_change(grown, lost, own, old)
        mm = [self._stretch_mm(side.lines, part) for side, part in ((here, grown), (there, lost))]
        length_mm = None if mm[0] is None or mm[1] is None else mm[0] - mm[1]
        uncertain = self.millimetres.uncertainty
        names = sorted({*olds, *(n for new in news for n in paired.relations.get(new, ()))})
        used = own & here.lines.seen
        result = CrackChange(
            state,
            tuple(names),
            news,
            *lengths,
            found_share=self._found_share(own, old),
            length_change_px=length,
            length_change_sigma_px=sigma,
            grown_px=sum(s.length_px for s in sure),
            grown_mm=self._stretch_mm(here.lines, sure),
            length_change_mm=length_mm,
            length_change_sigma_mm=self._sigma_mm(sigma, length_mm, used, uncertain),
            widened_px=self._widened_px(wider, parts, as_whole=as_whole),
            seen_share=_ratio(here.lines.lengths[used], here.lines.lengths[own]),
            remark="; ".join(self._remarks(own, old, wider, parts, lost, as_whole=as_whole)),
            pieces=tuple(self._drawn(own, old, sure, lost, wider, parts, as_whole=as_whole)),
        )
        # Of several parts, some of which have widened, those tell more than the whole.
        told = wider if as_whole or not parts else max(parts, key=lambda part: part.length_px)
        return result if told is None else self._with_widths(result, told, uncertain)

    def _found_share(self, own: Flags, old: Flags) -> float:
        side, flags = (self.after, own) if own.any() else (self.before, old)
        lengths = side.lines.lengths
        return _ratio(lengths[flags & side.found], lengths[flags & side.lines.seen])

    def _wider_parts(self, own: Flags) -> list[Widening]:
        """Branches that have widened by themselves; of a crack of one branch, none."""
        lines = self.after.lines
        numbers = np.unique(lines.branch[own])
        if len(numbers) < 2:
            return []
        parts = []
        for number in numbers:
            part = compare_widths(
                self.before.lines,
                lines,
                self.partners,
                (lines.branch == number) & self.after.found,
                self.options,
            )
            if part is not None and part.stands_out():
                parts.append(part)
        return parts

    def _widened_px(
        self, wider: Widening | None, parts: list[Widening], *, as_whole: bool
    ) -> float:
        if as_whole and wider is not None:
            return wider.length_px
        return sum(part.length_px for part in parts)

    def _length_change(
        self, grown: list[Stretch], lost: list[Stretch], own: Flags, old: Flags
    ) -> tuple[float, float]:
        """Net length, and its uncertainty: that of all free ends in the common view."""
        square = 0.0
        for side, flags in ((self.after, own), (self.before, old)):
            ends = np.column_stack([side.lines.starts[:-1], side.lines.starts[1:] - 1])
            use = flags[ends] & side.lines.seen[ends]
            square += float((side.tips[use] ** 2).sum())
        stretches = [*grown, *lost]
        square = max(square, sum(s.sigma_px**2 for s in stretches))
        net = sum(s.length_px for s in grown) - sum(s.length_px for s in lost)
        return net, math.sqrt(square)

    def _with_widths(self, row: CrackChange, wider: Widening, uncertain: float) -> CrackChange:
        row = replace(
            row,
            width_before_px=wider.before_px,
            width_after_px=wider.after_px,
            width_change_px=wider.change_px,
            width_change_sigma_px=wider.sigma_px,
            compared_px=wider.length_px,
        )
        if self.millimetres.scale is None:
            return row
        factors = self._across(wider)
        factor = float(np.median(factors))
        change = float(np.median(wider.differences_px * factors))
        return replace(
            row,
            width_before_mm=wider.before_px * factor,
            width_after_mm=wider.after_px * factor,
            width_change_mm=change,
            width_change_sigma_mm=math.hypot(wider.sigma_px * factor, change * uncertain),
        )

    def _across(self, wider: Widening) -> npt.NDArray[np.float64]:
        lines = self.after.lines
        return self.millimetres.across(lines.points[wider.index], lines.along[wider.index])

    def _remarks(
        self,
        own: Flags,
        old: Flags,
        wider: Widening | None,
        parts: list[Widening],
        lost: list[Stretch],
        *,
        as_whole: bool,
    ) -> list[str]:
        remarks = width_remarks(wider, parts, self.options, as_whole=as_whole)
        for side, flags, name in ((self.after, own, "BEFORE"), (self.before, old, "AFTER")):
            length = float(side.lines.lengths[flags & side.shown].sum())
            if length > self.options.least_length_px:
                remarks.append(f"{name} shows {length:.0f} px of it that were not found there")
        if gone := sum(s.length_px for s in lost if s.sure):
            remarks.append(f"{gone:.0f} px of it are no longer found")
        return remarks

    def _drawn(
        self,
        own: Flags,
        old: Flags,
        sure: list[Stretch],
        lost: list[Stretch],
        wider: Widening | None,
        parts: list[Widening],
        *,
        as_whole: bool,
    ) -> Iterable[Piece]:
        lines = self.after.lines
        grown = flags_of(len(lines), sure)
        orange = np.zeros(len(lines), bool)
        told: list[tuple[Widening, Flags]] = []
        if as_whole and wider is not None:
            told = [(wider, own & self.after.found)]
        else:
            for part in parts:
                number = lines.branch[part.index[0]]
                told.append((part, (lines.branch == number) & self.after.found))
        for part, flags in told:
            mm = None
            if self.millimetres.scale is not None:
                mm = float(np.median(part.differences_px * self._across(part)))
            orange |= flags
            for piece in pieces_of(lines, flags & ~grown, "widened"):
                yield replace(piece, change_px=part.change_px, change_mm=mm)
        yield from pieces_of(lines, own & ~lines.seen, "outside")
        yield from pieces_of(lines, own & lines.seen & ~grown & ~orange, "matched")
        yield from pieces_of(lines, grown, "grown")
        if not own.any():
            yield from pieces_of(self.before.lines, old & self.before.found, "matched")
        gone = flags_of(len(self.before.lines), [s for s in lost if s.sure])
        yield from pieces_of(self.before.lines, gone & old, "lost")

    def _median_width(self, lines: Lines, use: Flags) -> tuple[float, float | None]:
        width = float(np.median(lines.widths[use]))
        if self.millimetres.scale is None:
            return width, None
        factors = self.millimetres.across(lines.points[use], lines.along[use])
        return width, float(np.median(lines.widths[use] * factors))

    def _length_mm(self, lines: Lines, use: Flags) -> float | None:
        if self.millimetres.scale is None:
            return None
        factors = self.millimetres.along(lines.points[use], lines.along[use])
        return float((factors * lines.lengths[use]).sum())

    def _stretch_mm(self, lines: Lines, stretches: list[Stretch]) -> float | None:
        return self._length_mm(lines, flags_of(len(lines), stretches))

    def _sigma_mm(
        self, sigma_px: float, change_mm: float | None, use: Flags, uncertain: float
    ) -> float | None:
        if change_mm is None or not use.any():
            return None
        lines = self.after.lines
        factor = float(np.median(self.millimetres.along(lines.points[use], lines.along[use])))
        return math.hypot(sigma_px * factor, change_mm * uncertain)


def _ratio(part: npt.NDArray[np.float64], whole: npt.NDArray[np.float64]) -> float:
    total = float(whole.sum())
    return min(1.0, float(part.sum()) / total) if total else 0.0
