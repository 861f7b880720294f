"""What SNS delivers is heard, and what anybody else does is not."""

import datetime as dt
import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.error import HTTPError

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from backend.mail.sns import CERTIFICATE_BYTES, Feedback, NotFromSNS, feedback, https_get
from tests.sns import (
    ARN,
    CERTIFICATE_URL,
    SITE,
    SUBSCRIBE_URL,
    Aws,
    bounce,
    certificate,
    complaint,
    notification,
    signed,
    subscription,
)

NAME = "SimpleNotificationService-0123456789abcdef0123456789abcdef.pem"


def changed(body: bytes, **members: Any) -> bytes:
    """A message whose members somebody has changed after it was signed."""
    return json.dumps(json.loads(body) | members).encode()


@pytest.mark.usefixtures("aws")
class TestNotification:
    @pytest.mark.parametrize("version", ["1", "2"])
    def test_of_a_permanent_bounce_names_the_addresses(self, version: str) -> None:
        body = signed(notification(bounce("a@example.org", "b@example.org")), version=version)

        assert feedback(body) == Feedback(bounced=("a@example.org", "b@example.org"))

    def test_of_a_complaint_names_the_address(self) -> None:
        body = signed(notification(complaint("a@example.org", complaintFeedbackType="abuse")))

        assert feedback(body) == Feedback(complained=("a@example.org",))

    @pytest.mark.parametrize(
        "event",
        [
            bounce("a@example.org", kind="Transient"),
            bounce("a@example.org", kind="Undetermined"),
            complaint("a@example.org", complaintFeedbackType="not-spam"),
            {"notificationType": "Delivery", "delivery": {"recipients": ["a@example.org"]}},
            {"AlarmName": "of another service"},
            ["a list"],
            "Successfully validated SNS topic for Amazon SES event publishing.",
        ],
    )
    def test_of_anything_else_names_nobody(self, event: Any) -> None:
        assert feedback(signed(notification(event))) == Feedback()

    def test_may_come_from_a_configuration_set(self) -> None:
        event = bounce("a@example.org")
        event["eventType"] = event.pop("notificationType")

        assert feedback(signed(notification(event))).bounced == ("a@example.org",)

    def test_names_an_address_without_what_stands_around_it(self) -> None:
        event = bounce("Ann <a@example.org>")

        assert feedback(signed(notification(event))).bounced == ("a@example.org",)

    def test_is_signed_with_its_subject_if_it_has_one(self) -> None:
        body = signed(notification(bounce("a@example.org"), Subject="Amazon SES"))

        assert feedback(body).bounced == ("a@example.org",)
        with pytest.raises(NotFromSNS):
            feedback(changed(body, Subject="Something else"))


@pytest.mark.usefixtures("aws")
class TestForgery:
    @pytest.mark.parametrize(
        "member", ["Message", "MessageId", "Timestamp", "TopicArn", "Type", "SignatureVersion"]
    )
    @pytest.mark.parametrize("value", ["", "1", None, 7])
    def test_of_any_member_is_refused(self, member: str, value: Any) -> None:
        body = signed(notification(bounce("a@example.org")))

        with pytest.raises(NotFromSNS):
            feedback(changed(body, **{member: value}))

    @pytest.mark.parametrize("signature", ["", "AAAA", "not base64", "é", None])
    def test_of_the_signature_is_refused(self, signature: str | None) -> None:
        body = signed(notification(bounce("a@example.org")))

        with pytest.raises(NotFromSNS):
            feedback(changed(body, Signature=signature))

    def test_with_another_key_is_refused(self) -> None:
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)

        with pytest.raises(NotFromSNS, match="signature"):
            feedback(signed(notification(bounce("a@example.org")), key=key))

    def test_by_a_topic_of_somebody_elses_is_refused(self, aws: Aws) -> None:
        theirs = "arn:aws:sns:eu-west-1:666666666666:mail-feedback"

        with pytest.raises(NotFromSNS, match="SNS_TOPIC_ARNS"):
            feedback(signed(notification(bounce("a@example.org"), TopicArn=theirs)))

        assert aws.asked == []

    def test_is_all_there_is_where_no_topic_is_set(self, settings: Any) -> None:
        settings.SNS_TOPIC_ARNS = []

        with pytest.raises(NotFromSNS):
            feedback(signed(notification(bounce("a@example.org"))))

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"{",
            b"null",
            b"[]",
            b'"text"',
            b"{}",
            b"\xff",
            b"[" * 100_000,
            b'{"Type": "\\ud800"}',
        ],
    )
    def test_that_is_no_message_is_refused(self, body: bytes) -> None:
        with pytest.raises(NotFromSNS):
            feedback(body)

    def test_with_half_a_surrogate_pair_is_refused(self) -> None:
        body = changed(signed(notification("x")), Message="\ud800")

        with pytest.raises(NotFromSNS):
            feedback(body)


class TestCertificate:
    @pytest.mark.parametrize(
        "url",
        [
            f"http://sns.eu-west-1.amazonaws.com/{NAME}",
            f"https://sns.eu-west-1.amazonaws.com.evil.example/{NAME}",
            f"https://evil.example/sns.eu-west-1.amazonaws.com/{NAME}",
            f"https://evil.example#sns.eu-west-1.amazonaws.com/{NAME}",
            f"https://user@sns.eu-west-1.amazonaws.com/{NAME}",
            f"https://sns.eu-west-1.amazonaws.com:8443/{NAME}",
            f"https://sns.evil.example.amazonaws.com/{NAME}",
            f"https://bucket.s3.amazonaws.com/{NAME}",
            f"https://sns.eu-west-1.amazonaws.com/?Action=GetEndpointAttributes&x=/{NAME}",
            f"https://sns.eu-west-1.amazonaws.com/{NAME}?x=1",
            f"https://sns.eu-west-1.amazonaws.com/{NAME}\n",
            f"https://sns.eu-west-1.amazonaws.com/x/../{NAME}",
            "https://sns.eu-west-1.amazonaws.com/other.pem",
            f"file:///{NAME}",
            "",
        ],
    )
    def test_from_elsewhere_is_never_asked_for(self, url: str, aws: Aws) -> None:
        aws.pages[url] = certificate()
        body = signed(notification(bounce("a@example.org")))

        with pytest.raises(NotFromSNS):
            feedback(changed(body, SigningCertURL=url))

        assert aws.asked == []

    @pytest.mark.parametrize(
        "host",
        [
            "sns.us-gov-west-1.amazonaws.com",
            "sns.cn-north-1.amazonaws.com.cn",
            "sns.ap-southeast-4.amazonaws.com",
        ],
    )
    def test_may_be_of_any_region(self, host: str, aws: Aws) -> None:
        aws.pages[f"https://{host}/{NAME}"] = certificate()
        body = signed(notification(bounce("a@example.org")))

        told = feedback(changed(body, SigningCertURL=f"https://{host}/{NAME}"))

        assert told.bounced == ("a@example.org",)

    def test_is_asked_for_once(self, aws: Aws) -> None:
        for _ in range(3):
            feedback(signed(notification(bounce("a@example.org"))))

        assert aws.asked == [CERTIFICATE_URL]

    @pytest.mark.parametrize("days", [2, -1])
    def test_that_does_not_hold_today_is_refused(self, days: int, aws: Aws) -> None:
        aws.pages[CERTIFICATE_URL] = certificate(age=dt.timedelta(days=days))

        with pytest.raises(NotFromSNS):
            feedback(signed(notification(bounce("a@example.org"))))

    @pytest.mark.parametrize(
        "page", [b"", b"<html>", certificate(ec.generate_private_key(ec.SECP256R1()))]
    )
    def test_that_is_no_certificate_of_an_rsa_key_is_refused(self, page: bytes, aws: Aws) -> None:
        aws.pages[CERTIFICATE_URL] = page

        with pytest.raises(NotFromSNS):
            feedback(signed(notification(bounce("a@example.org"))))

    def test_that_aws_does_not_hand_out_is_an_error_of_the_network(self, aws: Aws) -> None:
        aws.pages.clear()

        with pytest.raises(OSError, match="AWS is away"):
            feedback(signed(notification(bounce("a@example.org"))))


class TestSubscription:
    def test_to_our_topic_is_confirmed(self, aws: Aws) -> None:
        aws.pages[SUBSCRIBE_URL] = b"<ConfirmSubscriptionResponse/>"

        told = feedback(signed(subscription()))

        assert told == Feedback()
        assert aws.asked == [CERTIFICATE_URL, SUBSCRIBE_URL]

    def test_to_somebody_elses_is_not(self, aws: Aws) -> None:
        with pytest.raises(NotFromSNS):
            feedback(signed(subscription(TopicArn=f"{ARN}-of-others")))

        assert aws.asked == []

    @pytest.mark.parametrize(
        "url",
        [
            "https://evil.example/?Action=ConfirmSubscription",
            "http://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription",
            f"{SITE}.evil.example/?Action=ConfirmSubscription",
            f"{SITE}@evil.example/?Action=ConfirmSubscription",
        ],
    )
    def test_that_leads_elsewhere_is_not(self, url: str, aws: Aws) -> None:
        with pytest.raises(NotFromSNS):
            feedback(signed(subscription(SubscribeURL=url)))

        assert aws.asked == [CERTIFICATE_URL]

    def test_that_was_tampered_with_is_not(self, aws: Aws) -> None:
        body = changed(signed(subscription()), SubscribeURL=f"{SITE}/?Action=Other")

        with pytest.raises(NotFromSNS):
            feedback(body)

        assert aws.asked == [CERTIFICATE_URL]

    @pytest.mark.usefixtures("aws")
    def test_is_an_error_of_the_network_while_aws_is_away(self) -> None:
        with pytest.raises(OSError, match="AWS is away"):
            feedback(signed(subscription()))

    def test_that_has_ended_is_only_taken_note_of(self, aws: Aws) -> None:
        told = feedback(signed(subscription(Type="UnsubscribeConfirmation")))

        assert told == Feedback()
        assert aws.asked == [CERTIFICATE_URL]


Respond = Callable[[BaseHTTPRequestHandler], object]


@pytest.fixture
def respond() -> Iterator[Callable[[Respond], str]]:
    """Starts a server that answers so, and returns its address."""
    servers: list[HTTPServer] = []

    def start(answer: Respond) -> str:
        handler = type(
            "Handler",
            (BaseHTTPRequestHandler,),
            {"do_GET": answer, "log_message": lambda *_arguments: None},
        )
        server = HTTPServer(("127.0.0.1", 0), handler)
        servers.append(server)
        threading.Thread(target=server.serve_forever, args=(0.05,)).start()
        return f"http://127.0.0.1:{server.server_port}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


class TestGet:
    def test_follows_no_redirect(self, respond: Callable[[Respond], str]) -> None:
        asked = []

        def redirect(handler: BaseHTTPRequestHandler) -> None:
            asked.append(handler.path)
            handler.send_response(302)
            handler.send_header("Location", "/elsewhere")
            handler.end_headers()

        url = respond(redirect)

        with pytest.raises(HTTPError) as failure:
            https_get(f"{url}/certificate.pem")

        failure.value.close()
        assert asked == ["/certificate.pem"]

    def test_reads_no_more_than_a_certificate_may_have(
        self, respond: Callable[[Respond], str]
    ) -> None:
        def pour(handler: BaseHTTPRequestHandler) -> None:
            handler.send_response(200)
            handler.end_headers()
            handler.wfile.write(b"x" * (CERTIFICATE_BYTES + 1))

        assert len(https_get(respond(pour))) == CERTIFICATE_BYTES

    def test_gives_up_when_nothing_comes(
        self, respond: Callable[[Respond], str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("backend.mail.sns.TIMEOUT_SECONDS", 0.2)
        asked = threading.Event()

        with pytest.raises(TimeoutError):
            https_get(respond(lambda _handler: asked.wait(1)))
