"""Keras architectures, one per file."""

import keras

from cracknet.nets.cracknet import CrackNet
from cracknet.nets.cracknet_lite import CrackNetLite

NETS: dict[str, type[keras.Model]] = {"cracknet": CrackNet, "cracknet-lite": CrackNetLite}

__all__ = ["NETS", "CrackNet", "CrackNetLite"]
