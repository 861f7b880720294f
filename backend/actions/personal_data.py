"""All that is stored about a person, wherever it is."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.contrib.gis.geos import Point
from django.db.models import Field, Model, Q, QuerySet

from backend.models import (
    Endorsement,
    Erasure,
    OutgoingMail,
    PersonalLink,
    PolicyCampaign,
    RedeemedToken,
    Stakeholder,
    Submission,
    Suppression,
    Transition,
)
from backend.models.classification import CLASSIFICATION
from backend.models.consents import as_told
from backend.models.fields import ConsentsField

Rows = dict[type[Model], QuerySet[Any]]


@dataclass(frozen=True)
class Person:
    """Whoever reads an e-mail address: the keys of their rows, deleted ones included."""

    email: str
    # Rows that were created later are another's, or of another time.
    before: datetime | None
    stakeholders: list[int]
    endorsements: list[int]
    submissions: list[int]

    @classmethod
    def at(cls, email: str, *, before: datetime | None = None) -> "Person":
        email = email.lower()
        in_time = created_before(before)
        stakeholders = Stakeholder.all_objects.reachable_at(email).filter(in_time)
        stakeholder_ids = _keys(stakeholders)
        endorsement_ids = _keys(Endorsement.all_objects.filter(stakeholder__in=stakeholder_ids))
        sent = Q(in_time, email=email) | Q(endorsement__in=endorsement_ids)
        submission_ids = _keys(Submission.objects.filter(sent))
        return cls(email, before, stakeholder_ids, endorsement_ids, submission_ids)

    def rows(self) -> Rows:
        """By model, those that an erasure removes; what refers to others stands before them."""
        named = Q(created_before(self.before), email=self.email)
        links = PersonalLink.objects.filter(named)
        about = Q(submission__in=self.submissions) | Q(endorsement__in=self.endorsements)
        redeemed = Q(submission_id__in=self.submissions) | Q(endorsement__in=self.endorsements)
        mails = OutgoingMail.objects.filter(named | about | Q(link__in=links))
        return {
            LogEntry: LogEntry.objects.filter(self._is_logged(mails)),
            OutgoingMail: mails,
            PersonalLink: links,
            RedeemedToken: RedeemedToken.objects.filter(redeemed),
            Submission: Submission.objects.filter(pk__in=self.submissions),
            Transition: Transition.objects.filter(endorsement__in=self.endorsements),
            Endorsement: Endorsement.all_objects.filter(pk__in=self.endorsements),
            Stakeholder: Stakeholder.all_objects.filter(pk__in=self.stakeholders),
        }

    def digests(self) -> Rows:
        """By model, those that an erasure leaves."""
        campaigns = PolicyCampaign.all_objects.values_list("pk", flat=True)
        digests = [Suppression.digest_of(self.email, about) for about in (None, *campaigns)]
        return {
            Suppression: Suppression.objects.filter(digest__in=digests),
            Erasure: Erasure.objects.filter(digest=Erasure.digest_of(self.email)),
        }

    def _is_logged(self, mails: "QuerySet[OutgoingMail]") -> Q:
        keys = {
            Stakeholder: self.stakeholders,
            Endorsement: self.endorsements,
            Submission: self.submissions,
            OutgoingMail: _keys(mails),
        }
        is_logged = Q(pk__in=())
        for model, ids in keys.items():
            logged_type = ContentType.objects.get_for_model(model)
            is_logged |= Q(content_type=logged_type, object_id__in=[str(each) for each in ids])
        return is_logged


def created_before(moment: datetime | None) -> Q:
    return Q() if moment is None else Q(created_at__lt=moment)


def _keys(rows: QuerySet[Any]) -> list[int]:
    return list(rows.order_by("pk").values_list("pk", flat=True))


def exported(person: Person) -> dict[str, Any]:
    """Every field of every row that its person may see, as JSON, by the name of the model."""
    rows = {**person.rows(), **person.digests()}
    return {
        str(model._meta.verbose_name_plural).replace(" ", "_"): [
            _exported_row(row) for row in found.order_by("pk")
        ]
        for model, found in reversed(rows.items())
    }


def _exported_row(row: Model) -> dict[str, Any]:
    shown = CLASSIFICATION[row._meta.label].shown_to_its_person
    return {
        field.name: _exported_value(row, field)
        for field in row._meta.concrete_fields
        if field.name in shown
    }


def _exported_value(row: Model, field: "Field[Any, Any]") -> Any:
    value = getattr(row, field.attname)
    if field.related_model is PolicyCampaign:
        campaign = getattr(row, field.name)
        return campaign and {"slug": campaign.slug, "title": campaign.title}
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, Point):
        return {"type": "Point", "coordinates": list(value.coords)}
    if isinstance(field, ConsentsField):
        return as_told(value)
    return value
