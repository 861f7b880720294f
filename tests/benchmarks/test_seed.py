import hashlib
from typing import Any

import pytest

from backend.models import ContentBlock, Endorsement, HomePage, PolicyCampaign, Stakeholder
from backend.public import PublicCampaign, PublicStakeholder
from benchmarks.seed import SeedError, seed
from tests.factories import make_campaign, make_homepage, make_stakeholder

# It commits, on a connection of its own.
pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "owner", "public"])

MODELS: list[Any] = [Stakeholder, PolicyCampaign, Endorsement, HomePage, ContentBlock]


def digest() -> str:
    """Of every row of every model."""
    rows = [
        [str(value) for value in row]
        for model in MODELS
        for row in model._base_manager.order_by("pk").values_list()
    ]
    return hashlib.sha256(repr(rows).encode()).hexdigest()


class TestSeed:
    def test_fills_every_table(self, capsys: pytest.CaptureFixture[str]) -> None:
        seed(stakeholders=1_000, endorsements=3_000)

        assert [model._base_manager.count() for model in MODELS] == [1_000, 100, 3_000, 1, 20]
        assert capsys.readouterr().out.startswith("1,000 stakeholders: ")

    def test_makes_the_same_rows_each_time(self) -> None:
        seed(stakeholders=1_000, endorsements=3_000)
        first = digest()

        seed(stakeholders=1_000, endorsements=3_000)

        assert digest() == first

    def test_replaces_what_it_made_before(self) -> None:
        seed(stakeholders=1_000, endorsements=3_000)

        seed(stakeholders=10, endorsements=5)

        assert Stakeholder.all_objects.count() == 10
        assert Endorsement.all_objects.count() == 5

    def test_shows_most_stakeholders_and_endorsements_of_every_campaign(self) -> None:
        seed(stakeholders=1_000, endorsements=3_000)

        assert PublicStakeholder.objects.count() == 945
        counts = [campaign.endorsement_count for campaign in PublicCampaign.objects.all()]
        assert len(counts) == 100
        assert all(10 < count < 40 for count in counts)

    def test_leaves_room_for_further_rows(self) -> None:
        seed(stakeholders=1_000, endorsements=3_000)

        assert make_stakeholder().pk == 1_001

    @pytest.mark.parametrize(
        ("make_own", "kind"),
        [
            (make_stakeholder, "stakeholders"),
            (make_campaign, "campaigns"),
            (make_homepage, "homepages"),
        ],
    )
    def test_refuses_a_database_with_other_rows(self, make_own: Any, kind: str) -> None:
        make_own()
        before = digest()

        with pytest.raises(SeedError, match=rf"^Nothing changed: .*\({kind}: 1\)"):
            seed(stakeholders=1_000, endorsements=3_000)

        assert digest() == before

    def test_refuses_more_endorsements_than_there_are_pairs(self) -> None:
        with pytest.raises(SeedError, match="1,000 times at most"):
            seed(stakeholders=10, endorsements=1_001)
