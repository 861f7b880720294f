"""From an editor to everybody, over HTTP; by many at once, and killed on the way."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings as django_settings
from django.db import connections
from knox.models import AuthToken

from backend.actions.uploads import request_upload, verify_upload
from backend.images.inspection import size_of
from backend.models import Upload
from deploy.cluster import HOST
from deploy.processes import free_port
from tests.factories import make_user
from tests.image_stores import (
    Images,
    KeptInBucket,
    aws_variables,
    kept_in_bucket,
    kept_in_folder,
    post_form,
)
from tests.images.files import jpeg, png
from tests.serving import started

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def folder_served(tmp_path: Path) -> Iterator[str]:
    """The address of an API that keeps images in a folder."""
    port = free_port()
    env = {**os.environ, "IMAGES_URL": f"file://{tmp_path}", "PUBLIC_URL": f"http://{HOST}:{port}"}
    with started(env, port=port):
        yield f"http://{HOST}:{port}"


@pytest.fixture
def bucket(s3: str, settings: Any, monkeypatch: pytest.MonkeyPatch) -> KeptInBucket:
    return kept_in_bucket(s3, settings, monkeypatch)


@pytest.fixture
def bucket_served(bucket: KeptInBucket, s3: str) -> Iterator[str]:
    """The address of an API that keeps images in a bucket."""
    env = {**os.environ, **aws_variables(s3), "IMAGES_URL": f"{bucket.url}?region=eu-west-1"}
    with started(env) as (_, port):
        yield f"http://{HOST}:{port}"


class Desk:
    """A frontend of an editor who has signed in."""

    def __init__(self, api: str) -> None:
        self.api = api
        _, token = AuthToken.objects.create(make_user("editor"))
        self.headers = {"Authorization": f"Token {token}", "Content-Type": "application/json"}

    def ask(self, content_type: str, size: int) -> Any:
        return self._post("", f'{{"content_type": "{content_type}", "size": {size}}}')

    def verify(self, upload: str) -> Any:
        return self._post(f"/{upload}/verify")

    def _post(self, path: str, body: str = "") -> Any:
        connection = HTTPConnection(urlsplit(self.api).netloc, timeout=30)
        connection.request("POST", f"/api/v1/manage/uploads{path}", body, self.headers)
        answer = connection.getresponse().read()
        connection.close()
        return json.loads(answer)


class TestWholeWay:
    def test_of_a_folder_ends_at_an_image_that_every_browser_gets(self, folder_served: str) -> None:
        desk, content = Desk(folder_served), jpeg(600, 400)

        asked = desk.ask("image/jpeg", len(content))
        posted, _ = post_form(asked["url"], asked["fields"], content)
        verified = desk.verify(asked["id"])

        assert posted == 204
        connection = HTTPConnection(urlsplit(verified["image_url"]).netloc, timeout=30)
        connection.request("GET", urlsplit(verified["image_url"]).path)
        response = connection.getresponse()
        assert response.headers["Content-Type"] == "image/jpeg"
        assert size_of(response.read()) == (verified["width"], verified["height"]) == (600, 400)
        connection.close()

    def test_of_a_bucket_ends_at_an_image_below_its_public_address(
        self, bucket_served: str, bucket: KeptInBucket
    ) -> None:
        desk, content = Desk(bucket_served), jpeg(600, 400)

        asked = desk.ask("image/jpeg", len(content))
        posted, _ = post_form(asked["url"], asked["fields"], content)
        verified = desk.verify(asked["id"])

        assert posted == 204
        address = f"https://{bucket.name}.s3.eu-west-1.amazonaws.com/coalition/public/"
        assert verified["image_url"].startswith(address)
        assert size_of(bucket.shown(verified["image_url"]) or b"") == (600, 400)


def posted_upload(images: Images, content: bytes) -> Upload:
    upload, form = request_upload(
        content_type="image/png", size=len(content), by=make_user("editor")
    )
    assert images.post(form.url, form.fields, content) == 204
    return upload


class TestAtOnce:
    def test_all_who_verify_get_the_same_answer(self, images: Images) -> None:
        upload = posted_upload(images, png(300, 200))

        def verify(_number: int) -> Any:
            try:
                verified = verify_upload(upload_id=upload.pk, by=upload.created_by)  # type: ignore[arg-type]  # it has one
                return verified.image_url, verified.size, verified.width, verified.height
            finally:
                connections.close_all()

        with ThreadPoolExecutor(8) as pool:
            answers = set(pool.map(verify, range(8)))

        assert len(answers) == 1
        assert images.kept() == {f"public/{upload.name}"}


VERIFY = """
import django; django.setup()
from backend.actions.uploads import verify_upload
from backend.models import Upload
upload = Upload.objects.select_related("created_by").get()
print("ready", flush=True)
verify_upload(upload_id=upload.pk, by=upload.created_by)
"""


class TestKilled:
    @pytest.mark.parametrize("milliseconds", [0, 40, 80, 120, 160, 200])
    def test_at_any_moment_it_can_be_verified_again(
        self, milliseconds: int, tmp_path: Path, settings: Any
    ) -> None:
        images = kept_in_folder(tmp_path, settings)
        upload = posted_upload(images, png(1200, 900))
        process = subprocess.Popen(
            [sys.executable, "-c", VERIFY],
            cwd=django_settings.BASE_DIR,
            env={**os.environ, "IMAGES_URL": f"file://{tmp_path}"},
            stdout=subprocess.PIPE,
        )
        assert process.stdout
        assert process.stdout.readline() == b"ready\n"
        time.sleep(milliseconds / 1000)
        process.kill()
        process.communicate()

        verified = verify_upload(upload_id=upload.pk, by=upload.created_by)  # type: ignore[arg-type]  # it has one

        assert size_of(images.shown(str(verified.image_url)) or b"") == (1200, 900)
        whole = {each for each in images.kept() if not each.endswith(".unfinished")}
        assert whole == {f"public/{upload.name}"}
