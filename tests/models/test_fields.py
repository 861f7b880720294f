import math

import pytest
from django.contrib.gis.geos import Point, Polygon
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from backend.models import ContentBlock, HomePage, Stakeholder
from tests.factories import (
    ANNAPOLIS,
    make_block,
    make_campaign,
    make_homepage,
    make_stakeholder,
)

pytestmark = pytest.mark.django_db

WAYS_TO_WRITE = ["create", "save", "bulk_create", "bulk_update", "update", "update_or_create"]


def write_block(way: str, content: str) -> ContentBlock:
    """A block whose content was written in one of the ways there are, as the database has it."""
    block = make_block() if way != "create" else make_block(content=content)
    block.content = content
    match way:
        case "save":
            block.save()
        case "bulk_create":
            block.pk = None
            [block] = ContentBlock.objects.bulk_create([block])
        case "bulk_update":
            ContentBlock.objects.bulk_update([block], ["content"])
        case "update":
            ContentBlock.objects.filter(pk=block.pk).update(content=content)
        case "update_or_create":
            ContentBlock.objects.update_or_create({"content": content}, pk=block.pk)
    return ContentBlock.objects.get(pk=block.pk)


class TestRichText:
    @pytest.mark.parametrize("way", WAYS_TO_WRITE)
    def test_is_sanitised_whichever_way_it_is_written(self, way: str) -> None:
        block = write_block(way, '<p onclick="alert(1)">Oysters<script>alert(1)</script></p>')

        assert block.content == "<p>Oysters</p>"

    @pytest.mark.parametrize(
        "html",
        [
            "<script>alert(1)</script>",
            "<SCRIPT SRC=//evil.example/x.js></SCRIPT>",
            "<scr<script>ipt>alert(1)</script>",
            "<style>*{display:none}</style>",
            '<link rel="stylesheet" href="https://evil.example/x.css">',
            '<meta http-equiv="refresh" content="0;url=https://evil.example">',
            '<base href="https://evil.example">',
            '<form action="https://evil.example"><input name="password"><button>OK</button></form>',
            '<p style="position:fixed;inset:0">all</p>',
            '<img src="x" onerror="alert(1)">',
            "<svg><script>alert(1)</script></svg>",
            '<svg onload="alert(1)"><a xlink:href="javascript:alert(1)">x</a></svg>',
            '<math><mtext><table><mglyph><style><img src=x onerror="alert(1)">',
            '<iframe src="https://evil.example"></iframe>',
            '<object data="https://evil.example"></object>',
            '<a href="javascript:alert(1)">x</a>',
            '<a href="JaVaScRiPt:alert(1)">x</a>',
            '<a href="java\tscript:alert(1)">x</a>',
            '<a href="&#106;avascript:alert(1)">x</a>',
            '<a href=" javascript:alert(1)">x</a>',
            '<a href="data:text/html,evil">x</a>',
            '<a href="vbscript:evil">x</a>',
            '<a href="http://evil.example">x</a>',
            '<a href="//evil.example">x</a>',
            '<a href="/\\evil.example">x</a>',
            '<a href="\\\\evil.example">x</a>',
            '<a href="/\t/evil.example">x</a>',
            '<a href="\n//evil.example">x</a>',
            '<a href="/&#10;/evil.example">x</a>',
            '<a href="\x01//evil.example">x</a>',
            '<a href="&#x1f;//evil.example">x</a>',
            '<a href="\x0c//evil.example">x</a>',
            '<img src="http://evil.example/x.png">',
            '<img src="//evil.example/x.png">',
            '<blockquote cite="//evil.example">x</blockquote>',
        ],
    )
    def test_has_nothing_that_acts_or_leads_away(self, html: str) -> None:
        content = write_block("create", html).content

        for forbidden in (
            *("<script", "<style", "<form", "<input", "<button", "<svg", "<math", "<iframe"),
            *("<object", "<link", "<meta", "<base", "style=", "onerror", "onload", "xlink"),
            *("script:", "data:", "http:", "evil.example"),
        ):
            assert forbidden not in content.lower()

    @pytest.mark.parametrize(
        "html",
        [
            "<h2>Why</h2><p>Oysters <strong>filter</strong> <em>water</em>.</p>",
            "<ul><li>One</li><li>Two</li></ul>",
            "<blockquote>Said Ann</blockquote>",
            '<img src="https://cdn.example/a.png" alt="An oyster">',
            '<img src="/static/a.png" alt="An oyster">',
            "<p>2 &lt; 3 &amp; Ärger 🦪</p>",
            "",
        ],
    )
    def test_keeps_what_is_harmless(self, html: str) -> None:
        assert write_block("create", html).content == html

    @pytest.mark.parametrize(
        "url",
        [
            "https://example.org/a?b=1#c",
            "mailto:office@example.org",
            "tel:+14105550100",
            "/about",
            "about/us",
            "#why",
            "?page=2",
        ],
    )
    def test_keeps_links_that_stay_or_are_safe(self, url: str) -> None:
        content = write_block("create", f'<a href="{url}">x</a>').content

        assert f'href="{url}"' in content

    def test_does_not_change_when_saved_again(self) -> None:
        block = write_block("create", '<p>a & b <a href="https://example.org">x</a></p>')
        once = block.content

        block.save()

        assert block.content == once

    def test_of_an_instance_is_what_was_stored(self) -> None:
        block = make_block(content="<p>x</p><script>1</script>")

        assert block.content == "<p>x</p>"

    def test_may_be_left_to_its_default(self) -> None:
        block = ContentBlock.objects.create(homepage=make_homepage(), block_type="image")

        block.refresh_from_db()

        assert block.content == ""

    def test_that_is_null_is_refused_by_the_database(self) -> None:
        with pytest.raises(IntegrityError, match="content"), transaction.atomic():
            make_block(content=None)


class TestLowercaseEmail:
    def test_is_stored_in_lower_case_whichever_way_it_is_written(self) -> None:
        made = make_stakeholder(email="Ann@Example.ORG")
        assert made.email == "ann@example.org"

        made.email = "ANN@example.org"
        made.save()
        assert made.email == "ann@example.org"

        Stakeholder.objects.update(email="Ann@EXAMPLE.org")
        made.refresh_from_db()
        assert made.email == "ann@example.org"

        made.email = "BOB@EXAMPLE.ORG"
        Stakeholder.objects.bulk_update([made], ["email"])
        made.refresh_from_db()
        assert made.email == "bob@example.org"

    def test_is_stored_in_lower_case_by_bulk_create(self) -> None:
        Stakeholder.objects.bulk_create(
            [Stakeholder(name="Ann", email="Ann@Example.ORG", state="MD", type="farmer")]
        )

        assert Stakeholder.objects.values_list("email", flat=True).get() == "ann@example.org"

    def test_is_found_whatever_the_case(self) -> None:
        ann = make_stakeholder(email="ann@example.org")

        assert Stakeholder.objects.get(email="ANN@example.ORG") == ann
        assert Stakeholder.objects.get(email__in=["ANN@EXAMPLE.ORG"]) == ann
        assert not Stakeholder.objects.exclude(email="ANN@example.ORG").exists()

    def test_is_lower_for_postgresql_too_in_any_script(self) -> None:
        make_stakeholder(email="ÀΣİẞ@example.org")

        assert Stakeholder.objects.get().email == "ÀΣİẞ@example.org".lower()


class TestHttpsURL:
    @pytest.mark.parametrize(
        "url",
        ["http://example.org/a.png", "ftp://example.org", "//example.org", "javascript:alert(1)"],
    )
    def test_refuses_any_other_scheme(self, url: str) -> None:
        block = make_block(image_url=url, video_url=url)

        with pytest.raises(ValidationError) as refused:
            block.full_clean()

        assert set(refused.value.message_dict) == {"image_url", "video_url"}

    def test_takes_https(self) -> None:
        make_block(image_url="https://example.org/a.png").full_clean()

    def test_in_a_form_adds_the_scheme_that_was_left_out(self) -> None:
        form_field = HomePage._meta.get_field("cta_button_url").formfield()

        assert form_field is not None
        assert form_field.clean("example.org") == "https://example.org"


class TestSocialMediaUrls:
    @pytest.mark.parametrize(
        "value",
        [{"x": "http://x.example"}, {"x": 1}, {"x": "https://"}, ["https://x.example"], "x"],
    )
    def test_refuses_what_is_not_an_object_of_https_urls(self, value: object) -> None:
        page = HomePage(
            organization_name="A", contact_email="a@example.org", social_media_urls=value
        )

        with pytest.raises(ValidationError) as refused:
            page.full_clean()

        assert "social_media_urls" in refused.value.message_dict


NOT_POSITIONS = {
    "longitude": Point(180.1, 0, srid=4326),
    "latitude": Point(0, -90.1, srid=4326),
    "folded": Point(-276.5, 138.9, srid=4326),
    "nan": Point(math.nan, 1, srid=4326),
    "infinite": Point(1, math.inf, srid=4326),
    "empty": Point(srid=4326),
    "height": Point(1, 2, 3, srid=4326),
    "web mercator": Point(1, 2, srid=3857),
}


@pytest.mark.parametrize("position", NOT_POSITIONS.values(), ids=NOT_POSITIONS)
class TestNoPosition:
    def test_is_refused_by_save(self, position: Point) -> None:
        stakeholder = make_stakeholder()
        stakeholder.location = position

        with pytest.raises(ValidationError), transaction.atomic():
            stakeholder.save()

        assert Stakeholder.objects.get().location == ANNAPOLIS

    def test_is_refused_by_bulk_create(self, position: Point) -> None:
        with pytest.raises(ValidationError):
            Stakeholder.objects.bulk_create([Stakeholder(location=position)])

    def test_is_refused_by_bulk_update(self, position: Point) -> None:
        stakeholder = make_stakeholder()
        stakeholder.location = position

        with pytest.raises(ValidationError):
            Stakeholder.objects.bulk_update([stakeholder], ["location"])

    def test_is_refused_by_update(self, position: Point) -> None:
        make_stakeholder()

        with pytest.raises(ValidationError):
            Stakeholder.objects.update(location=position)

    def test_is_refused_by_forms(self, position: Point) -> None:
        stakeholder = make_stakeholder()
        stakeholder.location = position

        with pytest.raises(ValidationError) as refused:
            stakeholder.full_clean()

        assert "location" in refused.value.message_dict


class TestPosition:
    @pytest.mark.parametrize("text", ["POINT(-276.5 138.9)", "SRID=4326;POINT(0 91)"])
    def test_out_of_range_is_refused_as_text_too(self, text: str) -> None:
        make_stakeholder()

        with pytest.raises(ValidationError):
            Stakeholder.objects.update(location=text)

    def test_is_a_point(self) -> None:
        make_stakeholder()

        with pytest.raises(ValidationError):
            Stakeholder.objects.update(location=Polygon.from_bbox((0, 0, 1, 1)))

    def test_is_kept_to_the_last_bit(self) -> None:
        exact = Point(-76.123456789012345, 38.987654321098765, srid=4326)

        make_stakeholder(location=exact)

        assert Stakeholder.objects.get().location.coords == exact.coords

    def test_without_a_reference_system_is_in_wgs_84(self) -> None:
        make_stakeholder(location=Point(-76, 38))

        assert Stakeholder.objects.get().location.srid == 4326

    def test_may_be_absent(self) -> None:
        Stakeholder.objects.update(location=None)

        assert make_stakeholder(location=None).public_location is None


class TestCleanContentBlock:
    @pytest.mark.parametrize("block_type", ["text", "text_image", "quote", "stats", "custom_html"])
    def test_needs_content(self, block_type: str) -> None:
        block = ContentBlock(homepage=make_homepage(), block_type=block_type, content=" ")

        with pytest.raises(ValidationError) as refused:
            block.full_clean()

        assert set(refused.value.message_dict) == {"content"}

    @pytest.mark.parametrize("block_type", ["image", "video"])
    def test_needs_none_for_an_image_or_a_video(self, block_type: str) -> None:
        ContentBlock(homepage=make_homepage(), block_type=block_type, content="").full_clean()

    @pytest.mark.parametrize("block_type", ["image", "video"])
    def test_may_leave_content_out_for_them(self, block_type: str) -> None:
        ContentBlock(homepage=make_homepage(), block_type=block_type).full_clean()

    def test_refuses_content_left_out_for_text(self) -> None:
        with pytest.raises(ValidationError):
            ContentBlock(homepage=make_homepage()).full_clean()

    def test_refuses_what_the_constraints_refuse(self) -> None:
        block = ContentBlock(
            homepage=make_homepage(),
            content="x",
            order=-1,
            block_type="carousel",
            css_classes='a"',
            background_color="url(x)",
        )

        with pytest.raises(ValidationError) as refused:
            block.full_clean()

        fields = {"order", "block_type", "css_classes", "background_color"}
        assert set(refused.value.message_dict) >= fields


class TestCleanCampaign:
    @pytest.mark.parametrize("field", ["title", "slug"])
    def test_says_that_a_deleted_campaign_has_the_value(self, field: str) -> None:
        deleted = make_campaign(title="Clean water", slug="clean-water")
        deleted.delete()
        campaign = make_campaign()
        setattr(campaign, field, getattr(deleted, field))

        with pytest.raises(ValidationError) as refused:
            campaign.full_clean()

        assert list(refused.value.message_dict) == [field]
        assert "Restore it" in refused.value.message_dict[field][0]

    @pytest.mark.parametrize("field", ["title", "slug"])
    def test_says_that_a_live_campaign_has_the_value(self, field: str) -> None:
        other, campaign = make_campaign(), make_campaign()
        setattr(campaign, field, getattr(other, field))

        with pytest.raises(ValidationError) as refused:
            campaign.full_clean()

        assert "already exists" in str(refused.value)

    def test_lets_a_deleted_campaign_keep_its_own(self) -> None:
        campaign = make_campaign()
        campaign.delete()

        campaign.full_clean()
