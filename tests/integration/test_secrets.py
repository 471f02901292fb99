"""Secrets in artifacts: findings when they are published, warnings in previews, and a reason to refuse an export."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import pytest

from installhub.artifacts import items
from installhub.contract.response_bodies import pending_body
from installhub.events.artifact_events import artifact_event
from installhub.packages.pending_exports import PendingExport
from tests.integration.support.api import EXPORT_BODY, Api
from tests.integration.support.artifact_api import ArtifactApi, artifact_of, assert_problem, rule
from tests.integration.support.artifact_inputs import TENANT
from tests.integration.support.async_stack import AsyncStack, export_requested
from tests.integration.support.drop_stack import DropStack, content_of, line
from tests.integration.support.functions import Functions
from tests.integration.test_artifact_events import edge_image, record_of
from tests.secret_corpus import planted

if TYPE_CHECKING:
    from tests.integration.support.wire import Wire
    from tests.integration.support.world import World

BODY: Final = {"tenantId": TENANT, "artifactIds": ["proc-1001"]}
TOKEN, URL = (
    next(secret.secret for secret in planted() if secret.rule == wanted)
    for wanted in ("github-token", "password-in-url")
)
PROCESS: Final = rule("rule-1", type="ProcessDefinition", definition={"steps": [{"url": URL}, {"token": TOKEN}]})
PLACES: Final = [("proc-1001", "/definition/steps/0/url"), ("proc-1001", "/definition/steps/1/token")]


@pytest.fixture
def secrets(artifacts: ArtifactApi) -> Api:
    """A tenant whose process contains two secrets."""
    for artifact_id, fields in {"proc-1001": PROCESS, "rule-1": rule()}.items():
        artifact_of(artifacts.put(artifact_id, fields), 201)
    return Api(artifacts.functions)


def with_policy(world: World, policy: str) -> Functions:
    parameters = {**world.deployment.parameters, "SecretPolicy": policy}
    return Functions(replace(world.deployment, parameters=parameters))


def findings(artifacts: ArtifactApi, artifact_id: str = "proc-1001") -> list[dict[str, str]]:
    found: list[dict[str, str]] = artifact_of(artifacts.get(artifact_id))["findings"]
    return found


def fingerprints(artifacts: ArtifactApi) -> list[str]:
    return [finding["fingerprint"] for finding in findings(artifacts)]


def places(errors: list[Any]) -> list[tuple[str, str]]:
    assert {error.error_code for error in errors} <= {"SecretFound"}
    return [(error.artifact_id, error.pointer) for error in errors]


@pytest.mark.usefixtures("secrets")
def test_what_is_published_shows_its_findings_without_the_secrets(artifacts: ArtifactApi) -> None:
    published = artifacts.put("proc-1001", PROCESS)
    listed = artifacts.list()

    assert [(found["rule"], found["pointer"]) for found in findings(artifacts)] == [
        ("password-in-url", "/definition/steps/0/url"),
        ("github-token", "/definition/steps/1/token"),
    ]
    assert published.json["findings"] == listed.json["artifacts"][0]["findings"] == findings(artifacts)
    assert listed.json["artifacts"][1]["findings"] == []
    for response in (published, listed, artifacts.get("proc-1001")):
        assert TOKEN.encode() not in response.body
        assert b"postgresql" not in response.body


def test_an_export_is_refused_with_every_place_and_a_preview_warns_of_the_same(secrets: Api, world: World) -> None:
    warnings = secrets.preview(BODY).preview().warnings
    problem = secrets.export({**EXPORT_BODY, **BODY}).problem()

    assert (problem.status, problem.error_code) == (400, "SecretFound")
    assert problem.errors == warnings
    assert places(warnings) == PLACES
    assert TOKEN not in problem.model_dump_json()
    assert (world.package_statuses(), world.objects()) == ({}, [])


def test_acknowledged_findings_do_not_prevent_an_export(secrets: Api, artifacts: ArtifactApi) -> None:
    url, token = fingerprints(artifacts)
    before = artifacts.get("proc-1001").headers["ETag"]

    acknowledged = artifact_of(artifacts.put("proc-1001", {**PROCESS, "acknowledgedFindings": [url, url]}))
    assert (acknowledged["change"], acknowledged["acknowledgedFindings"]) == ("updated", [url])
    assert [found["fingerprint"] for found in acknowledged["findings"]] == [url, token]
    assert artifacts.get("proc-1001").headers["ETag"] != before
    assert places(secrets.preview(BODY).preview().warnings) == PLACES[1:]
    assert places(secrets.export({**EXPORT_BODY, **BODY}).problem().errors) == PLACES[1:]

    artifacts.put("proc-1001", {**PROCESS, "acknowledgedFindings": [url, token]})
    assert secrets.preview(BODY).preview().warnings == []
    secrets.export({**EXPORT_BODY, **BODY}).package()


@pytest.mark.usefixtures("secrets")
def test_the_same_acknowledgement_again_changes_nothing_and_leaving_it_out_takes_it_back(
    artifacts: ArtifactApi, wire: Wire
) -> None:
    fields = {**PROCESS, "acknowledgedFindings": fingerprints(artifacts)}
    artifacts.put("proc-1001", fields)
    wire.clear()

    assert artifacts.put("proc-1001", fields).json["change"] == "unchanged"
    assert wire.count("TransactWriteItems") == 0
    assert artifacts.put("proc-1001", PROCESS).json["change"] == "updated"
    assert artifact_of(artifacts.get("proc-1001"))["acknowledgedFindings"] == []


@pytest.mark.parametrize(
    ("acknowledged", "pointer"),
    [
        ("0123456789abcdef", "/acknowledgedFindings"),
        (["0" * 16] * 101, "/acknowledgedFindings"),
        (["0" * 16, "0" * 15], "/acknowledgedFindings/1"),
        ([1], "/acknowledgedFindings/0"),
        ([[]], "/acknowledgedFindings/0"),
        (None, "/acknowledgedFindings"),
    ],
)
def test_what_is_no_list_of_fingerprints_is_refused(artifacts: ArtifactApi, acknowledged: object, pointer: str) -> None:
    response = artifacts.put("rule-1", rule(acknowledgedFindings=acknowledged))

    assert assert_problem(response, 400, "InvalidRequest")[0]["pointer"] == pointer


def test_fingerprints_of_another_tenant_do_not_fit(secrets: Api, artifacts: ArtifactApi, world: World) -> None:
    foreign = json.loads(line("proc-1001", tenant="another", definition=PROCESS["definition"]))
    DropStack(world).publish(content_of([json.dumps(foreign).encode()]))
    node = world.artifacts().for_tenant("another").nodes(["proc-1001"])["proc-1001"]
    theirs = [found.fingerprint for found in node.unacknowledged]

    artifacts.put("proc-1001", {**PROCESS, "acknowledgedFindings": theirs})

    assert len(theirs) == 2
    assert places(secrets.preview(BODY).preview().warnings) == PLACES


def test_batches_and_dropped_files_are_searched_and_can_acknowledge(
    secrets: Api, artifacts: ArtifactApi, world: World
) -> None:
    found = fingerprints(artifacts)
    artifacts.batch({"artifactId": "proc-1001", **PROCESS, "acknowledgedFindings": found})
    assert secrets.preview(BODY).preview().warnings == []

    document = line("proc-1001", "rule-1", type="ProcessDefinition", definition=PROCESS["definition"])
    assert DropStack(world).publish(content_of([document]))["counts"]["updated"] == 1
    fresh = Api(Functions(world.deployment))
    assert places(fresh.preview(BODY).preview().warnings) == PLACES

    document = line("proc-1001", "rule-1", **{**PROCESS, "acknowledgedFindings": found})
    assert DropStack(world).publish(content_of([document]), "artifacts/b.ndjson")["counts"]["updated"] == 1
    assert Api(Functions(world.deployment)).preview(BODY).preview().warnings == []


def test_a_tag_of_a_preview_binds_whatever_the_policy_is(secrets: Api, world: World) -> None:
    tags = {secrets.preview(BODY).headers["ETag"]}
    for policy in ("warn", "off"):
        tags.add(Api(with_policy(world, policy)).preview(BODY).headers["ETag"])

    assert len(tags) == 1
    refused = secrets.export({**EXPORT_BODY, **BODY}, headers={"If-Match": tags.pop()}).problem()
    assert {error.error_code for error in refused.errors} == {"SecretFound"}


def test_the_policy_warn_warns_in_previews_only(secrets: Api, world: World) -> None:
    warning = Api(with_policy(world, "warn"))

    assert warning.preview(BODY).preview().warnings == secrets.preview(BODY).preview().warnings != []
    warning.export({**EXPORT_BODY, **BODY}).package()


def test_the_policy_off_neither_searches_nor_reports(secrets: Api, artifacts: ArtifactApi, world: World) -> None:
    functions = with_policy(world, "off")
    assert Api(functions).preview(BODY).preview().warnings == []
    Api(functions).export({**EXPORT_BODY, **BODY}).package()

    off = ArtifactApi(functions)
    assert artifact_of(off.put("proc-2", PROCESS), 201)["findings"] == []
    assert artifact_of(off.put("proc-1001", PROCESS))["findings"] == []
    assert findings(artifacts) == []

    again = artifact_of(artifacts.put("proc-1001", PROCESS))
    assert (again["change"], len(again["findings"])) == ("updated", 2)
    assert places(secrets.preview(BODY).preview().warnings) == PLACES


@pytest.mark.usefixtures("secrets")
def test_artifacts_that_were_not_searched_are_exported(world: World) -> None:
    """They were published by an earlier version; `make scan-artifacts` searches them."""
    forget_findings(world, "proc-1001", "rule-1")
    fresh = Api(Functions(world.deployment))

    assert fresh.preview(BODY).preview().warnings == []
    fresh.export({**EXPORT_BODY, **BODY}).package()


def test_publishing_again_searches_what_an_earlier_version_published(
    secrets: Api, artifacts: ArtifactApi, world: World, wire: Wire
) -> None:
    forget_findings(world, "proc-1001", "rule-1")
    before = artifacts.get("rule-1").body
    changes = []
    for writes in (1, 0):
        wire.clear()
        changes.append(artifacts.put("rule-1", rule()).json["change"])
        assert wire.count("TransactWriteItems") == writes

    assert changes == ["unchanged", "unchanged"]
    assert artifacts.get("rule-1").body == before
    assert artifacts.put("proc-1001", PROCESS).json["change"] == "updated"
    assert places(secrets.preview(BODY).preview().warnings) == PLACES


def test_the_stored_artifact_contains_its_secrets_in_the_definition_only(artifacts: ArtifactApi, world: World) -> None:
    artifacts.put("rule-1", rule(definition={"uses": TOKEN, TOKEN: "form-1", "at": URL}))
    stored = world.dynamodb.get_item(
        TableName=world.name("ArtifactsTable"), Key=items.primary_key(TENANT, items.edge_sort_key("rule-1"))
    )["Item"]
    node = items.node_from_item(stored)

    assert [found.pointer for found in node.unacknowledged] == ["/definition", "/definition/at", "/definition/uses"]
    assert node.references is not None
    assert TOKEN not in str(stored)
    assert b"ghp" not in node.references


def test_a_secret_in_a_name_is_found_and_withheld_from_events(artifacts: ArtifactApi, world: World) -> None:
    artifacts.put("rule", rule(name=f"Rules with {TOKEN}"))
    event = artifact_event(record_of(NewImage=edge_image(world)), "/installhub/test")

    (found,) = findings(artifacts, "rule")
    assert found["pointer"] == "/name"
    assert event["data"]["name"] == "***"
    assert TOKEN not in json.dumps(event)

    artifacts.put("rule", rule(name=f"Rules with {TOKEN}", acknowledgedFindings=[found["fingerprint"]]))
    event = artifact_event(record_of(NewImage=edge_image(world)), "/installhub/test")
    assert event["data"]["name"].startswith("Rules with ")


def test_a_definition_of_any_depth_that_is_accepted_is_searched(artifacts: ArtifactApi) -> None:
    """Also one that could be parsed when it was received, but not later, when the stack is a few frames deeper."""
    outcomes = set()
    for depth in range(780, 1_000, 2):
        nested = b"[" * depth + json.dumps(TOKEN).encode() + b"]" * depth
        response = artifacts.put("deep", json.dumps(rule(definition="@")).encode().replace(b'"@"', nested))
        outcomes.add(response.status)
        if response.status != 400:
            assert [found["rule"] for found in artifact_of(response, 200, 201)["findings"]] == ["github-token"]

    assert outcomes == {200, 201, 400}


@pytest.mark.usefixtures("secrets")
def test_an_export_reads_no_more_than_before(artifacts: ArtifactApi, world: World, wire: Wire) -> None:
    found = fingerprints(artifacts)

    def cost(policy: str, version: str) -> list[str]:
        fresh = Api(with_policy(world, policy))
        wire.clear()
        fresh.export({**EXPORT_BODY, **BODY, "version": version}).package()
        return [call.operation for call in wire.calls]

    artifacts.put("proc-1001", {**PROCESS, "acknowledgedFindings": found})
    assert cost("refuse", "1.0.0") == cost("off", "1.0.1")


# Exports that are not requested over HTTP.


@pytest.fixture
def async_stack(secrets: Api, world: World) -> AsyncStack:
    assert secrets is not None
    return AsyncStack(world)


def test_an_accepted_export_is_refused_by_the_worker(async_stack: AsyncStack, secrets: Api) -> None:
    accepted = secrets.export({**EXPORT_BODY, **BODY}, headers={"Prefer": "respond-async"})
    assert accepted.status == 202

    assert async_stack.message_handler.handle(async_stack.receive(), 900) is None

    found = async_stack.get(accepted.json["packageId"])
    assert isinstance(found, PendingExport)
    errors = pending_body(found)["errors"]
    assert [(error["artifactId"], error["pointer"]) for error in errors] == PLACES
    assert TOKEN not in json.dumps(errors)


def test_an_export_by_event_is_refused(async_stack: AsyncStack) -> None:
    message = export_requested({**EXPORT_BODY, **BODY})

    assert async_stack.message_handler.handle(async_stack.receive(message), 900) is None

    (failure,) = async_stack.stored_failures()
    assert {error["errorCode"] for error in json.loads(json.dumps(failure["errors"]))} == {"SecretFound"}
    assert TOKEN not in json.dumps(failure)


def forget_findings(world: World, *artifact_ids: str) -> None:
    """Remove what an earlier version did not record."""
    for artifact_id in artifact_ids:
        world.dynamodb.update_item(
            TableName=world.name("ArtifactsTable"),
            Key=items.primary_key(TENANT, items.edge_sort_key(artifact_id)),
            UpdateExpression="REMOVE finds",
        )
