from http import HTTPStatus
from typing import Any

from django.core.signing import BadSignature, SignatureExpired
from django.http import HttpRequest
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from backend.api.homepage import HomePageViewSet
from backend.http.errors import Problem
from backend.http.previews import HEADER, previewed
from backend.models import HomePage
from backend.public import PublicTotals

TOKEN = OpenApiParameter(
    HEADER,
    str,
    OpenApiParameter.HEADER,
    description="Shows the page that it was made for, active or not.",
)


class PreviewableHomePageViewSet(HomePageViewSet):
    """The active homepage, or the one that a token was made for."""

    problems = [HTTPStatus.NOT_FOUND, HTTPStatus.GONE]
    vary = [*HomePageViewSet.vary, HEADER]

    def is_acceptable(self, request: HttpRequest) -> bool:
        # What a token shows stands under no revision.
        return HEADER not in request.headers and super().is_acceptable(request)

    @extend_schema(
        operation_id="getHomepage",
        summary="Get the homepage",
        description="The active homepage; 404 if none is active.",
        parameters=[TOKEN],
    )
    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Any:
        token = request.headers.get(HEADER)
        if token is None:
            return super().retrieve(request, *args, **kwargs)
        page: Any = HomePage.objects.with_visible_blocks().filter(pk=_page_of(token)).first()
        if page is None:
            raise Problem(HTTPStatus.NOT_FOUND)
        page.totals = PublicTotals.objects.get()
        return Response(self.get_serializer(page).data, headers={"Cache-Control": "no-store"})


def _page_of(token: str) -> int:
    try:
        return previewed(token)
    except SignatureExpired as error:
        detail = "The preview has ended. Ask for another."
        raise Problem(HTTPStatus.GONE, detail, title="Token Expired") from error
    except BadSignature as error:
        detail = "This token shows no page. Ask for another."
        raise Problem(HTTPStatus.NOT_FOUND, detail, title="Unknown Token") from error
