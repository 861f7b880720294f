import logging
import os
import signal
import time
from threading import Event
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import InterfaceError, OperationalError, close_old_connections

from backend.actions.alarms import alarm_of_crowds
from backend.actions.purging import purge
from backend.mail.outbox import send_due
from backend.mail.outcomes import TransportDown
from backend.mail.transports import Transport, opened_transport
from backend.management.metrics import serve_metrics

logger = logging.getLogger(__name__)

POLL_SECONDS = 1
# What else the worker does, and how often, in seconds.
CHORES = {alarm_of_crowds: 60, purge: 600}
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 2, 60


class Command(BaseCommand):
    help = (
        "Send the mails of the outbox until stopped, and remove what is past its time. Any number "
        "of these may run at once."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--once", action="store_true", help="send what is due, then end; nothing else"
        )

    def handle(self, *, once: bool, **_options: Any) -> None:
        if once:
            self._send_once()
            return
        os.nice(10)  # nobody waits for a mail as for an answer of the API beside it
        serve_metrics()
        stopped = Event()
        for stop_signal in (signal.SIGTERM, signal.SIGINT):
            signal.signal(stop_signal, lambda *_: stopped.set())
        work_until(stopped)

    def _send_once(self) -> None:
        number = 0
        try:
            with opened_transport() as transport:
                while taken := send_due(transport):
                    number += taken
        except TransportDown as error:
            raise CommandError(f"The mail server cannot be used: {error}") from error
        self.stdout.write(f"Tried {number} mails.")


def work_until(stopped: Event) -> None:
    """Send what is due, and wait a moment; longer while the mail server or the database is away."""
    pause = FIRST_PAUSE_SECONDS
    done_at = dict.fromkeys(CHORES, float("-inf"))
    with opened_transport() as transport:
        while not stopped.is_set():
            try:
                _work(transport, stopped, done_at)
                pause = FIRST_PAUSE_SECONDS
                stopped.wait(POLL_SECONDS)
            except (TransportDown, OperationalError, InterfaceError) as error:
                logger.warning("No mail can be sent, for %s seconds: %s", pause, error)
                stopped.wait(pause)
                pause = min(2 * pause, LONGEST_PAUSE_SECONDS)


def _work(transport: Transport, stopped: Event, done_at: dict[Any, float]) -> None:
    close_old_connections()
    for chore, seconds in CHORES.items():
        if time.monotonic() - done_at[chore] >= seconds:
            done_at[chore] = time.monotonic()
            chore()
    while not stopped.is_set() and send_due(transport):
        pass
