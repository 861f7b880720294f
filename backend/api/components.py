"""What the parts of the OpenAPI document share."""

from typing import Any

from backend.api.features import GEO_JSON, MAX_EXACT_COUNT, PROPERTIES
from backend.http.errors import RETRY_AFTER_SECONDS
from backend.http.geo import GEOMETRIES

Schema = dict[str, Any]


def ref(name: str) -> Schema:
    return {"$ref": f"#/components/{name}"}


COMPONENTS: Schema = {
    **GEOMETRIES,
    "StakeholderProperty": {"type": "string", "enum": [*PROPERTIES]},
    "StakeholderFeatureCollection": {
        "type": "object",
        "description": "A page of features.",
        "required": ["type", "numberReturned", "links", "features"],
        "properties": {
            "type": {"type": "string", "const": "FeatureCollection"},
            "numberMatched": {
                "type": "integer",
                "minimum": 0,
                "maximum": MAX_EXACT_COUNT,
                "description": "How many there are on all pages; left out if more than 10,000.",
            },
            "numberReturned": {"type": "integer", "minimum": 0},
            "links": {"type": "array", "items": ref("schemas/Link")},
            "features": {"type": "array", "items": ref("schemas/StakeholderFeature")},
        },
    },
    "StakeholderSet": {
        "type": "object",
        "description": "All features.",
        "required": ["type", "name", "features"],
        "properties": {
            "type": {"type": "string", "const": "FeatureCollection"},
            "name": {
                "type": "string",
                "const": "stakeholders",
                "description": "What GDAL and QGIS call the layer.",
            },
            "features": {"type": "array", "items": ref("schemas/StakeholderFeature")},
        },
    },
    "Link": {
        "type": "object",
        "description": (
            "A link to a page. One with a `method` is followed by sending the body of the "
            "request again, with the members of this `body` in it."
        ),
        "required": ["rel", "type", "href"],
        "properties": {
            "rel": {"type": "string", "enum": ["self", "next", "prev"]},
            "type": {"type": "string", "const": GEO_JSON},
            "href": {"type": "string", "format": "uri"},
            "method": {"type": "string", "const": "POST"},
            "body": {
                "type": "object",
                "required": ["cursor"],
                "properties": {"cursor": {"type": "string"}},
            },
            "merge": {"type": "boolean", "const": True},
        },
    },
    "Problem": {
        "type": "object",
        "description": "What went wrong, and what to do about it (RFC 9457).",
        "required": ["type", "title", "status", "detail"],
        "properties": {
            "type": {
                "type": "string",
                "format": "uri-reference",
                "description": "Where this kind of problem is explained.",
            },
            "title": {"type": "string"},
            "status": {"type": "integer", "minimum": 400, "maximum": 599},
            "detail": {"type": "string"},
            "instance": {
                "type": "string",
                "format": "uri",
                "description": "Stands in the server's log beside the reason of a crash.",
            },
            "errors": {"type": "array", "items": ref("schemas/InvalidParameter")},
        },
    },
    "InvalidParameter": {
        "type": "object",
        "required": ["parameter", "code", "message"],
        "properties": {
            "parameter": {"type": "string", "description": "Its name."},
            "code": {"type": "string", "description": "The kind of error, for programs."},
            "message": {"type": "string", "description": "What would be right, for people."},
        },
    },
}

HEADERS: Schema = {
    "ETag": {
        "description": (
            "Stands for the answer. Sent back in `If-None-Match`, it is answered by 304 as long as "
            "nothing that the answer shows has changed (RFC 9110, section 8.8.3)."
        ),
        "schema": {"type": "string"},
        "example": '"05d5e3cb749d474954688605"',
    },
    "CacheControl": {
        "description": "How the answer may be cached (RFC 9111).",
        "schema": {"type": "string"},
        "example": "public, no-cache",
    },
    "Link": {
        "description": "The next and the previous page, if there are any (RFC 8288).",
        "schema": {"type": "string"},
        "example": '<https://example.org/api/v1/campaigns?cursor=WzF~aQ>; rel="next"',
    },
    "RetryAfter": {
        "description": "Seconds to wait before the next attempt.",
        "schema": {"type": "integer"},
        "example": RETRY_AFTER_SECONDS,
    },
}

NOT_MODIFIED: Schema = {
    "description": "The client has the answer: the request named its ETag in `If-None-Match`.",
    "headers": {
        name: ref(f"headers/{name.replace('-', '')}") for name in ("Cache-Control", "ETag")
    },
}

PATH_PARAMETERS: Schema = {
    "slug": {
        "description": "The campaign's slug.",
        "schema": {"type": "string", "pattern": "^[-a-zA-Z0-9_]+$"},
        "example": "ten-thousand-acres-of-reef",
    },
    "id": {
        "description": "The stakeholder's id.",
        "schema": {"type": "integer", "format": "int64", "minimum": 0},
        "example": 1,
    },
}

PROBLEMS = {
    400: "A parameter, or the body, is not what this document says.",
    404: "There is nothing, or nothing public, at this address.",
    406: "The request accepts none of the media types of the answer.",
    413: "The body is larger than 1 MiB.",
    415: "The body is not JSON.",
    500: "The server failed.",
    503: "The database did not answer in time.",
}
