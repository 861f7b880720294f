from backend.models.consents import CURRENT, RELEASED, ConsentText
from backend.public import PublicEndorsement, PublicModel, PublicStakeholder

# Each text that was ever released, in order. People agreed to them: add lines, change none.
PINNED = {
    (
        "public_display",
        "2026-11",
    ): "5e80c029f6bd3a2961837cf57e67cac972b1a3333981887c5e5c02dc1384bd9a",
    ("is_public", "2026-11"): "3254058006700d68062d3b1bdcb3de17b8a5d8138fb6fe4dfe232884775cf375",
    (
        "email_updates",
        "2026-11",
    ): "f242af81bfce064acb10a0aa5837f72d58273ee79a40f30758e1d3482b614753",
    (
        "is_authorized",
        "2026-11",
    ): "69bcfcf8b0a37749facd732deaa2ed808e8a625e795a55e399d21cf679b5c03c",
    (
        "terms_version",
        "2026-11",
    ): "adcb3d676cda0f5ec694999075c2ae3277038f888ce74df5c1622bfd8c9d74ce",
}


def columns_that_tell_of_people(view: type[PublicModel]) -> set[str]:
    fields = view._meta.concrete_fields
    return {field.name for field in fields if not (field.primary_key or field.is_relation)}


def is_promised(column: str, consent: ConsentText) -> bool:
    return {"created_at": "date"}.get(column, column) in consent.text


class TestReleasedTexts:
    def test_are_as_they_were_released(self) -> None:
        released = [((each.name, each.version), each.sha256) for each in RELEASED]

        assert released == list(PINNED.items())

    def test_have_the_digest_of_their_bytes_in_utf_8(self) -> None:
        text = ConsentText(name="is_public", version="1", text="Show me, señora")

        assert text.sha256 == "a5703146d5eb4ed5ceb6ff58575fada588744a2b89b67aeb3285e57da44321dd"


class TestCurrentTexts:
    def test_are_the_last_released_of_each_name(self) -> None:
        assert set(CURRENT) == {name for name, _ in PINNED}
        for name, consent in CURRENT.items():
            assert consent == [each for each in RELEASED if each.name == name][-1]

    def test_name_every_column_that_they_let_the_public_see(self) -> None:
        for name, view in (("public_display", PublicEndorsement), ("is_public", PublicStakeholder)):
            columns = columns_that_tell_of_people(view)

            unnamed = {each for each in columns if not is_promised(each, CURRENT[name])}
            assert len(columns) >= 8
            assert unnamed == set()
