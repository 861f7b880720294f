from django.db import models


class IdempotentRequest(models.Model):
    """A request that was accepted with a key, so that sending it again does nothing twice."""

    # Digests of the key and of the body, which is a person's.
    key = models.BinaryField(max_length=16, primary_key=True)
    body = models.BinaryField(max_length=16)
    response = models.JSONField()
    expires_at = models.DateTimeField()

    class Meta:
        db_table = "coalition_idempotentrequest"
        default_permissions = ()
        indexes = [models.Index(fields=["expires_at"], name="idx_idempotent_expires")]

    def __str__(self) -> str:
        return f"Answered, until {self.expires_at}"
