"""The databases that all contenders of a workload share."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from deploy.database import PYTHON, ROOT, Database
from deploy.processes import Account, run_step

# TiPg and pygeoapi publish whole tables. The planner looks through the view, and finds for it
# the indexes that it finds for this API.
PEERS_VIEW = """
CREATE SCHEMA peers;
CREATE VIEW peers.stakeholders AS
SELECT
    id, name, organization, role, type, state, county, created_at,
    public_location::geometry(Point, 4326) AS geom
FROM public.stakeholders_stakeholder
WHERE is_public AND deleted_at IS NULL;
"""


@contextmanager
def seeded(
    folder: Path, *, stakeholders: int, endorsements: int, is_durable: bool = False
) -> Iterator[Database]:
    """A throwaway PostgreSQL and pool in `folder`, with the rows of benchmarks.seed.

    Commits wait for the disk only if it is durable.
    """
    if folder.exists():
        # A run that was killed has left it.
        remove(Database(folder, settings="backend.settings.development"))
    database = Database(folder, settings="backend.settings.development")
    try:
        settings = () if is_durable else ("fsync=off", "full_page_writes=off")
        with database.running(*settings):
            seed(database, f"--stakeholders={stakeholders}", f"--endorsements={endorsements}")
            with psycopg.connect(database.variables["DATABASE_OWNER_URL"]) as owner:
                owner.execute(PEERS_VIEW)
            yield database
    finally:
        remove(database)


def seed(database: Database, *sizes: str) -> None:
    run_step(
        "Seeding the database",
        [PYTHON, "-m", "benchmarks.seed", *sizes],
        account=Account.own(),
        env=database.env | {"PYTHONPATH": str(ROOT)},
    )


def remove(database: Database) -> None:
    database.remove()
    shutil.rmtree(database.home)
