from typing import Any

from django.core.management.base import BaseCommand

from backend.actions.purging import purge


class Command(BaseCommand):
    help = (
        "Remove what is past its time: submissions that nobody confirmed or that were decided "
        "30 days ago, mails that were done with 30 days ago, personal links, limits and "
        "idempotency keys, images that nobody verified within a day or that nothing has shown for "
        "a month. The mail worker does it every ten minutes."
    )

    def handle(self, **_options: Any) -> None:
        removed = purge()
        self.stdout.write(f"Removed {', '.join(f'{n} {name}' for name, n in removed.items())}.")
