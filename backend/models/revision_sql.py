"""What the triggers of `revision_triggers` are made of: when to revise, and what to hold."""

# What is put into the SQL are constants of ours.
# ruff: noqa: S608

import pgtrigger

from backend.models.triggers import OwnersTrigger

# Classes of advisory locks, whose second key is a row's. Any numbers would do that nothing else
# uses.
CAMPAIGN_LOCK = 7_305_003
HOMEPAGE_LOCK = 7_305_004


def revise(*views: str) -> str:
    names = ", ".join(f"'{view}'" for view in views)
    return f"PERFORM coalition_revise({names});"


def revise_if(shown: str, *views: str, hold: str, missing: str = "false") -> str:
    """Revise the views if something is `shown`.

    If nothing is, `hold` waits for transactions that may be about to show it, and makes later
    ones wait. A parent that is `missing` counts as shown.
    """
    revised = " AND ".join(f"coalition_is_revised('{view}')" for view in views)
    return f"""
        IF {revised} THEN
            RETURN NULL;
        END IF;
        IF NOT {shown} THEN
            {hold}
            IF NOT {shown} AND NOT {missing} THEN
                RETURN NULL;
            END IF;
        END IF;
        {revise(*views)}
    """


def share(lock: int, keys: str) -> str:
    """Keep the rows with these keys, a query's column `id`, from being shown or hidden."""
    return f"""
        PERFORM pg_advisory_xact_lock_shared({lock}, (id % 2147483648)::integer)
        FROM ({keys}) AS parent ORDER BY id;
    """


def take(lock: int) -> str:
    """Wait for those who rely on a row that is now shown or hidden."""
    return f"PERFORM pg_advisory_xact_lock({lock}, (NEW.id % 2147483648)::integer);"


def is_missing(table: str, keys: str) -> str:
    """Whether one of the rows with these keys is gone already, or does not exist yet.

    Foreign keys are checked at the commit, so a parent may go before what refers to it. Whether
    it was shown is then unknown.
    """
    found = f"SELECT id FROM {table} WHERE id IN ({keys})"
    return f"EXISTS (SELECT FROM unnest(ARRAY[{keys}]) AS key WHERE key NOT IN ({found}))"


class RowTrigger(OwnersTrigger):
    level = pgtrigger.Row


class StatementTrigger(OwnersTrigger):
    level = pgtrigger.Statement


def row(name: str, shown: str, columns: str) -> str:
    """What a view shows of OLD or NEW: nothing unless the condition `shown` holds."""
    values = [shown.format(row=name), *(f"{name}.{column}" for column in columns.split())]
    return f"ROW({', '.join(values)})"


def of_rows(
    *, shown: str, columns: str, inserted: str, updated: str, deleted: str
) -> list[pgtrigger.Trigger]:
    """Triggers for the rows that are `shown`, and for changes of their columns.

    A row of which nothing is shown, before and after, costs no call of a function.
    """
    old, new = (shown.format(row=name) for name in ("OLD", "NEW"))
    differs = f"{row('OLD', shown, columns)} IS DISTINCT FROM {row('NEW', shown, columns)}"
    return [
        RowTrigger(
            name="revise_inserted",
            operation=pgtrigger.Insert,
            condition=pgtrigger.Condition(f"({new})"),
            func=inserted,
        ),
        RowTrigger(
            name="revise_updated",
            operation=pgtrigger.Update,
            condition=pgtrigger.Condition(f"(({old} OR {new}) AND {differs})"),
            func=updated,
        ),
        RowTrigger(
            name="revise_deleted",
            operation=pgtrigger.Delete,
            condition=pgtrigger.Condition(f"({old})"),
            func=deleted,
        ),
    ]


def truncated(*views: str) -> pgtrigger.Trigger:
    return StatementTrigger(
        name="revise_truncated", operation=pgtrigger.Truncate, func=revise(*views)
    )


def toggled(shown: str, then: str) -> str:
    old, new = (shown.format(row=name) for name in ("OLD", "NEW"))
    return f"IF ({old}) IS DISTINCT FROM ({new}) THEN {then} END IF;"
