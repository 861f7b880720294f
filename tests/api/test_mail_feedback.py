"""Where SES tells of bounces and complaints."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from backend.models import Suppression
from tests.sns import SUBSCRIBE_URL, Aws, bounce, complaint, notification, signed, subscription

pytestmark = pytest.mark.django_db

HOOK = "/hooks/ses"


def suppressed(*emails: str) -> list[str]:
    """Why each address is not to be written to again; empty if it may be."""
    return [
        str(found.reason)
        for email in emails
        for found in Suppression.objects.of(email, campaign_id=0)
    ]


def deliver(api: APIClient, body: bytes, content_type: str = "text/plain; charset=UTF-8") -> Any:
    return api.post(HOOK, body, content_type=content_type)


class TestMessage:
    @pytest.mark.usefixtures("aws")
    @pytest.mark.parametrize(
        "content_type", ["text/plain; charset=UTF-8", "application/json", "a/b"]
    )
    def test_suppresses_the_addresses_that_it_names(
        self, content_type: str, api: APIClient
    ) -> None:
        body = signed(notification(bounce("a@example.org", "b@example.org")))

        response = deliver(api, body, content_type)

        assert (response.status_code, response.content) == (204, b"")
        assert suppressed("a@example.org", "b@example.org") == ["bounced", "bounced"]

    @pytest.mark.usefixtures("aws")
    def test_may_be_a_complaint(self, api: APIClient) -> None:
        response = deliver(api, signed(notification(complaint("a@example.org"))))

        assert response.status_code == 204
        assert suppressed("a@example.org") == ["complained"]

    def test_may_be_the_question_whether_to_send_messages_here(
        self, api: APIClient, aws: Aws
    ) -> None:
        aws.pages[SUBSCRIBE_URL] = b"<ConfirmSubscriptionResponse/>"

        response = deliver(api, signed(subscription()))

        assert response.status_code == 204
        assert aws.asked[-1] == SUBSCRIBE_URL
        assert not Suppression.objects.exists()

    @pytest.mark.usefixtures("aws")
    @pytest.mark.parametrize(
        "body", [b"", b"{}", signed(notification(bounce("a@example.org")))[:-1]]
    )
    def test_that_is_not_from_sns_is_forbidden(self, body: bytes, api: APIClient) -> None:
        response = deliver(api, body)

        assert response.status_code == 403
        assert response["Content-Type"] == "application/problem+json"
        assert response.json()["type"] == "/problems#forbidden"
        assert not Suppression.objects.exists()

    def test_comes_again_while_aws_cannot_be_asked(self, api: APIClient, aws: Aws) -> None:
        aws.pages.clear()

        response = deliver(api, signed(notification(bounce("a@example.org"))))

        assert response.status_code == 503
        assert response["Retry-After"] == "5"
        assert "Amazon SNS" in response.json()["detail"]
        assert not Suppression.objects.exists()

    @pytest.mark.usefixtures("aws")
    def test_that_is_too_large_is_not_read(self, api: APIClient, settings: Any) -> None:
        response = deliver(api, b"x" * (settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1))

        assert response.status_code == 413
        assert response["Content-Type"] == "application/problem+json"


class TestHook:
    def test_is_no_part_of_the_documented_api(self, api: APIClient) -> None:
        document = api.get("/api/v1/schema", HTTP_ACCEPT="application/json").json()

        assert not [path for path in document["paths"] if "hooks" in path]

    def test_takes_nothing_but_messages(self, api: APIClient) -> None:
        response = api.get(HOOK)

        assert response.status_code == 405
        assert response["Allow"] == "POST, OPTIONS"

    def test_is_for_the_pages_of_nobody(self, api: APIClient) -> None:
        response = api.options(HOOK, HTTP_ORIGIN="https://page.example")

        assert "Access-Control-Allow-Origin" not in response
