"""From a photograph to the probability and mask of its cracks."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from cracknet.arrays import Gray, Mask, Probability
from cracknet.errors import ArgumentError, EngineError, ModelError
from cracknet.photo import Photo, photo_from_array, read_photo
from cracknet.segmentation.brightness import brightened, gain_of, histogram_of
from cracknet.segmentation.engines import ENGINES, Engine
from cracknet.segmentation.gate import load_gate
from cracknet.segmentation.models import DEFAULT_MODEL, GATE, ModelCard, find_model
from cracknet.segmentation.tiles import (
    STEP,
    Axis,
    Tile,
    blend_tile,
    cut_tile,
    lay_axis,
    lay_tiles,
)

DEFAULT_THRESHOLD = 0.5


@dataclass(frozen=True, eq=False)
class Segmentation:
    """The cracks of one photograph.

    Attributes
    ----------
    photo : Photo
    probability : (H, W) float32
        Probability of crack, 0 to 1.
    threshold : float
        Where the mask is cut.
    gain : float
        By how much the photograph was brightened for the net; 1 where it was not dark.
    """

    photo: Photo
    probability: Probability
    threshold: float
    gain: float = 1.0

    @property
    def mask(self) -> Mask:
        """Pixels whose probability reaches the threshold, (H, W) bool."""
        return np.asarray(self.probability >= np.float32(self.threshold))

    @property
    def crack_share(self) -> float:
        """Share of pixels that are crack."""
        return float(self.mask.mean())


class Segmenter:
    """A model, loaded once, that segments any number of photographs.

    Photographs are never resized: each is cut into overlapping tiles at its own resolution, and
    the tiles' results are blended. Memory is that of the photograph plus a few tiles.

    Parameters
    ----------
    model : str or Path
        A shipped model's name (`cracknet.list_models`), or a .xml or .onnx file.
    threshold : float, optional
        Probability from which a pixel is crack, 0 to 1; 0.5 by default.
    sensitivity : str, optional
        ``low``, ``normal`` or ``high``, in place of a threshold: that which the model's card
        has for it.
    engine : str
        ``openvino``, or ``onnxruntime`` with an ONNX file.
    precision : str
        ``auto``, ``f32`` or ``bf16``.
    threads : int, optional
        Cores to use; all by default.
    tile_px : int, optional
        Side of a tile, a multiple of 32; the model's card says by default.
    brighten : bool
        Brighten dark photographs for the net (`cracknet.segmentation.brightness`).
    gate : str or Path, optional
        A gate's file (`cracknet.segmentation.gate`): where it sees no damage, nothing is crack.
        For photographs, not for rasters.

    Raises
    ------
    ArgumentError
        When a value is outside its range, threshold and sensitivity are both given, or the
        model's card has no threshold for the sensitivity.
    ModelError
        When the model is missing or damaged.
    EngineError
        When the engine is not installed.

    Examples
    --------
    >>> import numpy as np
    >>> wall = np.full((100, 200), 180, np.uint8)
    >>> Segmenter("cracknet-lite").segment(wall).mask.sum() == 0
    np.True_
    """

    def __init__(
        self,
        model: str | Path = DEFAULT_MODEL,
        *,
        threshold: float | None = None,
        sensitivity: str | None = None,
        engine: str = "openvino",
        precision: str = "auto",
        threads: int | None = None,
        tile_px: int | None = None,
        brighten: bool = True,
        gate: str | Path | None = None,
    ) -> None:
        if threshold is not None and sensitivity is not None:
            msg = (
                "threshold and sensitivity name the same thing, give one of them; got "
                f"{threshold} and {sensitivity!r}."
            )
            raise ArgumentError(msg)
        self.threshold = check_threshold(DEFAULT_THRESHOLD if threshold is None else threshold)
        if engine not in ENGINES:
            msg = f"engine must be one of {', '.join(ENGINES)}; got {engine!r}."
            raise ArgumentError(msg)
        self.card: ModelCard = find_model(model)
        if self.card.kind == GATE:
            msg = f"{self.card.file} is a gate, not a model: give it as the gate of a model."
            raise ModelError(msg)
        if sensitivity is not None:
            self.threshold = self.card.threshold_for(sensitivity)
        self.tile_px = self.card.tile_px if tile_px is None else tile_px
        if self.tile_px % STEP or self.tile_px <= self.card.overlap_px:
            msg = (
                f"tile_px must be a multiple of {STEP} above the overlap of "
                f"{self.card.overlap_px} px; got {self.tile_px}."
            )
            raise ArgumentError(msg)
        file = self.card.file.with_suffix(".onnx") if engine == "onnxruntime" else self.card.file
        self.engine: Engine = ENGINES[engine](file, precision=precision, threads=threads)
        self.precision = precision
        self.brighten = brighten
        self.gate_card: ModelCard | None = None
        if gate is not None:
            self.gate_card, self._damage = load_gate(gate, threads=threads)
        self.net_seconds = 0.0
        """Time spent in the net so far, summed over its workers, divided by their number."""
        self._lock = threading.Lock()
        self._closed = False
        self._pool = ThreadPoolExecutor(self.engine.workers, thread_name_prefix="net")

    def __enter__(self) -> Segmenter:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def free_memory(self) -> None:
        """Let go of the memory that the engine keeps between tiles, where it can.

        For work in between that needs the memory itself; the next tile costs seconds more.
        """
        free = getattr(self.engine, "free_memory", None)
        if free is not None:
            free()

    def close(self) -> None:
        """End the threads; the Segmenter cannot be used any more."""
        self._closed = True
        self._pool.shutdown(cancel_futures=True)

    def segment(
        self, photo: Photo | str | Path | npt.NDArray[Any], *, threshold: float | None = None
    ) -> Segmentation:
        """Segment one photograph.

        Parameters
        ----------
        photo : Photo, path, or array
            An array is gray (H, W) or RGB (H, W, 3), uint8 or uint16.
        threshold : float, optional
            In place of the Segmenter's.

        Raises
        ------
        PhotoError
            When the photograph cannot be read.
        ArgumentError
            When the threshold or array is out of range.
        EngineError
            When the engine fails, or the Segmenter is closed.
        ModelError
            When the net gives another size than it was given.
        """
        cut = self.threshold if threshold is None else check_threshold(threshold)
        if isinstance(photo, (str, Path)):
            photo = read_photo(photo)
        elif not isinstance(photo, Photo):
            photo = photo_from_array(photo)
        gain = self.gain(photo.gray)
        return Segmentation(photo, self.probability(photo.gray, gain=gain), cut, gain)

    def gain(self, gray: Gray) -> float:
        """By how much a photograph (H, W) is brightened for the net; 1 where it is not dark."""
        return gain_of(histogram_of(gray)) if self.brighten else 1.0

    def probability(
        self, gray: Gray, *, offset: tuple[int, int] = (0, 0), gain: float | None = None
    ) -> Probability:
        """Return the probability of crack of every pixel.

        Where the model's card asks for it, the photograph is segmented a second time at half
        its size, and each pixel takes the larger of its value and the weighted coarse one:
        cracks wider than the net has learned look ordinary at half the size. The photograph's
        own resolution is always segmented too. With a gate, pixels where it sees no damage are 0,
        and a photograph without damage does not reach the net.

        Parameters
        ----------
        gray : (H, W) uint8
        offset : (int, int)
            Lay the inner tiles this many px higher and further left, multiples of 32; the
            result hardly changes.
        gain : float, optional
            By how much the photograph is brightened; as `gain` says by default.

        Returns
        -------
        (H, W) float32
        """
        gain = self.gain(gray) if gain is None else gain
        seen = self._damage.seen(brightened(gray, gain)) if self.gate_card else None
        if seen is not None and not seen.any():
            return np.zeros(gray.shape, np.float32)
        total = self._at_one_size(gray, offset, gain)
        if self.card.coarse_weight > 0:
            height, width = gray.shape
            half = cv2.resize(
                gray, ((width + 1) // 2, (height + 1) // 2), interpolation=cv2.INTER_AREA
            )
            coarse = self._at_one_size(np.asarray(half, np.uint8), offset, gain)
            coarse *= np.float32(self.card.coarse_weight)
            whole = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR)
            np.maximum(total, whole, out=total)
        if seen is not None:
            total[~seen] = 0
        return np.minimum(total, 1, out=total)

    def lay(self, gray: Gray, offset: tuple[int, int] = (0, 0)) -> Iterator[Tile]:
        """Lay the tiles of a photograph (H, W), as `probability` does."""
        rows, columns = (
            self.lay_along(length, start) for length, start in zip(gray.shape, offset, strict=True)
        )
        return lay_tiles(rows, columns)

    def lay_along(self, length: int, offset: int = 0) -> Axis:
        """Lay the tiles along one side of a photograph of this length in px, as `lay` does."""
        card = self.card
        return lay_axis(length, self._tile_for(length), card.overlap_px, card.margin_px, offset)

    def infer(self, pieces: Iterable[Gray]) -> Generator[Probability]:
        """Run the net on tiles cut elsewhere, as they come: their results, in order.

        The next tiles are asked for while the net runs, so that it never waits for them; a tile
        or two for each of its workers are in memory at once.

        Parameters
        ----------
        pieces : iterable of (T, U) uint8
            Sides are multiples of 32.

        Yields
        ------
        (T, U) float32

        Raises
        ------
        EngineError
            When the engine fails, or the Segmenter is closed.
        ModelError
            When the net gives another size than it was given.
        """
        if self._closed:
            msg = "this Segmenter is closed. Make a new one, or segment within its `with` block."
            raise EngineError(msg)
        running: deque[Future[Probability]] = deque()
        try:
            for piece in pieces:
                running.append(self._pool.submit(self._infer_piece, piece))
                if len(running) > 2 * self.engine.workers:
                    yield running.popleft().result()
            while running:
                yield running.popleft().result()
        finally:
            for future in running:
                future.cancel()

    def _at_one_size(self, gray: Gray, offset: tuple[int, int], gain: float) -> Probability:
        """Blend the tiles of a photograph at its own size."""
        tiles = list(self.lay(gray, offset))
        total = np.zeros(gray.shape, np.float32)
        results = self.infer(brightened(cut_tile(gray, tile), gain) for tile in tiles)
        for tile, result in zip(tiles, results, strict=True):
            blend_tile(total, result, tile)
        return total

    def _tile_for(self, length: int) -> int:
        """Return the least tile that covers a length with as few tiles as the largest would.

        A length that fits into one tile is mirrored out to a multiple of 32 and no further: what a
        net sees beyond the border is not there.
        """
        overlap = self.card.overlap_px
        whole = -(-length // STEP) * STEP
        if whole <= self.tile_px:
            return whole
        count = max(-(-(whole - overlap) // (self.tile_px - overlap)), 1)
        return -(-(whole + (count - 1) * overlap) // (count * STEP)) * STEP

    def _infer_piece(self, piece: Gray) -> Probability:
        began = time.monotonic()
        result = self.engine.infer(piece)
        with self._lock:
            self.net_seconds += (time.monotonic() - began) / self.engine.workers
        if result.shape != piece.shape:
            msg = (
                f"a model gives one probability of the photograph's size; {self.card.name} gave "
                f"{result.shape} for {piece.shape}. Export it with `cracknet export`."
            )
            raise ModelError(msg)
        if not np.isfinite(result).all():
            msg = f"the model {self.card.name} gave values that are not numbers; it is damaged."
            raise EngineError(msg)
        return result


def check_threshold(threshold: float) -> float:
    """Return the threshold, or raise ArgumentError when it is not within [0, 1]."""
    if not 0 <= threshold <= 1:
        msg = f"the threshold must lie within 0 and 1; got {threshold}."
        raise ArgumentError(msg)
    return float(threshold)


def segment(photo: Photo | str | Path | npt.NDArray[Any], **options: Any) -> Segmentation:
    """Segment one photograph with a new `Segmenter`; for many, make one and keep it.

    Parameters
    ----------
    photo : Photo, path, or array
    **options
        Passed to `Segmenter`.
    """
    with Segmenter(**options) as segmenter:
        return segmenter.segment(photo)
