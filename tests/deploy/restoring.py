"""A database that is backed up, one that the backup is restored into, and what differs."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from deploy.cluster import DEPLOY, newest_postgresql
from deploy.database import ROOT

# Each restoration begins to count commits anew, and what answers are kept under is random.
OF_NO_ACCOUNT = {"coalition_revision", "spatial_ref_sys"}

TABLES = "SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'"
PRIVILEGES = """
    SELECT role, class.relname, privilege
    FROM pg_class AS class, unnest(ARRAY['coalition_app', 'coalition_reader']) AS role,
        unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE']) AS privilege
    WHERE class.relnamespace = 'public'::regnamespace AND class.relkind IN ('r', 'v')
        AND has_table_privilege(role, class.oid, privilege)
"""
SEQUENCES = "SELECT sequencename, last_value FROM pg_sequences WHERE schemaname = 'public'"

PATHS = (
    "/api/v1/homepage",
    "/api/v1/campaigns",
    "/api/v1/stakeholders?limit=1000",
    "/api/v1/stakeholders.geojson",
    "/api/v1/legal/terms",
)
ASKING = f"""
import json
from django.test import Client
from backend.public import PublicCampaign
client = Client(headers={{"host": "localhost"}})
paths = [*{PATHS!r}, *(
    f"/api/v1/campaigns/{{slug}}/endorsements?limit=1000"
    for slug in PublicCampaign.objects.values_list("slug", flat=True)
)]
answers = {{path: client.get(path) for path in paths}}
print("ANSWERS", json.dumps({{
    path: [answer.status_code, b"".join(answer).decode()] for path, answer in answers.items()
}}))
"""


@dataclass(frozen=True)
class Side:
    """A database, by the variables that the product reads."""

    env: Mapping[str, str]

    def manage(self, *arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
        """Run ./manage.py, which must succeed; it speaks as in production's log."""
        return run([sys.executable, ROOT / "manage.py", *arguments], env={**self.env, **variables})

    @property
    def owner_env(self) -> dict[str, str]:
        """For PostgreSQL's own programs, as the role that owns the schema."""
        url = urlsplit(self.env["DATABASE_OWNER_URL"])
        return os.environ | {
            "PATH": f"{newest_postgresql()}:{os.environ['PATH']}",
            "PGHOST": str(url.hostname),
            "PGPORT": str(url.port),
            "PGUSER": str(url.username),
            "PGPASSWORD": str(url.password),
            "PGDATABASE": url.path[1:],
        }

    def back_up(self, file: Path) -> Path:
        run(["pg_dump", "--format=custom", "--schema=public", f"--file={file}"], env=self.owner_env)
        return file

    def note_erasures(self, file: Path) -> Path:
        copy = ["psql", "--command=COPY stakeholders_erasure TO STDOUT"]
        file.write_text(run(copy, env=self.owner_env).stdout)
        return file

    def restore(self, backup: Path) -> None:
        run([DEPLOY / "restore.sh", backup], env=self.owner_env)

    def contents(self) -> dict[str, Any]:
        """The rows of each table, in no order, and what else must be the same."""
        with psycopg.connect(self.env["DATABASE_OWNER_URL"]) as owner:
            tables = {str(name) for (name,) in owner.execute(TABLES)} - OF_NO_ACCOUNT
            rows: dict[str, Any] = {name: rows_of(name, owner) for name in tables}
            return rows | {
                "privileges": set(owner.execute(PRIVILEGES)),
                "sequences": set(owner.execute(SEQUENCES)),
            }

    def answers(self) -> dict[str, list[Any]]:
        """What the public is told, by address: the status and the document."""
        said = self.manage("shell", "--command", ASKING).stdout
        found = re.search(r"^ANSWERS (.*)$", said, re.MULTILINE)
        answers: dict[str, list[Any]] = json.loads(found[1]) if found else {}
        return answers

    def tables_with(self, *traces: str) -> set[str]:
        """Those in which any of the texts is, as a dump has it."""
        named = self.contents().items()
        return {name for name, rows in named if any(each in str(rows) for each in traces)}


def run(
    command: Sequence[str | Path], *, env: Mapping[str, str]
) -> "subprocess.CompletedProcess[str]":
    done = subprocess.run(command, env=env, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed: {done.stdout}{done.stderr}")
    return done


def rows_of(table: str, owner: psycopg.Connection[Any]) -> list[bytes]:
    copy = sql.SQL("COPY {} TO STDOUT").format(sql.Identifier(table))
    with owner.cursor() as cursor, cursor.copy(copy) as rows:
        return sorted(bytes(row) for row in rows)


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """The names of what is not the same on both sides."""
    return sorted(name for name in {*before, *after} if before.get(name) != after.get(name))
