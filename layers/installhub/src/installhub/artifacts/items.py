"""The items of the artifacts table: their keys and attributes.

Each tenant is a partition. Every artifact has a small *edge item*, which the resolver reads, and for each revision a
*body item*, which contains or references the definition. A *statistics item* estimates the size of the partition, and
a *deletions item* counts deleted artifacts.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from installhub.model.artifact import ArtifactNode, ArtifactStatus, ArtifactType
from installhub.model.requirement import Requirement
from installhub.runtime.dynamodb import Attribute, Condition

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

    from installhub.runtime.dynamodb import Item, NewItem

PARTITION: Final = "pk"
SORT: Final = "sk"
EXPIRES_AT: Final = "expiresAt"
ID_INDEX: Final = "by-artifact-id"

EDGE_PREFIX: Final = "E#"
EDGE_PREFIX_END: Final = "E$"
"""An upper bound of the sort keys of edge items."""

STATISTICS_SORT_KEY: Final = "S#"
DELETIONS_SORT_KEY: Final = "D#"

# Attribute names are short because they count towards the size of an item.
ID: Final = "id"
TYPE: Final = "type"
NAME: Final = "name"
STATUS: Final = "status"
DEPENDENCIES: Final = "deps"
SHA256: Final = "sha256"
SIZE: Final = "size"
PACKED_SIZE: Final = "packed"
REQUIREMENTS: Final = "reqs"
UPDATED_AT: Final = "at"
REFERENCES: Final = "refs"
FINDINGS: Final = "finds"
ACKNOWLEDGED: Final = "acks"
DATA: Final = "data"
CRC32: Final = "crc32"
OBJECT_KEY: Final = "objectKey"
EDGE_COUNT: Final = "edges"
EDGE_BYTES: Final = "edgeBytes"
DELETIONS: Final = "deletions"

_MUTABLE: Final = (TYPE, NAME, STATUS, DEPENDENCIES, SHA256, REQUIREMENTS, ACKNOWLEDGED, FINDINGS, UPDATED_AT)

DOWNLOADS_PREFIX: Final = "downloads/"
"""The prefix of unpacked definitions in the definition bucket, which a lifecycle rule deletes after a day."""

MAX_INLINE_BYTES: Final = 256 * 1024
"""Maximum size of a compressed definition in a body item, whose limit is 400 KB; larger ones are S3 objects."""

_MAX_SORT_KEY_BYTES: Final = 1024  # a DynamoDB quota
_MAX_PLAIN_ID_BYTES: Final = 1000
_DIGEST_DIGITS: Final = 32
_MAX_PLAIN_DEPENDENCIES: Final = 500


def partition_key(tenant: str) -> str:
    """The partition key of ``tenant``."""
    return f"T#{tenant}"


def tenant_of(item: Item) -> str:
    """The tenant of an item; the inverse of :func:`partition_key`."""
    return item[PARTITION]["S"].removeprefix("T#")


def edge_sort_key(artifact_id: str) -> str:
    """The sort key of an edge item: contains the id, or its digest if the id is too long for a sort key."""
    encoded = artifact_id.encode()
    if len(encoded) <= _MAX_PLAIN_ID_BYTES:
        return f"{EDGE_PREFIX}={artifact_id}"
    return f"{EDGE_PREFIX}~{hashlib.sha256(encoded).hexdigest()}"


def is_edge_sort_key(sort_key: str) -> bool:
    """Whether ``sort_key`` can be the sort key of an edge item."""
    return sort_key.startswith(EDGE_PREFIX) and len(sort_key.encode()) <= _MAX_SORT_KEY_BYTES


def definition_prefix(tenant: str) -> str:
    """The prefix of the keys of a tenant's objects in the definition bucket."""
    return f"definitions/{hashlib.sha256(tenant.encode()).hexdigest()}/"


def download_prefix(tenant: str) -> str:
    """The prefix of the keys of a tenant's unpacked definitions, which are deleted after a day."""
    return f"{DOWNLOADS_PREFIX}{hashlib.sha256(tenant.encode()).hexdigest()}/"


def body_sort_key(artifact_id: str, sha256: str) -> str:
    """The sort key of the body item for the revision of an artifact with the digest ``sha256``."""
    return f"B#{hashlib.sha256(artifact_id.encode()).hexdigest()[:_DIGEST_DIGITS]}#{sha256}"


def primary_key(tenant: str, sort_key: str) -> NewItem:
    """The primary key of an item of ``tenant``."""
    return {PARTITION: {"S": partition_key(tenant)}, SORT: {"S": sort_key}}


def edge_item(tenant: str, node: ArtifactNode) -> NewItem:
    """The edge item of ``node``. What it does not have costs no bytes: these are read for every node of a closure."""
    edge: NewItem = {
        **primary_key(tenant, edge_sort_key(node.id)),
        ID: {"S": node.id},
        TYPE: {"S": node.type.value},
        NAME: {"S": node.name},
        STATUS: {"S": node.status.value},
        DEPENDENCIES: _serialize_dependencies(node.dependencies),
        SHA256: {"B": bytes.fromhex(node.sha256)},
        SIZE: {"N": str(node.size)},
        PACKED_SIZE: {"N": str(node.packed_size)},
    }
    if node.requirements:
        edge[REQUIREMENTS] = {"S": _json([requirement.as_json() for requirement in node.requirements])}
    if node.acknowledged:
        edge[ACKNOWLEDGED] = {"S": _json(node.acknowledged)}
    if node.updated_at is not None:
        edge[UPDATED_AT] = {"N": str(node.updated_at)}
    if node.references is not None:
        edge[REFERENCES] = {"B": node.references}
    if node.findings is not None:
        edge[FINDINGS] = {"S": node.findings}
    return edge


def node_from_item(item: Item) -> ArtifactNode:
    """The node in an edge item."""
    return ArtifactNode(
        id=item[ID]["S"],
        type=ArtifactType(item[TYPE]["S"]),
        name=item[NAME]["S"],
        status=ArtifactStatus(item[STATUS]["S"]),
        dependencies=_parse_dependencies(item[DEPENDENCIES]),
        sha256=item[SHA256]["B"].hex(),
        size=int(item[SIZE]["N"]),
        packed_size=int(item[PACKED_SIZE]["N"]),
        requirements=_parse_requirements(item[REQUIREMENTS]["S"]) if REQUIREMENTS in item else (),
        acknowledged=tuple(json.loads(item[ACKNOWLEDGED]["S"])) if ACKNOWLEDGED in item else (),
        updated_at=int(item[UPDATED_AT]["N"]) if UPDATED_AT in item else None,
        references=item[REFERENCES]["B"] if REFERENCES in item else None,
        findings=item[FINDINGS]["S"] if FINDINGS in item else None,
    )


def is_unchanged(edge: Item | None) -> Condition:
    """The condition that an edge item has not changed since it was read; None if there was none."""
    if edge is None:
        return Attribute(PARTITION).not_exists()
    first, *others = (
        Attribute(name).equals(edge[name]) if name in edge else Attribute(name).not_exists() for name in _MUTABLE
    )
    for condition in others:
        first &= condition
    return first


def edge_size(edge: NewItem) -> int:
    """The approximate size of an edge item in bytes, as DynamoDB measures it."""
    return sum(len(name) + _value_size(value) for name, value in edge.items())


def _serialize_dependencies(dependencies: Sequence[str]) -> dict[str, Any]:
    """``dependencies`` as JSON in a string, compressed if there are many.

    A list of strings has about the same size, but takes twice as long to parse: each element is an attribute value.
    """
    text = _json(dependencies)
    if len(dependencies) <= _MAX_PLAIN_DEPENDENCIES:
        return {"S": text}
    return {"B": zlib.compress(text.encode())}


def _parse_dependencies(value: AttributeValueTypeDef) -> tuple[str, ...]:
    return tuple(json.loads(value["S"] if "S" in value else zlib.decompress(value["B"])))


def _value_size(value: Mapping[str, Any]) -> int:
    ((_, scalar),) = value.items()
    return len(scalar.encode() if isinstance(scalar, str) else scalar)


def _parse_requirements(text: str) -> tuple[Requirement, ...]:
    return tuple(map(Requirement.from_json, json.loads(text)))


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
