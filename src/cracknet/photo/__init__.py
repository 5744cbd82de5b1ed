"""Reading photographs: upright, gray (H, W) uint8, with their EXIF metadata."""

from cracknet.photo.files import PHOTO_SUFFIXES, FoundPhoto, find_photos, natural_key
from cracknet.photo.metadata import PhotoMetadata
from cracknet.photo.reading import DEFAULT_MAX_PIXELS, Photo, photo_from_array, read_photo

__all__ = [
    "DEFAULT_MAX_PIXELS",
    "PHOTO_SUFFIXES",
    "FoundPhoto",
    "Photo",
    "PhotoMetadata",
    "find_photos",
    "natural_key",
    "photo_from_array",
    "read_photo",
]
