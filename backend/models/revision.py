"""What stands for all that a public view shows; `revision_triggers` keeps it."""

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper


class IdentifierField(models.TextField):  # type: ignore[type-arg]  # its stubs alone take one
    """The name of something in the database."""

    def db_type(self, connection: BaseDatabaseWrapper) -> str:  # noqa: ARG002 - Django names it
        # Not text, whose every key Django gives a second index, for LIKE.
        return "name"


class Revision(models.Model):
    """The random numbers of transactions that changed a view, combined by XOR.

    A view's revision is the combination of all of its rows.
    """

    name = IdentifierField(help_text="The view's name.")
    number = models.BigIntegerField()

    class Meta:
        db_table = "coalition_revision"
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.name} {self.number}"
