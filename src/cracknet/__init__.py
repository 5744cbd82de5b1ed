"""Find, measure and report cracks in photographs of concrete."""

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from cracknet.errors import CrackNetError
    from cracknet.photo import Photo, read_photo
    from cracknet.reporting.run import segment_photos
    from cracknet.segmentation import Segmentation, Segmenter, list_models, segment

__all__ = [
    "CrackNetError",
    "Photo",
    "Segmentation",
    "Segmenter",
    "list_models",
    "read_photo",
    "segment",
    "segment_photos",
]

_HOMES = {
    "CrackNetError": "cracknet.errors",
    "Photo": "cracknet.photo",
    "Segmentation": "cracknet.segmentation",
    "Segmenter": "cracknet.segmentation",
    "list_models": "cracknet.segmentation",
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
