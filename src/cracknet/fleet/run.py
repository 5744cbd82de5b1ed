"""A batch run: what is to be done is planned, and done here or by a crew of workers."""

from __future__ import annotations

import json
import platform
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cracknet import __version__
from cracknet.errors import ArgumentError, OutputError
from cracknet.fleet.batches import (
    BATCH_MEGAPIXELS,
    Batch,
    check_batch_megapixels,
    make_batches,
    sized,
)
from cracknet.fleet.ledger import Ledger, read_ledger
from cracknet.fleet.places import Place
from cracknet.fleet.sources import Item, Listing, check_names, list_source
from cracknet.fleet.tables import check_parquet
from cracknet.fleet.work import FleetWork, Report, Worker
from cracknet.reporting.journal import PhotoRow
from cracknet.segmentation import Segmenter

RUN = "run.json"
Progress = Callable[[PhotoRow, bool], None]


@dataclass(frozen=True)
class FleetPlan:
    """What a run will do.

    Attributes
    ----------
    source : str
    work : FleetWork
    options : dict
        What decides the results, kept in ``run.json``.
    batches : tuple of Batch
        To be done.
    skipped : int
        Photographs that are done already.
    duplicates : tuple of str
        Entries of a list that name a photograph again.
    again : dict of str to set of str
        Files to be done anew, having changed or failed, by the key of their entry in the ledger.
    """

    source: str
    work: FleetWork
    options: dict[str, Any]
    batches: tuple[Batch, ...]
    skipped: int
    duplicates: tuple[str, ...]
    again: dict[str, set[str]]

    @property
    def photos(self) -> int:
        """How many photographs are to be done."""
        return sum(len(batch.items) for batch in self.batches)

    @property
    def megapixels(self) -> float:
        """Of these, as estimated before they are read."""
        return sum(batch.megapixels for batch in self.batches)


@dataclass(frozen=True)
class FleetResult:
    """What a run did.

    Attributes
    ----------
    done, skipped : int
        Photographs done by this run, and by earlier ones.
    failed : tuple of PhotoRow
        Those that could not be done.
    cracks : int
        Measured by this run.
    batches : int
    megapixels : float
        Of the photographs done.
    seconds : float
        Wall time.
    net_seconds : float
        Of all workers' engines together.
    workers : int
        The most that worked at once.
    replaced : int
        Workers that died.
    duplicates : tuple of str
    """

    done: int
    skipped: int
    failed: tuple[PhotoRow, ...]
    cracks: int
    batches: int
    megapixels: float
    seconds: float
    net_seconds: float
    workers: int
    replaced: int
    duplicates: tuple[str, ...]


def plan_fleet(
    source: str | Path, work: FleetWork, *, batch_megapixels: float = BATCH_MEGAPIXELS
) -> FleetPlan:
    """Find out what is to be done; nothing is written.

    The whole source is cut into batches first, and what is done is then left out. So the same
    source gives the same batches again, and a batch that was broken off is written anew under
    the same names.

    Parameters
    ----------
    source : str or Path
        As `cracknet.fleet.sources.list_source` takes it.
    work : FleetWork
    batch_megapixels : float
        Of a batch, the unit that is lost when a worker dies.

    Raises
    ------
    ArgumentError
        When the destination holds a run of other options, or results of another photograph of
        the same name; when a value or a URL is not one that can be used.
    PhotoError
        When the source cannot be read or names nothing.
    OutputError
        When the destination cannot be read.
    ModelError
        When the model is missing or damaged.
    """
    check_parquet()
    check_batch_megapixels(batch_megapixels)
    place = Place(work.destination, patience_s=work.patience_s)
    with Segmenter(**work.segmenter, threads=1) as segmenter:
        options = {"cracknet": __version__, **work.options(segmenter)}
    _check_earlier(place, options)
    listing = list_source(source, besides=place)
    ledger = read_ledger(place)
    batches, again = _rest(listing, ledger, batch_megapixels)
    count = sum(len(batch.items) for batch in batches)
    skipped = len(listing.items) - count
    return FleetPlan(str(source), work, options, tuple(batches), skipped, listing.duplicates, again)


def run_fleet(
    plan: FleetPlan,
    *,
    address: str | None = None,
    workers: int | None = None,
    threads: int | None = None,
    progress: Progress | None = None,
) -> FleetResult:
    """Do what is planned, in this process or on a Ray cluster.

    Parameters
    ----------
    plan : FleetPlan
    address : str, optional
        Of a Ray cluster to join: ``auto``, ``HOST:PORT`` or ``ray://HOST:PORT``. Without it, Ray
        is not even imported, and one worker in this process does the same.
    workers : int, optional
        On the cluster; by default as many as it has cores for.
    threads : int, optional
        Cores of each worker: by default one on a cluster, all in this process.
    progress : callable, optional
        Called with each row as `cracknet.segment_photos` does.

    Raises
    ------
    OutputError
        When results cannot be written, a store stays away, or another run writes to the same
        destination. What is in the ledger stays.
    EngineError
        When there is no such cluster, or no worker can be started on it.
    ModelError
        When a machine of the cluster has another version or model.
    """
    if address is None and workers is not None:
        msg = "workers are of a Ray cluster, and no address is given. Add --address, or use --jobs."
        raise ArgumentError(msg)
    began = time.monotonic()
    place = Place(plan.work.destination, patience_s=plan.work.patience_s)
    _write_run(place, plan.options, {"status": "running", "source": plan.source})
    ledger = read_ledger(place)
    ledger.settle()
    ledger.withdraw({key: files for key, files in plan.again.items() if key in ledger.entries})

    tally = _Tally(progress)
    if plan.batches and address is None:
        worker = Worker(plan.work, threads)
        try:
            for batch in plan.batches:
                tally.add(worker.do(batch, tally.see), seen=True)
        finally:
            worker.close()
        tally.workers = 1
    elif plan.batches:
        from cracknet.fleet.crew import Crew

        crew = Crew(
            plan.work, plan.options, address=address or "", workers=workers, threads=threads or 1
        )

        def handle(report: Report) -> None:
            tally.workers = max(tally.workers, crew.size)
            tally.add(report, seen=False)

        crew.run(plan.batches, handle)
        tally.replaced = crew.replaced

    ledger = read_ledger(place)
    ledger.settle()
    _check_whole(plan, ledger)
    result = tally.result(plan, time.monotonic() - began)
    items = [item for entry in ledger.entries.values() for item in entry.items]
    _write_run(
        place,
        plan.options,
        {
            "status": "finished",
            "source": plan.source,
            "photos": len(items),
            "failed": sum(item.status == "failed" for item in items),
            "cracks": sum(entry.cracks for entry in ledger.entries.values()),
            "batches": len(ledger.entries),
            "this_run": {
                "done": result.done,
                "skipped": result.skipped,
                "failed": len(result.failed),
                "megapixels": round(result.megapixels, 3),
                "seconds": round(result.seconds, 3),
                "net_seconds": round(result.net_seconds, 3),
                "workers": result.workers,
                "replaced": result.replaced,
            },
        },
    )
    return result


class _Tally:
    """Adds up reports."""

    def __init__(self, progress: Progress | None) -> None:
        self.progress = progress
        self.done = self.cracks = self.batches = self.workers = self.replaced = 0
        self.failed: list[PhotoRow] = []
        self.megapixels = self.net_seconds = 0.0

    def see(self, row: PhotoRow) -> None:
        if self.progress:
            self.progress(row, False)

    def add(self, report: Report, *, seen: bool) -> None:
        for row in report.rows:
            if not seen:
                self.see(row)
            if row.status == "failed":
                self.failed.append(row)
        self.done += sum(row.status == "done" for row in report.rows)
        self.cracks += report.cracks
        self.batches += 1
        self.megapixels += report.megapixels
        self.net_seconds += report.net_seconds

    def result(self, plan: FleetPlan, seconds: float) -> FleetResult:
        return FleetResult(
            self.done, plan.skipped, tuple(self.failed), self.cracks, self.batches,
            self.megapixels, seconds, self.net_seconds, self.workers, self.replaced,
            plan.duplicates,
        )  # fmt: skip


def _rest(listing: Listing, ledger: Ledger, most: float) -> tuple[list[Batch], dict[str, set[str]]]:
    """Cut a source into batches less what is done, and name what is to be done anew."""
    done = ledger.done()
    check_names(listing.items, {item.photo: file for file, (item, _) in done.items()})
    items: list[Item] = []
    finished: set[str] = set()
    again: dict[str, set[str]] = defaultdict(set)
    for item in listing.items:
        known, key = done.get(item.file, (None, ""))
        if known is not None and known.status == "done" and known.identity == item.identity:
            finished.add(item.file)
            items.append(Item(item.photo, item.file, megapixels=known.megapixels))
        else:
            items.append(sized(item))
            if known is not None:
                again[key].add(item.file)
    batches = [
        Batch(tuple(item for item in batch.items if item.file not in finished))
        for batch in make_batches(items, most)
    ]
    return [batch for batch in batches if batch.items], dict(again)


def _check_whole(plan: FleetPlan, ledger: Ledger) -> None:
    done = ledger.done()
    lacking = [i for batch in plan.batches for i in batch.items if i.file not in done]
    if lacking:
        msg = (
            f"{plan.work.destination}: {len(lacking)} photographs that were done are not in the "
            f"ledger, {lacking[0].file} among them; another run writes to the same destination. "
            "Let one run end, and run again to do the rest."
        )
        raise OutputError(msg)


def _check_earlier(place: Place, options: dict[str, Any]) -> None:
    """Refuse a destination that holds a run of other options."""
    if not place.has(RUN):
        return
    try:
        earlier = dict(json.loads(place.get(RUN))["options"])
    except (ValueError, KeyError, TypeError) as error:
        msg = f"{place.url_of(RUN)} is not a run of CrackNet. Name another destination with -o."
        raise OutputError(msg) from error
    differing = [key for key in options if earlier.get(key) != options[key]]
    if differing:
        key = differing[0]
        msg = (
            f"{place.url} holds a run with {key} {earlier.get(key)!r}; now it is "
            f"{options[key]!r}. Name another destination with -o, or delete that one."
        )
        raise ArgumentError(msg)


def _write_run(place: Place, options: dict[str, Any], outcome: dict[str, Any]) -> None:
    content = {
        "options": options,
        **outcome,
        "written": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}",
    }
    place.put(RUN, (json.dumps(content, indent=2) + "\n").encode())
