"""What is shown of a file is its pixels; what is none, or too much, is refused."""

import random
from io import BytesIO
from typing import Any

import pytest
from PIL import Image, ImageCms

from backend.images.inspection import SRGB, InvalidImage, rewritten, size_of
from tests.images.files import (
    GPS,
    SCRIPT,
    bomb,
    encoded,
    jpeg,
    many_scans,
    photograph,
    picture,
    png,
    webp,
)


def rewrite(content: bytes, content_type: str) -> bytes:
    return rewritten(content, content_type=content_type, size=len(content))


def opened(content: bytes) -> Image.Image:
    return Image.open(BytesIO(content))


def is_near(color: Any, expected: tuple[int, ...]) -> bool:
    return all(abs(one - other) <= 12 for one, other in zip(color, expected, strict=True))


RED = (254, 0, 0)


class TestRewritten:
    @pytest.mark.parametrize(
        ("content", "content_type", "decoder"),
        [
            (jpeg(), "image/jpeg", "JPEG"),
            (png(), "image/png", "PNG"),
            (webp(), "image/webp", "WEBP"),
        ],
    )
    def test_is_the_same_picture_in_the_same_format(
        self, content: bytes, content_type: str, decoder: str
    ) -> None:
        shown = opened(rewrite(content, content_type))

        assert (shown.format, shown.size) == (decoder, (60, 40))
        assert is_near(shown.convert("RGB").getpixel((30, 5)), RED)

    def test_says_nothing_of_where_it_was_taken(self) -> None:
        content = photograph()
        assert content.count(GPS.encode()) == 2

        shown = rewrite(content, "image/jpeg")

        assert GPS.encode() not in shown
        assert not opened(shown).getexif()

    def test_is_upright(self) -> None:
        shown = opened(rewrite(photograph(), "image/jpeg"))

        assert shown.size == (40, 60)
        # What was above is on the right.
        assert is_near(shown.getpixel((35, 30)), RED)

    @pytest.mark.parametrize("content_type", ["image/jpeg", "image/png", "image/webp"])
    def test_has_nothing_behind_it(self, content_type: str) -> None:
        content = {"image/jpeg": jpeg, "image/png": png, "image/webp": webp}[content_type]()

        shown = rewrite(content + SCRIPT, content_type)

        assert b"script" not in shown

    def test_of_other_primary_colours_is_brought_to_srgb(self) -> None:
        srgb = ImageCms.ImageCmsProfile(SRGB).tobytes()
        exchanged = (
            srgb.replace(b"rXYZ", b"    ").replace(b"bXYZ", b"rXYZ").replace(b"    ", b"bXYZ")
        )

        shown = opened(rewrite(encoded(picture(), "PNG", icc_profile=exchanged), "image/png"))

        assert "icc_profile" not in shown.info
        assert is_near(shown.getpixel((30, 5)), (0, 0, 255))

    @pytest.mark.parametrize("profile", [ImageCms.ImageCmsProfile(SRGB).tobytes(), b"no profile"])
    def test_of_srgb_keeps_its_colours(self, profile: bytes) -> None:
        shown = opened(rewrite(encoded(picture(), "PNG", icc_profile=profile), "image/png"))

        assert is_near(shown.getpixel((30, 5)), RED)

    def test_of_a_printers_colours_is_shown_in_a_screens(self) -> None:
        content = encoded(picture().convert("CMYK"), "JPEG")

        shown = opened(rewrite(content, "image/jpeg"))

        assert shown.mode == "RGB"
        assert is_near(shown.getpixel((30, 5)), RED)

    @pytest.mark.parametrize(
        ("image", "options"),
        [
            (picture().convert("RGBA"), {}),
            (picture().quantize(4), {"transparency": 0}),
            (picture(), {"transparency": (255, 0, 0)}),
            (picture().convert("LA"), {}),
        ],
        ids=["alpha", "palette", "colour", "grey"],
    )
    def test_keeps_transparency(self, image: Image.Image, options: dict[str, Any]) -> None:
        shown = opened(rewrite(encoded(image, "PNG", **options), "image/png"))

        assert shown.mode == "RGBA"

    def test_of_sixteen_bits_is_scaled_to_eight(self) -> None:
        half = Image.new("I;16", (60, 40), 32768)

        shown = opened(rewrite(encoded(half, "PNG"), "image/png"))

        assert shown.getpixel((30, 20)) == 128

    def test_is_no_larger_than_screens(self) -> None:
        shown = rewrite(png(5000, 2500), "image/png")

        assert size_of(shown) == (3840, 1920)

    def test_of_a_telephone_that_adds_a_second_picture_is_the_first(self) -> None:
        content = encoded(picture(), "MPO", save_all=True, append_images=[picture(20, 20)])

        assert size_of(rewrite(content, "image/jpeg")) == (60, 40)


class TestRefusal:
    @pytest.mark.parametrize(
        ("content", "code"),
        [
            (SCRIPT, "not_an_image"),
            (b"#!/bin/sh\nrm -rf /\n", "not_an_image"),
            (b"MZ" + bytes(200), "not_an_image"),
            (encoded(picture(), "GIF"), "not_an_image"),
            (encoded(picture(), "TIFF"), "not_an_image"),
            (png()[:20], "not_an_image"),
            (jpeg(), "wrong_type"),
            (webp(), "wrong_type"),
            (bomb(50_000, 50_000), "too_many_pixels"),
            (bomb(6_000, 6_000), "too_many_pixels"),
            (bomb(8_001, 10), "too_many_pixels"),
            (bomb(2_000, 2_000), "damaged"),
            (png(200, 200)[:-60], "damaged"),
            (
                encoded(picture(), "PNG", save_all=True, append_images=[picture().rotate(90)]),
                "animated",
            ),
        ],
        ids=[
            *("svg", "script", "program", "gif", "tiff", "header", "jpeg", "webp", "bomb"),
            *("large", "long", "too few pixels", "truncated", "animated"),
        ],
    )
    def test_names_what_is_wrong_with_what_should_be_a_png(self, content: bytes, code: str) -> None:
        with pytest.raises(InvalidImage) as refused:
            rewrite(content, "image/png")

        assert refused.value.code == code

    def test_of_a_jpeg_that_takes_hours_to_decode(self) -> None:
        with pytest.raises(InvalidImage, match="scans"):
            rewrite(many_scans(), "image/jpeg")

    def test_of_another_size_than_was_promised(self) -> None:
        with pytest.raises(InvalidImage) as refused:
            rewritten(png(), content_type="image/png", size=len(png()) + 1)

        assert refused.value.code == "wrong_size"

    # Decoders warn of what they mend.
    @pytest.mark.filterwarnings("ignore")
    @pytest.mark.parametrize(
        ("content", "content_type"),
        [
            (photograph(), "image/jpeg"),
            (jpeg(progressive=True), "image/jpeg"),
            (encoded(picture(), "MPO", save_all=True, append_images=[picture()]), "image/jpeg"),
            (png(), "image/png"),
            (encoded(picture().quantize(4), "PNG", transparency=0), "image/png"),
            (webp(), "image/webp"),
            (encoded(picture(), "WEBP", lossless=True, exif=b"Exif\0\0II"), "image/webp"),
        ],
        ids=["photograph", "progressive", "mpo", "png", "palette", "webp", "lossless"],
    )
    def test_is_all_that_broken_files_bring_about(self, content: bytes, content_type: str) -> None:
        chance = random.Random(content_type)
        outcomes = set()
        for _ in range(500):
            broken = bytearray(content)
            for _ in range(chance.choice([1, 2, 5, 20])):
                broken[chance.randrange(12, len(broken))] = chance.randrange(256)
            del broken[chance.choice([len(broken), chance.randrange(12, len(broken))]) :]
            try:
                rewrite(bytes(broken), content_type)
                outcomes.add("shown")
            except InvalidImage as error:
                outcomes.add(error.code)

        assert {"shown", "damaged"} <= outcomes
