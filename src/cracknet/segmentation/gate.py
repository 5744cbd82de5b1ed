"""A gate before a model: it marks cracks only where a classifier of tiles sees damage.

After Hoskere et al. 2018, whose two networks stand in `cracknet.baselines`; here is what looking
needs, and a classifier's file, so that segmenting with a gate needs no training framework.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from cracknet.arrays import Gray, Mask, Probability
from cracknet.errors import EngineError, ModelError
from cracknet.segmentation.engines import last_line, wake_binding
from cracknet.segmentation.models import GATE, ModelCard, find_model
from cracknet.segmentation.openvino import import_openvino
from cracknet.segmentation.scanning import CRACK, Classify, Tiles, check_gray, painted_cracks


@dataclass(frozen=True)
class DamageMap:
    """Where a classifier of tiles sees damage, at several scales.

    Attributes
    ----------
    classify : callable
        From tiles (N, T, T, 1) float32, 0 to 255, to (N, classes); crack is class 1.
    tile_px : int
    scales : tuple of float
        The photograph is scanned at each of these sizes; a pixel is damage where any scale sees
        it, so that no scale hides what another sees.
    threshold : float
        Probability from which a tile is damage.
    name : str
    parameters : int
    """

    classify: Classify
    tile_px: int = 224
    scales: tuple[float, ...] = (1.0, 0.5)
    threshold: float = 0.5
    name: str = "vgg19"
    parameters: int = 0

    def seen(self, gray: Gray) -> Mask:
        """Return (H, W) bool: the pixels of tiles that are damage.

        Raises
        ------
        ArgumentError
            When the photograph is not (H, W) uint8.
        """

        def at_one(small: Gray) -> Probability:
            return painted_cracks(small, self.tile_px, self.classify)

        maps = at_scales(gray, self.scales, at_one, cv2.INTER_NEAREST)
        return np.asarray(np.max(maps, axis=0) >= np.float32(self.threshold))


class TileClassifier:
    """A classifier of tiles, run by OpenVINO.

    Parameters
    ----------
    card : ModelCard
        Of a gate; its file takes (N, T, T, 1), gray 0 to 255, and gives (N, classes).
    threads : int, optional
        Cores to use; all by default.

    Raises
    ------
    ModelError
        When the card is not a gate's, or the file is damaged or of other shapes.
    """

    def __init__(self, card: ModelCard, *, threads: int | None = None) -> None:
        if card.kind != GATE:
            msg = (
                f"{card.file} is a {card.kind}, not a gate. A gate is what `cracknet export` makes "
                "of a classifier's run, runs/vgg19 of `cracknet compare`."
            )
            raise ModelError(msg)
        ov = import_openvino()
        wake_binding()
        core = ov.Core()
        options = {} if threads is None else {"INFERENCE_NUM_THREADS": threads}
        try:
            model = core.read_model(card.file)
            sizes = [str(port.partial_shape) for port in (*model.inputs, *model.outputs)]
            side = card.tile_px
            model.reshape([-1, side, side, 1])
            shape = model.output(0).partial_shape
            fits = len(sizes) == 2 and len(shape) == 2 and shape[1].get_length() > CRACK
            self._compiled = core.compile_model(model, "CPU", options)
        except RuntimeError as error:
            msg = (
                f"the gate {card.file} is damaged or takes no tiles of {card.tile_px} px: "
                f"{last_line(error)}"
            )
            raise ModelError(msg) from error
        if not fits:
            msg = (
                f"a gate takes tiles (N, {side}, {side}, 1) and gives (N, classes); {card.file} "
                f"has {' -> '.join(sizes)}. Export it with `cracknet export`."
            )
            raise ModelError(msg)
        self._card = card

    def __call__(self, tiles: Tiles) -> npt.NDArray[np.float32]:
        """Return the classes' probabilities, (N, classes) float32.

        Raises
        ------
        EngineError
            When the engine fails, or gives what is no probability.
        """
        try:
            # One request a call: photographs are segmented from several threads.
            found = self._compiled.create_infer_request().infer({0: tiles})[0]
        except RuntimeError as error:
            msg = (
                f"OpenVINO failed on {len(tiles)} tiles of the gate {self._card.name}: "
                f"{last_line(error)}"
            )
            raise EngineError(msg) from error
        if not np.isfinite(found).all():
            msg = f"the gate {self._card.name} gave values that are not numbers; it is damaged."
            raise EngineError(msg)
        return np.array(found, np.float32)


def load_gate(file: str | Path, *, threads: int | None = None) -> tuple[ModelCard, DamageMap]:
    """Load a gate that `cracknet export` wrote, and its card.

    Raises
    ------
    ModelError
        When the file is missing, damaged, or not a gate.
    """
    card = find_model(Path(file))
    classify = TileClassifier(card, threads=threads)
    return card, DamageMap(classify, card.tile_px, name=card.name, parameters=card.parameters)


def at_scales(
    gray: Gray, scales: tuple[float, ...], predict: Callable[[Gray], Probability], back: int
) -> list[Probability]:
    """Apply `predict` at several sizes and bring the results back to the photograph's.

    Parameters
    ----------
    gray : (H, W) uint8
    scales : tuple of float
        1 is the photograph's own size.
    predict : callable
        From (h, w) uint8 to (h, w) float32.
    back : int
        OpenCV's flag of the interpolation on the way back.

    Raises
    ------
    ArgumentError
        When the photograph is not (H, W) uint8.
    """
    check_gray(gray)
    height, width = gray.shape
    maps = []
    for scale in scales:
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        small = gray if scale == 1 else cv2.resize(gray, size, interpolation=cv2.INTER_AREA)
        found = predict(np.asarray(small, np.uint8))
        whole = found if scale == 1 else cv2.resize(found, (width, height), interpolation=back)
        maps.append(np.asarray(whole, np.float32))
    return maps
