"""Items of the artifacts table: keys within DynamoDB's limits for any id, and lossless encoding."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, cast

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from installhub.artifacts import items
from installhub.artifacts.items import (
    EDGE_PREFIX,
    PARTITION,
    SORT,
    STATISTICS_SORT_KEY,
    body_sort_key,
    definition_prefix,
    edge_item,
    edge_size,
    edge_sort_key,
    node_from_item,
    partition_key,
    primary_key,
)
from installhub.model.artifact import ArtifactNode, ArtifactStatus, ArtifactType
from tests.builders import TENANT, node
from tests.strategies import ids, printable_texts, requirements

if TYPE_CHECKING:
    from installhub.runtime.dynamodb import Item

LONGEST = "😀" * 256
DIGEST = "ab" * 32

artifact_nodes = st.builds(
    ArtifactNode,
    id=ids,
    type=st.sampled_from(ArtifactType),
    name=printable_texts,
    status=st.sampled_from(ArtifactStatus),
    dependencies=st.lists(ids, max_size=3).map(tuple),
    sha256=st.binary(min_size=32, max_size=32).map(bytes.hex),
    size=st.integers(0, 50 * 1024 * 1024),
    packed_size=st.integers(0, 50 * 1024 * 1024),
    requirements=st.lists(requirements, max_size=3).map(tuple),
    updated_at=st.none() | st.integers(0, 2**40),
    references=st.none() | st.binary(min_size=2, max_size=100),
)


@given(ids, ids)
@example(LONGEST, LONGEST)
@example("x" * 256, "漢" * 256)
@example("x", "😀" * 255 + "x")
@example("x", "😀" * 255 + "é")
@example("x", "😀" * 255 + "漢")
@example("x", "😀" * 248 + "xxxxxxxx")
def test_keys_are_within_dynamodb_s_limits(tenant: str, artifact_id: str) -> None:
    for sort_key in (edge_sort_key(artifact_id), body_sort_key(artifact_id, DIGEST), STATISTICS_SORT_KEY):
        assert primary_key(tenant, sort_key) == {PARTITION: {"S": partition_key(tenant)}, SORT: {"S": sort_key}}
        assert 1 <= len(partition_key(tenant).encode()) <= 2048
        assert 1 <= len(sort_key.encode()) <= 1024


@given(st.lists(ids, min_size=2, max_size=10, unique=True))
def test_different_ids_have_different_keys(artifact_ids: list[str]) -> None:
    assert len({edge_sort_key(artifact_id) for artifact_id in artifact_ids}) == len(artifact_ids)
    assert len({body_sort_key(artifact_id, DIGEST) for artifact_id in artifact_ids}) == len(artifact_ids)
    assert len({partition_key(artifact_id) for artifact_id in artifact_ids}) == len(artifact_ids)


@pytest.mark.parametrize(
    "other",
    ["😀" * 255 + "😁", "😀" * 250, "=" + LONGEST[:250], "~" + hashlib.sha256(LONGEST.encode()).hexdigest()],
    ids=ascii,
)
def test_no_other_id_has_the_key_of_a_long_id(other: str) -> None:
    assert edge_sort_key(other) != edge_sort_key(LONGEST)


@given(ids)
def test_edges_bodies_and_statistics_have_separate_keys(artifact_id: str) -> None:
    keys = [edge_sort_key(artifact_id), body_sort_key(artifact_id, DIGEST), STATISTICS_SORT_KEY]

    assert [key.startswith(EDGE_PREFIX) for key in keys] == [True, False, False]
    assert len(set(keys)) == 3


@given(ids)
def test_each_revision_has_its_own_body(artifact_id: str) -> None:
    assert body_sort_key(artifact_id, "00" * 32) != body_sort_key(artifact_id, "01" * 32)


@given(artifact_nodes)
def test_an_edge_item_encodes_its_node(artifact: ArtifactNode) -> None:
    item = edge_item(TENANT, artifact)

    found = node_from_item(cast("Item", item))
    assert repr(found) == repr(artifact)  # 1 == 1.0 == True
    assert (found.revision, found.updated_at) == (artifact.revision, artifact.updated_at)
    assert item[PARTITION] == {"S": partition_key(TENANT)}


@given(artifact_nodes)
def test_the_size_of_an_edge_is_about_what_dynamodb_counts(artifact: ArtifactNode) -> None:
    edge = edge_item(TENANT, artifact)

    assert abs(edge_size(edge) - sum(len(name) + _size(value) for name, value in edge.items())) <= 20


def _size(value: object) -> int:
    """Return the size of an attribute value in bytes, by DynamoDB's documented rules."""
    ((kind, content),) = cast("dict[str, object]", value).items()
    if kind == "L":
        return 3 + sum(1 + _size(member) for member in cast("list[object]", content))
    if kind == "N":
        return len(str(content)) // 2 + 1
    return len(content.encode() if isinstance(content, str) else cast("bytes", content))


@pytest.mark.parametrize("count", [0, 1, 500, 501, 5_000])
def test_an_artifact_may_have_few_or_many_dependencies(count: int) -> None:
    artifact = node("a", *(f"größe-漢-{number}" for number in range(count)))

    edge = edge_item(TENANT, artifact)

    assert node_from_item(cast("Item", edge)) == artifact
    assert edge_size(edge) < 400 * 1024


def test_keys_and_attributes_are_those_of_deployed_tables() -> None:
    artifact = node("rule", "a", "ä", name="Rule", size=20)

    assert edge_item("acme", artifact) == {
        "pk": {"S": "T#acme"},
        "sk": {"S": "E#=rule"},
        "id": {"S": "rule"},
        "type": {"S": artifact.type.value},
        "name": {"S": "Rule"},
        "status": {"S": "published"},
        "deps": {"S": '["a","ä"]'},
        "sha256": {"B": bytes.fromhex(artifact.sha256)},
        "size": {"N": "20"},
        "packed": {"N": "22"},
    }
    digest = hashlib.sha256(b"rule").hexdigest()
    assert body_sort_key("rule", DIGEST) == f"B#{digest[:32]}#{DIGEST}"
    assert definition_prefix("acme") == f"definitions/{hashlib.sha256(b'acme').hexdigest()}/"
    assert edge_sort_key(LONGEST) == f"E#~{hashlib.sha256(LONGEST.encode()).hexdigest()}"
    names = (items.EXPIRES_AT, items.ID_INDEX, items.EDGE_PREFIX_END, STATISTICS_SORT_KEY, items.EDGE_COUNT)
    assert names == ("expiresAt", "by-artifact-id", "E$", "S#", "edges")
    names = (items.DATA, items.CRC32, items.OBJECT_KEY, items.EDGE_BYTES, items.PACKED_SIZE)
    assert names == ("data", "crc32", "objectKey", "edgeBytes", "packed")


@pytest.mark.parametrize(("count", "kind"), [(0, "S"), (500, "S"), (501, "B")])
def test_more_than_500_dependencies_are_compressed(count: int, kind: str) -> None:
    edge = edge_item(TENANT, node("a", *map(str, range(count))))

    assert list(edge["deps"]) == [kind]


@pytest.mark.parametrize(("artifact_id", "key"), [("x" * 1_000, f"E#={'x' * 1_000}"), ("x" * 1_001, "E#~")])
def test_an_id_of_a_thousand_bytes_is_part_of_its_key(artifact_id: str, key: str) -> None:
    assert edge_sort_key(artifact_id).startswith(key)
