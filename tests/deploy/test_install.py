"""deploy/install.sh: what it says."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.database import ROOT
from deploy.processes import Account, run

IS_ROOT = os.geteuid() == 0
# Root may write wherever anybody may.
STRANGER = Account(65534, 65534) if IS_ROOT else Account.own()
REASON = "belongs to root" if IS_ROOT else "is read-only"
NEEDED = ("requirements", "clients/typescript/package-lock.json", "docs/examples/package-lock.json")


@pytest.fixture
def checkout() -> Iterator[Path]:
    """What the script reads of a checkout, for everybody to write to."""
    # pytest's own folders are closed to the stranger.
    folder = Path(tempfile.mkdtemp(prefix="coalition checkout "))
    for path in ("deploy/install.sh", *NEEDED):
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        copy = shutil.copytree if (ROOT / path).is_dir() else shutil.copy2
        copy(ROOT / path, target)
    for each in (folder, *folder.rglob("*/")):
        each.chmod(0o777)
    yield folder
    for each in (folder, *folder.rglob("*/")):
        each.chmod(0o755)
    shutil.rmtree(folder)


def pretend_the_python_packages_are_installed(checkout: Path) -> None:
    lock = (checkout / "requirements/development.txt").read_bytes()
    checksum = subprocess.run(["cksum"], input=lock, capture_output=True, check=True).stdout
    binaries = checkout / ".venv/bin"
    binaries.mkdir(parents=True)
    (binaries / "python").symlink_to("/bin/true")
    (checkout / ".venv" / f"development-{checksum.decode().strip().replace(' ', '-')}").touch()


def refusal(checkout: Path) -> str:
    done = run([checkout / "deploy/install.sh", "development"], account=STRANGER)
    assert done.returncode == 1
    return done.stdout.decode()


def sentence(folder: Path) -> str:
    return (
        f"Cannot install packages in {folder}: it {REASON}. "
        "Clone the repository into a folder of your own, or make this one writable.\n"
    )


class TestAFolderThatCannotBeWrittenTo:
    def test_is_named_when_it_is_the_checkout(self, checkout: Path) -> None:
        checkout.chmod(0o555)

        said = refusal(checkout)

        assert said == sentence(checkout)

    def test_is_named_when_it_is_the_virtual_environment(self, checkout: Path) -> None:
        (checkout / ".venv").mkdir(mode=0o555)

        said = refusal(checkout)

        assert said == sentence(checkout / ".venv")

    @pytest.mark.parametrize("folder", ["clients/typescript", "docs/examples"])
    def test_is_named_when_it_is_a_folder_of_npm_packages(
        self, checkout: Path, folder: str
    ) -> None:
        pretend_the_python_packages_are_installed(checkout)
        (checkout / folder).chmod(0o555)

        said = refusal(checkout)

        assert said == sentence(checkout / folder)


class TestNpm:
    @pytest.mark.parametrize("folder", ["clients/typescript", "docs/examples"])
    def test_advertises_nothing(self, folder: str) -> None:
        npm = Path(sys.executable).with_name("npm")
        settings = ["audit", "fund", "update-notifier"]

        done = subprocess.run(
            [npm, "--prefix", ROOT / folder, "config", "get", *settings],
            env={"PATH": f"{npm.parent}:{os.environ['PATH']}", "NPM_CONFIG_USERCONFIG": os.devnull},
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )

        assert done.stdout.split() == [f"{setting}=false" for setting in settings]
