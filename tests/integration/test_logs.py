"""The logs of the functions: single-line JSON with correlation ids, and no secrets."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import pytest

from installhub.runtime.telemetry import logger
from tests.conftest import Record
from tests.integration.support import canaries
from tests.integration.support import issuer as issuers
from tests.integration.support.artifact_inputs import TENANT, artifact_input
from tests.integration.support.async_stack import export_requested
from tests.integration.support.canaries import FOREIGN, Log
from tests.integration.support.functions import Functions, sample_event
from tests.integration.support.plans import create_usage_plan
from tests.integration.support.scenes import HOSTILE, SCENES, Scene, export_request, get_event, post_event
from tests.integration.support.secret_scenes import run_secrets
from tests.integration.support.wire import AccessDenied
from tests.template import resources_of

if TYPE_CHECKING:
    from tests.integration.support.issuer import Issuer
    from tests.integration.support.wire import Wire
    from tests.integration.support.world import World

ALL_SCENES: Final = {**SCENES, "put_artifact, publish_artifacts, publish_worker": run_secrets}
FIELDS: Final = {"level", "message", "timestamp", "service", "location", "function_request_id"}
UNKNOWN: Final = "pkg-00000000-0000-5000-8000-000000000000"
REQUEST_ID: Final = sample_event("export")["requestContext"]["requestId"]

pytestmark = pytest.mark.usefixtures("no_waiting")


@pytest.fixture(scope="module")
def issuer() -> Iterator[Issuer]:
    with issuers.run_issuer() as issuer:
        yield issuer


@pytest.fixture(params=["INFO", "DEBUG"])
def log(
    request: pytest.FixtureRequest, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Log]:
    """The captured output at both levels, with event logging enabled in the environment."""
    monkeypatch.setenv("POWERTOOLS_LOGGER_LOG_EVENT", "true")
    with Log(capfd).capture(request.param) as log:
        yield log


@pytest.fixture
def scene(world: World, wire: Wire, log: Log, issuer: Issuer, monkeypatch: pytest.MonkeyPatch) -> Scene:
    secret = {"text": canaries.DEFINITION}
    world.publish(
        artifact_input("proc", "rule", kind="ProcessDefinition", definition=secret),
        artifact_input("rule", definition=secret),
        artifact_input("loop", "loop", kind="ProcessDefinition", definition=secret),
        artifact_input(HOSTILE, kind="ProcessDefinition", definition=secret),
        artifact_input("torn", "theirs", kind="ProcessDefinition", definition=secret),
        artifact_input("theirs", kind="ProcessDefinition", definition=secret, tenant=FOREIGN),
    )
    issuer.server.status = 200
    plan = create_usage_plan(world)
    parameters = {"MaxInlineBundleBytes": "1", "JwksUri": issuer.server.url}
    functions = Functions(replace(plan.deployment, parameters=parameters))
    monkeypatch.setattr("tests.builders.FakeContext.get_remaining_time_in_millis", lambda _: 900_000)
    return Scene(world, functions, wire, log, issuer, monkeypatch, plan.stream_event(f"tenant:{TENANT}"))


@pytest.mark.parametrize("run_scene", ALL_SCENES.values(), ids=ALL_SCENES)
def test_nothing_secret_is_logged_whatever_happens(
    scene: Scene, log: Log, run_scene: Callable[[Scene], None], request: pytest.FixtureRequest, record: Record
) -> None:
    run_scene(scene)

    assert log.leaks() == []
    assert log.entries
    for entry in log.entries:
        assert set(entry) >= FIELDS, entry
    record(
        "logs",
        f"Secrets logged: {request.node.callspec.id.partition('-')[2]}",
        f"none in {len(log.lines)} lines of {scene.invocations} invocations",
        "in process: success, refusals, AWS failures, bugs whose exceptions contain all data",
    )


@pytest.mark.parametrize(
    "text", [canaries.TOKEN, canaries.DEFINITION, f"{canaries.TOKEN}.x", canaries.LINK, f"{{'tenant': '{FOREIGN}'}}"]
)
def test_a_planted_secret_is_found(log: Log, text: str) -> None:
    logger.warning("a secret", extra={"it": {"is": text}})

    assert log.leaks()


def test_a_planted_secret_in_base64_is_found(log: Log) -> None:
    logger.warning("a body", extra={"body": post_event("export", export_request())["body"]})

    assert log.leaks()


def test_log_lines_of_a_request_name_request_tenant_and_package(scene: Scene, log: Log) -> None:
    package = scene.http("export", 200, post_event("export", export_request()))["packageId"]
    scene.http("export", 409, post_event("export", export_request()))
    scene.http("export", 403, post_event("export", export_request(tenantId=FOREIGN)))

    exported, conflict, foreign = log.with_message("package exported") + log.with_message("request refused")
    for entry in (exported, conflict):
        assert (entry["correlation_id"], entry["tenantId"], entry["packageId"]) == (REQUEST_ID, TENANT, package)
        assert (entry["operation"], entry["subject"]) == ("exportPackage", "hr-automation")
    assert conflict["errorCode"] == "VersionConflict"
    assert foreign["correlation_id"] == REQUEST_ID
    assert not {"tenantId", "packageId"} & set(foreign), "unverified claims are not logged"


@pytest.mark.parametrize("name", ["get_package", "download", "get_graph", "get_diff", "get_sbom", "get_attestation"])
def test_log_lines_of_a_get_name_what_was_requested(scene: Scene, log: Log, name: str) -> None:
    package = scene.http("export", 200, post_event("export", export_request()))["packageId"]
    scene.patch.setattr("installhub.packages.bundle_store.BundleStore.read_range", canaries.raise_bug)
    scene.patch.setattr("installhub.packages.bundle_store.BundleStore.presigned_url", canaries.raise_bug)

    scene.http(name, 500, get_event(name, package))
    scene.http(name, 404, get_event(name, UNKNOWN))
    scene.http(name, 404, get_event(name, f"{UNKNOWN}\n"))

    (failed,), (unknown, nonsense) = log.with_message("unhandled exception"), log.with_message("request refused")
    assert (failed["correlation_id"], failed["tenantId"], failed["packageId"]) == (REQUEST_ID, TENANT, package)
    assert (unknown["correlation_id"], unknown["tenantId"], unknown["packageId"]) == (REQUEST_ID, TENANT, UNKNOWN)
    assert "packageId" not in nonsense


def test_log_lines_of_a_batch_name_their_own_message(scene: Scene, log: Log) -> None:
    scene.process_messages(
        export_requested(export_request("First"), "event-1"),
        "no message",
        export_requested(export_request("Loop", "loop"), "event-2"),
    )
    scene.patch.setattr("installhub.exports.exporter.Exporter.export", canaries.raise_bug)
    scene.process_messages(export_requested(export_request("Bug"), "event-3"))

    (exported,), (refused,), (failed,) = (
        log.with_message("package exported"),
        log.with_message("request refused"),
        log.with_message("message not processed"),
    )
    for number, entry in enumerate((exported, refused, failed), start=1):
        assert entry["tenantId"] == TENANT
        assert entry["requestId"].endswith(f"/event-{number}")
        assert entry["message_id"]
    assert len({entry["packageId"] for entry in (exported, refused, failed)}) == 3
    assert failed["reason"] == "RetryLaterError: try 1 of 4"


def test_a_bug_is_logged_with_its_class_and_traceback(scene: Scene, log: Log) -> None:
    scene.patch.setattr("installhub.exports.exporter.Exporter.export", canaries.raise_bug)
    scene.http("export", 500, post_event("export", export_request()))

    (entry,) = log.with_message("unhandled exception")
    assert entry["exception_name"] == "ParamValidationError"
    assert entry["exception"].endswith("\nParamValidationError")
    assert "KeyError\n\nwhich led to:" in entry["exception"]
    assert ", in submit\n" in entry["exception"]


def test_error_responses_of_aws_are_quoted(scene: Scene, log: Log) -> None:
    """Operators need the name of the missing permission."""
    scene.wire.fault = AccessDenied("PutObject-1")
    scene.http("export", 500, post_event("export", export_request()))

    (entry,) = log.with_message("unhandled exception")
    assert "(AccessDenied) when calling the PutObject operation: No such permission." in entry["exception"]


@pytest.mark.parametrize(
    "end", ["\n", "\r\n", "\x0b", "\x1c", "\x85", "\u2028", "\u2029", "\x1b[2J", "\ud800", HOSTILE]
)
def test_an_entry_stays_one_line_whatever_is_in_it(log: Log, end: str) -> None:
    logger.info("an entry", extra={"id": f"first{end}second"})

    (line,) = log.lines
    assert json.loads(line)["id"] == f"first{end}second"
    assert line.isascii()
    assert line.isprintable()


def test_the_log_level_of_libraries_is_not_configured() -> None:
    """Lambda's log level would also apply to botocore, which logs whole requests."""
    functions = resources_of("AWS::Serverless::Function")
    assert {tuple(function["LoggingConfig"]) for function in functions.values()} == {("LogGroup",)}
    variables: set[str] = set().union(
        *(function.get("Environment", {}).get("Variables", {}) for function in functions.values())
    )
    assert not {name for name in variables if name.startswith(("POWERTOOLS", "AWS_LAMBDA_LOG"))}
