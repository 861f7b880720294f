import getpass
import sys
from typing import Any

from django.contrib.auth.models import Group, User
from django.contrib.auth.password_validation import (
    password_validators_help_texts,
    validate_password,
)
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import IntegrityError, transaction


class Command(BaseCommand):
    help = (
        "Make an account for one of the coalition's own people, for the admin and the API. "
        "Asks for the password, or reads it from standard input, where that is no terminal."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username", metavar="NAME")
        parser.add_argument(
            "--group",
            action="append",
            required=True,
            dest="groups",
            metavar="GROUP",
            help="moderator (reviews endorsements), editor (homepage, campaigns and legal "
            "documents) or administrator (everything); once for each group.",
        )
        parser.add_argument("--email", default="", metavar="ADDRESS")

    def handle(self, *, username: str, groups: list[str], email: str, **_options: Any) -> None:
        found = Group.objects.filter(name__in=groups)
        if unknown := set(groups) - {group.name for group in found}:
            known = ", ".join(Group.objects.order_by("name").values_list("name", flat=True))
            raise CommandError(f"There is no group {min(unknown)}. There are {known}.")
        user = User(username=User.normalize_username(username), email=email, is_staff=True)
        password = self._password(user)
        try:
            user.full_clean(exclude=["password"])
            user.set_password(password)
            with transaction.atomic():
                user.save()
                user.groups.set(found)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        except IntegrityError as error:
            raise CommandError(f"There is an account {username} already.") from error
        self.stdout.write(f"{user.username} may sign in: {', '.join(sorted(groups))}.")

    def _password(self, user: User) -> str:
        """Raises CommandError for one that is too weak, or not the same twice."""
        if sys.stdin.isatty():
            self.stderr.write("\n".join(password_validators_help_texts()))
            password = getpass.getpass("Password: ")
            if password != getpass.getpass("The same again: "):
                raise CommandError("The two are not the same.")
        else:
            password = sys.stdin.readline().rstrip("\r\n")
        try:
            validate_password(password, user)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        return password
