"""A command that is the first process of a container, which has no parent."""

import os
import subprocess
import sys

import pytest
from django.conf import settings

AS_FIRST = ["unshare", "--pid", "--fork", "--mount-proc"]
MAY_NOT = subprocess.run([*AS_FIRST, "true"], capture_output=True, check=False).returncode != 0


@pytest.mark.skipif(MAY_NOT, reason="a namespace of processes is for root, and not in each sandbox")
@pytest.mark.parametrize("variables", [{}, {"METRICS_PORT": "9"}], ids=["plain", "counting"])
def test_a_command_runs(variables: dict[str, str]) -> None:
    done = subprocess.run(
        [*AS_FIRST, sys.executable, "manage.py", "migrate", "--plan"],
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
