"""Find, measure and report cracks in photographs of concrete."""

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from cracknet.errors import CrackNetError
    from cracknet.measurement.measure import measure
    from cracknet.measurement.results import Measurement
    from cracknet.measurement.scale import Scale
    from cracknet.photo import Photo, read_photo
    from cracknet.reporting.run import segment_photos
    from cracknet.segmentation import Segmentation, Segmenter, list_models, segment

__all__ = [
    "CrackNetError",
    "Measurement",
    "Photo",
    "Scale",
    "Segmentation",
    "Segmenter",
    "list_models",
    "measure",
    "read_photo",
    "segment",
    "segment_photos",
]

_HOMES = {
    "CrackNetError": "cracknet.errors",
    "Measurement": "cracknet.measurement.results",
    "Photo": "cracknet.photo",
    "Scale": "cracknet.measurement.scale",
    "Segmentation": "cracknet.segmentation",
    "Segmenter": "cracknet.segmentation",
    "list_models": "cracknet.segmentation",
    "measure": "cracknet.measurement.measure",
    "read_photo": "cracknet.photo",
    "segment": "cracknet.segmentation",
    "segment_photos": "cracknet.reporting.run",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used, so that `import cracknet` is instant."""
    if name in _HOMES:
        import importlib

        return getattr(importlib.import_module(_HOMES[name]), name)
    msg = f"module 'cracknet' has no attribute {name!r}"
    raise AttributeError(msg)
