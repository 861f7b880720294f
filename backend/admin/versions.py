"""A form that was made from what somebody else has changed since: it is not saved."""

import json
import re
from collections.abc import Iterable, Mapping
from functools import partial
from hashlib import sha256
from typing import Any

from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.admin.utils import display_for_field
from django.contrib.contenttypes.models import ContentType
from django.contrib.gis.geos import Point
from django.db import connection
from django.db.models import Max, Model, Q
from django.forms import ModelForm, model_to_dict
from django.http import HttpRequest, HttpResponse
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.timezone import localtime

VERSION = "_version"
# A digest of what can be edited, and the newest line of the log at that time.
WRITTEN = re.compile(r"([0-9a-f]{32})-([0-9]{1,9})")
LONGEST_SHOWN = 300
GONE = (
    "Somebody has deleted this meanwhile. To keep what it says, copy that into a new one; "
    "tick Delete to go on without it."
)


class RefusedForm(ModelForm):  # type: ignore[type-arg]  # only in its stubs
    """Is never valid, whatever else is wrong with it."""

    why: str | SafeString

    def full_clean(self) -> None:
        super().full_clean()
        self.add_error(None, self.why)


class VersionedAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # it takes one in its stubs alone
    """Has the version of what it shows in its form: of all that can be edited there, alone."""

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Model | None:
        """The row; where it is to be changed, for nobody else to change or erase until the end."""
        row: Model | None = super().get_object(request, object_id, from_field)
        if row is None or request.method != "POST" or not connection.in_atomic_block:
            return row
        self.lock(row)
        # Django would insert anew what somebody has erased meanwhile.
        again: Model | None = super().get_object(request, object_id, from_field)
        return again

    def lock(self, row: Any) -> None:
        """Lock it, and then its inlines: as all do who lock both."""
        list(self.model._base_manager.select_for_update(no_key=True).filter(pk=row.pk))
        for inline in self.inlines:
            rows = inline.model._base_manager.select_for_update(no_key=True)
            list(rows.filter(**{_key_to(self.model, inline.model): row}).order_by("pk"))

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> "type[ModelForm[Any]]":
        form: type[ModelForm[Any]] = super().get_form(request, obj, change=change, **kwargs)
        sent = request.POST.get(VERSION)
        if obj is None or sent is None:
            return form
        written = WRITTEN.fullmatch(sent)
        digest, newest = written.groups() if written else ("", None)
        if digest == self._digest(request, *self._stored(request, obj)):
            return form
        why = _why(request, self._changes_since(request, obj, newest))
        return type(form.__name__, (RefusedForm, form), {"why": why})

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """With the version of what the form was made from; or, after a POST, of what is stored."""
        row = kwargs.get("obj")
        if row is None or not row.pk:
            return super().render_change_form(request, context, *args, **kwargs)
        form = context["adminform"].form
        formsets = [each.formset for each in context["inline_admin_formsets"]]
        shown = (row, formsets) if request.method != "POST" else self._stored(request, row)
        newest = LogEntry.objects.aggregate(newest=Max("pk"))["newest"] or 0
        version = f"{self._digest(request, *shown)}-{newest}"
        if isinstance(form, RefusedForm):
            _tell_of_changes(form, formsets)
        return super().render_change_form(request, context | {"version": version}, *args, **kwargs)

    def _stored(self, request: HttpRequest, row: Model) -> tuple[Model, list[Any]]:
        """It and its inlines, read anew: a form that was sent has changed those it was given."""
        stored = self.model._base_manager.get(pk=row.pk)
        formsets = [
            formset(instance=stored, queryset=inline.get_queryset(request))
            for formset, inline in self.get_formsets_with_inlines(request, stored)
        ]
        return stored, formsets

    def _digest(self, request: HttpRequest, row: Model, formsets: Iterable[Any]) -> str:
        fields = super().get_form(request, row, change=True).base_fields
        values = [_values(row, fields)]
        for formset in formsets:
            values += [_values(each, formset.form.base_fields) for each in formset.get_queryset()]
        return sha256(json.dumps(values, default=str).encode()).hexdigest()[:32]

    def _changes_since(self, request: HttpRequest, row: Model, newest: str | None) -> Any:
        """What the log has since that line of the row, and of what the form has of its inlines."""
        if newest is None:
            return LogEntry.objects.none()
        of_form = _of(row, [str(row.pk)])
        for formset, inline in self.get_formsets_with_inlines(request, row):
            keys = re.compile(rf"{formset.get_default_prefix()}-\d+-{inline.opts.pk.name}")
            sent = [str(request.POST[name]) for name in request.POST if keys.fullmatch(name)]
            of_form |= _of(inline.model, sent)
        return LogEntry.objects.filter(of_form, pk__gt=int(newest))


def _key_to(model: Any, inline: Any) -> str:
    """The name of the inline's foreign key."""
    return next(str(each.name) for each in inline._meta.fields if each.related_model is model)


def _of(model: Any, keys: Iterable[str]) -> Q:
    kind = ContentType.objects.get_for_model(model)
    return Q(content_type=kind, object_id__in=[key for key in keys if key.isdecimal()])


def _values(row: Model, fields: Mapping[str, Any]) -> list[Any]:
    """The key and what can be edited; of several rows the keys, for they have no order."""
    values = model_to_dict(
        row, fields=[name for name, field in fields.items() if not field.disabled]
    )
    for each in row._meta.many_to_many:
        if each.name in values:
            values[each.name] = sorted(other.pk for other in values[each.name])
    return [row.pk, values]


def _why(request: HttpRequest, changes: Any) -> SafeString:
    last = changes.select_related("user").order_by("-pk").first()
    who, when = "Somebody else has", ""
    if last is not None:
        is_own = last.user_id == request.user.pk
        who = "You yourself, in another window, have" if is_own else f"{last.user} has"
        when = f" ({date_format(localtime(last.action_time), 'F j, H:i')})"
    return format_html(
        "{} changed this since you opened it{}. Nothing is saved; what you typed is still here: "
        'see <a href="{}" target="_blank" rel="noopener">what is stored now</a>; '
        "to replace it with what stands here, save again.",
        who,
        when,
        request.path,
    )


def _tell_of_changes(form: Any, formsets: Iterable[Any]) -> None:
    _tell(form)
    for formset in formsets:
        for each in formset.initial_forms:
            _tell(each)
        # Django would show each with what is stored in its place now, and none for what is gone.
        formset.get_queryset = partial(_instances, formset)


def _instances(formset: Any) -> list[Model]:
    return [each.instance for each in formset.initial_forms]


def _tell(form: Any) -> None:
    """Beside each field of the form, what is stored where that is not what was typed."""
    stored = type(form.instance)._base_manager.filter(pk=form.instance.pk).first()
    if stored is None:
        form.add_error(None, GONE)
        return
    for name in form.changed_data:
        if name in form.initial:
            form.add_error(name, f"Stored now: {_in_words(stored, name) or 'nothing'}")


def _in_words(row: Model, name: str) -> str:
    field: Any = row._meta.get_field(name)
    value = getattr(row, name)
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, Point):
        return f"longitude {value.x:.6f}, latitude {value.y:.6f}"
    if field.many_to_many:
        value = list(value.all())
    words = display_for_field(value, field, "", avoid_link=True)
    return Truncator(str(words)).chars(LONGEST_SHOWN)
