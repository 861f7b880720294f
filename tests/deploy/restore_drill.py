"""Whether what is lost can be had again: make restore-drill

Makes a database, backs it up, has two people erased, and restores the backup into an empty cluster
by the steps of docs/backup.md; then compares all that is in both, and says how long each step
took. With a backup of your own, and what knows of erasures since, it restores that instead:

    DIGEST_KEY=… make restore-drill ARGS="coalition.dump erasures.txt api.log"
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from deploy.database import Database
from tests.deploy.restoring import Side, differences

PEOPLE = ("lost-and-found-1@example.org", "lost-and-found-2@example.org")
# Each endorses, confirms, and is approved, as people do.
ENDORSING = f"""
from backend.actions.confirmation import confirm
from backend.actions.reviews import approve
from backend.models import Endorsement, PolicyCampaign
from tests.factories import make_submission, make_user
reviewer = make_user("moderator")
campaign = PolicyCampaign.objects.get(slug="ten-thousand-acres-of-reef")
for email in {PEOPLE!r}:
    confirm(token=make_submission(campaign=campaign, email=email).token())
    approve(endorsement_id=Endorsement.objects.get(stakeholder__email=email).pk, by=reviewer)
"""


@contextmanager
def step(what: str) -> Iterator[None]:
    """Say how long it took."""
    started_at = time.perf_counter()
    yield
    print(f"{what:<60} {time.perf_counter() - started_at:6.1f} s", flush=True)


@contextmanager
def database_in_a_folder() -> Iterator[Database]:
    with ExitStack() as started:
        home = Path(started.enter_context(tempfile.TemporaryDirectory(prefix="coalition-drill-")))
        home.chmod(0o755)
        database = Database(home, settings="backend.settings.development")
        started.callback(database.remove)
        yield database


def erase_two(side: Side, folder: Path) -> list[Path]:
    """One is in the copy of the table of erasures; the other, erased later, in the log alone."""
    side.manage("erase_person", PEOPLE[0], "--yes")
    copy, log = side.note_erasures(folder / "erasures.txt"), folder / "api.log"
    log.write_text(side.manage("erase_person", PEOPLE[1], "--yes", LOG_JSON="true").stderr)
    return [copy, log]


def bring_back(side: Side, backup: Path, erasures: list[Path]) -> None:
    """The steps of docs/backup.md once there is an empty database."""
    with step("Restoring the backup"):
        side.restore(backup)
    with step("Migrating what is older than this release"):
        side.manage("migrate", "--verbosity=0")
    with step("Erasing again whoever was erased since"):
        print(side.manage("replay_erasures", *map(str, erasures)).stdout, end="")
    with step("Comparing the counts with the rows"):
        side.manage("check_counts")


def drill(folder: Path) -> list[str]:
    """With a database of its own; what differs afterwards."""
    with ExitStack() as started:
        database = started.enter_context(database_in_a_folder())
        started.enter_context(database.running())
        database.load_demo_once()
        before = Side(database.env)
        before.manage("shell", "--command", ENDORSING)
        with step("Backing up"):
            backup = before.back_up(folder / "coalition.dump")
        erasures = erase_two(before, folder)
        after = started.enter_context(restored(backup, erasures, key=database.env["SECRET_KEY"]))
        with step("Comparing each row, privilege and answer"):
            return [
                *differences(before.contents(), after.contents()),
                *differences(before.answers(), after.answers()),
                *after.tables_with(*PEOPLE),
            ]


@contextmanager
def restored(backup: Path, erasures: list[Path], *, key: str) -> Iterator[Side]:
    with ExitStack() as started:
        database = started.enter_context(database_in_a_folder())
        with step("Making an empty database"):
            started.enter_context(database.as_it_is())
        side = Side(database.env | {"SECRET_KEY": key, "DIGEST_KEY": key})
        bring_back(side, backup, erasures)
        yield side


def drill_with(backup: Path, erasures: list[Path]) -> list[str]:
    """With somebody's own backup; the addresses that do not answer afterwards."""
    with restored(backup, erasures, key=os.environ["DIGEST_KEY"]) as side:
        with step("Asking the API what it shows"):
            answers = side.answers()
        # Whoever has no active homepage, or no terms, has none after it either.
        return [path for path, (status, _) in answers.items() if status not in {200, 404}]


def main() -> int:
    parser = argparse.ArgumentParser(prog="make restore-drill")
    parser.add_argument("backup", nargs="?", type=Path, help="as pg_dump --format=custom wrote it")
    parser.add_argument("erasures", nargs="*", type=Path, help="logs, copies of the table")
    asked = parser.parse_args()
    if asked.backup and "DIGEST_KEY" not in os.environ:
        parser.error("set DIGEST_KEY to the backup's: by it the erased are known")
    with tempfile.TemporaryDirectory(prefix="coalition-backup-") as folder:
        wrong = drill_with(asked.backup, asked.erasures) if asked.backup else drill(Path(folder))
    print("Not as it was: " + ", ".join(wrong) if wrong else "It can be restored.")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
