import pytest
from django.core.management import call_command

from tests.factories import make_submission
from tests.logs import json_log
from tests.smtp import Inbox

pytestmark = pytest.mark.django_db


def test_names_the_mail_that_could_not_be_sent_and_not_to_whom(inbox: Inbox) -> None:
    submission = make_submission(email="canary@example.org")
    mail = submission.mails.create(kind="confirmation")
    inbox.answers["canary@example.org"] = "550 5.1.1 canary@example.org is unknown"

    with json_log() as lines:
        call_command("send_mail", "--once", verbosity=0)

    [line] = [each for each in lines if each["logger"].startswith("backend")]
    assert (line["mail_id"], line["operation"], line["level"]) == (mail.pk, "sendMail", "WARNING")
    assert "canary" not in str(line)
