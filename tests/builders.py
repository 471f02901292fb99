"""Builders for test objects, and fakes for adapters."""

from __future__ import annotations

import base64
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from installhub.bundler.layout import BundleLayout
from installhub.http.request import Request
from installhub.identity.caller import Caller, authorizer_context
from installhub.model.artifact import ArtifactNode, ArtifactStatus, ArtifactType, PackageType
from installhub.model.definition import sha256_hex
from installhub.model.package import PackageDescription
from installhub.model.scopes import EXPORT_SCOPE
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
    """Return a graph from dependencies by artifact id; one-letter ids may be given as a single string."""
    return {artifact_id: node(artifact_id, *dependencies) for artifact_id, dependencies in edges.items()}


class FakeCatalog:
    """An in-memory catalog of one tenant that records the ids of each lookup."""

    def __init__(self, artifacts: Iterable[ArtifactNode], foreign_ids: Iterable[str] = ()) -> None:
        self.artifacts = {artifact.id: artifact for artifact in artifacts}
        self.foreign_ids = frozenset(foreign_ids)
        self.lookups: list[list[str]] = []
        self.foreign_lookups: list[list[str]] = []
        self.full_reads = 0

    def nodes(self, ids: Collection[str]) -> Mapping[str, ArtifactNode]:
        self.lookups.append(list(ids))
        return {artifact_id: self.artifacts[artifact_id] for artifact_id in ids if artifact_id in self.artifacts}

    def existing(self, ids: Collection[str]) -> Collection[str]:
        self.lookups.append(list(ids))
        return [artifact_id for artifact_id in ids if artifact_id in self.artifacts]

    def all_nodes(self) -> Collection[ArtifactNode]:
        self.full_reads += 1
        return self.artifacts.values()

    def existing_in_other_tenants(self, ids: Collection[str]) -> Collection[str]:
        self.foreign_lookups.append(list(ids))
        return [artifact_id for artifact_id in ids if artifact_id in self.foreign_ids]


class FakePackages:
    """A packages table with a single package that records the ids of lookups."""

    def __init__(self, stored: PackageRecord) -> None:
        self.stored = stored
        self.lookups: list[str] = []

    def find_for_tenants(self, package_id: str, tenants: Collection[str]) -> PackageRecord | None:
        self.lookups.append(package_id)
        is_match = package_id == self.stored.description.package_id and self.stored.tenant in tenants
        return self.stored if is_match else None


def make_caller(
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
    caller: Caller | None = None,
    in_base64: bool = False,
) -> dict[str, Any]:
    """Return an API Gateway proxy event with the fields that the functions read.

    The default caller is a user of `TENANT`.
    """
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
                **authorizer_context(caller or make_caller(TENANT)),
            },
        },
    }


def request(body: str | bytes | None = None, **changes: Any) -> Request:  # noqa: ANN401
    return Request(event(body, **changes))


@dataclass
class FakeContext:
    """The attributes of a Lambda context that the functions read."""

    function_name: str
    seconds: float = 29
    memory_limit_in_mb: int = 1024
    aws_request_id: str = "52fdfc07-2182-454f-963f-5f0f9a621d72"

    @property
    def invoked_function_arn(self) -> str:
        return f"arn:aws:lambda:us-east-1:123456789012:function:{self.function_name}"

    def get_remaining_time_in_millis(self) -> int:
        return int(self.seconds * 1000)


def matches_model(model: type[BaseModel], body: str | bytes) -> bool:
    """Return whether ``body`` is valid for a model of the API document; invalid bodies raise ValidationError."""
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
