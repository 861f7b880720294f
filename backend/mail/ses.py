"""Mails by Amazon SES, over its API."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import boto3
from botocore.config import Config
from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend

# The outbox tries again, for longer than this.
PATIENCE = Config(connect_timeout=5, read_timeout=10, retries={"total_max_attempts": 2})


class EmailBackend(BaseEmailBackend):
    """Hands each mail to SES as it is, in the region SES_REGION."""

    def __init__(self, fail_silently: bool = False, **_options: Any) -> None:
        super().__init__(fail_silently=fail_silently)

    @cached_property
    def client(self) -> Any:
        # A session of its own: the default one is not safe among threads.
        session = boto3.session.Session()
        return session.client("sesv2", region_name=settings.SES_REGION, config=PATIENCE)

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        for message in email_messages:
            self.client.send_email(
                FromEmailAddress=message.from_email,
                Destination={"ToAddresses": message.to},
                Content={"Raw": {"Data": message.message().as_bytes()}},
            )
        return len(email_messages)
