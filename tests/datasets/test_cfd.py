from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from scipy.io import savemat

from cracknet.datasets.cfd import find_cfd, read_segmentation
from cracknet.errors import DatasetError

LABELS = np.ones((20, 30), np.uint16)
LABELS[8:11, 4:25] = 2


def write_mat(path, labels=LABELS, *, cell=False):
    path.parent.mkdir(parents=True, exist_ok=True)
    truth = {"Segmentation": labels, "Boundaries": np.zeros_like(labels)}
    if cell:
        cells = np.empty((1, 1), object)
        cells[0, 0] = truth
        truth = cells
    savemat(path, {"groundTruth": truth})
    return path


def write_photo(path, shape=(20, 30)):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full(shape, 120, np.uint8)).save(path)


@pytest.mark.parametrize("cell", [False, True], ids=["structure", "cell array"])
def test_labels_as_stored(tmp_path, cell):
    assert np.array_equal(read_segmentation(write_mat(tmp_path / "a.mat", cell=cell)), LABELS)


def test_floats_that_are_whole(tmp_path):
    found = read_segmentation(write_mat(tmp_path / "a.mat", LABELS.astype(float)))
    assert np.array_equal(found, LABELS)


def test_the_publishers_layout(tmp_path):
    for stem in ("001", "002"):
        write_mat(tmp_path / f"groundTruth/{stem}.mat")
        write_photo(tmp_path / f"image/{stem}.jpg")
    sources = find_cfd(tmp_path)
    assert [source.relative.name for source in sources] == ["001", "002"]
    annotation = sources[1].read()
    assert annotation.photo.name.endswith("002.jpg")
    assert np.array_equal(annotation.mask, LABELS == 2)
    assert annotation.notes == ()
    (alone,) = find_cfd(tmp_path / "groundTruth/001.mat")
    assert alone.read().mask.sum() == 63


def test_crack_is_label_2_and_no_other(tmp_path):
    labels = LABELS.copy()
    labels[0:5, 0:5] = 3
    labels[15:, 20:] = 4
    write_mat(tmp_path / "a.mat", labels)
    write_photo(tmp_path / "a.png")
    (source,) = find_cfd(tmp_path)
    annotation = source.read()
    assert np.array_equal(annotation.mask, LABELS == 2)
    assert "[3, 4]" in annotation.notes[0]


def test_no_crack_and_one_pixel(tmp_path):
    write_photo(tmp_path / "a.png")
    write_mat(tmp_path / "a.mat", np.ones((20, 30), np.uint8))
    assert not find_cfd(tmp_path)[0].read().mask.any()
    write_photo(tmp_path / "a.png", (1, 1))
    write_mat(tmp_path / "a.mat", np.full((1, 1), 2, np.uint8))
    assert find_cfd(tmp_path)[0].read().mask.tolist() == [[True]]


def test_a_missing_photograph(tmp_path):
    write_mat(tmp_path / "groundTruth/001.mat")
    (source,) = find_cfd(tmp_path)
    with pytest.raises(DatasetError, match="--images"):
        source.read()
    write_photo(tmp_path / "photos/001.png")
    (source,) = find_cfd(tmp_path, images=tmp_path / "photos")
    assert source.read().mask.sum() == 63


def test_a_photograph_of_another_size(tmp_path):
    write_mat(tmp_path / "a.mat")
    write_photo(tmp_path / "a.png", (30, 20))
    with pytest.raises(DatasetError, match="20x30") as caught:
        find_cfd(tmp_path)[0].read()
    assert "a.mat says 30x20" in str(caught.value)


def test_no_mat(tmp_path):
    with pytest.raises(DatasetError, match=r"no \.mat"):
        find_cfd(tmp_path)


def test_files_that_are_refused(tmp_path):
    path = tmp_path / "a.mat"
    whole = write_mat(path).read_bytes()
    contents = [b"", b"not MATLAB", whole[:150], whole[:300], b"\x89HDF\r\n\x1a\n" * 40]
    for content in contents:
        path.write_bytes(content)
        with pytest.raises(DatasetError) as caught:
            read_segmentation(path)
        assert str(path) in str(caught.value)
    with pytest.raises(DatasetError, match="cannot be read"):
        read_segmentation(tmp_path / "gone.mat")


@pytest.mark.parametrize(
    "content",
    [
        {"other": LABELS},
        {"groundTruth": LABELS},
        {"groundTruth": {"Boundaries": LABELS}},
        {"groundTruth": {"Segmentation": "text"}},
        {"groundTruth": {"Segmentation": LABELS + 0.5}},
        {"groundTruth": {"Segmentation": np.zeros((0, 0))}},
        {"groundTruth": {"Segmentation": -LABELS.astype(float)}},
    ],
)
def test_contents_that_are_refused(tmp_path, content):
    path = tmp_path / "a.mat"
    savemat(path, content)
    with pytest.raises(DatasetError, match=r"groundTruth\.Segmentation") as caught:
        read_segmentation(path)
    assert str(path) in str(caught.value)
