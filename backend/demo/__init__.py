"""A fictional coalition on the Chesapeake Bay: what a newcomer sees first.

Its rows are in the files beside this module; the people, farms, boats, towns and groups in
them are invented, the counties are real. `stakeholders.csv` has the columns that
`import_stakeholders` reads.
"""

import csv
import tomllib
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from django.contrib.gis.geos import Point
from django.utils import timezone

from backend.actions.consents import consents_of
from backend.actions.submissions import EndorsableCampaign
from backend.models import (
    ContentBlock,
    Endorsement,
    HomePage,
    LegalDocument,
    PolicyCampaign,
    Stakeholder,
    Submission,
)
from backend.models.keyed_digests import keyed_digest

FOLDER = Path(__file__).parent
# Where the supporters are, for documents alone (RFC 5737).
NETWORK = "203.0.113.7"


def homepage() -> tuple[HomePage, list[ContentBlock]]:
    """The page, inactive, and its blocks in their order."""
    values = _read_toml("homepage.toml")
    blocks = values.pop("content_blocks")
    page = HomePage(**values)
    created_at = page.created_at
    return page, [
        ContentBlock(homepage=page, order=order, created_at=created_at, **block)
        for order, block in enumerate(blocks, start=1)
    ]


def campaigns() -> list[PolicyCampaign]:
    return [PolicyCampaign(**values) for values in _read_toml("campaigns.toml")["campaigns"]]


def stakeholders() -> list[Stakeholder]:
    return [_stakeholder(**row) for row in _read_csv("stakeholders.csv")]


def endorsements(
    campaigns: list[PolicyCampaign], stakeholders: list[Stakeholder]
) -> list[Endorsement]:
    """Those of the given stakeholders for the given campaigns."""
    by_slug = {campaign.slug: campaign for campaign in campaigns}
    by_email = {stakeholder.email: stakeholder for stakeholder in stakeholders}
    return [
        Endorsement(
            campaign=by_slug[row["campaign"]],
            stakeholder=by_email[row["email"]],
            status=row["status"],
            public_display=row["public_display"] == "true",
            created_at=datetime.fromisoformat(row["created_at"]),
            statement=row["statement"],
        )
        for row in _read_csv("endorsements.csv")
    ]


def legal_documents() -> list[LegalDocument]:
    """Drafts of the terms and the privacy text."""
    documents = _read_toml("legal_documents.toml")["legal_documents"]
    return [LegalDocument(**values) for values in documents]


def submissions() -> Iterator[tuple[Submission, bool]]:
    """What came in by the form for campaigns that are there; whether its sender has confirmed."""
    for values in _read_toml("submissions.toml")["submissions"]:
        campaign = EndorsableCampaign.find(values.pop("campaign"))
        if campaign is None:
            continue
        is_confirmed = values.pop("confirmed")
        longitude, latitude = values.pop("location", (None, None))
        yield (
            Submission(
                **values,
                campaign_id=campaign.id,
                location=Point(longitude, latitude, srid=4326) if longitude else None,
                consents=consents_of(values, (campaign.terms, campaign.privacy), at=timezone.now()),
                network=keyed_digest("network", NETWORK),
            ),
            is_confirmed,
        )


def _stakeholder(
    *, longitude: str, latitude: str, is_public: str, created_at: str, **texts: str
) -> Stakeholder:
    return Stakeholder(
        location=Point(float(longitude), float(latitude), srid=4326) if longitude else None,
        is_public=is_public == "true",
        created_at=datetime.fromisoformat(created_at),
        **texts,
    )


def _read_toml(name: str) -> dict[str, Any]:
    return tomllib.loads((FOLDER / name).read_text(encoding="utf-8"))


def _read_csv(name: str) -> list[dict[str, str]]:
    with (FOLDER / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
