"""Calls the API's functions with API Gateway events."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from installhub.contract.response_models import PackageResponse, PreviewResponse, ProblemDocument
from installhub.identity.caller import Caller, authorizer_context
from tests.integration.support.artifact_inputs import TENANT
from tests.integration.support.functions import Functions, sample_event

FAR_FUTURE: Final = 4_102_444_800  # 2100
SCOPES: Final = frozenset({"installhub:export"})
CALLER: Final = Caller("hr-automation", (TENANT,), SCOPES, FAR_FUTURE)
MANAGER: Final = replace(CALLER, scopes=SCOPES | {"installhub:manage"})

Headers = Mapping[str, str]
Body = Mapping[str, Any] | bytes

NO_HEADERS: Final[Headers] = {}

EXPORT_BODY: Final[Mapping[str, Any]] = {
    "tenantId": TENANT,
    "packageName": "Employee Onboarding Suite",
    "packageType": "workflow-package",
    "version": "2.1.0",
    "description": "Complete onboarding workflow",
    "author": "HR Automation Team",
    "tags": ["hr", "onboarding"],
    "artifactIds": ["proc-1001"],
}
PREVIEW_BODY: Final[Mapping[str, Any]] = {"tenantId": TENANT, "artifactIds": ["proc-1001"]}


@dataclass(frozen=True)
class ApiResponse:
    """An HTTP response."""

    status: int
    headers: Headers
    body: bytes

    @property
    def json(self) -> Any:  # noqa: ANN401  # any JSON value
        return json.loads(self.body)

    @property
    def error_code(self) -> str:
        return str(self.problem().error_code)

    def package(self) -> PackageResponse:
        """Parse the response as a package, strictly."""
        assert (self.status, self.headers["Content-Type"]) == (200, "application/json"), self.body
        return PackageResponse.model_validate_json(self.body)

    def preview(self) -> PreviewResponse:
        """Parse the response as a preview, strictly."""
        assert (self.status, self.headers["Content-Type"]) == (200, "application/json"), self.body
        return PreviewResponse.model_validate_json(self.body)

    def problem(self) -> ProblemDocument:
        """Parse the response as an error document, strictly, and check its consistency."""
        assert self.headers["Content-Type"] == "application/problem+json"
        assert self.headers["Cache-Control"] == "no-store"
        problem = ProblemDocument.model_validate_json(self.body)
        assert problem.status == self.status
        assert problem.type == f"urn:installhub:error:{problem.error_code}"
        assert problem.errors[0].error_code == problem.error_code
        return problem


@dataclass(frozen=True)
class Api:
    """A client of the API with a token that the authorizer has accepted."""

    functions: Functions

    def export(
        self, body: Body = EXPORT_BODY, *, caller: Caller | None = CALLER, headers: Headers = NO_HEADERS
    ) -> ApiResponse:
        return self.post("export", body, caller, headers)

    def preview(
        self, body: Body = PREVIEW_BODY, *, caller: Caller | None = CALLER, headers: Headers = NO_HEADERS
    ) -> ApiResponse:
        return self.post("preview", body, caller, headers)

    def get_package(
        self, package_id: str, *, caller: Caller | None = CALLER, headers: Headers = NO_HEADERS
    ) -> ApiResponse:
        return self.get("get_package", package_id, caller, headers)

    def download(
        self, package_id: str, *, caller: Caller | None = CALLER, headers: Headers = NO_HEADERS
    ) -> ApiResponse:
        return self.get("download", package_id, caller, headers)

    def get_graph(
        self,
        package_id: str,
        *,
        caller: Caller | None = CALLER,
        headers: Headers = NO_HEADERS,
        wanted: str | None = None,
    ) -> ApiResponse:
        """Get the graph in the format ``wanted``; without one, ``Accept`` is ``*/*`` unless ``headers`` has another."""
        event = sample_event("get_graph")
        event["queryStringParameters"] = None if wanted is None else {"format": wanted}
        return self.get("get_graph", package_id, caller, {"Accept": "*/*", **headers}, event)

    def get_sbom(
        self, package_id: str, *, caller: Caller | None = CALLER, headers: Headers = NO_HEADERS
    ) -> ApiResponse:
        return self.get("get_sbom", package_id, caller, headers)

    def get_attestation(
        self, package_id: str, *, caller: Caller | None = CALLER, headers: Headers = NO_HEADERS
    ) -> ApiResponse:
        return self.get("get_attestation", package_id, caller, headers)

    def get_keys(self, *, headers: Headers = NO_HEADERS) -> ApiResponse:
        return self._send("get_keys", sample_event("get_keys"), None, headers)

    def get_diff(
        self, package_id: str, caller: Caller | None = CALLER, headers: Headers = NO_HEADERS, /, **query: str
    ) -> ApiResponse:
        """Compare a package, with the parameters ``query`` (``from_`` stands for ``from``)."""
        event = sample_event("get_diff")
        event["queryStringParameters"] = {name.rstrip("_"): value for name, value in query.items()} or None
        return self.get("get_diff", package_id, caller, {"Accept": "*/*", **headers}, event)

    def list_packages(
        self, caller: Caller | None = CALLER, headers: Headers = NO_HEADERS, /, **query: str
    ) -> ApiResponse:
        """Get a page of packages, of the tenant in the header if ``headers`` has one."""
        return self._list("list_packages", query, caller, headers)

    def list_versions(
        self, caller: Caller | None = CALLER, headers: Headers = NO_HEADERS, /, **query: str
    ) -> ApiResponse:
        """Get a page of the versions of the package named in ``query``."""
        return self._list("list_versions", query, caller, headers)

    def change_lifecycle(
        self, package_id: str, patch: Body, *, caller: Caller | None = MANAGER, headers: Headers = NO_HEADERS
    ) -> ApiResponse:
        event = sample_event("change_lifecycle")
        content = patch if isinstance(patch, bytes) else json.dumps(patch).encode()
        event["body"] = base64.b64encode(content).decode() if content else None
        return self.get("change_lifecycle", package_id, caller, headers, event)

    def _list(self, function: str, query: Mapping[str, str], caller: Caller | None, headers: Headers) -> ApiResponse:
        event = sample_event(function)
        event["queryStringParameters"] = dict(query) or None
        event["multiValueQueryStringParameters"] = {name: [value] for name, value in query.items()} or None
        return self._send(function, event, caller, headers)

    def post(self, function: str, body: Body, caller: Caller | None, headers: Headers) -> ApiResponse:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        event = sample_event(function)
        event["body"] = base64.b64encode(content).decode() if content else None
        return self._send(function, event, caller, headers)

    def get(
        self,
        function: str,
        package_id: str,
        caller: Caller | None,
        headers: Headers,
        event: dict[str, Any] | None = None,
    ) -> ApiResponse:
        event = event or sample_event(function)
        event["pathParameters"] = {"packageId": package_id}
        event["path"] = event["resource"].replace("{packageId}", package_id)
        event["requestContext"]["path"] = f"/prod{event['path']}"
        return self._send(function, event, caller, headers)

    def _send(self, function: str, event: dict[str, Any], caller: Caller | None, headers: Headers) -> ApiResponse:
        for name, value in headers.items():
            event["headers"][name] = value
            event["multiValueHeaders"][name] = [value]
        if caller is None:
            event["requestContext"].pop("authorizer", None)
        else:
            event["requestContext"]["authorizer"].update(authorizer_context(caller))
        return gateway_response(self.functions.invoke(function, event))


def gateway_response(result: Mapping[str, Any]) -> ApiResponse:
    """Convert a function's result to an HTTP response, like API Gateway."""
    body = result["body"] or ""
    return ApiResponse(
        status=result["statusCode"],
        headers=result["headers"],
        body=base64.b64decode(body) if result["isBase64Encoded"] else body.encode(),
    )
