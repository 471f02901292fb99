"""Row 14: publishing artifacts and finding them again, compared with bare writes and reads of the same items."""

from __future__ import annotations

import base64
import math
import random
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from bench.cost import PRICES
from bench.database import ARTIFACTS, Database, Tenant
from bench.dynamodb import CallCounter, count_calls
from bench.harness import CannotRunError, Outcome, at_most, log_progress, time_alternately
from bench.samples import artifact_id, layered
from installhub.artifacts import items
from installhub.artifacts.definition_objects import DefinitionObjects
from installhub.artifacts.listing import ArtifactFilter, ArtifactReader
from installhub.artifacts.publisher import Publisher
from installhub.artifacts.validation import ArtifactInput
from installhub.artifacts.where_used import list_dependents
from installhub.model.artifact import ArtifactStatus, ArtifactType
from installhub.model.definition import canonical_json, pack
from installhub.model.precondition import Precondition
from installhub.model.references import Reference, pack_references

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client

BATCH: Final = 500
ROUNDS: Final = 5
LARGE_TENANT: Final = 50_000
LOOKUPS: Final = 500
"""How often dependents are looked up per publication of the whole tenant, for the comparison of costs."""

_WRITES_PER_REQUEST: Final = 25  # the limit of BatchWriteItem
_TEXT_BYTES: Final = {"stored 2 KB": 1_500, "stored under 1 KB": 500}
"""Random bytes in a definition, by the size that results after base64 and compression."""

_REFERENCES: Final = pack_references(Reference(f"/steps/{number}/formRef", f"form-{number}") for number in range(10))
"""What could be ids in a definition of this size; the sample tenants have half as many."""


def run(database: Database) -> list[Outcome]:
    """Measure row 14."""
    return [
        *_put(database.client),
        *_batch(database.client),
        *_lists(database),
        *_dependents(database),
    ]


def _no_s3() -> S3Client:
    raise NotImplementedError


def _publisher(client: DynamoDBClient) -> Publisher:
    return Publisher(client, ARTIFACTS, DefinitionObjects(_no_s3, "no-bucket"))


def _artifacts(tenant: str, random_bytes: int, count: int = BATCH) -> list[ArtifactInput]:
    rng = random.Random(random_bytes)  # noqa: S311  # not security-relevant
    return [
        ArtifactInput(
            *(tenant, node.id, node.type, node.name, node.status, node.dependencies),
            canonical_json({"text": base64.b64encode(rng.randbytes(random_bytes)).decode()}),
            references=_REFERENCES,
        )
        for node in layered(count, 10)
    ]


def _put(client: DynamoDBClient) -> list[Outcome]:
    publisher, (artifact, *_) = _publisher(client), _artifacts("put", 100, 1)
    most: dict[str, int] = {}
    for change in ("created", "updated", "unchanged"):
        definition = b"{}" if change == "created" else b"[]"
        changed = ArtifactInput(
            *(artifact.tenant, artifact.id, artifact.type, artifact.name, artifact.status, ()), definition
        )
        with count_calls(client) as counter:
            if publisher.put(changed, Precondition()).change != change:
                raise CannotRunError(f"the artifact was not {change}")
        most |= {name: max(most.get(name, 0), count) for name, count in counter.requests.items()}
    return [
        at_most(
            "14 publishing: put, requests",
            sum(most.values()),
            2,
            f"PUT of a small artifact that is new, changed or unchanged takes at most {most}",
        )
    ]


def _batch(client: DynamoDBClient) -> list[Outcome]:
    publisher = _publisher(client)
    turn = iter(range(10**6))

    def ours(random_bytes: int) -> None:
        publisher.publish(_artifacts(f"ours-{next(turn)}", random_bytes))

    def bare(random_bytes: int) -> None:
        _write_bare(client, _items(_artifacts(f"bare-{next(turn)}", random_bytes)))

    units: dict[str, tuple[int, int]] = {}
    for size, random_bytes in _TEXT_BYTES.items():
        with _write_units(client) as ours_units:
            ours(random_bytes)
        with _write_units(client) as bare_units:
            bare(random_bytes)
        units[size] = ours_units[0], bare_units[0]
    two_kb = _TEXT_BYTES["stored 2 KB"]
    timed = time_alternately({"ours": lambda: ours(two_kb), "bare": lambda: bare(two_kb)}, ROUNDS)
    stored = sum(pack(one.definition).packed_size for one in _artifacts("", two_kb)) / BATCH
    described = f"a batch of {BATCH} new artifacts, whose definitions have {stored:,.0f} bytes as stored"
    small_ours, small_bare = units["stored under 1 KB"]
    large_ours, large_bare = units["stored 2 KB"]
    return [
        at_most(
            "14 publishing: batch, write units",
            large_ours / large_bare,
            1.3,
            f"{large_ours:,} versus {large_bare:,} units of BatchWriteItem for the same items, by AWS's rules; {described}. "
            f"With definitions stored in less than 1 KB {small_ours / small_bare:.2f} times as many",
        ),
        at_most(
            "14 publishing: batch, time",
            timed.ratio("ours", "bare"),
            2,
            f"{timed.median('ours'):.2f} s, versus {timed.median('bare'):.2f} s for the same items by BatchWriteItem, both "
            f"including packing; {described}",
        ),
    ]


def _items(artifacts: Sequence[ArtifactInput]) -> list[Any]:
    """The items of artifacts, as the publisher writes them."""
    found: list[Any] = []
    for artifact in artifacts:
        packed = pack(artifact.definition)
        node = artifact.to_node(packed.packed_size, updated_at=1_780_000_000)
        found += [
            items.edge_item(artifact.tenant, node),
            {
                **items.primary_key(artifact.tenant, items.body_sort_key(artifact.id, node.sha256)),
                items.PACKED_SIZE: {"N": str(packed.packed_size)},
                items.CRC32: {"N": str(packed.crc32)},
                items.SIZE: {"N": str(packed.size)},
                items.DATA: {"B": b"".join(packed.chunks)},
            },
        ]
    return found


def _write_bare(client: DynamoDBClient, new_items: Sequence[Any]) -> None:
    for start in range(0, len(new_items), _WRITES_PER_REQUEST):
        batch = [{"PutRequest": {"Item": item}} for item in new_items[start : start + _WRITES_PER_REQUEST]]
        pending: Any = {ARTIFACTS: batch}
        while pending:
            pending = client.batch_write_item(RequestItems=pending).get("UnprocessedItems")


@contextmanager
def _write_units(client: DynamoDBClient) -> Iterator[list[int]]:
    """Count write units by AWS's rules from the requests: DynamoDB Local does not report those of transactions.

    One unit per item and started KB, two in a transaction, and one more for the index entry of an edge item.
    """
    units = [0]

    def count(params: Mapping[str, Any], model: Any, **_: Any) -> None:  # noqa: ANN401  # botocore's
        if model.name == "BatchWriteItem":
            units[0] += sum(
                _units(put["PutRequest"]["Item"]) for puts in params["RequestItems"].values() for put in puts
            )
        elif model.name == "TransactWriteItems":
            for write in params["TransactItems"]:
                item = write["Put"]["Item"] if "Put" in write else {}
                units[0] += _units(item, factor=2)
        elif model.name == "UpdateItem":
            units[0] += 1

    client.meta.events.register("provide-client-params", count)
    try:
        yield units
    finally:
        client.meta.events.unregister("provide-client-params", count)


def _units(item: Any, factor: int = 1) -> int:  # noqa: ANN401  # a new item
    return factor * max(1, math.ceil(items.edge_size(item) / 1024)) + int(items.ID in item)


def _lists(database: Database) -> list[Outcome]:
    tenant = _large_tenant(database)
    reader = ArtifactReader(database.client, ARTIFACTS)
    filters = {
        "all": ArtifactFilter(),
        "of a type": ArtifactFilter(type=ArtifactType.RULE_SET),
        "none": ArtifactFilter(status=ArtifactStatus.DRAFT, name_prefix="no such name"),
    }
    most: dict[str, CallCounter] = {}
    for name, wanted in filters.items():
        with count_calls(database.client) as counter:
            reader.list(tenant.name, wanted, 50, None)
        most[name] = counter
    described = "; ".join(f"{name} {one.total} requests, {one.read_units:g} read units" for name, one in most.items())
    return [
        at_most(
            "14 publishing: list page, requests",
            max(counter.total for counter in most.values()),
            2,
            f"a page of 50 in a tenant of {LARGE_TENANT:,} artifacts, strongly consistent: {described}",
        )
    ]


def _dependents(database: Database) -> list[Outcome]:
    tenant = _large_tenant(database)
    last = artifact_id(LARGE_TENANT - 1)
    with count_calls(database.client) as ours:
        found = list_dependents(database.table, tenant.name, last, transitive=False)
    read, write = (PRICES[f"DynamoDB {kind} unit"][0] for kind in ("read", "write"))
    # An index needs an item per dependency, written in the transactions of publishing, and a unit per look-up.
    index_dollars = (2 * tenant.edges * write + LOOKUPS * read) / 1e6
    our_dollars = LOOKUPS * ours.read_units * read / 1e6
    log_progress(f"dependents: {ours.total} requests, {ours.read_units:g} read units, {len(found)} found")
    return [
        at_most(
            "14 publishing: dependents, cost",
            our_dollars / min(our_dollars, index_dollars),
            2,
            f"{ours.total} requests and {ours.read_units:,.1f} read units for one artifact of {LARGE_TENANT:,}, by reading the "
            f"tenant's edges. With {LOOKUPS} look-ups per publication of the tenant ${our_dollars:.3f}, versus ${index_dollars:.3f} "
            f"for an index with an item for each of its {tenant.edges:,} dependencies",
        )
    ]


def _large_tenant(database: Database) -> Tenant:
    return database.tenant(LARGE_TENANT, 300)
