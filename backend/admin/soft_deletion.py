"""Deleting hides, and what was hidden can be found and restored."""

from collections.abc import Iterator
from typing import Any, cast

import psycopg
from django.contrib import admin, messages
from django.contrib.admin.actions import delete_selected
from django.contrib.admin.utils import model_ngettext
from django.contrib.admin.views.main import ChangeList
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponseBase

from backend.admin.history import HistoryAdmin, log_changes
from backend.models.soft_deletion import SoftDeletionModel, SoftDeletionQuerySet

Rows = SoftDeletionQuerySet[SoftDeletionModel]


class DeletedFilter(admin.SimpleListFilter):
    """Shows the live rows, the deleted ones, or both; the live ones unless told otherwise."""

    title = "deleted"
    parameter_name = "deleted"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "Yes"), ("all", "All")]

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        # Without a value Django's filters show all rows, and say so.
        unset, *others = super().choices(changelist)
        yield {**unset, "display": "No"}
        yield from others

    def queryset(self, request: HttpRequest, queryset: Any) -> Rows:
        rows: Rows = queryset
        if self.value() == "all":
            return rows
        return rows.deleted() if self.value() == "yes" else rows.live()


class SoftDeletionAdmin(HistoryAdmin):
    """Deletes softly, and restores. A deleted row can be read, and changed once it is restored."""

    actions = ["delete_selected", "restore"]
    # Django would count the deleted rows too, and in a large table for longer than the page takes.
    show_full_result_count = False
    times = [*HistoryAdmin.times, "deleted_at"]

    def get_queryset(self, request: HttpRequest) -> Rows:
        rows: Rows = self.model.all_objects.order_by(*self.get_ordering(request))
        chosen_from = request.resolver_match and request.resolver_match.url_name == "autocomplete"
        return rows.live() if chosen_from else rows

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_live(obj) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_live(obj) and super().has_delete_permission(request, obj)

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[str], dict[str, int], set[str], list[str]]:
        """What the confirmation shows: the rows, and how many dependants are hidden with them.

        Django's own would refuse, as dependants are protected from the deletion it expects.
        """
        keys = [row.pk for row in objs]
        counts = {str(self.opts.verbose_name_plural): len(keys)}
        forbidden = set()
        for dependant, foreign_key in self.model.dependants():
            hidden = dependant.objects.filter(**{f"{foreign_key}__in": keys}).count()
            counts[str(dependant._meta.verbose_name_plural)] = hidden
            dependant_admin = self.admin_site.get_model_admin(dependant)
            if hidden and not dependant_admin.has_delete_permission(request):
                forbidden.add(str(dependant._meta.verbose_name))
        return [str(row) for row in objs], counts, forbidden, []

    @admin.action(permissions=["delete"], description="Delete selected %(verbose_name_plural)s")
    def delete_selected(self, request: HttpRequest, queryset: Rows) -> HttpResponseBase | None:
        with transaction.atomic():
            # Nobody is logged whom an erasure on its way removes.
            queryset.live().lock()
            return delete_selected(self, request, queryset.live())

    @admin.action(permissions=["change"], description="Restore selected %(verbose_name_plural)s")
    def restore(self, request: HttpRequest, queryset: Rows) -> None:
        """Restore all of the selected rows, or none if a live row is in the way of one."""
        try:
            with transaction.atomic():
                queryset.lock()
                rows = list(queryset.deleted())
                restored = queryset.restore()
                log_changes(request, rows, "Restored.")
        except IntegrityError as error:
            self.message_user(request, self._why_not_restored(error), messages.ERROR)
        else:
            what = f"{restored} {model_ngettext(self.opts, restored)}"
            self.message_user(request, f"Restored {what}.", messages.SUCCESS)

    def _why_not_restored(self, error: IntegrityError) -> str:
        violation = cast("psycopg.Error", error.__cause__).diag
        models = [self.model, *(dependant for dependant, _ in self.model.dependants())]
        reason = next(
            constraint.get_violation_error_message()
            for model in models
            for constraint in model._meta.constraints
            if constraint.name == violation.constraint_name
        )
        return (
            f"Nothing was restored. {reason} {violation.message_detail} "
            "Delete that one first, or leave the row in its way out of the selection."
        )


def is_live(row: SoftDeletionModel | None) -> bool:
    """Whether a row may be changed; no row in particular may be, so actions stay on offer."""
    return row is None or row.deleted_at is None
