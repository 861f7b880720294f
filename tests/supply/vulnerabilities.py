"""Whether anything that is shipped has a known vulnerability.

python -m tests.supply.vulnerabilities

Asks PyPI's advisories by pip-audit. A finding fails; that nobody could be asked, as without a
network or behind a mirror that has no advisories, is a warning.
"""

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
# What runs, its extras included.
SHIPPED = ROOT / "requirements/tracing.txt"

# Findings that do not concern us, by id, each with its reason and the day to look again.
ACCEPTED: Mapping[str, str] = {}

# How errors of a network show in what pip-audit prints.
NETWORK = ("ConnectionError", "ServiceError", "Timeout", "SSLError")


def audit(*arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "pip_audit", "--format=json", "--progress-spinner=off"]
    command += ["--disable-pip", "--require-hashes", f"--requirement={SHIPPED}"]
    command += [f"--ignore-vuln={each}" for each in ACCEPTED]
    return subprocess.run([*command, *arguments], capture_output=True, text=True, check=False)


def findings(dependencies: Sequence[Mapping[str, Any]]) -> list[str]:
    return [
        f"{each['name']} {each['version']}: {found['id']}, "
        f"mended in {', '.join(found['fix_versions']) or 'no release yet'}"
        for each in dependencies
        for found in each.get("vulns", ())
    ]


def warning(dependencies: Sequence[Mapping[str, Any]]) -> str:
    """What to say of those that nobody could be asked about; empty if there are none."""
    skipped = [each for each in dependencies if "skip_reason" in each]
    if not skipped:
        return ""
    return (
        f"Warning: of {len(dependencies)} packages, {len(skipped)} were not looked up: "
        f"{skipped[0]['skip_reason']}"
    )


def main(*arguments: str) -> int:
    done = audit(*arguments)
    if not done.stdout:
        reason = (done.stderr.strip().splitlines() or ["pip-audit said nothing"])[-1]
        is_network = any(each in done.stderr for each in NETWORK)
        told = "Warning: no advisories could be had" if is_network else "pip-audit failed"
        print(f"{told}: {reason}", file=sys.stderr)
        return 0 if is_network else 1
    dependencies = json.loads(done.stdout)["dependencies"]
    if said := warning(dependencies):
        print(said, file=sys.stderr)
    for found in findings(dependencies):
        print(found, file=sys.stderr)
    return 1 if findings(dependencies) else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
