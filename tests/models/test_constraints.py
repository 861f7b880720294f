"""Every named constraint is violated here, by the ORM and by SQL, and none is left out."""

import re
from collections.abc import Callable, Iterable
from datetime import timedelta
from itertools import product
from typing import Any

import psycopg
import pytest
from django.apps import apps
from django.contrib.gis.db.models import PointField
from django.contrib.gis.geos import Point
from django.db import IntegrityError, connection, transaction
from django.db.models import Func, Value
from django.db.models.functions import Now, Upper
from django.utils import timezone

from backend.models import (
    ContentBlock,
    Endorsement,
    HomePage,
    OutgoingMail,
    PolicyCampaign,
    Stakeholder,
    Submission,
)
from tests.factories import (
    make_block,
    make_campaign,
    make_endorsement,
    make_homepage,
    make_legal_document,
    make_stakeholder,
    make_submission,
    make_upload,
    publish_legal_texts,
)

pytestmark = pytest.mark.django_db

Violation = Callable[[], object]


def place(well_known_text: str) -> Func:
    """A geography that PostGIS makes, so that PositionField cannot refuse it."""
    return Func(
        Value(well_known_text), function="ST_GeogFromText", output_field=PointField(geography=True)
    )


BY_ORM: list[tuple[str, Violation]] = [
    ("unique_active_homepage", lambda: make_homepage(is_active=True)),
    (
        "unique_active_homepage",
        lambda: HomePage.objects.bulk_create([HomePage(is_active=True), HomePage(is_active=True)]),
    ),
    ("valid_social_media_urls", lambda: make_homepage(social_media_urls={"x": "http://x.example"})),
    ("valid_social_media_urls", lambda: make_homepage(social_media_urls={"x": None})),
    ("valid_social_media_urls", lambda: make_homepage(social_media_urls={"x": ["https://x.y"]})),
    ("valid_social_media_urls", lambda: make_homepage(social_media_urls={"x": []})),
    ("valid_social_media_urls", lambda: make_homepage(social_media_urls={"x": {"y": "z"}})),
    ("valid_social_media_urls", lambda: make_homepage(social_media_urls=["https://x.example"])),
    ("valid_social_media_urls", lambda: make_homepage(social_media_urls="https://x.example")),
    ("positive_order", lambda: make_block(order=-1)),
    ("valid_block_type", lambda: make_block(block_type="carousel")),
    ("valid_css_classes", lambda: make_block(css_classes='hero" onclick="alert(1)')),
    ("valid_css_classes", lambda: make_block(css_classes="hero\n")),
    ("valid_css_classes", lambda: make_block(css_classes="two  spaces")),
    ("valid_background_color", lambda: make_block(background_color="url(//evil.example)")),
    ("valid_background_color", lambda: make_block(background_color="red;color:red")),
    ("valid_background_color", lambda: make_block(background_color="#12345")),
    ("valid_background_color", lambda: make_block(background_color="red\n")),
    ("unique_title", lambda: make_campaign(title="Clean water")),
    ("unique_slug", lambda: make_campaign(slug="clean-water")),
    (
        "campaign_image_has_alt_text",
        lambda: make_campaign(image_url="https://images.example.org/reef.jpg"),
    ),
    ("unique_email", lambda: make_stakeholder(email="ann@example.org")),
    ("unique_email", lambda: make_stakeholder(email="ANN@Example.ORG")),
    ("lowercase_stakeholder_email", lambda: Stakeholder.objects.update(email=Upper("email"))),
    ("valid_stakeholder_type", lambda: make_stakeholder(type="fisher")),
    ("valid_stakeholder_type", lambda: make_stakeholder(type="Farmer")),
    ("valid_stakeholder_state", lambda: make_stakeholder(state="XX")),
    ("valid_stakeholder_state", lambda: make_stakeholder(state="md")),
    (
        "valid_stakeholder_location",
        lambda: Stakeholder.objects.update(location=place("POINT EMPTY")),
    ),
    (
        "unique_stakeholder_campaign",
        lambda: make_endorsement(
            stakeholder=Stakeholder.objects.get(), campaign=PolicyCampaign.objects.get()
        ),
    ),
    ("valid_endorsement_status", lambda: Endorsement.objects.update(status="maybe")),
    (
        "confirmed_submission_has_endorsement",
        lambda: Submission.objects.update(confirmed_at=Now()),
    ),
    ("decided_submission_is_confirmed", lambda: Submission.objects.update(decided_at=Now())),
    ("valid_upload_type", lambda: make_upload(content_type="image/svg+xml")),
    ("positive_upload_size", lambda: make_upload(size=0)),
    ("verified_upload_has_dimensions", lambda: make_upload(width=None)),
    ("verified_upload_has_dimensions", lambda: make_upload(verified_at=None, height=1)),
    (
        "verified_upload_has_dimensions",
        lambda: make_upload(verified_at=None, unused_since=timezone.now()),
    ),
    ("valid_mail_state", lambda: OutgoingMail.objects.update(state="lost")),
    ("unique_legal_version", lambda: publish_legal_texts("1")),
    ("valid_legal_kind", lambda: make_legal_document(kind="cookies")),
    ("valid_legal_version", lambda: make_legal_document(version="1/2")),
    (
        "valid_legal_published_at",
        lambda: make_legal_document(published_at=timezone.now() + timedelta(days=1)),
    ),
]

BY_SQL = [
    (
        "unique_active_homepage",
        """
        INSERT INTO core_homepage (organization_name, contact_email, is_active)
        VALUES ('Another', 'office@another.example', true)
        """,
    ),
    ("valid_social_media_urls", """UPDATE core_homepage SET social_media_urls = 'null'"""),
    ("valid_social_media_urls", """UPDATE core_homepage SET social_media_urls = '{"x": 1}'"""),
    (
        "valid_social_media_urls",
        """UPDATE core_homepage SET social_media_urls = '{"x": "javascript:alert(1)"}'""",
    ),
    (
        "valid_social_media_urls",
        """UPDATE core_homepage SET social_media_urls = '{"x": ["https://x.example"]}'""",
    ),
    ("positive_order", """UPDATE core_contentblock SET "order" = -1"""),
    ("valid_block_type", "UPDATE core_contentblock SET block_type = 'carousel'"),
    ("valid_css_classes", "UPDATE core_contentblock SET css_classes = 'a;b'"),
    ("valid_css_classes", r"UPDATE core_contentblock SET css_classes = E'a\n'"),
    ("valid_background_color", "UPDATE core_contentblock SET background_color = '#12'"),
    ("valid_background_color", r"UPDATE core_contentblock SET background_color = E'red\n'"),
    (
        "unique_title",
        """
        INSERT INTO campaigns_policycampaign (title, slug, summary)
        SELECT title, 'another', '' FROM campaigns_policycampaign
        """,
    ),
    (
        "unique_slug",
        """
        INSERT INTO campaigns_policycampaign (title, slug, summary)
        SELECT 'Another', slug, '' FROM campaigns_policycampaign
        """,
    ),
    (
        "unique_email",
        """
        INSERT INTO stakeholders_stakeholder (name, email, state, type)
        SELECT name, email, state, type FROM stakeholders_stakeholder
        """,
    ),
    (
        "lowercase_stakeholder_email",
        """
        INSERT INTO stakeholders_stakeholder (name, email, state, type)
        SELECT name, upper(email), state, type FROM stakeholders_stakeholder
        """,
    ),
    ("valid_stakeholder_type", "UPDATE stakeholders_stakeholder SET type = 'fisher'"),
    ("valid_stakeholder_state", "UPDATE stakeholders_stakeholder SET state = 'XX'"),
    *(
        (
            "valid_stakeholder_location",
            f"UPDATE stakeholders_stakeholder SET type = '{type_}', location = {location}",
        )
        for type_, location in product(
            ("business", "individual"),
            (
                "'POINT EMPTY'",
                "ST_MakePoint('NaN', 1)::geography",
                "ST_MakePoint(1, 'NaN')::geography",
                "ST_MakePoint('Infinity', 1)::geography",
                "ST_MakePoint(1, '-Infinity')::geography",
            ),
        )
    ),
    (
        "unique_stakeholder_campaign",
        """
        INSERT INTO endorsements_endorsement (stakeholder_id, campaign_id, public_display)
        SELECT stakeholder_id, campaign_id, true FROM endorsements_endorsement
        """,
    ),
    ("valid_endorsement_status", "UPDATE endorsements_endorsement SET status = 'maybe'"),
    (
        "confirmed_submission_has_endorsement",
        "UPDATE endorsements_submission SET endorsement_id = 1",
    ),
    (
        "decided_submission_is_confirmed",
        "UPDATE endorsements_submission SET decided_at = now()",
    ),
    ("campaign_image_has_alt_text", "UPDATE campaigns_policycampaign SET image_url = 'https://x'"),
    ("valid_upload_type", "UPDATE core_upload SET content_type = 'text/html'"),
    ("positive_upload_size", "UPDATE core_upload SET size = 0"),
    ("verified_upload_has_dimensions", "UPDATE core_upload SET width = 0"),
    ("verified_upload_has_dimensions", "UPDATE core_upload SET verified_at = NULL"),
    ("valid_mail_state", "UPDATE mail_outgoingmail SET state = 'lost'"),
    (
        "unique_legal_version",
        """
        INSERT INTO core_legaldocument (kind, version, title, content)
        SELECT kind, version, title, content FROM core_legaldocument
        """,
    ),
    (
        "valid_legal_kind",
        """
        INSERT INTO core_legaldocument (kind, version, title, content)
        VALUES ('cookies', '1', '', '')
        """,
    ),
    (
        "valid_legal_version",
        """
        INSERT INTO core_legaldocument (kind, version, title, content)
        VALUES ('terms', '', '', '')
        """,
    ),
    (
        "valid_legal_published_at",
        """
        INSERT INTO core_legaldocument (kind, version, title, content, published_at)
        VALUES ('terms', '2', '', '', 'infinity')
        """,
    ),
]


# Nobody else may write the table.
BY_OWNER = [
    ("positive_endorsement_count", "INSERT INTO endorsements_tally VALUES (1, -1)"),
    (
        "positive_daily_endorsement_count",
        "INSERT INTO endorsements_dailytally VALUES (1, '2026-11-02', -1)",
    ),
]


@pytest.fixture
def one_row_each() -> None:
    homepage = make_homepage(is_active=True)
    make_block(homepage=homepage)
    make_endorsement(
        stakeholder=make_stakeholder(email="ann@example.org"),
        campaign=make_campaign(title="Clean water", slug="clean-water"),
    )
    submission = make_submission(campaign=PolicyCampaign.objects.get())
    OutgoingMail.objects.create(kind="confirmation", submission=submission)
    publish_legal_texts("1")
    make_upload()


def names_in_models() -> set[str]:
    every_model = apps.get_app_config("coalition").get_models()
    return {constraint.name for model in every_model for constraint in model._meta.constraints}


def names_in_database() -> set[str]:
    """Checks, and unique constraints and indexes other than primary keys."""
    with connection.cursor() as cursor:
        return {
            name
            for model in apps.get_app_config("coalition").get_models()
            for name, constraint in connection.introspection.get_constraints(
                cursor, model._meta.db_table
            ).items()
            if (constraint["check"] or constraint["unique"]) and not constraint["primary_key"]
        }


class TestConstraints:
    @pytest.mark.usefixtures("one_row_each")
    @pytest.mark.parametrize(("name", "violate"), BY_ORM)
    def test_hold_against_the_orm(self, name: str, violate: Violation) -> None:
        with pytest.raises(IntegrityError, match=f'constraint "{name}"'), transaction.atomic():
            violate()

    @pytest.mark.usefixtures("one_row_each")
    @pytest.mark.parametrize(("name", "statement"), BY_SQL)
    def test_hold_against_sql(self, name: str, statement: str) -> None:
        with (
            pytest.raises(IntegrityError, match=f'constraint "{name}"'),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)

    @pytest.mark.parametrize(("name", "statement"), BY_OWNER)
    def test_hold_against_the_owner(
        self, owner: "psycopg.Connection[tuple[Any, ...]]", name: str, statement: str
    ) -> None:
        with pytest.raises(psycopg.IntegrityError, match=f'constraint "{name}"'):
            owner.execute(statement)

    @pytest.mark.parametrize("violations", [BY_ORM, BY_SQL], ids=["orm", "sql"])
    def test_are_all_violated_here(self, violations: Iterable[tuple[str, object]]) -> None:
        violated = {name for name, _ in [*violations, *BY_OWNER]}

        assert violated == names_in_models() == names_in_database()

    def test_compare_emails_in_lower_case_whatever_else_checks_them(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_get_indexdef('unique_email'::regclass)")
            [definition] = cursor.fetchone()

        assert re.search(r"\(lower\(\(?email\)?.*\) WHERE \(deleted_at IS NULL\)", definition)

    def test_let_every_valid_value_through(self) -> None:
        make_homepage(social_media_urls={})
        make_homepage(social_media_urls={"mastodon": "https://social.example/@coalition"})
        for block_type in ContentBlock.BlockType:
            make_block(block_type=block_type, css_classes="hero -wide is_big", order=0)
        for color in ("", "#fff", "#1a52", "#1a5276", "#1A5276FF", "rebeccapurple"):
            make_block(background_color=color)
        for type_ in Stakeholder.Type:
            make_stakeholder(type=type_)
        for longitude, latitude in ((-180, -90), (180, 90), (0, 0)):
            make_stakeholder(location=Point(longitude, latitude, srid=4326))
        for status in Endorsement.Status:
            make_endorsement(status=status)

    @pytest.mark.usefixtures("one_row_each")
    def test_are_checked_by_forms_too(self) -> None:
        # Raises if a condition cannot be asked about a row that is not there yet.
        for model in (HomePage, ContentBlock, PolicyCampaign, Stakeholder, Endorsement):
            model._default_manager.get().full_clean()
        make_stakeholder(location=None).full_clean()

    @pytest.mark.usefixtures("one_row_each")
    def test_of_unique_values_look_at_live_rows_alone(self) -> None:
        Endorsement.objects.get().delete()
        make_endorsement(
            stakeholder=Stakeholder.objects.get(), campaign=PolicyCampaign.objects.get()
        )

        assert Endorsement.all_objects.count() == 2

    @pytest.mark.usefixtures("one_row_each")
    def test_keep_the_title_and_slug_of_a_deleted_campaign(self) -> None:
        PolicyCampaign.objects.get().delete()

        for name, values in (
            ("unique_title", {"title": "Clean water"}),
            ("unique_slug", {"slug": "clean-water"}),
        ):
            with pytest.raises(IntegrityError, match=name), transaction.atomic():
                make_campaign(**values)
