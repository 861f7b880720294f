from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.validators import validate_email

from backend.actions.suppression import suppress
from backend.models import Suppression


class Command(BaseCommand):
    help = (
        "Send no more mail to an address, such as one that complained. Only a digest of it is kept."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", metavar="EMAIL")

    def handle(self, *, email: str, **_options: Any) -> None:
        try:
            validate_email(email)
        except ValidationError as error:
            raise CommandError(f"{email} is no e-mail address.") from error
        suppress(email=email, reason=Suppression.Reason.OPERATOR)
        self.stdout.write("The address gets no more mail.")
