"""Each field of each table is classified, so that nobody forgets to protect or to erase one."""

import pytest
from django.apps import apps
from django.db.models import Model

from backend.actions.personal_data import Person
from backend.models.classification import CLASSIFICATION, Erased
from backend.public import PublicEndorsement, PublicStakeholder

TABLES = {
    model._meta.label: model
    for model in apps.get_models(include_auto_created=True)
    if model._meta.managed
}


def columns(model: type[Model]) -> list[str]:
    return sorted(field.name for field in model._meta.concrete_fields)


class TestEveryField:
    def test_is_of_a_table_that_is_there(self) -> None:
        assert set(CLASSIFICATION) == set(TABLES)

    @pytest.mark.parametrize("label", TABLES)
    def test_is_classified_once(self, label: str) -> None:
        assert sorted(CLASSIFICATION[label].fields) == columns(TABLES[label])

    def test_that_anybody_can_be_shown_is_public(self) -> None:
        shown = {
            "coalition.Stakeholder": {
                {"location": "public_location"}.get(name, name)
                for name in columns(PublicStakeholder)
            },
            "coalition.Endorsement": {
                name
                for name in columns(PublicEndorsement)
                if name not in columns(PublicStakeholder) or name in ("id", "created_at")
            },
        }

        for label, names in shown.items():
            assert names == set(CLASSIFICATION[label].public.split())


@pytest.mark.django_db
class TestEveryTable:
    def test_about_a_supporter_is_looked_into_to_export_and_to_erase(self) -> None:
        person = Person.at("nobody@example.org")

        for erased, rows in ((Erased.REMOVED, person.rows()), (Erased.DIGESTS, person.digests())):
            labels = {
                label
                for label, table in CLASSIFICATION.items()
                # Whose limits and keys are whose, nobody can say.
                if table.erased is erased and table.shown_to_its_person
            }
            assert {model._meta.label for model in rows} == labels
