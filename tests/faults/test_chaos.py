"""The harness of make chaos, in short."""

import subprocess
import sys

from deploy.database import ROOT


class TestChaos:
    def test_loses_nothing_that_was_acknowledged_when_postgresql_is_killed(self) -> None:
        done = subprocess.run(
            [sys.executable, "-m", "tests.faults.chaos", "--faults", "PostgreSQL is killed"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

        assert done.returncode == 0, done.stdout + done.stderr
        (row,) = [line for line in done.stdout.splitlines() if "is killed" in line]
        assert int(row.split("|")[2]) > 100
