from __future__ import annotations

import csv
import functools
import json
import shutil
import threading
import weakref

import cv2
import numpy as np
import pytest
from PIL import Image

from cracknet.errors import ArgumentError, EngineError, OutputError
from cracknet.photo import find_photos, read_photo
from cracknet.reporting import run as run_module
from cracknet.reporting.journal import JOURNAL, Journal
from cracknet.reporting.photo_run import PixelBound
from cracknet.reporting.run import SUFFIXES, own_result, segment_photos
from cracknet.segmentation import Segmenter
from cracknet.segmentation.models import DEFAULT_MODEL


@pytest.fixture(scope="module")
def dark(dark_net):
    with Segmenter(dark_net, precision="f32") as segmenter:
        yield segmenter


@pytest.fixture
def run(dark, tmp_path):
    """Return a function that runs over inputs into `out`."""

    def call(*inputs, segmenter=dark, out=tmp_path / "out", **options):
        return segment_photos(find_photos(inputs), out, segmenter, **options)

    return call


def table(out):
    with (out / "photos.csv").open(newline="", encoding="utf-8") as file:
        return {row["photo"]: row for row in csv.DictReader(file)}


def results(out):
    return sorted(
        path.relative_to(out).as_posix() for path in out.rglob("*") if path.name.endswith(SUFFIXES)
    )


def three(*names):
    return sorted(f"{name}{suffix}" for name in names for suffix in SUFFIXES)


def times(out):
    return {name: (out / name).stat().st_mtime_ns for name in results(out)}


def test_the_files_of_a_run(run, write_photos, tmp_path):
    photos = write_photos(tmp_path / "in", ["a.png", "sub/b.png"])
    done = run(tmp_path / "in")
    out = tmp_path / "out"
    found = sorted(path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file())
    assert found == sorted([*three("a", "sub/b"), "photos.csv", "run.json", JOURNAL])
    assert (len(done.rows), done.skipped, done.failed) == (2, 0, ())
    assert done.megapixels == pytest.approx(2 * 160 * 224 / 1e6)
    assert done.seconds > 0
    for photo, name in zip(photos, ("a", "sub/b"), strict=True):
        gray = cv2.imread(str(photo), cv2.IMREAD_UNCHANGED)
        mask, probability, overlay = (
            cv2.imread(str(out / f"{name}{suffix}"), cv2.IMREAD_UNCHANGED) for suffix in SUFFIXES
        )
        assert np.abs(probability.astype(int) - (255 - gray.astype(int))).max() <= 1
        np.testing.assert_array_equal(mask, np.where(1 - gray / 255 >= 0.5, 255, 0))
        assert overlay.shape == (*gray.shape, 3)
        row = table(out)[name]
        assert (row["file"], row["status"], row["error"]) == (str(photo), "done", "")
        assert (row["width_px"], row["height_px"]) == ("224", "160")
        assert float(row["crack_share"]) == pytest.approx((mask > 0).mean(), abs=1e-6)


def test_what_run_json_says(run, dark, write_photos, tmp_path):
    write_photos(tmp_path / "in", ["a.png", "b.png"])
    (tmp_path / "in" / "c.png").write_bytes(b"bad")
    run(tmp_path / "in")
    content = json.loads((tmp_path / "out" / "run.json").read_text())
    assert content["status"] == "finished"
    assert (content["photos"], content["failed"], content["skipped"]) == (3, 1, 0)
    assert content["options"]["threshold"] == 0.5
    assert content["options"]["model"] == dark.card.name
    assert content["options"]["model_sha256"] == dark.card.sha256
    assert {"engine", "precision", "tile_px"} <= set(content["options"])
    assert {"cracknet", "seconds", "net_seconds", "megapixels"} <= set(content)


def test_the_checksum_of_a_shipped_model_is_kept(tmp_path, write_photos, run):
    write_photos(tmp_path / "in", ["a.png"])
    with Segmenter() as shipped:
        run(tmp_path / "in", segmenter=shipped)
    content = json.loads((tmp_path / "out" / "run.json").read_text())
    assert len(content["options"]["model_sha256"][f"{DEFAULT_MODEL}.bin"]) == 64


def test_exif_turns_the_results_and_fills_the_row(run, tmp_path, rendered):
    stored = Image.fromarray(rendered(160, 224).gray)
    exif = Image.Exif()
    exif[0x0112], exif[0x010F], exif[0x0110] = 6, "Nikon", "D5"
    exif.get_ifd(0x8769)[0x9003] = "2024:05:17 14:03:22"
    exif.get_ifd(0x8825).update(
        {1: "S", 2: (47.0, 30.0, 0.0), 3: "E", 4: (8.0, 15.0, 0.0), 5: b"\0", 6: 412.5}
    )
    stored.save(tmp_path / "a.png", exif=exif)
    run(tmp_path / "a.png")
    upright = np.rot90(np.asarray(stored), -1)
    row = table(tmp_path / "out")["a"]
    assert (row["width_px"], row["height_px"]) == ("160", "224")
    assert (row["taken"], row["camera"]) == ("2024-05-17T14:03:22", "Nikon D5")
    place = [float(row[f"{name}"]) for name in ("latitude_deg", "longitude_deg", "altitude_m")]
    assert place == [-47.5, 8.25, 412.5]
    for suffix in SUFFIXES:
        assert cv2.imread(str(tmp_path / "out" / f"a{suffix}"), 0).shape == (224, 160)
    probability = cv2.imread(str(tmp_path / "out" / "a.probability.png"), 0)
    assert np.abs(probability.astype(int) - (255 - upright.astype(int))).max() <= 1


@pytest.mark.parametrize(
    ("photos", "inputs", "names"),
    [
        (["in/a.png", "in/a.bmp"], ["in"], ["a.png", "a.bmp"]),
        (["in/x/a.png", "in/y/a.png"], ["in"], ["x/a", "y/a"]),
        (["in/x/a.png", "in/y/a.png"], ["in/x", "in/y"], ["x/a", "y/a"]),
        (["in/x/a.png", "in/y/a.png"], ["in/x/a.png", "in/y/a.png"], ["x/a", "y/a"]),
    ],
)
def test_photographs_of_one_stem_keep_apart(run, write_photos, tmp_path, photos, inputs, names):
    write_photos(tmp_path, photos)
    run(*(tmp_path / given for given in inputs))
    out = tmp_path / "out"
    assert results(out) == three(*names)
    assert set(table(out)) == set(names)
    for photo, name in zip(sorted(photos), sorted(names), strict=True):
        gray = cv2.imread(str(tmp_path / photo), 0).astype(int)
        probability = cv2.imread(str(out / f"{name}.probability.png"), 0).astype(int)
        assert np.abs(probability - (255 - gray)).max() <= 1


def spoil(folder):
    """Put photographs that cannot be read into a folder; return their names."""
    Image.fromarray(np.zeros((64, 64), np.uint8)).save(folder / "e.jpg")
    cut = (folder / "e.jpg").read_bytes()[:-200]
    (folder / "e.jpg").write_bytes(cut)
    (folder / "f.png").write_bytes(b"")
    (folder / "g.tif").write_text("this is no picture")
    (folder / "h.jpg").symlink_to(folder / "gone.jpg")
    Image.fromarray(np.zeros((2000, 600), np.uint8)).save(folder / "i.png")
    return ["e", "f", "g", "h", "i"]


def test_bad_photographs_do_not_stop_the_good_ones(run, write_photos, tmp_path):
    write_photos(tmp_path / "in", ["a.png", "f2.png", "z.png"])
    bad = spoil(tmp_path / "in")
    seen = []
    done = run(tmp_path / "in", max_pixels=10**6, progress=lambda row, _: seen.append(row.photo))
    out = tmp_path / "out"
    assert results(out) == three("a", "f2", "z")
    assert sorted(row.photo for row in done.failed) == bad
    assert sorted(seen) == sorted([*bad, "a", "f2", "z"])
    rows = table(out)
    for name in bad:
        assert rows[name]["status"] == "failed"
        assert f"in/{name}." in rows[name]["error"]
        assert rows[name]["crack_share"] == ""
    assert done.megapixels == pytest.approx(3 * 160 * 224 / 1e6)


def test_a_photograph_for_which_the_engine_fails(run, dark, write_photos, tmp_path, monkeypatch):
    write_photos(tmp_path / "in", ["a.png", "b.png"])
    lock, calls, infer = threading.Lock(), [], dark.engine.infer

    def once(tile):
        with lock:
            calls.append(1)
            first = len(calls) == 1
        if first:
            msg = "no memory"
            raise EngineError(msg)
        return infer(tile)

    monkeypatch.setattr(dark.engine, "infer", once)
    done = run(tmp_path / "in")
    assert sorted(row.status for row in done.rows) == ["done", "failed"]
    assert done.failed[0].error == "no memory"
    again = run(tmp_path / "in")
    assert (again.skipped, again.failed) == (1, ())


def test_a_second_run_skips_what_is_done(run, write_photos, tmp_path):
    write_photos(tmp_path / "in", ["a.png", "b.png", "c.png"])
    (tmp_path / "in" / "d.png").write_bytes(b"bad")
    run(tmp_path / "in")
    before = times(tmp_path / "out")
    again = run(tmp_path / "in")
    assert (again.skipped, len(again.rows), len(again.failed)) == (3, 4, 1)
    assert again.megapixels == 0
    assert times(tmp_path / "out") == before
    assert json.loads((tmp_path / "out" / "run.json").read_text())["skipped"] == 3


def test_a_failed_photograph_is_tried_again(run, write_photos, tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.png").write_bytes(b"bad")
    assert len(run(tmp_path / "in").failed) == 1
    write_photos(tmp_path / "in", ["a.png"])
    assert run(tmp_path / "in").failed == ()
    assert table(tmp_path / "out")["a"]["status"] == "done"
    assert table(tmp_path / "out")["a"]["error"] == ""


def test_only_what_changed_or_was_deleted_is_done_again(run, write_photos, tmp_path):
    photos = write_photos(tmp_path / "in", ["a.png", "b.png", "c.png", "d.png", "e.png"])
    run(tmp_path / "in")
    out = tmp_path / "out"
    before = times(out)
    cv2.imwrite(str(photos[0]), np.full((30, 40), 7, np.uint8))
    for name in ("b.mask.png", "c.probability.png", "d.overlay.jpg"):
        (out / name).unlink()
    assert run(tmp_path / "in").skipped == 1
    after = times(out)
    assert results(out) == three("a", "b", "c", "d", "e")
    same = {name for name in before if before[name] == after[name]}
    assert same == set(three("e"))
    assert cv2.imread(str(out / "a.mask.png"), 0).shape == (30, 40)
    assert table(out)["a"]["width_px"] == "40"


def test_new_photographs_join_an_earlier_run(run, write_photos, tmp_path):
    write_photos(tmp_path / "in", ["a.png"])
    run(tmp_path / "in")
    write_photos(tmp_path / "more", ["b.png"])
    assert run(tmp_path / "more").skipped == 0
    assert list(table(tmp_path / "out")) == ["b", "a"]  # this run's first
    assert results(tmp_path / "out") == three("a", "b")


def test_another_photograph_of_one_name_is_refused(run, write_photos, tmp_path):
    """In one run they keep apart; in two, the second must not replace the first's results."""
    write_photos(tmp_path / "x", ["a.png", "b.png"])
    write_photos(tmp_path / "y", ["a.png"])
    run(tmp_path / "x")
    before = times(tmp_path / "out")
    with pytest.raises(ArgumentError, match=r"holds the results of .*x/a\.png as a, and those of"):
        run(tmp_path / "y")
    assert times(tmp_path / "out") == before
    assert run(tmp_path / "y", overwrite=True).failed == ()
    (tmp_path / "y" / "a.png").rename(tmp_path / "y" / "b.png")
    (tmp_path / "x" / "b.png").unlink()
    assert run(tmp_path / "y").failed == ()  # x/b.png is gone: its name is free


def test_a_name_as_long_as_file_systems_take(run, write_photos, tmp_path):
    write_photos(tmp_path / "in", ["x.png"])
    (tmp_path / "in" / "x.png").rename(tmp_path / "in" / f"{'a' * 251}.png")
    assert run(tmp_path / "in").failed == ()
    assert len(results(tmp_path / "out")) == 3
    assert run(tmp_path / "in").skipped == 1


def test_overwrite_does_all_again(run, write_photos, tmp_path):
    write_photos(tmp_path / "in", ["a.png", "b.png"])
    run(tmp_path / "in")
    before = times(tmp_path / "out")
    assert run(tmp_path / "in", overwrite=True).skipped == 0
    after = times(tmp_path / "out")
    assert all(after[name] > before[name] for name in before)


def test_other_options_are_refused_unless_all_is_done_again(run, dark_net, write_photos, tmp_path):
    write_photos(tmp_path / "in", ["a.png"])
    run(tmp_path / "in")
    before = times(tmp_path / "out")
    with Segmenter(dark_net, precision="f32", threshold=0.25) as other:
        with pytest.raises(ArgumentError, match=r"threshold 0\.5; now it is 0\.25.*--overwrite"):
            run(tmp_path / "in", segmenter=other)
        assert times(tmp_path / "out") == before
        done = run(tmp_path / "in", segmenter=other, overwrite=True)
    assert done.skipped == 0
    mask = cv2.imread(str(tmp_path / "out" / "a.mask.png"), 0)
    gray = cv2.imread(str(tmp_path / "in" / "a.png"), 0)
    np.testing.assert_array_equal(mask > 0, 1 - gray / 255 >= np.float32(0.25))


def test_rows_of_other_options_are_forgotten(run, dark_net, write_photos, tmp_path):
    photos = write_photos(tmp_path / "in", ["a.png", "b.png"])
    run(tmp_path / "in")
    with Segmenter(dark_net, precision="f32", threshold=0.25) as other:
        run(photos[0], segmenter=other, overwrite=True)
        assert list(table(tmp_path / "out")) == ["a"]
        assert run(tmp_path / "in", segmenter=other).skipped == 1


def test_another_model_of_one_name_is_refused(run, dark_net, write_photos, tmp_path):
    write_photos(tmp_path / "in", ["a.png"])
    cards = []
    for folder, digit in ((tmp_path / "one", "1"), (tmp_path / "two", "2")):
        folder.mkdir()
        shutil.copy(dark_net, folder)
        shutil.copy(dark_net.with_suffix(".bin"), folder)
        (folder / "notes.txt").write_text(digit)
        from cracknet.segmentation.models import ModelCard, sha256_of, write_card

        file = folder / dark_net.name
        sums = {name: sha256_of(folder / name) for name in (file.name, "notes.txt")}
        write_card(ModelCard("dark", "dark", file, sums), file.with_suffix(".json"))
        cards.append(file)
    with Segmenter(cards[0]) as one, Segmenter(cards[1]) as two:
        run(tmp_path / "in", segmenter=one)
        with pytest.raises(ArgumentError, match="model_sha256"):
            run(tmp_path / "in", segmenter=two)


def test_an_output_folder_within_the_input_is_no_input(run, dark, write_photos, tmp_path):
    write_photos(tmp_path / "in", ["a.png", "wall.mask.png"])
    out = tmp_path / "in" / "out"
    for _ in range(2):
        photos = find_photos([tmp_path / "in"])
        photos = [photo for photo in photos if not own_result(photo, out)]
        assert [photo.path.name for photo in photos] == ["a.png", "wall.mask.png"]
        segment_photos(photos, out, dark)
    assert results(out) == three("a", "wall.mask")


def test_the_photographs_own_folder_as_output(run, dark, write_photos, tmp_path):
    folder = tmp_path / "in"
    write_photos(folder, ["a.png", "b.png"])
    before = {path: path.read_bytes() for path in folder.iterdir()}
    for skipped in (0, 2):
        photos = [photo for photo in find_photos([folder]) if not own_result(photo, folder)]
        assert segment_photos(photos, folder, dark).skipped == skipped
    assert {path: path.read_bytes() for path in before} == before
    assert results(folder) == three("a", "b")


def test_what_cracknet_did_not_write_is_untouched(run, write_photos, tmp_path):
    write_photos(tmp_path / "in", ["a.png"])
    out = tmp_path / "out"
    (out / "sub").mkdir(parents=True)
    foreign = {
        "notes.txt": b"mine",
        "b.mask.png": b"mine too",
        "sub/c.jpg": b"\xff",
        ".d.part": b"",
    }
    for name, content in foreign.items():
        (out / name).write_bytes(content)
    for options in ({}, {}, {"overwrite": True}):
        run(tmp_path / "in", **options)
        assert {name: (out / name).read_bytes() for name in foreign} == foreign


@pytest.mark.parametrize("content", ["", "text", "[]", "{}", '{"options": 3}', '{"options": null}'])
def test_a_foreign_run_json_is_refused(run, write_photos, tmp_path, content):
    write_photos(tmp_path / "in", ["a.png"])
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "run.json").write_text(content)
    with pytest.raises(OutputError, match=r"run\.json is not a run of CrackNet"):
        run(tmp_path / "in", overwrite=True)
    assert (tmp_path / "out" / "run.json").read_text() == content


def test_output_folders_that_cannot_be_used(run, write_photos, tmp_path):
    write_photos(tmp_path / "in", ["a.png"])
    (tmp_path / "file").write_text("")
    for out in (tmp_path / "file", tmp_path / "file" / "out"):
        with pytest.raises(OutputError, match=r"the output folder .*file.* cannot be used"):
            run(tmp_path / "in", out=out)
    assert (tmp_path / "file").read_text() == ""


def test_a_result_that_cannot_be_written_ends_the_run_and_keeps_the_rest(
    run, write_photos, tmp_path
):
    write_photos(tmp_path / "in", ["a.png"])
    run(tmp_path / "in")
    write_photos(tmp_path / "in", ["b.png"])
    (tmp_path / "out" / "b.mask.png").mkdir()
    with pytest.raises(OutputError, match=r"b\.mask\.png cannot be written"):
        run(tmp_path / "in")
    assert json.loads((tmp_path / "out" / "run.json").read_text())["status"] == "running"
    assert table(tmp_path / "out")["a"]["status"] == "done"
    (tmp_path / "out" / "b.mask.png").rmdir()
    assert run(tmp_path / "in").skipped == 1
    assert results(tmp_path / "out") == three("a", "b")


def test_a_journal_cut_short_loses_one_photograph_only(run, write_photos, tmp_path):
    write_photos(tmp_path / "in", ["a.png", "b.png", "c.png"])
    run(tmp_path / "in")
    path = tmp_path / "out" / JOURNAL
    path.write_bytes(path.read_bytes()[:-20])
    assert run(tmp_path / "in").skipped == 2
    assert set(Journal(tmp_path / "out").rows) == {"a", "b", "c"}


@pytest.mark.parametrize(
    "stem", ["a,b", 'a"b', "a\nb", "=1+1", "Brücke 桥 🧱", " a", "a%20b", "-o", "[a]*?", "a.mask"]
)
def test_photographs_of_any_name(run, write_photos, tmp_path, stem):
    write_photos(tmp_path / "in", ["x.png"])
    (tmp_path / "in" / "x.png").rename(tmp_path / "in" / f"{stem}.png")
    assert run(tmp_path / "in").failed == ()
    assert results(tmp_path / "out") == three(stem)
    assert list(table(tmp_path / "out")) == [stem]
    assert run(tmp_path / "in").skipped == 1


def test_a_photograph_whose_name_is_not_utf_8(run, write_photos, tmp_path):
    write_photos(tmp_path / "in", ["x.png"])
    stem = b"a\xff".decode(errors="surrogateescape")
    try:
        (tmp_path / "in" / "x.png").rename(tmp_path / "in" / f"{stem}.png")
    except (OSError, UnicodeError):
        pytest.skip("this file system holds UTF-8 names only")
    assert run(tmp_path / "in").failed == ()
    assert results(tmp_path / "out") == three(stem)
    assert run(tmp_path / "in").skipped == 1


def test_no_photograph_at_all(run, dark, tmp_path):
    done = segment_photos([], tmp_path / "out", dark)
    assert (done.rows, done.skipped, done.megapixels) == ((), 0, 0)
    assert table(tmp_path / "out") == {}


@pytest.mark.parametrize("size", [(1, 1), (20, 30_000), (70_000, 20)])
def test_photographs_of_odd_shapes(run, tmp_path, size):
    Image.fromarray(np.full(size, 30, np.uint8)).save(tmp_path / "a.png")
    assert run(tmp_path / "a.png").failed == ()
    for suffix in SUFFIXES[:2]:
        with Image.open(tmp_path / "out" / f"a{suffix}") as picture:
            assert picture.size == size[::-1]
    assert table(tmp_path / "out")["a"]["crack_share"] == "1"


def test_few_photographs_are_in_memory_at_once(run, dark, write_photos, tmp_path, monkeypatch):
    write_photos(tmp_path / "in", [f"{k:02}.png" for k in range(30)], size=(40, 50))
    lock = threading.Lock()
    alive, most = set(), []

    def counted(path, **options):
        photo = read_photo(path, **options)
        with lock:
            alive.add(path)
            most.append(len(alive))
        weakref.finalize(photo, alive.discard, path)
        return photo

    monkeypatch.setattr(run_module, "read_photo", counted)
    assert len(run(tmp_path / "in").rows) == 30
    assert len(most) == 30
    assert max(most) <= dark.engine.workers + 2


def test_photographs_in_work_wait_for_room(run, write_photos, tmp_path, monkeypatch):
    write_photos(tmp_path / "in", [f"{k}.png" for k in range(6)], size=(40, 50))
    room_for_one = functools.partial(PixelBound, 2500)
    monkeypatch.setattr(run_module, "PixelBound", room_for_one)
    lock, busy, most = threading.Lock(), [], []
    segment = Segmenter.segment

    def counted(self, photo):
        with lock:
            busy.append(photo)
            most.append(len(busy))
        try:
            return segment(self, photo)
        finally:
            with lock:
                busy.pop()

    monkeypatch.setattr(Segmenter, "segment", counted)
    run(tmp_path / "in")
    assert most == [1] * 6
