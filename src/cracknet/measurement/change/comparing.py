"""The comparison of two dates, from photographs and measurements to what has changed."""

from __future__ import annotations

import numpy as np

from cracknet.measurement.change.evidence import mark_shown
from cracknet.measurement.change.growth import missing_stretches, tip_sigmas
from cracknet.measurement.change.lines import crack_area, lines_of
from cracknet.measurement.change.matching import find_partners, reach_px, settle
from cracknet.measurement.change.millimetres import choose_scale
from cracknet.measurement.change.options import ChangeOptions
from cracknet.measurement.change.pairing import common_lengths, lengths_of, pair_cracks
from cracknet.measurement.change.registration import Registration, register
from cracknet.measurement.change.results import STATES, Change, Dated
from cracknet.measurement.change.rows import Rows, Side
from cracknet.measurement.results import Points

DEFAULTS = ChangeOptions()


def compare(before: Dated, after: Dated, options: ChangeOptions = DEFAULTS) -> Change:
    """Say what has become of each crack between two dates.

    The photographs are laid over each other (`register`), the centrelines and widths of BEFORE
    are mapped into AFTER's frame, and each point is looked for at the other date. A crack is

    - *new* where less than `found_share` of its length is found in BEFORE, neither among its
      cracks nor as a dark line in the photograph,
    - *no longer visible* where less than that of it, or of one of its branches, is so in AFTER,
    - *grown* where a stretch is new that is longer than its uncertainty allows by chance,
    - *widened* where the median width difference over the points found at both dates is beyond
      `sigmas` standard uncertainties and `least_width_px`,
    - *outside* where the common view holds hardly any of it, and else *unchanged*.

    Parameters
    ----------
    before, after : Dated
    options : ChangeOptions

    Returns
    -------
    Change

    Raises
    ------
    RegistrationError
        When the photographs cannot be laid over each other.
    """
    registration = register(
        before.gray,
        after.gray,
        cracks_before=crack_area(before.measurement),
        cracks_after=crack_area(after.measurement),
        options=options.registration,
    )
    return compare_registered(before, after, registration, options)


def compare_registered(
    before: Dated, after: Dated, registration: Registration, options: ChangeOptions = DEFAULTS
) -> Change:
    """Do what `compare` does, with a registration that is known already."""
    margin = options.margin_px
    old = lines_of(before.measurement, registration, margin, mapped=True)
    new = lines_of(after.measurement, registration, margin, mapped=False)
    partners, backward = find_partners(new, old, options), find_partners(old, new, options)
    reach = reach_px(new, old, options), reach_px(old, new, options)
    settled = settle(new, partners, reach[0], options), settle(old, backward, reach[1], options)
    tips = tuple(tip_sigmas(lines, registration.factor, options) for lines in (new, old))
    factor = registration.factor
    sides = []
    for own, other, found, near, ends, dates in (
        (new, old, settled[0], reach[0], tips, (after, before)),
        (old, new, settled[1], reach[1], tips[::-1], (before, after)),
    ):
        missing = [
            (stretch.start, stretch.stop)
            for stretch in missing_stretches(own, found, other, near, ends[0], ends[1], options)
        ]
        back = registration.to_before(own.points)
        views = (own.points, back) if own is new else (back, own.points)
        shown = mark_shown(
            own, found, missing, (dates[0].gray, views[0]), (dates[1].gray, views[1]),
            1 / factor if own is new else factor,
        )  # fmt: skip
        sides.append(
            Side(
                own, shown, shown & ~found,
                missing_stretches(own, shown, other, near, ends[0], ends[1], options), ends[0],
                lengths_of(dates[0].measurement, own, shown),
            )
        )  # fmt: skip
    here, there = sides
    middle = _middle(registration, margin)
    scale = choose_scale(before.measurement.scale, after.measurement.scale, registration, middle)
    rows = Rows(there, here, partners, scale, registration.factor, options)
    paired = pair_cracks(there.seen, here.seen, common_lengths(old, new, partners), options)
    cracks = [
        *(rows.new(number, paired.relations.get(number, ())) for number in paired.new),
        *(rows.both(*group, paired) for group in paired.groups),
        *(rows.gone(number) for number in paired.gone),
        *(row for olds, _ in paired.groups for row in rows.gone_branches(olds)),
        *(rows.outside(number, in_after=False) for number in paired.outside_before),
        *(rows.outside(number, in_after=True) for number in paired.outside_after),
    ]
    cracks.sort(key=lambda c: (STATES.index(c.state), -max(c.length_after_px, c.length_before_px)))
    notes = list(scale.notes)
    for name, measurement in (("BEFORE", before.measurement), ("AFTER", after.measurement)):
        if not measurement.cracks:
            notes.append(f"{name} has no cracks.")
    mm_per_px = None
    if scale.scale is not None:
        way = np.tile([[1.0, 0.0]], (len(middle), 1))
        mm_per_px = float(np.median(scale.along(middle, way)))
    return Change(
        before.name, after.name, registration, tuple(cracks), mm_per_px,
        "" if scale.scale is None else scale.scale.source, tuple(notes),
    )  # fmt: skip


def _middle(registration: Registration, margin_px: float) -> Points:
    """Points of AFTER all over the common view, (K, 2)."""
    height, width = registration.after_shape
    across, down = np.meshgrid(np.linspace(0, width - 1, 21), np.linspace(0, height - 1, 21))
    grid = np.column_stack([across.ravel(), down.ravel()])
    return grid[registration.common(grid, margin_px)]
