"""Corrections of a mask by hand: a threshold, strokes of a brush, and cracks that are rejected.

Positions are (x, y) in px of the upright photograph, pixel centres at whole numbers.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

import cv2
import numpy as np

from cracknet.arrays import Mask, Probability
from cracknet.errors import ArgumentError
from cracknet.reporting.brush import brushed

StrokeKind = Literal["add", "erase"]

LARGEST_RADIUS_PX = 2000.0
FARTHEST_PX = 1e6
"""Beyond this no photograph reaches."""
MOST_ROWS = 30_000_000
"""Rows of pixels that all strokes of a photograph may cross, each segment for itself: some seconds
of work. A brush of 50 px crosses 100 of them for every point of its path."""
MOST_REJECTED = 10_000
REJECT_REACH_PX = 3
"""A rejected point beside its crack takes the nearest crack pixel within this distance: the
smoothed centreline of a thin crack may leave its mask."""


@dataclass(frozen=True)
class Stroke:
    """A stroke of a round brush.

    Parameters
    ----------
    kind : {"add", "erase"}
    radius_px : float
        Of the brush, above 0.
    points : tuple of (float, float)
        Its path, x and y, at least one point.

    Raises
    ------
    ArgumentError
        When a value is out of its range.
    """

    kind: StrokeKind
    radius_px: float
    points: tuple[tuple[float, float], ...]

    def __post_init__(self) -> None:
        if self.kind not in ("add", "erase"):
            msg = f"a stroke is of the kind add or erase; got {self.kind!r}."
            raise ArgumentError(msg)
        if not 0 < _number(self.radius_px, "a brush's radius") <= LARGEST_RADIUS_PX:
            msg = (
                f"a brush's radius must be above 0 and at most {LARGEST_RADIUS_PX:g} px; got "
                f"{self.radius_px}."
            )
            raise ArgumentError(msg)
        if not self.points:
            msg = "a stroke must have at least one point; got none."
            raise ArgumentError(msg)
        for point in self.points:
            _check_point(point, "a stroke's point")

    @property
    def rows(self) -> float:
        """How many rows of pixels its segments cross, the measure of the work it makes."""
        ys = [y for _, y in self.points]
        climbed = sum(abs(b - a) for a, b in pairwise(ys))
        return climbed + max(len(ys) - 1, 1) * (2 * self.radius_px + 1)

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "kind": self.kind,
            "radius_px": self.radius_px,
            "points": [list(point) for point in self.points],
        }


@dataclass(frozen=True)
class Edits:
    """All corrections of one photograph.

    They are applied in this order: the threshold cuts the probability; the strokes are drawn one
    after the other; the connected regions that hold a rejected point are erased.

    Parameters
    ----------
    threshold : float, optional
        Probability from which a pixel is crack, 0 to 1, in place of the run's.
    strokes : tuple of Stroke
    rejected : tuple of (float, float)
        A point on each crack that is none, x and y.
    mm_per_px : float, optional
        The photograph's own scale, in place of the run's.
    scale_line : (x1, y1, x2, y2, mm), optional
        The photograph's own scale by a line of known length.

    Raises
    ------
    ArgumentError
        When a value is out of its range, or both scales are given.
    """

    threshold: float | None = None
    strokes: tuple[Stroke, ...] = ()
    rejected: tuple[tuple[float, float], ...] = ()
    mm_per_px: float | None = None
    scale_line: tuple[float, float, float, float, float] | None = None

    def __post_init__(self) -> None:
        if self.threshold is not None and not 0 <= _number(self.threshold, "a threshold") <= 1:
            msg = f"the threshold must lie within 0 and 1; got {self.threshold}."
            raise ArgumentError(msg)
        if sum(stroke.rows for stroke in self.strokes) > MOST_ROWS:
            msg = (
                f"the strokes of one photograph may cross {MOST_ROWS / 1e6:g} million rows of "
                "pixels in all; these cross more. Take a smaller brush or fewer points."
            )
            raise ArgumentError(msg)
        if len(self.rejected) > MOST_REJECTED:
            msg = f"at most {MOST_REJECTED} cracks can be rejected; got {len(self.rejected)}."
            raise ArgumentError(msg)
        for point in self.rejected:
            _check_point(point, "a rejected point")
        if self.mm_per_px is not None and self.scale_line is not None:
            msg = "a scale comes from one source; got mm_per_px and scale_line. Leave one out."
            raise ArgumentError(msg)
        if self.mm_per_px is not None and not _number(self.mm_per_px, "a scale") > 0:
            msg = f"a scale must be a positive number of mm per pixel; got {self.mm_per_px}."
            raise ArgumentError(msg)
        if self.scale_line is not None:
            _check_line(self.scale_line)

    @property
    def of_mask(self) -> bool:
        """Whether anything but the scale is corrected."""
        return self.threshold is not None or bool(self.strokes or self.rejected)

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "threshold": self.threshold,
            "strokes": [stroke.as_dict() for stroke in self.strokes],
            "rejected": [list(point) for point in self.rejected],
            "mm_per_px": self.mm_per_px,
            "scale_line": None if self.scale_line is None else list(self.scale_line),
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Edits:
        """Make edits of what `as_dict` gave, or of the same written by hand.

        Raises
        ------
        ArgumentError
            When a key is unknown or a value is not of its kind.
        """
        unknown = set(values) - {"threshold", "strokes", "rejected", "mm_per_px", "scale_line"}
        if unknown:
            msg = f"edits have no field {', '.join(sorted(map(repr, unknown)))}."
            raise ArgumentError(msg)
        try:
            strokes = tuple(
                Stroke(stroke["kind"], stroke["radius_px"], _points(stroke["points"]))
                for stroke in values.get("strokes") or ()
            )
            line = values.get("scale_line")
            return cls(
                threshold=values.get("threshold"),
                strokes=strokes,
                rejected=_points(values.get("rejected") or ()),
                mm_per_px=values.get("mm_per_px"),
                scale_line=None if line is None else tuple(line),
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            if isinstance(error, ArgumentError):
                raise
            msg = (
                "edits must hold threshold, strokes of kind, radius_px and points, rejected, "
                f"mm_per_px and scale_line; something is missing or of another kind ({error!r})."
            )
            raise ArgumentError(msg) from error


def edited_mask(probability: Probability, threshold: float, edits: Edits) -> Mask:
    """Cut a probability and correct the mask by hand.

    A pixel is crack where its probability reaches the threshold; strokes then add and erase the
    pixels whose centres lie within the brush; last, the 8-connected regions that hold a rejected
    point are erased.

    Parameters
    ----------
    probability : (H, W) float32
        In [0, 1]; it is not changed.
    threshold : float
        Where it is cut unless the edits say otherwise.
    edits : Edits

    Returns
    -------
    (H, W) bool

    Examples
    --------
    >>> line = Stroke("add", 1.5, ((2, 5), (17, 5)))
    >>> mask = edited_mask(np.zeros((10, 20), np.float32), 0.5, Edits(strokes=(line,)))
    >>> int(mask[:, 10].sum()), int(mask[5].sum())
    (3, 18)
    """
    return _corrected(probability, threshold, edits)[0]


def edited_probability(
    probability: Probability, threshold: float, edits: Edits
) -> tuple[Mask, Probability]:
    """Correct a mask as `edited_mask` does, and the probability with it, for measuring.

    Widths that come from the probability must follow the hand: it is 1 where a stroke was added
    last, and 0 where one was erased last or a crack was rejected.

    Returns
    -------
    mask : (H, W) bool
    probability : (H, W) float32
        A new array.
    """
    changed = probability.copy()
    return _corrected(probability, threshold, edits, changed)[0], changed


def _corrected(
    probability: Probability, threshold: float, edits: Edits, changed: Probability | None = None
) -> tuple[Mask, Probability | None]:
    cut = threshold if edits.threshold is None else edits.threshold
    mask = np.ascontiguousarray(probability >= np.float32(cut))
    for stroke in edits.strokes:
        path = np.array(stroke.points, np.float64)
        for part, inside in brushed(path, float(stroke.radius_px), mask.shape):
            mask[part][inside] = stroke.kind == "add"
            if changed is not None:
                changed[part][inside] = np.float32(stroke.kind == "add")
    before = mask.copy() if changed is not None and edits.rejected else None
    for point in edits.rejected:
        _erase_region(mask, point)
    if changed is not None and before is not None:
        changed[before & ~mask] = 0
    return mask, changed


def _erase_region(mask: Mask, point: tuple[float, float]) -> None:
    """Erase the 8-connected region at a point, or the nearest one within `REJECT_REACH_PX`."""
    height, width = mask.shape
    x, y = (round(value) for value in point)
    reach = REJECT_REACH_PX
    left, top = max(0, x - reach), max(0, y - reach)
    near = mask[top : max(0, y + reach + 1), left : max(0, x + reach + 1)]
    ys, xs = np.nonzero(near)
    if not len(xs):
        return
    nearest = int(np.argmin((xs + left - point[0]) ** 2 + (ys + top - point[1]) ** 2))
    seed = (int(xs[nearest]) + left, int(ys[nearest]) + top)
    if 0 <= seed[0] < width and 0 <= seed[1] < height:
        cv2.floodFill(mask.view(np.uint8), None, seed, 0, flags=8)


def _number(value: object, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        msg = f"{name} must be a number; got {value!r}."
        raise ArgumentError(msg)
    return float(value)


def _check_point(point: tuple[float, ...], name: str) -> None:
    if len(point) != 2 or not all(abs(_number(v, name)) <= FARTHEST_PX for v in point):
        msg = f"{name} must be x and y in px of the photograph; got {list(point)}."
        raise ArgumentError(msg)


def _check_line(line: tuple[float, ...]) -> None:
    if len(line) != 5:
        msg = f"a scale line is x1, y1, x2, y2, mm; got {list(line)}."
        raise ArgumentError(msg)
    _check_point(line[:2], "a scale line's end")
    _check_point(line[2:4], "a scale line's end")
    if not _number(line[4], "a scale line's length") > 0:
        msg = f"a scale line must be longer than 0 mm; got {line[4]}."
        raise ArgumentError(msg)


def _points(values: Any) -> tuple[Any, ...]:
    return tuple(tuple(point) for point in values)
