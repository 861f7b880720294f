from typing import Any

from django.contrib.admin.forms import AdminAuthenticationForm
from django.core.exceptions import ValidationError

from backend.http.limits import TooManyRequests


class SignInForm(AdminAuthenticationForm):
    """Says that too many passwords were tried, whether the account exists or not."""

    def clean(self) -> dict[str, Any]:
        try:
            return super().clean()
        except TooManyRequests as error:
            raise ValidationError(str(error.detail), code="too_many") from error
