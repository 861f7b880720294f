from django.db import models


class Quota(models.Model):
    """How often somebody did something since their window began; they are a digest."""

    key = models.BinaryField(max_length=16, primary_key=True)
    spent = models.IntegerField()
    expires_at = models.DateTimeField()

    class Meta:
        db_table = "coalition_quota"
        default_permissions = ()
        indexes = [models.Index(fields=["expires_at"], name="idx_quota_expires")]

    def __str__(self) -> str:
        return f"{self.spent} until {self.expires_at}"
