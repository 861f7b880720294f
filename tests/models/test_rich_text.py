import pytest

from backend.models import ContentBlock
from tests.factories import make_homepage

pytestmark = pytest.mark.django_db


class TestRichText:
    def test_may_be_left_to_the_default_of_the_database(self) -> None:
        block = ContentBlock.objects.create(homepage=make_homepage(), block_type="image")

        block.refresh_from_db()
        assert block.content == ""
