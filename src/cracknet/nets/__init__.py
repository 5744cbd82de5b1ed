"""Keras architectures, one per file."""

from collections.abc import Callable
from functools import partial

from cracknet.nets.cracknet import CrackNet
from cracknet.nets.cracknet_lite import CrackNetLite
from cracknet.nets.fcn8s import FCN8s
from cracknet.nets.fcn32s import FCN32s
from cracknet.nets.net import Net

NETS: dict[str, Callable[..., Net]] = {
    "cracknet": CrackNet,
    "cracknet-lite": CrackNetLite,
    "cracknet-no-skips": partial(CrackNet, skips=False),
    "fcn-8s": FCN8s,
    "fcn-32s": FCN32s,
}
"""What builds each net, by the name that recipes and commands use."""

__all__ = ["NETS", "CrackNet", "CrackNetLite", "FCN8s", "FCN32s", "Net"]
