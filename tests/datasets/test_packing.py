from __future__ import annotations

import hashlib
import json
import tarfile

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from cracknet.datasets import packing, shards
from cracknet.datasets.batches import Source, batches
from cracknet.datasets.pack_folder import JOURNAL_NAME
from cracknet.datasets.packed import is_pack
from cracknet.datasets.packing import pack_set
from cracknet.datasets.pairs import find_file_pairs, find_pairs
from cracknet.datasets.shards import encode_gray, encode_mask
from cracknet.errors import ArgumentError, DatasetError, OutputError, PhotoError


def wall(seed, height=60, width=80):
    rng = np.random.default_rng(seed)
    blurred = cv2.GaussianBlur(rng.standard_normal((height, width)), (0, 0), 1.5)
    return np.clip(128 + 40 * blurred / blurred.std(), 0, 255).astype(np.uint8)


@pytest.fixture
def root(tmp_path):
    """A set of 7 photographs in train and 2 in test, of different sizes."""
    folder = tmp_path / "set"
    for split, count in (("train", 7), ("test", 2)):
        for kind in ("images", "masks"):
            (folder / kind / split).mkdir(parents=True)
        for k in range(count):
            gray = wall(k, 60 + k, 80)
            stem = "a" if k == 0 else f"a-{k}" if k < 6 else "ü b.c"
            Image.fromarray(gray).save(folder / "images" / split / f"{stem}.png")
            Image.fromarray(gray < 90 + k).save(folder / "masks" / split / f"{stem}.png")
    return folder


@pytest.fixture
def out(tmp_path):
    return tmp_path / "pack"


def same(one, other):
    return all(np.array_equal(a, b) for a, b in zip(one.read(), other.read(), strict=True))


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def damage(path, place):
    content = bytearray(path.read_bytes())
    content[place] ^= 0x10
    path.write_bytes(content)


def test_a_pack_reads_as_its_folder(root, out):
    done = pack_set(root, out)
    assert (done.photographs, done.shards, done.skipped, done.quality) == (9, 2, 0, None)
    assert done.bytes == sum(path.stat().st_size for path in out.iterdir())
    assert sorted(contents(out)) == ["pack.json", "test-00000.tar", "train-00000.tar"]
    for split in ("train", "test"):
        pairs, packed = find_pairs(root, split), find_pairs(out, split)
        assert [pair.stem for pair in packed] == [pair.stem for pair in pairs]  # crops depend on it
        for pair, other in zip(pairs, packed, strict=True):
            assert same(pair, other)
            gray, mask = other.read()
            assert (gray.dtype, mask.dtype) == (np.uint8, bool)
            assert np.array_equal(other.read_mask(), mask)
            assert np.array_equal(pair.read_mask(), mask)


def test_lists_of_stems(root, out):
    pack_set(root, out)
    assert [pair.stem for pair in find_pairs(out, "train", only=["a-3", "a"])] == ["a-3", "a"]
    assert len(find_pairs(out, "train", without=["a-3", "a"])) == 5
    with pytest.raises(DatasetError, match="lacks the listed photograph 'zebra'"):
        find_pairs(out, "train", only=["zebra"])


def test_other_tools_can_read_the_shards(root, out):
    pack_set(root, out)
    index = json.loads((out / "pack.json").read_text())
    for split in index["splits"].values():
        for shard in split["shards"]:
            content = (out / shard["file"]).read_bytes()
            assert len(content) == shard["bytes"]
            assert hashlib.sha256(content).hexdigest() == shard["sha256"]
    with tarfile.open(out / "train-00000.tar") as tar:
        members = tar.getmembers()
        assert [member.name for member in members[:2]] == ["a-1.webp", "a-1.mask.png"]
        assert members[-1].name == "ü b.c.mask.png"
        assert {(member.mtime, member.uid, member.mode) for member in members} == {(0, 0, 0o644)}
        for _, _, image, mask in index["splits"]["train"]["photos"]:
            for name, offset, size, _ in (image, mask):
                member = tar.getmember(name)
                assert (member.offset_data, member.size) == (offset, size)
        with Image.open(tar.extractfile("a-1.mask.png")) as picture:
            assert picture.mode == "1"


def test_shards_keep_to_their_limit(root, out):
    done = pack_set(root, out, shard_bytes=12_000)
    sizes = [path.stat().st_size for path in out.glob("*.tar")]
    assert done.shards == len(sizes) > 4
    assert max(sizes) <= 12_000
    assert all(map(same, find_pairs(root, "train"), find_pairs(out, "train")))
    with pytest.raises(ArgumentError, match=r"a-1 takes \d+. Raise --shard-size"):
        pack_set(root, out, shard_bytes=4000, overwrite=True)


def test_the_same_bytes_again(root, out, tmp_path):
    pack_set(root, out, shard_bytes=12_000)
    before = contents(out)
    times = {path.name: path.stat().st_mtime_ns for path in out.iterdir()}
    again = pack_set(root, out, shard_bytes=12_000)
    assert again.skipped == again.shards
    assert times == {path.name: path.stat().st_mtime_ns for path in out.iterdir()}
    assert pack_set(root, out, shard_bytes=12_000, overwrite=True).skipped == 0
    pack_set(root, tmp_path / "other", shard_bytes=12_000)
    assert contents(out) == contents(tmp_path / "other") == before


@pytest.mark.parametrize("written", range(5))
def test_broken_off_and_gone_on(root, out, tmp_path, monkeypatch, written):
    pack_set(root, tmp_path / "whole", shard_bytes=12_000)
    calls = []

    def fill_disk(path, content):
        if path.suffix == ".tar":
            calls.append(path.name)
        if len(calls) > written:
            msg = "no space"
            raise OutputError(msg)
        packing_write(path, content)

    packing_write = packing.write_whole
    monkeypatch.setattr(packing, "write_whole", fill_disk)
    with pytest.raises(OutputError):
        pack_set(root, out, shard_bytes=12_000)
    monkeypatch.undo()
    assert not is_pack(out)
    read = []
    monkeypatch.setattr(shards, "_encode", record(shards._encode, read))
    done = pack_set(root, out, shard_bytes=12_000)
    assert done.skipped == written
    assert len(read) <= 9
    assert (len(read) == 9) == (written == 0)
    assert contents(out) == contents(tmp_path / "whole")


def record(function, calls):
    def recorded(*words):
        calls.append(words)
        return function(*words)

    return recorded


def test_a_shard_that_went_missing_is_made_again(root, out):
    pack_set(root, out, shard_bytes=12_000)
    before = contents(out)
    (out / "train-00001.tar").unlink()
    with pytest.raises(DatasetError, match=r"lacks its shard .*train-00001\.tar"):
        find_pairs(out, "train")
    pack_set(root, out, shard_bytes=12_000)
    assert contents(out) == before


def test_a_changed_set_or_other_options_are_refused(root, out):
    pack_set(root, out)
    with pytest.raises(DatasetError, match="--overwrite"):
        pack_set(root, out, quality=80)
    Image.fromarray(np.zeros((61, 80), bool)).save(root / "masks/train/a-1.png")
    with pytest.raises(DatasetError, match="has changed"):
        pack_set(root, out)
    pack_set(root, out, overwrite=True)
    assert not find_pairs(out, "train")[0].read_mask().any()


def test_what_cracknet_did_not_write_is_kept(root, out):
    out.mkdir()
    (out / "notes.txt").write_text("mine")
    pack_set(root, out, shard_bytes=12_000)
    pack_set(root, out, overwrite=True)
    assert sorted(contents(out)) == ["notes.txt", "pack.json", "test-00000.tar", "train-00000.tar"]
    (out / "pack.json").unlink()
    with pytest.raises(DatasetError, match="a folder of its own"):
        pack_set(root, out)
    with pytest.raises(DatasetError, match="holds images"):
        pack_set(root, root)


def test_some_splits(root, out):
    assert pack_set(root, out, splits=["test"]).photographs == 2
    with pytest.raises(DatasetError, match="no split 'train'; it has test"):
        find_pairs(out, "train")
    with pytest.raises(DatasetError, match="no folder"):
        pack_set(root, out, splits=["zebra"], overwrite=True)


def test_lossy(root, out, tmp_path):
    least = [pack_set(root, tmp_path / str(q), quality=q) for q in (95, 60, 20)]
    assert least[0].bytes > least[1].bytes > least[2].bytes
    errors = []
    for quality in (95, 20):
        for pair, other in zip(
            find_pairs(root, "train"), find_pairs(tmp_path / str(quality), "train"), strict=True
        ):
            (gray, mask), (lossy, kept) = pair.read(), other.read()
            assert np.array_equal(mask, kept)
            errors.append(np.abs(gray.astype(float) - lossy).mean())
    assert 0 < max(errors[:7]) < 3
    assert max(errors[:7]) < min(errors[7:]) < 30


@pytest.mark.parametrize("limit", [28_000, 33_000, 10_000_000])
def test_max_size_lowers_the_quality(root, out, limit):
    done = pack_set(root, out, quality=90, max_bytes=limit)
    assert done.bytes == sum(path.stat().st_size for path in out.iterdir()) <= limit
    assert (done.quality == 90) == (limit > 100_000)
    again = pack_set(root, out, quality=90, max_bytes=limit)
    assert (again.skipped, again.bytes, again.quality) == (again.shards, done.bytes, done.quality)


@pytest.mark.parametrize(
    ("quality", "said"),
    [(None, r"takes 0\.1 MB without loss\. Give --lossy 90"), (50, "even at quality 10")],
)
def test_max_size_that_cannot_be_kept(root, out, quality, said):
    with pytest.raises(ArgumentError, match=said):
        pack_set(root, out, quality=quality, max_bytes=15_000)
    assert contents(out) == {}


@pytest.mark.parametrize(
    "options",
    [{"quality": 9}, {"quality": 101}, {"max_bytes": 0}, {"shard_bytes": 0}],
)
def test_impossible_options(root, out, options):
    with pytest.raises(ArgumentError, match="got"):
        pack_set(root, out, **options)
    assert not out.exists()


def test_faults_of_the_set_are_named(root, out):
    (root / "images/val").mkdir()
    with pytest.raises(DatasetError, match="holds no photographs"):
        pack_set(root, out)
    (root / "images/val").rmdir()
    (root / "images/train/a-2.png").write_bytes(b"broken")
    with pytest.raises(PhotoError, match=r"a-2\.png"):
        pack_set(root, out)
    assert not is_pack(out)
    (root / "masks/train/a-2.png").unlink()
    with pytest.raises(DatasetError, match="has no mask"):
        pack_set(root, out)


def test_no_set(tmp_path, out, root):
    with pytest.raises(DatasetError, match="no folder"):
        pack_set(tmp_path / "gone", out)
    (tmp_path / "bare/images").mkdir(parents=True)
    with pytest.raises(DatasetError, match="no folder"):
        pack_set(tmp_path / "bare", out)
    pack_set(root, out)
    with pytest.raises(DatasetError, match="is a pack"):
        pack_set(out, tmp_path / "twice", splits=["train"])


def test_a_bit_turned_on_the_way(root, out):
    pack_set(root, out)
    index = json.loads((out / "pack.json").read_text())
    name, offset, size, _ = index["splits"]["train"]["photos"][2][2]
    damage(out / "train-00000.tar", offset + size // 2)
    pairs = find_pairs(out, "train")
    assert same(pairs[1], find_pairs(root, "train")[1])
    with pytest.raises(DatasetError, match="checksum") as caught:
        pairs[2].read()
    assert name in str(caught.value)
    assert str(out / "train-00000.tar") in str(caught.value)
    assert pairs[2].read_mask().any()
    (out / "train-00000.tar").unlink()
    with pytest.raises(DatasetError, match="No such file"):
        pairs[0].read()


def test_a_shard_cut_short(root, out):
    pack_set(root, out)
    path = out / "train-00000.tar"
    path.write_bytes(path.read_bytes()[:-600])
    with pytest.raises(DatasetError, match=r"must have \d+ bytes; it has"):
        find_pairs(out, "train")


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        '{"schema": "cracknet/pack/9"}',
        '{"schema": "cracknet/pack/1"}',
        '{"schema": "cracknet/pack/1", "splits": {"train": {}}}',
        '{"schema": "cracknet/pack/1", "splits": {"train": {"shards": [{}], "photos": []}}}',
        '{"schema": "cracknet/pack/1", "splits": {"train": {"shards": [], "photos": [["a"]]}}}',
        '{"schema": "cracknet/pack/1", "splits": {"train": {"shards": [], "photos": '
        '[["a", 0, ["n", 0, 1, 2], ["n", 0, 1, 2]]]}}}',
    ],
)
def test_a_damaged_index(tmp_path, content):
    (tmp_path / "pack.json").write_text(content)
    with pytest.raises(DatasetError, match="pack"):
        find_pairs(tmp_path, "train")


def test_the_files_of_a_pack_are_not_files(root, out):
    pack_set(root, out)
    with pytest.raises(DatasetError, match="is a pack; here the files are needed"):
        find_file_pairs(out, "train")


def test_training_sees_the_same_crops(root, out):
    from functools import partial

    from cracknet.datasets.batches import Plan
    from cracknet.datasets.crops import CropOptions, random_crop

    pack_set(root, out)
    options = CropOptions(size_px=32)

    def cut(gray, mask, rng):
        return random_crop(gray, mask, options, rng)

    plans = [Plan([Source(find_pairs(each, "train"), 1, cut)], 3, 5) for each in (root, out)]
    whole = map(partial(batches, start=0, stop=3), plans)
    for (gray, mask), (other, other_mask) in zip(*whole, strict=True):
        assert np.array_equal(gray, other)
        assert np.array_equal(mask, other_mask)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    size=st.tuples(st.integers(1, 40), st.integers(1, 40)),
    share=st.sampled_from([0, 0.3, 1]),
    seed=st.integers(0, 99),
)
def test_lossless_is_without_loss(size, share, seed):
    rng = np.random.default_rng(seed)
    gray, mask = rng.integers(0, 256, size, np.uint8), rng.random(size) < share
    suffix, content = encode_gray(gray, None)
    assert suffix == ".webp"
    assert np.array_equal(cv2.imdecode(np.frombuffer(content, np.uint8), 0), gray)
    stored = cv2.imdecode(np.frombuffer(encode_mask(mask), np.uint8), 0)
    assert np.array_equal(stored > 0, mask)


@pytest.mark.parametrize(("quality", "suffix"), [(None, ".png"), (80, ".jpg")])
def test_too_long_for_webp(quality, suffix):
    gray = np.tile(wall(1, 4, 80), (1, 250))
    found, content = encode_gray(gray, quality)
    assert found == suffix
    decoded = cv2.imdecode(np.frombuffer(content, np.uint8), 0)
    assert np.abs(decoded.astype(int) - gray).mean() < (8 if quality else 1e-9)


def test_too_long_for_jpeg_is_kept_without_loss():
    gray = np.tile(wall(1, 1, 70), (1, 1000))
    suffix, content = encode_gray(gray, 80)
    assert suffix == ".png"
    assert np.array_equal(cv2.imdecode(np.frombuffer(content, np.uint8), 0), gray)


def test_output_in_place_of_a_file(root, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be written"):
        pack_set(root, tmp_path / "file" / "pack")


def test_the_journal_goes_with_the_work(root, out):
    pack_set(root, out)
    assert not (out / JOURNAL_NAME).exists()
