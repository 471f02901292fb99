"""Crashes and outages while artifacts are written: nothing is half-written, and a retry completes the change."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import pytest

from installhub.artifacts.validation import ArtifactInput
from installhub.model.definition import unpack
from installhub.model.errors import MissingResourceError
from installhub.model.precondition import Precondition
from operations.audit.artifacts import GRACE
from operations.audit.findings import FindingKind
from tests.integration.support.api import ApiResponse
from tests.integration.support.artifact_api import RULE, ArtifactApi, artifact_of, rule
from tests.integration.support.artifact_inputs import TENANT, artifact_input, incompressible
from tests.integration.support.wire import BrokenBody, Kill, Killed, NoFault, Outage, moments
from tests.integration.test_audit import run_audit

if TYPE_CHECKING:
    from tests.integration.support.wire import Wire
    from tests.integration.support.world import World

LARGE: Final = incompressible(12 * 1024)
LARGER: Final = incompressible(16 * 1024, seed=1)
FAILURE_KINDS: Final = ("throttled", "failing", "unreachable")

pytestmark = pytest.mark.usefixtures("no_waiting")


def made(artifact_id: str, definition: object, *dependencies: str) -> ArtifactInput:
    return artifact_input(artifact_id, *dependencies, definition=definition)


def put(artifact: ArtifactInput) -> Callable[[World], object]:
    return lambda world: world.publisher().put(artifact, Precondition())


def publish(*artifacts: ArtifactInput) -> Callable[[World], object]:
    return lambda world: world.publish(*artifacts)


def delete(world: World) -> None:
    world.deleter().delete(TENANT, "rule", Precondition())


def delete_again(world: World) -> None:
    try:
        delete(world)
    except MissingResourceError:
        return


@dataclass(frozen=True)
class Case:
    """A change, starting from an artifact "rule" with a large definition.

    Attributes:
        act: Makes the change.
        calls: The AWS calls of ``act``.
        retry: Makes the change after a crash.
        after: The definitions afterwards by id.
    """

    act: Callable[[World], object]
    calls: tuple[str, ...]
    after: dict[str, object]
    retry: Callable[[World], object] | None = None


TWO: Final = (made("new", "small"), made("rule", LARGER))
CASES: Final = {
    "create": Case(
        put(made("new", "small")), ("BatchGetItem-1", "TransactWriteItems-1"), {"rule": LARGE, "new": "small"}
    ),
    "update": Case(
        put(made("rule", LARGER)),
        ("BatchGetItem-1", "PutObject-1", "BatchGetItem-2", "TransactWriteItems-1", "PutObjectTagging-1"),
        {"rule": LARGER},
    ),
    "shrink": Case(
        put(made("rule", "small")),
        ("BatchGetItem-1", "BatchGetItem-2", "TransactWriteItems-1", "PutObjectTagging-1"),
        {"rule": "small"},
    ),
    "batch": Case(
        publish(*TWO),
        (
            *("BatchGetItem-1", "PutObject-1", "BatchWriteItem-1", "BatchGetItem-2", "TransactWriteItems-1"),
            *("UpdateItem-1", "PutObjectTagging-1"),
        ),
        {"new": "small", "rule": LARGER},
    ),
    "delete": Case(
        delete,
        ("GetItem-1", "Query-1", "BatchGetItem-1", "TransactWriteItems-1", "PutObjectTagging-1"),
        {},
        retry=delete_again,
    ),
}
MOMENTS: Final = [(name, moment) for name, case in CASES.items() for moment in moments(*case.calls)]


@pytest.fixture(autouse=True)
def prepared(world: World, wire: Wire, small_items: None) -> None:  # noqa: ARG001  # must run first
    world.publish(made("rule", LARGE))
    wire.clear()


def definitions(world: World) -> dict[str, Any]:
    """All definitions as another process reads them, by id."""
    other = world.with_other_clients()
    nodes = list(other.artifacts().for_tenant(TENANT, consistent=True).all_nodes())
    packed = [(one.size, b"".join(one.chunks)) for one in other.definitions().read(TENANT, nodes)]
    return {node.id: json.loads(unpack(data, size)) for node, (size, data) in zip(nodes, packed, strict=True)}


@pytest.mark.parametrize("name", CASES)
def test_the_calls_of_a_change_are_those_tested_here(world: World, wire: Wire, name: str) -> None:
    CASES[name].act(world)

    assert tuple(map(str, wire.calls)) == CASES[name].calls


@pytest.mark.parametrize(("name", "moment"), MOMENTS)
def test_a_crashed_change_is_whole_or_has_not_happened_and_can_be_repeated(
    world: World, wire: Wire, name: str, moment: str
) -> None:
    case = CASES[name]
    wire.fault = Kill(moment)
    with pytest.raises(Killed):
        case.act(world)
    wire.fault = NoFault()

    is_committed = moment in committed_moments(case)
    assert definitions(world) == (case.after if is_committed else {"rule": LARGE})
    (case.retry or case.act)(world.with_other_clients())

    assert definitions(world) == case.after
    assert run_audit(world, GRACE).findings == []
    # Nothing refers to the object of a crashed attempt, and the bucket cannot be searched for it. The audit names it.
    orphans = [finding.kind for finding in run_audit(world).findings]
    was_uploading = not is_committed and "PutObject-1" in case.calls and moment not in ("before PutObject-1", *READING)
    assert orphans == [FindingKind.ORPHAN_DEFINITION] * was_uploading


READING: Final = ("before BatchGetItem-1", "after BatchGetItem-1")


def committed_moments(case: Case) -> list[str]:
    order = moments(*case.calls)
    return order[order.index("after TransactWriteItems-1") :]


Request = Callable[[ArtifactApi], ApiResponse]
WRITES: Final[dict[str, tuple[Request, str]]] = {
    "put": (lambda api: api.put("rule", rule(definition=LARGER)), "update"),
    "batch": (
        lambda api: api.batch(
            {**rule(definition="small"), "artifactId": "new"}, {**rule(definition=LARGER), "artifactId": "rule"}
        ),
        "batch",
    ),
    "delete": (lambda api: api.delete("rule"), "delete"),
}
BEFORE_COMMIT: Final = [
    (name, call)
    for name, (_, case) in WRITES.items()
    for call in CASES[case].calls[: CASES[case].calls.index("TransactWriteItems-1") + 1]
]
AFTER_COMMIT: Final = [
    (name, call)
    for name, (_, case) in WRITES.items()
    for call in CASES[case].calls[CASES[case].calls.index("TransactWriteItems-1") + 1 :]
]


def assert_unavailable(response: ApiResponse) -> None:
    assert (response.status, response.error_code) == (503, "ServiceUnavailable")
    assert 1 <= int(response.headers["Retry-After"]) <= 60
    assert "dynamodb" not in response.body.decode().lower()


@pytest.mark.parametrize("kind", FAILURE_KINDS)
@pytest.mark.parametrize(("name", "call"), BEFORE_COMMIT)
def test_a_write_that_a_service_fails_is_unavailable_and_changes_nothing(
    artifacts: ArtifactApi, world: World, wire: Wire, name: str, *, call: str, kind: str
) -> None:
    request, case = WRITES[name]
    wire.fault = Outage.at(call, kind)

    assert_unavailable(request(artifacts))

    wire.fault = NoFault()
    assert definitions(world) == {"rule": LARGE}
    assert run_audit(world, GRACE).findings == []
    assert request(artifacts).status in (200, 204)
    assert definitions(world) == CASES[case].after


@pytest.mark.parametrize("kind", FAILURE_KINDS)
@pytest.mark.parametrize(("name", "call"), AFTER_COMMIT)
def test_a_failure_after_the_change_does_not_hide_that_it_took_place(
    artifacts: ArtifactApi, world: World, wire: Wire, name: str, *, call: str, kind: str
) -> None:
    request, case = WRITES[name]
    wire.fault = Outage.at(call, kind)

    assert request(artifacts).status in (200, 204)

    wire.fault = NoFault()
    assert definitions(world) == CASES[case].after
    assert run_audit(world, GRACE).findings == []


@pytest.mark.parametrize("times", [1, None], ids=["once", "always"])
@pytest.mark.parametrize(("name", "call"), BEFORE_COMMIT)
def test_a_write_whose_responses_get_lost_can_be_repeated(
    artifacts: ArtifactApi, world: World, wire: Wire, name: str, *, call: str, times: int | None
) -> None:
    request, case = WRITES[name]
    wire.fault = Outage.at(call, "answer lost", times)

    response = request(artifacts)

    wire.fault = NoFault()
    if times is None:
        assert_unavailable(response)
        response = request(artifacts)
    # A deletion that took place is 404 when it is repeated. DynamoDB recognizes repetitions by botocore itself by their
    # token, moto does not.
    assert response.status in ((200, 204, 404) if name == "delete" else (200,))
    assert definitions(world) == CASES[case].after
    assert run_audit(world, GRACE).findings == []


READS: Final[dict[str, tuple[Request, str]]] = {
    "get": (lambda api: api.get("rule"), "GetItem-1"),
    "list": (lambda api: api.list(), "Query-1"),
    "dependents": (lambda api: api.dependents("rule"), "Query-1"),
    "definition": (lambda api: api.definition("rule"), "GetItem-1"),
    "body": (lambda api: api.definition("rule"), "BatchGetItem-1"),
    "object": (lambda api: api.definition("rule"), "GetObject-1"),
}


@pytest.mark.parametrize("kind", FAILURE_KINDS)
@pytest.mark.parametrize("name", READS)
def test_a_read_that_a_service_fails_is_unavailable(artifacts: ArtifactApi, wire: Wire, name: str, kind: str) -> None:
    request, call = READS[name]
    wire.fault = Outage.at(call, kind)

    assert_unavailable(request(artifacts))

    assert request(artifacts).status == 200


def test_a_definition_whose_object_breaks_off_is_unavailable(artifacts: ArtifactApi, wire: Wire) -> None:
    wire.fault = BrokenBody("GetObject-1")

    assert_unavailable(artifacts.definition("rule"))


def test_the_time_of_the_last_change_is_that_of_the_writer(artifacts: ArtifactApi, world: World) -> None:
    world.at(lambda: 1_780_000_000.9).publisher().put(made("rule", "new"), Precondition())

    expected = dt.datetime.fromtimestamp(1_780_000_000, dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert artifact_of(artifacts.get("rule"))["updatedAt"] == expected
    assert artifacts.put("rule", {**RULE, "definition": "new"}).json["updatedAt"] == expected  # unchanged
