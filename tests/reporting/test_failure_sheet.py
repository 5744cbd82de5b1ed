from __future__ import annotations

import base64
import re
from dataclasses import dataclass, replace

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cracknet.errors import ArgumentError, DatasetError, OutputError
from cracknet.reporting.failure_pictures import (
    COLOURS_BGR,
    SHOWN_PX,
    paint_kinds,
    shrink,
    shrink_most,
    worst_window,
)
from cracknet.reporting.failure_sheet import failure_sheet
from cracknet.reporting.pages import webp_of
from cracknet.scoring.scorer import Scorer
from cracknet.scoring.worst import kinds_of_pixels, rank_worst

SHAPE = (60, 90)


@dataclass
class Wall:
    """A photograph with its mask, in memory; counts how often it is read."""

    stem: str
    gray: np.ndarray
    truth: np.ndarray
    reads: int = 0

    def read(self):
        self.reads += 1
        return self.gray, self.truth

    def read_mask(self):
        return self.truth


def line(*rows, shape=SHAPE):
    mask = np.zeros(shape, bool)
    mask[list(rows)] = True
    return mask


@pytest.fixture
def sheet():
    """Return a function: (stem, prediction, truth)... in; HTML and the walls out."""

    def make(*photographs, count=20, predictions=None):
        scorer = Scorer(0.5)
        walls, given = [], {}
        for stem, mask, truth in photographs:
            gray = np.full(truth.shape, 120, np.uint8)
            walls.append(Wall(stem, gray, truth))
            given[stem] = mask.astype(np.float32)
            scorer.add(given[stem], truth, stem=stem)
        given |= predictions or {}
        scores = scorer.result()
        ranked = rank_worst(scores, count)
        page = failure_sheet(scores, ranked, walls, lambda wall, _: given[wall.stem], "lite on w")
        return page, walls

    return make


def pictures(page):
    """Return alt text and pixels of each picture of a page."""
    found = re.findall(r'<img src="data:image/webp;base64,([^"]+)" alt="([^"]+)"', page)
    assert len(found) == page.count("<img")
    codes = [(alt, np.frombuffer(base64.b64decode(code), np.uint8)) for code, alt in found]
    return [(alt, cv2.imdecode(code, cv2.IMREAD_COLOR)) for alt, code in codes]


def test_a_page_that_needs_nothing_beside_it(sheet):
    page, walls = sheet(
        ("a<b>", line(5, 30, 31), line(5)),
        ("missed", line(), line(9)),
        ("right", line(9), line(9)),
    )
    assert not re.search(r"(?:src|href|url)\s*[=(]\s*[\"']?(?:http|//)|@import|<script", page)
    assert "a&lt;b&gt;: 180 px of false alarms, 100.0 % of the set" in page
    assert "missed: 90 px of misses, 100.0 % of the set" in page
    assert "The worst of 3 photographs, masks cut at 0.5" in page
    assert [wall.reads for wall in walls] == [1, 1, 0]
    names = [alt for alt, _ in pictures(page)]
    assert names[4:] == [
        "missed: photograph",
        "missed: truth",
        "missed: prediction: probability",
        "missed: hits, false alarms, misses",
    ]


def test_pictures_show_what_they_say(sheet):
    page, _ = sheet(("a", line(*range(10, 20), *range(40, 50)), line(*range(10, 20))))
    photo, truth, prediction, colours = [picture for _, picture in pictures(page)]
    assert photo.shape == (*SHAPE, 3)
    assert np.abs(photo.astype(int) - 120).max() <= 2
    assert (truth[10:20] == 255).all()
    assert (truth[20:] == 0).all()
    assert prediction[42:48].min() > 240
    assert prediction[22:38].max() < 15
    near = np.abs(colours[42:48, 10:80].astype(int) - COLOURS_BGR["gross_alarms"])
    assert near.mean() < 12
    assert np.abs(colours[12:18, 10:80].astype(int) - COLOURS_BGR["hits"]).mean() < 12


def test_a_photograph_in_both_lists_is_read_once_and_shown_in_both(sheet):
    page, walls = sheet(("both", line(30), line(9)))
    assert walls[0].reads == 1
    assert page.count('class="photo"') == 2
    assert "both: 90 px of false alarms" in page
    assert "both: 90 px of misses" in page


def test_only_the_worst_are_read(sheet):
    photographs = [(f"p{k}", line(*range(20, 20 + k)), line(3)) for k in range(1, 8)]
    _, walls = sheet(*photographs, count=2)
    # most false alarms: p7, p6; misses are equal, so by name: p1, p2
    assert [wall.stem for wall in walls if wall.reads] == ["p1", "p2", "p6", "p7"]


def test_nothing_wrong(sheet):
    page, _ = sheet(("right", line(9), line(9)))
    assert "<img" not in page
    assert "No photograph has false alarms further than 2 px off." in page


def test_without_crack_undefined_scores_are_left_out(sheet):
    page, _ = sheet(("clean", line(4), line()))
    assert "background called crack" in page
    assert "recall" not in page
    assert "None" not in page


def test_large_photographs_show_the_worst_place_at_their_own_resolution(sheet):
    shape = (900, 2000)
    mask, truth = np.zeros(shape, bool), np.zeros(shape, bool)
    truth[100:103, 100:200] = True
    mask[100:103, 100:200] = True
    mask[700:703, 1500:1600] = True
    page, _ = sheet(("wide", mask, truth))
    shown = dict(pictures(page))
    assert shown["wide: photograph"].shape == (288, SHOWN_PX, 3)
    (place,) = [alt for alt in shown if alt.endswith("in colour")]
    assert shown[place].shape == (SHOWN_PX, SHOWN_PX, 3)
    left, top = map(int, re.search(r"x (\d+), y (\d+)", place).groups())
    patch = shown[place][700 - top : 703 - top, 1510 - left : 1590 - left].astype(int)
    assert np.abs(patch - COLOURS_BGR["gross_alarms"]).mean() < 25


def test_progress_counts_photographs(sheet):
    scorer = Scorer(0.5)
    walls = [Wall(f"p{k}", np.zeros(SHAPE, np.uint8), line(5)) for k in range(3)]
    for wall in walls:
        scorer.add(line().astype(np.float32), wall.truth, stem=wall.stem)
    scores, done = scorer.result(), []
    failure_sheet(
        scores,
        rank_worst(scores, 2),
        walls,
        lambda *_: line().astype(np.float32),
        "t",
        lambda *step: done.append(step),
    )
    assert done == [(1, 2), (2, 2)]


def test_photographs_that_changed_or_are_not_given(sheet):
    with pytest.raises(DatasetError, match="'a' or its prediction has changed"):
        sheet(("a", line(), line(9)), predictions={"a": np.zeros((5, 5), np.float32)})
    scorer = Scorer(0.5)
    scorer.add(line().astype(np.float32), line(9), stem="a")
    scores = scorer.result()
    with pytest.raises(ArgumentError, match="'a' is not among those given"):
        failure_sheet(scores, rank_worst(scores, 1), [], lambda *_: line(), "t")


@pytest.mark.parametrize("shape", [(1, 1), (1, 2000), (2000, 1), (640, 640), (641, 640)])
@pytest.mark.parametrize("value", [False, True])
def test_shrinking_keeps_what_is_there(shape, value):
    mask = np.full(shape, value)
    small = shrink_most(mask)
    assert small.shape == shrink(np.zeros(shape, np.uint8)).shape
    assert max(small.shape) == min(max(shape), SHOWN_PX)
    assert (small == 255 * value).all()


@settings(max_examples=40, deadline=None)
@given(
    st.integers(1, 300), st.integers(1, 300), st.integers(1, 60), st.randoms(use_true_random=False)
)
def test_one_wrong_pixel_stays_in_sight_however_small_the_picture(height, width, longest, random):
    wrong = np.zeros((height, width), bool)
    wrong[random.randrange(height), random.randrange(width)] = True
    assert (shrink_most(wrong, longest) == 255).any()
    kinds = kinds_of_pixels(wrong, np.zeros_like(wrong))
    picture = paint_kinds(np.zeros((height, width), np.uint8), kinds, longest)
    assert (picture == COLOURS_BGR["gross_alarms"]).all(axis=2).any()


def test_gross_errors_are_painted_over_hits():
    mask, truth = np.zeros((8, 8), bool), np.zeros((8, 8), bool)
    mask[:4] = truth[:4] = True
    mask[7] = True
    picture = paint_kinds(np.zeros((8, 8), np.uint8), kinds_of_pixels(mask, truth), 1)
    assert picture.tolist() == [[list(COLOURS_BGR["gross_alarms"])]]


def test_painting_of_another_size():
    kinds = kinds_of_pixels(line(), line())
    with pytest.raises(ArgumentError, match=r"\(3, 3\)"):
        paint_kinds(np.zeros((3, 3), np.uint8), kinds)


@pytest.mark.parametrize("at", [(0, 0), (1999, 2999), (1000, 1700), (3, 2990)])
def test_the_window_holds_the_error_and_lies_within(at):
    errors = np.zeros((2000, 3000), bool)
    errors[at] = True
    window = worst_window(errors)
    assert window.height == window.width == SHOWN_PX
    assert window.cut(errors).shape == (SHOWN_PX, SHOWN_PX)
    assert window.cut(errors).any()


def test_the_window_of_a_small_or_narrow_photograph():
    errors = np.ones((5, 2000), bool)
    window = worst_window(errors)
    assert (window.top, window.height, window.width) == (0, 5, SHOWN_PX)
    assert replace(window, left=0).cut(errors).all()


def test_a_picture_too_large_for_webp():
    with pytest.raises(OutputError, match="20000x1"):
        webp_of(np.zeros((1, 20000), np.uint8))
