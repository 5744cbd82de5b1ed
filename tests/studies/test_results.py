"""Verdicts and words: what is said of numbers."""

from __future__ import annotations

import csv

import pytest

from cracknet.studies.report import border_words, general_words
from cracknet.studies.results import hours_of, verdict


def scores(right, marked, crack, pixels=1000):
    return {
        "true_positive": right,
        "false_positive": marked - right,
        "pixels": pixels,
        "crack_share": crack / pixels,
        "f1": 2 * right / (marked + crack) if crack else None,
    }


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        ((0, 0, 50), "not converged: it predicts nothing"),
        ((50, 1000, 50), "not converged: it marks 100% of all pixels"),
        ((49, 900, 50), "not converged: it marks 90% of all pixels"),
        ((1, 100, 50), "not converged: its F1 is below that of marking every pixel"),
        ((40, 50, 50), None),
        ((0, 10, 0), None),
    ],
)
def test_verdict(counts, said):
    assert verdict(scores(*counts)) == said


def write_seconds(folder, seconds):
    with (folder / "training.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["step", "seconds"])
        writer.writerows(enumerate(seconds))


@pytest.mark.parametrize(
    ("seconds", "hours"),
    [([], 0), ([3600], 1), ([1800, 3600, 900, 1800], 1.5), ([3600, 3600], 1)],
)
def test_hours_add_up_over_calls(tmp_path, seconds, hours):
    write_seconds(tmp_path, seconds)
    assert hours_of(tmp_path) == hours


def test_hours_of_no_run(tmp_path):
    assert hours_of(tmp_path) == 0


def content(band=(0.8, 0.7), edge=(0.6, 0.5), bad=None):
    names = ("cracknet", "cracknet-no-skips")
    return {
        "borders": {
            name: {"band": {"f1": b}, "boundary": {"1px": {"f1": e}}}
            for name, b, e in zip(names, band, edge, strict=True)
        },
        "nets": {name: {"test": {"verdict": "not converged" if name == bad else None}}
                 for name in (*names, "fcn-8s")},
        "test_set": "walls test",
        "generalisation": {"walls test": {"nets": {}}},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "both support the claim"),
        ({"band": (0.7, 0.8), "edge": (0.5, 0.6)}, "neither supports the claim"),
        ({"edge": (0.5, 0.6)}, "does not decide"),
        ({"bad": "cracknet"}, "Not decided: CrackNet has not converged"),
        ({"bad": "cracknet-no-skips"}, "Not decided: CrackNet without skips"),
    ],
)
def test_the_claim_on_skips(changes, said):
    assert said in border_words(content(**changes))


def test_the_gain_is_told_with_its_sign():
    assert "band is +0.1000 and boundary F1 within 1 px -0.1000" in border_words(
        content(edge=(0.5, 0.6))
    )


def test_the_claim_on_generalisation():
    found = content()
    assert "--other" in general_words(found)
    for name, ours, theirs in (("a", 0.5, 0.4), ("b", 0.2, 0.3), ("c", 0.3, None)):
        nets = {"cracknet": {"f1": ours}, "fcn-8s": {"f1": theirs}}
        found["generalisation"][name] = {"nets": nets}
    said = general_words(found)
    assert "On 2 of the 3 other sets CrackNet has the best F1" in said
    assert "decides nothing" not in said
    found["nets"]["fcn-8s"]["test"]["verdict"] = "not converged"
    assert "But it decides nothing, for these have not converged: FCN-8s" in general_words(found)
    del found["nets"]["fcn-8s"]
    assert "did not train CrackNet and an FCN" in general_words(found)
