"""The steps of docs/backup.md, as make restore-drill takes them, with the tests' database."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from tests.conftest import Connection
from tests.deploy.restore_drill import (
    ENDORSING,
    PEOPLE,
    bring_back,
    database_in_a_folder,
    erase_two,
)
from tests.deploy.restoring import Side, differences
from tests.factories import make_campaign, make_endorsement, publish_legal_texts

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "public", "owner"])


@pytest.fixture
def original() -> Side:
    """A database with endorsements, two of which are of people who will want to be forgotten."""
    publish_legal_texts()
    make_endorsement(campaign=make_campaign(slug="ten-thousand-acres-of-reef"))
    exec(ENDORSING)
    return Side(os.environ)


@pytest.fixture
def empty() -> Iterator[Side]:
    with database_in_a_folder() as database, database.as_it_is("fsync=off"):
        yield Side(database.env | {"SECRET_KEY": settings.SECRET_KEY})


def test_a_backup_brings_all_back_but_those_who_were_erased_since(
    original: Side, empty: Side, owner: Connection, tmp_path: Path
) -> None:
    backup = original.back_up(tmp_path / "coalition.dump")
    half = tmp_path / "half.dump"
    half.write_bytes(backup.read_bytes()[: backup.stat().st_size * 9 // 10])
    assert original.tables_with(*PEOPLE) >= {"stakeholders_stakeholder", "endorsements_submission"}
    erasures = erase_two(original, tmp_path)

    with pytest.raises(RuntimeError, match=r"restore\.sh failed"):
        empty.restore(half)
    bring_back(empty, backup, erasures)

    assert differences(original.contents(), empty.contents()) == []
    assert empty.tables_with(*PEOPLE) == set()
