"""What was sent, beside what is known, in words."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from django.contrib.gis.geos import Point

from backend.models import Endorsement, Stakeholder, Submission
from backend.models.submission import Difference

# Where somebody lives, and how to reach them.
PRIVATE = {"email", "location"}


class Change(NamedTuple):
    """A line of the table: a field, what is known and what was sent."""

    label: str
    known: str
    sent: str


def changes(submission: Submission | None, *, private: bool) -> list[Change]:
    """What approval would change, without e-mail addresses and places unless `private`."""
    found = submission.differences() if submission else []
    return [_change(each) for each in found if private or each.field not in PRIVATE]


def sent_values(submission: Submission, *, private: bool) -> Iterator[tuple[str, str]]:
    """All that was sent, by label, with what was left empty left out."""
    names = ["name", "organization", "role", "email", "type", "state", "county", "location"]
    names += ["public_display", "is_public", "email_updates"]
    for name in names:
        value = getattr(submission, name)
        if value not in ("", None) and (private or name not in PRIVATE):
            yield label_of(name), _text(name, value)


def label_of(name: str) -> str:
    labels = {"public_display": "agrees to be shown", "is_public": "agrees to be listed"}
    model = Endorsement if name == "statement" else Stakeholder
    return labels.get(name) or str(model._meta.get_field(name).verbose_name)  # type: ignore[union-attr]  # a field of its own has one


def _change(difference: Difference) -> Change:
    name, known, sent = difference
    return Change(label_of(name), _text(name, known), _text(name, sent))


def _text(name: str, value: Any) -> str:
    if isinstance(value, Point):
        return f"longitude {value.x:.5f}, latitude {value.y:.5f}"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if name == "type":
        return str(Stakeholder.Type(value).label)
    return str(value) if value not in ("", None) else "nothing"
