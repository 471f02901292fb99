"""A client for the API of a deployed stack, and builders of request bodies and artifacts."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import requests

from installhub.artifacts.validation import ArtifactInput
from installhub.contract.artifact_ids import encode_path_id
from local import stack
from local.aws import Aws
from local.issuer import DEFAULT_SCOPE, Issuer
from local.state import PROJECT, Stack, State
from tests.direct_publishing import publish_directly

TENANT = "tenant-7f3a9b12"
OTHER_TENANT = "tenant-c41d77e0"
TOO_MANY_REQUESTS = 429
BASE = "/api/installhub/packages"
ARTIFACTS = "/api/installhub/artifacts"
ALL_SCOPES = "installhub:export installhub:publish installhub:manage"


@dataclass
class Api:
    """A client of one deployed stack.

    Attributes:
        state: The state folder.
        stack: The stack.
        url: Base URL of requests; the stack's own URL if empty.
        timeout: Timeout of requests in seconds.
        session: The HTTP session.
    """

    state: State
    stack: Stack
    url: str = ""
    timeout: float = 60
    session: requests.Session = field(default_factory=requests.Session)

    def token(self, *tenants: str, scope: str = DEFAULT_SCOPE, lifetime: int = 3600) -> str:
        """Return a token of the stack's issuer."""
        parameters = self.stack.parameters
        issuer = Issuer(self.state.issuer_key)
        return issuer.token(parameters["TokenIssuer"], parameters["TokenAudience"], tenants, scope, lifetime)

    def call(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        token: str | None = "",
        headers: dict[str, str] | None = None,
        raw: bytes | None = None,
        redirects: bool = True,
        base: str = BASE,
    ) -> requests.Response:
        """Call ``path`` below ``base``.

        The token is one for the sample tenant by default; with None, no token is sent.
        """
        all_headers = dict(headers or {})
        if token is not None:
            all_headers["Authorization"] = f"Bearer {token or self.token(TENANT)}"
        data = raw if raw is not None else None if body is None else json.dumps(body).encode()
        return self.session.request(
            method,
            f"{self.url or self.stack.url}{base}{path}",
            data=data,
            headers=all_headers,
            timeout=self.timeout,
            allow_redirects=redirects,
        )

    def artifacts(
        self,
        method: str,
        artifact_id: str | None = None,
        body: object = None,
        *,
        suffix: str = "",
        token: str | None = "",
        **options: Any,  # noqa: ANN401  # options of call
    ) -> requests.Response:
        """Call a route of artifacts, by default with a token for the sample tenant and all scopes.

        ``suffix`` is the rest of the path and the query.
        """
        path = suffix if artifact_id is None else f"/{encode_path_id(artifact_id)}{suffix}"
        token = self.token(TENANT, scope=ALL_SCOPES) if token == "" else token  # the default
        return self.call(method, path, body, token=token, base=ARTIFACTS, **options)

    def export(self, body: object, **options: Any) -> requests.Response:  # noqa: ANN401  # options of call
        """POST /export."""
        return self.call("POST", "/export", body, **options)

    def export_with_retry(self, body: object) -> requests.Response:
        """POST /export; if throttled, wait as long as Retry-After says and retry."""
        for _ in range(10):
            response = self.export(body)
            if response.status_code != TOO_MANY_REQUESTS:
                break
            time.sleep(int(response.headers["Retry-After"]))
        return response

    def preview(self, body: object, **options: Any) -> requests.Response:  # noqa: ANN401  # options of call
        """POST /preview."""
        return self.call("POST", "/preview", body, **options)

    def get(self, package_id: str, **options: Any) -> requests.Response:  # noqa: ANN401  # options of call
        """GET /{packageId}."""
        return self.call("GET", f"/{package_id}", **options)

    def download(self, package_id: str, **options: Any) -> requests.Response:  # noqa: ANN401  # options of call
        """GET /{packageId}/download."""
        return self.call("GET", f"/{package_id}/download", **options)

    def packages_of(self, artifact_id: str, **options: Any) -> requests.Response:  # noqa: ANN401  # options of call
        """GET /artifacts/{artifactId}/packages."""
        return self.call("GET", f"/{artifact_id}/packages", base=ARTIFACTS, **options)

    def publish(self, artifacts: list[dict[str, Any]]) -> None:
        """Write artifacts to the stack's tables directly, which takes less time than the API."""
        publish_directly(self.stack, map(ArtifactInput.from_json, artifacts))

    @property
    def aws(self) -> Aws:
        """Clients of the stack's emulator."""
        return Aws(self.stack.endpoint)

    def change_variables(self, function: str, **changes: str) -> dict[str, str]:
        """Change environment variables of a function, which restarts it, and return the previous variables."""
        functions = self.aws.lambda_
        before = functions.get_function_configuration(FunctionName=function)["Environment"]["Variables"]
        functions.update_function_configuration(FunctionName=function, Environment={"Variables": {**before, **changes}})
        return before

    @contextmanager
    def changed_variables(self, function: str, **changes: str) -> Iterator[None]:
        """Change environment variables of a function within the context."""
        before = self.change_variables(function, **changes)
        try:
            yield
        finally:
            self.aws.lambda_.update_function_configuration(FunctionName=function, Environment={"Variables": before})

    def make(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run targets of the Makefile with this stack."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
        return subprocess.run(  # noqa: S603  # fixed command
            ["make", *arguments],  # noqa: S607  # make from PATH
            cwd=PROJECT,
            env={**environment, "INSTALLHUB_STATE": str(self.state.root)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )

    def up(self, parameters: str) -> None:
        """Update the stack's parameters."""
        self.stack = stack.up(self.state, parameters)


def export_body(name: str, *roots: str, **fields: Any) -> dict[str, Any]:  # noqa: ANN401  # fields of any type
    """Return a valid body of POST /export for the sample tenant, with ``fields`` changed or added."""
    return {
        "tenantId": TENANT,
        "packageName": name,
        "packageType": "workflow-package",
        "version": "1.0.0",
        "artifactIds": list(roots or ("proc-1001",)),
        **fields,
    }


def artifact(artifact_id: str, *dependencies: str, **fields: Any) -> dict[str, Any]:  # noqa: ANN401  # fields of any type
    """Return a published process of a tenant that is used only by tests, with ``fields`` changed or added."""
    return {
        "tenantId": "tenant-of-tests",
        "artifactId": artifact_id,
        "type": "ProcessDefinition",
        "name": f"Process {artifact_id}",
        "status": "published",
        "dependencies": list(dependencies),
        "definition": {"id": artifact_id},
        **fields,
    }
