"""Why something is not shown, against what the views show."""

from itertools import product

import pytest
from django.utils import timezone

from backend.models import Endorsement, HomePage, LegalDocument, PolicyCampaign, Stakeholder
from backend.public import (
    PublicCampaign,
    PublicContentBlock,
    PublicEndorsement,
    PublicHomePage,
    PublicStakeholder,
)
from tests.factories import (
    make_block,
    make_campaign,
    make_endorsement,
    make_homepage,
    make_legal_document,
    make_stakeholder,
    publish_legal_document,
)

pytestmark = pytest.mark.django_db

EITHER = (False, True)


class TestClosedGates:
    @pytest.mark.parametrize("status", Endorsement.Status.values)
    @pytest.mark.parametrize("gates", list(product(EITHER, repeat=5)))
    def test_of_an_endorsement_are_none_where_the_public_sees_it(
        self, status: str, gates: tuple[bool, ...]
    ) -> None:
        consents, active, *deleted = gates
        endorsement = make_endorsement(status=status, public_display=consents)
        rows = (endorsement, endorsement.stakeholder, endorsement.campaign)
        PolicyCampaign.objects.update(active=active)
        for row, is_deleted in zip(rows, deleted, strict=True):
            type(row).all_objects.filter(pk=row.pk).update(
                deleted_at=timezone.now() if is_deleted else None
            )
        related = Endorsement.all_objects.select_related("stakeholder", "campaign")

        closed = related.get(pk=endorsement.pk).closed_gates()

        assert (closed == []) == PublicEndorsement.objects.filter(pk=endorsement.pk).exists()
        assert ("no_consent" in closed) == (not consents)
        assert (status in closed) == (status != "approved")
        assert ("deleted" in closed) == deleted[0]

    @pytest.mark.parametrize(("is_public", "is_deleted"), list(product(EITHER, EITHER)))
    def test_of_a_stakeholder(self, is_public: bool, is_deleted: bool) -> None:
        stakeholder = make_stakeholder(is_public=is_public)
        if is_deleted:
            stakeholder.delete()

        closed = Stakeholder.all_objects.get().closed_gates()

        assert (closed == []) == PublicStakeholder.objects.exists()
        assert ("deleted" in closed, "not_listed" in closed) == (is_deleted, not is_public)

    @pytest.mark.parametrize(("active", "is_deleted"), list(product(EITHER, EITHER)))
    def test_of_a_campaign(self, active: bool, is_deleted: bool) -> None:
        campaign = make_campaign(active=active)
        if is_deleted:
            campaign.delete()

        closed = PolicyCampaign.all_objects.get().closed_gates()

        assert (closed == []) == PublicCampaign.objects.exists()
        assert ("deleted" in closed, "inactive" in closed) == (is_deleted, not active)

    @pytest.mark.parametrize(("is_active", "is_visible"), list(product(EITHER, EITHER)))
    def test_of_a_homepage_and_its_blocks(self, is_active: bool, is_visible: bool) -> None:
        block = make_block(homepage=make_homepage(is_active=is_active), is_visible=is_visible)

        assert (HomePage.objects.get().closed_gates() == []) == PublicHomePage.objects.exists()
        assert (block.closed_gates() == []) == PublicContentBlock.objects.exists()

    def test_of_a_legal_document(self) -> None:
        old, current = publish_legal_document(), publish_legal_document()
        draft = make_legal_document()
        documents = LegalDocument.objects.with_state().in_bulk()

        gates = [documents[each.pk].closed_gates() for each in (old, current, draft)]

        assert gates == [["superseded"], [], ["draft"]]
