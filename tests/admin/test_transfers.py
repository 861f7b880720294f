import pytest
from django.test import Client

from backend.models import Export, Import
from tests.factories import make_user

pytestmark = pytest.mark.django_db

EXPORTS = "/admin/coalition/export/"
IMPORTS = "/admin/coalition/import/"


@pytest.fixture
def export(db: None) -> Export:
    return Export.objects.create(
        by=make_user("administrator", username="ann"),
        resource="stakeholders",
        format="csv",
        filters={"state": "MD"},
        has_private_details=True,
    )


@pytest.fixture
def imported(db: None) -> Import:
    return Import.objects.create(is_dry_run=False, created=1234, updated=0, unchanged=0, refused=0)


class TestRecords:
    def test_tell_administrators_who_took_what_away(self, client: Client, export: Export) -> None:
        client.force_login(make_user("administrator"))

        page = client.get(EXPORTS).content.decode()

        assert all(word in page for word in ("ann", "Stakeholders", "MD"))

    def test_tell_administrators_what_came_in(self, client: Client, imported: Import) -> None:
        client.force_login(make_user("administrator"))

        assert "1234" in client.get(IMPORTS).content.decode().replace(",", "")

    @pytest.mark.parametrize("path", [EXPORTS, IMPORTS])
    @pytest.mark.parametrize("group", ["moderator", "editor"])
    def test_are_for_nobody_else(self, client: Client, path: str, group: str) -> None:
        client.force_login(make_user(group))

        assert client.get(path).status_code == 403

    @pytest.mark.parametrize("action", ["delete", "change"])
    def test_can_only_be_read(self, admin_client: Client, export: Export, action: str) -> None:
        response = admin_client.post(f"{EXPORTS}{export.pk}/{action}/", {"post": "yes"})

        assert response.status_code == 403
        assert Export.objects.count() == 1
