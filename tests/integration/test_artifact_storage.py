"""Putting, listing and deleting artifacts, on every engine that emulates DynamoDB."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from installhub.artifacts import items
from installhub.artifacts.listing import ArtifactFilter
from installhub.artifacts.statistics import statistics_weight
from installhub.model.artifact import ArtifactStatus, ArtifactType
from installhub.model.errors import ErrorCode, InstallHubError
from installhub.model.precondition import Precondition
from tests.integration.support.artifact_inputs import artifact_input
from tests.integration.support.fake_catalog import node_of
from tests.integration.test_catalog_contract import AWKWARD_IDS

if TYPE_CHECKING:
    from installhub.artifacts.validation import ArtifactInput
    from tests.integration.support.engines import CatalogTable, Engine

TENANT: Final = "tenant-a"
ANYTHING: Final = Precondition()
CREATE: Final = Precondition(must_not_exist=True)


def made(artifact_id: str = "rule", *dependencies: str, **changes: Any) -> ArtifactInput:  # noqa: ANN401  # any field
    return artifact_input(artifact_id, *dependencies, tenant=TENANT, **changes)


def listed(table: CatalogTable, wanted: ArtifactFilter | None = None, limit: int = 200) -> list[list[str]]:
    """The ids on all pages."""
    pages: list[list[str]] = []
    cursor: str | None = None
    while cursor is not None or not pages:
        page = table.reader.list(TENANT, wanted or ArtifactFilter(), limit, cursor)
        pages.append([node.id for node in page.entries])
        cursor = page.next_cursor
    return pages


def refusal(action: Any, *arguments: Any) -> ErrorCode | None:  # noqa: ANN401  # a function and its arguments
    try:
        action(*arguments)
    except InstallHubError as error:
        return error.code
    return None


def item(table: CatalogTable, sort_key: str) -> dict[str, Any] | None:
    found = table.client.get_item(
        TableName=table.name, Key=dict(items.primary_key(TENANT, sort_key)), ConsistentRead=True
    )
    return dict(found["Item"]) if "Item" in found else None


def body(table: CatalogTable, artifact: ArtifactInput) -> dict[str, Any] | None:
    return item(table, items.body_sort_key(artifact.id, node_of(artifact).sha256))


def edges(table: CatalogTable) -> int:
    statistics = item(table, items.STATISTICS_SORT_KEY)
    return 0 if statistics is None else int(statistics[items.EDGE_COUNT]["N"])


def test_an_artifact_is_created_changed_left_alone_and_deleted(catalog_table: CatalogTable) -> None:
    first, second = made(definition=1), made(definition=2)

    assert catalog_table.publisher.put(first, CREATE).change == "created"
    assert catalog_table.publisher.put(first, ANYTHING).change == "unchanged"
    assert catalog_table.publisher.put(second, ANYTHING).change == "updated"
    assert catalog_table.reader.get(TENANT, "rule") == node_of(second)
    before, now = body(catalog_table, first), body(catalog_table, second)
    assert before is not None
    assert now is not None
    assert (items.EXPIRES_AT in before, items.EXPIRES_AT in now) == (True, False)
    catalog_table.deleter.delete(TENANT, "rule", ANYTHING)
    assert refusal(catalog_table.reader.get, TENANT, "rule") is ErrorCode.ARTIFACT_NOT_FOUND
    deleted = body(catalog_table, second)
    assert deleted is not None
    assert items.EXPIRES_AT in deleted


def test_the_statistics_count_what_there_is(catalog_table: CatalogTable) -> None:
    for number in range(5):
        catalog_table.publisher.put(made(f"put-{number}"), ANYTHING)
    catalog_table.publish([made(f"batch-{number}") for number in range(70)])
    assert edges(catalog_table) == 75
    catalog_table.publisher.put(made("large"), ANYTHING)
    assert edges(catalog_table) == 75 + statistics_weight("large", 75)

    for node in list(catalog_table.artifacts.for_tenant(TENANT, consistent=True).all_nodes()):
        catalog_table.deleter.delete(TENANT, node.id, ANYTHING)

    assert edges(catalog_table) == statistics_weight("large", 75) - 1
    assert listed(catalog_table) == [[]]


@pytest.mark.parametrize(
    "changes", [{"definition": 1}, {"name": "New"}, {"status": "draft"}, {"kind": "AtlasForm"}], ids=str
)
def test_of_several_writers_with_one_etag_one_wins(catalog_table: CatalogTable, changes: dict[str, Any]) -> None:
    created = catalog_table.publisher.put(made(), CREATE).node
    expected = Precondition(revisions=frozenset({created.revision}))
    writers = [made("rule", f"of-{number}", **changes) for number in range(4)]

    with ThreadPoolExecutor(len(writers)) as pool:
        results = list(pool.map(lambda one: refusal(catalog_table.publisher.put, one, expected), writers))

    assert sorted(results, key=str) == [None, *[ErrorCode.PRECONDITION_FAILED] * 3]
    assert catalog_table.reader.get(TENANT, "rule") == node_of(writers[results.index(None)])


def test_a_batch_creates_an_artifact_again_after_its_deletion(catalog_table: CatalogTable) -> None:
    for _ in range(3):
        catalog_table.publish([made(), made("more")])
        stored = body(catalog_table, made())
        assert stored is not None
        assert items.EXPIRES_AT not in stored
        catalog_table.deleter.delete(TENANT, "rule", ANYTHING)

    deletions = item(catalog_table, items.DELETIONS_SORT_KEY)
    assert deletions is not None
    assert deletions[items.DELETIONS] == {"N": "3"}


@settings(max_examples=8, deadline=None, derandomize=True, database=None)
@given(
    chosen=st.lists(
        st.tuples(
            st.sampled_from(AWKWARD_IDS), st.sampled_from(list(ArtifactType)[:2]), st.sampled_from(ArtifactStatus)
        ),
        unique_by=lambda one: one[0],
        max_size=12,
    ),
    limit=st.integers(1, 5),
)
def test_lists_have_the_artifacts_that_match_in_order(
    dynamodb_engine: Engine, chosen: list[tuple[str, ArtifactType, ArtifactStatus]], limit: int
) -> None:
    inputs = [made(name, kind=kind.value, status=status.value, name=f"{status}-ä") for name, kind, status in chosen]
    with dynamodb_engine.catalog_table() as table:
        table.publish([*inputs, artifact_input("theirs", tenant="tenant-b"), artifact_input("x", tenant="tenant-")])
        for wanted in (
            ArtifactFilter(),
            ArtifactFilter(type=ArtifactType.CONFIGURATION),
            ArtifactFilter(status=ArtifactStatus.DRAFT, type=ArtifactType.ENTITY_SCHEMA),
            ArtifactFilter(name_prefix="published-ä"),
        ):
            matching = [
                one.id
                for one in inputs
                if wanted.type in (None, one.type)
                and wanted.status in (None, one.status)
                and one.name.startswith(wanted.name_prefix or "")
            ]
            pages = listed(table, wanted, limit)
            found = [artifact_id for page in pages for artifact_id in page]
            assert sorted(found) == sorted(matching)
            short = [artifact_id for artifact_id in found if len(artifact_id.encode()) <= 1_000]
            assert short == sorted(short) == found[: len(short)]
            assert all(len(page) <= limit for page in pages)


@pytest.mark.parametrize(
    ("position", "expected"),
    [("E#", "abc"), ("E#=", "abc"), ("E#=aa", "bc"), ("E#=c", ""), ("E#~", ""), ("E#=" + "x" * 1_021, "")],
    ids=lambda value: value[:9],
)
def test_a_list_can_start_after_a_key_that_does_not_exist(
    catalog_table: CatalogTable, position: str, expected: str
) -> None:
    catalog_table.publish([made(artifact_id) for artifact_id in "abc"])
    wanted = ArtifactFilter()

    page = catalog_table.reader.list(TENANT, wanted, 10, wanted.cursor_scope(TENANT).encode([position]))

    assert [node.id for node in page.entries] == list(expected)


@pytest.mark.parametrize("position", ["", "B#a", "D#", "E", "E$", "F", "S#", "E#" + "x" * 1_023])
def test_a_list_does_not_start_at_another_item(catalog_table: CatalogTable, position: str) -> None:
    wanted = ArtifactFilter()
    cursor = wanted.cursor_scope(TENANT).encode([position])

    assert refusal(catalog_table.reader.list, TENANT, wanted, 10, cursor) is ErrorCode.INVALID_CURSOR


def test_an_artifact_in_use_is_not_deleted(catalog_table: CatalogTable) -> None:
    catalog_table.publish([made(), made("user", "rule"), made("draft", "rule", status="draft")])

    assert refusal(catalog_table.deleter.delete, TENANT, "rule", ANYTHING) is ErrorCode.ARTIFACT_IN_USE
    catalog_table.deleter.delete(TENANT, "user", ANYTHING)
    catalog_table.deleter.delete(TENANT, "rule", ANYTHING)

    assert listed(catalog_table) == [["draft"]]
