from io import StringIO
from typing import Any

import psycopg
import pytest
from django.core.management import call_command

from backend.models import PolicyCampaign
from tests.factories import make_campaign, make_endorsement

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "owner"])

Owner = psycopg.Connection[tuple[Any, ...]]


def check(*arguments: str) -> tuple[int, str]:
    """The exit code, and what was said."""
    out = StringIO()
    try:
        call_command("check_endorsement_counts", *arguments, stdout=out)
    except SystemExit as end:
        return int(str(end.code)), out.getvalue()
    return 0, out.getvalue()


class TestCheckEndorsementCounts:
    def test_is_content_while_every_count_is_right(self) -> None:
        make_campaign()
        make_endorsement()
        make_endorsement(status="pending").campaign.delete()

        assert check() == (0, "Every campaign's endorsement count is right.\n")

    def test_lists_the_campaigns_whose_count_is_wrong(self, owner: Owner) -> None:
        make_endorsement(campaign=make_campaign(slug="clean-water"))
        make_endorsement(campaign=make_campaign(slug="oysters"))
        owner.execute(
            "UPDATE endorsements_tally SET endorsement_count = 7 FROM campaigns_policycampaign "
            "WHERE campaign_id = id AND slug = 'oysters'"
        )

        code, said = check()

        assert code == 1
        assert said.splitlines() == [
            "oysters: its count is 7, its public endorsements are 1.",
            "Count them anew: ./manage.py check_endorsement_counts --rebuild",
        ]

    def test_rebuilds_them_all(self, owner: Owner) -> None:
        campaign = make_endorsement().campaign
        make_endorsement(campaign=campaign)
        owner.execute("DELETE FROM endorsements_tally")
        assert check()[0] == 1

        assert check("--rebuild") == (0, "Every campaign's endorsement count is right.\n")

        assert PolicyCampaign.objects.with_endorsement_count().get().endorsement_count == 2
