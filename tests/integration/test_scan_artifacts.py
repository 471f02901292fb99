"""`make scan-artifacts` searches what was published before, and may be interrupted and repeated."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import pytest

from installhub.artifacts import items
from installhub.model.references import Reference, pack_references, unpack_references
from operations.audit.stack import audit
from operations.deployment import Deployment
from operations.scan_artifacts import main
from tests.integration.support.artifact_inputs import OTHER_TENANT, TENANT, artifact_input, incompressible
from tests.integration.support.wire import AccessDenied, Kill, Killed, Outage
from tests.secret_corpus import planted

if TYPE_CHECKING:
    from installhub.model.artifact import ArtifactNode
    from tests.integration.support.wire import Wire
    from tests.integration.support.world import World

URL: Final = next(secret.secret for secret in planted() if secret.rule == "password-in-url")
IDS: Final = ("clean", "large", "url")

pytestmark = pytest.mark.usefixtures("no_waiting")


@pytest.fixture
def old(world: World) -> dict[str, ArtifactNode]:
    """Three artifacts of a tenant and one of another, as a release that did not search published them."""
    large = {"data": incompressible(300_000), "url": URL}
    world.publish(
        artifact_input("clean"),
        artifact_input("large", definition=large),
        artifact_input("url", definition={"at": [URL]}, name="A name"),
        artifact_input("clean", tenant=OTHER_TENANT),
    )
    searched = nodes(world)
    for tenant, artifact_id in (*((TENANT, artifact_id) for artifact_id in IDS), (OTHER_TENANT, "clean")):
        change(world, artifact_id, "REMOVE finds", tenant=tenant)
    return searched


@pytest.fixture
def run(world: World, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """Return a function that runs the command on the world, one artifact at a time."""
    monkeypatch.setattr("operations.scan_artifacts._CONCURRENCY", 1)
    monkeypatch.setattr(Deployment, "dynamodb", world.dynamodb)
    monkeypatch.setattr(Deployment, "s3", world.s3)
    monkeypatch.setattr("operations.deployment.find", lambda _: Deployment("the stack", world.deployment.references))
    return lambda *options: main(list(options))


def change(world: World, artifact_id: str, update: str, tenant: str = TENANT, **values: Any) -> None:  # noqa: ANN401
    request: Any = {"UpdateExpression": update}
    if values:
        request["ExpressionAttributeValues"] = {f":{name}": value for name, value in values.items()}
    key = items.primary_key(tenant, items.edge_sort_key(artifact_id))
    world.dynamodb.update_item(TableName=world.name("ArtifactsTable"), Key=key, **request)


def nodes(world: World, tenant: str = TENANT) -> dict[str, ArtifactNode]:
    return dict(world.artifacts().for_tenant(tenant, consistent=True).nodes(IDS))


def states(world: World) -> dict[str, tuple[str | None, str, int | None]]:
    return {name: (node.findings, node.revision, node.updated_at) for name, node in nodes(world).items()}


def test_findings_are_those_that_publishing_would_have_recorded(
    world: World, old: dict[str, ArtifactNode], run: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run() == 0

    output = capsys.readouterr().out
    assert output == (
        f"{TENANT} large: password-in-url at /definition/url\n"
        f"{TENANT} url: password-in-url at /definition/at/0\n"
        "The results for 4 artifacts of the stack were recorded; 0 already are.\n"
    )
    assert {name: node.findings for name, node in nodes(world).items()} == {
        name: node.findings for name, node in old.items()
    }
    assert {name: node.revision for name, node in nodes(world).items()} == {
        name: node.revision for name, node in old.items()
    }
    assert nodes(world, OTHER_TENANT)["clean"].findings == "[]"
    assert audit(world.dynamodb, world.s3, world.kms, world.outputs, clock=world.clock).findings == []

    assert run() == 0
    assert capsys.readouterr().out == "The results for 0 artifacts of the stack were recorded; 4 already are.\n"


@pytest.mark.usefixtures("old")
def test_a_dry_run_writes_nothing(world: World, run: Callable[..., int], capsys: pytest.CaptureFixture[str]) -> None:
    before = states(world)

    assert run("--dry-run") == 0

    output = capsys.readouterr().out
    assert "url: password-in-url at /definition/at/0\n" in output
    assert output.endswith("The results for 4 artifacts of the stack would be recorded; 0 already are.\n")
    assert states(world) == before


@pytest.mark.usefixtures("old")
def test_references_that_are_secrets_are_removed(world: World, run: Callable[..., int]) -> None:
    references = [Reference("/form", "form-1"), Reference("/at/0", URL)]
    change(world, "url", "SET refs = :refs", refs={"B": pack_references(references)})

    assert run() == 0

    kept = nodes(world)["url"].references
    assert kept is not None
    assert unpack_references(kept) == references[:1]


@pytest.mark.usefixtures("old")
def test_with_later_rules_everything_is_searched_again(
    world: World, run: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run() == 0
    found = states(world)
    change(world, "url", "SET finds = :finds", finds={"S": "[]"})

    assert run() == 0
    assert states(world) != found
    assert run("--again") == 0
    assert states(world) == found
    assert capsys.readouterr().out.endswith("The results for 1 artifacts of the stack were recorded; 3 already are.\n")


@pytest.mark.usefixtures("old")
@pytest.mark.parametrize("call", range(1, 5))
def test_an_interrupted_run_is_continued(world: World, wire: Wire, run: Callable[..., int], call: int) -> None:
    wire.clear()
    wire.fault = Kill(f"after UpdateItem-{call}")
    with pytest.raises(Killed):
        run()
    wire.fault = Outage.at("none", "failing")
    wire.clear()

    assert run() == 0
    assert wire.count("UpdateItem") == 4 - call
    assert all(node.findings is not None for node in nodes(world).values())


@pytest.mark.usefixtures("old")
def test_an_artifact_that_is_published_meanwhile_stays_as_published(
    world: World, run: Callable[..., int], monkeypatch: pytest.MonkeyPatch
) -> None:
    from operations.scan_artifacts import Scan  # noqa: PLC0415  # replaced for this test

    read = Scan._definition

    def publish_meanwhile(scan: Scan, tenant: str, node: ArtifactNode) -> bytes:
        definition = read(scan, tenant, node)
        if node.id == "url":
            world.publish(artifact_input("url", definition={"clean": 1}))
        return definition

    monkeypatch.setattr(Scan, "_definition", publish_meanwhile)

    assert run() == 0
    assert nodes(world)["url"].findings == "[]"


@pytest.mark.usefixtures("old")
def test_an_artifact_without_its_definition_is_reported_and_the_others_are_searched(
    world: World, run: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    node = nodes(world)["clean"]
    body = items.primary_key(TENANT, items.body_sort_key("clean", node.sha256))
    world.dynamodb.delete_item(TableName=world.name("ArtifactsTable"), Key=body)

    assert run() == 1

    output = capsys.readouterr()
    assert f"{TENANT} clean: its definition does not exist\n" in output.out
    assert "1 artifacts could not be searched" in output.err
    assert nodes(world)["url"].has_findings


@pytest.mark.usefixtures("old")
def test_a_failing_service_ends_the_run_with_a_hint(
    wire: Wire, run: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    for fault in (Outage(lambda call: call.operation == "UpdateItem", "throttled"), AccessDenied("Scan-1")):
        wire.clear()
        wire.fault = fault
        assert run() == 1
        assert "run the command again to continue" in capsys.readouterr().err


def test_a_stack_that_does_not_search_is_left_alone(
    run: Callable[..., int], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("operations.deployment.find", lambda _: Deployment("the stack", {}, {"SecretPolicy": "off"}))

    assert run() == 1
    assert "SecretPolicy" in capsys.readouterr().err
