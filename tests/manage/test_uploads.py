"""Images come by a form, straight to where they are kept, and are shown once they are verified."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.conf import settings
from django.utils import timezone
from rest_framework.test import APIClient

from backend.images.inspection import size_of
from backend.images.stores import StoreDown, image_store
from backend.models import PolicyCampaign, Upload
from tests.factories import make_campaign
from tests.image_stores import Images
from tests.images.files import GPS, SCRIPT, bomb, jpeg, photograph, png

Staff = Callable[..., APIClient]

pytestmark = pytest.mark.django_db

UPLOADS = "/api/v1/manage/uploads"


class Desk:
    """A frontend of somebody who has signed in and brings images."""

    def __init__(self, api: APIClient) -> None:
        self.api = api

    def ask(self, content_type: str = "image/png", size: int = 1000, **others: Any) -> Any:
        body = {"content_type": content_type, "size": size, **others}
        return self.api.post(UPLOADS, body, format="json")

    def verify(self, upload: Any) -> Any:
        return self.api.post(f"{UPLOADS}/{upload}/verify")

    def change(self, campaign: PolicyCampaign, **values: Any) -> Any:
        path = f"/api/v1/manage/campaigns/{campaign.pk}"
        return self.api.patch(path, values, format="json", HTTP_IF_MATCH="*")

    def post(self, images: Images, content: bytes, content_type: str = "image/png") -> Any:
        """The id of an upload whose form was posted."""
        asked = self.ask(content_type, len(content)).json()
        assert images.post(asked["url"], asked["fields"], content) == 204
        return asked["id"]

    def show(self, images: Images, content: bytes, content_type: str = "image/png") -> Any:
        """What is told of an image that was brought and verified."""
        verified = self.verify(self.post(images, content, content_type))
        assert verified.status_code == 200
        return verified.json()


@pytest.fixture
def editor(staff: Staff) -> Desk:
    return Desk(staff("editor"))


@pytest.fixture
def administrator(staff: Staff) -> Desk:
    return Desk(staff("administrator"))


class TestRequest:
    @pytest.mark.usefixtures("images")
    def test_tells_where_to_post_what_until_when(self, editor: Desk) -> None:
        response = editor.ask("image/jpeg", 4000)

        assert response.status_code == 201
        told = response.json()
        upload = Upload.objects.get()
        assert told.keys() == {"id", "url", "fields", "expires_at", "image_url"}
        assert (told["id"], told["image_url"]) == (str(upload.pk), None)
        assert told["fields"]["key"].endswith(upload.key)
        assert told["fields"]["Content-Type"] == "image/jpeg"
        assert upload.created_by == editor.api.user  # type: ignore[attr-defined]  # tests/manage/conftest.py
        assert upload.verified_at is None

    @pytest.mark.usefixtures("images")
    @pytest.mark.parametrize(
        ("body", "pointer", "code"),
        [
            ({"content_type": "image/svg+xml"}, "#/content_type", "invalid_choice"),
            ({"content_type": "image/gif"}, "#/content_type", "invalid_choice"),
            ({"content_type": None}, "#/content_type", "invalid"),
            ({"size": 0}, "#/size", "min_value"),
            ({"size": 10_000_001}, "#/size", "max_value"),
            ({"size": "1000"}, "#/size", "invalid"),
            ({"filename": "../../etc/passwd"}, "#/filename", "unknown"),
        ],
    )
    def test_names_what_is_not_valid(
        self, body: dict[str, Any], pointer: str, code: str, editor: Desk
    ) -> None:
        response = editor.ask(**body)

        assert response.status_code == 400
        [error] = response.json()["errors"]
        assert (error["pointer"], error["code"]) == (pointer, code)
        assert not Upload.objects.exists()


class TestWhoMay:
    @pytest.mark.usefixtures("images")
    @pytest.mark.parametrize(
        ("groups", "status"),
        [((), 403), (("moderator",), 403), (("editor",), 201), (("administrator",), 201)],
    )
    def test_bring_images(self, groups: tuple[str, ...], status: int, staff: Staff) -> None:
        assert Desk(staff(*groups)).ask().status_code == status

    @pytest.mark.parametrize("path", [UPLOADS, f"{UPLOADS}/{UUID(int=7)}/verify"])
    def test_is_nobody_who_has_not_signed_in(self, api: APIClient, path: str) -> None:
        assert api.post(path, {}, format="json").status_code == 401

    def test_verify_is_who_brought_it_and_administrators(
        self, images: Images, editor: Desk, administrator: Desk, staff: Staff
    ) -> None:
        colleague = Desk(staff("editor"))
        upload = editor.post(images, png())

        assert colleague.verify(upload).status_code == 404
        assert administrator.verify(upload).status_code == 200
        # To them it is as one that there never was.
        assert colleague.verify(upload).json() == colleague.verify(uuid4()).json()


class TestVerification:
    def test_shows_the_image_to_everybody(self, images: Images, editor: Desk) -> None:
        shown = editor.show(images, jpeg(60, 40), "image/jpeg")

        content = images.shown(shown["image_url"])
        assert content is not None
        assert size_of(content) == (shown["width"], shown["height"]) == (60, 40)
        assert (shown["content_type"], shown["size"]) == ("image/jpeg", len(content))
        assert shown["image_url"].endswith(".jpg")

    def test_leaves_nothing_of_what_came_in(self, images: Images, editor: Desk) -> None:
        shown = editor.show(images, photograph() + SCRIPT, "image/jpeg")

        [kept] = images.kept()
        assert kept.startswith("public/")
        content = images.shown(shown["image_url"]) or b""
        assert GPS.encode() not in content
        assert b"script" not in content

    def test_answers_the_same_again(self, images: Images, editor: Desk) -> None:
        upload = editor.post(images, png())

        first, again = editor.verify(upload), editor.verify(upload)

        assert first.status_code == again.status_code == 200
        assert first.json() == again.json()

    @pytest.mark.parametrize(
        ("content", "code"),
        [
            (SCRIPT, "not_an_image"),
            (jpeg(), "wrong_type"),
            (bomb(50_000, 50_000), "too_many_pixels"),
            (png(200, 200)[:-60], "damaged"),
        ],
        ids=["script", "lie", "bomb", "truncated"],
    )
    def test_refuses_what_is_no_such_image_and_keeps_nothing(
        self, content: bytes, code: str, images: Images, editor: Desk
    ) -> None:
        upload = editor.post(images, content)

        response = editor.verify(upload)

        assert response.status_code == 400
        [error] = response.json()["errors"]
        assert (error["parameter"], error["code"]) == ("id", code)
        assert images.kept() == set()
        assert Upload.objects.get().verified_at is None

    def test_can_be_tried_with_a_better_file(self, images: Images, editor: Desk) -> None:
        content = png()
        asked = editor.ask(size=len(content)).json()
        images.post(asked["url"], asked["fields"], bytes(len(content)))
        assert editor.verify(asked["id"]).status_code == 400

        images.post(asked["url"], asked["fields"], content)

        assert editor.verify(asked["id"]).status_code == 200

    @pytest.mark.usefixtures("images")
    def test_waits_for_the_form(self, editor: Desk) -> None:
        response = editor.verify(editor.ask().json()["id"])

        assert response.status_code == 409
        assert "posted" in response.json()["detail"]

    def test_is_too_late_after_an_hour(self, images: Images, editor: Desk) -> None:
        upload = editor.post(images, png())
        Upload.objects.update(created_at=timezone.now() - timedelta(minutes=61))

        assert editor.verify(upload).status_code == 410

    def test_goes_on_where_a_process_died_after_showing_it(
        self, images: Images, editor: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def die(_content: bytes) -> Any:
            raise SystemExit

        upload = editor.post(images, png(30, 20))
        with monkeypatch.context() as dying:
            dying.setattr("backend.actions.uploads.size_of", die)
            with pytest.raises(SystemExit):
                editor.verify(upload)
        assert {each.partition("/")[0] for each in images.kept()} == {"incoming", "public"}
        # What comes in meanwhile changes nothing of what some may have seen.
        other = png(20, 30)
        Upload.objects.update(size=len(other))
        image_store().remove(keys=[Upload.objects.get().key])
        form = image_store().form(
            Upload.objects.get().key, content_type="image/png", size=len(other)
        )
        images.post(form.url, form.fields, other)

        verified = editor.verify(upload).json()

        assert (verified["width"], verified["height"]) == (30, 20)
        assert size_of(images.shown(verified["image_url"]) or b"") == (30, 20)

    @pytest.mark.usefixtures("images")
    def test_says_when_the_store_does_not_answer(
        self, editor: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(_key: str) -> None:
            raise StoreDown

        upload = editor.ask().json()["id"]
        monkeypatch.setattr(image_store(), "incoming", refuse)

        response = editor.verify(upload)

        assert response.status_code == 503
        assert response["Retry-After"]


class TestCampaign:
    def test_shows_an_image_that_was_brought(
        self, images: Images, editor: Desk, api: APIClient
    ) -> None:
        campaign = make_campaign(slug="reef")
        url = editor.show(images, png())["image_url"]

        changed = editor.change(campaign, image_url=url, image_alt_text="A reef.")

        assert changed.status_code == 200
        shown = api.get("/api/v1/campaigns/reef").json()
        assert (shown["image_url"], shown["image_alt_text"]) == (url, "A reef.")
        assert shown["image_credit"] == ""

    def test_shows_none_that_is_not_verified(self, images: Images, editor: Desk) -> None:
        editor.post(images, png())
        url = f"{settings.IMAGES_PUBLIC_URL}/{Upload.objects.get().name}"

        response = editor.change(make_campaign(), image_url=url, image_alt_text="A reef.")

        assert response.status_code == 400
        [error] = response.json()["errors"]
        assert (error["pointer"], error["code"]) == ("#/image_url", "unverified")

    def test_shows_none_that_is_not_described(self, images: Images, editor: Desk) -> None:
        url = editor.show(images, png())["image_url"]

        response = editor.change(make_campaign(), image_url=url)

        assert response.status_code == 400
        [error] = response.json()["errors"]
        assert (error["pointer"], error["code"]) == ("#/image_alt_text", "required")
