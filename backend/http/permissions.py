"""Who may call a view."""

from typing import Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request


class Nobody(BasePermission):
    """The default: a view that does not say who may call it can be called by nobody."""

    # A view is an APIView, whose module must not be imported here: it imports this one.
    def has_permission(self, request: Request, view: Any) -> bool:  # noqa: ARG002  # as inherited
        return False
