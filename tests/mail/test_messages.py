from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from html.parser import HTMLParser
from typing import Any

import pytest

from backend.mail.messages import SUBJECTS, Message, compose

TITLE = "Ten thousand acres\nBcc: everybody@example.org <of> reef"
MESSAGE = Message(
    kind="confirmation",
    to="ann@example.org",
    campaign_title=TITLE,
    confirm_url="https://coalition.example/endorsements/confirm#token=AAAAAAAqkXfA8nq0yZlHqgqC",
    decline_url="https://coalition.example/endorsements/decline#token=AAAAAAAqkXfA8nq0yZlHqgqC",
    token="AAAAAAAqkXfA8nq0yZlHqgqC",
    personal_url="https://coalition.example/me#token=AAAAAAAqkXfA8nq0yZlHqgqC",
    expires_at=datetime(2026, 12, 5, tzinfo=UTC),
    reason="It names <others>.",
)
URLS = (MESSAGE.confirm_url, MESSAGE.decline_url, MESSAGE.personal_url)
KINDS = sorted(SUBJECTS)
OF_CAMPAIGNS = sorted({*SUBJECTS} - {"link", "change_approved", "change_rejected"})


def composed(kind: str) -> EmailMessage:
    message = compose(Message(**{**MESSAGE.__dict__, "kind": kind}))
    parsed = message_from_bytes(message.message().as_bytes(), policy=policy.default)
    assert isinstance(parsed, EmailMessage)
    return parsed


def part(kind: str, subtype: str) -> str:
    body = composed(kind).get_body((subtype,))
    assert body
    content: str = body.get_content()
    return content


class Tags(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


@pytest.mark.parametrize("kind", KINDS)
class TestEveryMail:
    def test_has_one_line_of_a_subject_and_no_headers_of_a_title(self, kind: str) -> None:
        message = composed(kind)

        assert ("everybody@example.org" in message["Subject"]) is (kind in OF_CAMPAIGNS)
        assert message["Bcc"] is None
        assert message["To"] == "ann@example.org"

    def test_is_answered_by_no_machine(self, kind: str) -> None:
        message = composed(kind)

        assert message["Auto-Submitted"] == "auto-generated"
        assert message["List-Unsubscribe"] is None

    def test_comes_from_the_domain_of_its_sender(self, kind: str, settings: Any) -> None:
        settings.DEFAULT_FROM_EMAIL = "Reef Coalition <office@coalition.example>"

        message = composed(kind)

        assert message["From"] == "Reef Coalition <office@coalition.example>"
        assert str(message["Message-ID"]).endswith("@coalition.example>")

    def test_has_the_postal_address_of_its_sender(self, kind: str, settings: Any) -> None:
        settings.COALITION_NAME = "Reef Coalition"
        settings.COALITION_ADDRESS = "1 Dock Street\nAnnapolis, MD 21401"

        for subtype in ("plain", "html"):
            assert "1 Dock Street" in part(kind, subtype)
            assert "Reef Coalition" in part(kind, subtype)

    def test_says_the_same_in_text_and_in_html(self, kind: str) -> None:
        text, html = part(kind, "plain"), part(kind, "html")

        is_of_campaign = kind in OF_CAMPAIGNS
        assert (TITLE in text) is ("&lt;of&gt; reef" in html) is is_of_campaign
        for url in URLS:
            assert (url in text) == (url in html)

    def test_needs_no_image_and_is_laid_out_by_tables_that_say_so(self, kind: str) -> None:
        tags = Tags(part(kind, "html")).tags

        assert ("html", {"lang": "en", "dir": "ltr"}) in tags
        assert not {"img", "script", "form", "link", "iframe"} & {tag for tag, _ in tags}
        roles = [attributes.get("role") for tag, attributes in tags if tag == "table"]
        assert set(roles) == {"presentation"}

    def test_breaks_no_link(self, kind: str) -> None:
        lines = part(kind, "plain").splitlines()

        assert all(line.count("https://") <= 1 for line in lines)
        assert all(line.startswith("https://") for line in lines if "https://" in line)


class TestConfirmation:
    @pytest.mark.parametrize("kind", ["confirmation", "reminder"])
    def test_has_both_links_and_the_token_to_paste(self, kind: str) -> None:
        text, html = part(kind, "plain"), part(kind, "html")

        for url in (MESSAGE.confirm_url, MESSAGE.decline_url):
            assert url in text
            assert f'href="{url}"' in html
        assert MESSAGE.token in text.splitlines()
        assert "5 December 2026" in text


class TestLink:
    def test_has_the_link_the_token_to_paste_and_when_it_ends(self) -> None:
        message = Message(
            kind="link",
            to=MESSAGE.to,
            personal_url=MESSAGE.personal_url,
            token=MESSAGE.token,
            expires_at=datetime(2026, 12, 5, 9, 30, tzinfo=UTC),
        )

        text = str(compose(message).body)

        assert MESSAGE.personal_url in text.splitlines()
        assert "https://coalition.example/me" in text.splitlines()
        assert MESSAGE.token in text.splitlines()
        assert "5 December 2026, 09:30 (UTC)" in text.replace("\n", " ")


def contrast(one: str, other: str) -> float:
    """WCAG 2.2, "contrast ratio"."""

    def luminance(color: str) -> float:
        bands = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        red, green, blue = (
            band / 12.92 if band <= 0.04045 else ((band + 0.055) / 1.055) ** 2.4 for band in bands
        )
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


class TestColors:
    @pytest.mark.parametrize(
        ("text", "background"),
        [
            ("#1d2733", "#ffffff"),
            ("#1a5276", "#ffffff"),
            ("#ffffff", "#1a5276"),
            ("#4a5866", "#f0f3f6"),
            ("#e8eef4", "#1b242d"),
            ("#8ec7ff", "#1b242d"),
            ("#0b1a26", "#8ec7ff"),
            ("#aebccb", "#10161c"),
        ],
    )
    def test_can_be_read_in_the_light_and_in_the_dark(self, text: str, background: str) -> None:
        html = part("confirmation", "html")

        assert text in html
        assert background in html
        assert contrast(text, background) >= 4.5
