"""What staff make, change and delete, without overwriting each other."""

import json
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.gis.geos import Point
from django.db import connection
from pytest_django import DjangoAssertNumQueries

from backend.models import ContentBlock, HomePage, LegalDocument, PolicyCampaign, Stakeholder
from tests.factories import (
    make_block,
    make_campaign,
    make_endorsement,
    make_homepage,
    make_legal_document,
    make_stakeholder,
    publish_legal_document,
)
from tests.manage.conftest import Staff

pytestmark = pytest.mark.django_db

MANAGE = "/api/v1/manage"
MERGE_PATCH = "application/merge-patch+json"


def patch(client: Any, path: str, body: Any, etag: str | None, **options: Any) -> Any:
    headers = {} if etag is None else {"If-Match": etag}
    content_type = options.get("content_type", MERGE_PATCH)
    return client.patch(path, json.dumps(body), content_type=content_type, headers=headers)


def make_rows() -> dict[str, str]:
    """The path of a row of each kind that staff may change."""
    block = make_block()
    return {
        "campaigns": f"{MANAGE}/campaigns/{make_campaign().pk}",
        "stakeholders": f"{MANAGE}/stakeholders/{make_stakeholder().pk}",
        "homepages": f"{MANAGE}/homepages/{block.homepage_id}",
        "blocks": f"{MANAGE}/homepages/{block.homepage_id}/content-blocks/{block.pk}",
        "documents": f"{MANAGE}/legal-documents/{make_legal_document().pk}",
    }


# A change of each, and what its list costs: the token, the tokens that have ended, two for the
# rights, how many rows, and the page; of blocks also the homepage and their order.
KINDS = {
    "campaigns": ({"title": "Another title"}, 6),
    "stakeholders": ({"role": "Owner"}, 6),
    "homepages": ({"tagline": "Clean water."}, 6),
    "blocks": ({"title": "Another title"}, 8),
    "documents": ({"title": "Another title"}, 6),
}


@pytest.mark.parametrize("kind", KINDS)
class TestChange:
    def test_needs_the_tag_of_what_was_read(self, staff: Staff, kind: str) -> None:
        client, path = staff("administrator"), make_rows()[kind]
        change, _ = KINDS[kind]

        without = patch(client, path, change, None)
        stale = patch(client, path, change, '"0123456789abcdef01234567"')
        weak = patch(client, path, change, f"W/{client.get(path)['ETag']}")
        garbled = patch(client, path, change, "abc")

        answers = [each.status_code for each in (without, stale, weak, garbled)]
        assert answers == [428, 412, 412, 400]
        assert garbled.json()["errors"][0]["header"] == "If-Match"

    @pytest.mark.parametrize("others", ["{}", '"0", {}', 'W/"1", {} , "2"', "*"])
    def test_is_made_where_one_of_the_tags_is_current(
        self, staff: Staff, kind: str, others: str
    ) -> None:
        client, path = staff("administrator"), make_rows()[kind]
        change, _ = KINDS[kind]
        etag = client.get(path)["ETag"]

        answer = patch(client, path, change, others.format(etag))

        assert answer.status_code == 200, answer.content
        assert change.items() <= answer.json().items()
        assert answer["ETag"] == client.get(path)["ETag"] != etag

    def test_of_an_unknown_or_read_only_member_is_refused(self, staff: Staff, kind: str) -> None:
        client, path = staff("administrator"), make_rows()[kind]
        body = {"id": 7, "colour": None, "created_at": "2026-01-01T00:00:00Z", "public": True}

        answer = patch(client, path, body, "*")

        assert answer.status_code == 400
        codes = {error["pointer"]: error["code"] for error in answer.json()["errors"]}
        assert codes == {
            "#/id": "read_only",
            "#/colour": "unknown",
            "#/created_at": "read_only",
            "#/public": "read_only",
        }

    def test_is_on_record(self, staff: Staff, kind: str) -> None:
        client, path = staff("administrator", username="ann"), make_rows()[kind]

        patch(client, path, KINDS[kind][0], "*")

        assert LogEntry.objects.get().user.username == "ann"

    def test_in_json_means_the_same(self, staff: Staff, kind: str) -> None:
        client, path = staff("administrator"), make_rows()[kind]

        answer = patch(client, path, KINDS[kind][0], "*", content_type="application/json")

        assert answer.status_code == 200

    def test_is_seen_in_a_list_that_costs_the_same_however_long(
        self, staff: Staff, kind: str, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        path = make_rows()[kind]
        for _ in range(3):
            make_rows()
        client, queries = staff("administrator"), KINDS[kind][1]

        with django_assert_num_queries(queries):
            answer = client.get(path.rpartition("/")[0])

        assert answer.json()["results"]

    def test_of_a_row_that_is_gone_is_not_found(self, staff: Staff, kind: str) -> None:
        client, path = staff("administrator"), make_rows()[kind]
        deleted = client.delete(path, headers={"If-Match": client.get(path)["ETag"]})

        answer = patch(client, path, KINDS[kind][0], "*")

        assert (deleted.status_code, answer.status_code) == (204, 404)

    def test_by_deletion_needs_the_tag_too(self, staff: Staff, kind: str) -> None:
        client, path = staff("administrator"), make_rows()[kind]

        answers = [client.delete(path), client.delete(path, headers={"If-Match": '"0"'})]

        assert [each.status_code for each in answers] == [428, 412]
        assert client.get(path).status_code == 200


class TestMergePatch:
    def test_leaves_what_it_does_not_name(self, staff: Staff) -> None:
        campaign = make_campaign(description="Long.", active=False)

        patch(staff("editor"), f"{MANAGE}/campaigns/{campaign.pk}", {"summary": "Short."}, "*")

        campaign.refresh_from_db()
        assert (campaign.summary, campaign.description, campaign.active) == (
            "Short.",
            "Long.",
            False,
        )

    def test_takes_null_for_what_may_be_left_out(self, staff: Staff) -> None:
        campaign = make_campaign(description="Long.", active=False)

        answer = patch(
            staff("editor"),
            f"{MANAGE}/campaigns/{campaign.pk}",
            {"description": None, "active": None},
            "*",
        )

        assert (answer.json()["description"], answer.json()["active"]) == ("", True)

    def test_refuses_null_for_what_must_be_there(self, staff: Staff) -> None:
        answer = patch(
            staff("editor"), f"{MANAGE}/campaigns/{make_campaign().pk}", {"title": None}, "*"
        )

        assert answer.status_code == 400
        assert answer.json()["errors"][0] | {"message": ""} == {
            "pointer": "#/title",
            "code": "required",
            "message": "",
        }

    def test_changes_one_member_of_an_object(self, staff: Staff) -> None:
        page = make_homepage(social_media_urls={"a": "https://a.example", "b": "https://b.example"})
        body = {"social_media_urls": {"a": None, "c": "https://c.example"}}

        patch(staff("editor"), f"{MANAGE}/homepages/{page.pk}", body, "*")

        page.refresh_from_db()
        assert page.social_media_urls == {"b": "https://b.example", "c": "https://c.example"}

    def test_moves_a_stakeholder_and_takes_the_place_away(self, staff: Staff) -> None:
        client, path = staff("moderator"), f"{MANAGE}/stakeholders/{make_stakeholder().pk}"

        moved = patch(client, path, {"location": {"coordinates": [-75.5, 38.25]}}, "*")
        gone = patch(client, path, {"location": None}, "*")

        assert moved.json()["location"] == {"type": "Point", "coordinates": [-75.5, 38.25]}
        assert (gone.json()["location"], gone.json()["public_location"]) == (None, None)

    @pytest.mark.parametrize(
        "location",
        [
            {"type": "Point", "coordinates": [38.97, -176.0, 3]},
            {"type": "Point", "coordinates": [-76.5, 95]},
            {"type": "Point", "coordinates": [True, 3]},
            {"type": "LineString", "coordinates": [-76.5, 39]},
            {"type": "Point", "coordinates": [-76.5, 39], "crs": {}},
            "POINT (1 2)",
            [-76.5, 39],
        ],
    )
    def test_refuses_what_is_no_place(self, staff: Staff, location: Any) -> None:
        path = f"{MANAGE}/stakeholders/{make_stakeholder().pk}"

        answer = patch(staff("moderator"), path, {"location": location}, "*")

        assert answer.status_code == 400
        assert answer.json()["errors"][0]["pointer"] == "#/location"

    @pytest.mark.parametrize("body", [b"[]", b'"x"', b"7", b"null", b"", b"{", b'{"a": NaN}'])
    def test_that_is_no_object_is_refused(self, staff: Staff, body: bytes) -> None:
        answer = staff("editor").patch(
            f"{MANAGE}/campaigns/{make_campaign().pk}",
            body,
            content_type=MERGE_PATCH,
            headers={"If-Match": "*"},
        )

        assert answer.status_code == 400


class TestCampaign:
    def test_is_created_where_its_location_says(self, staff: Staff) -> None:
        client = staff("editor")
        body = {"title": "Reefs", "slug": "reefs", "summary": "More of them."}

        answer = client.post(f"{MANAGE}/campaigns", body, format="json")

        assert answer.status_code == 201
        assert (answer.json()["public"], answer.json()["because"]) == (True, [])
        assert client.get(answer["Location"]).json() == answer.json()
        assert client.get(answer["Location"])["ETag"] == answer["ETag"]

    def test_that_is_taken_by_a_deleted_one_is_told_so(self, staff: Staff) -> None:
        make_campaign(title="Reefs", slug="reefs").delete()
        body = {"title": "Reefs", "slug": "other", "summary": "More of them."}

        answer = staff("editor").post(f"{MANAGE}/campaigns", body, format="json")

        assert answer.status_code == 400
        assert answer.json()["errors"][0]["pointer"] == "#/title"
        assert answer.json()["errors"][0]["code"] == "unique"

    def test_is_deleted_and_restored_with_its_endorsements(self, staff: Staff) -> None:
        endorsement, client = make_endorsement(), staff("editor")
        path = f"{MANAGE}/campaigns/{endorsement.campaign_id}"

        client.delete(path, headers={"If-Match": "*"})
        deleted = client.get(path).json()
        restored = client.post(f"{path}/restore")

        assert deleted["because"] == ["deleted"]
        assert (restored.status_code, restored.json()["endorsement_count"]) == (200, 1)

    def test_lists_deleted_ones_if_asked(self, staff: Staff) -> None:
        make_campaign(title="Live")
        make_campaign(title="Gone").delete()
        client = staff("editor")

        titles = {
            deleted: [
                each["title"]
                for each in client.get(f"{MANAGE}/campaigns", {"deleted": deleted}).json()[
                    "results"
                ]
            ]
            for deleted in ("true", "false")
        }

        assert titles == {"true": ["Gone"], "false": ["Live"]}


class TestStakeholder:
    def test_shows_an_editor_what_the_public_may_know(self, staff: Staff) -> None:
        stakeholder = make_stakeholder(
            type="individual",
            email="ann@example.org",
            consents={"is_public": {"given": True}},
            location=Point(-76.4941, 38.9784, srid=4326),
        )
        path = f"{MANAGE}/stakeholders/{stakeholder.pk}"

        hidden, shown = staff("editor").get(path).json(), staff("moderator").get(path).json()

        assert (hidden["email"], hidden["consents"]) == (None, None)
        assert hidden["location"] == hidden["public_location"] != shown["location"]
        assert (shown["email"], shown["location"]["coordinates"]) == (
            "ann@example.org",
            [-76.4941, 38.9784],
        )

    @pytest.mark.parametrize(
        ("accept", "media_type"),
        [
            ("*/*", "application/json"),
            ("application/geo+json", "application/geo+json"),
            ("application/json;q=0.5, application/geo+json", "application/geo+json"),
            ("application/json, application/geo+json;q=0.5", "application/json"),
        ],
    )
    def test_is_a_feature_for_whoever_likes_that_better(
        self, staff: Staff, accept: str, media_type: str
    ) -> None:
        stakeholder = make_stakeholder(
            type="individual", name="Ann", location=Point(-76.4941, 38.9784, srid=4326)
        )
        make_stakeholder(name="Bob")
        path, client = f"{MANAGE}/stakeholders", staff("moderator")

        page = client.get(path, {"search": "ann"}, headers={"Accept": accept})
        one = client.get(f"{path}/{stakeholder.pk}", headers={"Accept": accept})

        assert page["Content-Type"] == one["Content-Type"] == media_type
        if media_type == "application/geo+json":
            assert page.json() == {
                "type": "FeatureCollection",
                "count": 1,
                "next": None,
                "previous": None,
                "features": [one.json()],
            }
            assert one.json()["geometry"]["coordinates"] == [-76.4941, 38.9784]
            assert (one.json()["type"], one.json()["id"]) == ("Feature", stakeholder.pk)
            assert one.json()["properties"]["name"] == "Ann"
        else:
            assert page.json()["results"] == [one.json()]

    @pytest.mark.parametrize("accept", ["text/html", "application/geo+json"])
    def test_that_is_not_there_is_a_problem_whatever_is_accepted(
        self, staff: Staff, accept: str
    ) -> None:
        path = f"{MANAGE}/stakeholders/{2**40}"

        answer = staff("moderator").get(path, headers={"Accept": accept})

        assert answer.status_code == (406 if accept == "text/html" else 404)
        assert answer["Content-Type"] == "application/problem+json"

    @pytest.mark.parametrize("path", ["stakeholders", "exports/stakeholders.json"])
    def test_is_found_by_the_address_by_those_who_may_see_it(self, staff: Staff, path: str) -> None:
        make_stakeholder(name="Ann", email="secret@example.org")

        found = [
            b"Ann" in b"".join(answer) if answer.streaming else b"Ann" in answer.content
            for answer in (
                staff(group).get(f"{MANAGE}/{path}", {"search": search})
                for group in ("moderator", "editor")
                for search in ("secret@ex", "ann")
            )
        ]

        assert found == [True, True, False, True]

    def test_with_an_address_that_another_has_is_refused(self, staff: Staff) -> None:
        make_stakeholder(email="ann@example.org")
        body = {"name": "Ann", "email": "ANN@example.org", "type": "farmer", "state": "MD"}

        answer = staff("moderator").post(f"{MANAGE}/stakeholders", body, format="json")

        assert answer.status_code == 400
        assert answer.json()["errors"][0]["code"] == "unique"

    @pytest.mark.parametrize("consent", ["is_public", "email_updates"])
    def test_who_refused_is_not_made_to_agree(self, staff: Staff, consent: str) -> None:
        refused = {consent: {"given": False, "version": "1", "sha256": "", "at": "2026-11-02"}}
        stakeholder = make_stakeholder(is_public=False, consents=refused)
        path = f"{MANAGE}/stakeholders/{stakeholder.pk}"

        answer = patch(staff("moderator"), path, {consent: True}, "*")

        assert answer.status_code == 400
        assert [(error["pointer"], error["code"]) for error in answer.json()["errors"]] == [
            (f"#/{consent}", "refused")
        ]

    def test_whose_address_was_taken_meanwhile_is_not_restored(self, staff: Staff) -> None:
        gone = make_stakeholder(email="ann@example.org")
        gone.delete()
        make_stakeholder(email="ann@example.org")

        answer = staff("administrator").post(f"{MANAGE}/stakeholders/{gone.pk}/restore")

        assert answer.status_code == 409
        assert Stakeholder.objects.count() == 1


class TestHomepage:
    def test_is_activated_in_place_of_another(self, staff: Staff) -> None:
        old, new = make_homepage(is_active=True), make_homepage()

        answer = staff("editor").post(f"{MANAGE}/homepages/{new.pk}/activate")

        assert (answer.status_code, answer.json()["is_active"]) == (200, True)
        assert HomePage.objects.active().get() == new
        old.refresh_from_db()
        assert not old.is_active

    def test_is_previewed_with_a_token_that_shows_no_other(self, staff: Staff) -> None:
        make_homepage(is_active=True, organization_name="Shown")
        draft = make_homepage(organization_name="Draft")
        make_block(homepage=draft, title="Visible", order=1)
        make_block(homepage=draft, title="Hidden", is_visible=False)
        client = staff("editor")

        token = client.post(f"{MANAGE}/homepages/{draft.pk}/preview").json()["token"]
        preview = client.get("/api/v1/homepage", headers={"Preview-Token": token})
        public = client.get("/api/v1/homepage")

        assert preview.json()["organization_name"] == "Draft"
        assert [block["title"] for block in preview.json()["content_blocks"]] == ["Visible"]
        assert preview.json().keys() == public.json().keys()
        assert preview["Cache-Control"] == "no-store"
        assert "ETag" not in preview
        assert "Preview-Token" in public["Vary"]

    @pytest.mark.parametrize("token", ["", "1", "1:2:3", "\x00", "é"])
    def test_is_previewed_with_no_other_token(self, staff: Staff, token: str) -> None:
        make_homepage(is_active=True)

        answer = staff("editor").get("/api/v1/homepage", HTTP_PREVIEW_TOKEN=token)

        assert answer.status_code == 404
        assert answer.json()["type"] == "/problems#unknown-token"

    def test_that_is_removed_shows_no_preview(self, staff: Staff) -> None:
        draft, client = make_homepage(), staff("editor")
        token = client.post(f"{MANAGE}/homepages/{draft.pk}/preview").json()["token"]
        draft.delete()

        answer = client.get("/api/v1/homepage", headers={"Preview-Token": token})

        assert answer.status_code == 404


class TestContentBlocks:
    def test_are_put_in_order_by_one_request(self, staff: Staff) -> None:
        page, client = make_homepage(), staff("editor")
        ids = [make_block(homepage=page, order=7).pk for _ in range(4)]
        path = f"{MANAGE}/homepages/{page.pk}/content-blocks"
        etag = client.get(path)["ETag"]

        answer = client.put(
            f"{path}/order", {"ids": ids[::-1]}, format="json", headers={"If-Match": etag}
        )

        listed = client.get(path)
        assert (answer.status_code, answer["ETag"]) == (204, listed["ETag"])
        assert [block["id"] for block in listed.json()["results"]] == ids[::-1]

    def test_are_not_put_in_order_over_anothers(self, staff: Staff) -> None:
        page, client = make_homepage(), staff("editor")
        ids = [make_block(homepage=page, order=each).pk for each in range(2)]
        path = f"{MANAGE}/homepages/{page.pk}/content-blocks"
        etag = client.get(path)["ETag"]
        ContentBlock.objects.filter(pk=ids[0]).update(order=9)

        stale = client.put(f"{path}/order", {"ids": ids}, format="json", headers={"If-Match": etag})
        without = client.put(f"{path}/order", {"ids": ids}, format="json")

        assert (stale.status_code, without.status_code) == (412, 428)

    @pytest.mark.parametrize("change", ["missing", "repeated", "anothers"])
    def test_are_put_in_order_all_of_them_and_no_others(self, staff: Staff, change: str) -> None:
        page, client = make_homepage(), staff("editor")
        first, second = (make_block(homepage=page, order=each).pk for each in range(2))
        other = make_block().pk
        ids = {
            "missing": [first],
            "repeated": [first, second, second],
            "anothers": [first, second, other],
        }[change]

        answer = client.put(
            f"{MANAGE}/homepages/{page.pk}/content-blocks/order",
            {"ids": ids},
            format="json",
            headers={"If-Match": "*"},
        )

        assert answer.status_code == 400
        assert answer.json()["errors"][0]["pointer"] == "#/ids"

    def test_of_another_page_are_not_found(self, staff: Staff) -> None:
        block, other = make_block(), make_homepage()

        answer = staff("editor").get(f"{MANAGE}/homepages/{other.pk}/content-blocks/{block.pk}")

        assert answer.status_code == 404

    def test_are_sanitised(self, staff: Staff) -> None:
        answer = staff("editor").post(
            f"{MANAGE}/homepages/{make_homepage().pk}/content-blocks",
            {"content": "<p>Hi<script>alert(1)</script></p>"},
            format="json",
        )

        assert (answer.status_code, answer.json()["content"]) == (201, "<p>Hi</p>")


class TestLegalDocument:
    def test_is_published_once(self, staff: Staff) -> None:
        draft, client = make_legal_document(), staff("editor")
        path = f"{MANAGE}/legal-documents/{draft.pk}"

        answers = [client.post(f"{path}/publish") for _ in range(2)]

        assert [each.status_code for each in answers] == [200, 409]
        assert (answers[0].json()["state"], answers[0].json()["public"]) == ("current", True)

    def test_that_is_published_cannot_be_changed_or_deleted(self, staff: Staff) -> None:
        client, document = staff("editor"), publish_legal_document()
        path = f"{MANAGE}/legal-documents/{document.pk}"

        changed = patch(client, path, {"title": "Other"}, "*")
        deleted = client.delete(path, headers={"If-Match": "*"})

        assert (changed.status_code, deleted.status_code) == (409, 409)
        assert LegalDocument.objects.get().title == document.title


@pytest.mark.django_db(transaction=True)
class TestAtOnce:
    def test_two_who_change_a_block_one_learns_of_the_other(self, staff: Staff) -> None:
        block = make_block()
        path = f"{MANAGE}/homepages/{block.homepage_id}/content-blocks/{block.pk}"
        clients = [staff("editor"), staff("editor")]
        etag = clients[0].get(path)["ETag"]
        ready = Barrier(2)

        def change(place: int) -> int:
            ready.wait(timeout=10)
            try:
                answer = patch(clients[place], path, {"title": f"Title {place}"}, etag)
            finally:
                connection.close()
            return int(answer.status_code)

        with ThreadPoolExecutor(2) as pool:
            statuses = list(pool.map(change, range(2)))

        assert sorted(statuses) == [200, 412]
        assert ContentBlock.objects.get().title == f"Title {statuses.index(200)}"

    def test_a_deletion_and_a_change_leave_no_half(self, staff: Staff) -> None:
        campaign = make_campaign()
        path = f"{MANAGE}/campaigns/{campaign.pk}"
        clients = [staff("editor"), staff("editor")]
        etag = clients[0].get(path)["ETag"]
        ready = Barrier(2)

        def act(place: int) -> int:
            ready.wait(timeout=10)
            try:
                if place:
                    answer = clients[1].delete(path, headers={"If-Match": etag})
                else:
                    answer = patch(clients[0], path, {"title": "Other"}, etag)
            finally:
                connection.close()
            return int(answer.status_code)

        with ThreadPoolExecutor(2) as pool:
            statuses = list(pool.map(act, range(2)))

        is_live = PolicyCampaign.objects.exists()
        assert statuses == ([200, 412] if is_live else [404, 204])
