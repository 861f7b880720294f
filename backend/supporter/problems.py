"""The problems that are a supporter's own; docs/problems.md explains them."""

from http import HTTPStatus

from backend.http.errors import Problem


class EndorsementsClosed(Problem):
    title = "Endorsements Closed"

    def __init__(self) -> None:
        super().__init__(HTTPStatus.CONFLICT, "This campaign takes no endorsements at present.")


class EndorseFirst(Problem):
    title = "Endorse First"

    def __init__(self) -> None:
        super().__init__(
            HTTPStatus.CONFLICT,
            "A person reviews this along with an endorsement of yours, and there is none that "
            "waits or was accepted. Endorse a campaign with it, or first leave the public list.",
        )


class UnknownToken(Problem):
    title = "Unknown Token"

    def __init__(self) -> None:
        super().__init__(
            HTTPStatus.NOT_FOUND,
            "Nothing is known of this token. It may be cut, or was declined, or is too old.",
        )


class TokenExpired(Problem):
    title = "Token Expired"

    def __init__(self) -> None:
        super().__init__(
            HTTPStatus.GONE, "This was not confirmed in time. Send the endorsement once more."
        )


class AlreadyConfirmed(Problem):
    title = "Already Confirmed"

    def __init__(self) -> None:
        super().__init__(
            HTTPStatus.CONFLICT, "This endorsement is confirmed, and can no longer be declined."
        )
