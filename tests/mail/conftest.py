from collections.abc import Iterator
from typing import Any

import pytest

from tests.smtp import HOST, Inbox, mail_server


@pytest.fixture
def inbox(settings: Any) -> Iterator[Inbox]:
    """A mail server, which mails are sent to."""
    with mail_server() as inbox:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = HOST, inbox.port
        settings.EMAIL_TIMEOUT = 1
        yield inbox
