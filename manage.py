#!/usr/bin/env python3
"""Django's command line. Beside a running stack (`make run`) it finds the database by itself."""

import os
import sys
from importlib.util import find_spec
from pathlib import Path

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
    venv_python = Path(__file__).resolve().parent / ".venv/bin/python"
    if find_spec("django") is None and venv_python.exists():
        os.execv(venv_python, [str(venv_python), *sys.argv])
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backend.settings.development")
    main()
