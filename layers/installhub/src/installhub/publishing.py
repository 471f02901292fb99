"""The write side of the catalog: how the platform puts artifacts where exports find them.

Each artifact changes atomically: the edge item moves to the new digest in the transaction that writes the new body and
lets the old one expire. An export that resolved the old edge goes on reading the old body.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final, Self, TypeVar

from botocore.exceptions import ClientError

from installhub.artifacts import (
    MAX_DEFINITION_BYTES,
    MAX_ID_LENGTH,
    ArtifactNode,
    ArtifactStatus,
    ArtifactType,
)
from installhub.aws import backoff, unavailable_when_failing
from installhub.catalog import items
from installhub.catalog.reads import batch_get
from installhub.definitions import canonical_json, pack, sha256_hex
from installhub.errors import ServiceUnavailableError
from installhub.text import is_encodable, is_printable

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef
    from mypy_boto3_s3 import S3Client

    from installhub.catalog.items import Item, NewItem

SUPERSEDED_BODY_SECONDS: Final = 7 * 24 * 3600
"""How long the body of an earlier revision stays: far longer than any export that resolved it runs."""

MAX_NAME_LENGTH: Final = 1_000
_MAX_EDGE_BYTES: Final = 380 * 1024  # an item holds 400 KB
_BATCH_ARTIFACTS: Final = 33  # a transaction holds 100 writes: an edge, a body and an expiry for each
_BATCH_BYTES: Final = 2 * 1024 * 1024  # and 4 MB
_MAX_TRIES: Final = 8
_FIELDS: Final = frozenset({"tenantId", "artifactId", "type", "name", "status", "dependencies", "definition"})


_E = TypeVar("_E", ArtifactType, ArtifactStatus)


class InvalidArtifactError(ValueError):
    """An artifact that cannot be stored.

    Attributes:
        pointer: JSON pointer to the field.
        detail: What is wrong with it.
    """

    def __init__(self, pointer: str, detail: str) -> None:
        super().__init__(f"{pointer}: {detail}")
        self.pointer = pointer
        self.detail = detail


@dataclass(frozen=True, slots=True)
class ArtifactDraft:
    """An artifact as the platform hands it over, its definition as canonical JSON."""

    tenant: str
    id: str
    type: ArtifactType
    name: str
    status: ArtifactStatus
    dependencies: tuple[str, ...]
    definition: bytes

    @classmethod
    def from_json(cls, value: object) -> Self:
        """Read an artifact from a JSON object; fields that are none of an artifact's are passed over.

        Raises:
            InvalidArtifactError: A field is missing or does not hold what it should.
        """
        if not isinstance(value, Mapping):
            raise InvalidArtifactError("", "is not an object")
        for missing in sorted(_FIELDS - value.keys()):
            raise InvalidArtifactError(f"/{missing}", "is missing")
        dependencies = value["dependencies"]
        if not isinstance(dependencies, list):
            raise InvalidArtifactError("/dependencies", "is not a list of ids")
        return cls(
            tenant=_text(value["tenantId"], "/tenantId", MAX_ID_LENGTH),
            id=_text(value["artifactId"], "/artifactId", MAX_ID_LENGTH),
            type=_member(ArtifactType, value["type"], "/type"),
            name=_text(value["name"], "/name", MAX_NAME_LENGTH, is_encodable, "cannot be written as UTF-8"),
            status=_member(ArtifactStatus, value["status"], "/status"),
            dependencies=tuple(
                dict.fromkeys(
                    _text(dependency, f"/dependencies/{index}", MAX_ID_LENGTH)
                    for index, dependency in enumerate(dependencies)
                )
            ),
            definition=_definition(value["definition"]),
        )


@dataclass(frozen=True, slots=True)
class PublishSummary:
    """What :meth:`Publisher.publish` did.

    Attributes:
        created: Artifacts that were not there before.
        updated: Artifacts that changed.
        unchanged: Artifacts that were there as they are.
    """

    created: int = 0
    updated: int = 0
    unchanged: int = 0

    def __add__(self, other: PublishSummary) -> PublishSummary:
        return PublishSummary(
            self.created + other.created, self.updated + other.updated, self.unchanged + other.unchanged
        )


@dataclass(frozen=True, slots=True)
class _Revision:
    """A draft with what is known of it and of the edge it replaces."""

    node: ArtifactNode
    body: NewItem
    previous: Item | None

    @property
    def is_unchanged(self) -> bool:
        return self.previous is not None and items.node_of(self.previous) == self.node


class Publisher:
    """Writes artifacts to the artifacts table and large definitions to the definition bucket."""

    def __init__(
        self,
        dynamodb: DynamoDBClient,
        s3: S3Client,
        table: str,
        bucket: str,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._dynamodb = dynamodb
        self._s3 = s3
        self._table = table
        self._bucket = bucket
        self._clock = clock

    def publish(self, drafts: Iterable[ArtifactDraft]) -> PublishSummary:
        """Store ``drafts``, each atomically; of several with one id the last counts.

        Raises:
            InvalidArtifactError: An artifact has more dependencies, or longer ones, than an item can hold.
            ServiceUnavailableError: A service kept failing, or others kept changing the same artifacts. What was stored
                until then stays; publishing again is safe.
        """
        total = PublishSummary()
        for tenant, of_tenant in groupby(drafts, key=attrgetter("tenant")):
            for batch in _batches(of_tenant):
                total += self._publish_batch(tenant, batch)
        return total

    def _publish_batch(self, tenant: str, drafts: Sequence[ArtifactDraft]) -> PublishSummary:
        for attempt in range(1, _MAX_TRIES + 1):
            previous = self._edges(tenant, [draft.id for draft in drafts])
            revisions = [self._revision(draft, previous.get(draft.id)) for draft in drafts]
            changed = [revision for revision in revisions if not revision.is_unchanged]
            if self._committed(tenant, changed):
                created = [revision for revision in changed if revision.previous is None]
                self._count(tenant, created)
                return PublishSummary(len(created), len(changed) - len(created), len(revisions) - len(changed))
            backoff(attempt)
        raise ServiceUnavailableError("dynamodb")

    def _edges(self, tenant: str, ids: Sequence[str]) -> dict[str, Item]:
        keys = [items.key_of(tenant, items.edge_sort_key(artifact_id)) for artifact_id in ids]
        edges = batch_get(self._dynamodb, self._table, keys, consistent=True)
        return {edge[items.ID]["S"]: edge for edge in edges}

    def _revision(self, draft: ArtifactDraft, previous: Item | None) -> _Revision:
        packed = pack(draft.definition)
        digest = sha256_hex(draft.definition)
        node = ArtifactNode(
            id=draft.id,
            type=draft.type,
            name=draft.name,
            status=draft.status,
            dependencies=draft.dependencies,
            sha256=digest,
            size=packed.size,
            packed_size=packed.packed_size,
        )
        body: NewItem = {
            **items.key_of(draft.tenant, items.body_sort_key(draft.id, digest)),
            items.PACKED_SIZE: {"N": str(packed.packed_size)},
            items.CRC32: {"N": str(packed.crc32)},
            items.SIZE: {"N": str(packed.size)},
        }
        data = b"".join(packed.chunks)
        if packed.packed_size <= items.MAX_INLINE_BYTES:
            body[items.DATA] = {"B": data}
        elif previous is None or previous[items.SHA256]["B"].hex() != digest:
            key, version = self._put_object(draft, data)
            body[items.OBJECT_KEY] = {"S": key}
            body[items.OBJECT_VERSION] = {"S": version}
        return _Revision(node, body, previous)

    def _put_object(self, draft: ArtifactDraft, data: bytes) -> tuple[str, str]:
        key = f"definitions/{sha256_hex(draft.tenant.encode())}/{sha256_hex(draft.id.encode())}"
        with unavailable_when_failing("s3"):
            answer = self._s3.put_object(Bucket=self._bucket, Key=key, Body=data)
        return key, answer["VersionId"]

    def _committed(self, tenant: str, revisions: Sequence[_Revision]) -> bool:
        """Write ``revisions`` in one transaction; False when somebody else changed one of them meanwhile."""
        writes = [write for revision in revisions for write in self._writes(tenant, revision)]
        if not writes:
            return True
        try:
            with unavailable_when_failing("dynamodb"):
                self._dynamodb.transact_write_items(TransactItems=writes)
        except ClientError as error:
            if error.response["Error"]["Code"] == "TransactionCanceledException":
                return False
            raise
        return True

    def _writes(self, tenant: str, revision: _Revision) -> Iterator[TransactWriteItemTypeDef]:
        edge = items.edge_item(tenant, revision.node)
        if items.edge_size(edge) > _MAX_EDGE_BYTES:
            raise InvalidArtifactError("/dependencies", "are too many or too long for one artifact")
        previous = revision.previous
        if previous is None:
            yield {
                "Put": {
                    "TableName": self._table,
                    "Item": edge,
                    "ConditionExpression": "attribute_not_exists(#pk)",
                    "ExpressionAttributeNames": {"#pk": items.PARTITION},
                }
            }
        else:
            yield {
                "Put": {
                    "TableName": self._table,
                    "Item": edge,
                    "ConditionExpression": "#sha256 = :seen",
                    "ExpressionAttributeNames": {"#sha256": items.SHA256},
                    "ExpressionAttributeValues": {":seen": previous[items.SHA256]},
                }
            }
            if previous[items.SHA256]["B"].hex() == revision.node.sha256:
                return  # the body is there already
            yield self._expiry(tenant, items.node_of(previous))
        yield {"Put": {"TableName": self._table, "Item": revision.body}}

    def _expiry(self, tenant: str, node: ArtifactNode) -> TransactWriteItemTypeDef:
        return {
            "Update": {
                "TableName": self._table,
                "Key": items.key_of(tenant, items.body_sort_key(node.id, node.sha256)),
                "UpdateExpression": "SET #expires = :when",
                "ExpressionAttributeNames": {"#expires": items.EXPIRES_AT},
                "ExpressionAttributeValues": {":when": {"N": str(int(self._clock()) + SUPERSEDED_BODY_SECONDS)}},
            }
        }

    def _count(self, tenant: str, created: Sequence[_Revision]) -> None:
        """Add to the tenant's summary. It only guides how edges are read, so it may drift a little."""
        if not created:
            return
        size = sum(items.edge_size(items.edge_item(tenant, revision.node)) for revision in created)
        with unavailable_when_failing("dynamodb"):
            self._dynamodb.update_item(
                TableName=self._table,
                Key=items.key_of(tenant, items.SUMMARY_KEY),
                UpdateExpression="ADD #edges :edges, #bytes :bytes",
                ExpressionAttributeNames={"#edges": items.EDGE_COUNT, "#bytes": items.EDGE_BYTES},
                ExpressionAttributeValues={":edges": {"N": str(len(created))}, ":bytes": {"N": str(size)}},
            )


def _batches(drafts: Iterable[ArtifactDraft]) -> Iterator[list[ArtifactDraft]]:
    batch: dict[str, ArtifactDraft] = {}
    size = 0
    for draft in drafts:
        if batch and (len(batch) == _BATCH_ARTIFACTS or size + len(draft.definition) > _BATCH_BYTES):
            yield list(batch.values())
            batch, size = {}, 0
        batch[draft.id] = draft
        size += len(draft.definition)
    if batch:
        yield list(batch.values())


def _text(
    value: object,
    pointer: str,
    max_length: int,
    is_sound: Callable[[str], bool] = is_printable,
    complaint: str = "holds a character that cannot be printed",
) -> str:
    if not isinstance(value, str) or not 1 <= len(value) <= max_length:
        raise InvalidArtifactError(pointer, f"is not a text of 1 to {max_length} characters")
    if not is_sound(value):
        raise InvalidArtifactError(pointer, complaint)
    return value


def _member(kind: type[_E], value: object, pointer: str) -> _E:
    for member in kind:
        if member.value == value:
            return member
    raise InvalidArtifactError(pointer, f"is none of {', '.join(kind)}")


def _definition(value: Any) -> bytes:  # noqa: ANN401  # any JSON value is a definition
    try:
        encoded = canonical_json(value)
    except (ValueError, TypeError, RecursionError) as error:
        raise InvalidArtifactError("/definition", f"cannot be written as JSON: {error}") from error
    if len(encoded) > MAX_DEFINITION_BYTES:
        raise InvalidArtifactError("/definition", f"has {len(encoded)} bytes; the most is {MAX_DEFINITION_BYTES}")
    return encoded
