"""The net kept busy over windows: one is read ahead, one inferred, one written, all at once."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing

import numpy as np

from cracknet.arrays import Gray, Mask
from cracknet.mosaic.finishing import Work, shrink_gray
from cracknet.mosaic.halving import read_half
from cracknet.mosaic.plan import FULL, HALF, Job, Plan
from cracknet.mosaic.rolling import RollingGray
from cracknet.raster import Raster, read_ahead
from cracknet.segmentation import Segmenter
from cracknet.segmentation.brightness import brightened
from cracknet.segmentation.tiles import Tile, blend_tile, cut_tile


class Sweep:
    """Runs the windows of a raster through reading, the net and finishing.

    Parameters
    ----------
    source : Raster or RollingGray
    segmenter : Segmenter
    plan : Plan
    finish : callable
        Called with each window in the order of the jobs, from one thread.
    factor : int
        By which the overlay is smaller than the raster.
    gain : float
        By which tiles are brightened for the net.
    """

    def __init__(
        self,
        source: Raster | RollingGray,
        segmenter: Segmenter,
        plan: Plan,
        finish: Callable[[Work], None],
        factor: int,
        gain: float = 1.0,
    ) -> None:
        self._source, self._segmenter, self._plan = source, segmenter, plan
        self._finish = finish
        self._factor = factor
        self._gain = gain
        self._tiles: deque[tuple[Work, Tile | None]] = deque()

    def run(self, jobs: Iterable[Job]) -> Generator[Job]:
        """Do the jobs, and yield each once it is finished.

        Windows without valid pixels pass without the net.
        """
        finishing: deque[tuple[Job, Future[None]]] = deque()

        def start(work: Work, pool: ThreadPoolExecutor) -> Iterator[Job]:
            finishing.append((work.job, pool.submit(self._finish, work)))
            yield from done(1)

        def done(leave: int) -> Iterator[Job]:
            while len(finishing) > leave:
                job, future = finishing.popleft()
                future.result()
                yield job

        with (
            ThreadPoolExecutor(1, thread_name_prefix="write") as pool,
            closing(self._pieces(jobs)) as pieces,
            closing(self._segmenter.infer(pieces)) as results,
        ):
            for result in results:
                work, tile = self._tiles.popleft()
                while tile is None:
                    yield from start(work, pool)
                    work, tile = self._tiles.popleft()
                if work.total is None:
                    work.total = np.zeros(work.job.window.box.shape, np.float32)
                blend_tile(work.total, result, tile)
            for work, _ in self._tiles:
                yield from start(work, pool)
            yield from done(0)

    def _pieces(self, jobs: Iterable[Job]) -> Generator[Gray]:
        """Cut the tiles of window after window; note whose they are, and where windows end.

        Every tile with valid pixels is cut, also where the cell has none: its neighbours' may.
        """
        with closing(read_ahead(self._read, jobs)) as reading:
            for job, (gray, valid) in reading:
                work = self._begin(job, gray, valid)
                grid = self._plan.half if job.kind == HALF and self._plan.half else self._plan.full
                for tile in grid.tiles(job.window):
                    rows = slice(tile.top, tile.top + tile.row_weights.size)
                    columns = slice(tile.left, tile.left + tile.column_weights.size)
                    if valid[rows, columns].any():
                        self._tiles.append((work, tile))
                        yield brightened(cut_tile(gray, tile), self._gain)
                self._tiles.append((work, None))

    def _begin(self, job: Job, gray: Gray, valid: Mask) -> Work:
        work = Work(job)
        if job.kind == FULL:
            place = job.window.cell.within(job.window.box)
            if valid[place].any():
                # A view of one value, of a raster that is valid all over, needs no copy.
                work.valid = valid[place].copy() if any(valid.strides) else valid[place]
                work.small = shrink_gray(gray[place], self._factor)
        return work

    def _read(self, job: Job) -> tuple[Gray, Mask]:
        box = job.window.box
        if job.kind == HALF:
            return read_half(self._source.read_gray, self._plan.full.shape, box)
        if isinstance(self._source, RollingGray):
            self._source.drop_above(box.top)
        return self._source.read_gray(box)
