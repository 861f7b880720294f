"""Where images are kept, seen from outside: as clients post to it and browsers read from it."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit
from urllib.request import urlopen
from uuid import uuid4

import boto3
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from moto.server import ThreadedMotoServer
from rest_framework.test import APIClient

from backend.settings.images import image_store
from deploy.cluster import HOST
from deploy.processes import free_port

REGION = "eu-west-1"
API_URL = "https://api.bay.example"


class Images(Protocol):
    """What a store has, and a client of it."""

    def post(self, url: str, fields: Mapping[str, str], content: bytes) -> int:
        """Post a form as a browser does, and say with what status it was answered."""

    def shown(self, url: str) -> bytes | None:
        """What everybody sees at an image's URL; None if it is nothing."""

    def kept(self) -> set[str]:
        """All there is, such as `incoming/…` and `public/….png`."""


class KeptInFolder:
    """The API serves it, within the test's process."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.api = APIClient()

    def post(self, url: str, fields: Mapping[str, str], content: bytes) -> int:
        form = {**fields, "file": SimpleUploadedFile("image", content)}
        return int(self.api.post(urlsplit(url).path, form).status_code)

    def shown(self, url: str) -> bytes | None:
        answer = self.api.get(urlsplit(url).path)
        return bytes(answer.content) if answer.status_code == 200 else None

    def kept(self) -> set[str]:
        files = (each for each in self.folder.rglob("*") if each.is_file())
        return {str(each.relative_to(self.folder)) for each in files}


class KeptInBucket:
    """An S3 of the test's own, whose bucket shows `public/`."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.url = f"s3://{name}/coalition"

    @cached_property
    def client(self) -> Any:
        return boto3.session.Session().client("s3", region_name=REGION)

    def post(self, url: str, fields: Mapping[str, str], content: bytes) -> int:
        return post_form(url, fields, content)[0]

    def shown(self, url: str) -> bytes | None:
        key = f"coalition/public/{url.rpartition('/')[2]}"
        found = self.client.list_objects_v2(Bucket=self.name, Prefix=key).get("Contents")
        return self.client.get_object(Bucket=self.name, Key=key)["Body"].read() if found else None

    def kept(self) -> set[str]:
        found = self.client.list_objects_v2(Bucket=self.name).get("Contents", [])
        return {each["Key"].removeprefix("coalition/") for each in found}


def kept_in_folder(folder: Path, settings: Any) -> KeptInFolder:
    """Have the settings keep images in a folder."""
    _keep(settings, f"file://{folder}")
    return KeptInFolder(folder)


def kept_in_bucket(s3: str, settings: Any, monkeypatch: pytest.MonkeyPatch) -> KeptInBucket:
    """Have the settings keep images in a new bucket."""
    for name, value in aws_variables(s3).items():
        monkeypatch.setenv(name, value)
    bucket = KeptInBucket(f"images-{uuid4().hex}")
    bucket.client.create_bucket(
        Bucket=bucket.name, CreateBucketConfiguration={"LocationConstraint": REGION}
    )
    _keep(settings, bucket.url)
    return bucket


def _keep(settings: Any, url: str) -> None:
    for name, value in image_store(url, region=REGION, api_url=API_URL).items():
        setattr(settings, name, value)


def aws_variables(endpoint: str) -> dict[str, str]:
    credentials = dict.fromkeys(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), "simulated")
    return {"AWS_ENDPOINT_URL": endpoint, **credentials}


@contextmanager
def simulated_aws() -> Iterator[str]:
    """The URL of an AWS that programs speak HTTP with, empty at first."""
    server = ThreadedMotoServer(ip_address=HOST, port=free_port(), verbose=False)
    server.start()
    try:
        url = "http://{}:{}".format(*server.get_host_and_port())
        # All that a process simulates is one AWS, with what earlier tests left there.
        urlopen(f"{url}/moto-api/reset", data=b"").close()
        yield url
    finally:
        server.stop()


def post_form(
    url: str, fields: Mapping[str, str], content: bytes, **headers: str
) -> tuple[int, Any]:
    """Status and JSON, if there is any, of what answers to a form."""
    boundary = uuid4().hex
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields.items()
    ]
    file = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
    body = b"".join([*parts, file.encode(), content, f"\r\n--{boundary}--\r\n".encode()])
    headers = {"Content-Type": f"multipart/form-data; boundary={boundary}", **headers}
    connection = HTTPConnection(urlsplit(url).netloc, timeout=30)
    try:
        connection.request("POST", urlsplit(url).path, body, headers)
        response = connection.getresponse()
        answer = response.read()
        is_json = "json" in response.headers.get("Content-Type", "")
        return response.status, json.loads(answer) if is_json else None
    finally:
        connection.close()
