"""Valid rows, each different from the last; what a test is about it says itself."""

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from django.contrib.auth.models import Group, User
from django.contrib.gis.geos import Point
from django.utils import timezone

from backend.actions.legal_documents import publish
from backend.models import (
    ContentBlock,
    Endorsement,
    HomePage,
    LegalDocument,
    PolicyCampaign,
    Stakeholder,
    Submission,
    Upload,
)

numbers = count(1)

ANNAPOLIS = Point(-76.49, 38.97, srid=4326)


def make_user(*groups: str, **values: Any) -> User:
    """An account with the rights of these groups, which may use the admin if there are any."""
    defaults: dict[str, Any] = {"username": f"user-{next(numbers)}", "is_staff": bool(groups)}
    user = User.objects.create_user(**defaults | values)
    user.groups.set(Group.objects.filter(name__in=groups))
    return user


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


def make_upload(**values: Any) -> Upload:
    """A PNG that is verified, in no store."""
    defaults: dict[str, Any] = {"content_type": "image/png", "size": 100}
    if "verified_at" not in values:
        defaults["verified_at"] = timezone.now()
    if values.get("verified_at", defaults) is not None:
        defaults |= {"width": 60, "height": 40}
    return Upload.objects.create(**defaults | values)


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


def make_legal_document(**values: Any) -> LegalDocument:
    """A draft of the terms."""
    n = next(numbers)
    defaults = {
        "kind": "terms",
        "version": f"{n}",
        "title": f"Terms {n}",
        "content": "<p>Sign what you mean.</p>",
    }
    return LegalDocument.objects.create(**defaults | values)


def publish_legal_document(**values: Any) -> LegalDocument:
    """The current terms."""
    return publish(document_id=make_legal_document(**values).pk)


def publish_legal_texts(version: str = "2026-11") -> None:
    """The terms and the privacy text, without which nobody can endorse."""
    for kind in LegalDocument.Kind:
        publish_legal_document(kind=kind, version=version)


def submission_body(**members: Any) -> dict[str, Any]:
    """What a supporter sends: each time from another person, who agrees to everything."""
    n = next(numbers)
    return {
        "name": f"Supporter {n}",
        "email": f"supporter-{n}@example.org",
        "state": "MD",
        "county": "Talbot",
        "type": "farmer",
        "location": {"type": "Point", "coordinates": [-76.1, 38.8]},
        "statement": f"Reason {n} to restore the reefs.",
        "public_display": True,
        "is_public": True,
        "email_updates": False,
        "terms_version": "2026-11",
    } | members


def make_submission(**values: Any) -> Submission:
    """A farmer's, who agreed to be shown and listed; nobody has confirmed it."""
    n = next(numbers)
    moment = values.get("created_at", datetime.now(UTC)).isoformat()
    consents = {
        name: {"given": values.get(name, True), "version": "1", "sha256": "", "at": moment}
        for name in ("public_display", "is_public", "email_updates")
    }
    defaults: dict[str, Any] = {
        "name": f"Supporter {n}",
        "email": f"supporter-{n}@example.org",
        "state": "MD",
        "county": "Talbot",
        "type": "farmer",
        "location": ANNAPOLIS,
        "statement": f"Reason {n}.",
        "public_display": True,
        "is_public": True,
        "email_updates": True,
        "consents": consents,
        "network": f"network {n}".encode(),
    }
    if "campaign" not in values:
        defaults["campaign"] = make_campaign()
    return Submission.objects.create(**defaults | values)


def created_days_ago(days: int, endorsement: Endorsement) -> None:
    """Have an endorsement created at this time of an earlier day."""
    moment = timezone.now() - timedelta(days=days)
    Endorsement.all_objects.filter(pk=endorsement.pk).update(created_at=moment)
