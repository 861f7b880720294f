#!/usr/bin/env python3
"""Django's command line. Beside a running stack (`make run`) it finds the database by itself."""

import os
import sys
from importlib.util import find_spec
from pathlib import Path

if __name__ == "__main__":
    venv_python = Path(__file__).resolve().parent / ".venv/bin/python"
    if find_spec("django") is None and venv_python.exists():
        os.execv(venv_python, [str(venv_python), *sys.argv])
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backend.settings.development")

    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)
