"""Where Amazon SES tells of bounces and complaints, through Amazon SNS."""

import logging
from http import HTTPStatus

from drf_spectacular.utils import extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from backend.actions.suppression import suppress
from backend.http.errors import RETRY_AFTER_SECONDS, Problem
from backend.http.parsers import read_bounded
from backend.http.views import JSONView
from backend.mail.sns import Feedback, NotFromSNS, feedback

logger = logging.getLogger(__name__)


class MailFeedbackView(JSONView):
    """Anybody may call it, and only what SNS has signed is heard."""

    permission_classes = [AllowAny]

    @extend_schema(exclude=True)
    def post(self, request: Request) -> Response:
        """Never write again to the addresses that a message names."""
        told = _feedback(read_bounded(request))  # JSON, which SNS declares as plain text
        for email in told.bounced:
            suppress(email=email, reason="bounced")
        for email in told.complained:
            suppress(email=email, reason="complained")
        return Response(status=HTTPStatus.NO_CONTENT)


def _feedback(body: bytes) -> Feedback:
    try:
        return feedback(body)
    except NotFromSNS as error:
        logger.warning("Refused what came to the hook of SES: %s", error)
        raise Problem(HTTPStatus.FORBIDDEN, str(error)) from error
    except OSError as error:
        logger.warning("Amazon SNS could not be asked: %s", error)
        # After which it comes again, as it does not after a 403.
        raise Problem(
            HTTPStatus.SERVICE_UNAVAILABLE,
            "Amazon SNS did not answer in time. Try again in a moment.",
            headers={"Retry-After": str(RETRY_AFTER_SECONDS)},
        ) from error
