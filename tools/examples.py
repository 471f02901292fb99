"""Examples for the OpenAPI document; where the service generates a body, its own code generates the example."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any, Final, cast

from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, derive_private_key
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from installhub.artifacts.validation import ArtifactInput
from installhub.attestations.envelopes import envelope_of
from installhub.attestations.signer import PackageSigner
from installhub.bundler.layout import BundleLayout
from installhub.bundler.manifest import build_manifest, encode_manifest
from installhub.changes import json_diff
from installhub.changes.adviser import schema_reasons
from installhub.changes.manifest_diff import compare_manifests
from installhub.contract.artifact_bodies import (
    artifact_body,
    artifact_list_body,
    artifact_packages_body,
    batch_body,
    dependents_body,
)
from installhub.contract.diff_bodies import diff_body
from installhub.contract.graph_bodies import graph_body
from installhub.contract.lifecycle_bodies import lifecycle_body
from installhub.contract.package_list_bodies import package_list_body, version_list_body
from installhub.contract.response_bodies import package_body, pending_body, preview_body
from installhub.contract.sbom_bodies import sbom_body
from installhub.graphs.graph import graph_of_manifest
from installhub.model.artifact import ArtifactNode, ArtifactStatus, ArtifactType, PackageType
from installhub.model.cursor import Page
from installhub.model.definition import sha256_hex
from installhub.model.errors import ErrorCode, Problem
from installhub.model.lifecycle import Lifecycle, LifecycleChange
from installhub.model.package import PackageDescription, package_id
from installhub.packages import index_items
from installhub.packages.comparison import ChangedPlaces, Comparison, find_reasons
from installhub.packages.index_items import ContainingPackage
from installhub.packages.pending_exports import PendingExport
from installhub.packages.records import AcceptedExport, PackageRecord, PackageStatus, Signature
from installhub.packages.versions import version_page
from installhub.resolver.dependents import find_dependents
from installhub.resolver.plan import Limits, make_plan
from installhub.verification.keys import jwk_of

_TENANT: Final = "tenant-7f3a9b12"

EXPORT_REQUEST: Final[dict[str, Any]] = {
    "tenantId": _TENANT,
    "packageName": "Employee Onboarding Suite",
    "packageType": "workflow-package",
    "version": "2.1.0",
    "description": "Complete onboarding workflow",
    "author": "HR Automation Team",
    "tags": ["hr", "onboarding"],
    "artifactIds": ["proc-1001"],
}
PREVIEW_REQUEST: Final[dict[str, Any]] = {"tenantId": _TENANT, "artifactIds": ["proc-1001"]}


def _node(kind: ArtifactType, artifact_id: str, name: str, *dependencies: str) -> ArtifactNode:
    return ArtifactNode(
        id=artifact_id,
        type=kind,
        name=name,
        status=ArtifactStatus.PUBLISHED,
        dependencies=dependencies,
        sha256=sha256_hex(artifact_id.encode()),
        size=1024,
        packed_size=512,
    )


_NODES: Final = {
    node.id: node
    for node in (
        _node(
            ArtifactType.PROCESS_DEFINITION, "proc-1001", "EmployeeOnboarding", "thread-2002", "form-2005", "rule-305"
        ),
        _node(ArtifactType.THREAD_DEFINITION, "thread-2002", "ApprovalSubflow"),
        _node(ArtifactType.ATLAS_FORM, "form-2005", "EmployeeForm", "ent-44"),
        _node(ArtifactType.RULE_SET, "rule-305", "ApprovalRules"),
        _node(ArtifactType.ENTITY_SCHEMA, "ent-44", "EmployeeSchema"),
    )
}


class _Catalog:
    """A catalog that contains the example's artifacts."""

    def nodes(self, ids: object) -> dict[str, ArtifactNode]:
        """All artifacts, whatever ``ids``."""
        del ids
        return _NODES

    def existing_in_other_tenants(self, ids: object) -> list[str]:
        """No artifacts."""
        del ids
        return []


_PLAN: Final = make_plan(_Catalog(), ["proc-1001"], Limits())
PREVIEW: Final = preview_body(_PLAN)
PREVIEW_ETAG: Final = (
    '"G4NKCdqdPmiPaj8mxY2BPFRb0HX29RdS.leNorKMpP1jU0MDDkKskoSk1M0T'
    'UyMDDiSssvygWxTLmKSnNSdY2BjNS8El0TEwBIMQ02A4Dfk0m2UPPtuGDxX94MRInOfY0"'
)
"""Not computed here: other versions of zlib compress it differently."""

_DESCRIPTION: Final = PackageDescription(
    package_id=package_id(_TENANT, EXPORT_REQUEST["packageName"], EXPORT_REQUEST["version"]),
    name=EXPORT_REQUEST["packageName"],
    version=EXPORT_REQUEST["version"],
    package_type=PackageType(EXPORT_REQUEST["packageType"]),
    description=EXPORT_REQUEST["description"],
    author=EXPORT_REQUEST["author"],
    tags=tuple(EXPORT_REQUEST["tags"]),
)
PACKAGE_ID: Final = _DESCRIPTION.package_id
_MANIFEST: Final = build_manifest(
    _DESCRIPTION, ["proc-1001"], [_NODES[artifact_id] for artifact_id in _PLAN.install_order]
)
_PACKAGE: Final = PackageRecord(
    description=_DESCRIPTION,
    tenant=_TENANT,
    checksum=f"sha256:{sha256_hex(b'example')}",
    bundle_key="",
    layout=BundleLayout(size=2946, manifest_offset=0, manifest_packed_size=0, manifest_size=0),
    artifact_count=len(_NODES),
    exported_at="2026-05-25T09:00:00Z",
    exported_by="hr-automation",
)
PACKAGE: Final = package_body(_PACKAGE, _MANIFEST)
SBOM: Final = sbom_body(_PACKAGE, _MANIFEST)


class _KeyOfExamples:
    """Signs like KMS, with a key that everybody knows, and always with the same result."""

    key: Final = derive_private_key(7517, SECP256R1())

    def sign(self, *, Message: bytes, **_: object) -> dict[str, bytes]:  # noqa: N803  # like the client of KMS
        return {"Signature": self.key.sign(Message, ECDSA(Prehashed(SHA256()), deterministic_signing=True))}


_JWK: Final = jwk_of(_KeyOfExamples.key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))
KEY_SET: Final = {"keys": [_JWK]}
_SIGNATURE: Final = cast(
    "Signature",
    PackageSigner(cast("Any", _KeyOfExamples), "").signed(_PACKAGE, _MANIFEST, encode_manifest(_MANIFEST)).signature,
)
ENVELOPE: Final = envelope_of(_PACKAGE, _SIGNATURE, _MANIFEST, encode_manifest(_MANIFEST), _JWK["kid"])
_LISTED: Final = index_items.indexed_package(cast("dict[str, Any]", index_items.package_item(_PACKAGE)))
PACKAGE_LIST: Final = package_list_body(Page((_LISTED,), None))
VERSION_LIST: Final = version_list_body(version_page([_LISTED], _TENANT, _LISTED.name, limit=50, cursor=None))
LIFECYCLE_PATCH: Final[dict[str, Any]] = {
    "lifecycle": "deprecated",
    "reason": "The approval rules have changed; use version 2.2.0.",
}
_DEPRECATED: Final = _PACKAGE.state.changed(
    LifecycleChange(
        Lifecycle.DEPRECATED,
        LIFECYCLE_PATCH["reason"],
        None,
        changed_at="2026-06-01T08:30:00Z",
        changed_by="hr-automation",
    )
)
LIFECYCLE: Final = lifecycle_body(replace(_PACKAGE, state=_DEPRECATED))
_CHANGED: Final = {
    **_MANIFEST,
    "version": "2.2.0",
    "artifacts": [
        {**artifact, "sha256": sha256_hex(b"changed")} if artifact["id"] == "ent-44" else artifact
        for artifact in _MANIFEST["artifacts"]
    ],
}
_DIFFERENCE: Final = compare_manifests(_MANIFEST, _CHANGED)
_FIELDS: Final[list[dict[str, Any]]] = [{"name": name, "type": "string", "required": True} for name in ("id", "email")]
_SCHEMAS: Final[list[dict[str, Any]]] = [
    {"fields": _FIELDS},
    {"fields": [*_FIELDS, {"name": "phone", "type": "string"}]},
]
DIFF: Final = diff_body(
    _DESCRIPTION,
    replace(_DESCRIPTION, package_id=package_id(_TENANT, _DESCRIPTION.name, "2.2.0"), version="2.2.0"),
    Comparison(
        _DIFFERENCE,
        {"ent-44": ChangedPlaces(tuple(json_diff.diff(*_SCHEMAS)))},
        find_reasons(_DIFFERENCE, {"ent-44": schema_reasons("ent-44", *_SCHEMAS)}),
    ),
)
GRAPH: Final = graph_body(_DESCRIPTION, graph_of_manifest(_MANIFEST))

_PENDING: Final = PendingExport(
    package_id=PACKAGE_ID,
    request_id="",
    accepted=AcceptedExport(
        tenant=_TENANT,
        name=_DESCRIPTION.name,
        version=_DESCRIPTION.version,
        requested_by="",
        requested_at="2026-05-25T09:00:00Z",
        expires_at=0,
    ),
    status=PackageStatus.QUEUED,
)
PENDING: Final = pending_body(_PENDING)
PENDING_EXPORTING: Final = pending_body(
    replace(_PENDING, status=PackageStatus.EXPORTING, written=2, total=len(_NODES)),
)

PROBLEMS: Final[dict[ErrorCode, Problem]] = {
    problem.code: problem
    for problem in (
        Problem(ErrorCode.INVALID_REQUEST, "packageName: Field required", pointer="/packageName"),
        Problem(
            ErrorCode.INVALID_VERSION,
            "version: String should be a SemVer 2.0.0 version, such as 2.1.0 or 2.1.0-rc.1",
            pointer="/version",
        ),
        Problem(
            ErrorCode.ARTIFACT_NOT_FOUND,
            "Artifact 'conf-799' does not exist in the tenant.",
            artifact_id="conf-799",
            required_by=("app-5002", "proc-1009"),
        ),
        Problem(
            ErrorCode.CIRCULAR_DEPENDENCY,
            "Artifacts depend on each other in a cycle: 'a' -> 'b' -> 'c' -> 'a'.",
            cycle=("a", "b", "c", "a"),
        ),
        Problem(
            ErrorCode.INCOMPLETE_ARTIFACT,
            "Artifact 'rule-307' has the status 'draft'. Publish it first.",
            artifact_id="rule-307",
            required_by=("proc-1007",),
        ),
        Problem(
            ErrorCode.PACKAGE_TYPE_MISMATCH,
            "The package type workflow-package requires a root of type ProcessDefinition or ThreadDefinition.",
            pointer="/packageType",
        ),
        Problem(ErrorCode.PACKAGE_TOO_LARGE, "The package has at least 1001 root artifacts; the limit is 1000."),
    )
}
PENDING_FAILED: Final = pending_body(
    replace(
        _PENDING,
        status=PackageStatus.FAILED,
        errors=(PROBLEMS[ErrorCode.ARTIFACT_NOT_FOUND].as_json(),),
    )
)

_RULES: Final = ArtifactInput.from_json(
    {
        "tenantId": _TENANT,
        "artifactId": "rule-305",
        "type": "RuleSet",
        "name": "ApprovalRules",
        "status": "published",
        "dependencies": ["ent-44"],
        "definition": {"rules": [{"if": "salary > limit", "then": "ask the manager"}]},
        "requirements": [{"name": "limit", "kind": "variable", "valueType": "number", "default": 5000}],
    }
)
_STORED: Final = _RULES.to_node(packed_size=0, updated_at=1_779_699_600)
ARTIFACT_DOCUMENT: Final[dict[str, Any]] = {
    "tenantId": _TENANT,
    "type": "RuleSet",
    "name": "ApprovalRules",
    "status": "published",
    "dependencies": ["ent-44"],
    "definition": json.loads(_RULES.definition),
    "requirements": [requirement.as_json() for requirement in _RULES.requirements],
}
ARTIFACT_BATCH: Final[dict[str, Any]] = {
    "tenantId": _TENANT,
    "artifacts": [
        {"artifactId": artifact_id, **{name: value for name, value in ARTIFACT_DOCUMENT.items() if name != "tenantId"}}
        for artifact_id in ("rule-305", "rule 306")
    ],
}
ARTIFACT: Final = artifact_body(_STORED)
PUBLISHED_ARTIFACT: Final = artifact_body(_STORED, "created")
ARTIFACT_LIST: Final = artifact_list_body([_STORED], None)
BATCH: Final = batch_body(
    [
        ("rule-305", "unchanged"),
        ("rule 306", [Problem(ErrorCode.INVALID_REQUEST, "artifacts/1/name: is missing", pointer="/artifacts/1/name")]),
    ]
)
DEPENDENTS: Final = dependents_body("ent-44", find_dependents(_NODES.values(), "ent-44", transitive=True))
ARTIFACT_PACKAGES: Final = artifact_packages_body(
    "ent-44",
    [
        ContainingPackage(
            package_id=PACKAGE_ID,
            name=_DESCRIPTION.name,
            version=_DESCRIPTION.version,
            package_type=_DESCRIPTION.package_type,
            exported_at="2026-05-25T09:00:00Z",
            sha256=_NODES["ent-44"].sha256,
        )
    ],
    None,
)
