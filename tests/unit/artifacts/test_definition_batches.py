"""How definitions are read: in batches of at most 100 keys and about 4 MiB, in order, once."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from installhub.artifacts import items
from installhub.artifacts.definition_reader import DefinitionReader
from installhub.model.artifact import ArtifactNode
from installhub.model.errors import ServiceUnavailableError
from tests.builders import node

KIB = 1024


@dataclass
class FakeDynamoDB:
    """A table that has every definition, and records the number of keys and the consistency of each read."""

    reads: list[tuple[int, bool]] = field(default_factory=list)
    misses: int = 0

    def batch_get_item(self, *, RequestItems: dict[str, Any]) -> dict[str, Any]:  # noqa: N803  # boto3's name
        ((table, request),) = RequestItems.items()
        self.reads.append((len(request["Keys"]), request["ConsistentRead"]))
        found = request["Keys"][self.misses :]
        self.misses = 0
        size = {items.PACKED_SIZE: {"N": "1"}, items.CRC32: {"N": "1"}, items.SIZE: {"N": "1"}}
        data = ({items.DATA: {"B": key[items.SORT]["S"].encode()}} for key in found)
        return {"Responses": {table: [{**key, **content, **size} for key, content in zip(found, data, strict=True)]}}


def reader_of(database: FakeDynamoDB) -> DefinitionReader:
    return DefinitionReader(cast("Any", database), "artifacts", lambda: cast("Any", None), "definitions")


def read(database: FakeDynamoDB, nodes: list[ArtifactNode]) -> int:
    """Read the definitions of ``nodes``, check their order, and return their number."""
    definitions = [b"".join(definition.chunks).decode() for definition in reader_of(database).read("acme", nodes)]
    assert definitions == [items.body_sort_key(found.id, found.sha256) for found in nodes]
    return len(definitions)


def batches(*packed_sizes: int) -> list[int]:
    """Return the numbers of keys in the requests for definitions with these packed sizes."""
    database = FakeDynamoDB()
    nodes = [node(f"a{number}", size=size - 2) for number, size in enumerate(packed_sizes)]
    assert read(database, nodes) == len(nodes)
    return sorted((count for count, _ in database.reads), reverse=True)


@pytest.mark.parametrize(
    ("count", "expected"), [(0, []), (1, [1]), (100, [100]), (101, [100, 1]), (250, [100, 100, 50])]
)
def test_a_batch_has_at_most_100_keys(count: int, expected: list[int]) -> None:
    assert batches(*[10] * count) == expected


def test_a_batch_ends_at_4_mib() -> None:
    assert batches(*[256 * KIB] * 33) == [16, 16, 1]


def test_a_batch_continues_below_4_mib() -> None:
    one_batch = [*[256 * KIB] * 15, 256 * KIB - 1, 256 * KIB]

    assert batches(*one_batch, *one_batch, 256 * KIB) == [17, 17, 1]


def test_definitions_in_s3_do_not_count() -> None:
    assert batches(*[256 * KIB + 1] * 40) == [40]
    assert batches(256 * KIB + 1, *[256 * KIB] * 16, 10) == [17, 1]
    assert batches(256 * KIB + 1, *[256 * KIB] * 15, 256 * KIB - 1, 10) == [18]


def test_two_batches_are_read_ahead_of_the_one_in_use() -> None:
    database = FakeDynamoDB()
    definitions = reader_of(database).read("acme", [node(f"a{number}") for number in range(1_000)])

    next(definitions)
    definitions.close()  # type: ignore[attr-defined]  # waits for the reads that have begun

    assert len(database.reads) == 3


def test_definitions_are_read_eventually_consistently_and_missing_ones_again_consistently() -> None:
    database = FakeDynamoDB(misses=1)

    assert read(database, [node("a"), node("b")]) == 2
    assert database.reads == [(2, False), (1, True)]


def test_a_definition_that_is_gone_makes_the_export_unavailable() -> None:
    class EmptyDynamoDB(FakeDynamoDB):
        def batch_get_item(self, *, RequestItems: dict[str, Any]) -> dict[str, Any]:  # noqa: N803  # boto3's name
            return {"Responses": {table: [] for table in RequestItems}}

    with pytest.raises(ServiceUnavailableError):
        read(EmptyDynamoDB(), [node("a")])
