"""A form that was made from what somebody else has changed since: it is not saved."""

import json
from collections.abc import Iterable
from hashlib import sha256
from typing import Any

from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db.models import Model
from django.forms import ModelForm, model_to_dict
from django.http import HttpRequest, HttpResponse
from django.utils.formats import date_format
from django.utils.timezone import localtime

VERSION = "_version"


class VersionedAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # it takes one in its stubs alone
    """Has the version of what it shows in its form, of the fields that can be edited alone.

    Whoever saves has the row locked: `get_object` of HistoryAdmin does so.
    """

    def version(self, request: HttpRequest, row: Model) -> str:
        """Of the fields of the form and of its inlines, as they are stored now."""
        stored = self.model._base_manager.get(pk=row.pk)
        fields = super().get_form(request, stored, change=True).base_fields
        values: list[Any] = [_values(stored, fields)]
        for formset, inline in self.get_formsets_with_inlines(request, stored):
            rows = formset(instance=stored, queryset=inline.get_queryset(request)).get_queryset()
            fields = formset.form.base_fields
            values += [[each.pk, _values(each, fields)] for each in rows]
        return sha256(json.dumps(values, default=str).encode()).hexdigest()[:32]

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> "type[ModelForm[Any]]":
        form: type[ModelForm[Any]] = super().get_form(request, obj, change=change, **kwargs)
        sent = request.POST.get(VERSION)
        if obj is None or sent is None or sent == self.version(request, obj):
            return form
        return _refused(form, _who_was_faster(obj))

    def render_change_form(
        self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        row = kwargs.get("obj")
        version = self.version(request, row) if row is not None and row.pk else ""
        return super().render_change_form(request, context | {"version": version}, *args, **kwargs)


def _values(row: Model, fields: Iterable[str]) -> dict[str, Any]:
    return model_to_dict(row, fields=[*fields])


def _refused(form: "type[ModelForm[Any]]", why: str) -> "type[ModelForm[Any]]":
    def clean(self: "ModelForm[Any]") -> Any:
        cleaned = form.clean(self)
        self.add_error(None, why)
        return cleaned

    return type(form.__name__, (form,), {"clean": clean})


def _who_was_faster(row: Model) -> str:
    entries = LogEntry.objects.filter(
        content_type=ContentType.objects.get_for_model(row), object_id=str(row.pk)
    )
    last = entries.select_related("user").order_by("-action_time").first()
    by = f" ({last.user}, {date_format(localtime(last.action_time), 'F j, H:i')})" if last else ""
    return (
        f"Somebody else has changed this since you opened it{by}. Nothing is saved, and what you "
        "typed is still here. Look at what it is now in another tab; to replace it, save again."
    )
