"""The checks of `make smoke`: what a caller does, one step after another."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final

import requests

from installhub.contract.routes import BASE_PATH
from operations.smoke.token import explain_rejection, read_claims

PACKAGE_NAME: Final = "InstallHub smoke test"
UNKNOWN_PACKAGE: Final = "pkg-00000000-0000-5000-8000-000000000000"
TIMEOUT_SECONDS: Final = 60


class CheckFailedError(Exception):
    """A check failed.

    Attributes:
        hints: What to look at.
    """

    def __init__(self, message: str, *hints: str) -> None:
        super().__init__(message)
        self.hints = hints


@dataclass(frozen=True)
class Caller:
    """A caller of the API.

    Attributes:
        url: Base URL, up to and without /api.
        token: Bearer token.
        tenant: The tenant to act for.
        parameters: The stack's parameters, if they are known.
    """

    url: str
    token: str
    tenant: str
    parameters: Mapping[str, str] = field(default_factory=dict)

    def check_access(self) -> str:
        """Check that the API is at this URL, accepts the token, and reaches its tables."""
        response = self._send("GET", f"/{UNKNOWN_PACKAGE}")
        if response.status_code == HTTPStatus.NOT_FOUND and _error_code(response) == "PackageNotFound":
            return "the token is accepted"
        self._explain(response)
        raise CheckFailedError(*_describe(response, "the API answers with"))

    def check_export(self, roots: list[str], version: str) -> dict[str, Any]:
        """Preview and export ``roots``, and check the response, the metadata, the bundle and a conflict."""
        preview = self._expect(200, "POST", "/preview", {"tenantId": self.tenant, "artifactIds": roots}).json()
        body = {
            "tenantId": self.tenant,
            "packageName": PACKAGE_NAME,
            "packageType": "config-package",
            "version": version,
            "artifactIds": roots,
        }
        exported: dict[str, Any] = self._expect(200, "POST", "/export", body).json()
        if exported["manifest"]["installOrder"] != preview["installOrder"]:
            raise CheckFailedError("the install order of the export differs from the preview's")
        self._expect(409, "POST", "/export", body)
        return exported

    def check_bundle(self, exported: Mapping[str, Any]) -> str:
        """Check the metadata and the bundle of a package."""
        path = f"/{exported['packageId']}"
        if self._expect(200, "GET", path).json() != exported:
            raise CheckFailedError("the package's metadata differs from the response to its export")
        bundle = self._expect(200, "GET", f"{path}/download").content
        if f"sha256:{hashlib.sha256(bundle).hexdigest()}" != exported["checksum"]:
            raise CheckFailedError("the bundle's SHA-256 is not its checksum")
        with zipfile.ZipFile(io.BytesIO(bundle)) as archive:
            if archive.testzip() is not None or json.loads(archive.read("manifest.json")) != exported["manifest"]:
                raise CheckFailedError("the bundle is damaged, or its manifest is not that of the package")
        return f"{len(bundle):,} bytes, checksum and manifest are correct"

    def _expect(self, status: int, method: str, path: str, body: object = None) -> requests.Response:
        response = self._send(method, path, body)
        if response.status_code != status:
            raise CheckFailedError(*_describe(response, f"{method} {path} should be {status}, but is"))
        return response

    def _send(self, method: str, path: str, body: object = None) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.token}"}
        try:
            return requests.request(
                method, f"{self.url}{BASE_PATH}{path}", json=body, headers=headers, timeout=TIMEOUT_SECONDS
            )
        except requests.RequestException as error:
            raise CheckFailedError(f"no response: {error}", "is the URL correct, up to and without /api?") from error

    def _explain(self, response: requests.Response) -> None:
        claims = read_claims(self.token)
        code = _error_code(response)
        is_denied = response.status_code == HTTPStatus.FORBIDDEN and not code  # by sam local
        if response.status_code == HTTPStatus.UNAUTHORIZED or is_denied:
            reasons = explain_rejection(claims, self.parameters)
            raise CheckFailedError("the token is rejected. Possible reasons:", *reasons)
        if code == "InsufficientScope":
            raise CheckFailedError(
                "the token lacks the scope installhub:export", *_scope_hints(claims, self.parameters)
            )
        if code == "NotFound":
            raise CheckFailedError("there is no API at this URL", "it ends with the stage, such as /prod")


def _scope_hints(claims: Mapping[str, Any], parameters: Mapping[str, str]) -> Iterator[str]:
    names = parameters.get("ScopeClaims", "scope,scp").split(",")
    found = {name: claims[name] for name in names if name in claims}
    yield f"its scopes are {found}" if found else f"it has none of the claims {', '.join(names)}: see ScopeClaims"
    yield "if the issuer gives the scope another name, set ScopeNames=installhub:export=NAME"


def _error_code(response: requests.Response) -> str:
    try:
        body = response.json()
    except ValueError:
        return ""
    return str(body.get("errorCode", "")) if isinstance(body, dict) else ""


def _describe(response: requests.Response, text: str) -> tuple[str, ...]:
    hints = [response.text[:500]]
    if response.status_code in (500, 502, 503):
        hints.append("look at the logs of the function; `instance` is the id of the request")
    return f"{text} {response.status_code}", *hints
