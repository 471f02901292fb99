"""Builds what tests need in one line each, and the fakes that stand in for adapters."""

from __future__ import annotations

import base64
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from installhub.bundler.layout import BundleLayout
from installhub.http.request import Request
from installhub.identity.caller import EXPORT_SCOPE, Caller, authorizer_context
from installhub.model.artifact import ArtifactNode, ArtifactStatus, ArtifactType, PackageType
from installhub.model.definition import sha256_hex
from installhub.model.package import PackageDescription
from installhub.packages.records import PackageRecord

if TYPE_CHECKING:
    from pydantic import BaseModel

TENANT = "tenant-7f3a9b12"
REQUEST_ID = "c6af9ac6-7b61-11e6-9a41-93e8deadbeef"


def node(
    artifact_id: str,
    *dependencies: str,
    kind: ArtifactType = ArtifactType.CONFIGURATION,
    status: ArtifactStatus = ArtifactStatus.PUBLISHED,
    name: str | None = None,
    size: int = 2,
) -> ArtifactNode:
    return ArtifactNode(
        id=artifact_id,
        type=kind,
        name=f"Name of {artifact_id}" if name is None else name,
        status=status,
        dependencies=dependencies,
        sha256=sha256_hex(artifact_id.encode()),
        size=size,
        packed_size=size + 2,
    )


def nodes(edges: Mapping[str, Iterable[str]]) -> dict[str, ArtifactNode]:
    """The graph of one artifact a key; a text of one-letter ids will do as its dependencies."""
    return {artifact_id: node(artifact_id, *dependencies) for artifact_id, dependencies in edges.items()}


class FakeCatalog:
    """A tenant's artifacts in memory; remembers what it was asked."""

    def __init__(self, artifacts: Iterable[ArtifactNode], elsewhere: Iterable[str] = ()) -> None:
        self.artifacts = {artifact.id: artifact for artifact in artifacts}
        self.elsewhere = frozenset(elsewhere)
        self.asked: list[list[str]] = []
        self.asked_elsewhere: list[list[str]] = []

    def nodes(self, ids: Collection[str]) -> Mapping[str, ArtifactNode]:
        self.asked.append(list(ids))
        return {artifact_id: self.artifacts[artifact_id] for artifact_id in ids if artifact_id in self.artifacts}

    def existing_in_other_tenants(self, ids: Collection[str]) -> Collection[str]:
        self.asked_elsewhere.append(list(ids))
        return [artifact_id for artifact_id in ids if artifact_id in self.elsewhere]


class FakePackages:
    """A packages table that holds one package; remembers what it was asked."""

    def __init__(self, stored: PackageRecord) -> None:
        self.stored = stored
        self.asked: list[str] = []

    def find_for_tenants(self, package_id: str, tenants: Collection[str]) -> PackageRecord | None:
        self.asked.append(package_id)
        is_it = package_id == self.stored.description.package_id and self.stored.tenant in tenants
        return self.stored if is_it else None


def caller(
    *tenants: str, scopes: Iterable[str] = (EXPORT_SCOPE,), expires_in: float = 300, subject: str = "user-1"
) -> Caller:
    return Caller(subject, tenants, frozenset(scopes), int(time.time() + expires_in))


def event(
    body: str | bytes | None = None,
    *,
    method: str = "POST",
    path: str = "/",
    parameters: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
    who: Caller | None = None,
    in_base64: bool = False,
) -> dict[str, Any]:
    """An API Gateway proxy event, as far as the functions read it; ``who`` calls, the tenant's own user by default."""
    text = body.decode() if isinstance(body, bytes) and not in_base64 else body
    if in_base64:
        content = body.encode() if isinstance(body, str) else body or b""
        text = base64.b64encode(content).decode()
    return {
        "httpMethod": method,
        "path": path,
        "pathParameters": dict(parameters) if parameters else None,
        "headers": dict(headers or {}),
        "body": text,
        "isBase64Encoded": in_base64,
        "requestContext": {
            "requestId": REQUEST_ID,
            "authorizer": {
                "principalId": "user-1",
                "integrationLatency": 7,
                **authorizer_context(who or caller(TENANT)),
            },
        },
    }


def request(body: str | bytes | None = None, **changes: Any) -> Request:  # noqa: ANN401
    return Request(event(body, **changes))


@dataclass
class FakeContext:
    """What of Lambda's context the functions read."""

    function_name: str
    seconds: float = 29
    memory_limit_in_mb: int = 1024
    aws_request_id: str = "52fdfc07-2182-454f-963f-5f0f9a621d72"

    @property
    def invoked_function_arn(self) -> str:
        return f"arn:aws:lambda:us-east-1:123456789012:function:{self.function_name}"

    def get_remaining_time_in_millis(self) -> int:
        return int(self.seconds * 1000)


def is_a(model: type[BaseModel], body: str | bytes) -> bool:
    """Whether ``body`` is what the API document says of ``model``; raises where it is not."""
    return isinstance(model.model_validate_json(body), model)


def package(
    *,
    name: str = "Employee Onboarding",
    version: str = "2.1.0",
    description: str | None = None,
    author: str | None = None,
    tags: Sequence[str] = (),
) -> PackageDescription:
    return PackageDescription(
        package_id="pkg-a3f9c821-4b2e-59d1-bc44-f7e2a1c09d33",
        name=name,
        version=version,
        package_type=PackageType.WORKFLOW,
        description=description,
        author=author,
        tags=tuple(tags),
    )


def record(
    *, name: str = "Employee Onboarding", version: str = "2.1.0", tenant: str = TENANT, bundle: bytes = b"PK\x05\x06"
) -> PackageRecord:
    description = package(name=name, version=version)
    return PackageRecord(
        description=description,
        tenant=tenant,
        checksum=f"sha256:{sha256_hex(bundle)}",
        bundle_key=f"bundles/{description.package_id}/attempt.zip",
        layout=BundleLayout(size=len(bundle), manifest_offset=43, manifest_packed_size=10, manifest_size=20),
        artifact_count=5,
        exported_at="2026-05-25T09:00:00Z",
        exported_by="user-1",
    )
