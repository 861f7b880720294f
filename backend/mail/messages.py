"""What mails say.

Nothing that an anonymous request sent is in a mail to confirm it, not even a name: otherwise
anybody could have us write anything to anybody.
"""

from dataclasses import dataclass
from datetime import datetime
from email.utils import make_msgid, parseaddr
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import get_template

SUBJECTS = {
    "confirmation": "Please confirm your endorsement: {campaign}",
    "reminder": "Your endorsement still waits for you: {campaign}",
    "approved": "Your endorsement was accepted: {campaign}",
    "rejected": "Your endorsement was not accepted: {campaign}",
    "words_rejected": "Your new statement was not accepted: {campaign}",
    "change_approved": "Your changes at {coalition} were accepted",
    "change_rejected": "Your changes at {coalition} were not accepted",
    "link": "Your data at {coalition}",
}

HEADERS = {
    # RFC 3834, section 5: no holiday notice answers it. There is no List-Unsubscribe, which is for
    # what somebody has subscribed to (RFC 8058): this is sent once, about what they did.
    "Auto-Submitted": "auto-generated",
    "X-Auto-Response-Suppress": "All",
}


@dataclass(frozen=True)
class Message:
    """What a mail is about. `kind` is a key of SUBJECTS; links are absolute URLs."""

    kind: str
    to: str
    campaign_title: str = ""
    confirm_url: str = ""
    decline_url: str = ""
    # Of the page of what is held about them.
    personal_url: str = ""
    token: str = ""
    expires_at: datetime | None = None
    # The reviewer's, for a rejection.
    reason: str = ""

    @property
    def page_url(self) -> str:
        """Where the token can be pasted."""
        return (self.confirm_url or self.personal_url).partition("#")[0]


def compose(message: Message) -> EmailMultiAlternatives:
    """The mail, in text and in HTML, which say the same."""
    context = {
        "message": message,
        "coalition": settings.COALITION_NAME,
        "postal_address": settings.COALITION_ADDRESS,
        "subject": _subject(message),
    }
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2]
    mail = EmailMultiAlternatives(
        subject=context["subject"],
        body=_render(message.kind, "txt", context),
        to=[message.to],
        reply_to=[settings.EMAIL_REPLY_TO] if settings.EMAIL_REPLY_TO else None,
        headers=HEADERS | {"Message-ID": make_msgid(domain=domain or None)},
    )
    mail.attach_alternative(_render(message.kind, "html", context), "text/html")
    return mail


def _subject(message: Message) -> str:
    names = {"campaign": message.campaign_title, "coalition": settings.COALITION_NAME}
    subject = SUBJECTS[message.kind].format(**names)
    return " ".join(subject.split())  # a header has one line


def _render(kind: str, suffix: str, context: dict[str, Any]) -> str:
    return get_template(f"backend/mail/{kind}.{suffix}").render(context)
