from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.contrib.messages import get_messages
from django.test import Client

from backend.models.soft_deletion import SoftDeletionModel


@pytest.fixture
def staff_client() -> Callable[..., Client]:
    """Log in somebody who may do what the codenames say, such as change_stakeholder."""

    def log_in(*codenames: str) -> Client:
        user = User.objects.create_user("staff", is_staff=True)
        user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
        client = Client()
        client.force_login(user)
        return client

    return log_in


@pytest.fixture
def act(admin_client: Client) -> Callable[..., str]:
    """Choose an action for rows of a list, and answer the message it ends with."""

    def choose(action: str, *rows: Any, client: Client = admin_client, **values: Any) -> str:
        form = {"action": action, "_selected_action": [row.pk for row in rows], **values}
        response = client.post(list_of(rows[0]), form)
        return " ".join(str(message) for message in get_messages(response.wsgi_request))

    return choose


def list_of(row: Any) -> str:
    everything = "?deleted=all" if isinstance(row, SoftDeletionModel) else ""
    return f"/admin/coalition/{row._meta.model_name}/{everything}"
