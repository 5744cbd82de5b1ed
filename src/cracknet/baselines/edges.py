"""Six edge detectors, after Dorafshan, Thomas and Maguire 2018.

"Comparison of deep convolutional neural networks and edge detectors for image-based crack detection
in concrete", Construction and Building Materials 186, 1031-1045. Four filters in space (Roberts,
Prewitt, Sobel, Laplacian of Gaussian), two in frequency (Butterworth and Gaussian high-pass), and
for each the same stages in the same order: the strength of edges, a threshold from its statistics,
closing, and the removal of small components.

Where the paper leaves a detail open: photographs are mirrored at their borders in all six; the
strength is the gradient's length, or the response's absolute value; the threshold is
mean + k standard deviations of the strength, with one k for each detector, chosen on validation
photographs by `choose_k`; cut-off and order of the high-passes are `EdgeOptions`'.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import scipy.fft

from cracknet.arrays import Gray, Mask, Probability
from cracknet.errors import ArgumentError

Strength = npt.NDArray[np.float32]
"""(H, W) float32, not negative: how strong the edge at a pixel is, in gray levels."""


MIRRORED_PX = 64
"""How far a photograph goes on beyond its borders for the filters in frequency."""


@dataclass(frozen=True)
class EdgeOptions:
    """What the six detectors share.

    Attributes
    ----------
    k : float
        Standard deviations above the mean from which a pixel is edge.
    closing_px : int
        Diameter of the disc that closes gaps, odd; 1 closes nothing.
    smallest_px : int
        Components of fewer pixels are noise.
    sigma_px : float
        Of the Laplacian of Gaussian.
    cutoff_px : float
        Wavelength that the high-passes cut at, in px: they keep what is finer.
    order : int
        Of the Butterworth filter.

    Raises
    ------
    ArgumentError
        When a value is outside its range.
    """

    k: float = 2.0
    closing_px: int = 5
    smallest_px: int = 60
    sigma_px: float = 2.0
    cutoff_px: float = 16.0
    order: int = 2

    def __post_init__(self) -> None:
        for name, least in (("sigma_px", 0.3), ("cutoff_px", 2.0)):
            if not getattr(self, name) >= least or math.isinf(getattr(self, name)):
                msg = f"{name} must be at least {least:g}; got {getattr(self, name):g}."
                raise ArgumentError(msg)
        if not math.isfinite(self.k):
            msg = f"k must be a number; got {self.k}."
            raise ArgumentError(msg)
        if self.closing_px < 1 or self.closing_px % 2 == 0:
            msg = f"closing_px must be odd and at least 1; got {self.closing_px}."
            raise ArgumentError(msg)
        if self.smallest_px < 0 or self.order < 1:
            msg = (
                "smallest_px must be at least 0 and order at least 1; got "
                f"{self.smallest_px} and {self.order}."
            )
            raise ArgumentError(msg)


def roberts(gray: Gray, _: EdgeOptions) -> Strength:
    """Length of the gradient by Roberts' 2x2 crosses; the pixel is their upper left one."""
    kernels = ([[0, 0, 0], [0, 1, 0], [0, 0, -1]], [[0, 0, 0], [0, 0, 1], [0, -1, 0]])
    return _gradient(gray, kernels)


def prewitt(gray: Gray, _: EdgeOptions) -> Strength:
    """Length of the gradient by Prewitt's 3x3 kernels, a sixth of their sums."""
    kernel = np.array([[-1, 0, 1], [-1, 0, 1], [-1, 0, 1]]) / 6
    return _gradient(gray, (kernel, kernel.T))


def sobel(gray: Gray, _: EdgeOptions) -> Strength:
    """Length of the gradient by Sobel's 3x3 kernels, an eighth of their sums."""
    kernel = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]) / 8
    return _gradient(gray, (kernel, kernel.T))


def laplacian_of_gaussian(gray: Gray, options: EdgeOptions) -> Strength:
    """Absolute Laplacian of the photograph smoothed by a Gaussian, times sigma squared."""
    smooth = cv2.GaussianBlur(gray.astype(np.float32), (0, 0), options.sigma_px)
    response = cv2.Laplacian(smooth, cv2.CV_32F, borderType=cv2.BORDER_REFLECT_101)
    return np.asarray(np.abs(response) * np.float32(options.sigma_px**2), np.float32)


def butterworth(gray: Gray, options: EdgeOptions) -> Strength:
    """Absolute response of a Butterworth high-pass in frequency."""

    def keep(squared: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        # 1 / (1 + (cut / f)^2n), written so that frequency 0 divides by nothing
        powered = (squared * np.float32(options.cutoff_px**2)) ** options.order
        return np.asarray(powered / (1 + powered), np.float32)

    return _high_pass(gray, keep)


def gaussian_high_pass(gray: Gray, options: EdgeOptions) -> Strength:
    """Absolute response of a Gaussian high-pass in frequency."""

    def keep(squared: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        return np.asarray(-np.expm1(squared * np.float32(-(options.cutoff_px**2) / 2)), np.float32)

    return _high_pass(gray, keep)


DETECTORS: dict[str, Callable[[Gray, EdgeOptions], Strength]] = {
    "roberts": roberts,
    "prewitt": prewitt,
    "sobel": sobel,
    "log": laplacian_of_gaussian,
    "butterworth": butterworth,
    "gaussian": gaussian_high_pass,
}
"""Strength of edges by the detector's name; what follows is one for all."""


@dataclass(frozen=True)
class EdgeDetector:
    """One of the six, with its threshold, closing and removal of small components.

    Attributes
    ----------
    detector : str
        A name of `DETECTORS`.
    options : EdgeOptions

    Examples
    --------
    >>> wall = np.full((80, 120), 180, np.uint8)
    >>> wall[40:43, 10:110] = 60
    >>> mask = EdgeDetector("sobel").predict(wall) >= 0.5
    >>> bool(mask[41, 60]), bool(mask[10, 60])
    (True, False)
    """

    detector: str
    options: EdgeOptions = field(default_factory=EdgeOptions)

    def __post_init__(self) -> None:
        if self.detector not in DETECTORS:
            msg = f"detector must be one of {', '.join(DETECTORS)}; got {self.detector!r}."
            raise ArgumentError(msg)

    @property
    def name(self) -> str:
        """Name of its row in a comparison."""
        return self.detector

    @property
    def parameters(self) -> int:
        """One number is chosen on data: k."""
        return 1

    def predict(self, gray: Gray) -> Probability:
        """Return (H, W) float32: from 0.5 on where the mask is, below by the edges' strength.

        The value orders pixels by strength, for curves over thresholds; it is no probability.

        Raises
        ------
        ArgumentError
            When the photograph is not (H, W) uint8.
        """
        _check(gray)
        excess = self._excess(gray)
        # the threshold lies at 0.5; a standard deviation above it at 2/3, below it at 1/3
        grade = 1 / (1 + np.exp2(-np.clip(excess, -20, 20)))
        mask = clean(excess >= 0, self.options)
        below = np.nextafter(np.float32(0.5), np.float32(0))
        return np.where(mask, np.maximum(grade, 0.5), np.minimum(grade, below)).astype(np.float32)

    def _excess(self, gray: Gray) -> Strength:
        """Return standard deviations above the threshold; without any edge, minus infinity."""
        strength = DETECTORS[self.detector](gray, self.options)
        mean, deviation = float(strength.mean()), float(strength.std())
        if deviation < 1e-3:  # of a gray level
            return np.full(gray.shape, -np.inf, np.float32)
        return (strength - np.float32(mean)) / np.float32(deviation) - np.float32(self.options.k)


def clean(edges: Mask, options: EdgeOptions) -> Mask:
    """Close gaps, then remove components of too few pixels (joined across corners, too)."""
    mask: npt.NDArray[Any] = edges.astype(np.uint8)
    if options.closing_px > 1:
        disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (options.closing_px,) * 2)
        mask = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, disc)
    _, labels, facts, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    large = facts[:, cv2.CC_STAT_AREA] >= options.smallest_px
    large[0] = False
    return np.asarray(large[labels])


def choose_k(
    detector: str,
    photos: Iterable[tuple[Gray, Mask]],
    *,
    options: EdgeOptions | None = None,
    candidates: Sequence[float] = tuple(np.arange(0.5, 6.01, 0.25)),
) -> EdgeOptions:
    """Choose k by the best F1 of all photographs' pixels together.

    Parameters
    ----------
    detector : str
    photos : iterable of (gray, mask)
        Validation photographs, (H, W) uint8 and bool; never those that are scored.
    options : EdgeOptions, optional
        All but k.
    candidates : sequence of float
        Of equal ones the first wins.

    Returns
    -------
    EdgeOptions

    Raises
    ------
    ArgumentError
        When there are no photographs, or no candidates.
    """
    options = options or EdgeOptions()
    plain = EdgeDetector(detector, _with_k(options, 0.0))
    true = np.zeros(len(candidates))
    found = np.zeros(len(candidates))
    crack, seen = 0, False
    for gray, mask in photos:
        _check(gray)
        seen = True
        excess = plain._excess(gray)
        crack += int(mask.sum())
        for place, k in enumerate(candidates):
            marked = clean(excess >= k, options)
            true[place] += int((marked & mask).sum())
            found[place] += int(marked.sum())
    if not seen or not len(candidates):
        msg = "k is chosen on at least one photograph, of at least one candidate."
        raise ArgumentError(msg)
    best = int(np.argmax(2 * true / np.maximum(found + crack, 1)))
    return _with_k(options, float(candidates[best]))


def _with_k(options: EdgeOptions, k: float) -> EdgeOptions:
    return EdgeOptions(
        k, options.closing_px, options.smallest_px, options.sigma_px, options.cutoff_px,
        options.order,
    )  # fmt: skip


def _gradient(gray: Gray, kernels: Sequence[object]) -> Strength:
    across, down = (
        cv2.filter2D(
            gray, cv2.CV_32F, np.asarray(kernel, np.float32), borderType=cv2.BORDER_REFLECT_101
        )
        for kernel in kernels
    )
    return np.asarray(cv2.magnitude(across, down), np.float32)


def _high_pass(
    gray: Gray, keep: Callable[[npt.NDArray[np.float32]], npt.NDArray[np.float32]]
) -> Strength:
    """Filter by what `keep` says of the squared frequency, in cycles a pixel."""
    height, width = gray.shape
    # mirrored to a size that transforms quickly: its ends meet without an edge of their own
    rows, columns = (
        scipy.fft.next_fast_len(side + min(side, 64), real=True) for side in gray.shape
    )
    wide = cv2.copyMakeBorder(
        gray, 0, rows - height, 0, columns - width, cv2.BORDER_REFLECT
    ).astype(np.float32)
    down = scipy.fft.fftfreq(rows).astype(np.float32)[:, None]
    across = scipy.fft.rfftfreq(columns).astype(np.float32)
    kept = scipy.fft.rfft2(wide) * keep(down**2 + across**2)
    response: npt.NDArray[np.float32] = scipy.fft.irfft2(kept, s=(rows, columns))[:height, :width]
    return np.asarray(np.abs(response), np.float32)


def _check(gray: Gray) -> None:
    if gray.ndim != 2 or gray.dtype != np.uint8 or gray.size == 0:
        msg = f"the photograph must be (H, W) uint8, at least 1x1; got {gray.shape} {gray.dtype}."
        raise ArgumentError(msg)
