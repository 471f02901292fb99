"""Calls the functions of artifacts with API Gateway events."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, TypedDict, Unpack

from installhub.contract.artifact_ids import encode_path_id
from installhub.contract.artifact_models import MODELS
from installhub.identity.caller import Caller, authorizer_context
from tests.integration.support.api import FAR_FUTURE, NO_HEADERS, ApiResponse, Body, Headers, gateway_response
from tests.integration.support.artifact_inputs import OTHER_TENANT, TENANT
from tests.integration.support.functions import Functions, sample_event

PUBLISH: Final = "installhub:publish"
EXPORT: Final = "installhub:export"
EDITOR: Final = Caller("editor", (TENANT,), frozenset({PUBLISH}), FAR_FUTURE)
EXPORTER: Final = Caller("exporter", (TENANT,), frozenset({EXPORT}), FAR_FUTURE)
STRANGER: Final = Caller("stranger", (OTHER_TENANT,), frozenset({PUBLISH}), FAR_FUTURE)
NO_ONE: Final = Caller("no one", (TENANT,), frozenset({"openid"}), FAR_FUTURE)
CONSULTANT: Final = Caller("consultant", (TENANT, OTHER_TENANT), frozenset({PUBLISH, EXPORT}), FAR_FUTURE)

RULE: Final[Mapping[str, Any]] = {
    "type": "RuleSet",
    "name": "Made up",
    "status": "published",
    "dependencies": [],
    "definition": {"of": "rule"},
}
REQUIREMENTS: Final[list[dict[str, Any]]] = [
    {"name": "db", "kind": "connection", "description": "The ledger"},
    {"name": "limit", "kind": "variable", "valueType": "number", "default": 5},
    {"name": "key", "kind": "secret"},
]


def rule(*dependencies: str, **changes: Any) -> dict[str, Any]:  # noqa: ANN401  # any JSON value
    """The fields of an artifact, without its id."""
    return {**RULE, "dependencies": list(dependencies), **changes}


def body_of(content: Body | None) -> str | None:
    """A request body as API Gateway sends it."""
    if content is None:
        return None
    return base64.b64encode(content if isinstance(content, bytes) else json.dumps(content).encode()).decode()


class Options(TypedDict, total=False):
    """The less common parameters of a request; see :meth:`ArtifactApi.send`."""

    query: Mapping[str, str]
    caller: Caller
    segment: str
    method: str


@dataclass(frozen=True)
class ArtifactApi:
    """A client of the routes of artifacts, with a token that the authorizer has accepted.

    Attributes:
        functions: The functions.
        caller: The caller, unless a call names another one.
        tenant: The tenant in the body or the header, unless a call has its own; None for none.
    """

    functions: Functions
    caller: Caller = EDITOR
    tenant: str | None = TENANT

    def put(
        self, artifact_id: str, fields: Body = RULE, headers: Headers = NO_HEADERS, **options: Unpack[Options]
    ) -> ApiResponse:
        """PUT with ``fields``, or with any bytes as body."""
        return self.send("put_artifact", artifact_id, body=fields, headers=headers, **options)

    def batch(self, *artifacts: object, headers: Headers = NO_HEADERS, **options: Unpack[Options]) -> ApiResponse:
        """POST ``artifacts``."""
        return self.send("publish_artifacts", None, body={"artifacts": list(artifacts)}, headers=headers, **options)

    def get(self, artifact_id: str, headers: Headers = NO_HEADERS, **options: Unpack[Options]) -> ApiResponse:
        return self.send("get_artifact", artifact_id, headers=headers, **options)

    def definition(self, artifact_id: str, headers: Headers = NO_HEADERS, **options: Unpack[Options]) -> ApiResponse:
        return self.send("get_definition", artifact_id, headers=headers, **options)

    def dependents(self, artifact_id: str, headers: Headers = NO_HEADERS, **options: Unpack[Options]) -> ApiResponse:
        return self.send("list_dependents", artifact_id, headers=headers, **options)

    def delete(self, artifact_id: str, headers: Headers = NO_HEADERS, **options: Unpack[Options]) -> ApiResponse:
        return self.send("delete_artifact", artifact_id, headers=headers, **options)

    def list(self, *, headers: Headers = NO_HEADERS, caller: Caller | None = None, **query: str) -> ApiResponse:
        return self.page(query, caller=caller, headers=headers)

    def page(
        self, query: Mapping[str, str], *, headers: Headers = NO_HEADERS, caller: Caller | None = None
    ) -> ApiResponse:
        """As :meth:`list`, with any query."""
        return self.send("list_artifacts", None, query=query, caller=caller, headers=headers)

    def send(
        self,
        function: str,
        artifact_id: str | None,
        *,
        body: Body | None = None,
        query: Mapping[str, str] = NO_HEADERS,
        headers: Headers = NO_HEADERS,
        caller: Caller | None = None,
        segment: str | None = None,
        method: str | None = None,
    ) -> ApiResponse:
        """Call a function; ``segment`` is the path parameter if it is not the usual form of ``artifact_id``."""
        event = sample_event(function)
        if artifact_id is not None or segment is not None:
            event["pathParameters"] = {"artifactId": encode_path_id(artifact_id or "") if segment is None else segment}
        event["queryStringParameters"] = dict(query) or None
        event["multiValueQueryStringParameters"] = {name: [value] for name, value in query.items()} or None
        event["httpMethod"] = method or event["httpMethod"]
        all_headers = {**({} if self.tenant is None else {"X-Tenant-Id": self.tenant}), **headers}
        event["body"] = body_of(body)
        event["headers"] = all_headers
        event["multiValueHeaders"] = {name: [value] for name, value in all_headers.items()}
        event["requestContext"]["authorizer"].update(authorizer_context(caller or self.caller))
        return gateway_response(self.functions.invoke(function, event))


def artifact_of(response: ApiResponse, *statuses: int) -> dict[str, Any]:
    """Check that the response is an artifact, strictly by the API document, and return it."""
    assert response.status in (statuses or (200,)), response.body
    body: dict[str, Any] = response.json
    model = MODELS["PublishedArtifact" if "change" in body else "Artifact"]
    model.model_validate_json(response.body)
    assert response.headers["Content-Type"] == "application/json"
    return body


def assert_problem(response: ApiResponse, status: int, code: str) -> list[Any]:
    """Check that the response is an error document, strictly by the API document, and return its errors."""
    assert (response.status, response.error_code) == (status, code), response.body
    errors: list[Any] = response.json["errors"]
    return errors
