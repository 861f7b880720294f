from http import HTTPStatus
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from backend.actions.flags import SHARED_MAIL_DOMAINS
from backend.api.campaigns import SLUG
from backend.http.errors import Problem
from backend.http.views import PublicView
from backend.models.consents import CURRENT
from backend.public import PublicCampaign, PublicLegalDocument
from backend.supporter.submission_schema import submission_body

TEXT = {"type": "string"}
FORM = {
    "type": "object",
    "required": [
        "open",
        "schema",
        "consents",
        "instructions",
        "statement_suggestion",
        "mail_domains",
    ],
    "properties": {
        "open": {
            "type": "boolean",
            "description": "Whether the campaign takes endorsements at present.",
        },
        "schema": {
            "type": "object",
            "additionalProperties": True,
            "description": "The JSON Schema (2020-12) that a submission is judged by.",
        },
        "consents": {
            "type": "array",
            "description": "What a supporter is asked to agree to, in these words.",
            "items": {
                "type": "object",
                "required": ["name", "text", "version", "required", "document_version"],
                "properties": {
                    "name": TEXT | {"description": "The member of the submission."},
                    "text": TEXT,
                    "version": TEXT | {"description": "Of the text."},
                    "required": {
                        "type": "boolean",
                        "description": (
                            "Whether nobody can endorse without it; else either answer will do, "
                            "and none may be given beforehand."
                        ),
                    },
                    "document_version": {
                        "type": ["string", "null"],
                        "description": "Of the legal document that the text is about.",
                    },
                },
            },
        },
        "instructions": TEXT,
        "statement_suggestion": TEXT,
        "mail_domains": {
            "type": "array",
            "items": TEXT,
            "description": "Well-known ones, to suggest for a typing error: none is refused.",
        },
    },
}


class EndorsementFormView(PublicView):
    """What a frontend needs to draw the form of a campaign."""

    path_parameters = {"slug": SLUG}
    shown = (PublicCampaign, PublicLegalDocument)

    @extend_schema(
        operation_id="getEndorsementForm",
        summary="Get the form to endorse a campaign",
        tags=["endorsements"],
        responses={200: FORM},
    )
    def get(self, _request: Request, slug: str) -> Response:
        campaign = PublicCampaign.objects.filter(slug=slug).first()
        if campaign is None:
            raise Problem(HTTPStatus.NOT_FOUND)
        versions = {text.kind: text.version for text in PublicLegalDocument.objects.current()}
        return Response(
            {
                "open": campaign.allow_endorsements and {"terms", "privacy"} <= versions.keys(),
                "schema": submission_body(versions.get("terms")).schema,
                "consents": [_consent(name, versions.get("terms")) for name in CURRENT],
                "instructions": campaign.endorsement_form_instructions,
                "statement_suggestion": campaign.endorsement_statement,
                "mail_domains": SHARED_MAIL_DOMAINS,
            }
        )


def _consent(name: str, terms_version: str | None) -> dict[str, Any]:
    text = CURRENT[name]
    is_about_terms = name == "terms_version"
    return {
        "name": name,
        "text": text.text,
        "version": text.version,
        "required": is_about_terms or name == "is_authorized",
        "document_version": terms_version if is_about_terms else None,
    }
