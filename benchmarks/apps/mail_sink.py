"""A mail server that takes everything, and in the end tells how much, and how much of it twice.

python -m benchmarks.apps.mail_sink PORT FILE
"""

import signal
import sys
from collections import Counter
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from deploy.processes import end_with_parent


class Sink:
    def __init__(self) -> None:
        self.taken: Counter[str] = Counter()

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: ARG002, N802  # as aiosmtpd calls it
        self.taken.update(envelope.rcpt_tos)
        return "250 OK"


def main(port: str, file: str) -> None:
    end_with_parent(signal.SIGKILL)
    sink = Sink()
    controller = Controller(sink, hostname="127.0.0.1", port=int(port))
    controller.start()
    signal.sigwait({signal.SIGTERM})
    controller.stop()
    twice = sum(number > 1 for number in sink.taken.values())
    Path(file).write_text(f"{sink.taken.total()} {twice}\n")


if __name__ == "__main__":
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    main(*sys.argv[1:])
