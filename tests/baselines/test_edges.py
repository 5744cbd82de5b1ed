"""Six edge detectors: each filter against its definition, and the stages that follow."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest
import scipy.ndimage
from hypothesis import given
from hypothesis import strategies as st

from cracknet.baselines import DETECTORS, EdgeDetector, EdgeOptions, choose_k
from cracknet.baselines.edges import clean
from cracknet.errors import ArgumentError


def wall(width=5, height=96, length=160, level=180, dark=70):
    gray = np.full((height, length), level, np.uint8)
    gray[40 : 40 + width, 15 : length - 15] = dark
    return gray


def noisy(seed=0, size=(70, 90)):
    return np.random.default_rng(seed).integers(0, 256, size, np.uint8)


def strength(name, gray, **options):
    return DETECTORS[name](gray, EdgeOptions(**options))


@pytest.mark.parametrize(
    ("name", "by_scipy"),
    [
        ("sobel", lambda g, axis: scipy.ndimage.sobel(g, axis, mode="mirror") / 8),
        ("prewitt", lambda g, axis: scipy.ndimage.prewitt(g, axis, mode="mirror") / 6),
    ],
)
def test_gradients_are_scipy_s(name, by_scipy):
    gray = noisy()
    expected = np.hypot(*(by_scipy(gray.astype(float), axis) for axis in (0, 1)))
    np.testing.assert_allclose(strength(name, gray), expected, atol=1e-3)


def test_roberts_is_two_differences_across():
    gray = noisy()
    g = gray.astype(float)
    expected = np.hypot(g[:-1, :-1] - g[1:, 1:], g[:-1, 1:] - g[1:, :-1])
    np.testing.assert_allclose(strength("roberts", gray)[:-1, :-1], expected, atol=1e-3)


def test_laplacian_of_gaussian_is_scipy_s():
    gray = cv2.GaussianBlur(noisy(), (0, 0), 3)
    expected = np.abs(scipy.ndimage.gaussian_laplace(gray.astype(float), 2, mode="mirror")) * 4
    found = strength("log", gray)
    inner = np.s_[12:-12, 12:-12]
    assert np.abs(found - expected)[inner].max() < 0.1 * expected.max()
    assert np.corrcoef(found[inner].ravel(), expected[inner].ravel())[0, 1] > 0.99


@pytest.mark.parametrize("name", ["butterworth", "gaussian"])
def test_high_passes_keep_fine_waves_and_stop_coarse_ones(name):
    place = np.arange(256)

    def passed(wavelength):
        wave = np.round(128 + 60 * np.sin(2 * np.pi * place / wavelength)).astype(np.uint8)
        found = strength(name, np.tile(wave, (64, 1)), cutoff_px=16)
        return found[:, 64:-64].max() / 60

    assert passed(4) > 0.98
    assert passed(128) < 0.08
    half = {"butterworth": 0.5, "gaussian": 1 - math.exp(-0.5)}[name]
    assert passed(16) == pytest.approx(half, abs=0.05)


@pytest.mark.parametrize("name", DETECTORS)
@pytest.mark.parametrize("width", [1, 3, 6])
def test_a_dark_line_is_found_and_nothing_else(name, width):
    gray = wall(width)
    mask = EdgeDetector(name).predict(gray) >= 0.5
    assert mask[39 : 41 + width, 20:140].any(axis=0).all()
    assert not mask[:30].any()
    assert not mask[55:].any()


@pytest.mark.parametrize("name", DETECTORS)
@pytest.mark.parametrize("size", [(1, 1), (1, 40), (3, 2), (65, 33)])
def test_any_size_gives_its_own(name, size):
    found = EdgeDetector(name).predict(noisy(1, size))
    assert found.shape == size
    assert found.dtype == np.float32
    assert found.min() >= 0
    assert found.max() <= 1


@pytest.mark.parametrize("name", DETECTORS)
@pytest.mark.parametrize("level", [0, 137, 255])
def test_a_blank_wall_has_no_edge(name, level):
    assert not (EdgeDetector(name).predict(np.full((50, 60), level, np.uint8)) >= 0.5).any()


@pytest.mark.parametrize("name", ["sobel", "prewitt", "log", "butterworth", "gaussian"])
def test_turned_by_90_degrees_it_finds_the_same(name):
    gray = cv2.GaussianBlur(noisy(3, (128, 128)), (0, 0), 1.5)
    straight = strength(name, gray)
    turned = strength(name, np.ascontiguousarray(np.rot90(gray)))
    np.testing.assert_allclose(
        np.rot90(straight)[70:-70, 70:-70], turned[70:-70, 70:-70], atol=0.05
    )


def test_the_mask_is_closed_and_cleaned():
    edges = np.zeros((40, 80), bool)
    edges[19:22, 5:40] = edges[19:22, 42:75] = True  # a gap of 2
    edges[5, 5:8] = True  # a speck
    mask = clean(edges, EdgeOptions(closing_px=5, smallest_px=20))
    assert mask[20, 5:75].all()
    assert not mask[5].any()
    open_mask = clean(edges, EdgeOptions(closing_px=1, smallest_px=0))
    assert np.array_equal(open_mask, edges)


@given(st.integers(0, 200), st.integers(1, 4).map(lambda n: 2 * n - 1))
def test_no_component_is_smaller_than_asked(smallest, closing):
    edges = np.random.default_rng(smallest).random((40, 50)) > 0.7
    mask = clean(edges, EdgeOptions(smallest_px=smallest, closing_px=closing))
    _, _, facts, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    assert (facts[1:, cv2.CC_STAT_AREA] >= smallest).all()


def test_a_higher_k_finds_less_and_the_value_orders_by_strength():
    gray = np.clip(wall(4).astype(int) + noisy(5, (96, 160)) // 12, 0, 255).astype(np.uint8)
    shares = [
        (EdgeDetector("sobel", EdgeOptions(k=k)).predict(gray) >= 0.5).mean() for k in (0, 1, 3)
    ]
    assert shares[0] > shares[1] > shares[2]
    found = EdgeDetector("sobel", EdgeOptions(k=1, closing_px=1, smallest_px=0)).predict(gray)
    order = strength("sobel", gray)
    assert np.all(np.diff(found.ravel()[np.argsort(order.ravel())]) > -1e-6)


def test_k_is_chosen_where_f1_is_best():
    truth = np.zeros((96, 160), bool)
    truth[39:45, 15:145] = True
    gray = np.clip(wall(4).astype(int) + noisy(5, (96, 160)) // 10, 0, 255).astype(np.uint8)
    candidates = (0.0, 1.0, 2.0, 6.0)
    chosen = choose_k("sobel", [(gray, truth)], candidates=candidates)

    def f1(k):
        mask = EdgeDetector("sobel", EdgeOptions(k=k)).predict(gray) >= 0.5
        return 2 * (mask & truth).sum() / (mask.sum() + truth.sum())

    assert chosen.k == max(candidates, key=f1)
    assert f1(chosen.k) > 0.5


@pytest.mark.parametrize(
    "wrong",
    [
        {"k": math.nan},
        {"closing_px": 4},
        {"closing_px": 0},
        {"smallest_px": -1},
        {"sigma_px": 0},
        {"cutoff_px": math.inf},
        {"order": 0},
    ],
)
def test_options_outside_their_range(wrong):
    with pytest.raises(ArgumentError):
        EdgeOptions(**wrong)


def test_wrong_use_is_told():
    with pytest.raises(ArgumentError, match="canny"):
        EdgeDetector("canny")
    for shape, kind in (((4, 4), float), ((4, 4, 3), np.uint8), ((0, 4), np.uint8)):
        with pytest.raises(ArgumentError, match="uint8"):
            EdgeDetector("sobel").predict(np.zeros(shape, kind))
    with pytest.raises(ArgumentError, match="at least one photograph"):
        choose_k("sobel", [])
