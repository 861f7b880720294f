"""A command that is the first process of a container, which has no parent."""

import os
import subprocess
import sys

import pytest
from django.conf import settings


@pytest.mark.skipif(os.geteuid() != 0, reason="a namespace of processes is for root alone")
@pytest.mark.parametrize("variables", [{}, {"METRICS_PORT": "9"}], ids=["plain", "counting"])
def test_a_command_runs(variables: dict[str, str]) -> None:
    done = subprocess.run(
        [
            "unshare",
            "--pid",
            "--fork",
            "--mount-proc",
            sys.executable,
            "manage.py",
            "migrate",
            "--plan",
        ],
        cwd=settings.BASE_DIR,
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "backend.settings.development",
            "DATABASE_REPLICA_URL": os.environ["DATABASE_READER_URL"],
            **variables,
        },
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
