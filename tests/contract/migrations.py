"""Whether the last release still runs on a database that the migrations since have changed.

python -m tests.contract.migrations

That release serves while they run and after, until the last of its tasks is replaced. So what it
reads and writes stays: its models are those of released_migrations.txt. django-migration-linter
judges statements, and would refuse what no release has had, or what the last one has given up; it
takes a column for gone that the state alone has lost, which is how it is given up.
"""

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import django
from django.db.migrations import Migration, operations
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ModelState, ProjectState
from django.db.models import Field

APP = "coalition"
RELEASED = Path(__file__).with_name("released_migrations.txt")

# Nothing that is there is changed by them but for how fast it is found, or in Python alone.
HARMLESS = (
    operations.CreateModel,
    operations.AddIndex,
    operations.RemoveIndex,
    operations.RenameIndex,
    operations.AlterConstraint,
    operations.AlterModelOptions,
    operations.AlterModelManagers,
)

Judge = Callable[[Any, ModelState], str | None]


def added_field(operation: operations.AddField, _model: ModelState) -> str | None:
    field = operation.field
    if field.null or field.many_to_many or field.generated or field.has_db_default():
        return None
    return "adds a column that the last release leaves out of its rows: give it a db_default"


def altered_field(operation: operations.AlterField, model: ModelState) -> str | None:
    before = model.fields.get(operation.name)
    if before is None or stored(before) == stored(operation.field):
        return None
    if widens(stored(before), stored(operation.field)):
        return None
    return "changes a column that the last release uses"


def gone_field(operation: Any, model: ModelState) -> str | None:
    name = getattr(operation, "old_name", None) or operation.name
    return (
        "removes or renames a column that the last release uses" if name in model.fields else None
    )


def gone_model(_operation: Any, _model: ModelState) -> str:
    return "removes or renames a table that the last release uses"


JUDGES: dict[type[Operation], Judge] = {
    operations.AddField: added_field,
    operations.AlterField: altered_field,
    operations.RemoveField: gone_field,
    operations.RenameField: gone_field,
    operations.DeleteModel: gone_model,
    operations.RenameModel: gone_model,
    operations.AlterModelTable: gone_model,
}


def stored(field: "Field[Any, Any]") -> dict[str, Any]:
    """What the database knows of a field."""
    _, path, arguments, keywords = field.deconstruct()
    ours = {"default", *field.non_db_attrs} - {"db_column"}
    known = {name: value for name, value in keywords.items() if name not in ours}
    return known | {"type": path, "arguments": arguments, "null": field.null}


def widens(before: dict[str, Any], after: dict[str, Any]) -> bool:
    """Whether what could be stored still can, and what was left out still may be."""
    changed = {name for name in {*before, *after} if before.get(name) != after.get(name)}
    longest = after.get("max_length", sys.maxsize)
    return (
        changed <= {"null", "max_length", "db_default", "db_index"}
        # To allow NULL is how a column is given up.
        and after["null"] >= before["null"]
        and longest >= before.get("max_length", sys.maxsize)
        and ("db_default" in after or "db_default" not in before)
    )


def flat(listed: Iterable[Operation]) -> Iterator[Operation]:
    """The operations that change the database."""
    for operation in listed:
        if isinstance(operation, operations.SeparateDatabaseAndState):
            yield from flat(operation.database_operations)
        else:
            yield operation


def released_model(operation: Any, released: ProjectState) -> ModelState | None:
    """The one that an operation is about, as the last release knows it."""
    names = (getattr(operation, each, None) for each in ("model_name", "old_name", "name"))
    name = next((each for each in names if each), "")
    return released.models.get((APP, name.lower()))


def objection(operation: Operation, released: ProjectState, reason: str) -> str | None:
    """Why the last release would stumble over an operation, or may, for all that is known."""
    if isinstance(operation, HARMLESS):
        return None
    model, judge = released_model(operation, released), JUDGES.get(type(operation))
    if judge:
        objected = judge(operation, model) if model else None
        return None if reason and isinstance(operation, operations.AlterField) else objected
    if reason or (isinstance(operation, operations.AddConstraint) and not model):
        return None
    return "cannot be judged: say in the migration's attribute `compatible` why it breaks nothing"


def breaks(migrations: Iterable[Migration], released: ProjectState) -> Iterator[str]:
    for migration in migrations:
        reason = getattr(migration, "compatible", "")
        for operation in flat(migration.operations):
            if objected := objection(operation, released, reason):
                yield f"{migration.name}: {operation.describe()}: {objected}."


def loaded(names: list[str]) -> tuple[list[Migration], ProjectState]:
    """The migrations that are not named, and the models after those that are."""
    loader = MigrationLoader(None)
    nodes = [(APP, name) for name in names]
    released = loader.graph.make_state(nodes=nodes, at_end=True)
    plan = [
        node
        for leaf in loader.graph.leaf_nodes(APP)
        for node in loader.graph.forwards_plan(leaf)
        if node[0] == APP and node not in nodes
    ]
    return [loader.graph.nodes[node] for node in dict.fromkeys(plan)], released


def released_names() -> list[str]:
    lines = RELEASED.read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backend.settings.development")
    django.setup()
    found = list(breaks(*loaded(released_names())))
    for each in found:
        print(each, file=sys.stderr)
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
