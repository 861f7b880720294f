from itertools import product

import pytest
from django.contrib.gis.geos import Point
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from backend.models import Endorsement
from tests.factories import make_endorsement, make_stakeholder

pytestmark = pytest.mark.django_db


class TestIsPublic:
    @pytest.mark.parametrize(
        ("consents", "status", "is_deleted"),
        list(product((True, False), Endorsement.Status.values, (True, False))),
    )
    def test_is_consented_and_approved_and_not_deleted(
        self, consents: bool, status: str, is_deleted: bool
    ) -> None:
        endorsement = make_endorsement(
            public_display=consents,
            status=status,
            deleted_at=timezone.now() if is_deleted else None,
        )

        assert endorsement.is_public is (consents and status == "approved" and not is_deleted)

    def test_follows_each_change(self) -> None:
        endorsement = make_endorsement(status="pending")

        Endorsement.objects.update(status="approved")
        endorsement.refresh_from_db()
        assert endorsement.is_public is True

        Endorsement.objects.update(public_display=False)
        endorsement.refresh_from_db()
        assert endorsement.is_public is False


class TestGeneratedColumns:
    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE endorsements_endorsement SET is_public = true",
            "UPDATE stakeholders_stakeholder SET public_location = location",
        ],
    )
    def test_cannot_be_written_by_sql(self, statement: str) -> None:
        make_endorsement()

        with (
            pytest.raises(DatabaseError, match="can only be updated to DEFAULT"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)

    def test_cannot_be_written_by_update(self) -> None:
        make_endorsement(status="pending")

        Endorsement.objects.update(is_public=True)

        assert Endorsement.objects.get().is_public is False

    def test_ignore_what_an_instance_was_given(self) -> None:
        home = Point(-76.4999, 38.9799, srid=4326)
        stakeholder = make_stakeholder(type="individual", location=home, public_location=home)
        stakeholder.public_location = home
        stakeholder.save()

        stakeholder.refresh_from_db()

        assert stakeholder.public_location.coords == (-76.49, 38.97)
