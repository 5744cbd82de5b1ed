"""Keras architectures, one per file."""

from cracknet.nets.cracknet import CrackNet
from cracknet.nets.cracknet_lite import CrackNetLite

NETS = {"cracknet": CrackNet, "cracknet-lite": CrackNetLite}

__all__ = ["NETS", "CrackNet", "CrackNetLite"]
