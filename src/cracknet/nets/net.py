"""What all nets have in common: their constructor's arguments are their config."""

from __future__ import annotations

import inspect
from typing import Any, Self

import keras


class Net(keras.Model):
    """A functional model whose arguments are attributes and come back from `get_config`.

    Attributes
    ----------
    DECODER : tuple of str
        How the names of the layers begin that are no part of the encoder; the others are what
        "freeze the encoder" freezes.
    """

    DECODER: tuple[str, ...] = ("decoder_", "logits", "probability")

    @property
    def encoder_layers(self) -> list[keras.layers.Layer]:
        """The layers of the encoder."""
        return [layer for layer in self.layers if not layer.name.startswith(self.DECODER)]

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        names = inspect.signature(type(self).__init__).parameters.keys() - {"self", "kwargs"}
        values = {name: getattr(self, name) for name in sorted(names)} | {"name": self.name}
        return {key: list(v) if isinstance(v, tuple) else v for key, v in values.items()}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """Build the net from what `get_config` returned."""
        return cls(**config)
