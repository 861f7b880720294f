"""A mail server on loopback, which does what it is told with each recipient."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from deploy.processes import free_port

HOST = "127.0.0.1"


class Inbox:
    """What the server took, and how it is to behave."""

    def __init__(self) -> None:
        self.taken: list[bytes] = []
        # An answer to RCPT, by recipient.
        self.answers: dict[str, str] = {}
        # What becomes of the next mails: "drop" the connection, "hang", or an answer to DATA.
        self.mishaps: list[str] = []
        self.port = 0

    def messages(self) -> list[EmailMessage]:
        return [message_from_bytes(raw, policy=policy.default) for raw in self.taken]

    def by_recipient(self) -> dict[str, list[EmailMessage]]:
        mails: defaultdict[str, list[EmailMessage]] = defaultdict(list)
        for message in self.messages():
            mails[str(message["To"])].append(message)
        return mails

    def wait_for(self, number: int, *, seconds: float = 20) -> list[EmailMessage]:
        """At least so many mails; fails if they do not come."""
        deadline = time.monotonic() + seconds
        while len(self.taken) < number and time.monotonic() < deadline:
            time.sleep(0.05)
        assert len(self.taken) >= number, f"{len(self.taken)} mails came, not {number}"
        return self.messages()

    async def handle_RCPT(  # noqa: N802  # aiosmtpd calls it by this name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: Any
    ) -> str:
        answer = self.answers.get(address, "250 OK")
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802  # aiosmtpd calls it by this name
        mishap = self.mishaps.pop(0) if self.mishaps else ""
        if mishap == "drop":
            assert server.transport
            server.transport.close()
            return "250 nobody hears it"
        if mishap == "hang":
            await asyncio.sleep(30)
        if mishap[:1].isdigit():
            return mishap
        assert isinstance(envelope.content, bytes)
        self.taken.append(envelope.content)
        return "250 OK"


@contextmanager
def mail_server(port: int | None = None) -> Iterator[Inbox]:
    inbox = Inbox()
    inbox.port = port or free_port()
    controller = Controller(inbox, hostname=HOST, port=inbox.port)
    controller.start()
    try:
        yield inbox
    finally:
        controller.stop()
