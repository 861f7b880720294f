"""What the operations of the OpenAPI document share."""

from typing import Any

from backend.http.errors import RETRY_AFTER_SECONDS
from backend.http.geo import GEOMETRIES
from backend.http.idempotency import KEY_PATTERN

Schema = dict[str, Any]


def ref(name: str) -> Schema:
    return {"$ref": f"#/components/{name}"}


SCHEMAS: Schema = {
    **GEOMETRIES,
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
            "errors": {"type": "array", "items": ref("schemas/InvalidValue")},
        },
    },
    "InvalidValue": {
        "type": "object",
        "description": "What is not valid: one of `parameter`, `pointer` and `header` says where.",
        "required": ["code", "message"],
        "properties": {
            "parameter": {"type": "string", "description": "The name of a parameter."},
            "pointer": {
                "type": "string",
                "format": "uri-reference",
                "description": "A JSON Pointer into the body (RFC 6901, section 6).",
            },
            "header": {"type": "string", "description": "The name of a header."},
            "code": {"type": "string", "description": "The kind of error, for programs."},
            "message": {"type": "string", "description": "What would be right, for people."},
        },
    },
}

HEADERS: Schema = {
    "ETag": {
        "description": (
            "Stands for the answer. Sent back in `If-None-Match`, it is answered by 304 as long as "
            "nothing that the answer shows has changed (RFC 9110, section 8.8.3); to staff, in "
            "`If-Match`, it lets a change through that is of what they read."
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
    "IdempotencyReplayed": {
        "description": "`true` where the answer was given before, to the same `Idempotency-Key`.",
        "schema": {"type": "string", "const": "true"},
    },
    "RateLimit": {
        "description": "What is left of a limit: nothing, and for how many seconds (a draft).",
        "schema": {"type": "string"},
        "example": '"address";r=0;t=41',
    },
    "RateLimitPolicy": {
        "description": "The limit: how many in how many seconds (a draft).",
        "schema": {"type": "string"},
        "example": '"address";q=20;w=600',
    },
    "RetryAfter": {
        "description": "Seconds to wait before the next attempt.",
        "schema": {"type": "integer"},
        "example": RETRY_AFTER_SECONDS,
    },
}

PARAMETERS: Schema = {
    "IfMatch": {
        "name": "If-Match",
        "in": "header",
        "required": True,
        "description": (
            "The ETag of what was read: only that is changed, and nothing that somebody else wrote "
            "meanwhile (RFC 9110, section 13.1.1). Several in a list, or `*` for whatever is there."
        ),
        "schema": {"type": "string"},
        "example": '"05d5e3cb749d474954688605"',
    },
    "IdempotencyKey": {
        "name": "Idempotency-Key",
        "in": "header",
        "description": (
            "Stands for the request, such as a UUID, bare or in quotes. Sent again with the same "
            "body within 24 hours, the request is answered as before and does nothing."
        ),
        "schema": {"type": "string", "pattern": KEY_PATTERN},
        "example": "8e03978e-40d5-43e8-bc93-6894a57f9324",
    },
}

NOT_MODIFIED: Schema = {
    "description": "The client has the answer: the request named its ETag in `If-None-Match`.",
    "headers": {
        name: ref(f"headers/{name.replace('-', '')}") for name in ("Cache-Control", "ETag")
    },
}

# When each is answered.
PROBLEMS = {
    400: "A parameter, or the body, is not what this document says.",
    401: "The request does not say who sends it, or nobody is known by what it says.",
    403: "Whoever sends the request may not do this.",
    404: "There is nothing, or nothing public, at this address.",
    406: "The request accepts none of the media types of the answer.",
    409: "The present state does not allow it, or another request was faster.",
    410: "It was there, and is no longer.",
    412: "It has changed since the client read it.",
    413: "The body is larger than the operation takes: 1 MiB, if it names no other limit.",
    415: "The body is not declared as what the operation takes.",
    422: "The `Idempotency-Key` was sent before, with another body.",
    428: "The request lacks `If-Match`.",
    429: "The client sent too many requests.",
    500: "The server failed.",
    503: "The database did not answer in time.",
}
CHALLENGE: Schema = {
    "description": "How to say who one is (RFC 9110, section 11.6.1).",
    "schema": {"type": "string"},
    "example": "Bearer",
}
PROBLEM_HEADERS: dict[int, Schema] = {
    401: {"WWW-Authenticate": CHALLENGE},
    429: {
        "Retry-After": ref("headers/RetryAfter"),
        "RateLimit": ref("headers/RateLimit"),
        "RateLimit-Policy": ref("headers/RateLimitPolicy"),
    },
    503: {"Retry-After": ref("headers/RetryAfter")},
}
