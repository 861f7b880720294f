"""Valid rows, each different from the last; what a test is about it says itself."""

from itertools import count
from typing import Any

from django.contrib.gis.geos import Point

from backend.models import ContentBlock, Endorsement, HomePage, PolicyCampaign, Stakeholder

numbers = count(1)

ANNAPOLIS = Point(-76.49, 38.97, srid=4326)


def make_homepage(**values: Any) -> HomePage:
    defaults = {
        "organization_name": f"Coalition {next(numbers)}",
        "contact_email": "office@coalition.example",
    }
    return HomePage.objects.create(**defaults | values)


def make_block(**values: Any) -> ContentBlock:
    defaults: dict[str, Any] = {"content": "<p>Clean water.</p>"}
    if "homepage" not in values:
        defaults["homepage"] = make_homepage()
    return ContentBlock.objects.create(**defaults | values)


def make_campaign(**values: Any) -> PolicyCampaign:
    n = next(numbers)
    defaults = {"title": f"Campaign {n}", "slug": f"campaign-{n}", "summary": "In short."}
    return PolicyCampaign.objects.create(**defaults | values)


def make_stakeholder(**values: Any) -> Stakeholder:
    """A public business in Annapolis."""
    n = next(numbers)
    defaults = {
        "name": f"Stakeholder {n}",
        "email": f"stakeholder-{n}@example.org",
        "state": "MD",
        "county": "Anne Arundel",
        "type": "business",
        "location": ANNAPOLIS,
        "is_public": True,
    }
    return Stakeholder.objects.create(**defaults | values)


def make_endorsement(**values: Any) -> Endorsement:
    """An approved endorsement that its stakeholder consents to show."""
    defaults: dict[str, Any] = {"public_display": True, "status": "approved"}
    if "stakeholder" not in values:
        defaults["stakeholder"] = make_stakeholder()
    if "campaign" not in values:
        defaults["campaign"] = make_campaign()
    return Endorsement.objects.create(**defaults | values)
