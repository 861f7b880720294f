"""The records of what came in and went out in bulk."""

from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from backend.models import Export, Import
from tests.factories import make_user
from tests.manage.conftest import Staff

pytestmark = pytest.mark.django_db

EXPORTS, IMPORTS = "/api/v1/manage/exports", "/api/v1/manage/imports"


def make_import(**values: Any) -> Import:
    figures = dict.fromkeys(("created", "updated", "unchanged", "refused"), 0)
    return Import.objects.create(**{"is_dry_run": False, **figures, **values})


class TestRecords:
    def test_tell_who_took_which_table_away_but_not_what_was_searched(self, staff: Staff) -> None:
        client = staff("administrator", username="ann")
        query = {"search": "secret", "state": "MD"}
        b"".join(client.get(f"{EXPORTS}/stakeholders.csv", query).streaming_content)  # type: ignore[attr-defined]  # it is a stream

        answer = client.get(EXPORTS)

        [record] = answer.json()["results"]
        assert record["by"] == "ann"
        assert record["filters"] == {"search": True, "state": "MD"}
        assert (record["format"], record["rows"], record["has_private_details"]) == ("csv", 0, True)
        assert "secret" not in answer.content.decode()

    def test_tell_of_imports_and_dry_runs_the_newest_first(self, staff: Staff) -> None:
        make_import(by=make_user(username="bob"), created=3)
        make_import(is_dry_run=True, refused=2)
        client = staff("administrator")

        rows = client.get(IMPORTS).json()["results"]
        done = client.get(IMPORTS, {"dry_run": "false"}).json()["results"]

        assert [(row["by"], row["dry_run"], row["refused"]) for row in rows] == [
            (None, True, 2),
            ("bob", False, 0),
        ]
        assert [row["created"] for row in done] == [3]

    @pytest.mark.parametrize(("number", "limit"), [(1, 50), (9, 50), (9, 4)])
    def test_cost_as_many_queries_however_many_there_are(
        self,
        staff: Staff,
        django_assert_num_queries: DjangoAssertNumQueries,
        number: int,
        limit: int,
    ) -> None:
        for _ in range(number):
            make_import(by=make_user())
        client = staff("administrator")

        # The token; the tokens that have ended; the rights, by two; how many; the page.
        with django_assert_num_queries(6):
            client.get(IMPORTS, {"limit": limit})

    def test_are_paged_by_cursors_in_both_directions(self, staff: Staff) -> None:
        keys = [make_import().pk for _ in range(5)][::-1]
        client = staff("administrator")

        first = client.get(IMPORTS, {"limit": 2}).json()
        second = client.get(first["next"]).json()
        back = client.get(second["previous"]).json()

        pages = [[row["id"] for row in page["results"]] for page in (first, second, back)]
        assert pages == [keys[:2], keys[2:4], keys[:2]]

    def test_of_exports_can_be_narrowed_to_those_with_private_details(self, staff: Staff) -> None:
        made = {"by": make_user(), "format": "csv", "filters": {}}
        Export.objects.create(resource="stakeholders", has_private_details=True, **made)
        Export.objects.create(resource="stakeholders", has_private_details=False, **made)
        Export.objects.create(resource="endorsements", has_private_details=True, **made)
        query = {"resource": "stakeholders", "has_private_details": "true"}

        rows = staff("administrator").get(EXPORTS, query).json()["results"]

        assert [row["rows"] for row in rows] == [None]
