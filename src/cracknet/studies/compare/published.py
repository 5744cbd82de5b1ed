"""What each system's authors said of it, and why ours need not say the same."""

from __future__ import annotations

PUBLISHED: dict[str, tuple[str, str]] = {
    "edges": (
        "Dorafshan et al. 2018: 53 to 79 % of cracked pixels found, with residual noise in the "
        "final binary images (abstract); the best finds cracks wider than 0.1 mm (abstract, and "
        "the CrackNet paper, section 2).",
        "Their photographs have one known scale; ours are of many sources without one, so widths "
        "are in px on rendered walls. k is chosen here by F1 over all photographs, which buys "
        "precision with recall.",
    ),
    "alexnet": (
        "Dorafshan et al. 2018: 99 % of tiles right; transferred, 86 % of cracked tiles and cracks "
        "wider than 0.04 mm, fully trained 0.08 mm, as the CrackNet paper (section 2) cites them.",
        "They count tiles; the table counts pixels, and a tile holds far more than its crack. Ours "
        "is smaller and learned from fewer tiles, without ImageNet.",
    ),
    "hybrid": (
        "Dorafshan et al. 2018: edge detection inside tiles called crack cuts noise 24-fold "
        "(abstract).",
        "Nearly every photograph here shows a crack, so fewer tiles fall away than on concrete "
        "that is mostly sound.",
    ),
    "two-scans": (
        "Kim and Cho 2018: two scans that overlap by half find cracks at windows' edges; no figure "
        "of theirs is in the CrackNet paper.",
        "The map is of windows, not of pixels: its precision by pixels is low by construction.",
    ),
    "fcn-8s": (
        "Ye et al. 2019: edge detectors are greatly affected by noise, the FCN is not, given "
        "enough training data (CrackNet paper, section 2).",
        "The noise curve tries this claim. Our FCN begins from random weights and learns "
        "within an hour of a processor.",
    ),
    "deeplab-v2": (
        "Du et al.: very high precision of output, better than the methods before (CrackNet paper, "
        "section 2); no figure is given there.",
        "Ours learns within an hour of a processor, from random weights.",
    ),
    "two-networks": (
        "Hoskere et al.: the segmenter acts where the classifier sees damage, which reduces the "
        "probability of false detection (CrackNet paper, section 2); no figure is given there.",
        "The share of false alarms that the gate removes is measured below.",
    ),
}
"""Headline and why ours differs, by system; ``edges`` stands for all six."""


def published_of(system: str) -> tuple[str, str] | None:
    """Return the headline of a system's authors and why ours differs; None for our own."""
    from cracknet.studies.compare.options import EDGES

    family = {
        **dict.fromkeys(EDGES, "edges"),
        "deeplab-v2-fine": "deeplab-v2",
        "resnet-45": "two-networks",
    }
    return PUBLISHED.get(family.get(system, system))
