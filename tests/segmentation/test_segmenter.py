from __future__ import annotations

import dataclasses
import threading
import time
import tracemalloc
import weakref
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest

import cracknet
from cracknet.errors import ArgumentError, EngineError, ModelError, PhotoError
from cracknet.photo import read_photo
from cracknet.segmentation import Segmentation, Segmenter, segment
from cracknet.synthesis import SceneOptions, render

OFFSET = (192, 160)


@pytest.fixture(scope="module")
def shipped():
    with Segmenter(precision="f32") as segmenter:
        yield segmenter


@pytest.fixture(scope="module")
def dark(dark_net):
    """A Segmenter of a known result: 1 - gray / 255."""
    with Segmenter(dark_net, precision="f32") as segmenter:
        yield segmenter


def noise(height, width, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width), np.uint8)


# The seam promise


def differences(one, other):
    """Mask IoU at 0.5, and the share of pixels near a crack that differ by less than 0.05."""
    masks = one >= 0.5, other >= 0.5
    either = masks[0] | masks[1]
    assert either.any()
    near = cv2.distanceTransform((~either).astype(np.uint8), cv2.DIST_L2, 5) <= 10
    alike = np.abs(one - other)[near] < 0.05
    return (masks[0] & masks[1]).sum() / either.sum(), alike.mean()


def check_seams(gray, precision):
    whole_px = -(-max(gray.shape) // 64) * 64
    with (
        Segmenter(precision=precision) as tiled,
        Segmenter(precision=precision, tile_px=whole_px) as whole,
    ):
        assert min(gray.shape) > 1.5 * tiled.tile_px  # else the offset moves nothing
        still = tiled.probability(gray)
        moved = tiled.probability(gray, offset=OFFSET)
        at_once = whole.probability(gray)
    assert np.abs(still - moved).max() > 0
    measured = {
        "two offsets": differences(still, moved),
        "one large tile": differences(still, at_once),
        "one large tile, moved": differences(moved, at_once),
    }
    for name, (iou, alike) in measured.items():
        assert iou >= 0.98, f"{name}: IoU {iou:.4f}, alike {alike:.4f}; all: {measured}"
        assert alike >= 0.99, f"{name}: IoU {iou:.4f}, alike {alike:.4f}; all: {measured}"


def natural_scene(height, width, seed):
    """Render clear natural cracks on a stained wall."""
    options = SceneOptions(
        height=height,
        width=width,
        cracks=(3, 3),
        kinds=("natural", "branched"),
        width_px=(4, 12),
        depth=(0.6, 0.9),
        distractors=frozenset({"stains", "pores", "streaks"}),
    )
    return render(options, seed)


@pytest.mark.slow
def test_no_seam_shows_on_a_rendered_photograph():
    check_seams(natural_scene(1960, 2080, 3).gray, "f32")


@pytest.mark.slow
@pytest.mark.shared
@pytest.mark.parametrize("precision", ["f32", "auto"])
def test_no_seam_shows_on_a_real_photograph(data_folder, precision):
    photo = read_photo(data_folder / "photos" / "beam_3456x2304.jpg")
    check_seams(photo.gray[200:2200, 700:2800], precision)


# What is segmented


@pytest.mark.parametrize(
    "size", [(1, 1), (1, 2), (2, 1), (31, 33), (191, 193), (640, 640), (641, 1), (700, 1330)]
)
def test_every_pixel_of_any_size_is_its_own(dark, size):
    gray = noise(*size)
    result = dark.segment(gray)
    assert result.probability.shape == size
    assert result.probability.dtype == np.float32
    np.testing.assert_allclose(result.probability, 1 - gray / 255, atol=1e-6)
    assert result.photo.gray.shape == size


@pytest.mark.parametrize("size", [(20, 30_000), (30_000, 20)])
def test_a_strip_of_30000_px(dark, size):
    gray = noise(*size)
    np.testing.assert_allclose(dark.segment(gray).probability, 1 - gray / 255, atol=1e-6)


def test_a_strip_of_30000_px_with_the_shipped_model():
    with Segmenter() as segmenter:
        result = segmenter.segment(np.full((20, 30_000), 170, np.uint8))
    assert result.mask.shape == (20, 30_000)
    assert result.probability.min() >= 0
    assert result.probability.max() <= 1


def test_one_pixel_with_the_shipped_model(shipped):
    for value in (0, 255):
        result = shipped.segment(np.array([[value]], np.uint8))
        assert result.mask.shape == (1, 1)
        assert 0 <= result.probability[0, 0] <= 1


def test_cracks_are_found_where_they_are(shipped):
    wall = natural_scene(640, 800, 5)
    found = shipped.segment(wall.gray).mask
    near_truth = cv2.dilate(wall.mask.astype(np.uint8), np.ones((9, 9))).astype(bool)
    near_found = cv2.dilate(found.astype(np.uint8), np.ones((9, 9))).astype(bool)
    assert near_found[wall.mask].mean() > 0.8
    assert near_truth[found].mean() > 0.8


def test_a_bare_wall_has_no_cracks(shipped):
    bare = SceneOptions(height=640, width=800, cracks=(0, 0))
    assert shipped.segment(render(bare, 1).gray).crack_share < 0.001


def test_an_array_a_path_and_a_photo_are_the_same(shipped, rendered, tmp_path):
    gray = rendered(160, 224).gray
    path = tmp_path / "wall.png"
    cv2.imwrite(str(path), gray)
    expected = shipped.segment(gray).probability
    assert expected.std() > 0
    for given in (path, str(path), read_photo(path), cv2.merge([gray] * 3)):
        np.testing.assert_array_equal(shipped.segment(given).probability, expected)
    assert shipped.segment(path).photo.path == path


def test_the_public_names_are_the_same_functions(dark_net, shipped):
    assert cracknet.segment is segment
    assert cracknet.Segmenter is Segmenter
    gray = noise(40, 60)
    result = cracknet.segment(gray, model=dark_net, precision="f32", threshold=0.25)
    assert isinstance(result, Segmentation)
    np.testing.assert_array_equal(result.mask, result.probability >= np.float32(0.25))


def test_mask_and_share_follow_the_threshold(dark):
    gray = np.array([[0, 51, 102, 153, 204, 255]], np.uint8)  # probability 1, 0.8, ... 0
    for threshold, count in ((0, 6), (0.1, 5), (0.5, 3), (0.99, 1), (1, 1)):
        result = dark.segment(gray, threshold=threshold)
        assert result.threshold == threshold
        assert result.mask.dtype == bool
        assert result.mask.sum() == count
        assert result.crack_share == pytest.approx(count / 6)
    assert dark.segment(gray).threshold == 0.5


# How it is run


def test_cores_do_not_change_a_bit(rendered):
    gray = rendered(400, 700).gray
    results = []
    for threads in (1, 2, 2):
        with Segmenter(precision="f32", threads=threads, tile_px=320) as segmenter:
            assert segmenter.engine.workers == threads
            results.append(segmenter.probability(gray))
    np.testing.assert_array_equal(results[0], results[1])
    np.testing.assert_array_equal(results[1], results[2])


def test_one_segmenter_serves_many_threads(dark):
    photos = [noise(150 + 90 * k, 800 - 90 * k, k) for k in range(8)]  # of more shapes than kept
    with ThreadPoolExecutor(6) as pool:
        for photo, result in zip(photos * 3, pool.map(dark.segment, photos * 3), strict=True):
            np.testing.assert_allclose(result.probability, 1 - photo / 255, atol=1e-6)


def test_many_threads_do_not_change_a_bit(shipped):
    photos = [noise(120 + k, 180 - k, k) for k in range(4)]
    alone = [shipped.segment(photo).probability for photo in photos]
    with ThreadPoolExecutor(4) as pool:
        for result, expected in zip(pool.map(shipped.segment, photos * 2), alone * 2, strict=True):
            np.testing.assert_array_equal(result.probability, expected)


def test_time_in_the_net_is_wall_time(dark_net):
    with Segmenter(dark_net) as segmenter:
        assert segmenter.net_seconds == 0
        began = time.monotonic()
        segmenter.segment(noise(900, 900))
        assert 0 < segmenter.net_seconds <= time.monotonic() - began


class CountingEngine:
    """Counts the results that are alive; the first tile is slow, so that others could pile up."""

    name = "counting"

    def __init__(self, workers):
        self.workers, self.alive, self.most, self.tiles = workers, 0, 0, 0
        self.lock = threading.Lock()

    def infer(self, tile):
        with self.lock:
            self.tiles += 1
            first = self.tiles == 1
        if first:
            time.sleep(0.3)
        result = np.zeros(tile.shape, np.float32)
        with self.lock:
            self.alive += 1
            self.most = max(self.most, self.alive)
        weakref.finalize(result, self.drop)
        return result

    def drop(self):
        with self.lock:
            self.alive -= 1


def test_few_tiles_are_in_memory_at_once(dark_net):
    with Segmenter(dark_net, threads=2, tile_px=320) as segmenter:
        segmenter.engine = CountingEngine(2)
        segmenter.probability(noise(1500, 1500))
        assert segmenter.engine.tiles > 300
        assert 2 <= segmenter.engine.most <= 2 * 2 + 2
        assert segmenter.engine.alive == 0


def test_memory_is_the_photograph_and_a_few_tiles(dark_net):
    gray = noise(3000, 4000)
    with Segmenter(dark_net, precision="f32", threads=2, tile_px=640) as segmenter:
        tile_bytes = 640 * 640 * 4
        segmenter.probability(gray[:700, :700])  # the engine's own share
        tracemalloc.start()
        try:
            segmenter.probability(gray)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert gray.size * 4 < peak < gray.size * 4 + 12 * tile_bytes


# What is refused


def test_a_sensitivity_is_the_models_own_threshold():
    with Segmenter(sensitivity="high") as high, Segmenter(sensitivity="low") as low:
        assert high.threshold == high.card.thresholds["high"] < 0.5
        assert low.threshold == low.card.thresholds["low"] >= 0.5


def test_sensitivities_that_cannot_be(dark_net):
    with pytest.raises(ArgumentError, match=r"give one of them; got 0\.4 and 'high'"):
        Segmenter(threshold=0.4, sensitivity="high")
    with pytest.raises(ArgumentError, match="one of low, normal, high; got 'huge'"):
        Segmenter(sensitivity="huge")
    with pytest.raises(ArgumentError, match="dark has no threshold for the sensitivity 'high'"):
        Segmenter(dark_net, sensitivity="high")


@pytest.mark.parametrize("threshold", [-0.01, 1.01, 50, float("nan"), float("inf")])
def test_thresholds_outside_0_to_1(dark, dark_net, threshold):
    with pytest.raises(ArgumentError, match="threshold must lie within 0 and 1; got"):
        Segmenter(dark_net, threshold=threshold)
    with pytest.raises(ArgumentError, match="threshold must lie within 0 and 1; got"):
        dark.segment(noise(4, 4), threshold=threshold)


def test_an_unknown_engine_or_precision(dark_net):
    with pytest.raises(ArgumentError, match="engine must be one of openvino, onnxruntime"):
        Segmenter(dark_net, engine="x")
    with pytest.raises(ArgumentError, match=r"precision must be one of .*; got 'f16'"):
        Segmenter(dark_net, precision="f16")


@pytest.mark.parametrize("tile_px", [0, -640, 1, 600, 641, 160, 128])
def test_tiles_that_do_not_fit(dark_net, tile_px):
    with pytest.raises(ArgumentError, match=f"tile_px must be a multiple of 32 .*got {tile_px}"):
        Segmenter(dark_net, tile_px=tile_px)


def test_a_model_that_is_not_there(tmp_path):
    with pytest.raises(ModelError, match="no model"):
        Segmenter(tmp_path / "none.xml")


@pytest.mark.parametrize("shape", [(0, 5), (5,), (3, 4, 2), (2, 3, 4, 5)])
def test_arrays_that_are_no_photographs(dark, shape):
    with pytest.raises(ArgumentError, match="shape"):
        dark.segment(np.zeros(shape, np.uint8))
    with pytest.raises(ArgumentError, match="uint8 or uint16"):
        dark.segment(np.zeros((4, 4), np.float32))


def test_a_file_that_is_no_photograph(dark, tmp_path):
    (tmp_path / "a.jpg").write_bytes(b"text")
    for name in ("a.jpg", "lost.jpg"):
        with pytest.raises(PhotoError, match=name):
            dark.segment(tmp_path / name)


def test_a_closed_segmenter_says_so(dark_net):
    with Segmenter(dark_net) as segmenter:
        segmenter.segment(noise(10, 10))
    with pytest.raises(EngineError, match="Segmenter is closed"):
        segmenter.segment(noise(10, 10))
    segmenter.close()  # once more is no error


def test_after_a_failure_the_next_photograph_is_segmented(dark, monkeypatch):
    gray = noise(300, 300)
    infer = dark.engine.infer

    def fail(tile):
        msg = "no memory"
        raise EngineError(msg)

    monkeypatch.setattr(dark.engine, "infer", fail)
    with pytest.raises(EngineError, match="no memory"):
        dark.segment(gray)
    monkeypatch.setattr(dark.engine, "infer", infer)
    np.testing.assert_allclose(dark.segment(gray).probability, 1 - gray / 255, atol=1e-6)


@pytest.mark.parametrize(("height", "width"), [(224, 224), (33, 500), (1, 1), (384, 544)])
def test_a_photograph_that_fits_into_a_tile_is_mirrored_out_to_32_px_and_no_further(
    dark, height, width, monkeypatch
):
    """Also in the pass at half size: what a net sees beyond the border is not there."""
    shapes = []
    infer = dark.engine.infer
    monkeypatch.setattr(dark, "card", dataclasses.replace(dark.card, coarse_weight=0.6))
    monkeypatch.setattr(
        dark.engine, "infer", lambda piece: (shapes.append(piece.shape), infer(piece))[1]
    )
    dark.probability(noise(height, width))
    halves = (height + 1) // 2, (width + 1) // 2
    assert shapes == [
        tuple(-(-length // 32) * 32 for length in sides) for sides in ((height, width), halves)
    ]
