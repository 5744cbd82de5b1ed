"""Batches of crops, drawn by share from several sets and made ahead in threads."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from cracknet.arrays import Gray, Mask
from cracknet.datasets.crops import CropOptions, random_crop
from cracknet.datasets.pairs import Pair
from cracknet.errors import DatasetError

Batch = tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]


@dataclass
class Source:
    """The photographs of one set, its share in the draw, and how its crops are made.

    Photographs are read when first needed and kept: training sets are small beside memory.
    """

    pairs: Sequence[Pair]
    share: float
    options: CropOptions
    _kept: dict[int, tuple[Gray, Mask]] = field(default_factory=dict, repr=False)

    def photograph(self, index: int) -> tuple[Gray, Mask]:
        """Return gray and mask of the photograph `index`."""
        if index not in self._kept:
            self._kept[index] = self.pairs[index].read()
        return self._kept[index]


def make_batch(sources: Sequence[Source], batch_size: int, seed: int, step: int) -> Batch:
    """Make the batch of a step, a pure function of `seed` and `step`.

    Returns
    -------
    gray : (batch_size, size, size, 1) float32, 0 to 255
    mask : (batch_size, size, size, 1) float32, 0 or 1
    """
    shares = np.array([source.share for source in sources])
    grays, masks = [], []
    for index in range(batch_size):
        rng = np.random.default_rng([seed, step, index])
        source = sources[rng.choice(len(sources), p=shares / shares.sum())]
        gray, mask = source.photograph(int(rng.integers(len(source.pairs))))
        crop, crop_mask = random_crop(gray, mask, source.options, rng)
        grays.append(crop)
        masks.append(crop_mask)
    return (
        np.stack(grays)[..., None].astype(np.float32),
        np.stack(masks)[..., None].astype(np.float32),
    )


def batches(
    sources: Sequence[Source], batch_size: int, seed: int, start: int, stop: int, ahead: int = 4
) -> Iterator[Batch]:
    """Yield the batches of steps `start` to `stop`, made ahead by threads.

    Raises
    ------
    DatasetError
        When a set holds no photographs, or one cannot be read.
    """
    for source in sources:
        if not source.pairs:
            msg = "a set of the recipe holds no photographs. Check its root, split and lists."
            raise DatasetError(msg)
    with ThreadPoolExecutor(max_workers=2, thread_name_prefix="crops") as pool:
        pending: dict[int, Future[Batch]] = {}
        for step in range(start, stop):
            for later in range(step, min(step + ahead, stop)):
                if later not in pending:
                    pending[later] = pool.submit(make_batch, sources, batch_size, seed, later)
            yield pending.pop(step).result()
