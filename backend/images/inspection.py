"""What a file really is, whatever it was said to be; and the same picture written anew.

Nothing of the file is kept but its pixels: neither where and by what a photograph was taken, nor
a script behind it, nor a defect that waits for a browser's decoder.
"""

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from threading import Lock
from typing import Any

from PIL import ExifTags, Image, ImageCms

from backend.images.types import IMAGE_TYPES, MAX_BYTES, MAX_PIXELS, MAX_SIDE

# The longer side of what is shown: no screen has room for more.
SHOWN_SIDE = 3840
# A progressive JPEG is decoded whole for each scan, of which a small file can have a million.
MAX_SCANS, SCAN = 100, b"\xff\xda"
SAVED_AS: dict[str, dict[str, Any]] = {
    "JPEG": {"quality": 88, "optimize": True, "progressive": True},
    "PNG": {},
    "WEBP": {"quality": 88},
}
# By the orientation that a camera writes (Exif 2.32, 4.6.4).
UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
SRGB = ImageCms.createProfile("sRGB")
# Those that can be made smaller and brought to sRGB as they are.
PLAIN_MODES = {"L", "RGB", "RGBA", "CMYK"}

# Pillow refuses twice as many before it sets any memory aside for them.
Image.MAX_IMAGE_PIXELS = MAX_PIXELS
BOMBS = (Image.DecompressionBombError, Image.DecompressionBombWarning)
# What its decoders stumble over; `test_inspection` throws them broken files.
DAMAGES = (OSError, SyntaxError, ValueError, EOFError, struct.error)

# A picture takes up to 200 MB while it is written anew: a process does it with one at a time.
_one_at_a_time = Lock()


class InvalidImage(Exception):
    """The file cannot be shown. `code` is for programs, the message for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def rewritten(content: bytes, *, content_type: str, size: int) -> bytes:
    """The picture of a file of this type and size, upright and in sRGB; raises InvalidImage."""
    if len(content) != size:
        raise InvalidImage("wrong_size", f"The file has not the {size:,} bytes that were promised.")
    decoder = IMAGE_TYPES[content_type].decoder
    with _one_at_a_time, _opened(content) as image:
        _judge(image, content, decoder)
        try:
            shown = _shown(image)
        except DAMAGES as error:
            raise InvalidImage("damaged", "The image is cut short or damaged.") from error
        saved = _saved(shown, decoder)
    if len(saved) > MAX_BYTES:
        raise InvalidImage("too_large", "The picture is too detailed. Send it as a JPEG.")
    return saved


def type_of(content: bytes) -> str:
    """The media type of a file, by its first bytes; raises InvalidImage."""
    with _opened(content) as image:
        decoder = _decoder_of(image)
    return next(name for name, each in IMAGE_TYPES.items() if each.decoder == decoder)


def size_of(content: bytes) -> tuple[int, int]:
    """Width and height of what `rewritten` made."""
    with Image.open(BytesIO(content)) as image:
        return image.size


@contextmanager
def _opened(content: bytes) -> Iterator[Image.Image]:
    try:
        image = Image.open(BytesIO(content), formats=list(SAVED_AS))
    except BOMBS as error:
        raise _too_many_pixels() from error
    except DAMAGES as error:
        raise InvalidImage("not_an_image", "The file is no JPEG, PNG or WebP.") from error
    with image:
        yield image


def _judge(image: Image.Image, content: bytes, decoder: str) -> None:
    """By what the header says: no pixel is read yet."""
    found = _decoder_of(image)
    if found != decoder:
        raise InvalidImage("wrong_type", f"The file is a {found}, not the {decoder} it should be.")
    if max(image.size) > MAX_SIDE or image.width * image.height > MAX_PIXELS:
        raise _too_many_pixels()
    if image.format != "MPO" and getattr(image, "is_animated", False):
        raise InvalidImage("animated", "The image moves. Send one picture of it.")
    if decoder == "JPEG" and content.count(SCAN) > MAX_SCANS:
        raise InvalidImage("damaged", "The image has more scans than any program writes.")


def _decoder_of(image: Image.Image) -> str:
    # An MPO is a JPEG, as telephones write it, with more pictures behind.
    return {"MPO": "JPEG"}.get(str(image.format), str(image.format))


def _too_many_pixels() -> InvalidImage:
    message = f"An image may have {MAX_PIXELS:,} pixels, and {MAX_SIDE:,} on a side."
    return InvalidImage("too_many_pixels", message)


def _shown(image: Image.Image) -> Image.Image:
    orientation: Any = image.getexif().get(ExifTags.Base.Orientation)
    shown = _plain(image)
    shown.thumbnail((SHOWN_SIDE, SHOWN_SIDE))
    shown.load()
    shown = _in_srgb(shown)
    turn = UPRIGHT.get(orientation)
    return shown if turn is None else shown.transpose(turn)


def _plain(image: Image.Image) -> Image.Image:
    if image.has_transparency_data:
        return image.convert("RGBA")
    if image.mode.startswith("I"):
        # Of 16 bits, which converting would cut off instead of scaling them.
        return image.convert("I").point(lambda value: value / 256).convert("L")
    return image if image.mode in PLAIN_MODES else image.convert("RGB")


def _in_srgb(image: Image.Image) -> Image.Image:
    mode = "RGBA" if image.mode == "RGBA" else "RGB"
    try:
        profile = ImageCms.ImageCmsProfile(BytesIO(image.info["icc_profile"]))
        converted = ImageCms.profileToProfile(image, profile, SRGB, outputMode=mode)
    except (KeyError, OSError, ImageCms.PyCMSError):
        # It has none, or none that can be used: then browsers take it for sRGB too.
        return image.convert(mode) if image.mode == "CMYK" else image
    return converted or image


def _saved(image: Image.Image, decoder: str) -> bytes:
    image.info.clear()  # some of it would be written
    file = BytesIO()
    image.save(file, decoder, **SAVED_AS[decoder])
    return file.getvalue()
