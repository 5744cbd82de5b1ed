"""A gate's file: read, refused when it is none, and where it sees no damage nothing is crack."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from cracknet import segment_photos
from cracknet.errors import ArgumentError, ModelError
from cracknet.mosaic import segment_raster
from cracknet.photo import find_photos
from cracknet.segmentation import Segmenter
from cracknet.segmentation.gate import DamageMap, load_gate


def wall():
    """A light wall with a dark line from side to side; the right half lies in the dark."""
    gray = np.full((64, 192), 240, np.uint8)
    gray[:, 128:] = 60
    gray[30:33] = 0
    return gray


def test_damage_is_seen_where_any_scale_sees_it(dark_gate):
    card, damage = load_gate(dark_gate)
    assert (card.kind, damage.tile_px, damage.name) == ("gate", 32, "gate")
    assert np.array_equal(damage.seen(wall()), np.broadcast_to(np.arange(192) >= 128, (64, 192)))
    # At half size a tile holds columns 64 to 127, of which 84 on are dark now.
    half = DamageMap(damage.classify, 32, scales=(0.5,))
    columns = np.arange(192)
    seen = half.seen(np.roll(wall(), -44, 1))
    assert np.array_equal(seen, np.broadcast_to((columns >= 64) & (columns < 128), (64, 192)))


def test_nothing_is_crack_where_the_gate_sees_no_damage(dark_net, dark_gate):
    gray = wall()
    with (
        Segmenter(dark_net, brighten=False) as plain,
        Segmenter(dark_net, brighten=False, gate=dark_gate) as gated,
    ):
        whole, found = plain.probability(gray), gated.probability(gray)
        assert (whole[30:33] > 0.9).all()
        assert not found[:, :128].any()
        assert np.array_equal(found[:, 128:], whole[:, 128:])
        before = gated.net_seconds
        assert not gated.probability(np.full((64, 64), 250, np.uint8)).any()
        assert gated.net_seconds == before  # the net is not asked


def test_the_gate_sees_a_dark_photograph_brightened(dark_net, dark_gate):
    """As the net does: else a gate that learned on lit walls would judge what it never saw."""
    gray = np.full((64, 64), 40, np.uint8)  # brightened to 120: darkness 0.53, of which 0.84
    seen = []
    with Segmenter(dark_net, gate=dark_gate) as segmenter:
        inner = segmenter._damage

        class Watched:
            def seen(self, shown):
                seen.append(int(shown.max()))
                return inner.seen(shown)

        segmenter._damage = Watched()
        segmenter.probability(gray)
    assert seen == [120]


def test_a_file_that_is_no_gate_is_refused(save_gate, dark_net, dark_gate, tmp_path):
    with pytest.raises(ModelError, match=r"dark\.xml is a model, not a gate. A gate is what"):
        load_gate(dark_net)
    with pytest.raises(ModelError, match="no such file"):
        load_gate(tmp_path / "none.xml")
    with pytest.raises(ModelError, match="is a gate, not a model"):
        Segmenter(dark_gate)

    def map_of(ops, gray):
        return ops.relu(gray)

    shaped = save_gate(tmp_path / "map.xml", map_of)
    with pytest.raises(ModelError, match=r"a gate takes tiles \(N, 32, 32, 1\).*map\.xml has"):
        load_gate(shaped)

    def one_class(ops, gray):
        return ops.reduce_mean(gray, np.int64([1, 2]), keep_dims=False)

    with pytest.raises(ModelError, match="gives \\(N, classes\\)"):
        load_gate(save_gate(tmp_path / "one.xml", one_class))

    def of_32_px(ops, gray):
        return one_class(ops, ops.add(gray, np.ones((1, 32, 32, 1), np.float32)))

    with pytest.raises(ModelError, match="damaged or takes no tiles of 48 px"):
        load_gate(save_gate(tmp_path / "other.xml", of_32_px, tile_px=48))
    damaged = save_gate(tmp_path / "damaged.xml", one_class)
    damaged.with_suffix(".bin").write_bytes(b"other")
    with pytest.raises(ModelError, match="is damaged: its SHA-256"):
        load_gate(damaged)


def test_a_folder_of_another_gate_is_refused_and_rasters_too(dark_net, dark_gate, tmp_path):
    cv2.imwrite(str(tmp_path / "wall.png"), wall())
    photos = find_photos([tmp_path / "wall.png"])
    with Segmenter(dark_net) as plain, Segmenter(dark_net, gate=dark_gate) as gated:
        segment_photos(photos, tmp_path / "out", plain)
        with pytest.raises(ArgumentError, match="gate"):
            segment_photos(photos, tmp_path / "out", gated)
        with pytest.raises(ArgumentError, match=r"not rasters; .*ortho\.tif is a raster"):
            segment_raster(tmp_path / "ortho.tif", tmp_path / "out", gated)
