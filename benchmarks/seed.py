"""Rows for the benchmarks: many, alike, and the same every time.

python -m benchmarks.seed --stakeholders=100000 --endorsements=10000
"""

import argparse
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import django
from django.conf import settings
from django.db import connections, transaction
from django.db.backends.utils import CursorWrapper

OWNER = "owner"
CAMPAIGNS = 100
BLOCKS = 20

# Every row is one of these, or belongs to one.
FOREIGN_ROWS = """
SELECT
    (SELECT count(*) FROM stakeholders_stakeholder
     WHERE email NOT LIKE 'stakeholder-%@benchmark.example'),
    (SELECT count(*) FROM campaigns_policycampaign WHERE slug NOT LIKE 'benchmark-%'),
    (SELECT count(*) FROM core_homepage WHERE contact_email <> 'office@benchmark.example')
"""

TABLES = (
    "stakeholders_stakeholder",
    "campaigns_policycampaign",
    "endorsements_endorsement",
    "core_homepage",
    "core_contentblock",
)

# One in 20 is not public, one in 200 deleted, one in 100 nowhere; the others are spread evenly
# over the watershed by the additive recurrence R2, whose constants are powers of 1 / 1.3247….
STAKEHOLDERS = """
INSERT INTO stakeholders_stakeholder (
    id, name, organization, role, email, state, county, type, location, is_public,
    created_at, updated_at, deleted_at
)
SELECT
    n,
    first[1 + n %% 12] || ' ' || last[1 + n / 12 %% 15],
    CASE WHEN n %% 3 > 0 THEN last[1 + n %% 15] || ' & ' || trade[1 + n / 5 %% 6] ELSE '' END,
    CASE WHEN n %% 2 = 0 THEN 'Owner' ELSE '' END,
    'stakeholder-' || n || '@benchmark.example',
    state[1 + n %% 7],
    county[1 + n / 7 %% 8],
    type[1 + n %% 7],
    CASE WHEN n %% 100 <> 50 THEN ST_SetSRID(ST_MakePoint(
        -80.6 + 6.3 * (n * 0.7548776662466927 %% 1)::float8,
        36.6 + 6.4 * (n * 0.5698402909980532 %% 1)::float8
    ), 4326)::geography END,
    n %% 20 <> 0,
    '2025-01-01Z'::timestamptz + n * interval '20 seconds',
    '2025-01-01Z'::timestamptz + n * interval '20 seconds',
    CASE WHEN n %% 200 = 7 THEN '2026-01-01Z'::timestamptz END
FROM
    generate_series(1, %(stakeholders)s) AS n,
    (SELECT
        '{Ana,Björn,Chidi,Dee,"Eve \\"Evie\\"",Finn,Grace,Hana,Ines,Jamal,Kō,Léa}'::text[] AS first,
        '{Abbott,Baker,Calvert,Dorsey,Ewell,Fenwick,Gibson,Harding,Ireland,Jenkins,
        Kent,Lowe,"O''Neill",Paca,Ruiz}'::text[] AS last,
        '{Daughters,Oysters,Orchards,Marina,Dairy,Nursery}'::text[] AS trade,
        '{MD,VA,PA,NY,DE,WV,DC}'::text[] AS state,
        '{"Anne Arundel",Calvert,Kent,Lancaster,Accomack,Sussex,Tioga,
        "St. Mary''s"}'::text[] AS county,
        '{farmer,waterman,business,nonprofit,individual,government,other}'::text[] AS type
    ) AS words
"""

CAMPAIGN_ROWS = """
INSERT INTO campaigns_policycampaign (
    id, title, slug, summary, description, endorsement_statement, created_at, updated_at
)
SELECT
    n, 'Benchmark campaign ' || n, 'benchmark-' || n, 'Cleaner water in the Bay by 2030.',
    repeat('Every oyster filters fifty gallons a day. ', 15), 'I support this campaign.',
    '2025-01-01Z'::timestamptz + n * interval '1 day',
    '2025-01-01Z'::timestamptz + n * interval '1 day'
FROM generate_series(1, %(campaigns)s) AS n
"""

# Each round gives every stakeholder one more campaign. Eight in ten are approved, and one in
# 25 is without consent; those of a deleted stakeholder are deleted along.
ENDORSEMENTS = """
INSERT INTO endorsements_endorsement (
    id, stakeholder_id, campaign_id, statement, public_display, status,
    created_at, updated_at, deleted_at
)
SELECT
    n + 1,
    s,
    1 + (n / %(stakeholders)s + s + s / 100) %% %(campaigns)s,
    CASE WHEN n %% 3 = 0 THEN 'Clean water is our living.' ELSE '' END,
    n %% 25 <> 1,
    CASE n %% 10 WHEN 3 THEN 'pending' WHEN 7 THEN 'rejected' ELSE 'approved' END,
    '2025-01-01Z'::timestamptz + n * interval '20 seconds',
    '2025-01-01Z'::timestamptz + n * interval '20 seconds',
    CASE WHEN s %% 200 = 7 THEN '2026-01-01Z'::timestamptz END
FROM
    generate_series(0, %(endorsements)s - 1) AS n,
    LATERAL (SELECT 1 + n %% %(stakeholders)s AS s) AS stakeholder
"""

HOMEPAGE = """
INSERT INTO core_homepage (
    id, organization_name, tagline, hero_title, about_section_content, contact_email,
    social_media_urls, is_active, created_at, updated_at
)
VALUES (
    1, 'The Benchmark Coalition', 'One bay, one million voices', 'Clean water for everyone',
    repeat('We are farmers, watermen and neighbours. ', 20), 'office@benchmark.example',
    '{"mastodon": "https://social.example/@benchmark"}', true,
    '2025-01-01Z', '2025-01-01Z'
)
"""

CONTENT_BLOCKS = """
INSERT INTO core_contentblock (
    id, homepage_id, title, block_type, content, "order", created_at, updated_at
)
SELECT
    n, 1, 'Block ' || n, 'text',
    '<p>' || repeat('The Bay begins in your back yard. ', 15) || '</p>',
    n, '2025-01-01Z', '2025-01-01Z'
FROM generate_series(1, %(blocks)s) AS n
"""


class SeedError(Exception):
    """Why nothing was seeded, in a sentence."""


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.seed",
        description=(
            f"Fill an empty database for the benchmarks: stakeholders, {CAMPAIGNS} campaigns, "
            f"endorsements and a homepage of {BLOCKS} blocks, the same rows each time. Replaces "
            "what it put there before; where there is anything else, nothing changes."
        ),
    )
    parser.add_argument("--stakeholders", type=int, required=True, metavar="N")
    parser.add_argument("--endorsements", type=int, required=True, metavar="M")
    sizes = parser.parse_args()
    django.setup()
    try:
        seed(stakeholders=sizes.stakeholders, endorsements=sizes.endorsements)
    except SeedError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def seed(*, stakeholders: int, endorsements: int) -> None:
    require_sensible(stakeholders, endorsements)
    # It truncates and vacuums, and takes longer than coalition_app may.
    if OWNER not in settings.DATABASES:
        raise SeedError("Seeding is for the tables' owner: set DATABASE_OWNER_URL as well.")
    sizes = {
        "stakeholders": stakeholders,
        "campaigns": CAMPAIGNS,
        "endorsements": endorsements,
        "blocks": BLOCKS,
    }
    with connections[OWNER].cursor() as cursor:
        with transaction.atomic(using=OWNER):
            require_own(cursor)
            fill(cursor, sizes)
        with timed("vacuumed and analyzed"):
            cursor.execute(f"VACUUM (ANALYZE) {', '.join(TABLES)}")


def fill(cursor: CursorWrapper, sizes: dict[str, int]) -> None:
    # The index of names takes its entries in bulk, at the VACUUM.
    cursor.execute("SET LOCAL gin_pending_list_limit = '1GB'")
    cursor.execute(f"TRUNCATE {', '.join(TABLES)} RESTART IDENTITY CASCADE")
    statements = {
        "stakeholders": STAKEHOLDERS,
        "campaigns": CAMPAIGN_ROWS,
        "endorsements": ENDORSEMENTS,
        "homepage": HOMEPAGE,
        "blocks": CONTENT_BLOCKS,
    }
    for name, statement in statements.items():
        with timed(f"{sizes.get(name, 1):,} {name}"):
            cursor.execute(statement, sizes)
    for table in TABLES:
        # The next row that somebody adds comes after these.
        cursor.execute(
            f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM {table}"  # noqa: S608  # TABLES
        )
    with timed("deferred triggers"):
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


@contextmanager
def timed(what: str) -> Iterator[None]:
    start = time.monotonic()
    yield
    print(f"{what}: {time.monotonic() - start:.1f} s")


def require_sensible(stakeholders: int, endorsements: int) -> None:
    if stakeholders < 1 or endorsements < 0:
        raise SeedError("Give at least one stakeholder, and no negative number.")
    if endorsements > stakeholders * CAMPAIGNS:
        raise SeedError(
            f"{stakeholders:,} stakeholders can endorse {CAMPAIGNS} campaigns "
            f"{stakeholders * CAMPAIGNS:,} times at most: give fewer --endorsements."
        )


def require_own(cursor: CursorWrapper) -> None:
    """Refuse a database in which there is anything but what was seeded there."""
    cursor.execute(FOREIGN_ROWS)
    names = ("stakeholders", "campaigns", "homepages")
    foreign = [
        f"{name}: {count:,}" for name, count in zip(names, cursor.fetchone(), strict=True) if count
    ]
    if foreign:
        raise SeedError(
            f"Nothing changed: the database has rows of others ({', '.join(foreign)}). "
            "Seed an empty one; make bench makes one of its own."
        )


if __name__ == "__main__":
    sys.exit(main())
