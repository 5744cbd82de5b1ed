"""clDice: how far the centrelines of prediction and truth lie in each other."""

from __future__ import annotations

import numpy as np
from skimage.morphology import skeletonize

from cracknet.arrays import Mask
from cracknet.scoring.matches import Matches


def match_skeletons(mask: Mask, truth: Mask) -> Matches:
    """Count skeleton pixels that lie in the other mask.

    With the skeletons S and the masks V of prediction (P) and truth (L), topology precision is
    ``|S_P in V_L| / |S_P|``, topology sensitivity ``|S_L in V_P| / |S_L|``, and clDice their
    harmonic mean: `Matches.precision`, `Matches.recall` and `Matches.f1` of the result.

    Skeletons are those of `skimage.morphology.skeletonize` (Zhang and Suen 1984). It thins from
    two sides in turn, so that a turned or mirrored mask can have a skeleton that lies one pixel
    aside.

    Parameters
    ----------
    mask, truth : (H, W) bool

    Returns
    -------
    Matches

    References
    ----------
    Shit et al. 2021, "clDice - a novel topology-preserving loss function for tubular structure
    segmentation", CVPR, equations (1) and (2).

    Examples
    --------
    >>> wide = np.zeros((9, 20), bool); wide[2:7, 2:18] = True
    >>> thin = np.zeros((9, 20), bool); thin[4, 2:18] = True
    >>> match_skeletons(thin, wide).f1 > 0.9
    True
    """
    drawn, real = _thin(mask), _thin(truth)
    return Matches(
        right=int(np.count_nonzero(drawn & truth)),
        predicted=int(np.count_nonzero(drawn)),
        found=int(np.count_nonzero(real & mask)),
        actual=int(np.count_nonzero(real)),
    )


def _thin(mask: Mask) -> Mask:
    return np.asarray(skeletonize(mask), np.bool_)  # type: ignore[no-untyped-call]
