"""Rows that are hidden when deleted, and can come back."""

from collections import Counter
from collections.abc import Collection
from typing import Any, ClassVar, Self, TypeVar

from django.db import models, transaction
from django.db.models import F, OuterRef, Subquery, Value
from django.db.models.functions import Cast, Greatest
from django.utils import timezone

M_co = TypeVar("M_co", bound="SoftDeletionModel", covariant=True)


class SoftDeletionQuerySet(models.QuerySet[M_co]):
    """A QuerySet whose `delete()` hides rows, and those that depend on them."""

    def live(self) -> Self:
        return self.filter(deleted_at=None)

    def deleted(self) -> Self:
        return self.exclude(deleted_at=None)

    @transaction.atomic(savepoint=False)
    def delete(self, *, hard: bool = False) -> tuple[int, dict[str, int]]:
        """Hide the live rows and their live dependants; with `hard`, remove the rows for good.

        Returns, as Django does, how many rows went, in all and by model. A hard deletion
        raises ProtectedError while dependants exist, hidden ones included.
        """
        if hard:
            return super().delete()
        keys = self.live().lock()
        now = timezone.now()
        rows: Counter[str] = Counter()
        for dependant, foreign_key in self.model.dependants():
            # All of them: triggers lock the hidden ones too, and would do so out of order.
            locked = dependant.all_objects.filter(**{f"{foreign_key}__in": keys}).lock()
            hidden = dependant.objects.filter(pk__in=locked)
            rows[dependant._meta.label] += hidden.update(deleted_at=now)
        rows[self.model._meta.label] += self._rows(keys).update(deleted_at=now)
        return rows.total(), {label: count for label, count in rows.items() if count}

    # Django refuses both in templates; `from_queryset` must not copy delete() to managers.
    delete.alters_data = True  # type: ignore[attr-defined]  # for Django
    delete.queryset_only = True  # type: ignore[attr-defined]  # for Django

    @transaction.atomic(savepoint=False)
    def restore(self) -> int:
        """Bring deleted rows back, with the dependants that were hidden along with them.

        A row whose parent, or other parent, is hidden stays hidden, and comes back with that one.
        Returns the number of rows that are live again, dependants not counted. Raises
        IntegrityError if a live row has taken a unique value meanwhile.
        """
        keys = self.deleted().lock()
        for dependant, foreign_key in self.model.dependants():
            locked = dependant.all_objects.filter(**{f"{foreign_key}__in": keys}).lock()
            along = dependant.all_objects.filter(
                pk__in=locked, deleted_at=F(f"{foreign_key}__deleted_at")
            )
            along.update(deleted_at=dependant._hidden_parent_since(but=foreign_key))
        self._rows(keys).update(deleted_at=self.model._hidden_parent_since())
        return self._rows(keys).filter(deleted_at=None).count()

    restore.alters_data = True  # type: ignore[attr-defined]  # for Django
    restore.queryset_only = True  # type: ignore[attr-defined]  # for Django

    def lock(self) -> list[Any]:
        """The keys of the rows, for nobody else to change until the end."""
        # In one order everywhere, so that two deletions wait for each other and never deadlock.
        # Without the key: foreign keys are checked at commits, which must wait for nobody.
        locked = self.order_by("pk").select_for_update(of=("self",), no_key=True)
        return list(locked.values_list("pk", flat=True))

    def _rows(self, keys: list[Any]) -> "models.QuerySet[M_co]":
        rows: models.QuerySet[M_co] = self.model.all_objects.using(self.db).filter(pk__in=keys)
        return rows


class LiveManager(models.Manager[M_co]):
    """Sees the rows that are not deleted."""

    def get_queryset(self) -> models.QuerySet[M_co]:
        return super().get_queryset().filter(deleted_at=None)


class SoftDeletionModel(models.Model):
    """A model whose rows are hidden when deleted.

    Rows of soft-deleted models that refer to it are hidden and restored with it.
    """

    deleted_at = models.DateTimeField(null=True, blank=True, editable=False)

    # Each model builds both from its own QuerySet: the live rows, and all of them.
    objects: ClassVar[Any]
    all_objects: ClassVar[Any]

    class Meta:
        abstract = True

    def delete(
        self,
        using: str | None = None,
        keep_parents: bool = False,
        *,
        hard: bool = False,
    ) -> tuple[int, dict[str, int]]:
        """Hide the row and its dependants; with `hard`, remove it. Returns what Django does."""
        if hard:
            return super().delete(using=using, keep_parents=keep_parents)
        deleted = self._as_queryset(using).delete()
        self.refresh_from_db(fields=["deleted_at"], from_queryset=self._as_queryset(using))
        return deleted

    delete.alters_data = True  # type: ignore[attr-defined]  # for Django

    def restore(self) -> int:
        """Bring the row back: 1, or 0 if it was not deleted. See `SoftDeletionQuerySet.restore`."""
        restored = self._as_queryset().restore()
        self.refresh_from_db(fields=["deleted_at"], from_queryset=self._as_queryset())
        return restored

    restore.alters_data = True  # type: ignore[attr-defined]  # for Django

    def validate_constraints(self, exclude: Collection[str] | None = None) -> None:
        """As Django's, with the constraints on live rows, which a form would leave to the database.

        A form excludes the fields that it does not edit, and every constraint that names one.
        """
        super().validate_constraints(exclude=set(exclude or ()) - {"deleted_at"})

    def _as_queryset(self, using: str | None = None) -> SoftDeletionQuerySet[Self]:
        rows: SoftDeletionQuerySet[Self] = type(self).all_objects.using(using).filter(pk=self.pk)
        return rows

    @classmethod
    def dependants(cls) -> list[tuple[type["SoftDeletionModel"], str]]:
        """The soft-deleted models that refer to this one, each with its foreign key's name."""
        return [
            (relation.related_model, relation.field.name)
            for relation in cls._meta.related_objects
            if issubclass(relation.related_model, SoftDeletionModel)
        ]

    @classmethod
    def _hidden_parent_since(cls, *, but: str | None = None) -> Any:
        """When the last of the hidden parents, `but` aside, was hidden; null if all are live."""
        since = [
            Subquery(
                field.related_model.all_objects.filter(pk=OuterRef(field.attname)).values(
                    "deleted_at"
                )
            )
            for field in cls._meta.concrete_fields
            if isinstance(field, models.ForeignKey)
            and issubclass(field.related_model, SoftDeletionModel)
            and field.name != but
        ]
        # GREATEST ignores nulls; Django wants two arguments, PostgreSQL one whose type it knows.
        never = Cast(Value(None), models.DateTimeField())
        return Greatest(never, never, *since)
