"""The events of the function that answers preflight requests: OPTIONS of every path of the API."""

from __future__ import annotations

from installhub.contract.routes import ROUTES


def render(_template: str) -> str:
    """The block of template.yaml with the events."""
    operations = {route.path: route.operation for route in reversed(ROUTES)}
    paths = dict.fromkeys(route.path for route in ROUTES)
    return "      Events:\n" + "".join(_event(path, operations[path]) for path in paths)


def _event(path: str, operation: str) -> str:
    return (
        f"        {operation[0].upper()}{operation[1:]}:\n"
        "          Type: Api\n"
        "          Properties:\n"
        "            RestApiId: !Ref PackagesApi\n"
        f"            Path: {path}\n"
        "            Method: OPTIONS\n"
        "            Auth: { Authorizer: NONE, ApiKeyRequired: false }\n"
    )
