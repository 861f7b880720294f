from typing import Any

import pytest
from rest_framework.test import APIClient

from backend.models import PolicyCampaign
from tests.factories import make_campaign, publish_legal_texts


@pytest.fixture
def campaign(db: None) -> PolicyCampaign:
    """One that takes endorsements."""
    publish_legal_texts()
    return make_campaign(title="Ten thousand acres of reef", slug="reef")


class Supporter:
    """Sends what supporters send."""

    def __init__(self, api: APIClient) -> None:
        self.api = api

    def submit(self, body: Any, slug: str = "reef", **headers: str) -> Any:
        path = f"/api/v1/campaigns/{slug}/endorsements"
        return self.api.post(path, body, format="json", headers=headers)

    def confirm(self, token: str) -> Any:
        return self._with_token("confirm", token)

    def decline(self, token: str) -> Any:
        return self._with_token("decline", token)

    def resend(self, **body: Any) -> Any:
        return self.api.post("/api/v1/endorsements/resend", body, format="json")

    def _with_token(self, action: str, token: str) -> Any:
        return self.api.post(f"/api/v1/endorsements/{action}", {"token": token}, format="json")


@pytest.fixture
def supporter(api: APIClient) -> Supporter:
    return Supporter(api)
