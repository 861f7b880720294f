from io import StringIO
from typing import Any

import psycopg
import pytest
from django.core.management import call_command

from backend.models import Endorsement, PolicyCampaign, StakeholderTally
from backend.public import PublicCampaign, PublicStakeholder, PublicTotals
from backend.public.revisions import revision_of
from tests.factories import make_campaign, make_endorsement, make_stakeholder

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "public", "owner"])

Owner = psycopg.Connection[tuple[Any, ...]]

RIGHT = "Every campaign's endorsement counts and the stakeholder count are right.\n"


def check(*arguments: str) -> tuple[int, str]:
    """The exit code, and what was said."""
    out = StringIO()
    try:
        call_command("check_counts", *arguments, stdout=out)
    except SystemExit as end:
        return int(str(end.code)), out.getvalue()
    return 0, out.getvalue()


class TestCheckCounts:
    def test_is_content_while_every_count_is_right(self) -> None:
        make_campaign()
        make_endorsement()
        make_endorsement(status="pending").campaign.delete()
        make_stakeholder(is_public=False)

        assert check() == (0, RIGHT)

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
            "Count them anew: ./manage.py check_counts --rebuild",
        ]

    def test_lists_the_days_whose_count_is_wrong(self, owner: Owner) -> None:
        for slug in ("clean-water", "oysters"):
            make_endorsement(campaign=make_campaign(slug=slug))
        Endorsement.objects.update(created_at="2026-11-02T09:30:00Z")
        owner.execute("DELETE FROM endorsements_dailytally")
        owner.execute(
            "INSERT INTO endorsements_dailytally (campaign_id, day, endorsement_count) "
            "SELECT id, day::date, count FROM campaigns_policycampaign, "
            "(VALUES ('clean-water', '2026-11-02', 1), ('clean-water', '2026-11-03', 0), "
            "('oysters', '2026-11-03', 7)) AS tallies (of, day, count) WHERE of = slug"
        )

        code, said = check()

        assert code == 1
        assert said.splitlines() == [
            "oysters on 2026-11-02: its count is 0, its public endorsements are 1.",
            "oysters on 2026-11-03: its count is 7, its public endorsements are 0.",
            "Count them anew: ./manage.py check_counts --rebuild",
        ]

    def test_says_that_the_count_of_stakeholders_is_wrong(self, owner: Owner) -> None:
        make_stakeholder()
        owner.execute("INSERT INTO stakeholders_tally (difference) VALUES (6)")

        code, said = check()

        assert code == 1
        assert said.splitlines() == [
            "Stakeholders: their count is 7, the public ones are 1.",
            "Count them anew: ./manage.py check_counts --rebuild",
        ]

    def test_rebuilds_them_all(self, owner: Owner) -> None:
        campaign = make_endorsement().campaign
        make_endorsement(campaign=campaign)
        owner.execute("DELETE FROM endorsements_tally")
        owner.execute("UPDATE endorsements_dailytally SET day = day - 7, endorsement_count = 9")
        owner.execute("UPDATE stakeholders_tally SET difference = -5")
        assert check()[0] == 1

        assert check("--rebuild") == (0, RIGHT)

        assert PolicyCampaign.objects.with_endorsement_count().get().endorsement_count == 2
        assert PublicCampaign.objects.get().endorsement_count_7d == 2
        assert StakeholderTally.objects.get().difference == 2

    def test_has_answers_with_the_wrong_number_made_anew(self, owner: Owner) -> None:
        make_campaign()
        owner.execute("UPDATE stakeholders_tally SET difference = -5")
        owner.execute(
            "INSERT INTO endorsements_dailytally (campaign_id, day, endorsement_count) "
            "SELECT id, coalition_today(), 9 FROM campaigns_policycampaign"
        )
        views = (PublicCampaign, PublicStakeholder, PublicTotals)
        before = revision_of(*views).split(".")

        check("--rebuild")

        after = revision_of(*views).split(".")
        assert all(one != other for one, other in zip(before, after, strict=True))
