from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from backend.http.views import PublicView

# What stands under the root, by the name of its link. Braces stand for what a client fills in.
LINKS = {
    "homepage": "homepage",
    "campaigns": "campaigns",
    "campaign": "campaigns/{slug}",
    "campaign_endorsements": "campaigns/{slug}/endorsements",
    "stakeholders": "stakeholders",
    "stakeholder": "stakeholders/{id}",
    "stakeholders_search": "stakeholders/search",
    "stakeholders_geojson": "stakeholders.geojson",
    "endorsement_form": "campaigns/{slug}/endorsement-form",
    "endorsement_confirm": "endorsements/confirm",
    "endorsement_decline": "endorsements/decline",
    "endorsement_resend": "endorsements/resend",
    "me": "me",
    "me_links": "me/links",
    "me_export": "me/export",
    "me_endorsement": "me/endorsements/{id}",
    "legal": "legal/{kind}",
    "schema": "schema",
    "docs": "docs",
    "redoc": "redoc",
}


ROOT = {
    "type": "object",
    "required": [*LINKS, "health"],
    "properties": {name: {"type": "string"} for name in [*LINKS, "health"]},
}


class RootView(PublicView):
    """Links to everything the API has."""

    asks_database = False

    @extend_schema(
        operation_id="getRoot", summary="Get links", tags=["service"], responses={200: ROOT}
    )
    def get(self, request: Request) -> Response:
        root = request.build_absolute_uri(request.path)
        return Response(
            {name: f"{root}/{path}" for name, path in LINKS.items()}
            | {"health": request.build_absolute_uri("/health/ready")}
        )
