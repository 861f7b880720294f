"""E-mail addresses and exact places: for whoever may see them."""

from typing import Any, ClassVar

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.request import Request

from backend.http.filters import StrictFilterSet

PRIVATE = "coalition.view_private_details"


def sees_private(request: Request | None) -> bool:
    """Without a request, or anybody who sent it, the OpenAPI document is written: it tells all."""
    user: Any = request and request.user
    return user is None or bool(user.has_perm(PRIVATE))


class PrivateDetails(serializers.Serializer[Any]):
    """A serializer that shows some fields to those alone who may see private details."""

    @property
    def shows_private(self) -> bool:
        return sees_private(self.context.get("request"))

    def without_private(self, instance: Any) -> dict[str, Any]:
        """What others are shown in place of private fields, by name."""
        raise NotImplementedError  # for each serializer to say

    def to_representation(self, instance: Any) -> dict[str, Any]:
        shown = super().to_representation(instance)
        return shown if self.shows_private else shown | self.without_private(instance)


class SearchesPrivate:
    """A view that searches addresses too, for whoever may see them.

    Others could find one out letter by letter.
    """

    request: Any
    filterset_class: type[StrictFilterSet]
    names_filterset_class: ClassVar[type[StrictFilterSet]]

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if not sees_private(self.request):
            self.filterset_class = self.names_filterset_class
        rows: QuerySet[Any] = super().filter_queryset(queryset)  # type: ignore[misc]  # the view's
        return rows
