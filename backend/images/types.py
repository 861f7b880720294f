"""What an image may be. The largest of phones' photographs passes."""

from typing import NamedTuple

MAX_BYTES = 10_000_000
MAX_PIXELS = 25_000_000
MAX_SIDE = 8_000


class ImageType(NamedTuple):
    """A format by its names: of Pillow's decoder, and at the end of a file's."""

    decoder: str
    extension: str


# No SVG, which is a program; no animations; and nothing of which an old browser shows nothing.
IMAGE_TYPES = {
    "image/jpeg": ImageType("JPEG", "jpg"),
    "image/png": ImageType("PNG", "png"),
    "image/webp": ImageType("WEBP", "webp"),
}
