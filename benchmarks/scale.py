"""Scale from a marker: error of lengths by slant and size, and whether the uncertainty is honest.

    python benchmarks/scale.py --json benchmarks/results/scale.json [--picture FOLDER]

A wall of rendered concrete with a marker of known size is seen by a pinhole camera at 0, 20 and 40
degrees in a random direction, blurred, with noise of 2 % and JPEG of quality 92. Short lengths at
random places of the whole photograph and in random directions are then measured through the
homography that `scale_from_marker` gives. For comparison, the same is done with a plain mean of the
marker's sides, and with the corners of OpenCV's cornerSubPix. The marker's size is exact here.
"""

from __future__ import annotations

import argparse
import json
import math
import platform
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from cracknet.errors import MeasurementError
from cracknet.measurement.scale import MarkerOptions, Scale, scale_from_marker
from cracknet.photo import photo_from_array
from cracknet.synthesis import render, standard_scene
from cracknet.synthesis.camera import expose, point_spread

WIDTH, HEIGHT, FOCAL_PX = 1600, 1200, 1600.0
SIDE_MM = 60.0
DICTIONARY, NUMBER, MODULES = "4X4_50", 7, 6
FINER = 3
"""Samples a pixel's side when the view is drawn, and pixels of the wall for one of the photo."""
LENGTHS = 60
SIDES_PX = (60, 100, 200)


def main() -> None:
    """Run all conditions and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photos", type=int, default=24, help="of each condition")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--picture", type=Path, help="keep the first photograph of each condition")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    scene = replace(standard_scene(), height=800, width=1000, cracks=(2, 3), width_px=(2, 8))
    concrete = render(replace(scene, distractors=frozenset()), 901).gray
    rows = []
    for slant in (0, 20, 40):
        for side_px in SIDES_PX:
            for blur in (0.5, 1.2):
                rows.append(_condition(concrete, slant, side_px, blur, options))
                _print(rows[-1], header=len(rows) == 1)
    summary = {str(slant): _summary([r for r in rows if r["slant_deg"] == slant])
               for slant in (0, 20, 40)}  # fmt: skip
    for slant, figures in summary.items():
        print(f"{slant:>2} degrees: {figures}")
    if options.json:
        facts = {
            "photograph_px": [WIDTH, HEIGHT],
            "marker": f"{SIDE_MM:g} mm, DICT_{DICTIONARY}",
            "noise_percent": 2,
            "jpeg_quality": 92,
            "lengths_a_photo": LENGTHS,
            "versions": {"opencv": cv2.__version__, "python": platform.python_version()},
        }
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(
            json.dumps({**facts, "rows": rows, "by_slant": summary}, indent=2) + "\n"
        )


def _condition(
    concrete: Any, slant: int, side_px: int, blur: float, options: argparse.Namespace
) -> dict[str, Any]:
    errors: dict[str, list[Any]] = {"homography": [], "mean_side": [], "corner_sub_pix": []}
    shares, bounds, corners_off, refused = [], [], [], 0
    seconds = 0.0
    for number in range(options.photos):
        rng = np.random.default_rng([77, slant, side_px, round(blur * 10), number])
        gray, to_px, corners_mm = _view(concrete, slant, side_px, blur, rng)
        if options.picture and number == 0:
            options.picture.mkdir(parents=True, exist_ok=True)
            name = f"{slant}-degrees-{side_px}-px-blur-{blur}.png"
            cv2.imwrite(str(options.picture / name), gray)
        began = time.process_time()
        try:
            marker = MarkerOptions(SIDE_MM, NUMBER, DICTIONARY, side_uncertainty_mm=0.0)
            scale = scale_from_marker(photo_from_array(gray), marker)
        except MeasurementError:
            refused += 1
            continue
        seconds += time.process_time() - began
        points, directions, true_mm = _lengths(to_px, rng)
        error = np.log(scale.mm_along(points, directions) / true_mm)
        errors["homography"].append(error)
        shares.append(np.abs(error) / scale.uncertainty)
        bounds.append(scale.uncertainty)
        found = _sub_pix_corners(gray)
        true_px = _map(to_px, corners_mm)
        mean_side = SIDE_MM / np.hypot(*(np.roll(true_px, -1, 0) - true_px).T).mean()
        errors["mean_side"].append(np.log(mean_side / true_mm))
        if found is not None:
            by_open_cv, _ = cv2.findHomography(found, corners_mm.astype(np.float32))
            other = Scale(mean_side, "marker", "", homography=by_open_cv)
            errors["corner_sub_pix"].append(np.log(other.mm_along(points, directions) / true_mm))
            corners_off.append(float(np.hypot(*(found - true_px).T).mean()))
    row: dict[str, Any] = {
        "slant_deg": slant, "side_px": side_px, "blur_px": blur, "photos": options.photos,
        "refused": refused,
    }  # fmt: skip
    if refused < options.photos:
        for name, values in errors.items():
            row[f"{name}_rms_percent"] = _rms_percent(np.concatenate(values))
        own, within = np.concatenate(errors["homography"]), np.concatenate(shares)
        row["p95_percent"] = round(100 * float(np.quantile(np.abs(own), 0.95)), 2)
        row["stated_percent"] = _rms_percent(np.array(bounds))
        row["within_1"] = round(float((within <= 1).mean()), 3)
        row["within_2"] = round(float((within <= 2).mean()), 3)
        row["open_cv_corner_px"] = round(float(np.mean(corners_off)), 3)
    row["seconds"] = round(seconds / max(options.photos - refused, 1), 3)
    return row


def _view(
    concrete: Any, slant: int, side_px: int, blur: float, rng: np.random.Generator
) -> tuple[Any, Any, Any]:
    """Draw one photograph; also the true map mm -> px, and the marker's true corners in mm."""
    mm_per_px = SIDE_MM / side_px
    module_px = round(SIDE_MM / MODULES / (mm_per_px / FINER))
    pitch = SIDE_MM / MODULES / module_px  # of the wall, so that squares end with its pixels
    turn = rng.uniform(0, 2 * math.pi)
    wide, high = 2 * WIDTH * FINER, 2 * HEIGHT * FINER
    tile = np.block([[concrete, concrete[:, ::-1]], [concrete[::-1], concrete[::-1, ::-1]]])
    wall = np.tile(tile, (-(-high // tile.shape[0]), -(-wide // tile.shape[1])))[:high, :wide]
    wall = np.ascontiguousarray(wall)
    side = module_px * MODULES
    code = cv2.aruco.getPredefinedDictionary(getattr(cv2.aruco, f"DICT_{DICTIONARY}"))
    left = wide // 2 + int(rng.uniform(-0.3, 0.3) * WIDTH * FINER) - side // 2
    top = high // 2 + int(rng.uniform(-0.3, 0.3) * HEIGHT * FINER) - side // 2
    wall[top - module_px : top + side + module_px, left - module_px : left + side + module_px] = 225
    drawn = cv2.aruco.generateImageMarker(code, NUMBER, side)
    wall[top : top + side, left : left + side] = np.where(drawn > 0, 225, 30)
    corner = np.array([left, top]) * pitch
    corners_mm = corner + SIDE_MM * np.array([[0, 0], [1, 0], [1, 1], [0, 1]])
    # the camera looks at the wall's middle, turned about the line of sight and slanted
    middle = np.array([wide, high]) / 2 * pitch
    roll = cv2.Rodrigues(np.array([0, 0, rng.uniform(-0.3, 0.3)]))[0]
    lean = cv2.Rodrigues(np.radians(slant) * np.array([math.cos(turn), math.sin(turn), 0]))[0]
    rotation = roll @ lean
    distance = FOCAL_PX * mm_per_px
    translation = np.array([0, 0, distance]) - rotation @ np.append(middle, 0)
    lens = np.array([[FOCAL_PX, 0, (WIDTH - 1) / 2], [0, FOCAL_PX, (HEIGHT - 1) / 2], [0, 0, 1]])
    to_px = lens @ np.column_stack([rotation[:, 0], rotation[:, 1], translation])
    of_wall = np.array([[pitch, 0, pitch / 2], [0, pitch, pitch / 2], [0, 0, 1]])
    finer = np.array([[FINER, 0, (FINER - 1) / 2], [0, FINER, (FINER - 1) / 2], [0, 0, 1]])
    view = cv2.warpPerspective(
        wall, finer @ to_px @ of_wall, (WIDTH * FINER, HEIGHT * FINER), borderValue=150
    )
    light = cv2.resize(view, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
    seen = point_spread(light.astype(np.float32) / 255, blur)
    gray = expose(
        seen, noise_percent=2, shot_noise_percent=0, noise_grain_px=0, jpeg_quality=92, rng=rng
    )
    return gray, to_px, corners_mm


def _lengths(to_px: Any, rng: np.random.Generator) -> tuple[Any, Any, Any]:
    """Give places, directions, and the true millimetres a pixel there."""
    points = rng.uniform([0, 0], [WIDTH - 1, HEIGHT - 1], (LENGTHS, 2))
    angles = rng.uniform(0, math.pi, LENGTHS)
    directions = np.column_stack([np.cos(angles), np.sin(angles)])
    truth = Scale(1.0, "marker", "", homography=np.linalg.inv(to_px))
    return points, directions, truth.mm_along(points, directions)


def _map(matrix: Any, points: Any) -> Any:
    mapped = np.column_stack([points, np.ones(len(points))]) @ matrix.T
    return mapped[:, :2] / mapped[:, 2:]


def _sub_pix_corners(gray: Any) -> Any:
    options = cv2.aruco.DetectorParameters()
    options.cornerRefinementMethod = cv2.aruco.CORNER_REFINE_SUBPIX
    codes = cv2.aruco.getPredefinedDictionary(getattr(cv2.aruco, f"DICT_{DICTIONARY}"))
    corners, numbers, _ = cv2.aruco.ArucoDetector(codes, options).detectMarkers(gray)
    return corners[0][0] if numbers is not None and len(numbers) == 1 else None


def _rms_percent(errors: Any) -> float:
    return round(100 * float(np.sqrt((errors**2).mean())), 3)


def _summary(rows: list[dict[str, Any]]) -> dict[str, float]:
    keys = ("homography_rms_percent", "mean_side_rms_percent", "corner_sub_pix_rms_percent",
            "stated_percent", "within_1", "within_2")  # fmt: skip
    return {key: round(float(np.mean([row[key] for row in rows if key in row])), 3) for key in keys}


def _print(row: dict[str, Any], *, header: bool) -> None:
    if header:
        print("  ".join(row))
    print("  ".join(f"{value!s:>{len(key)}}" for key, value in row.items()), flush=True)


if __name__ == "__main__":
    main()
