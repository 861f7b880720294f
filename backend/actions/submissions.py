"""What an anonymous request asks for: an endorsement, or the mail to confirm one once more.

All of it is the same work whether the address is known, declined, suppressed or over its limit:
only the outbox's worker looks. A crowd may come at once, so it is a few statements of SQL.
"""

# What is put into the SQL are constants of ours.
# ruff: noqa: S608

import json
from dataclasses import dataclass

from django.db import connection, transaction

from backend.actions.consents import LegalText
from backend.actions.quotas import Limit, spend_sql
from backend.models import LegalDocument, OutgoingMail, PolicyCampaign, Submission
from backend.observing.metrics import LIMITS_HIT

Kind = LegalDocument.Kind


def _current(kind: Kind) -> str:
    return f"""
        LEFT JOIN LATERAL (
            SELECT id, version FROM core_legaldocument
            WHERE kind = '{kind}' AND published_at IS NOT NULL
            ORDER BY published_at DESC, id DESC LIMIT 1
        ) AS {kind} ON true
    """


CAMPAIGN = f"""
SELECT campaign.id, allow_endorsements, terms.id, terms.version, privacy.id, privacy.version
FROM campaigns_policycampaign AS campaign {_current(Kind.TERMS)} {_current(Kind.PRIVACY)}
WHERE slug = %s AND active AND deleted_at IS NULL
"""

COLUMNS = [
    "campaign_id",
    "name",
    "organization",
    "role",
    "email",
    "state",
    "county",
    "type",
    "statement",
    "public_display",
    "is_public",
    "email_updates",
    "consents",
    "language",
    "network",
    "nonce",
    "created_at",
    "expires_at",
    "flags",
]

# Of what a bot sends nothing stays, after nearly the same work.
SUBMIT = f"""
WITH allowed AS ({spend_sql("address_")}),
    written_to AS ({spend_sql("mails_", "EXISTS (SELECT FROM allowed)")}),
    submission AS (
        INSERT INTO endorsements_submission ({", ".join(COLUMNS)}, location)
        SELECT {", ".join(f"%({name})s" for name in COLUMNS)}, %(location)s::geography
        FROM allowed WHERE NOT %(is_bot)s
        RETURNING id
    ),
    mail AS (
        INSERT INTO mail_outgoingmail (kind, submission_id, email, state)
        SELECT 'confirmation', id, '',
            CASE WHEN EXISTS (SELECT FROM written_to) THEN 'queued' ELSE 'dropped' END
        FROM submission
    )
SELECT (SELECT id FROM submission) FROM allowed
"""


@dataclass(frozen=True)
class EndorsableCampaign:
    """A campaign that anybody may see, and what those who endorse it agree to."""

    id: int
    allows_endorsements: bool
    terms: LegalText
    privacy: LegalText

    @property
    def is_open(self) -> bool:
        """Without both texts, nobody can agree to them."""
        return self.allows_endorsements and None not in (self.terms.id, self.privacy.id)

    @classmethod
    def find(cls, slug: str) -> "EndorsableCampaign | None":
        with connection.cursor() as cursor:
            cursor.execute(CAMPAIGN, [slug])
            row = cursor.fetchone()
        if row is None:
            return None
        terms, privacy = LegalText(Kind.TERMS, *row[2:4]), LegalText(Kind.PRIVACY, *row[4:6])
        return cls(row[0], row[1], terms, privacy)


def submit(*, submission: Submission, client: str, is_bot: bool = False) -> bool:
    """Store a submission, and the mail that asks to confirm it, in the current transaction.

    False, and nothing is stored, if the client's network has sent too many.
    """
    values = {name: getattr(submission, name) for name in COLUMNS}
    location = submission.location
    values |= {
        "consents": json.dumps(submission.consents),
        "flags": json.dumps(submission.flags),
        "location": location and location.ewkt,
        "is_bot": is_bot,
        **Limit.named("address").values(client, "address_"),
        **Limit.named("mails").values(submission.email, "mails_"),
    }
    with connection.cursor() as cursor:
        cursor.execute(SUBMIT, values)
        row = cursor.fetchone()
    if row is None:
        LIMITS_HIT.labels("address").inc()
        return False
    submission.pk = row[0]
    return True


@transaction.atomic
def resend(*, email: str, campaign_slug: str) -> None:
    """Ask for the mail to confirm what the address last sent to the campaign, if it did."""
    is_within = Limit.named("mails").spend(email.lower())
    OutgoingMail.objects.create(
        kind=OutgoingMail.Kind.RESEND,
        email=email,
        campaign=PolicyCampaign.objects.filter(slug=campaign_slug).first(),
        state=OutgoingMail.State.QUEUED if is_within else OutgoingMail.State.DROPPED,
    )
