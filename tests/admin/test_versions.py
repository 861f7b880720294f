"""Two people, or the admin and the API, who change the same."""

import re
from typing import Any

import pytest
from django.test import Client

from backend.models import ContentBlock, HomePage, PolicyCampaign
from tests.factories import make_block, make_campaign, make_endorsement, make_user

pytestmark = pytest.mark.django_db


class Editor:
    """Somebody with a form open."""

    def __init__(self, path: str) -> None:
        self._client = Client()
        self._client.force_login(make_user("administrator"))
        self._path = path
        self.page = self._client.get(path)
        self.form: dict[str, Any] = {}
        for form in (
            self.page.context["adminform"].form,
            *(
                each
                for formset in self.page.context["inline_admin_formsets"]
                for each in (formset.formset.management_form, *formset.formset.forms)
            ),
        ):
            for name, field in form.fields.items():
                value = form[name].value()
                widget_values = {form.add_prefix(name): "" if value is None else value}
                if field.widget.__class__.__name__ != "CheckboxInput" or value:
                    self.form |= widget_values
        self.form["_version"] = self.version

    @property
    def version(self) -> str:
        (version,) = re.findall(r'name="_version" value="(\w+)"', self.page.content.decode())
        return str(version)

    def save(self, **values: Any) -> str:
        """What the next page says of what is wrong; nothing if it is saved."""
        self.page = self._client.post(self._path, self.form | values)
        if self.page.status_code == 302:
            return ""
        return self.page.content.decode()


def campaign_form() -> str:
    return f"/admin/coalition/policycampaign/{make_campaign(title='Oysters').pk}/change/"


class TestTwoPeople:
    def test_do_not_overwrite_each_other_and_lose_nothing_typed(self) -> None:
        path = campaign_form()
        first, second = Editor(path), Editor(path)

        saved = first.save(title="Ten reefs")
        refused = second.save(title="Twelve reefs")

        assert saved == ""
        assert "Somebody else has changed this since you opened it" in refused
        assert "Twelve reefs" in refused
        assert PolicyCampaign.objects.get().title == "Ten reefs"

    def test_replace_what_they_have_been_told_of_by_saving_again(self) -> None:
        path = campaign_form()
        first, second = Editor(path), Editor(path)
        first.save(title="Ten reefs")
        second.save(title="Twelve reefs")

        saved = second.save(title="Twelve reefs", _version=second.version)

        assert saved == ""
        assert PolicyCampaign.objects.get().title == "Twelve reefs"

    def test_are_not_held_up_by_what_no_field_shows(self) -> None:
        editor = Editor(campaign_form())
        make_endorsement(campaign=PolicyCampaign.objects.get())
        PolicyCampaign.objects.update(updated_at="2026-11-28T00:00:00Z")

        assert editor.save(title="Ten reefs") == ""

    def test_on_a_homepage_keep_a_block_that_was_changed_meanwhile(self) -> None:
        block = make_block(title="Old")
        editor = Editor(f"/admin/coalition/homepage/{block.homepage_id}/change/")
        ContentBlock.objects.update(title="By the dashboard")

        refused = editor.save(tagline="New")

        assert "Somebody else has changed this" in refused
        assert ContentBlock.objects.get().title == "By the dashboard"
        assert HomePage.objects.get().tagline != "New"
