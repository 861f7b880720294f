"""Real answers of the demo coalition, as examples in the OpenAPI document."""

import json
from pathlib import Path
from typing import Any

from backend.http.openapi_components import Schema

# By operation, or by problem; tests/contract/test_examples.py records them.
EXAMPLES: dict[str, Schema] = json.loads(
    Path(__file__).with_name("examples.json").read_text(encoding="utf-8")
)


def add_examples(result: Schema, **_kwargs: Any) -> Schema:
    """A postprocessing hook."""
    for item in result["paths"].values():
        for operation in item.values():
            _add_to_operation(operation, EXAMPLES.get(operation["operationId"], {}))
    for name, response in result["components"]["responses"].items():
        if name in EXAMPLES:
            _add_to_answer(response, EXAMPLES[name]["answer"])
    return result


def _add_to_operation(operation: Schema, example: Schema) -> None:
    if "answer" in example:
        (success,) = (each for code, each in operation["responses"].items() if code[0] == "2")
        _add_to_answer(success, example["answer"])
    if "body" in example:
        for content in operation["requestBody"]["content"].values():
            content["example"] = example["body"]


def _add_to_answer(described: Schema, example: Any) -> None:
    """To what is answered unless a client prefers another media type."""
    for content in [*described.get("content", {}).values()][:1]:
        content["example"] = example
