"""Options of the commands that measure: where the scale comes from, and which widths are judged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal, cast

import typer

if TYPE_CHECKING:
    from cracknet.measurement.classes import ClassChoice, JudgedWidth
    from cracknet.measurement.scale import ScaleOptions
    from cracknet.reporting.measuring import Measuring

mm_per_px_option = Annotated[
    float | None, typer.Option("--mm-per-px", help="Scale: millimetres per pixel.")
]
marker_option = Annotated[
    str | None,
    typer.Option(
        "--marker",
        help="Scale by an ArUco or AprilTag marker in the photograph: SIDE_MM[:ID[@X,Y][:DICT]].",
    ),
]
scale_points_option = Annotated[
    str | None,
    typer.Option("--scale-points", help="Scale by two points and their distance: X1,Y1,X2,Y2,MM."),
]
distance_option = Annotated[
    str | None,
    typer.Option(
        "--distance-m",
        help="Scale by the camera's distance in metres and EXIF; 'exif' for EXIF's own distance.",
    ),
]
standard_option = Annotated[
    str | None,
    typer.Option(
        "--standard", help="Width classes: aci224r, eurocode2, is456, ltpp, or a TOML file."
    ),
]
exposure_option = Annotated[
    str | None,
    typer.Option("--exposure", help="Row of the standard, such as humid or XC3; see the docs."),
]
least_length_option = Annotated[
    float | None, typer.Option(help="Shorter regions are specks, counted and not measured; 10.")
]
bridge_option = Annotated[
    float | None, typer.Option(help="Join ends that face each other across such a gap; 0.")
]
blur_option = Annotated[
    float | None, typer.Option(help="Sigma of the camera's blur; estimated by default.")
]
gamma_option = Annotated[
    float | None,
    typer.Option(help="Of the gray values; 2.2 where EXIF names a camera, else 1 (linear light)."),
]
format_option = Annotated[
    list[str] | None,
    typer.Option("--format", help="csv, xlsx, parquet, geojson, gpkg, dxf; may be repeated. csv."),
]
judge_option = Annotated[
    str | None,
    typer.Option("--judge", help="Width judged: p95, max, median or mean; the standard's own."),
]


def scale_options(
    mm_per_px: float | None,
    marker: str | None,
    scale_points: str | None,
    distance_m: str | None,
) -> ScaleOptions:
    """Turn the options of a command into those of `find_scale`.

    Raises
    ------
    ArgumentError
        When one is not well written, or more than one is given.
    """
    from cracknet.errors import ArgumentError
    from cracknet.measurement.scale import ScaleOptions, parse_marker, parse_points, scale_given

    distance: float | Literal["exif"] | None = None
    if distance_m is not None:
        try:
            distance = "exif" if distance_m.strip().lower() == "exif" else float(distance_m)
        except ValueError:
            msg = f"--distance-m must be a number of metres, or exif; got {distance_m!r}."
            raise ArgumentError(msg) from None
    if mm_per_px is not None:
        scale_given(mm_per_px)  # a wrong number is wrong use, before any photograph is read
    return ScaleOptions(
        mm_per_px=mm_per_px,
        marker=None if marker is None else parse_marker(marker),
        points=None if scale_points is None else parse_points(scale_points),
        distance_m=distance,
    )


def class_choice(
    standard: str | None, exposure: str | None, judge: str | None
) -> ClassChoice | None:
    """Turn the options of a command into a table, its exposure and the judged width.

    None where no standard is chosen.

    Raises
    ------
    ArgumentError
        When a name is unknown, a file breaks a rule, or --exposure or --judge stands alone.
    """
    from cracknet.errors import ArgumentError

    if standard is None:
        if exposure is not None or judge is not None:
            msg = "--exposure and --judge go with --standard; none was given. Add --standard."
            raise ArgumentError(msg)
        return None
    from typing import get_args

    from cracknet.measurement.classes import ClassChoice, JudgedWidth, find_table

    table = find_table(standard)
    if judge is not None and judge not in get_args(JudgedWidth):
        msg = f"--judge must be one of {', '.join(get_args(JudgedWidth))}; got {judge!r}."
        raise ArgumentError(msg)
    judged = table.judged if judge is None else cast("JudgedWidth", judge)
    return ClassChoice(table, table.named(exposure), judged)


def measuring(
    *,
    mm_per_px: float | None,
    marker: str | None,
    scale_points: str | None,
    distance_m: str | None,
    standard: str | None,
    exposure: str | None,
    judge: str | None,
    least_length_px: float | None,
    bridge_px: float | None,
    blur_px: float | None,
    gamma: float | None,
    formats: list[str] | None,
) -> Measuring:
    """Turn the options of a command into those of `measure_photo`.

    Raises
    ------
    ArgumentError
        When one is not well written or impossible.
    """
    from cracknet.measurement.centreline import TraceOptions
    from cracknet.measurement.measure import MeasureOptions
    from cracknet.measurement.widths import WidthOptions
    from cracknet.reporting.measuring import Measuring

    if gamma is not None:
        WidthOptions(gamma=gamma)  # a wrong number is wrong use, before any photograph is read
    given = {"least_length_px": least_length_px, "bridge_px": bridge_px}
    return Measuring(
        scale=scale_options(mm_per_px, marker, scale_points, distance_m),
        options=MeasureOptions(
            TraceOptions(**{key: value for key, value in given.items() if value is not None}),
            WidthOptions(blur_sigma_px=blur_px),
        ),
        classes=class_choice(standard, exposure, judge),
        gamma=gamma,
        formats=tuple(dict.fromkeys(["csv", *(formats or [])])),
    )
