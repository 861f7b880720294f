from typing import Any, ClassVar

from django.db import models


def column(table: type[models.Model], name: str) -> Any:
    """The field of a view's column that a table has under the same name."""
    return table._meta.get_field(name).clone()  # type: ignore[union-attr]  # none is a relation


class PublicModel(models.Model):
    """A row of a view. It is read over the connection `public`, as a role that writes nothing."""

    # The connection that `backend.database.routing` chooses; it refuses to write.
    read_from: ClassVar[str] = "public"
    # The view's SELECT.
    definition: ClassVar[str]
    # Whether what it shows depends on coalition_today(), without any write.
    depends_on_date: ClassVar[bool] = False

    class Meta:
        abstract = True
        managed = False
        default_permissions = ()
