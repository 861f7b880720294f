"""Whether the API still serves the clients of its last release.

python -m tests.contract.compatibility

Compares openapi.yaml with docs/openapi-released.yaml, which a release replaces by a copy of it.
A change that clients must follow needs a line under "### Breaking" of the changelog's Unreleased
section, with the path in backticks. Libraries that compare OpenAPI documents, such as oasdiff, are
programs in Go that neither PyPI nor npm carries.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import yaml

ROOT = Path(__file__).resolve().parents[2]

Schema = dict[str, Any]

METHODS = ("get", "put", "post", "delete", "patch")
LOWER_BOUNDS = ("minimum", "exclusiveMinimum", "minLength", "minItems")
UPPER_BOUNDS = ("maximum", "exclusiveMaximum", "maxLength", "maxItems")
# Two of these are equal, or nothing is known of how they overlap.
OPAQUE = ("pattern", "format")
TYPES = {"array", "boolean", "integer", "null", "number", "object", "string"}


class Break(NamedTuple):
    """What clients of the released document would stumble over."""

    path: str
    reason: str


class Side(NamedTuple):
    """A schema, and the document that its references lead into."""

    document: Schema
    schema: Schema

    def at(self, schema: Schema) -> "Side":
        return Side(self.document, schema)

    def alternatives(self) -> list["Side"]:
        """The schemas of which a value matches one, without references."""
        resolved = resolve(self.document, self.schema)
        for part in resolved.get("allOf", []):
            resolved = {**resolve(self.document, part), **resolved}
        inner = [self.at(each) for key in ("oneOf", "anyOf") for each in resolved.get(key, [])]
        return [leaf for each in inner for leaf in each.alternatives()] or [self.at(resolved)]

    def types(self) -> set[str]:
        declared = self.schema.get("type", TYPES)
        types = {declared} if isinstance(declared, str) else set(declared)
        return types | {"integer"} if "number" in types else types

    def values(self) -> list[Any] | None:
        constant = [self.schema["const"]] if "const" in self.schema else None
        values: list[Any] | None = self.schema.get("enum", constant)
        return values


def resolve(document: Schema, node: Schema) -> Schema:
    while "$ref" in node:
        target = document
        for name in node["$ref"].removeprefix("#/").split("/"):
            target = target[name]
        node = target
    return node


def breaks(released: Schema, current: Schema) -> Iterator[Break]:
    """All that the released document promised and the current one does not."""
    for path, item in released["paths"].items():
        for method in METHODS:
            if method not in item:
                continue
            operation = current["paths"].get(path, {}).get(method)
            before, after = Side(released, item[method]), Side(current, operation or {})
            found = of_operation(before, after) if operation else iter(["is gone"])
            yield from (Break(path, f"{method.upper()} {path}: {reason}") for reason in found)


def of_operation(before: Side, after: Side) -> Iterator[str]:
    yield from of_parameters(before, after)
    yield from of_body(before, after)
    yield from of_answers(before, after)


def of_parameters(before: Side, after: Side) -> Iterator[str]:
    old, new = parameters(before), parameters(after)
    for name, parameter in old.items():
        if name not in new:
            yield f"the parameter {name} is gone"
        else:
            schemas = before.at(parameter["schema"]), after.at(new[name]["schema"])
            yield from beyond(*schemas, f"the parameter {name}", is_answer=False)
    for name, parameter in new.items():
        if parameter.get("required") and not old.get(name, {}).get("required"):
            yield f"the parameter {name} is newly required"


def parameters(side: Side) -> Schema:
    listed = (resolve(side.document, each) for each in side.schema.get("parameters", []))
    return {parameter["name"]: parameter for parameter in listed}


def of_body(before: Side, after: Side) -> Iterator[str]:
    old, new = before.schema.get("requestBody", {}), after.schema.get("requestBody", {})
    if new.get("required") and not old.get("required"):
        yield "the body is newly required"
    yield from of_contents(before.at(old), after.at(new), "the body", is_answer=False)


def of_answers(before: Side, after: Side) -> Iterator[str]:
    new = after.schema["responses"]
    for status, response in before.schema["responses"].items():
        if status not in new:
            yield f"the answer {status} is gone"
            continue
        old = before.at(resolve(before.document, response))
        answer = after.at(resolve(after.document, new[status]))
        for header in old.schema.get("headers", {}):
            if header not in answer.schema.get("headers", {}):
                yield f"the header {header} of the answer {status} is gone"
        yield from of_contents(old, answer, f"the answer {status}", is_answer=True)


def of_contents(before: Side, after: Side, what: str, *, is_answer: bool) -> Iterator[str]:
    new = after.schema.get("content", {})
    for media_type, content in before.schema.get("content", {}).items():
        if media_type not in new:
            yield f"{what} is no longer {media_type}"
            continue
        old, now = before.at(content["schema"]), after.at(new[media_type]["schema"])
        # An answer may say less than it did, a request more: never the other way round.
        yield from beyond(*((now, old) if is_answer else (old, now)), what, is_answer=is_answer)


def beyond(inner: Side, outer: Side, what: str, *, is_answer: bool) -> Iterator[str]:
    """Why something that `inner` allows is not allowed by `outer`."""
    for alternative in inner.alternatives():
        reasons = [
            list(of_schema(alternative, each, what, is_answer=is_answer))
            for each in outer.alternatives()
        ]
        # The alternative that it comes closest to has the fewest reasons.
        yield from min(reasons, key=len)


def of_schema(inner: Side, outer: Side, what: str, *, is_answer: bool) -> Iterator[str]:
    new_types = inner.types() - outer.types()
    if new_types:
        yield f"{what} {'may be' if is_answer else 'may no longer be'} {sorted(new_types)}"
        return
    yield from of_values(inner, outer, what)
    yield from of_object(inner, outer, what, is_answer=is_answer)
    yield from of_array(inner, outer, what, is_answer=is_answer)


def of_values(inner: Side, outer: Side, what: str) -> Iterator[str]:
    values, allowed = inner.values(), outer.values()
    if allowed is not None and (values is None or any(each not in allowed for each in values)):
        yield f"{what} has other values"
    for keyword in OPAQUE:
        if keyword in outer.schema and inner.schema.get(keyword) != outer.schema[keyword]:
            yield f"{what} has another {keyword}"
    for keyword in (*LOWER_BOUNDS, *UPPER_BOUNDS):
        if keyword in outer.schema and exceeds(keyword, inner.schema, outer.schema):
            yield f"{what} has another {keyword}"


def exceeds(keyword: str, inner: Schema, outer: Schema) -> bool:
    # Values that are listed one by one have been compared one by one.
    if keyword not in inner:
        return "enum" not in inner and "const" not in inner
    if keyword in LOWER_BOUNDS:
        return bool(inner[keyword] < outer[keyword])
    return bool(inner[keyword] > outer[keyword])


def of_object(inner: Side, outer: Side, what: str, *, is_answer: bool) -> Iterator[str]:
    for name in outer.schema.get("required", []):
        if name not in inner.schema.get("required", []):
            yield f"{what} {'may lack' if is_answer else 'now needs'} {name}"
    allowed, known = inner.schema.get("properties", {}), outer.schema.get("properties", {})
    if is_answer:
        yield from (f"{what} has no {name}" for name in known if name not in allowed)
    else:
        yield from of_closed_object(inner, outer, what)
    for name in allowed.keys() & known.keys():
        members = inner.at(allowed[name]), outer.at(known[name])
        yield from beyond(*members, f"{name} of {what}", is_answer=is_answer)


def of_closed_object(inner: Side, outer: Side, what: str) -> Iterator[str]:
    if outer.schema.get("additionalProperties") is not False:
        return
    if inner.schema.get("additionalProperties") is not False:
        yield f"{what} takes no members of other names"
    for name in inner.schema.get("properties", {}):
        if name not in outer.schema.get("properties", {}):
            yield f"{what} takes no {name}"


def of_array(inner: Side, outer: Side, what: str, *, is_answer: bool) -> Iterator[str]:
    allowed, known = items(inner.schema), items(outer.schema)
    for place, item in enumerate(known):
        members = inner.at(allowed[min(place, len(allowed) - 1)] if allowed else {}), outer.at(item)
        yield from beyond(*members, f"an item of {what}", is_answer=is_answer)


def items(schema: Schema) -> list[Schema]:
    """The schemas of the first items, and at last that of all others."""
    others = schema.get("items")
    return [*schema.get("prefixItems", []), *([others] if isinstance(others, dict) else [])]


def section(text: str, heading: str) -> str:
    """What stands under a heading, up to the next one of its level."""
    level = heading.partition(" ")[0]
    _, _, under = f"\n{text}".partition(f"\n{heading}\n")
    return re.split(rf"^{level} ", under, maxsplit=1, flags=re.MULTILINE)[0]


def unannounced(released: Schema, current: Schema, changelog: str) -> list[str]:
    said = section(section(changelog, "## Unreleased"), "### Breaking")
    found = dict.fromkeys(breaks(released, current))
    # Before the closing backtick, so that a path is not taken for the start of a longer one.
    return [each.reason for each in found if f"{each.path}`" not in said]


def main() -> int:
    released, current = (
        yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))
        for name in ("docs/openapi-released.yaml", "openapi.yaml")
    )
    found = unannounced(released, current, (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"))
    if found:
        print(*found, sep="\n")
        print(
            "Clients of the last release would break. Keep what they use, or announce the change "
            'in CHANGELOG.md under "### Breaking" of "## Unreleased", with the path in backticks.'
        )
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
