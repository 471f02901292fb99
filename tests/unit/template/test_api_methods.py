"""The methods and paths in the template, compared with the routes of the code."""

from __future__ import annotations

from typing import Any, Final

from installhub.contract.routes import ROUTES
from tests.template import resources_of

PUBLIC: Final = {"Authorizer": "NONE", "ApiKeyRequired": False}


def api_events() -> dict[tuple[str, str], dict[str, Any]]:
    """Return the API events of all functions by method and path, with the logical id of the function."""
    return {
        (event["Properties"]["Method"], event["Properties"]["Path"]): {**event["Properties"], "Function": function_id}
        for function_id, function in resources_of("AWS::Serverless::Function").items()
        for event in function.get("Events", {}).values()
        if event["Type"] == "Api"
    }


def test_every_method_of_a_route_is_served_by_the_same_function() -> None:
    events = api_events()

    for route in ROUTES:
        assert len({events[method, route.path]["Function"] for method in route.methods}) == 1


def test_every_path_answers_preflight_requests_and_nothing_else_is_served() -> None:
    routes = {(method, route.path) for route in ROUTES for method in route.methods}

    assert api_events().keys() == routes | {("OPTIONS", route.path) for route in ROUTES}


def test_head_is_served_wherever_get_is() -> None:
    gets = {path for method, path in api_events() if method == "GET"}

    assert gets == {path for method, path in api_events() if method == "HEAD"}


def test_only_preflight_requests_and_public_keys_need_no_token() -> None:
    public = [route.path for route in ROUTES if not route.scopes]
    assert public == ["/api/installhub/keys"]
    for (method, path), event in api_events().items():
        assert event.get("Auth") == (PUBLIC if method == "OPTIONS" or path in public else None), (method, path)
        assert (event["Function"] == "PreflightFunction") == (method == "OPTIONS")
