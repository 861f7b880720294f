import logging
import re
from contextlib import nullcontext
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import User
from django.contrib.gis.geos import Point
from django.core.management import CommandError, call_command
from django.db import connection, models
from django.utils import timezone
from psycopg import sql
from psycopg.types.json import Jsonb

from backend.actions.confirmation import confirm
from backend.actions.erasing import erase, replay
from backend.actions.errors import NotAllowed
from backend.actions.personal_data import Person
from backend.actions.personal_links import ask_for_link
from backend.actions.reviews import approve
from backend.actions.tallies import miscounts
from backend.models import (
    Endorsement,
    Erasure,
    OutgoingMail,
    PersonalLink,
    PolicyCampaign,
    RedeemedToken,
    Stakeholder,
    Submission,
    Suppression,
    Transition,
)
from backend.models.classification import CLASSIFICATION, Erased
from tests.conftest import Connection
from tests.factories import (
    make_campaign,
    make_endorsement,
    make_stakeholder,
    make_submission,
    publish_legal_texts,
)

pytestmark = pytest.mark.django_db(transaction=True)

CANARY = "xcanary"
EMAIL = f"{CANARY}@example.org"
PLACE = Point(-76.48765432, 38.96543219, srid=4326)
# In a dump: text, bytes, and a geography.
TRACES = [CANARY, CANARY.encode().hex(), PLACE.ewkb.hex().upper()]

REMOVED: dict[str, type[Any]] = {
    label: apps.get_model(label)
    for label, table in CLASSIFICATION.items()
    if table.erased is Erased.REMOVED
}


@pytest.fixture
def person(owner: Connection) -> Stakeholder:
    """Somebody of whom there is something in each column of each table about supporters."""
    reviewer, campaign = User.objects.create_user("reviewer"), make_campaign(slug="reef")
    publish_legal_texts()
    hidden = make_stakeholder(email=EMAIL)
    make_endorsement(stakeholder=hidden, campaign=campaign)
    hidden.delete()
    submission = make_submission(campaign=campaign, email=EMAIL)
    confirm(token=submission.token())
    endorsement = Endorsement.objects.get()
    approve(endorsement_id=endorsement.pk, by=reviewer)
    make_submission(campaign=campaign, email=EMAIL)
    OutgoingMail.objects.create(kind="resend", email=EMAIL, campaign=campaign)
    ask_for_link(email=EMAIL)
    mail = OutgoingMail.objects.get(kind="approved")
    for row in (endorsement.stakeholder, endorsement, submission, mail, hidden):
        LogEntry.objects.log_actions(reviewer.pk, [row], CHANGE, "Changed.")
    for model in REMOVED.values():
        fill_with_canaries(model, owner)
    return endorsement.stakeholder


def fill_with_canaries(model: type[models.Model], owner: Connection) -> None:
    values = {
        str(field.column): canary
        for field in model._meta.concrete_fields
        if (canary := canary_for(field)) is not None
    }
    columns = [sql.SQL("{} = %s").format(sql.Identifier(column)) for column in values]
    update = sql.SQL("UPDATE {} SET {}").format(
        sql.Identifier(model._meta.db_table), sql.SQL(", ").join(columns)
    )
    if values:
        assert owner.execute(update, list(values.values())).rowcount, model


def canary_for(field: "models.Field[Any, Any]") -> Any:
    """None where the database has no room for one, or an erasure would not know whose it is."""
    if field.choices or field.primary_key or field.name == "object_id" or field.generated:
        return None
    kind = field.get_internal_type()
    if isinstance(field, models.EmailField):
        return EMAIL
    if kind in {"CharField", "TextField"}:
        return CANARY
    values = {
        "BinaryField": CANARY.encode(),
        "JSONField": Jsonb({CANARY: CANARY}),
        "PointField": f"SRID=4326;{PLACE.wkt}",
    }
    return values.get(kind)


def dump(owner: Connection) -> dict[str, str]:
    """All that the database holds, by table, as a backup has it."""
    listed = "SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'"
    names = {str(name) for (name,) in owner.execute(listed).fetchall()} - {"spatial_ref_sys"}
    contents = {}
    for name in names:
        copy = sql.SQL("COPY {} TO STDOUT").format(sql.Identifier(name))
        with owner.cursor() as cursor, cursor.copy(copy) as rows:
            contents[name] = b"".join(bytes(row) for row in rows).decode()
    return contents


def tables_with_traces(owner: Connection) -> set[str]:
    found = dump(owner).items()
    return {name for name, content in found if any(trace in content for trace in TRACES)}


class TestErase:
    def test_leaves_no_trace_in_a_dump(self, owner: Connection, person: Stakeholder) -> None:
        tables = {model._meta.db_table for model in REMOVED.values()}
        # Otherwise their absence would mean nothing.
        assert tables_with_traces(owner) == tables

        erase(email=EMAIL.upper())

        assert tables_with_traces(owner) == set()
        for model in REMOVED.values():
            assert not model._base_manager.exists(), model

    def test_keeps_a_digest_under_a_key_and_what_the_address_chose(
        self, person: Stakeholder
    ) -> None:
        Suppression.objects.add(EMAIL, Suppression.Reason.COMPLAINED)

        erase(email=EMAIL)

        [erasure] = Erasure.objects.all()
        assert bytes(erasure.digest) == Erasure.digest_of(EMAIL)
        assert timezone.now() - erasure.erased_at < timedelta(minutes=1)
        assert Suppression.objects.of(EMAIL, campaign_id=None).exists()

    def test_leaves_counts_right(self, person: Stakeholder) -> None:
        campaign = PolicyCampaign.objects.get(slug="reef")
        other = make_endorsement(campaign=campaign)
        assert campaign.endorsements.counted().count() == 2

        erase(email=EMAIL)

        assert list(miscounts()) == []
        assert campaign.endorsements.counted().get() == other

    def test_touches_nothing_of_others(self, person: Stakeholder) -> None:
        others = make_submission(campaign=PolicyCampaign.objects.get(), email="ann@example.org")
        confirm(token=others.token())
        reviewer = User.objects.get()
        endorsement = Endorsement.objects.get(stakeholder__email="ann@example.org")
        approve(endorsement_id=endorsement.pk, by=reviewer)
        ask_for_link(email="ann@example.org")
        LogEntry.objects.log_actions(reviewer.pk, [endorsement], CHANGE, "Changed.")

        erase(email=EMAIL)

        kept: list[type[Any]] = [*REMOVED.values(), PolicyCampaign, User]
        counts = {model: model._base_manager.count() for model in kept}
        assert counts == {
            Stakeholder: 1,
            Endorsement: 1,
            Submission: 1,
            RedeemedToken: 1,
            Transition: 2,
            OutgoingMail: 2,
            PersonalLink: 1,
            LogEntry: 1,
            PolicyCampaign: 1,
            User: 1,
        }

    def test_says_what_it_removed(self, person: Stakeholder) -> None:
        assert erase(email=EMAIL) == {
            "log entries": 5,
            "outgoing mails": 3,
            "personal links": 1,
            "redeemed tokens": 1,
            "submissions": 2,
            "transitions": 2,
            "endorsements": 2,
            "stakeholders": 2,
        }

    def test_of_nobody_notes_nothing(self) -> None:
        assert erase(email="nobody@example.org") == {}
        assert not Erasure.objects.exists()

    def test_lets_no_decision_be_taken_after(self, person: Stakeholder) -> None:
        key = Endorsement.objects.get().pk
        erase(email=EMAIL)

        with pytest.raises(NotAllowed):
            approve(endorsement_id=key, by=User.objects.get())


class TestReplay:
    @pytest.fixture
    def backup(self, person: Stakeholder) -> dict[str, Any]:
        """A person who was erased, and whom a backup brought back."""
        erase(email=EMAIL)
        returned = make_endorsement(stakeholder=make_stakeholder(email=EMAIL))
        an_hour_ago = timezone.now() - timedelta(hours=1)
        Stakeholder.objects.update(created_at=an_hour_ago)
        return {"endorsement": returned}

    def test_erases_again_whoever_was_erased_since(self, backup: dict[str, Any]) -> None:
        other = make_endorsement()

        assert replay() == 1

        assert Endorsement.all_objects.get() == other
        assert replay() == 0

    def test_leaves_whoever_came_back_after_it(self, backup: dict[str, Any]) -> None:
        Stakeholder.objects.update(created_at=timezone.now())

        assert replay() == 0

        assert Endorsement.objects.exists()

    @pytest.mark.parametrize("of", ["log", "table"])
    def test_reads_what_was_erased_after_the_backup_from_a_file(
        self,
        person: Stakeholder,
        owner: Connection,
        caplog: pytest.LogCaptureFixture,
        tmp_path: Path,
        of: str,
    ) -> None:
        with caplog.at_level(logging.INFO):
            erase(email=EMAIL)
        copies = {
            "log": "\n".join(f"2026-11-28 10:00:00,000 INFO {text}" for text in caplog.messages),
            "table": dump(owner)["stakeholders_erasure"],
        }
        kept = tmp_path / "erasures"
        kept.write_text(f"Nothing.\n{copies[of]}\n")
        Erasure.objects.all().delete()
        make_stakeholder(email=EMAIL)
        Stakeholder.objects.update(created_at=timezone.now() - timedelta(hours=1))
        out = StringIO()

        call_command("replay_erasures", str(kept), stdout=out)

        assert out.getvalue() == "Read 1 erasures.\nErased 1 addresses again.\n"
        assert not Stakeholder.all_objects.exists()
        assert Erasure.objects.exists()

    def test_logs_nothing_but_a_digest(
        self, person: Stakeholder, caplog: pytest.LogCaptureFixture
    ) -> None:
        with caplog.at_level(logging.INFO):
            erase(email=EMAIL)

        assert re.search(r"Erased [0-9a-f]{32} at ", caplog.text)
        assert CANARY not in caplog.text


class TestTransitions:
    def test_stay_on_record_while_their_endorsement_does(self, person: Stakeholder) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT coalition_erase_transitions(ARRAY[%s]::bigint[])",
                [Endorsement.objects.get().pk],
            )

        assert Transition.objects.count() == 2


class TestCommands:
    def test_erase_person_removes_and_says_what(self, person: Stakeholder) -> None:
        out = StringIO()

        call_command("erase_person", EMAIL, yes=True, stdout=out)

        assert out.getvalue().startswith("Erased 5 log entries, 3 outgoing mails")
        assert not Stakeholder.all_objects.exists()

    @pytest.mark.parametrize(("answer", "is_kept"), [("yes", False), ("no", True), ("", True)])
    def test_erase_person_asks_first(
        self, person: Stakeholder, monkeypatch: pytest.MonkeyPatch, answer: str, is_kept: bool
    ) -> None:
        monkeypatch.setattr("builtins.input", lambda _prompt: answer)
        refusal = pytest.raises(CommandError, match="Nothing was erased")

        with refusal if is_kept else nullcontext():
            call_command("erase_person", EMAIL, stdout=StringIO())

        assert Stakeholder.all_objects.exists() is is_kept

    def test_export_person_writes_every_row_as_json(self, person: Stakeholder) -> None:
        out = StringIO()

        call_command("export_person", EMAIL, stdout=out)

        for model, rows in Person.at(EMAIL).rows().items():
            name = str(model._meta.verbose_name_plural).replace(" ", "_")
            assert out.getvalue().count(f'"{name}": [\n') == 1
            assert rows.exists()
        assert CANARY in out.getvalue()

    @pytest.mark.parametrize("command", ["erase_person", "export_person"])
    def test_say_when_nothing_is_stored(self, command: str) -> None:
        with pytest.raises(CommandError, match="Nothing is stored"):
            call_command(command, "nobody@example.org")
