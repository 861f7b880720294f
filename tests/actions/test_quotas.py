"""Limits, where many begin a window at once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from time import sleep

import pytest
from django.db import connection, transaction
from django.utils import timezone

from backend.actions.quotas import Limit
from backend.models import Quota


@pytest.mark.django_db(transaction=True)
def test_a_window_that_another_began_a_moment_later_is_not_begun_anew() -> None:
    limit = Limit("requests", quota=1, window_seconds=600)

    def spend() -> bool:
        try:
            return limit.spend("somebody")
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool, transaction.atomic():
        limit.spend("somebody")
        late = pool.submit(spend)
        sleep(0.2)  # for it to have read the clock, and to wait for this transaction
        later = timezone.now() + timedelta(seconds=600)
        Quota.objects.update(expires_at=later)

    assert late.result() is False
