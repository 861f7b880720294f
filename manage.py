#!/usr/bin/env python3
"""Django's command line. Beside a running stack (`make run`) it finds the database by itself."""

import os
import sys
from importlib.util import find_spec
from pathlib import Path

VENV = Path(__file__).resolve().parent / ".venv"
REMEDY = "start the stack with make run, or set DATABASE_URL."


def main() -> None:
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line
    from django.db import OperationalError

    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        if "settings.DATABASES" in str(error):
            sys.exit(f"There is no database: {REMEDY}")
        raise
    except OperationalError as error:
        # An error within a connection has a code; here there was none to be had.
        if getattr(error.__cause__, "sqlstate", None) is None:
            sys.exit(f"{error}\nThe database does not answer: {REMEDY}")
        raise


if __name__ == "__main__":
    if find_spec("django") is None:
        if not any(VENV.glob("lib/*/site-packages/django")):
            sys.exit("Django is not installed yet: make run installs it, and everything else.")
        os.execv(VENV / "bin/python", [str(VENV / "bin/python"), *sys.argv])
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backend.settings.development")
    main()
