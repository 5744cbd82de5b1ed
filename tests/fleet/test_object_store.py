"""Batches from and to a real S3 server on loopback, which is stopped and started meanwhile."""

from __future__ import annotations

import json
import threading
import time

import pytest

from cracknet.errors import ArgumentError, OutputError, PhotoError
from cracknet.fleet import plan_fleet, run_fleet
from cracknet.fleet.places import Place

NAMES = ["a.png", "b.png", "c.png", "d.png"]


@pytest.fixture
def photos(write_photos, tmp_path):
    return write_photos(tmp_path / "in", NAMES)


def names_below(url):
    place = Place(url)
    return sorted(path.removeprefix(f"{place.root}/") for path in place.filesystem.find(place.root))


def test_the_same_results_as_on_a_disk(
    photos, bucket, batch, tables, check_alike, tmp_path, request
):
    source = bucket(f"{request.node.name}/in", photos)
    there = source.replace("/in", "/out")
    done = batch(source, there)
    here = batch(tmp_path / "in", tmp_path / "out")
    assert (done.done, done.failed) == (here.done, ()) == (4, ())
    assert done.cracks == here.cracks > 4
    place = Place(there)
    for name in NAMES:
        mask = f"results/{name}.mask.png"
        assert place.get(mask) == (tmp_path / "out" / mask).read_bytes()
    for table in ("cracks", "branches"):
        rows = tables(place.root, table, place.filesystem)
        check_alike(rows, tables(tmp_path / "out", table))
    rows = tables(place.root, "photos", place.filesystem)
    assert [row["file"] for row in rows] == [f"{source}/{name}" for name in NAMES]
    again = batch(source, there)
    assert (again.done, again.skipped) == (0, 4)


@pytest.mark.slow
def test_patterns_lists_and_one_object(photos, bucket, batch, request):
    source = bucket(f"{request.node.name}/in", photos)
    out = source.replace("/in", "/out")
    assert batch(f"{source}/[ab].png", f"{out}1").done == 2
    assert batch(f"{source}/c.png", f"{out}2").done == 1
    text = f"# north wall\nd.png\n{source}/a.png\n\nlost.png\nd.png\n"
    Place(source).put("list.txt", text.encode())
    result = batch(f"{source}/list.txt", f"{out}3")
    assert (result.done, result.duplicates) == (2, (f"{source}/d.png",))
    [row] = result.failed
    assert row.error == f"{source}/lost.png: no such file. Check the path."


@pytest.mark.slow
def test_a_store_that_goes_away_and_comes_back(photos, bucket, batch, s3, request):
    """Reads and writes wait for it; nothing fails and nothing is done twice."""
    source = bucket(f"{request.node.name}/in", photos)
    out = source.replace("/in", "/out")
    timers = []
    stopped = []

    def stop(row, skipped):
        if not stopped:
            s3.stop()
            stopped.append(time.monotonic())
            timers.append(threading.Timer(1.5, s3.start))
            timers[0].start()

    done = batch(source, out, batch_megapixels=0.01, progress=stop)
    timers[0].join()
    assert done.seconds > 1.5
    assert (done.done, done.failed) == (4, ())
    assert len([name for name in names_below(out) if name.startswith("ledger/")]) == 4


@pytest.mark.slow
def test_a_store_that_stays_away_ends_the_run_and_a_rerun_does_the_rest(
    photos, bucket, batch, s3, tables, request
):
    source = bucket(f"{request.node.name}/in", photos)
    out = source.replace("/in", "/out")
    seen = []

    def stop(row, skipped):
        seen.append(row.photo)
        if len(seen) == 3:
            s3.stop()

    try:
        with pytest.raises(OutputError, match=f"{out}/.*cannot be written.*run again"):
            batch(source, out, batch_megapixels=0.01, progress=stop, patience_s=0.5)
    finally:
        s3.start()
    before = names_below(out)
    assert len([name for name in before if name.startswith("ledger/")]) == 2
    result = batch(source, out, batch_megapixels=0.01)
    assert (result.done, result.skipped) == (2, 2)
    assert set(before) <= set(names_below(out))
    place = Place(out)
    assert [r["photo"] for r in tables(place.root, "photos", place.filesystem)] == NAMES


def test_wrong_credentials(photos, bucket, s3, work, batch, monkeypatch, tmp_path, request):
    source = bucket(f"{request.node.name}/in", photos)
    import s3fs

    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong")
    s3fs.S3FileSystem.clear_instance_cache()
    advice = "check it, by AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
    with pytest.raises(PhotoError, match=f"^{source}: cannot be read: .*{advice}"):
        batch(source, tmp_path / "out")
    with pytest.raises(OutputError, match=f"^{source}-out/run.json: cannot be read: .*{advice}"):
        batch(tmp_path / "in", f"{source}-out")
    assert not (tmp_path / "out").exists()


def test_no_credentials(s3, batch, monkeypatch, tmp_path):
    import s3fs

    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    s3fs.S3FileSystem.clear_instance_cache()
    with pytest.raises((PhotoError, OutputError), match="AWS_ACCESS_KEY_ID"):
        batch("s3://survey/in", tmp_path / "out")


def test_a_bucket_that_is_not_there(photos, s3, batch, tmp_path):
    with pytest.raises(PhotoError, match="s3://lost/in: no such file"):
        batch("s3://lost/in", tmp_path / "out")
    with pytest.raises(OutputError, match=r"s3://lost/out/.*cannot be written"):
        batch(tmp_path / "in", "s3://lost/out", patience_s=1)


def test_a_destination_of_other_options(photos, bucket, work, batch, request):
    source = bucket(f"{request.node.name}/in", photos[:1])
    out = source.replace("/in", "/out")
    batch(source, out)
    before = {name: Place(out).get(name) for name in names_below(out)}
    with pytest.raises(ArgumentError, match=r"holds a run with threshold 0\.7; now it is 0\.5"):
        plan_fleet(source, work(out, segmenter={"threshold": 0.5}))
    assert {name: Place(out).get(name) for name in names_below(out)} == before
    assert json.loads(before["run.json"])["status"] == "finished"


@pytest.mark.slow
def test_a_photograph_replaced_on_the_store_is_done_again(
    photos, bucket, batch, tables, request, write_photos, tmp_path
):
    source = bucket(f"{request.node.name}/in", photos)
    out = source.replace("/in", "/out")
    batch(source, out)
    [other] = write_photos(tmp_path / "other", ["b.png"], size=(96, 128))
    bucket(f"{request.node.name}/in", [other])
    result = batch(source, out)
    assert (result.done, result.skipped) == (1, 3)
    place = Place(out)
    rows = tables(place.root, "photos", place.filesystem)
    assert [(row["photo"], row["width_px"]) for row in rows] == [
        ("a.png", 224), ("b.png", 128), ("c.png", 224), ("d.png", 224),
    ]  # fmt: skip


@pytest.mark.slow
def test_a_raster_from_store_to_store(bucket, batch, request, tmp_path, rendered):
    rasterio = pytest.importorskip("rasterio")
    from rasterio import Affine

    gray = rendered(160, 224).gray
    file = tmp_path / "deck.tif"
    with rasterio.open(
        file, "w", driver="GTiff", height=160, width=224, count=1, dtype="uint8",
        crs="EPSG:25832", transform=Affine(0.002, 0, 500_000, 0, -0.002, 5_900_000),
    ) as raster:  # fmt: skip
        raster.write(gray, 1)
    source = bucket(f"{request.node.name}/in", [file])
    out = source.replace("/in", "/out")
    result = batch(source, out)
    assert (result.done, result.failed) == (1, ())
    assert "rasters/deck.tif/deck.mask.tif" in names_below(out)


@pytest.mark.slow
def test_nothing_is_done_twice_by_run_fleet(photos, bucket, work, request):
    source = bucket(f"{request.node.name}/in", photos)
    plan = plan_fleet(source, work(source.replace("/in", "/out")), batch_megapixels=0.01)
    assert len(plan.batches) == 4
    first = run_fleet(plan, threads=1)
    second = run_fleet(plan, threads=1)  # the same plan again: the same parts under the same names
    assert first.cracks == second.cracks
    assert len(names_below(plan.work.destination)) == 1 + 4 * 5
