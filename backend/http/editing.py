"""Changing what others may change too: preconditions (RFC 9110) and merge patches (RFC 7396)."""

import hashlib
import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.http import HttpRequest
from django.utils.http import parse_etags

from backend.http.errors import InvalidParameters, Problem
from backend.http.invalid_values import at_header
from backend.http.parsers import StrictJSONParser
from backend.http.serializers import StrictSerializer


class MergePatchParser(StrictJSONParser):
    media_type = "application/merge-patch+json"


def editable(serializer: StrictSerializer) -> dict[str, Any]:
    """What a client may change, as the serializer shows it."""
    shown = serializer.data
    return {name: shown[name] for name in serializer.writable if name in shown}


def etag_of(serializer: StrictSerializer) -> str:
    """A strong tag that another has as soon as something that a client may change is another."""
    values = [serializer.instance.pk, editable(serializer)]  # type: ignore[union-attr]  # it has one
    text = json.dumps(values, sort_keys=True, cls=DjangoJSONEncoder)
    return f'"{hashlib.sha256(text.encode()).hexdigest()[:24]}"'


def require_match(request: HttpRequest, etag: str) -> None:
    """Raises a problem unless If-Match names the tag: 428 without it, 412 for another.

    Weak tags match nothing, and `*` whatever there is (RFC 9110, section 13.1.1).
    """
    header = request.META.get("HTTP_IF_MATCH")
    if header is None:
        raise Problem(HTTPStatus.PRECONDITION_REQUIRED)
    tags = parse_etags(header)
    if not tags:
        message = 'Give the ETag of what you read, in its quotes, such as "5d41402a".'
        raise InvalidParameters([{**at_header("If-Match"), "code": "invalid", "message": message}])
    if etag not in tags and "*" not in tags:
        raise Problem(HTTPStatus.PRECONDITION_FAILED, headers={"ETag": etag})


def merged(target: Any, patch: Any) -> Any:
    """The target as the patch changes it (RFC 7396, section 2)."""
    if not isinstance(patch, Mapping):
        return patch
    result = dict(target) if isinstance(target, Mapping) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = merged(result.get(name), value)
    return result


def patched(serializer: StrictSerializer, patch: Mapping[str, Any]) -> dict[str, Any]:
    """The whole body that a merge patch stands for: what it leaves out is as it was.

    A member that it removes is null, where that is allowed, or as in a new row.
    """
    now = editable(serializer)
    body: dict[str, Any] = merged(now, patch)
    for name in now.keys() - body.keys():
        field = serializer.writable[name]
        if field.allow_null:
            body[name] = None
        elif not field.required:
            model: Any = type(serializer.instance)
            body[name] = model._meta.get_field(field.source).get_default()
    # What is unknown is refused whatever its value.
    return body | {name: None for name in patch if name not in now and patch[name] is None}
