"""What all that supporters send has in common."""

from typing import Any

from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from backend.http.json_schemas import JSONBody
from backend.http.limits import limit_requests
from backend.http.views import JSONView


class SupporterView(JSONView):
    """What anybody may send, as often as an address may."""

    permission_classes: list[Any] = [AllowAny]
    body: JSONBody

    def sent(self, request: Request) -> dict[str, Any]:
        """The valid body; the request counts, whatever is in it."""
        limit_requests(request)
        return self.body.read(request)

    def finalize_response(self, *args: Any, **kwargs: Any) -> Response:
        response = super().finalize_response(*args, **kwargs)
        response.setdefault("Cache-Control", "no-store")
        return response
