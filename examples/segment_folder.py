"""Segment a folder of photographs and print how much of each is crack.

python examples/segment_folder.py PHOTOS
"""

import sys

from cracknet import CrackNetError, Segmenter
from cracknet.photo import find_photos

with Segmenter("cracknet-lite") as segmenter:
    for photo in find_photos(sys.argv[1:]):
        try:
            result = segmenter.segment(photo.path)
        except CrackNetError as error:
            print(error)
            continue
        print(f"{photo.relative}: {result.crack_share:.3%} crack")
