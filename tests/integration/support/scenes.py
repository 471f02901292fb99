"""Scenarios for the log tests: every function with success, refusals and failures, and secrets in all inputs."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from installhub.identity.caller import authorizer_context
from installhub.model.artifact import PackageType
from installhub.runtime import aws_clients
from tests.integration.support import canaries
from tests.integration.support.api import CALLER, EXPORT_BODY
from tests.integration.support.artifact_inputs import TENANT
from tests.integration.support.async_stack import export_requested
from tests.integration.support.canaries import FOREIGN, SECRETS, Log, raise_bug
from tests.integration.support.functions import Functions, sample_event
from tests.integration.support.indexing import stream_event
from tests.integration.support.wire import AccessDenied, Outage
from tests.integration.support.world import reset_composition
from tests.integration.test_authorizer import ISSUER
from tests.integration.test_sweep import export_without_commit

if TYPE_CHECKING:
    import pytest

    from tests.integration.support.issuer import Issuer
    from tests.integration.support.wire import Wire
    from tests.integration.support.world import World

HOSTILE: Final = 'x" {y} \u202e\u00a0%0a$(z) ${jndi:ldap://x}'
"""A valid id of characters that are problematic in logs."""


@dataclass
class Scene:
    """The functions and a tenant with secret definitions, next to a foreign tenant."""

    world: World
    functions: Functions
    wire: Wire
    log: Log
    issuer: Issuer
    patch: pytest.MonkeyPatch
    enroll_event: dict[str, Any]
    invocations: int = 0

    def run(self, name: str, event: dict[str, Any]) -> Any:  # noqa: ANN401  # any JSON value
        self.wire.clear()
        self.invocations += 1
        return self.log.invoke(self.functions, name, event)

    def http(self, name: str, status: int, event: dict[str, Any]) -> Any:  # noqa: ANN401  # any JSON value
        response = self.run(name, event)
        assert response["statusCode"] == status, response
        is_json = "json" in response["headers"].get("Content-Type", "")
        return json.loads(response["body"]) if is_json else None

    def process_messages(self, *texts: str, attempt: int = 1) -> Any:  # noqa: ANN401  # any JSON value
        """Queue ``texts`` and process them with the worker."""
        sqs, queue = aws_clients.sqs(), self.world.name("ExportQueue")
        for text in texts:
            sqs.send_message(QueueUrl=queue, MessageBody=text)
        received = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)["Messages"]
        (sample,) = sample_event("export_worker")["Records"]
        records = [
            {
                **sample,
                "messageId": item["MessageId"],
                "receiptHandle": item["ReceiptHandle"],
                "body": item["Body"],
                "attributes": {**sample["attributes"], "ApproximateReceiveCount": str(attempt)},
            }
            for item in received
        ]
        return self.run("export_worker", {"Records": records})


def post_event(name: str, fields: dict[str, Any], **headers: str) -> dict[str, Any]:
    event = sample_event(name)
    event["body"] = base64.b64encode(json.dumps(fields).encode()).decode()
    event["headers"].update(headers)
    return event


def export_request(name: str = "Logged", *roots: str, **fields: Any) -> dict[str, Any]:  # noqa: ANN401  # any JSON
    secret_fields = {"description": canaries.DESCRIPTION, "tags": [canaries.DESCRIPTION]}
    return {**EXPORT_BODY, **secret_fields, "packageName": name, "artifactIds": list(roots or ("proc",)), **fields}


def preview_request(*roots: str, **fields: str) -> dict[str, Any]:
    return {"tenantId": TENANT, "artifactIds": list(roots or ("proc",)), **fields}


def get_event(name: str, package_id: str, **headers: str) -> dict[str, Any]:
    event = sample_event(name)
    event["pathParameters"] = {"packageId": package_id}
    if name == "get_diff":  # with itself
        event["queryStringParameters"] = {"from": package_id}
    event["headers"].update(headers)
    return event


def authorize(scene: Scene, token: str) -> Any:  # noqa: ANN401  # any JSON value
    event = sample_event("authorizer")
    event["headers"]["Authorization"] = f"Bearer {token}"
    event["multiValueHeaders"]["Authorization"] = [f"Bearer {token}"]
    scene.log.secrets += [token, *token.split(".")]
    return scene.run("authorizer", event)


def run_exports(scene: Scene) -> None:
    scene.http("export", 200, post_event("export", export_request()))
    scene.http("export", 200, post_event("export", export_request("Hostile", HOSTILE)))
    scene.http("export", 202, post_event("export", export_request("Later"), Prefer="respond-async"))
    scene.http("export", 409, post_event("export", export_request()))
    scene.http("export", 400, post_event("export", export_request("Loop", "loop", "torn")))
    scene.http("export", 400, post_event("export", export_request("Line\nbreak", extra=SECRETS)))
    for event in (
        post_event("export", export_request("Theirs", "theirs")),
        post_event("export", export_request("Theirs", tenantId=FOREIGN)),
        post_event("export", export_request("Theirs"), **{"X-Tenant-Id": FOREIGN}),
    ):
        scene.http("export", 403, event)
    scene.wire.fault = Outage(lambda call: call.operation == "UpdateItem", "unreachable")
    scene.http("export", 503, post_event("export", export_request("Unavailable")))
    scene.wire.fault = AccessDenied("PutObject-1")
    scene.http("export", 500, post_event("export", export_request("Forbidden")))
    scene.wire.fault = Outage(lambda _: False, "throttled")
    scene.patch.setattr("installhub.exports.exporter.Exporter.export", raise_bug)
    scene.http("export", 500, post_event("export", export_request("Bug")))


def run_previews(scene: Scene) -> None:
    scene.http("preview", 200, post_event("preview", preview_request("proc", "loop", "torn")))
    scene.http("preview", 400, post_event("preview", preview_request("nowhere", HOSTILE)))
    scene.http("preview", 400, post_event("preview", preview_request(SECRETS, "\n")))
    scene.http("preview", 403, post_event("preview", preview_request("theirs")))
    scene.http("preview", 403, post_event("preview", preview_request(tenantId=FOREIGN)))
    scene.wire.fault = Outage(lambda _: True, "throttled")
    scene.http("preview", 503, post_event("preview", preview_request()))
    scene.patch.setattr("installhub.exports.preview.make_plan", raise_bug)
    scene.http("preview", 500, post_event("preview", preview_request()))


def run_reads(scene: Scene) -> None:
    package = scene.http("export", 200, post_event("export", export_request()))["packageId"]
    foreign_export = scene.world.export("theirs", tenant=FOREIGN, package_type=PackageType.WORKFLOW)
    foreign_id = foreign_export.record.description.package_id
    for name, valid in (
        ("get_package", 200),
        ("download", 307),
        ("get_graph", 200),
        ("get_diff", 200),
        ("get_sbom", 200),
        ("get_attestation", 200),
    ):
        scene.http(name, valid, get_event(name, package))
        scene.http(name, 404, get_event(name, foreign_id))
        scene.http(name, 404, get_event(name, f"a\nb{SECRETS}"))
        scene.http(name, 403, get_event(name, package, **{"X-Tenant-Id": FOREIGN}))
        expired = get_event(name, package)
        expired["requestContext"]["authorizer"].update(authorizer_context(replace(CALLER, expires_at=1)))
        scene.http(name, 401, expired)
        scene.wire.fault = Outage(lambda _: True, "unreachable")
        scene.http(name, 503, get_event(name, package))
        scene.wire.fault = AccessDenied("Query-1")
        scene.http(name, 500, get_event(name, package))
        scene.wire.fault = Outage(lambda _: False, "throttled")
    assert scene.log.secrets, "no link was requested"
    scene.patch.setattr("installhub.packages.table.PackageTable.get_for_tenants", raise_bug)
    scene.http("get_package", 500, get_event("get_package", package))
    scene.http("download", 500, get_event("download", package))
    scene.http("get_graph", 500, get_event("get_graph", package))
    scene.http("get_diff", 500, get_event("get_diff", package))
    scene.http("get_sbom", 500, get_event("get_sbom", package))
    scene.http("get_attestation", 500, get_event("get_attestation", package))
    scene.http("get_keys", 200, sample_event("get_keys"))
    scene.wire.fault = Outage(lambda _: True, "unreachable")
    scene.http("get_keys", 503, sample_event("get_keys"))


def run_authorizer(scene: Scene) -> None:
    valid = scene.issuer.token(ISSUER, TENANT, FOREIGN)
    assert authorize(scene, valid)["context"]
    for invalid in (
        valid[:-9],
        f"{valid[:-9]}AAAAAAAAA",
        canaries.TOKEN,
        scene.issuer.token(ISSUER, FOREIGN, sub=SECRETS + "\n"),
    ):
        assert not authorize(scene, invalid).get("context")
    scene.wire.fault = Outage(lambda _: True, "throttled")
    assert authorize(scene, scene.issuer.token(ISSUER, TENANT)) is None
    scene.wire.fault = Outage(lambda _: False, "throttled")
    scene.patch.setattr("installhub.identity.tokens.TokenVerifier.verify", raise_bug)
    assert authorize(scene, valid) is None
    scene.patch.undo()
    scene.issuer.server.status = 503
    scene.functions = Functions(scene.functions.deployment)
    assert authorize(scene, valid) is None


def run_announcements(scene: Scene) -> None:
    for put_events in (lambda **_: {"FailedEntryCount": 0}, lambda **_: {"FailedEntryCount": 1}, raise_bug):
        scene.patch.setattr(
            aws_clients, "eventbridge", lambda put=put_events: type("Bus", (), {"put_events": staticmethod(put)})
        )
        reset_composition()
        for sample in ("announce", "announce-lifecycle", "announce-failed"):
            event = sample_event(sample)
            failures = scene.run("announce", event)["batchItemFailures"]
            assert bool(failures) == (put_events() != {"FailedEntryCount": 0} if put_events is not raise_bug else True)
    event = sample_event("announce")
    event["Records"][0]["dynamodb"]["NewImage"] = {"status": {"S": SECRETS}}
    assert scene.run("announce", event)["batchItemFailures"]


def run_enrollments(scene: Scene) -> None:
    assert scene.run("enroll", scene.enroll_event) == {"batchItemFailures": []}
    scene.wire.fault = Outage(lambda _: True, "unreachable")
    assert scene.run("enroll", scene.enroll_event)["batchItemFailures"]
    scene.patch.setattr("installhub.identity.usage_key_provisioning.UsageKeyProvisioner.provision", raise_bug)
    assert scene.run("enroll", scene.enroll_event)["batchItemFailures"]


def run_index(scene: Scene) -> None:
    exported = scene.world.export("proc", package_type=PackageType.WORKFLOW, description=canaries.DESCRIPTION)
    event = stream_event(scene.world, exported)
    for fault in (Outage(lambda _: True, "unreachable"), AccessDenied("GetObject-1")):
        scene.wire.fault = fault
        assert scene.run("index_packages", event) is None
    scene.wire.fault = Outage(lambda _: False, "unreachable")
    assert scene.run("index_packages", event) == {"outcomes": ["indexed"]}
    scene.http("list_artifact_packages", 200, where_used_event("proc"))
    scene.http("list_artifact_packages", 404, where_used_event("theirs"))
    scene.http("list_artifact_packages", 400, where_used_event("proc", cursor=SECRETS))
    scene.http("list_artifact_packages", 403, where_used_event("proc", **{"X-Tenant-Id": FOREIGN}))
    scene.wire.fault = Outage(lambda _: True, "throttled")
    scene.http("list_artifact_packages", 503, where_used_event("proc"))
    scene.wire.fault = Outage(lambda _: False, "throttled")
    event["Records"][0]["dynamodb"]["NewImage"] = {"status": {"S": SECRETS}}
    assert scene.run("index_packages", event) is None
    scene.patch.setattr("installhub.packages.package_index.PackageIndex.containing", raise_bug)
    scene.http("list_artifact_packages", 500, where_used_event("proc"))
    scene.patch.setattr("installhub.packages.indexing.PackageIndexer.index", raise_bug)
    assert scene.run("index_packages", stream_event(scene.world, exported)) is None


def run_lists(scene: Scene) -> None:
    exported = scene.world.export("proc", package_type=PackageType.WORKFLOW, description=canaries.DESCRIPTION)
    scene.world.indexer().index(exported.record)
    foreign = scene.world.export("theirs", tenant=FOREIGN, package_type=PackageType.WORKFLOW)
    package_id = exported.record.description.package_id
    for name, query in (("list_packages", {"tag": SECRETS[:90]}), ("list_versions", {"name": SECRETS[:90]})):
        scene.http(name, 200, list_event(name, query))
        scene.http(name, 400, list_event(name, {**query, "cursor": SECRETS}))
        scene.http(name, 400, list_event(name, {"name": SECRETS * 9}))
        scene.http(name, 403, list_event(name, query, **{"X-Tenant-Id": FOREIGN}))
        scene.wire.fault = Outage(lambda _: True, "throttled")
        scene.http(name, 503, list_event(name, query))
        scene.wire.fault = Outage(lambda _: False, "throttled")
    compared = get_event("get_diff", package_id, Accept="*/*")
    compared["multiValueHeaders"]["Accept"] = ["*/*"]
    compared["queryStringParameters"] = {"from": package_id, "format": "json"}
    scene.http("get_diff", 200, compared)
    scene.http("get_diff", 404, {**compared, "pathParameters": {"packageId": foreign.record.description.package_id}})
    scene.http("get_diff", 400, {**compared, "queryStringParameters": {"format": SECRETS}})
    scene.http("get_diff", 404, {**compared, "queryStringParameters": {"from": SECRETS}})
    scene.http("change_lifecycle", 200, patch_event(package_id, {"lifecycle": "yanked", "reason": SECRETS}))
    scene.http("change_lifecycle", 400, patch_event(package_id, {"lifecycle": SECRETS, SECRETS: 1}))
    scene.http("change_lifecycle", 400, patch_event(package_id, {"replacedBy": SECRETS}))
    scene.http("change_lifecycle", 412, patch_event(package_id, {}, **{"If-Match": '"none"'}))
    scene.http("change_lifecycle", 404, patch_event(foreign.record.description.package_id, {}))
    scene.wire.fault = Outage(lambda _: True, "unreachable")
    scene.http("change_lifecycle", 503, patch_event(package_id, {}))
    scene.wire.fault = Outage(lambda _: False, "unreachable")
    for method in ("package_index.PackageIndex.list", "package_index.PackageIndex.versions"):
        scene.patch.setattr(f"installhub.packages.{method}", raise_bug)
    scene.patch.setattr("installhub.packages.lifecycle.LifecycleManager.change", raise_bug)
    scene.http("list_packages", 500, list_event("list_packages", {}))
    scene.http("list_versions", 500, list_event("list_versions", {"name": "Suite"}))
    scene.http("change_lifecycle", 500, patch_event(package_id, {}))


def list_event(function: str, query: dict[str, str], **headers: str) -> dict[str, Any]:
    event = sample_event(function)
    event["queryStringParameters"] = query
    event["headers"].update(headers)
    return event


def patch_event(package_id: str, patch: object, **headers: str) -> dict[str, Any]:
    event = get_event("change_lifecycle", package_id, **headers)
    event["multiValueHeaders"].update({name: [value] for name, value in headers.items()})
    return {**event, "body": json.dumps(patch), "isBase64Encoded": False}


def where_used_event(artifact_id: str, cursor: str | None = None, **headers: str) -> dict[str, Any]:
    event = sample_event("list_artifact_packages")
    event["pathParameters"] = {"artifactId": artifact_id}
    event["queryStringParameters"] = None if cursor is None else {"cursor": cursor}
    event["headers"].update(headers)
    return event


def run_sweeps(scene: Scene) -> None:
    export_without_commit(scene.world, "pkg-1", 1)
    assert scene.run("sweep", sample_event("sweep"))["claimsRemoved"] == 1
    scene.wire.fault = Outage(lambda _: True, "unreachable")
    assert scene.run("sweep", sample_event("sweep")) is None
    scene.patch.setattr("installhub.packages.cleanup.ClaimSweeper.sweep", raise_bug)
    assert scene.run("sweep", sample_event("sweep")) is None


def run_worker(scene: Scene) -> None:
    no_failures: dict[str, Any] = {"batchItemFailures": []}
    texts = (
        export_requested(export_request("One")),
        export_requested(export_request("Two", "loop")),
        export_requested(export_request("Theirs", "theirs")),
        SECRETS,
        "{}\n",
    )
    assert scene.process_messages(*texts) == no_failures
    assert scene.run("export_worker", {**export_request("Direct")})["packageId"]
    assert scene.run("export_worker", {**export_request("Direct", "loop")}) is None
    scene.wire.fault = Outage(lambda _: True, "unreachable")
    assert scene.process_messages(export_requested(export_request("Unavailable"))) != no_failures
    scene.wire.fault = Outage(lambda _: False, "unreachable")
    scene.patch.setattr("installhub.exports.exporter.Exporter.export", raise_bug)
    assert scene.process_messages(export_requested(export_request("Bug"))) != no_failures
    assert scene.process_messages(export_requested(export_request("Bug, the last try")), attempt=4) == no_failures
    assert scene.run("export_worker", {**export_request("Direct bug")}) is None


SCENES: Final[dict[str, Callable[[Scene], None]]] = {
    "export": run_exports,
    "preview": run_previews,
    "get_package, download, get_graph, get_diff, get_sbom, get_attestation, get_keys": run_reads,
    "authorizer": run_authorizer,
    "announce": run_announcements,
    "enroll": run_enrollments,
    "index_packages, list_artifact_packages": run_index,
    "list_packages, list_versions, get_diff, change_lifecycle": run_lists,
    "sweep": run_sweeps,
    "export_worker": run_worker,
}
