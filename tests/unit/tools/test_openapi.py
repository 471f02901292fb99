"""The OpenAPI document: everything that a caller sends or receives as JSON has an example that follows its schema."""

from __future__ import annotations

from typing import Any, Final

import pytest
from jsonschema import Draft202012Validator

from installhub.contract.routes import ROUTES, Route
from tools.openapi.document import document

DOCUMENT: Final = document()
JSON: Final = "application/json"

every_route = pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.operation)


def contents_of(route: Route) -> list[dict[str, Any]]:
    """Return the JSON contents of a route's request and successful responses."""
    operation = DOCUMENT["paths"][route.path][route.method.lower()]
    responses = [item for status, item in operation["responses"].items() if status.startswith("2")]
    found = [item.get("content", {}).get(JSON) for item in (operation.get("requestBody", {}), *responses)]
    return [content for content in found if content is not None]


def examples_of(content: dict[str, Any]) -> list[Any]:
    """Return the example or examples of a content."""
    if "example" in content:
        return [content["example"]]
    return [example["value"] for example in content.get("examples", {}).values()]


@every_route
def test_every_json_body_has_examples_that_follow_its_schema(route: Route) -> None:
    for content in contents_of(route):
        examples = examples_of(content)
        assert examples
        for example in examples:
            Draft202012Validator({**content["schema"], "components": DOCUMENT["components"]}).validate(example)
