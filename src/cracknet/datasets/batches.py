"""Batches of crops, drawn by share from several sets and made ahead in threads."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from cracknet.arrays import Gray, Mask
from cracknet.datasets.pairs import AnnotatedPhoto
from cracknet.errors import DatasetError

Cut = Callable[[Gray, Mask, np.random.Generator], tuple[Gray, Mask]]
"""From a photograph and its mask to a crop of both, at random."""
Batch = tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]


@dataclass
class Source:
    """The photographs of one set, its share in the draw, and how its crops are made.

    Photographs are read when first needed and kept: training sets are small beside memory.
    """

    pairs: Sequence[AnnotatedPhoto]
    share: float
    cut: Cut
    _kept: dict[int, tuple[Gray, Mask]] = field(default_factory=dict, repr=False)

    def photograph(self, index: int) -> tuple[Gray, Mask]:
        """Return gray and mask of the photograph `index`."""
        if index not in self._kept:
            self._kept[index] = self.pairs[index].read()
        return self._kept[index]


@dataclass(frozen=True)
class Plan:
    """Which photographs each step sees: a pure function of the seed and the step.

    Attributes
    ----------
    sources : sequence of Source
    batch_size, seed : int
    by_epoch : bool
        False draws a set by its share, then a photograph of it. True goes through all
        photographs of all sets in an order shuffled anew for each epoch; those left over at the
        end of an epoch, fewer than a batch, are passed over in that epoch.

    Raises
    ------
    DatasetError
        When a set holds no photographs, or an epoch not one batch.
    """

    sources: Sequence[Source]
    batch_size: int
    seed: int
    by_epoch: bool = False

    def __post_init__(self) -> None:
        if not all(source.pairs for source in self.sources):
            msg = "a set of the recipe holds no photographs. Check its root, split and lists."
            raise DatasetError(msg)
        if self.by_epoch and not self.steps_per_epoch:
            msg = (
                f"an epoch must hold at least a batch of {self.batch_size}; the sets hold "
                f"{self.photographs} photographs. Lower run.batch_size, or expand the set."
            )
            raise DatasetError(msg)

    @property
    def photographs(self) -> int:
        """Photographs of all sets together."""
        return sum(len(source.pairs) for source in self.sources)

    @property
    def steps_per_epoch(self) -> int:
        """Whole batches in an epoch."""
        return self.photographs // self.batch_size

    def choose(self, step: int, index: int, rng: np.random.Generator) -> tuple[Source, int]:
        """Return the source and photograph of place `index` in the batch of a step."""
        if not self.by_epoch:
            shares = np.array([source.share for source in self.sources])
            source = self.sources[rng.choice(len(self.sources), p=shares / shares.sum())]
            return source, int(rng.integers(len(source.pairs)))
        epoch, batch = divmod(step, self.steps_per_epoch)
        place = int(_order(self.photographs, self.seed, epoch)[batch * self.batch_size + index])
        for source in self.sources:
            if place < len(source.pairs):
                break
            place -= len(source.pairs)
        return source, place


@lru_cache(maxsize=4)
def _order(count: int, seed: int, epoch: int) -> npt.NDArray[np.int64]:
    return np.random.default_rng([seed, epoch]).permutation(count)


def make_batch(plan: Plan, step: int) -> Batch:
    """Make the batch of a step, a pure function of the plan's seed and the step.

    Returns
    -------
    gray : (batch_size, size, size, 1) float32, 0 to 255
    mask : (batch_size, size, size, 1) float32, 0 or 1
    """
    grays, masks = [], []
    for index in range(plan.batch_size):
        rng = np.random.default_rng([plan.seed, step, index])
        source, place = plan.choose(step, index, rng)
        crop, crop_mask = source.cut(*source.photograph(place), rng)
        grays.append(crop)
        masks.append(crop_mask)
    return (
        np.stack(grays)[..., None].astype(np.float32),
        np.stack(masks)[..., None].astype(np.float32),
    )


def batches(plan: Plan, start: int, stop: int, ahead: int = 4) -> Iterator[Batch]:
    """Yield the batches of steps `start` to `stop`, made ahead by threads.

    Raises
    ------
    DatasetError, PhotoError
        When a photograph or its mask cannot be read.
    """
    with ThreadPoolExecutor(max_workers=2, thread_name_prefix="crops") as pool:
        pending: dict[int, Future[Batch]] = {}
        for step in range(start, stop):
            for later in range(step, min(step + ahead, stop)):
                if later not in pending:
                    pending[later] = pool.submit(make_batch, plan, later)
            yield pending.pop(step).result()
