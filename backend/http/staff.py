"""What all views of the coalition's own people share."""

from typing import Any, ClassVar

from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response

from backend.http.signing_in import StaffTokenAuthentication
from backend.http.views import JSONView, declared

ID = {
    "description": "The id of the row.",
    "schema": {"type": "integer", "format": "int64", "minimum": 1},
    "example": 1,
}
# Of whoever has any right of this product.
ANY_RIGHT = "any"


class HasPermission(BasePermission):
    """Whoever has the permission that the operation, or else its view, declares; else nobody."""

    def has_permission(self, request: Request, view: Any) -> bool:
        if str(request.method) not in view.allowed_methods:
            return True  # to be told so: 405
        permission = declared(view, str(request.method), "permission")
        user: Any = request.user  # None for whoever did not say who they are
        if not permission or user is None:
            return False
        if permission == ANY_RIGHT:
            return bool(user.has_module_perms("coalition"))
        return bool(user.has_perm(permission))


class StaffView(JSONView):
    """For those who sign in and have the right; kept by no cache."""

    authentication_classes = [StaffTokenAuthentication]
    permission_classes = [HasPermission]
    # Such as `coalition.change_endorsement`.
    permission: ClassVar[str] = ""
    # Staff may know of every row: a conflict says which value another has.
    names_taken_values = True

    def finalize_response(self, *args: Any, **kwargs: Any) -> Response:
        response = super().finalize_response(*args, **kwargs)
        response.setdefault("Cache-Control", "no-store")
        return response
