"""Pictures that an editor chooses in a form of the admin."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from backend.http.middleware import MAX_FORM_BYTES
from backend.images.inspection import size_of
from backend.images.stores import StoreDown
from backend.images.types import MAX_BYTES
from backend.models import ContentBlock, PolicyCampaign, Upload
from tests.factories import make_block, make_campaign, make_homepage, make_upload, make_user
from tests.image_stores import Images, kept_in_folder
from tests.images.files import GPS, bomb, jpeg, photograph, png

pytestmark = pytest.mark.django_db

CAMPAIGNS = "/admin/coalition/policycampaign/"
ELSEWHERE = "https://pictures.example/reef.jpg"


@pytest.fixture
def folder(settings: Any, tmp_path: Any) -> Images:
    """Images in a folder alone, where both stores do the same."""
    return kept_in_folder(tmp_path, settings)


@pytest.fixture
def editor() -> Client:
    client = Client()
    client.force_login(make_user("editor"))
    return client


def file(content: bytes, name: str = "reef.jpg") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, "image/jpeg")


def form(**values: Any) -> dict[str, Any]:
    """What the form of a campaign sends."""
    valid = {"title": "Reefs", "slug": "reefs", "summary": "In short.", "active": "on"}
    return {**valid, "image_url": "", "image_alt_text": "A reef.", **values}


def errors(response: Any) -> Any:
    return response.context["adminform"].form.errors


class TestFile:
    def test_is_written_anew_and_shown_to_everybody(self, editor: Client, images: Images) -> None:
        response = editor.post(f"{CAMPAIGNS}add/", form(**{"image_url-file": file(photograph())}))

        assert response.status_code == 302
        shown = images.shown(PolicyCampaign.objects.get().image_url)
        assert shown is not None
        assert (size_of(shown), GPS.encode() in shown) == ((40, 60), False)

    def test_may_have_the_name_of_another_type(self, editor: Client, folder: Images) -> None:
        editor.post(f"{CAMPAIGNS}add/", form(**{"image_url-file": file(png(), "reef.jpg")}))

        assert PolicyCampaign.objects.get().image_url.endswith(".png")

    def test_takes_the_place_of_the_url(self, editor: Client, folder: Images) -> None:
        campaign = make_campaign(image_url=ELSEWHERE, image_alt_text="A reef.")

        editor.post(
            f"{CAMPAIGNS}{campaign.pk}/change/",
            form(image_url=ELSEWHERE, **{"image_url-file": file(jpeg())}),
        )

        campaign.refresh_from_db()
        assert campaign.image_url == Upload.objects.get().image_url

    def test_is_one_of_each_block_of_a_homepage(self, editor: Client, folder: Images) -> None:
        page = make_homepage()
        first, second = make_block(homepage=page), make_block(homepage=page)
        blocks = {
            f"content_blocks-{n}-{name}": value
            for n, block in enumerate([first, second])
            for name, value in {
                "id": block.pk,
                "homepage": page.pk,
                "block_type": "image",
                "order": n,
                "image_url": "",
            }.items()
        }

        response = editor.post(
            f"/admin/coalition/homepage/{page.pk}/change/",
            {
                "organization_name": "Bay",
                "contact_email": "office@bay.example",
                "content_blocks-TOTAL_FORMS": 2,
                "content_blocks-INITIAL_FORMS": 2,
                **blocks,
                "hero_background_image-file": file(jpeg()),
                "content_blocks-1-image_url-file": file(png()),
            },
        )

        assert response.status_code == 302
        page.refresh_from_db()
        shown = list(ContentBlock.objects.order_by("pk").values_list("image_url", flat=True))
        assert page.hero_background_image.endswith(".jpg")
        assert [url[-4:] for url in shown] == ["", ".png"]


class TestRefusal:
    @pytest.mark.parametrize(
        ("content", "why"),
        [
            (b"<script>alert(1)</script>", "The file is no JPEG, PNG or WebP."),
            (bomb(50_000, 50_000), "An image may have 25,000,000 pixels, and 8,000 on a side."),
            (jpeg()[:-200], "The image is cut short or damaged."),
            (b" " * (MAX_BYTES + 1), "An image may have 10,000,000 bytes at most."),
        ],
        ids=["script", "bomb", "broken off", "too large"],
    )
    def test_says_why_beside_the_file_and_changes_nothing(
        self, editor: Client, folder: Images, content: bytes, why: str
    ) -> None:
        response = editor.post(
            f"{CAMPAIGNS}add/", form(image_url=ELSEWHERE, **{"image_url-file": file(content)})
        )

        assert errors(response) == {"image_url": [why]}
        assert f'value="{ELSEWHERE}"' in response.content.decode()
        assert (PolicyCampaign.objects.count(), Upload.objects.count()) == (0, 0)
        assert folder.kept() == set()

    def test_of_another_field_keeps_the_picture(self, editor: Client, folder: Images) -> None:
        response = editor.post(
            f"{CAMPAIGNS}add/", form(title="", **{"image_url-file": file(jpeg())})
        )

        assert list(errors(response)) == ["title"]
        html, kept = response.content.decode(), Upload.objects.get().image_url
        assert f'value="{kept}"' in html
        assert f'<img src="{kept}"' in html

    def test_says_that_the_store_does_not_answer(
        self, editor: Client, folder: Images, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def publish(*_args: Any, **_options: Any) -> bytes:
            raise StoreDown("No space left on device")

        monkeypatch.setattr("backend.images.folder.Folder.publish", publish)

        response = editor.post(f"{CAMPAIGNS}add/", form(**{"image_url-file": file(jpeg())}))

        assert "cannot be kept right now" in str(errors(response)["image_url"])

    def test_of_what_nobody_would_send_comes_before_it_is_read(self, client: Client) -> None:
        size = str(MAX_FORM_BYTES + 1)

        response = client.post("/admin/login/", {"username": "a"}, CONTENT_LENGTH=size)

        assert response.status_code == 400

    def test_awaits_those_who_may_upload_nothing(self, folder: Images) -> None:
        user = User.objects.create_user("staff", is_staff=True)
        user.user_permissions.set(Permission.objects.filter(codename__in=["add_policycampaign"]))
        client = Client()
        client.force_login(user)

        page = client.get(f"{CAMPAIGNS}add/").content.decode()
        client.post(f"{CAMPAIGNS}add/", form(**{"image_url-file": file(jpeg())}))

        assert 'type="file"' not in page
        assert PolicyCampaign.objects.get().image_url == ""
        assert folder.kept() == set()


class TestPage:
    def test_may_show_pictures_of_our_store_and_of_no_other(
        self, editor: Client, folder: Images, settings: Any
    ) -> None:
        own = make_campaign(image_url=make_upload().image_url, image_alt_text="A reef.")
        other = make_campaign(image_url=ELSEWHERE, image_alt_text="A reef.")

        shown = editor.get(f"{CAMPAIGNS}{own.pk}/change/")
        not_shown = editor.get(f"{CAMPAIGNS}{other.pk}/change/")
        desk = editor.get("/admin/")

        store = f"{settings.IMAGES_PUBLIC_URL}/"
        html = shown.content.decode()
        assert f'<img src="{own.image_url}"' in html
        assert 'enctype="multipart/form-data"' in html
        assert "<img" not in not_shown.content.decode()
        assert store in sources(shown)
        assert "https:" not in sources(shown)
        assert store not in sources(desk)

    def test_of_a_preview_shows_the_pictures_of_our_store(
        self, editor: Client, folder: Images, settings: Any
    ) -> None:
        block = make_block(image_url=make_upload().image_url, image_alt_text="A reef")
        make_block(homepage=block.homepage, image_url=ELSEWHERE)

        preview = editor.get(f"/admin/coalition/homepage/{block.homepage_id}/activate/")

        html = preview.content.decode()
        assert f'<img src="{block.image_url}" alt="A reef">' in html
        assert html.count("<img") == 1
        assert f"Image without a description: {ELSEWHERE}" in html
        assert f"{settings.IMAGES_PUBLIC_URL}/" in sources(preview)


def sources(response: Any) -> list[str]:
    """Where the page may show pictures from."""
    directives = response["Content-Security-Policy"].split("; ")
    return str(next(each for each in directives if each.startswith("img-src"))).split()
