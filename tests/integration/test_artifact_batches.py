"""Batches of artifacts: each is published or refused on its own, and the results are in the order of the request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest

from installhub.contract.artifact_models import BatchResponse
from tests.integration.support.artifact_api import REQUIREMENTS, RULE, ArtifactApi, assert_problem, rule
from tests.integration.support.artifact_inputs import TENANT
from tests.integration.support.wire import Outage

if TYPE_CHECKING:
    from tests.integration.support.api import ApiResponse
    from tests.integration.support.wire import Wire
    from tests.integration.support.world import World

BAD: Final[list[tuple[Any, list[str]]]] = [
    (None, ["/artifacts/{}"]),
    ("rule", ["/artifacts/{}"]),
    (
        {},
        [f"/artifacts/{{}}/{name}" for name in ("artifactId", "definition", "dependencies", "name", "status", "type")],
    ),
    ({**RULE, "artifactId": ""}, ["/artifacts/{}/artifactId"]),
    ({**RULE, "artifactId": "\ud800"}, ["/artifacts/{}/artifactId"]),
    ({**RULE, "artifactId": "x" * 5_000}, ["/artifacts/{}/artifactId"]),
    ({**RULE, "artifactId": "bad", "tenantId": TENANT}, ["/artifacts/{}/tenantId"]),
    ({**RULE, "artifactId": "bad", "a/b~\ud800": 1}, ["/artifacts/{}/a~1b~0\\ud800"]),
    ({**RULE, "artifactId": "bad", "type": 1, "name": ""}, ["/artifacts/{}/type", "/artifacts/{}/name"]),
    ({**RULE, "artifactId": "bad", "definition": "\ud800"}, ["/artifacts/{}/definition"]),
    (
        {**RULE, "artifactId": "bad", "requirements": [{}]},
        ["/artifacts/{}/requirements/0/kind", "/artifacts/{}/requirements/0/name"],
    ),
]


def named(artifact_id: str, *dependencies: str, **changes: Any) -> dict[str, Any]:  # noqa: ANN401  # any JSON value
    return {**rule(*dependencies, **changes), "artifactId": artifact_id}


def results(response: ApiResponse) -> list[dict[str, Any]]:
    """Check that the response is that of a batch and that its counts are right, and return the results."""
    assert response.status == 200, response.body
    BatchResponse.model_validate_json(response.body)
    found: list[dict[str, Any]] = response.json["results"]
    changes = [result.get("change", "refused") for result in found]
    counts = {name: changes.count(name) for name in ("created", "updated", "unchanged", "refused")}
    assert response.json == {"results": found, **counts}
    return found


def test_each_artifact_has_its_result_in_order(artifacts: ArtifactApi) -> None:
    artifacts.put("same", rule())
    artifacts.put("old", rule())

    found = results(artifacts.batch(named("new"), named("old", name="New"), {**named("bad"), "type": 1}, named("same")))

    assert [(result["artifactId"], result.get("change")) for result in found] == [
        ("new", "created"),
        ("old", "updated"),
        ("bad", None),
        ("same", "unchanged"),
    ]
    assert [error["pointer"] for error in found[2]["errors"]] == ["/artifacts/2/type"]
    assert artifacts.get("bad").status == 404
    assert artifacts.get("old").json["name"] == "New"


@pytest.mark.parametrize(("bad", "pointers"), BAD, ids=lambda value: ascii(value)[:40])
def test_a_bad_artifact_is_refused_with_all_problems_and_the_others_are_stored(
    artifacts: ArtifactApi, bad: object, pointers: list[str]
) -> None:
    found = results(artifacts.batch(named("first"), bad, named("last", requirements=REQUIREMENTS)))

    assert [result.get("change") for result in found] == ["created", None, "created"]
    assert sorted(error["pointer"] for error in found[1]["errors"]) == sorted(each.format(1) for each in pointers)
    assert found[1].get("artifactId") in (None, "bad")
    assert artifacts.get("last").json["requirements"] == REQUIREMENTS


def test_a_batch_of_bad_artifacts_only_writes_nothing(artifacts: ArtifactApi, wire: Wire) -> None:
    wire.clear()

    assert len(results(artifacts.batch(*(bad for bad, _ in BAD)))) == len(BAD)

    assert wire.count() == 0


def test_of_several_revisions_of_one_artifact_the_last_stays(artifacts: ArtifactApi) -> None:
    revisions = [named("rule", definition=number) for number in (1, 2, 2, 1)]

    found = results(artifacts.batch(named("a"), *revisions, named("a")))

    changes = [result["change"] for result in found]
    assert changes == ["created", "created", "updated", "unchanged", "updated", "unchanged"]
    assert artifacts.definition("rule").json == 1


def test_five_hundred_artifacts_are_published_at_the_cost_of_plain_writes(
    artifacts: ArtifactApi, world: World, wire: Wire
) -> None:
    batch = [named(f"rule-{number:03}", f"rule-{number - 1:03}") for number in range(500)]
    wire.clear()

    found = results(artifacts.batch(*batch))

    assert [(result["artifactId"], result["change"]) for result in found] == [
        (f"rule-{number:03}", "created") for number in range(500)
    ]
    assert wire.count("BatchGetItem") == wire.count("TransactWriteItems") == wire.count("UpdateItem") == 6
    assert wire.count("BatchWriteItem") <= 25
    assert len(world.artifacts().for_tenant(TENANT).all_nodes()) == 500
    assert {result["change"] for result in results(artifacts.batch(*batch))} == {"unchanged"}


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        ({}, ["/artifacts"]),
        ({"artifacts": None}, ["/artifacts"]),
        ({"artifacts": []}, ["/artifacts"]),
        ({"artifacts": {}}, ["/artifacts"]),
        ({"artifacts": [None] * 501}, ["/artifacts"]),
        ({"artifacts": [None], "a/b~c": 1, "\ud800": 1}, ["/a~1b~0c", "/\\ud800"]),
        ({"tenantId": 7}, ["/artifacts", "/tenantId"]),
        ([], [""]),
    ],
    ids=lambda value: ascii(value)[:30],
)
def test_a_batch_that_is_none_is_invalid(artifacts: ArtifactApi, body: Any, pointers: list[str]) -> None:  # noqa: ANN401  # any JSON value
    errors = assert_problem(artifacts.send("publish_artifacts", None, body=body), 400, "InvalidRequest")

    assert sorted(error["pointer"] for error in errors) == sorted(pointers)


@pytest.mark.usefixtures("no_waiting")
def test_after_an_outage_the_response_says_that_some_may_be_stored(
    artifacts: ArtifactApi, wire: Wire, world: World
) -> None:
    batch = [named(f"rule-{number:03}") for number in range(150)]
    wire.clear()
    wire.fault = Outage.at("TransactWriteItems-2", "failing")

    (error,) = assert_problem(artifacts.batch(*batch), 503, "ServiceUnavailable")

    assert "may have been stored" in error["detail"]
    assert len(world.with_other_clients().artifacts().for_tenant(TENANT).all_nodes()) == 99
    changes = [result["change"] for result in results(artifacts.batch(*batch))]
    assert changes == ["unchanged"] * 99 + ["created"] * 51
