"""Batches on a real Ray cluster of two small nodes, whose workers, node and driver are killed."""

from __future__ import annotations

import json
import logging
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cracknet.errors import EngineError, ModelError, OutputError
from cracknet.fleet import plan_fleet, run_fleet
from cracknet.fleet.batches import Batch
from cracknet.fleet.sources import Item

pytestmark = [
    pytest.mark.slow,
    # Ray leaves sockets and processes to the interpreter's end
    pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::DeprecationWarning:ray"),
]

NAMES = [f"wall_{k:02}.png" for k in range(12)]
SMALL = {"num_cpus": 1, "object_store_memory": 80 * 2**20, "node_ip_address": "127.0.0.1"}
OF_TWO = 0.08
"""Megapixels of a batch of two photographs."""


@pytest.fixture(scope="module")
def cluster():
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"  # on the loopback alone, as there
    pytest.importorskip("ray")
    from ray.cluster_utils import Cluster

    quiet = {"include_dashboard": False, "include_log_monitor": False}
    cluster = Cluster(initialize_head=True, head_node_args={**SMALL, **quiet})
    cluster.add_node(**SMALL)
    yield cluster
    cluster.shutdown()


@pytest.fixture(scope="module")
def folder(write_photos, tmp_path_factory):
    """Photographs that segment well, and one that no reader takes."""
    folder = tmp_path_factory.mktemp("walls")
    write_photos(folder, NAMES)
    (folder / "torn.png").write_bytes(b"text")
    return folder


@pytest.fixture(scope="module")
def alone(folder, dark_net, tables, tmp_path_factory):
    """The tables and masks of a run in one process."""
    from cracknet.fleet import FleetWork
    from cracknet.reporting.measuring import Measuring

    out = tmp_path_factory.mktemp("alone")
    options = {"model": str(dark_net), "precision": "f32", "threshold": 0.7}
    plan = plan_fleet(folder, FleetWork(str(out), options, Measuring()), batch_megapixels=OF_TWO)
    assert run_fleet(plan, threads=1).done == len(NAMES)
    return contents(out, tables)


def contents(out, tables):
    masks = {path.name: path.read_bytes() for path in (out / "results").iterdir()}
    return masks, *(tables(out, table) for table in ("photos", "cracks", "branches"))


@pytest.fixture
def check_same(alone, tables, check_alike):
    """Return a function that compares a destination with the run in one process."""

    def check(out):
        masks, *expected = alone
        same, *found = contents(out, tables)
        assert same == masks
        for rows, others in zip(found, expected, strict=True):
            check_alike(rows, others)

    return check


def starts(caplog):
    """Process numbers of the workers that came up, in order."""
    return [record.args[1] for record in caplog.records if "is ready on" in record.msg]


@pytest.fixture
def fleet(cluster, folder, work, caplog):
    """Return a function that runs the photographs on the cluster."""
    caplog.set_level(logging.INFO, "cracknet.fleet.crew")

    def run(out, progress=None, source=folder, **options):
        plan = plan_fleet(source, work(out), batch_megapixels=OF_TWO)
        return run_fleet(plan, address=cluster.address, progress=progress, **options)

    return run


def test_the_same_as_one_process(fleet, check_same, tmp_path, caplog):
    result = fleet(tmp_path)
    assert (result.done, len(result.failed), result.workers) == (12, 1, 2)
    assert len(set(starts(caplog))) == 2
    check_same(tmp_path)
    again = fleet(tmp_path)
    assert (again.done, again.skipped) == (0, 12)


def test_a_worker_that_is_killed_is_replaced(fleet, check_same, tmp_path, caplog):
    seen = []

    def kill(row, skipped):
        seen.append(row.photo)
        if len(seen) == 3:
            os.kill(starts(caplog)[0], signal.SIGKILL)

    result = fleet(tmp_path, kill, workers=1)
    assert result.replaced == 1
    assert len(starts(caplog)) == 2
    assert (result.done, len(seen)) == (12, 13)
    check_same(tmp_path)


def test_a_photograph_that_kills_its_workers_fails_alone(
    cluster, folder, work, tables, tmp_path, caplog, monkeypatch
):
    """Its worker is killed from outside whenever it is the turn of that photograph."""
    from cracknet.fleet import crew as crew_room

    victim = str(folder / "wall_05.png")
    give = crew_room.Crew._give_out

    def give_and_kill(self):
        before = set(self._busy)
        give(self)
        for ref in set(self._busy) - before:
            batch = self._busy[ref][1]
            if any(item.file == victim and not item.problem for item in batch.items):
                import ray

                ray.kill(self._busy[ref][0])

    monkeypatch.setattr(crew_room.Crew, "_give_out", give_and_kill)
    monkeypatch.setattr(crew_room, "MOST_DEATHS", 1)
    plan = plan_fleet(folder, work(tmp_path), batch_megapixels=OF_TWO)
    result = run_fleet(plan, address=cluster.address, workers=1)
    errors = {row.file: row.error for row in result.failed}
    assert set(errors) == {victim, str(folder / "torn.png")}
    assert "its worker died 1 times" in errors[victim]
    assert (result.done, result.replaced) == (11, 2)
    assert len(tables(tmp_path, "photos")) == 13


def test_a_node_that_dies_and_one_that_joins(fleet, cluster, check_same, tmp_path):
    seen = []
    node = next(iter(cluster.worker_nodes))

    def lose(row, skipped):
        seen.append(row.photo)
        if len(seen) == 3:
            cluster.remove_node(node, allow_graceful=False)
        if len(seen) == 5:
            cluster.add_node(**SMALL)

    result = fleet(tmp_path, lose)
    assert (result.done, len(seen)) == (12, 13)
    check_same(tmp_path)


def test_a_driver_that_is_killed(fleet, cluster, folder, check_same, dark_net, tmp_path):
    """Its workers go with it; a rerun repeats less than a batch for each of them."""
    line = [
        sys.executable, "-m", "cracknet", "batch", folder, "-o", tmp_path, "-m", dark_net,
        "-t", 0.7, "--precision", "f32", "--address", cluster.address,
        "--batch-megapixels", OF_TWO,
    ]  # fmt: skip
    process = subprocess.Popen(list(map(str, line)), stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while len(list((tmp_path / "ledger").glob("*.json"))) < 2:
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.002)
    process.kill()
    assert process.wait() == -signal.SIGKILL
    result = fleet(tmp_path)
    kept = result.skipped
    assert 2 <= kept < 12
    assert result.done == 12 - kept
    check_same(tmp_path)
    told = json.loads((tmp_path / "run.json").read_text())
    assert (told["photos"], told["failed"]) == (13, 1)


def test_machines_that_are_not_alike(cluster, fleet, folder, work, tmp_path):
    """A worker refuses another version, and a destination that it does not see."""
    from cracknet.fleet.work import Worker

    plan = plan_fleet(folder, work(tmp_path / "out"))
    with pytest.raises(OutputError, match="Name a folder that all machines share"):
        Worker(plan.work, 1, plan.options)
    other = {**plan.options, "cracknet": "0.0.1"}
    from dataclasses import replace

    with pytest.raises(ModelError, match=r"here cracknet is .*, the run's is '0\.0\.1'"):
        run_fleet(replace(plan, options=other), address=cluster.address, workers=1)


def test_no_cluster_at_the_address(folder, work, tmp_path):
    plan = plan_fleet(folder, work(tmp_path))
    with pytest.raises(EngineError, match=r"no Ray cluster at .*ray start --head"):
        run_fleet(plan, address="ray://127.0.0.1:9")


def test_a_batch_keeps_its_key_when_a_problem_is_added():
    items = Item("a", "/a", "1"), Item("a", "/a", "1", problem="died")
    assert Batch((items[0],)).key == Batch((items[1],)).key


def test_the_cluster_of_the_docs_is_one_that_ray_takes():
    pytest.importorskip("ray")
    import yaml
    from ray.autoscaler._private.util import prepare_config, validate_config

    text = (Path(__file__).parents[2] / "docs" / "fleet.md").read_text("utf-8")
    validate_config(prepare_config(yaml.safe_load(re.search(r"```yaml\n(.*?)```", text, re.S)[1])))
