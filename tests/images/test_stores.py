"""A folder and a bucket keep images alike; each has its own ways to be asked amiss."""

import base64
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.exceptions import EndpointConnectionError
from django.core.files.uploadedfile import SimpleUploadedFile
from rest_framework.test import APIClient

from backend.images.bucket import Bucket
from backend.images.folder import Folder
from backend.images.stores import Form, StoreDown, image_store
from backend.images.types import MAX_BYTES
from deploy.processes import free_port
from tests.image_stores import (
    API_URL,
    REGION,
    Images,
    KeptInBucket,
    aws_variables,
    kept_in_bucket,
    kept_in_folder,
)
from tests.images.files import png

KEY = "0123456789abcdef0123456789abcdef"
NAME = f"{KEY}.png"
URL = f"{API_URL}/images/{NAME}"


def come_in(images: Images, content: bytes) -> None:
    form = image_store().form(KEY, content_type="image/png", size=len(content))
    assert images.post(form.url, form.fields, content) == 204


class TestStore:
    def test_keeps_what_comes_in_from_everybody(self, images: Images) -> None:
        come_in(images, png())

        assert image_store().incoming(KEY) == png()
        assert images.kept() == {f"incoming/{KEY}"}
        assert images.shown(URL) is None

    def test_has_nothing_until_it_comes_in(self, images: Images) -> None:
        assert image_store().incoming(KEY) is None

    def test_reads_no_more_than_an_image_may_have(self, images: Images) -> None:
        come_in(images, bytes(MAX_BYTES))
        store = image_store()

        content = store.publish(NAME, bytes(2 * MAX_BYTES), content_type="image/png")
        store.remove(names=[NAME])

        assert len(content) == 2 * MAX_BYTES
        assert len(store.incoming(KEY) or b"") == MAX_BYTES

    def test_shows_an_image_and_never_another_of_its_name(self, images: Images) -> None:
        store = image_store()

        first = store.publish(NAME, b"first", content_type="image/png")
        second = store.publish(NAME, b"second", content_type="image/png")

        assert first == second == images.shown(URL) == b"first"

    def test_removes_what_is_there_and_minds_none_that_is_gone(self, images: Images) -> None:
        store = image_store()
        come_in(images, png())
        store.publish(NAME, png(), content_type="image/png")

        for _ in range(2):
            store.remove(keys=[KEY, "another"], names=[NAME])

        assert images.kept() == set()

    def test_leaves_no_part_of_a_file(self, images: Images) -> None:
        come_in(images, png())
        come_in(images, png(20, 20))
        image_store().publish(NAME, png(), content_type="image/png")

        assert images.kept() == {f"incoming/{KEY}", f"public/{NAME}"}


@pytest.fixture
def folder(tmp_path: Path, settings: Any) -> Folder:
    """The one in which the settings keep images."""
    kept_in_folder(tmp_path, settings)
    return Folder(**settings.IMAGE_STORE["OPTIONS"])


@pytest.fixture
def form(folder: Folder) -> Form:
    return folder.form(KEY, content_type="image/png", size=3)


def posted(api: APIClient, fields: Mapping[str, str], content: bytes = b"png") -> Any:
    return api.post("/images", {**fields, "file": SimpleUploadedFile("a.png", content)})


class TestFolder:
    def test_takes_the_form_that_it_gave(self, api: APIClient, form: Form, folder: Folder) -> None:
        assert posted(api, form.fields).status_code == 204
        assert folder.incoming(KEY) == b"png"

    @pytest.mark.parametrize(
        ("changed", "content"),
        [
            ({"key": "f" * 32}, b"png"),
            ({"key": f"../public/{NAME}"}, b"png"),
            ({"Content-Type": "text/html"}, b"png"),
            ({"policy": "forged"}, b"png"),
            ({"policy": ""}, b"png"),
            ({}, b"longer"),
            ({}, b""),
        ],
    )
    def test_refuses_a_form_that_was_changed(
        self, changed: dict[str, str], content: bytes, api: APIClient, form: Form, tmp_path: Path
    ) -> None:
        response = posted(api, form.fields | changed, content)

        assert response.status_code == 403
        assert response["Content-Type"] == "application/problem+json"
        assert not [*tmp_path.rglob("*")]

    def test_refuses_a_form_after_a_quarter_of_an_hour(
        self, api: APIClient, form: Form, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        now = form.expires_at.timestamp()
        monkeypatch.setattr("django.core.signing.time.time", lambda: now + 1)

        assert posted(api, form.fields).status_code == 403

    def test_asks_for_the_file(self, api: APIClient, form: Form) -> None:
        response = api.post("/images", form.fields)

        assert response.status_code == 400
        assert response.json()["errors"][0]["pointer"] == "#/file"

    def test_refuses_a_body_that_is_no_form(self, api: APIClient, form: Form) -> None:
        assert api.post("/images", form.fields, format="json").status_code == 415
        broken = api.post("/images", b"--x", content_type="multipart/form-data; boundary=y")
        assert broken.status_code == 400

    def test_refuses_a_form_that_is_too_large(self, api: APIClient, form: Form) -> None:
        assert posted(api, form.fields, bytes(MAX_BYTES + 65_536)).status_code == 413

    def test_shows_an_image_as_what_it_is_and_for_good(
        self, api: APIClient, folder: Folder
    ) -> None:
        folder.publish(NAME, b"png", content_type="image/png")

        response = api.get(f"/images/{NAME}", HTTP_ACCEPT="image/avif,image/png")

        assert response.status_code == 200
        assert response.content == b"png"
        assert response["Content-Type"] == "image/png"
        assert response["X-Content-Type-Options"] == "nosniff"
        assert response["Cache-Control"] == "public, max-age=31536000, immutable"
        assert response["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"

    def test_answers_head(self, api: APIClient, folder: Folder) -> None:
        folder.publish(NAME, b"png", content_type="image/png")

        response = api.head(f"/images/{NAME}")

        assert (response.status_code, response.content) == (200, b"")
        assert response["Content-Length"] == "3"

    @pytest.mark.usefixtures("form")
    @pytest.mark.parametrize(
        "name",
        [NAME, "..", f"..%2Fincoming%2F{KEY}", "%00.png", "x.png", f"{KEY}.svg", f"{NAME}%0A"],
    )
    def test_has_nothing_under_another_name(self, name: str, api: APIClient) -> None:
        response = api.get(f"/images/{name}")

        assert response.status_code == 404
        assert response["Content-Type"] == "application/problem+json"

    def test_can_be_posted_to_and_read_by_pages_of_every_origin(
        self, api: APIClient, form: Form, folder: Folder
    ) -> None:
        folder.publish(NAME, b"png", content_type="image/png")
        origin: Any = {"HTTP_ORIGIN": "https://desk.example"}

        taken = api.post(
            "/images", {**form.fields, "file": SimpleUploadedFile("a", b"png")}, **origin
        )
        read = api.get(f"/images/{NAME}", **origin)

        assert taken["Access-Control-Allow-Origin"] == read["Access-Control-Allow-Origin"] == "*"

    def test_is_down_where_it_cannot_be_written(self, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        store = Folder(folder=str(tmp_path / "file"), url=API_URL)

        with pytest.raises(StoreDown):
            store.publish(NAME, b"png", content_type="image/png")


@pytest.fixture
def bucket(s3: str, settings: Any, monkeypatch: pytest.MonkeyPatch) -> KeptInBucket:
    """The one in which the settings keep images."""
    return kept_in_bucket(s3, settings, monkeypatch)


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Bucket]:
    """A bucket of that name, at an S3 that does not answer."""
    for name, value in aws_variables(f"http://127.0.0.1:{free_port()}").items():
        monkeypatch.setenv(name, value)
    return lambda name: Bucket(bucket=name, prefix="coalition", region=REGION)


class TestBucket:
    def test_allows_this_key_type_and_size_and_no_other(self, aws: Any) -> None:
        form = aws("images").form(KEY, content_type="image/png", size=3)

        # What S3 holds a form to; its simulation does not.
        conditions = json.loads(base64.b64decode(form.fields["policy"]))["conditions"]
        assert {"key": f"coalition/incoming/{KEY}"} in conditions
        assert {"Content-Type": "image/png"} in conditions
        assert ["content-length-range", 3, 3] in conditions
        assert {"bucket": "images"} in conditions
        assert form.fields["x-amz-algorithm"] == "AWS4-HMAC-SHA256"

    def test_takes_what_is_posted_at_its_own_address(
        self, aws: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("AWS_ENDPOINT_URL")

        form = aws("images").form(KEY, content_type="image/png", size=3)

        assert urlsplit(form.url).hostname == f"images.s3.{REGION}.amazonaws.com"

    @pytest.mark.parametrize(
        "ask",
        [
            lambda bucket: bucket.incoming(KEY),
            lambda bucket: bucket.publish(NAME, b"", content_type="image/png"),
            lambda bucket: bucket.remove(keys=[KEY]),
        ],
        ids=["incoming", "publish", "remove"],
    )
    def test_is_down_where_nobody_answers(self, ask: Callable[[Bucket], Any], aws: Any) -> None:
        with pytest.raises(StoreDown) as down:
            ask(aws("images"))

        assert isinstance(down.value.__cause__, EndpointConnectionError)

    def test_is_down_where_there_is_no_such_bucket(
        self, s3: str, aws: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("AWS_ENDPOINT_URL", s3)

        with pytest.raises(StoreDown, match="NoSuchBucket"):
            aws("nobodys-bucket").incoming(KEY)

    def test_shows_images_as_what_they_are_and_for_good(self, bucket: KeptInBucket) -> None:
        image_store().publish(NAME, b"png", content_type="image/png")

        shown = bucket.client.get_object(Bucket=bucket.name, Key=f"coalition/public/{NAME}")

        assert shown["ContentType"] == "image/png"
        assert shown["CacheControl"] == "public, max-age=31536000, immutable"

    @pytest.mark.usefixtures("bucket")
    def test_has_no_images_that_the_api_shows(self, api: APIClient) -> None:
        image_store().publish(NAME, b"png", content_type="image/png")

        assert api.get(f"/images/{NAME}").status_code == 404
        assert posted(api, {}).status_code == 404
