"""Serializers of what is written: the rules are the model's, and all errors are told at once."""

from collections.abc import Mapping
from copy import copy
from typing import Any, TypeVar, cast

from django.core.exceptions import ValidationError as DjangoValidationError
from django.db.models import Model
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.fields import SkipField, empty, get_error_detail
from rest_framework.settings import api_settings
from rest_framework.validators import UniqueValidator

from backend.http.invalid_values import coded_messages

M = TypeVar("M", bound=Model)
Errors = dict[str, Any]

# The key of the errors that are of no one member.
WHOLE = api_settings.NON_FIELD_ERRORS_KEY

# Instead of DRF's own, which show what a value is to Python.
MESSAGES = {
    "does_not_exist": "There is none with this value.",
    "incorrect_type": "Give a value of another type.",
    "invalid_choice": "Give one of the values that there are.",
    "not_a_dict": "Give an object.",
    "not_a_list": "Give an array.",
}


class StrictSerializer(serializers.Serializer[Any]):
    """A serializer that refuses members of a body that are unknown or read-only."""

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        fields = super().get_fields()
        for field in fields.values():
            _replace_messages(field)
        return fields

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        values, errors = self.read(data)
        if errors:
            raise ValidationError(errors)
        return values

    def read(self, data: Any) -> tuple[dict[str, Any], Errors]:
        """The values of the valid members, by their source, and the errors of the others."""
        if not isinstance(data, Mapping):
            raise ValidationError({WHOLE: [ErrorDetail("Give an object.", code="invalid")]})
        values: dict[str, Any] = {}
        errors = self._refused(data)
        for name, field in self.writable.items():
            try:
                self.set_value(values, field.source_attrs, self._valid(field, data))
            except ValidationError as error:
                errors[name] = error.detail
            except DjangoValidationError as error:
                errors[name] = get_error_detail(error)
            except SkipField:
                pass
        return values, errors

    @property
    def writable(self) -> dict[str, Any]:
        """The fields that a client may write, by name."""
        return {str(field.field_name): field for field in self._writable_fields}

    def _valid(self, field: Any, data: Mapping[str, Any]) -> Any:
        given = field.get_value(data)
        _require_json_type(field, given)
        value = field.run_validation(given)
        validate = getattr(self, f"validate_{field.field_name}", None)
        return validate(value) if validate else value

    def _refused(self, data: Mapping[str, Any]) -> Errors:
        unknown = f"This is not known. There are {', '.join(sorted(self.writable))}."
        return {
            name: [
                ErrorDetail("This cannot be written.", code="read_only")
                if name in self.fields
                else ErrorDetail(unknown, code="unknown")
            ]
            for name in data
            if name not in self.writable
        }


# What DRF would make of other types: True of 1 and "on", a number of "7", "7" of a number.
JSON_TYPES: dict[Any, tuple[Any, str]] = {
    serializers.BooleanField: (bool, "Give true or false."),
    serializers.CharField: (str, "Give a string."),
    serializers.IntegerField: (int, "Give a whole number."),
}


def _require_json_type(field: Any, value: Any) -> None:
    """Raises ValidationError for a value that only looks like what the document describes."""
    if value is empty or value is None:
        return
    if isinstance(value, float) and value.is_integer():
        value = int(value)  # to JSON, 5.0 is the number 5
    for kind, (json_type, message) in JSON_TYPES.items():
        # Not by isinstance(): a bool is an int to Python.
        if isinstance(field, kind) and type(value) is not json_type:
            raise ValidationError([ErrorDetail(message, code="invalid")])


def _replace_messages(field: Any) -> None:
    """Replace DRF's messages in a field, and in the field of its items."""
    replaced = field.error_messages.keys() & MESSAGES
    field.error_messages |= {key: MESSAGES[key] for key in replaced}
    child = getattr(field, "child", None) or getattr(field, "child_relation", None)
    if child is not None:
        _replace_messages(child)


class StrictModelSerializer(StrictSerializer, serializers.ModelSerializer[M]):
    """Writes rows that their model's `full_clean()` lets pass.

    Uniqueness is the model's too: a value that is taken is an error of its member, and one that
    another request takes meanwhile is a conflict. What the client does not say, such as the
    parent of a new row, is set in an unsaved instance that the serializer is given.
    """

    def read(self, data: Any) -> tuple[dict[str, Any], Errors]:
        values, errors = super().read(data)
        return values, errors | self._errors_of_model(values, errors)

    def _errors_of_model(self, values: dict[str, Any], errors: Errors) -> Errors:
        """Those that the model finds beside these; without any, `values` are as it cleaned them."""
        instance = self._instance_with(values)
        try:
            instance.full_clean(exclude=self._not_cleaned(errors))
        except DjangoValidationError as error:
            return self._by_member(error.error_dict, errors)
        values |= {name: getattr(instance, name) for name in self._columns() & values.keys()}
        return {}

    def _instance_with(self, values: dict[str, Any]) -> Model:
        # A copy: what turns out not to be valid must not be left in the instance.
        instance = self._model() if self.instance is None else copy(cast("Model", self.instance))
        for name in self._columns() & values.keys():
            setattr(instance, name, values[name])
        return instance

    def _not_cleaned(self, errors: Errors) -> set[str]:
        """The model's fields that have an error already, or that nobody has given a value yet."""
        failed = {field.source for name, field in self.writable.items() if name in errors}
        written = {field.source for field in self.writable.values()}
        return failed if self.instance is not None else failed | (self._columns() - written)

    def _by_member(
        self, found: Mapping[str, list[DjangoValidationError]], errors: Errors
    ) -> Errors:
        """The errors of members that have none yet; those of other fields are the whole's."""
        names = {field.source: name for name, field in self.writable.items()}
        members: Errors = {}
        for source, of_field in found.items():
            name = names.get(source, WHOLE)
            if name not in errors:
                messages = coded_messages(DjangoValidationError(of_field))
                details = [ErrorDetail(message, code) for code, message in messages]
                members[name] = members.get(name, []) + details
        return members

    @property
    def _model(self) -> type[Model]:
        return cast("type[Model]", self.Meta.model)

    def _columns(self) -> set[str]:
        return {field.name for field in self._model._meta.concrete_fields}

    def build_standard_field(self, field_name: str, model_field: Any) -> Any:
        field_class, arguments = super().build_standard_field(field_name, model_field)
        validators = arguments.get("validators", [])
        arguments["validators"] = [
            each for each in validators if not isinstance(each, UniqueValidator)
        ]
        return field_class, arguments

    def get_unique_together_constraints(self, model: Any) -> Any:  # noqa: ARG002  # as inherited
        return iter(())
