"""What a decision is said to do, against what it does."""

from collections.abc import Callable
from itertools import product

import pytest
from django.contrib.auth.models import User

from backend.actions.errors import NotAllowed
from backend.actions.previews import preview
from backend.actions.reviews import approve, reject, reopen
from backend.models import Endorsement, PolicyCampaign
from tests.factories import make_endorsement, make_submission

pytestmark = pytest.mark.django_db

DECISIONS: dict[str, Callable[..., Endorsement]] = {
    "approve": approve,
    "reject": reject,
    "reopen": reopen,
}
# Of what was sent beside the endorsement: nothing, or new words with and without consent.
SENT = (None, True, False)


def public_count() -> int:
    campaign: PolicyCampaign = PolicyCampaign.objects.with_endorsement_count().get()
    return campaign.endorsement_count


class TestPreview:
    @pytest.mark.parametrize("decision", DECISIONS)
    @pytest.mark.parametrize("status", Endorsement.Status.values)
    @pytest.mark.parametrize(("consents", "sent"), list(product((True, False), SENT)))
    def test_tells_what_a_decision_does(
        self,
        admin_user: User,
        decision: str,
        status: str,
        consents: bool,
        sent: bool | None,
    ) -> None:
        endorsement = make_endorsement(status=status, public_display=consents)
        if sent is not None:
            make_submission(
                campaign=endorsement.campaign,
                endorsement=endorsement,
                public_display=sent,
                confirmed_at=endorsement.created_at,
            )
        loaded = Endorsement.objects.with_review().get()
        before = public_count()

        told = preview(decision, [loaded])

        try:
            DECISIONS[decision](endorsement_id=endorsement.pk, by=admin_user)
        except NotAllowed:
            assert (told.decided, told.left) == ([], [loaded])
            assert sum(told.changes.values()) == 0
        else:
            assert (told.decided, told.left) == ([loaded], [])
            assert told.changes == {endorsement.campaign_id: public_count() - before}

    def test_leaves_what_is_deleted(self) -> None:
        endorsement = make_endorsement(status="pending")
        endorsement.delete()

        told = preview("approve", Endorsement.all_objects.with_review())

        assert told.left == [endorsement]
