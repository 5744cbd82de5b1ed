"""AlexNet on tiles: its shape, that it learns, stops and goes on, transfers; the hybrid."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from cracknet.baselines import EdgeDetector
from cracknet.baselines.alexnet import alexnet
from cracknet.baselines.learning import LearningOptions, learn, load_trained, transfer
from cracknet.baselines.patches import Hybrid, PatchClassifier, classifier_of
from cracknet.baselines.tiles import CRACK, TileDraw
from cracknet.errors import ArgumentError, TrainingError


def tiny(classes=2):
    return alexnet(classes, tile_px=72, width=0.15, dropout=0.1)


def weights_of(path):
    with np.load(path) as file:
        return dict(file)


def test_alexnet_is_the_original_s_on_one_channel():
    net = alexnet(1000)
    shapes = {layer.name: tuple(layer.output.shape[1:]) for layer in net.layers}
    assert shapes["pool5"] == (6, 6, 256)
    convolutions = [net.get_layer(f"conv{k}") for k in range(1, 6)]
    assert [c.filters for c in convolutions] == [96, 256, 384, 384, 256]
    assert [c.kernel_size[0] for c in convolutions] == [11, 5, 3, 3, 3]
    assert [net.get_layer(n).units for n in ("fc6", "fc7", "classes")] == [4096, 4096, 1000]
    # 62.4 million with three colours and undivided convolutions; two colours less, two norms more
    learned = sum(int(np.prod(w.shape)) for w in net.trainable_weights)
    assert learned == 62_378_344 - 2 * 11 * 11 * 96 + 2 * (96 + 256)


def test_a_tile_too_small_is_told():
    assert tiny().output_shape == (None, 2)
    with pytest.raises(ArgumentError, match="at least 67 px; got 66"):
        alexnet(2, 66)


@pytest.fixture(scope="module")
def run(tile_photos, tmp_path_factory):
    """The folder of a whole run, and its weights."""
    folder = tmp_path_factory.mktemp("run") / "alexnet"
    draw = TileDraw(tile_photos[3:], 72, batch_size=16, light=0.2)
    options = LearningOptions(
        steps=75, batch_size=16, learning_rate=1e-3, seed=3, checkpoint_every=25
    )
    said = []
    path = learn(tiny, draw, options, folder, about={"tile_px": 72}, log=said.append)
    return folder, path, draw, options, said


def test_it_learns_to_tell_cracks(run):
    folder, path, draw, _, said = run
    net = load_trained(tiny, path)
    drawn = [draw(10_000 + k) for k in range(4)]
    right = [classifier_of(net)(tiles).argmax(1) == kinds for tiles, kinds in drawn]
    assert np.mean(right) >= 0.8
    assert "step 75/75" in said[-1]
    losses = np.loadtxt(folder / "training.csv", delimiter=",", skiprows=1)[:, 1]
    assert losses[-1] < losses[0]


def test_a_stopped_run_ends_in_the_same_weights(run, tmp_path):
    _, path, draw, options, _ = run
    folder = tmp_path / "alexnet"
    for until in (25, None):
        learn(tiny, draw, options, folder, about={"tile_px": 72}, log=lambda _: 0, until=until)
        assert (folder / "weights.npz").is_file() == (until is None)
    expected, found = weights_of(path), weights_of(folder / "weights.npz")
    assert expected.keys() == found.keys()
    for name in expected:
        np.testing.assert_allclose(found[name], expected[name], atol=2e-4, err_msg=name)


def test_a_finished_run_is_kept_and_another_s_folder_refused(run):
    folder, path, draw, options, _ = run
    before, said = path.read_bytes(), []
    learn(tiny, draw, options, folder, about={"tile_px": 72}, log=said.append)
    assert path.read_bytes() == before
    assert said == ["alexnet: trained already"]
    with pytest.raises(TrainingError, match="tile_px differ"):
        learn(tiny, draw, options, folder, about={"tile_px": 71}, log=said.append)


def test_a_transfer_takes_all_but_the_last_layer(run, tmp_path):
    path = run[1]
    keras.utils.set_random_seed(9)
    net = tiny(classes=3)
    head = np.asarray(net.get_layer("classes").kernel)
    transfer(net, path)
    kept = weights_of(path)
    np.testing.assert_array_equal(np.asarray(net.get_layer("conv3").kernel), kept["conv3/kernel"])
    np.testing.assert_array_equal(
        np.asarray(net.get_layer("norm1").moving_mean), kept["norm1/mean"]
    )
    np.testing.assert_array_equal(np.asarray(net.get_layer("classes").kernel), head)
    with pytest.raises(TrainingError, match="does not fit"):
        transfer(alexnet(2, 72, 0.3), path)
    np.savez(tmp_path / "head.npz", **{"classes/bias": np.zeros(2)})
    with pytest.raises(TrainingError, match="no weights beside"):
        transfer(net, tmp_path / "head.npz")
    (tmp_path / "torn.npz").write_bytes(path.read_bytes()[:200])
    with pytest.raises(TrainingError, match=r"torn\.npz cannot be read"):
        transfer(net, tmp_path / "torn.npz")


def test_a_loss_that_is_no_number_ends_the_run(tile_photos, tmp_path):
    def broken():
        net = tiny()
        net.get_layer("classes").bias.assign([np.nan, 0])
        return net

    draw, options = TileDraw(tile_photos, 72, batch_size=2), LearningOptions(steps=2, batch_size=2)
    with pytest.raises(TrainingError, match="the loss is nan at step 1"):
        learn(broken, draw, options, tmp_path / "run", about={}, log=lambda _: 0)
    assert not (tmp_path / "run" / "weights.npz").exists()


@pytest.mark.parametrize("wrong", [{"steps": 0}, {"batch_size": 0}, {"learning_rate": 0}])
def test_options_outside_their_range(wrong):
    with pytest.raises(ArgumentError):
        LearningOptions(**wrong)


def dark_tiles(tiles):
    """Call a tile crack by its darkest pixel: 1 where black."""
    dark = 1 - tiles.min(axis=(1, 2, 3)) / 255
    return np.stack([1 - dark, dark], 1).astype(np.float32)


def wall():
    gray = np.full((100, 150), 200, np.uint8)
    gray[20:23, 5:60] = 20
    gray[70:73, 100:145] = 90
    return gray


def test_tiles_with_a_crack_are_painted():
    gray = wall()
    system = PatchClassifier(dark_tiles, tile_px=50, threshold=0.8)
    mask = system.predict(gray) >= 0.5
    assert np.array_equal(system.grid(gray)[..., CRACK] >= 0.8, [[1, 1, 0], [0, 0, 0]])
    assert mask[:50, :100].all()
    assert not mask[50:].any()
    assert not mask[:, 100:].any()


def test_the_hybrid_takes_edges_inside_cracked_tiles_alone():
    gray = wall()
    tiles = PatchClassifier(dark_tiles, tile_px=50, threshold=0.8, parameters=7)
    edges = EdgeDetector("sobel")
    assert (edges.predict(gray) >= 0.5)[69:74, 105:140].any()  # which the tiles do not call crack
    hybrid = Hybrid(tiles, edges)
    mask = hybrid.predict(gray) >= 0.5
    assert mask[19:24, 10:55].any(axis=0).all()
    assert not mask[50:].any()
    assert np.array_equal(mask, (edges.predict(gray) >= 0.5) & (tiles.predict(gray) >= 0.5))
    assert hybrid.parameters == 8
