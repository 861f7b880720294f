"""Files as people, programs and attackers send them."""

import struct
import zlib
from io import BytesIO
from typing import Any

from PIL import ExifTags, Image

GPS = "52 deg 31' N"


def encoded(image: Image.Image, decoder: str, **options: Any) -> bytes:
    file = BytesIO()
    image.save(file, decoder, **options)
    return file.getvalue()


def picture(width: int = 60, height: int = 40) -> Image.Image:
    """Red above, blue below."""
    image = Image.new("RGB", (width, height), "red")
    image.paste("blue", (0, height // 2, width, height))
    return image


def jpeg(width: int = 60, height: int = 40, **options: Any) -> bytes:
    return encoded(picture(width, height), "JPEG", **options)


def png(width: int = 60, height: int = 40) -> bytes:
    return encoded(picture(width, height), "PNG")


def webp(width: int = 60, height: int = 40) -> bytes:
    return encoded(picture(width, height), "WEBP")


def photograph() -> bytes:
    """A JPEG as a telephone writes it, held on its side: it says where it was taken."""
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    exif[ExifTags.Base.ImageDescription] = GPS
    return jpeg(exif=exif, comment=GPS)


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few bytes that says it is as large."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(bytes(1_000_000))
    parts = [(b"IHDR", header), (b"IDAT", pixels), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*part) for part in parts)


def many_scans() -> bytes:
    """A progressive JPEG whose last scan is repeated, each time to be decoded as a whole."""
    content = jpeg(progressive=True)
    start = content.rindex(b"\xff\xda")
    return content[:start] + content[start:-2] * 200 + content[-2:]


SCRIPT = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"
