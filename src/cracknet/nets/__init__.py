"""Keras architectures, one per file."""

from collections.abc import Callable
from functools import partial

from cracknet.nets.cracknet import CrackNet
from cracknet.nets.cracknet_lite import CrackNetLite
from cracknet.nets.deeplab_v2 import DeepLabV2
from cracknet.nets.fcn8s import FCN8s
from cracknet.nets.fcn32s import FCN32s
from cracknet.nets.net import Net
from cracknet.nets.resnet45 import ResNet45

NETS: dict[str, Callable[..., Net]] = {
    "cracknet": CrackNet,
    "cracknet-lite": CrackNetLite,
    "cracknet-no-skips": partial(CrackNet, skips=False),
    "fcn-8s": FCN8s,
    "fcn-32s": FCN32s,
    "deeplab-v2": DeepLabV2,
    "deeplab-v2-fine": partial(DeepLabV2, fine=True),
    "resnet-45": ResNet45,
}
"""What builds each net, by the name that recipes and commands use."""

__all__ = [
    "NETS",
    "CrackNet",
    "CrackNetLite",
    "DeepLabV2",
    "FCN8s",
    "FCN32s",
    "Net",
    "ResNet45",
]
