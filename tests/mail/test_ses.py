"""Amazon SES, which is simulated."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.ses.models import SESBackend, ses_backends

from backend.mail.messages import Message, compose
from backend.mail.outcomes import Postponed, TransportDown
from backend.mail.transports import opened_transport
from deploy.processes import free_port

REGION = "eu-west-1"
MESSAGE = Message("approved", to="ann@example.org", campaign_title="Reef")


@pytest.fixture
def ses(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[SESBackend]:
    """SES with the domain of the sender verified."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "simulated")
    settings.EMAIL_BACKEND, settings.SES_REGION = "backend.mail.ses.EmailBackend", REGION
    settings.DEFAULT_FROM_EMAIL = "office@bay.example"
    with mock_aws():
        client = boto3.client("sesv2", region_name=REGION)
        client.create_email_identity(EmailIdentity="bay.example")
        yield ses_backends[DEFAULT_ACCOUNT_ID][REGION]


class TestSend:
    def test_hands_over_the_mail_as_it_is(self, ses: SESBackend) -> None:
        with opened_transport() as transport:
            transport.send(compose(MESSAGE))

        [sent] = ses.sent_messages
        assert "Auto-Submitted: auto-generated" in sent.raw_data
        assert "To: ann@example.org" in sent.raw_data

    def test_is_postponed_where_this_mail_is_rejected(self, ses: SESBackend, settings: Any) -> None:
        settings.DEFAULT_FROM_EMAIL = "office@unverified.example"

        with opened_transport() as transport, pytest.raises(Postponed, match="authority"):
            transport.send(compose(MESSAGE))

    def test_is_down_where_nobody_answers(
        self, settings: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{free_port()}")
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            monkeypatch.setenv(name, "simulated")
        settings.EMAIL_BACKEND, settings.SES_REGION = "backend.mail.ses.EmailBackend", REGION

        with opened_transport() as transport, pytest.raises(TransportDown):
            transport.send(compose(MESSAGE))
