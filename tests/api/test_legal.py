from datetime import datetime
from typing import Any

import pytest
from rest_framework.test import APIClient

from backend.public import PublicLegalDocument
from tests.factories import make_legal_document, publish_legal_document

pytestmark = pytest.mark.django_db

TERMS = "/api/v1/legal/terms"
PRIVACY = "/api/v1/legal/privacy"


class TestCurrentDocument:
    @pytest.mark.parametrize("question", ["", "?version=2026-11"])
    def test_costs_two_queries_however_many_versions(
        self, api: APIClient, django_assert_num_queries: Any, question: str
    ) -> None:
        publish_legal_document(version="2026-11")
        for _ in range(3):
            publish_legal_document()

        with django_assert_num_queries(2):  # the revision, and the document
            response = api.get(TERMS + question)

        assert response.status_code == 200

    def test_has_all_its_fields(self, api: APIClient) -> None:
        published = publish_legal_document(
            version="2026-11", title="Terms", content="<p>Sign “it”.</p><script>x</script>"
        )

        document = api.get(TERMS).json()

        assert document["published_at"].endswith("Z")
        document["published_at"] = datetime.fromisoformat(document["published_at"])
        assert document == {
            "kind": "terms",
            "version": "2026-11",
            "title": "Terms",
            "content": "<p>Sign “it”.</p>",
            "published_at": published.published_at,
        }

    def test_is_the_newest_published_of_its_kind(self, api: APIClient) -> None:
        publish_legal_document(version="1")
        publish_legal_document(version="2")
        publish_legal_document(kind="privacy", version="3")
        make_legal_document(version="4")

        assert api.get(TERMS).json()["version"] == "2"
        assert api.get(PRIVACY).json()["version"] == "3"

    def test_is_not_found_before_one_is_published(self, api: APIClient) -> None:
        make_legal_document(kind="terms")
        publish_legal_document(kind="privacy")

        response = api.get(TERMS)

        assert response.status_code == 404
        assert response["Content-Type"] == "application/problem+json"

    @pytest.mark.parametrize("kind", ["imprint", "Terms", "terms/", "terms%00", "٣"])
    def test_is_not_found_of_a_kind_that_there_is_not(self, api: APIClient, kind: str) -> None:
        publish_legal_document()

        assert api.get(f"/api/v1/legal/{kind}").status_code == 404


class TestVersion:
    def test_chooses_an_older_document(self, api: APIClient) -> None:
        publish_legal_document(version="1", title="Older")
        publish_legal_document(version="2", title="Newer")

        assert api.get(TERMS, {"version": "1"}).json()["title"] == "Older"
        assert api.get(TERMS, {"version": "2"}).json()["title"] == "Newer"

    def test_is_not_found_unless_it_is_published_of_the_kind(self, api: APIClient) -> None:
        publish_legal_document(kind="terms", version="1")
        publish_legal_document(kind="privacy", version="2")
        make_legal_document(kind="terms", version="3")

        for version in ("2", "3", "4"):
            assert api.get(TERMS, {"version": version}).status_code == 404

    @pytest.mark.parametrize(
        ("question", "parameter", "code"),
        [
            ("version=", "version", "length"),
            ("version=1&version=2", "version", "repeated"),
            ("version=%00", "version", "invalid"),
            ("language=en", "language", "unknown"),
            ("limit=1", "limit", "unknown"),
        ],
    )
    def test_is_the_only_parameter(
        self, api: APIClient, question: str, parameter: str, code: str
    ) -> None:
        publish_legal_document(version="1")

        response = api.get(f"{TERMS}?{question}")

        assert response.status_code == 400
        (error,) = response.json()["errors"]
        assert (error["parameter"], error["code"]) == (parameter, code)


@pytest.mark.django_db(transaction=True)
class TestEntityTag:
    def test_changes_with_a_publication_and_not_with_a_draft(self, api: APIClient) -> None:
        publish_legal_document(version="1")
        tag = api.get(TERMS)["ETag"]

        make_legal_document(version="2").save()
        unchanged = api.get(TERMS, HTTP_IF_NONE_MATCH=tag)
        publish_legal_document(version="3")
        changed = api.get(TERMS, HTTP_IF_NONE_MATCH=tag)

        assert unchanged.status_code == 304
        assert changed.json()["version"] == "3"
        assert PublicLegalDocument.objects.count() == 2


class TestRoot:
    def test_links_to_it(self, api: APIClient) -> None:
        publish_legal_document()

        link = api.get("/api/v1").json()["legal"]

        assert api.get(link.format(kind="terms")).status_code == 200
