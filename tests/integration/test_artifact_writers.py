"""Simultaneous writers of one artifact: conditions are exact, no change is lost, no definition expires by mistake."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import pytest

from installhub.artifacts import items
from installhub.artifacts.validation import ArtifactInput
from installhub.model.errors import ErrorCode, InstallHubError
from installhub.model.precondition import Precondition
from tests.integration.support.artifact_api import REQUIREMENTS, RULE, ArtifactApi, assert_problem, rule
from tests.integration.support.artifact_inputs import TENANT, artifact_input, incompressible
from tests.integration.support.wire import ConcurrentAction
from tests.integration.test_audit import run_audit

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from installhub.model.artifact import ArtifactNode
    from tests.integration.support.wire import Wire
    from tests.integration.support.world import World

WRITERS: Final = 8
LARGE: Final = incompressible(12 * 1024)
CREATE: Final = Precondition(must_not_exist=True)
CHANGES: Final[dict[str, Callable[[int], dict[str, Any]]]] = {
    "definition": lambda writer: {"definition": writer},
    "name": lambda writer: {"name": f"Writer {writer}"},
    "status": lambda writer: {"status": ("draft", "incomplete")[writer % 2], "name": f"Writer {writer}"},
    "dependencies": lambda writer: {"dependencies": [f"of-{writer}"]},
    "requirements": lambda writer: {"requirements": [{**REQUIREMENTS[1], "default": writer}]},
}

pytestmark = pytest.mark.usefixtures("small_items", "no_waiting")


def made(**changes: Any) -> ArtifactInput:  # noqa: ANN401  # any JSON value
    return ArtifactInput.from_json({**RULE, "tenantId": TENANT, "artifactId": "rule", **changes})


def current(world: World) -> ArtifactNode | None:
    """The artifact as another process sees it."""
    return world.with_other_clients().artifacts().for_tenant(TENANT, consistent=True).nodes(["rule"]).get("rule")


def matching(node: ArtifactNode) -> Precondition:
    return Precondition(revisions=frozenset({node.revision}))


def bodies(world: World) -> dict[str, bool]:
    """Whether each body item expires, by the digest of its definition."""
    scanned = world.with_other_clients().dynamodb.scan(TableName=world.name("ArtifactsTable"))["Items"]
    return {
        item["sk"]["S"].rpartition("#")[2]: items.EXPIRES_AT in item
        for item in scanned
        if item["sk"]["S"].startswith("B#")
    }


def assert_only_the_current_definition_stays(world: World) -> None:
    node = current(world)
    staying = [digest for digest, expires in bodies(world).items() if not expires]
    assert staying == ([] if node is None else [node.sha256])
    assert run_audit(world).findings == []


def race(actions: Sequence[Callable[[], object]]) -> list[object]:
    """The results of simultaneous actions: what each returns, or the code of its error."""
    start = threading.Barrier(len(actions))

    def run(action: Callable[[], object]) -> object:
        start.wait()
        try:
            return action()
        except InstallHubError as error:
            return error.code

    with ThreadPoolExecutor(len(actions)) as pool:
        return list(pool.map(run, actions))


@pytest.mark.parametrize("changed", CHANGES)
def test_of_eight_writers_with_one_etag_exactly_one_wins(world: World, wire: Wire, changed: str) -> None:
    created = world.publisher().put(made(), CREATE).node
    wire.clear()
    inputs = [made(**CHANGES[changed](writer)) for writer in range(WRITERS)]
    publisher = world.publisher()

    results = race([lambda one=one: publisher.put(one, matching(created)) for one in inputs])  # type: ignore[misc]  # bound now

    assert results.count(ErrorCode.PRECONDITION_FAILED) == WRITERS - 1
    (winner,) = [number for number, result in enumerate(results) if result is not ErrorCode.PRECONDITION_FAILED]
    node = current(world)
    assert node is not None
    assert replace(node, packed_size=0) == inputs[winner].to_node(packed_size=0)
    assert_only_the_current_definition_stays(world)


@pytest.mark.parametrize("definition", ["small", LARGE], ids=["small", "large"])
def test_of_eight_writers_that_create_an_artifact_exactly_one_wins(world: World, wire: Wire, definition: str) -> None:
    publisher = world.publisher()
    inputs = [made(definition=f"{writer}{definition}") for writer in range(WRITERS)]
    wire.clear()

    results = race([lambda one=one: publisher.put(one, CREATE) for one in inputs])  # type: ignore[misc]  # bound now

    assert results.count(ErrorCode.PRECONDITION_FAILED) == WRITERS - 1
    assert_only_the_current_definition_stays(world)


def test_of_a_writer_and_a_deleter_with_one_etag_exactly_one_wins(world: World, wire: Wire) -> None:
    created = world.publisher().put(made(), CREATE).node
    wire.clear()
    publisher, deleter = world.publisher(), world.deleter()

    results = race(
        [
            lambda: publisher.put(made(name="New"), matching(created)),
            lambda: deleter.delete(TENANT, "rule", matching(created)),
        ]
    )

    refused = [result for result in results if isinstance(result, ErrorCode)]
    assert len(refused) == 1
    assert set(refused) <= {ErrorCode.PRECONDITION_FAILED, ErrorCode.ARTIFACT_NOT_FOUND}
    assert_only_the_current_definition_stays(world)


def test_writers_without_conditions_all_succeed_and_the_last_stays(world: World, wire: Wire) -> None:
    publisher = world.publisher()
    wire.clear()

    results = race(
        [lambda writer=writer: publisher.put(made(definition=[LARGE, writer]), Precondition()) for writer in range(4)]  # type: ignore[misc]  # bound now
    )

    assert not any(isinstance(result, ErrorCode) for result in results)
    assert_only_the_current_definition_stays(world)


PUT_CALLS: Final = ("BatchGetItem-1", "PutObject-1", "BatchGetItem-2", "TransactWriteItems-1", "PutObjectTagging-1")
DELETE_CALLS: Final = ("GetItem-1", "Query-1", "BatchGetItem-1", "TransactWriteItems-1", "PutObjectTagging-1")
BATCH_CALLS: Final = ("BatchGetItem-1", "BatchWriteItem-1", "TransactWriteItems-1", "UpdateItem-1")


def delete(world: World) -> None:
    world.deleter().delete(TENANT, "rule", Precondition())


def replace_it(world: World) -> None:
    delete(world)
    world.publish(made(definition=[LARGE]))


OTHERS: Final[dict[str, Callable[[World], object]]] = {
    "update": lambda world: world.publish(made(definition=[LARGE, "theirs"])),
    "rename": lambda world: world.publish(made(definition=[LARGE], name="Theirs")),
    "delete": delete,
    "replace": replace_it,
}


def test_the_calls_of_writers_are_those_tested_here(world: World, wire: Wire) -> None:
    world.publisher().put(made(definition=[LARGE]), CREATE)
    actions: dict[tuple[str, ...], Callable[[], object]] = {
        PUT_CALLS: lambda: world.publisher().put(made(definition=[LARGE, 1]), Precondition()),
        DELETE_CALLS: lambda: world.deleter().delete(TENANT, "rule", Precondition()),
        BATCH_CALLS: lambda: world.publish(made(), artifact_input("more")),
    }

    for calls, act in actions.items():
        wire.clear()
        act()
        assert tuple(map(str, wire.calls)) == calls


@pytest.mark.parametrize("other", OTHERS)
@pytest.mark.parametrize("point", PUT_CALLS)
def test_a_put_that_another_writer_interrupts_is_as_if_one_came_after_the_other(
    world: World, wire: Wire, point: str, other: str
) -> None:
    before = world.publisher().put(made(definition=[LARGE]), CREATE).node
    wire.clear()
    wire.fault = ConcurrentAction.at(point, lambda: OTHERS[other](world.with_other_clients()))
    committed = point == "PutObjectTagging-1"

    (result,) = race([lambda: world.publisher().put(made(definition=[LARGE, "ours"]), matching(before))])

    if not committed and other != "replace":
        assert result is ErrorCode.PRECONDITION_FAILED
    elif committed:
        assert not isinstance(result, ErrorCode)
    assert_only_the_current_definition_stays(world)


@pytest.mark.parametrize("other", OTHERS)
@pytest.mark.parametrize("point", DELETE_CALLS)
def test_a_deletion_that_another_writer_interrupts_is_as_if_one_came_after_the_other(
    world: World, wire: Wire, point: str, other: str
) -> None:
    before = world.publisher().put(made(definition=[LARGE]), CREATE).node
    wire.clear()

    committed = point == "PutObjectTagging-1"
    act = OTHERS["update" if committed else other]
    wire.fault = ConcurrentAction.at(point, lambda: act(world.with_other_clients()))

    (result,) = race([lambda: world.deleter().delete(TENANT, "rule", matching(before))])

    if committed:
        assert result is None
    elif other == "delete":
        assert result is ErrorCode.ARTIFACT_NOT_FOUND
    elif other != "replace":
        assert result is ErrorCode.PRECONDITION_FAILED
    assert_only_the_current_definition_stays(world)


@pytest.mark.parametrize("point", BATCH_CALLS)
@pytest.mark.parametrize("same", [True, False], ids=["same definition", "other definition"])
def test_an_artifact_created_and_deleted_during_a_batch_keeps_the_definition_of_the_batch(
    world: World,
    wire: Wire,
    point: str,
    same: bool,  # noqa: FBT001  # parameter
) -> None:
    """The deletion lets the definition expire that the batch may have written already."""
    other = world.with_other_clients()

    def create_and_delete() -> None:
        other.publish(made(definition="ours" if same else "theirs"))
        other.deleter().delete(TENANT, "rule", Precondition())

    wire.fault = ConcurrentAction.at(point, create_and_delete)

    results = list(world.publisher().publish_each([made(definition="ours"), artifact_input("more")]))

    assert [result.change for result in results] == ["created", "created"]
    node = current(world)
    if point == "UpdateItem-1":  # after the commit of the batch
        assert node is None
    else:
        assert node is not None
        assert bodies(world)[node.sha256] is False
    world.deleter().delete(TENANT, "more", Precondition())
    assert_only_the_current_definition_stays(world)


@pytest.mark.parametrize("point", BATCH_CALLS[:3])
def test_an_artifact_created_and_updated_during_a_batch_is_updated_again(world: World, wire: Wire, point: str) -> None:
    other = world.with_other_clients()

    def create_and_update() -> None:
        other.publish(made(definition="ours"))
        other.publish(made(definition="theirs"))

    wire.fault = ConcurrentAction.at(point, create_and_update)

    (result,) = world.publisher().publish_each([made(definition="ours")])

    assert result.change == "updated"
    assert_only_the_current_definition_stays(world)


def test_a_batch_that_deletions_keep_interrupting_gives_up(world: World, wire: Wire) -> None:
    other = world.with_other_clients()

    def create_and_delete() -> None:
        other.publish(artifact_input("another"))
        other.deleter().delete(TENANT, "another", Precondition())

    wire.fault = ConcurrentAction(lambda call: call.operation == "TransactWriteItems", create_and_delete)

    with pytest.raises(InstallHubError, match="ServiceUnavailable"):
        world.publish(made())

    assert wire.count("TransactWriteItems") <= 10


def test_conditions_over_http(artifacts: ArtifactApi) -> None:
    old = artifacts.put("rule").headers["ETag"]
    new = artifacts.put("rule", rule(name="New"), {"If-Match": old}).headers["ETag"]
    refusals = {
        "If-Match": [old, f"W/{new}", f'{old}, "x"', '""'],
        "If-None-Match": ["*", new, f"{old}, {new}", f"W/{new}"],
    }

    for header, values in refusals.items():
        for value in values:
            assert_problem(artifacts.put("rule", rule(name="Lost"), {header: value}), 412, "PreconditionFailed")
            assert_problem(artifacts.delete("rule", {header: value}), 412, "PreconditionFailed")
    assert artifacts.get("rule").json["name"] == "New"
    assert_problem(artifacts.put("another", headers={"If-Match": "*"}), 412, "PreconditionFailed")
    assert_problem(artifacts.put("another", headers={"If-Match": new}), 412, "PreconditionFailed")
    assert artifacts.get("another").status == 404
    assert artifacts.put("another", headers={"If-None-Match": "*"}).status == 201
    assert artifacts.put("rule", rule(name="New"), {"If-Match": new}).json["change"] == "unchanged"
    assert artifacts.put("rule", rule(name="Newer"), {"If-Match": f"{old}, {new}"}).status == 200
    assert artifacts.delete("rule", {"If-Match": "*"}).status == 204
    assert_problem(artifacts.delete("rule", {"If-Match": "*"}), 404, "ArtifactNotFound")
    for send in (artifacts.put, artifacts.delete):
        assert_problem(send("another", headers={"If-Match": "no-quotes"}), 400, "InvalidRequest")
