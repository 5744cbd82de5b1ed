"""Workers on a Ray cluster: batches are given out, dead workers replaced, their batches repeated.

Ray's actors and not Ray Data, for three reasons, each tried with Ray 2.60:

- A photograph that kills its worker (a decoder that crashes, memory that runs out) makes Ray Data
  repeat its batch for ever, or gives up the whole run. Here such a batch is parted, and the one
  photograph at fault is recorded as failed.
- A pool of actors as large as the cluster leaves no core for Ray Data's reading tasks, and both
  wait for ever.
- The photographs' pixels never leave their worker, so there is nothing for Ray Data to stream.
"""

from __future__ import annotations

import logging
import os
import platform
import socket
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from cracknet.errors import ArgumentError, CrackNetError, EngineError
from cracknet.fleet.batches import Batch
from cracknet.fleet.cores import claim_cores
from cracknet.fleet.work import FleetWork, Report, Worker

MOST_DEATHS = 2
"""A batch that has lost so many workers is parted into its photographs, and a photograph that has
lost so many alone, after that, has failed."""

MOST_FALSE_STARTS = 5
"""Workers in a row that die before they are ready; then the machines are at fault."""

LOOK_S = 5.0
ANSWER_S = 10.0
QUIET_S = 60.0

_log = logging.getLogger(__name__)


class _Actor:
    """A worker in a process of its own; its engine is loaded by the first batch."""

    def __init__(self, work: FleetWork, threads: int, expected: dict[str, Any]) -> None:
        self._made = (work, threads, expected)
        self._worker: Worker | None = None

    def ready(self) -> tuple[str, int]:
        return platform.node(), os.getpid()

    def do(self, batch: Batch) -> Report:
        if self._worker is None:
            work, threads, expected = self._made
            _use_threads(threads)
            self._worker = Worker(work, threads, expected)
        return self._worker.do(batch)


def _use_threads(threads: int) -> None:
    """Keep this process to its share of the machine; before an engine counts the cores."""
    import cv2

    claim_cores(threads)
    cv2.setNumThreads(threads)


class Crew:
    """The workers of a run.

    Parameters
    ----------
    work : FleetWork
    expected : dict
        Options of the run, that each worker compares with its own.
    address : str
        Of a Ray cluster: ``auto``, ``HOST:PORT`` or ``ray://HOST:PORT``.
    workers : int, optional
        How many; by default as many as the cluster has cores for, also as it grows.
    threads : int
        Cores of each.

    Raises
    ------
    ArgumentError
        When Ray is not installed, or a number is not positive.
    EngineError
        When there is no cluster at the address.
    """

    def __init__(
        self,
        work: FleetWork,
        expected: dict[str, Any],
        *,
        address: str,
        workers: int | None = None,
        threads: int = 1,
    ) -> None:
        if threads < 1 or (workers is not None and workers < 1):
            msg = f"workers and their cores must be at least 1; got {workers} and {threads}."
            raise ArgumentError(msg)
        self.work, self.expected = work, expected
        self.workers, self.threads = workers, threads
        self.replaced = 0
        self._joined = _join(address)
        self._waiting: deque[Batch] = deque()
        self._deaths: Counter[str] = Counter()
        self._starting: dict[Any, Any] = {}
        self._idle: list[Any] = []
        self._busy: dict[Any, tuple[Any, Batch]] = {}
        self._false_starts = 0

    @property
    def size(self) -> int:
        """Workers that are ready or at work."""
        return len(self._idle) + len(self._busy)

    def run(self, batches: Sequence[Batch], handle: Callable[[Report], None]) -> None:
        """Do batches, in order as far as workers come to them.

        Parameters
        ----------
        batches : sequence of Batch
        handle : callable
            Called with the report of each.

        Raises
        ------
        OutputError
            When results cannot be written.
        EngineError
            When no worker can be started.
        """
        import ray

        self._waiting.extend(batches)
        try:
            last = time.monotonic()
            while self._waiting or self._busy:
                self._top_up()
                self._give_out()
                done, _ = ray.wait([*self._busy, *self._starting], num_returns=1, timeout=LOOK_S)
                reports = [report for ref in done if (report := self._take(ref))]
                self._give_out()  # before the reports are told: nobody waits for that
                for report in reports:
                    handle(report)
                if done or self._busy:
                    last = time.monotonic()
                elif time.monotonic() - last > QUIET_S:
                    _log.warning("the cluster has no free core for a worker; waiting for one")
                    last = time.monotonic()
        finally:
            self._dismiss()

    def _top_up(self) -> None:
        import ray

        ray_: Any = ray  # its functions come with half their types
        wanted = self.workers
        if wanted is None:
            wanted = max(1, int(ray_.cluster_resources().get("CPU", 0)) // self.threads)
        wanted = min(wanted, len(self._waiting) + len(self._busy))
        make = ray_.remote(num_cpus=self.threads, max_restarts=0, max_task_retries=0)(_Actor)
        while self.size + len(self._starting) < wanted:
            actor = make.remote(self.work, self.threads, self.expected)
            self._starting[actor.ready.remote()] = actor

    def _give_out(self) -> None:
        while self._idle and self._waiting:
            actor, batch = self._idle.pop(), self._waiting.popleft()
            self._busy[actor.do.remote(batch)] = (actor, batch)

    def _take(self, ref: Any) -> Report | None:
        """Take what a worker has returned, or note its death."""
        import ray
        from ray.exceptions import RayTaskError

        actor, batch = self._busy.pop(ref, (None, None))
        if batch is None:
            actor = self._starting.pop(ref)
        try:
            result: Any = ray.get(ref)
        except RayTaskError as error:
            cause = error.cause
            raise cause if isinstance(cause, CrackNetError) else error from None
        except ray.exceptions.RayError as error:
            self._bury(actor, batch, error)
            return None
        self._false_starts = 0
        self._idle.append(actor)
        if batch is None:
            _log.info("a worker is ready on %s, process %d", *result)
            return None
        report: Report = result
        return report

    def _bury(self, actor: Any, batch: Batch | None, error: Exception) -> None:
        """Replace a dead worker, and have its batch done by another."""
        import ray

        ray.kill(actor)  # one that is only out of reach must not come back
        reason = " ".join(str(error).split())[:200]
        if batch is None:
            self._false_starts += 1
            if self._false_starts >= MOST_FALSE_STARTS:
                msg = (
                    f"{MOST_FALSE_STARTS} workers died before they were ready: {reason} Install "
                    'the same cracknet on every machine: pip install "cracknet[fleet]"'
                )
                raise EngineError(msg)
            return
        self.replaced += 1
        self._deaths[batch.key] += 1
        _log.warning("a worker died, and its batch of %d is repeated", len(batch.items))
        _log.info("%s", reason)
        if self._deaths[batch.key] < MOST_DEATHS:
            self._waiting.appendleft(batch)
        elif len(batch.items) > 1:
            self._waiting.extendleft(Batch((item,)) for item in reversed(batch.items))
        else:
            self._give_up(batch)

    def _give_up(self, batch: Batch) -> None:
        """Record a photograph that has killed its workers as failed; another one can do that."""
        item = batch.items[0]
        problem = (
            f"{item.file}: its worker died {MOST_DEATHS} times. Look at it in `cracknet segment`; "
            "it may need more memory than a worker has"
        )
        self._waiting.appendleft(Batch((replace(item, problem=problem),)))

    def _dismiss(self) -> None:
        import ray

        for actor in [*self._idle, *self._starting.values(), *(a for a, _ in self._busy.values())]:
            ray.kill(actor)
        self._idle, self._starting, self._busy = [], {}, {}
        if self._joined:
            ray.shutdown()


def _join(address: str) -> bool:
    """Join a cluster; tell whether that was needed."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    try:
        import ray
    except ImportError as error:
        msg = '--address needs the package ray: pip install "cracknet[fleet]"'
        raise ArgumentError(msg) from error
    if ray.is_initialized():
        return False
    try:
        _knock(address)
        ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR)
    except (ConnectionError, ValueError, RuntimeError, OSError) as error:
        msg = (
            f"there is no Ray cluster at {address}: {' '.join(str(error).split())[:200]} Start one "
            "with `ray start --head`, or leave --address out to work in this process alone."
        )
        raise EngineError(msg) from error
    return True


def _knock(address: str) -> None:
    """Raise OSError where nothing answers; Ray itself would ask again for many minutes."""
    host, _, port = address.rpartition("://")[2].rpartition(":")
    if host and port.isdecimal():
        socket.create_connection((host, int(port)), timeout=ANSWER_S).close()
