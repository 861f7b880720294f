import json
import subprocess
from importlib.metadata import distribution
from pathlib import Path

import pytest

from tests.supply import licences, vulnerabilities
from tests.supply.licences import is_allowed, licence_of

ROOT = Path(__file__).resolve().parents[2]

# As pip-audit writes it.
CLEAN = {"name": "attrs", "version": "26.1.0", "vulns": []}
SKIPPED = {"name": "boto3", "skip_reason": "Dependency not found on PyPI: boto3 (1.44.1)"}
VULNERABLE = {
    "name": "django",
    "version": "5.2.1",
    "vulns": [{"id": "PYSEC-2026-1", "fix_versions": ["5.2.19", "6.0.3"], "aliases": []}],
}


class TestVulnerabilities:
    def test_are_named_with_what_mends_them(self) -> None:
        found = vulnerabilities.findings([CLEAN, SKIPPED, VULNERABLE])

        assert found == ["django 5.2.1: PYSEC-2026-1, mended in 5.2.19, 6.0.3"]

    def test_are_not_thought_absent_where_nobody_was_asked(self) -> None:
        assert "of 2 packages, 1 were not looked up" in vulnerabilities.warning([CLEAN, SKIPPED])
        assert vulnerabilities.warning([CLEAN, VULNERABLE]) == ""

    def test_pass_with_a_warning_where_no_advisories_can_be_had(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        unreachable = ("--vulnerability-service=osv", "--osv-url=http://127.0.0.1:9/")

        assert vulnerabilities.main(*unreachable) == 0
        assert "Warning: no advisories could be had" in capsys.readouterr().err

    def test_do_not_pass_because_pip_audit_could_not_start(self) -> None:
        assert vulnerabilities.main("--no-such-option") == 1


class TestLicences:
    @pytest.mark.parametrize(
        ("licence", "allowed"),
        [
            ("MIT", True),
            ("BSD License", True),
            ("BSD-3-Clause AND Zlib", True),
            ("GPL-3.0-only OR MIT", True),
            ("GPL-3.0-only AND MIT", False),
            ("AGPL-3.0-or-later", False),
            ("LGPL-3.0-only", False),
            ("none", False),
            ("", False),
        ],
    )
    def test_are_allowed_if_one_alternative_is(self, licence: str, *, allowed: bool) -> None:
        assert is_allowed(licence, set()) is allowed

    def test_of_single_packages_are_allowed_for_them_alone(self) -> None:
        assert is_allowed("LGPL-3.0-only", licences.ALLOWED_OF["psycopg"])
        assert licence_of(distribution("psycopg")) == "LGPL-3.0-only"

    def test_of_all_that_is_shipped_are_allowed(self) -> None:
        assert len(list(licences.shipped())) > 50
        assert licences.main() == 0


def test_bill_of_materials_has_all_that_is_locked(tmp_path: Path) -> None:
    target = tmp_path / "sbom.json"
    subprocess.run(
        ["make", "-s", "sbom", f"SBOM={target}"], cwd=ROOT, check=True, capture_output=True
    )

    bill = json.loads(target.read_text())
    locked = (ROOT / "requirements/runtime.txt").read_text().count("==")
    assert bill["bomFormat"] == "CycloneDX"
    assert bill["metadata"]["component"]["name"] == "coalition-builder-api"
    names = {each["name"] for each in bill["components"]}
    assert {"Django", "django"} & names
    assert locked - 10 < len(bill["components"]) <= locked
    assert "hashes" in str(bill["components"][0])
