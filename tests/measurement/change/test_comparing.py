from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

from cracknet.errors import ArgumentError
from cracknet.measurement.change import (
    STATES,
    ChangeOptions,
    Dated,
    RegistrationError,
    compare,
    compare_registered,
    register,
)
from cracknet.measurement.scale import Scale
from cracknet.synthesis import CrackPath, straight_path
from cracknet.synthesis.views import path_through

LONG = straight_path((60, 150), (560, 190), 8, 0.75)
SHORTER = straight_path((60, 150), (500, 185.2), 8, 0.75)
WIDER = straight_path((60, 150), (560, 190), 11, 0.75)
OTHER = straight_path((150, 560), (620, 420), 7, 0.75)
DIAGONAL = straight_path((80, 520), (280, 300), 6, 0.75)


@pytest.fixture(scope="module")
def registration(wall):
    return register(wall(0, cracks=(LONG, OTHER)), wall(1, cracks=(LONG, OTHER)))


@pytest.fixture
def run(dated, registration):
    """Compare cracks straight on with cracks at 30 degrees; the registration is shared."""

    def compared(old, new, options=None, **scales):
        dates = (
            dated(old, 0, scale=scales.get("before")),
            dated(new, 1, scale=scales.get("after")),
        )
        return compare_registered(*dates, registration, options or ChangeOptions())

    return compared


def only(change):
    (crack,) = change.cracks
    return crack


def test_the_whole_of_it(dated):
    change = compare(dated([SHORTER, OTHER, DIAGONAL]), dated([LONG, OTHER], 1))
    states = {crack.state: crack for crack in change.cracks}
    assert set(states) == {"grown", "unchanged", "no longer visible"}
    assert [c.state for c in change.cracks] == sorted(states, key=STATES.index)
    assert states["no longer visible"].before == (3,)
    assert change.changed
    assert change.counts["grown"] == 1
    assert change.counts["new"] == 0
    assert change.mm_per_px is None
    assert "px of AFTER" in change.notes[0]


def test_the_same_cracks_seen_twice_are_unchanged(run):
    change = run([LONG, OTHER], [LONG, OTHER])
    assert [crack.state for crack in change.cracks] == ["unchanged"] * 2
    assert not change.changed
    for crack in change.cracks:
        assert abs(crack.width_change_px) < 0.05
        assert abs(crack.length_change_px) < 1
        assert crack.found_share > 0.98
        assert crack.before == crack.after


def test_growth_in_length(run, views):
    crack = only(run([SHORTER], [LONG]))
    assert crack.state == "grown"
    added = straight_path(SHORTER.points_px[1], LONG.points_px[1], 8)
    truth = path_through(added, views[1]).length_px
    assert crack.length_change_px == pytest.approx(truth, abs=1)
    assert crack.grown_px == pytest.approx(crack.length_change_px)
    assert 1 < crack.length_change_sigma_px < 5
    pieces = {piece.kind for piece in crack.pieces}
    assert pieces == {"matched", "grown"}


def test_growth_in_width(run, views):
    crack = only(run([LONG], [WIDER]))
    assert crack.state == "widened"
    assert crack.width_change_px == pytest.approx(1.55, abs=0.15)
    assert crack.width_change_sigma_px < 0.2
    assert abs(crack.width_after_px - crack.width_before_px - crack.width_change_px) < 0.05


def test_both(run):
    thin = CrackPath(SHORTER.points_px, SHORTER.widths_px - 3, 0.75)
    assert only(run([thin], [LONG])).state == "grown and widened"


def test_narrower_and_shorter_are_remarked(run):
    crack = only(run([WIDER], [SHORTER]))
    assert crack.state == "unchanged"
    assert "narrower" in crack.remark
    assert "no longer found" in crack.remark
    assert crack.length_change_px < -20


def test_a_new_crack_and_one_gone(run):
    assert [c.state for c in run([LONG], [LONG, OTHER]).cracks] == ["new", "unchanged"]
    crack = run([LONG, OTHER], [LONG]).cracks[1]
    assert (crack.state, crack.before, crack.after) == ("no longer visible", (2,), ())
    assert crack.pieces[0].kind == "gone"


def test_what_the_photograph_shows_is_not_new(dated, measured, wall, registration):
    # BEFORE's photograph shows both cracks, but only one of them was found.
    shown = Dated(measured([LONG]), wall(0, 0, (LONG, OTHER)))
    change = compare_registered(shown, dated([LONG, OTHER], 1), registration)
    assert [c.state for c in change.cracks] == ["unchanged"] * 2
    (crack,) = [c for c in change.cracks if not c.before]
    assert "BEFORE shows" in crack.remark
    back = compare_registered(
        dated([LONG, OTHER], 0),
        Dated(measured([LONG], 1), wall(1, 0, (LONG, OTHER))),
        registration,
    )
    assert not back.changed
    assert any("AFTER shows" in c.remark and not c.after for c in back.cracks)


def test_outside_of_the_common_view_is_not_gone(dated, measured, wall, registration):
    # The slanted view does not show the outermost left of the wall.
    edge = straight_path((2, 100), (6, 500), 5, 0.75)
    change = compare_registered(dated([LONG, edge]), dated([LONG], 1), registration)
    states = sorted(c.state for c in change.cracks)
    assert "no longer visible" not in states
    assert states == ["outside", "unchanged"]


def test_a_crossing_crack_does_not_count_as_found(run):
    across = straight_path((300, 20), (340, 420), 8, 0.75)
    change = run([LONG], [LONG, across])
    assert {c.after: c.state for c in change.cracks}[2,] == "new"


def test_a_gap_is_bridged(run):
    halves = [
        straight_path((60, 150), (300, 169.2), 8, 0.75),
        straight_path((316, 170.5), (560, 190), 8, 0.75),
    ]
    crack = only(run(halves, [LONG]))
    assert crack.state == "unchanged"
    assert crack.before == (1, 2)


@pytest.mark.parametrize("count", [0, 1])
def test_no_cracks(run, count):
    change = run([], [LONG] * count)
    assert [c.state for c in change.cracks] == ["new"] * count
    assert "BEFORE has no cracks." in change.notes
    assert not run([], []).cracks


def test_millimetres_by_either_scale(run):
    after = only(run([LONG], [WIDER], after=Scale(0.2, "given", "given", 0.01)))
    assert after.width_change_mm == pytest.approx(after.width_change_px * 0.2, rel=1e-6)
    sigma = math.hypot(after.width_change_sigma_px * 0.2, after.width_change_mm * 0.01)
    assert after.width_change_sigma_mm == pytest.approx(sigma)
    # By BEFORE's scale, which sees the wall straight on, the truth is 3 px of the wall: 1.5 px.
    before = run([LONG], [WIDER], before=Scale(0.2, "given", "given"))
    assert only(before).width_change_mm == pytest.approx(0.3, abs=0.01)
    assert any("scale of BEFORE" in note for note in before.notes)
    assert any("unknown" in note for note in before.notes)
    grown = only(run([SHORTER], [LONG], before=Scale(0.2, "given", "given")))
    assert grown.length_change_mm == pytest.approx(6.02, abs=0.3)
    assert grown.grown_mm == pytest.approx(grown.length_change_mm, abs=0.1)


def test_two_scales_are_checked(run, registration):
    factor = float(np.median([registration.factor]))
    agree = run(
        [LONG], [LONG], before=Scale(0.2, "given", "", 0.1),
        after=Scale(0.2 / factor, "given", "", 0.1),
    )  # fmt: skip
    assert any("scales agree" in note for note in agree.notes)
    differ = run(
        [LONG], [WIDER], before=Scale(0.4, "given", "", 0.01), after=Scale(0.2, "given", "", 0.01)
    )
    assert any("scales disagree" in note for note in differ.notes)
    crack = only(differ)
    # Half of what parts them goes into the uncertainty.
    assert crack.width_change_sigma_mm > 0.25 * crack.width_change_mm


def test_a_slanted_scale_gives_widths_at_right_angles(run, views):
    # AFTER's own homography to the wall's millimetres: 0.1 mm for a pixel of the wall.
    to_mm = np.diag([0.1, 0.1, 1]) @ np.linalg.inv(views[1])
    scale = Scale(0.2, "marker", "marker 1", 0.0, to_mm)
    crack = only(run([LONG], [WIDER], after=scale))
    assert crack.width_change_mm == pytest.approx(0.3, abs=0.005)
    assert crack.width_after_mm == pytest.approx(1.1, abs=0.01)


def test_too_thin_to_resolve_is_not_judged(dated, registration):
    change = compare_registered(
        dated([LONG], 0, resolved=False), dated([WIDER], 1, resolved=False), registration
    )
    assert only(change).state == "unchanged"
    assert "not judged" in only(change).remark


def test_what_only_the_later_photograph_resolves_has_widened_at_least_so_much(dated, registration):
    dates = dated([LONG], 0, resolved=False), dated([WIDER], 1)
    crack = only(compare_registered(*dates, registration))
    assert crack.state == "widened"
    assert "at least" in crack.remark


def test_a_thin_new_crack_may_have_been_there(run):
    hair = straight_path((150, 560), (620, 420), 2, 0.75)
    crack = run([LONG], [LONG, hair]).cracks[0]
    assert crack.state == "new"
    assert "may not have shown" in crack.remark


def test_different_places(dated):
    options = ChangeOptions()
    options = dataclasses.replace(
        options, registration=dataclasses.replace(options.registration, try_slanted=False)
    )
    with pytest.raises(RegistrationError):
        compare(dated([LONG]), dated([LONG], seed=1), options)


def test_a_photograph_of_another_size(measured, wall):
    with pytest.raises(ArgumentError, match="one size"):
        Dated(measured([LONG]), wall(0)[:100], "wall.png")
    with pytest.raises(ArgumentError, match="gray"):
        Dated(measured([LONG]), np.zeros((320, 380, 3), np.uint8))


@pytest.mark.parametrize(
    "change", [{"tolerance_px": -1}, {"found_share": 1.2}, {"sigmas": math.nan}]
)
def test_options_out_of_range(change):
    with pytest.raises(ArgumentError, match=next(iter(change))):
        ChangeOptions(**change)
