"""Walls with markers, seen by a pinhole camera."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest

WALL_MM = 0.4
"""Millimetres a pixel of the wall."""


@pytest.fixture(scope="session")
def draw_wall():
    """Return a function that puts 60 mm markers on a gray wall; origin and mm of the wall."""

    def draw(markers, size_mm=(480, 360), side_mm=60.0):
        rng = np.random.default_rng(5)
        wall = np.full((round(size_mm[1] / WALL_MM), round(size_mm[0] / WALL_MM)), 140, np.uint8)
        wall = np.clip(wall + rng.normal(0, 6, wall.shape), 0, 255).astype(np.uint8)
        side = round(side_mm / WALL_MM)
        for dictionary, number, x_mm, y_mm in markers:
            codes = cv2.aruco.getPredefinedDictionary(getattr(cv2.aruco, f"DICT_{dictionary}"))
            x, y = round(x_mm / WALL_MM), round(y_mm / WALL_MM)
            margin = side // 5
            wall[y - margin : y + side + margin, x - margin : x + side + margin] = 230
            drawn = cv2.aruco.generateImageMarker(codes, number, side)
            wall[y : y + side, x : x + side] = np.where(drawn > 0, 230, 30)
        return wall

    return draw


@pytest.fixture(scope="session")
def see():
    """Return a function: wall in, gray photograph and the true map mm -> px out."""

    def photograph(wall, slant_deg=0.0, width=640, height=480, blur=0.8, noise=3.0, mm_per_px=0.7):
        focal = float(width)
        lean = cv2.Rodrigues(np.radians(slant_deg) * np.array([0.6, 0.8, 0.0]))[0]
        middle = np.array([wall.shape[1], wall.shape[0]]) / 2 * WALL_MM
        shift = np.array([0, 0, focal * mm_per_px]) - lean @ np.append(middle, 0)
        lens = np.array([[focal, 0, (width - 1) / 2], [0, focal, (height - 1) / 2], [0, 0, 1]])
        to_px = lens @ np.column_stack([lean[:, 0], lean[:, 1], shift])
        of_wall = np.array([[WALL_MM, 0, WALL_MM / 2], [0, WALL_MM, WALL_MM / 2], [0, 0, 1]])
        finer = np.array([[4, 0, 1.5], [0, 4, 1.5], [0, 0, 1]])
        fine = cv2.warpPerspective(
            wall, finer @ to_px @ of_wall, (4 * width, 4 * height), borderValue=140
        )
        light = cv2.resize(fine, (width, height), interpolation=cv2.INTER_AREA).astype(float)
        light = cv2.GaussianBlur(light, (0, 0), blur)
        light += np.random.default_rng(3).normal(0, noise, light.shape)
        return np.clip(np.rint(light), 0, 255).astype(np.uint8), to_px

    return photograph


@pytest.fixture(scope="session")
def true_mm_along():
    """Return a function: millimetres a pixel at points along directions by the true map."""

    def along(to_px, points, directions, step=1e-3):
        def wall(at):
            mapped = np.column_stack([at, np.ones(len(at))]) @ np.linalg.inv(to_px).T
            return mapped[:, :2] / mapped[:, 2:]

        ends = wall(points + step * directions) - wall(points - step * directions)
        return np.hypot(*ends.T) / (2 * step)

    return along


@pytest.fixture
def directions():
    """Sixteen unit vectors."""
    angles = np.linspace(0, math.pi, 16, endpoint=False)
    return np.column_stack([np.cos(angles), np.sin(angles)])
