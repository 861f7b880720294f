"""Why an action was not taken. Nothing has changed then."""


class NotAllowed(Exception):
    """The row is not in the state that the action needs: somebody else was faster."""


class Superseded(NotAllowed):
    """The supporter has sent something newer than what was looked at."""


class UnknownToken(Exception):
    """Nobody was given the token, or what it stood for is gone."""


class TokenExpired(Exception):
    """The token was not used in time."""


class AlreadyConfirmed(Exception):
    """What was to be declined is confirmed."""


class UnknownPerson(Exception):
    """They, or what is said to be theirs, is not there, or not theirs."""


class NobodyReviews(Exception):
    """The change needs a review, and no endorsement waits for one, or has had one."""


class EndorsementsClosed(Exception):
    """The campaign takes no endorsements."""


class UnknownUpload(Exception):
    """There is no such upload, or it is somebody else's."""


class UploadExpired(Exception):
    """It was not verified in time."""


class NothingUploaded(Exception):
    """No file was posted yet."""
