"""The items of the artifacts table: their keys and attributes.

Each tenant is one partition. Every artifact has a small *edge item* (what the resolver reads) and a *body item* (its
definition, named by digest and never overwritten); a *statistics item* estimates the size of the partition.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from installhub.model.artifact import ArtifactNode, ArtifactStatus, ArtifactType

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

    from installhub.runtime.dynamodb import Item, NewItem

PARTITION: Final = "pk"
SORT: Final = "sk"
EXPIRES_AT: Final = "expiresAt"
ID_INDEX: Final = "by-artifact-id"

EDGE_PREFIX: Final = "E#"
EDGE_PREFIX_END: Final = "E$"
"""Sorts after the sort key of every edge item."""

STATISTICS_SORT_KEY: Final = "S#"

# Attribute names count towards the capacity of every read, so they are short.
ID: Final = "id"
TYPE: Final = "type"
NAME: Final = "name"
STATUS: Final = "status"
DEPENDENCIES: Final = "deps"
SHA256: Final = "sha256"
SIZE: Final = "size"
PACKED_SIZE: Final = "packed"
DATA: Final = "data"
CRC32: Final = "crc32"
OBJECT_KEY: Final = "objectKey"
EDGE_COUNT: Final = "edges"
EDGE_BYTES: Final = "edgeBytes"

MAX_INLINE_BYTES: Final = 256 * 1024
"""Maximum size of a packed definition in a body item; a larger one is an S3 object. An item holds 400 KB."""

_MAX_PLAIN_ID_BYTES: Final = 1000  # a sort key holds 1,024
_DIGEST_DIGITS: Final = 32
_MAX_PLAIN_DEPENDENCIES: Final = 500


def partition_key(tenant: str) -> str:
    """The partition key of ``tenant``."""
    return f"T#{tenant}"


def edge_sort_key(artifact_id: str) -> str:
    """The sort key of an edge item: the id, or its digest if the id is too long for a key."""
    encoded = artifact_id.encode()
    if len(encoded) <= _MAX_PLAIN_ID_BYTES:
        return f"{EDGE_PREFIX}={artifact_id}"
    return f"{EDGE_PREFIX}~{hashlib.sha256(encoded).hexdigest()}"


def body_sort_key(artifact_id: str, sha256: str) -> str:
    """The sort key of the body item that holds revision ``sha256`` of an artifact."""
    return f"B#{hashlib.sha256(artifact_id.encode()).hexdigest()[:_DIGEST_DIGITS]}#{sha256}"


def primary_key(tenant: str, sort_key: str) -> NewItem:
    """A primary key."""
    return {PARTITION: {"S": partition_key(tenant)}, SORT: {"S": sort_key}}


def edge_item(tenant: str, node: ArtifactNode) -> NewItem:
    """The edge item of ``node``."""
    return {
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


def node_from_item(item: Item) -> ArtifactNode:
    """The node that an edge item holds."""
    return ArtifactNode(
        id=item[ID]["S"],
        type=ArtifactType(item[TYPE]["S"]),
        name=item[NAME]["S"],
        status=ArtifactStatus(item[STATUS]["S"]),
        dependencies=_parse_dependencies(item[DEPENDENCIES]),
        sha256=item[SHA256]["B"].hex(),
        size=int(item[SIZE]["N"]),
        packed_size=int(item[PACKED_SIZE]["N"]),
    )


def edge_size(edge: NewItem) -> int:
    """Bytes of an edge item, close enough to DynamoDB's count to estimate the cost of reading it."""
    return sum(len(name) + _value_size(value) for name, value in edge.items())


def _serialize_dependencies(dependencies: Sequence[str]) -> dict[str, Any]:
    """JSON in one string, compressed if there are many.

    A list of strings takes as much space and is parsed at half the speed: each member is an attribute value.
    """
    text = json.dumps(dependencies, ensure_ascii=False, separators=(",", ":"))
    if len(dependencies) <= _MAX_PLAIN_DEPENDENCIES:
        return {"S": text}
    return {"B": zlib.compress(text.encode())}


def _parse_dependencies(value: AttributeValueTypeDef) -> tuple[str, ...]:
    return tuple(json.loads(value["S"] if "S" in value else zlib.decompress(value["B"])))


def _value_size(value: Any) -> int:  # noqa: ANN401  # an attribute value is one of many shapes
    ((_, scalar),) = value.items()
    return len(scalar.encode() if isinstance(scalar, str) else scalar)
