from typing import Any

import pytest
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.migrations import Migration, operations
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

from tests.contract.migrations import breaks, loaded, released_names

NAME = models.CharField(max_length=50, default="")
UNIQUE = models.UniqueConstraint(fields=["name"], name="unique_name")
SQL = operations.RunSQL("DROP VIEW public_stakeholder")


@pytest.fixture(scope="module")
def released() -> ProjectState:
    return loaded(released_names())[1]


def migration(*listed: Operation, **attributes: Any) -> Migration:
    kind = type("Migration", (Migration,), {"operations": listed, **attributes})
    made: Migration = kind("0099_next", "coalition")
    return made


def column(action: Any, field: "models.Field[Any, Any] | None", name: str = "name") -> Operation:
    keywords = {"field": field} if field else {}
    operation: Operation = action(model_name="Stakeholder", name=name, **keywords)
    return operation


class TestTheLastRelease:
    @pytest.mark.parametrize(
        ("operation", "said"),
        [
            (column(operations.RemoveField, None), "removes or renames a column"),
            (
                operations.RenameField("stakeholder", old_name="name", new_name="title"),
                "removes or renames a column",
            ),
            (column(operations.AddField, NAME, "title"), "give it a db_default"),
            (column(operations.AlterField, models.IntegerField()), "changes a column"),
            (column(operations.AlterField, NAME), "changes a column"),
            (
                column(operations.AlterField, models.CharField(max_length=300), "organization"),
                "changes a column",
            ),
            (operations.DeleteModel("Stakeholder"), "removes or renames a table"),
            (operations.RenameModel("Stakeholder", "Person"), "removes or renames a table"),
            (operations.AlterModelTable("Stakeholder", "people"), "removes or renames a table"),
            (operations.AddConstraint("Stakeholder", UNIQUE), "cannot be judged"),
            (operations.RemoveConstraint("Stakeholder", "unique_email"), "cannot be judged"),
            (SQL, "cannot be judged"),
            (
                operations.SeparateDatabaseAndState(
                    database_operations=[column(operations.RemoveField, None)]
                ),
                "removes or renames a column",
            ),
        ],
    )
    def test_would_stumble_over(
        self, released: ProjectState, operation: Operation, said: str
    ) -> None:
        (found,) = breaks([migration(operation)], released)

        assert found.startswith("0099_next: ")
        assert said in found

    @pytest.mark.parametrize(
        "operation",
        [
            column(operations.AddField, models.TextField(db_default=""), "title"),
            column(operations.AddField, models.IntegerField(null=True), "age"),
            column(operations.AddField, ArrayField(models.TextField(), null=True), "tags"),
            column(
                operations.AlterField,
                models.CharField("full name", max_length=900, null=True, help_text="As spoken."),
            ),
            operations.AddIndex("Stakeholder", models.Index(fields=["name"], name="idx_name")),
            operations.CreateModel("Vote", [("id", models.BigAutoField(primary_key=True))]),
            operations.AddConstraint("Vote", UNIQUE),
            operations.DeleteModel("Vote"),
            column(operations.RemoveField, None, "title"),
            operations.SeparateDatabaseAndState(
                state_operations=[column(operations.RemoveField, None)]
            ),
        ],
    )
    def test_serves_on_after(self, released: ProjectState, operation: Operation) -> None:
        assert list(breaks([migration(operation)], released)) == []

    def test_is_taken_at_the_word_of_whoever_gives_a_reason(self, released: ProjectState) -> None:
        reasoned = migration(SQL, compatible="It reads another view.")

        assert list(breaks([reasoned], released)) == []

    def test_is_read_as_it_was_whatever_the_reason(self, released: ProjectState) -> None:
        removal = migration(column(operations.RemoveField, None), compatible="Nobody knows it.")

        assert list(breaks([removal], released)) != []

    def test_serves_on_after_our_own(self) -> None:
        assert list(breaks(*loaded(released_names()))) == []

    def test_would_not_have_after_what_was_added_before_it(self) -> None:
        found = list(breaks(*loaded(["0001_initial"])))

        assert any("0008_endorsing" in each for each in found)
