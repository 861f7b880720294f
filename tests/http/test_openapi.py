"""The OpenAPI document says of an operation what its view declares."""

import os
import subprocess
import sys
from typing import Any

import pytest
import yaml
from django.conf import settings
from django.urls import path
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import generics
from rest_framework.authentication import BasicAuthentication
from rest_framework.decorators import action
from rest_framework.permissions import AllowAny, IsAdminUser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from backend.http.serializers import StrictModelSerializer
from backend.http.views import JSONView
from backend.models import PolicyCampaign


class CampaignSerializer(StrictModelSerializer[PolicyCampaign]):
    class Meta:
        model = PolicyCampaign
        fields = ["id", "title", "slug", "summary", "active"]


@extend_schema_view(
    get=extend_schema(operation_id="readDesk"),
    put=extend_schema(operation_id="replaceDesk"),
    patch=extend_schema(operation_id="changeDesk"),
    delete=extend_schema(operation_id="removeDesk"),
)
class DeskView(JSONView, generics.RetrieveUpdateDestroyAPIView[PolicyCampaign]):
    """For those who are signed in."""

    authentication_classes = [BasicAuthentication]
    permission_classes = [IsAdminUser]
    serializer_class = CampaignSerializer
    queryset = PolicyCampaign.objects.all()
    problems = [412, 428]
    path_parameters = {"id": {"description": "Which one."}}
    is_revalidated = True


class FormViewSet(JSONView, GenericViewSet[PolicyCampaign]):
    """For everybody."""

    permission_classes = [AllowAny]
    serializer_class = CampaignSerializer
    queryset = PolicyCampaign.objects.none()

    @extend_schema(operation_id="submit")
    @action(detail=False, methods=["post"], success_status=202, problems=[409, 429])
    def submit(self, _request: Request) -> Response:
        return Response(status=self.success_status)


@extend_schema(operation_id="undeclared", responses={200: {"type": "object"}})
class UndeclaredView(JSONView):
    """For nobody."""

    asks_database = False

    def get(self, _request: Request) -> Response:
        return Response({})


urlpatterns = [
    path("desk/<int:pk>", DeskView.as_view()),
    path("form", FormViewSet.as_view({"post": "submit"}, **FormViewSet.submit.kwargs)),
    path("undeclared", UndeclaredView.as_view()),
]


@pytest.fixture(scope="module")
def document() -> Any:
    generator: Any = SchemaGenerator
    return generator(patterns=urlpatterns).get_schema(request=None, public=True)


@pytest.fixture(scope="module")
def operations(document: Any) -> dict[str, Any]:
    items = document["paths"].values()
    return {operation["operationId"]: operation for item in items for operation in item.values()}


def statuses(operation: Any) -> set[int]:
    return {int(code) for code in operation["responses"]}


class TestProblems:
    def test_follow_from_what_a_view_is_and_declares(self, operations: dict[str, Any]) -> None:
        always = {400, 406, 500}

        assert statuses(operations["undeclared"]) == {200, 403, *always}
        assert statuses(operations["submit"]) == {202, 409, 413, 415, 429, 503, *always}
        of_desk = {401, 403, 404, 412, 428, 503, *always}
        assert statuses(operations["readDesk"]) == {200, 304, *of_desk}
        assert statuses(operations["changeDesk"]) == {200, 413, 415, *of_desk}
        assert statuses(operations["removeDesk"]) == {204, *of_desk}

    def test_are_described_once_and_only_those_there_are(self, document: Any) -> None:
        responses = document["components"]["responses"]

        assert {"Problem401", "Problem412", "Problem429"} <= responses.keys()
        assert "Problem410" not in responses
        assert "WWW-Authenticate" in responses["Problem401"]["headers"]
        assert "Retry-After" in responses["Problem429"]["headers"]


class TestOperations:
    def test_say_who_may_call_them(self, operations: dict[str, Any]) -> None:
        assert operations["readDesk"]["security"] == [{"basicAuth": []}]
        assert "security" not in operations["submit"]

    def test_describe_the_variables_in_their_path(self, operations: dict[str, Any]) -> None:
        parameter, _if_match = operations["readDesk"]["parameters"]

        assert parameter["description"] == "Which one."

    def test_have_an_etag_if_they_are_revalidated(self, operations: dict[str, Any]) -> None:
        assert "ETag" in operations["readDesk"]["responses"]["200"]["headers"]
        assert "ETag" not in operations["changeDesk"]["responses"]["200"]["headers"]


class TestBodies:
    def test_take_no_other_members_and_require_what_the_serializer_does(
        self, document: Any
    ) -> None:
        schemas = document["components"]["schemas"]

        assert schemas["CampaignRequest"]["additionalProperties"] is False
        assert schemas["CampaignRequest"]["required"] == ["slug", "summary", "title"]
        assert "required" not in schemas["PatchedCampaignRequest"]
        assert schemas["Campaign"]["required"] == [*schemas["Campaign"]["properties"]]


class TestContact:
    def test_is_that_of_the_environment(self) -> None:
        contact = {"CONTACT_NAME": "The office", "CONTACT_EMAIL": "office@coalition.example"}

        written = subprocess.run(
            [sys.executable, "manage.py", "spectacular"],
            cwd=settings.BASE_DIR,
            env=os.environ | contact,
            capture_output=True,
            check=True,
        )

        assert yaml.safe_load(written.stdout)["info"]["contact"] == {
            "name": "The office",
            "email": "office@coalition.example",
        }
