"""Make a set of photographs without cracks from free pictures in Debian's packages.

    python scripts/gather_surroundings.py -o runs/surroundings

Landscapes, leaves, water, rooms, paving, sand and grass: what a camera also sees, and what teaches a
net that a dark line is no crack yet. Split `train` holds surfaces and pictures of games (0 A.D.,
Red Eclipse) and of three packages of wallpapers; `val` pictures of other packages and of
scikit-image, which no run trains on: the share of their pixels that a model calls crack is its
share of false alarms on scenes of other origin. All masks are empty. What shows cracks, joints of
rock or dried mud is left out by its name. Needs `apt-get` and `dpkg` (Debian 12 has these very
packages; other releases have other pictures), and 2.7 GB for the packages, which are kept in
`OUT/packages`. A file that is there already is not made again.
"""

from __future__ import annotations

import argparse
import io
import re
import subprocess
import zipfile
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image, UnidentifiedImageError

from cracknet.files import write_whole

LARGEST_PX = 1600
SMALLEST_PX = 256
GAME = "usr/share/games/redeclipse/data"
SOURCES = {
    "plasma-workspace-wallpapers": ("val", "usr/share/wallpapers/*/contents/images/*"),
    "lomiri-wallpapers-16.04": ("val", "usr/share/backgrounds/*"),
    "lomiri-wallpapers-20.04": ("val", "usr/share/backgrounds/*"),
    "mate-backgrounds": ("train", "usr/share/backgrounds/mate/*/*"),
    "gnome-backgrounds": ("train", "usr/share/backgrounds/gnome/*"),
    "ukui-wallpapers": ("train", "usr/share/backgrounds/*"),
    "redeclipse-data": ("train", f"{GAME}/*/**/*"),
    "0ad-data": ("train", "usr/share/games/0ad/mods/public/public.zip"),
}
"""Package, split, and where its pictures lie. Licences by the packages' own copyright files:
CC-BY-SA-3.0 (0 A.D., gnome, ukui, most of Red Eclipse), CC-BY-3.0 and MIT (the rest of it), GPL-2+ and
CC-BY-SA-4.0 (mate); of those that are only looked at GPL-2+ (plasma), CC-BY and CC-BY-SA (lomiri)."""

FOLDERS = r"/(philipk|trak|elyvisions|freezurbern|mayhem|unnamed|torley/desat)/"
"""Of Red Eclipse: walls, floors and skies, no maps of heights."""
NO_PICTURE = r"_(norm|spec|nrm|n|s|nm|g|h|b|z|i|add|local|gloss|mask|glow|height)[._]|blend|alpha"
CRACKED = (
    r"crack|fissure|lakebed|riparian_dry|cliff|rock|flaky|savanna_dirt|dirt_brown_e|mountainside"
    r"|clay|broken|damage|lava|glacial|crumbl"
)
"""Names of pictures that may show cracks, which an empty mask would deny."""
OF_SCIKIT_IMAGE = (
    "astronaut.png", "brick.png", "camera.png", "chelsea.png", "coffee.png", "coins.png",
    "grass.png", "gravel.png", "motorcycle_left.png", "page.png", "rocket.jpg", "text.png",
)  # fmt: skip


def main() -> None:
    """Fetch, choose, shrink, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-o", "--out", type=Path, required=True)
    parser.add_argument("--split", choices=["train", "val"], help="this one alone")
    options = parser.parse_args()
    out, only = options.out, options.split
    counts = {"train": 0, "val": 0}
    for package, (split, pattern) in SOURCES.items():
        if only not in (None, split):
            continue
        for name, content in pictures(fetched(package, out / "packages"), pattern):
            counts[split] += keep(content, out, split, f"{package.split('-')[0]}-{name}")
    for name in OF_SCIKIT_IMAGE if only != "train" else ():
        content = (files("skimage.data") / name).read_bytes()
        counts["val"] += keep(content, out, "val", f"skimage-{Path(name).stem}")
    print(f"{counts['train']} for training, {counts['val']} for validation, in {out}")


def fetched(package: str, folder: Path) -> Path:
    """Return the folder that a package's files lie in, after fetching it where need be."""
    target = folder / package
    if not target.is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(["apt-get", "download", "-qq", package], cwd=folder, check=True)
        (archive,) = folder.glob(f"{package}_*.deb")
        subprocess.run(["dpkg", "-x", archive, target], check=True)
        archive.unlink()
    return target


def pictures(folder: Path, pattern: str) -> Iterator[tuple[str, bytes]]:
    """Yield names and contents of a package's pictures, each picture in its largest size."""
    largest: dict[str, Path] = {}
    for path in sorted(folder.glob(pattern)):
        if path.suffix == ".zip":
            yield from _of_archive(path)
        elif path.suffix in {".jpg", ".jpeg", ".png", ".webp"} and chosen(path.as_posix()):
            parts = path.relative_to(folder).parts
            # A wallpaper stands in a folder of its own, in several sizes.
            name = parts[-4] if "contents" in parts else "-".join([*parts[-2:-1], path.stem])
            if name not in largest or path.stat().st_size > largest[name].stat().st_size:
                largest[name] = path
    for name, path in largest.items():
        yield name, path.read_bytes()


def _of_archive(path: Path) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(path) as archive:
        for name in sorted(archive.namelist()):
            inside = name.startswith("art/textures/terrain/types/")
            if inside and name.endswith((".png", ".dds", ".jpg")) and chosen(name):
                parts = Path(name).parts[4:]
                yield "-".join(parts).split(".")[0], archive.read(name)


def chosen(path: str) -> bool:
    """Tell by its name whether a picture is one, and shows no crack."""
    name = Path(path).name.lower()
    if "redeclipse" in path and not re.search(FOLDERS, path):
        return False
    return not re.search(NO_PICTURE, name) and not re.search(CRACKED, name)


def keep(content: bytes, out: Path, split: str, name: str) -> bool:
    """Write a picture in gray with its empty mask; tell whether it can be used."""
    image, mask = (out / kind / split / f"{name}.png" for kind in ("images", "masks"))
    if image.exists() and mask.exists():
        return True
    gray = as_gray(content)
    if gray is None:
        return False
    write_whole(mask, encoded(np.zeros_like(gray)))
    write_whole(image, encoded(gray))
    return True


def as_gray(content: bytes) -> npt.NDArray[np.uint8] | None:
    """Return the gray picture, none where it is small, blank, or has transparent parts."""
    try:
        with Image.open(io.BytesIO(content)) as picture:
            picture.load()
            if "A" in picture.getbands():
                alpha = np.asarray(picture.getchannel("A"))
                # A game's surfaces keep other things than transparency there: all or nothing.
                if 0.02 < float((alpha < 128).mean()) < 0.98:
                    return None
            gray = np.asarray(picture.convert("RGB").convert("L"))
    except (UnidentifiedImageError, OSError, NotImplementedError):
        return None
    if min(gray.shape) < SMALLEST_PX:
        return None
    zoom = LARGEST_PX / max(gray.shape)
    if zoom < 1:
        gray = np.asarray(
            cv2.resize(gray, None, fx=zoom, fy=zoom, interpolation=cv2.INTER_AREA), np.uint8
        )
    return gray if float(gray.std()) >= 4 else None


def encoded(gray: npt.NDArray[np.uint8]) -> bytes:
    """Return a picture as PNG."""
    return bytes(cv2.imencode(".png", gray)[1])


if __name__ == "__main__":
    main()
