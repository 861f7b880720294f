"""What is written through a serializer keeps the model's rules, and errors are told at once."""

import re
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connection
from django.urls import path
from rest_framework import generics, serializers
from rest_framework.permissions import AllowAny
from rest_framework.test import APIClient

from backend.http.serializers import StrictModelSerializer, StrictSerializer
from backend.http.views import JSONView
from backend.models import ContentBlock, PolicyCampaign, Stakeholder
from tests.factories import make_campaign, make_homepage, make_stakeholder


class LabelSerializer(StrictSerializer):
    """A member of a body that is an object."""

    text = serializers.CharField(max_length=5)


class CampaignSerializer(StrictModelSerializer[PolicyCampaign]):
    """A campaign, with members of every sort."""

    heading = serializers.CharField(source="title", max_length=200)
    labels = LabelSerializer(many=True, required=False)
    colour = serializers.ChoiceField(["red", "green"], required=False)
    words = serializers.ListField(child=serializers.ChoiceField(["a", "b"]), required=False)

    class Meta:
        model = PolicyCampaign
        fields = ["id", "heading", "slug", "summary", "active", "labels", "colour", "words"]

    def to_representation(self, instance: PolicyCampaign) -> dict[str, Any]:
        return {"id": instance.pk, "heading": instance.title, "slug": instance.slug}


class CampaignsView(JSONView, generics.CreateAPIView[PolicyCampaign]):
    permission_classes = [AllowAny]
    serializer_class = CampaignSerializer
    queryset = PolicyCampaign.objects.all()
    # Where those wait who have been found valid, until all are.
    barrier: Barrier | None = None

    def perform_create(self, serializer: Any) -> None:
        if self.barrier:
            self.barrier.wait(timeout=10)
        super().perform_create(serializer)


class CampaignView(JSONView, generics.UpdateAPIView[PolicyCampaign]):
    permission_classes = [AllowAny]
    serializer_class = CampaignSerializer
    queryset = PolicyCampaign.objects.all()


class StakeholderSerializer(StrictModelSerializer[Stakeholder]):
    class Meta:
        model = Stakeholder
        fields = ["name", "email", "state", "type"]


class StakeholdersView(CampaignsView):
    serializer_class = StakeholderSerializer  # type: ignore[assignment]  # of another model


class BlockSerializer(StrictModelSerializer[ContentBlock]):
    class Meta:
        model = ContentBlock
        fields = ["title", "content", "order"]


def racing(view: type[CampaignsView], **attributes: Any) -> Any:
    """Two requests wait until both are valid, and write at once."""
    return view.as_view(barrier=Barrier(2), **attributes)


urlpatterns = [
    path("campaigns", CampaignsView.as_view()),
    path("campaigns/<int:pk>", CampaignView.as_view()),
    path("race", racing(CampaignsView)),
    path("named-race", racing(CampaignsView, names_taken_values=True)),
    path("stakeholders-race", racing(StakeholdersView, names_taken_values=True)),
]

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]

VALID = {"heading": "Oysters", "slug": "oysters", "summary": "In short."}


def errors_of(response: Any) -> dict[str, str]:
    assert response.status_code == 400, response.content
    assert response.json()["type"] == "/problems#invalid-parameters"
    return {error["pointer"]: error["code"] for error in response.json()["errors"]}


class TestCreate:
    def test_writes_what_is_valid(self, api: APIClient) -> None:
        response = api.post("/campaigns", VALID, format="json")

        assert response.status_code == 201
        assert PolicyCampaign.objects.get().title == "Oysters"

    def test_everything_wrong_is_told_at_once(self, api: APIClient) -> None:
        make_campaign(slug="oysters")
        body = {
            "heading": "x" * 201,
            "slug": "oysters",
            "summary": None,
            "active": "maybe",
            "colour": {"a": 1},
            "words": ["a", "c"],
            "labels": [{"text": "short"}, {"text": "too long", "size": 1}],
            "id": 7,
            "a/b": 1,
        }

        response = api.post("/campaigns", body, format="json")

        assert errors_of(response) == {
            "#/id": "read_only",
            "#/a~1b": "unknown",
            "#/heading": "max_length",
            "#/slug": "unique",
            "#/summary": "null",
            "#/active": "invalid",
            "#/colour": "invalid_choice",
            "#/words/1": "invalid_choice",
            "#/labels/1/size": "unknown",
            "#/labels/1/text": "max_length",
        }

    def test_taken_values_are_named_by_the_members_that_have_them(self, api: APIClient) -> None:
        make_campaign(title="Oysters", slug="oysters")

        response = api.post("/campaigns", VALID, format="json")

        assert errors_of(response) == {"#/heading": "unique", "#/slug": "unique"}

    def test_rules_of_the_model_itself_hold(self, api: APIClient) -> None:
        make_campaign(slug="oysters").delete()

        response = api.post("/campaigns", VALID, format="json")

        assert errors_of(response) == {"#/slug": "unique"}
        assert "deleted campaign" in response.json()["errors"][0]["message"]

    @pytest.mark.parametrize("body", [[], [1], "x", 1, None])
    def test_body_that_is_no_object_is_refused_as_a_whole(self, api: APIClient, body: Any) -> None:
        response = api.post("/campaigns", body, format="json")

        if body is None:  # not sent
            assert errors_of(response).keys() == {"#/heading", "#/slug", "#/summary"}
        else:
            assert errors_of(response) == {"#": "invalid"}

    @pytest.mark.parametrize("value", [{"a": 1}, ["b"], True, 1.5])
    def test_messages_show_nothing_as_python_writes_it(self, api: APIClient, value: Any) -> None:
        body = dict.fromkeys(["heading", "slug", "active", "colour", "words", "labels"], value)

        response = api.post("/campaigns", body, format="json")

        messages = " ".join(error["message"] for error in response.json()["errors"])
        assert not re.search(r"[{\[']|\b(dict|list|bool|str|int|float)\b", messages)


class TestUpdate:
    def test_changes_what_is_given(self, api: APIClient) -> None:
        campaign = make_campaign(title="Oysters", slug="oysters")

        response = api.patch(f"/campaigns/{campaign.pk}", {"slug": "clams"}, format="json")

        campaign.refresh_from_db()
        assert response.status_code == 200
        assert (campaign.title, campaign.slug) == ("Oysters", "clams")

    def test_its_own_values_are_not_taken(self, api: APIClient) -> None:
        campaign = make_campaign(title="Oysters", slug="oysters")

        response = api.put(f"/campaigns/{campaign.pk}", VALID, format="json")

        assert response.status_code == 200

    def test_leaves_the_row_as_it_was_if_anything_is_wrong(self, api: APIClient) -> None:
        make_campaign(slug="oysters")
        campaign = make_campaign(title="Clams", slug="clams")
        body = {"heading": "Mussels", "slug": "oysters"}

        response = api.patch(f"/campaigns/{campaign.pk}", body, format="json")

        campaign.refresh_from_db()
        assert errors_of(response) == {"#/slug": "unique"}
        assert (campaign.title, campaign.slug) == ("Clams", "clams")


class TestUnsavedInstance:
    def test_has_what_the_client_does_not_say(self) -> None:
        homepage = make_homepage()
        serializer = BlockSerializer(ContentBlock(homepage=homepage), data={"content": "<p>a</p>"})

        assert serializer.is_valid(), serializer.errors
        assert serializer.save().homepage == homepage
        assert homepage.content_blocks.count() == 1

    def test_is_not_changed_by_what_is_not_valid(self) -> None:
        block = ContentBlock(homepage=make_homepage(), title="Before")
        serializer = BlockSerializer(block, data={"title": "After", "content": None})

        assert not serializer.is_valid()
        assert block.title == "Before"


def race(address: str, body: dict[str, Any]) -> list[Any]:
    """The answers to two requests that write the same at the same moment, the first one first."""

    def write() -> Any:
        try:
            return APIClient().post(address, body, format="json")
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as threads:
        requests = [threads.submit(write) for _ in range(2)]
    return sorted((each.result() for each in requests), key=lambda answer: answer.status_code)


@pytest.mark.django_db(transaction=True)
class TestRace:
    def test_for_a_value_is_a_conflict_for_the_slower(self) -> None:
        first, second = race("/race", VALID)

        assert (first.status_code, second.status_code) == (201, 409)
        assert second.json()["type"] == "/problems#conflict"
        assert "errors" not in second.json()
        assert PolicyCampaign.objects.count() == 1

    def test_names_the_field_where_the_view_says_so(self) -> None:
        _, second = race("/named-race", VALID)

        (error,) = second.json()["errors"]
        # The database looks at one constraint after the other, in the order of their making.
        assert error["pointer"] in {"#/title", "#/slug"}
        assert error["code"] == "unique"
        assert "exists" in error["message"]

    def test_names_the_field_within_an_expression(self) -> None:
        body = {"name": "Ann", "email": "ann@example.org", "state": "MD", "type": "farmer"}

        _, second = race("/stakeholders-race", body)

        assert second.json()["errors"] == [
            {
                "pointer": "#/email",
                "code": "unique",
                "message": "A stakeholder with this e-mail exists.",
            }
        ]

    def test_lost_before_it_began_is_an_error_of_the_member(self) -> None:
        make_stakeholder(email="ann@example.org")
        serializer = StakeholderSerializer(
            data={"name": "Ann", "email": "ANN@example.org", "state": "MD", "type": "farmer"}
        )

        assert not serializer.is_valid()
