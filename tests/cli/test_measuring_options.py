"""Options of measuring commands: what they turn into, and what is wrong use."""

from __future__ import annotations

import pytest

from cracknet.cli.measuring_options import class_choice, scale_options
from cracknet.errors import ArgumentError
from cracknet.measurement.scale import MarkerOptions, PointPair, ScaleOptions


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ((None, None, None, None), ScaleOptions()),
        ((0.2, None, None, None), ScaleOptions(mm_per_px=0.2)),
        ((None, "50:7:4X4_50", None, None), ScaleOptions(marker=MarkerOptions(50, 7, "4X4_50"))),
        (
            (None, None, "0,0,400,0,100", None),
            ScaleOptions(points=PointPair((0, 0), (400, 0), 100)),
        ),
        ((None, None, None, "1.5"), ScaleOptions(distance_m=1.5)),
        ((None, None, None, "EXIF"), ScaleOptions(distance_m="exif")),
    ],
)
def test_scale(words, expected):
    assert scale_options(*words) == expected


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((0.0, None, None, None), "positive"),
        ((float("nan"), None, None, None), "positive"),
        ((0.2, "50", None, None), "one source; got mm_per_px and marker"),
        ((None, "x", None, None), "SIDE_MM"),
        ((None, None, "1,2", None), "x1,y1,x2,y2,mm"),
        ((None, None, None, "far"), "--distance-m"),
    ],
)
def test_wrong_scale(words, said):
    with pytest.raises(ArgumentError, match=said):
        scale_options(*words)


def test_classes():
    assert class_choice(None, None, None) is None
    choice = class_choice("eurocode2", "xc3", None)
    assert (choice.table.title, choice.exposure, choice.judged) == ("Eurocode 2", "XC3", "p95")
    assert class_choice("eurocode2", "XC3", "max").judged == "max"
    assert class_choice("ltpp", None, None).judged == "mean"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((None, "dry", None), "go with --standard"),
        ((None, None, "max"), "go with --standard"),
        (("aci224r", None, None), "--exposure"),
        (("aci224r", "dry", "widest"), "--judge must be one of max, p95"),
        (("bs8110", "dry", None), "one of aci224r"),
    ],
)
def test_wrong_classes(words, said):
    with pytest.raises(ArgumentError, match=said):
        class_choice(*words)
