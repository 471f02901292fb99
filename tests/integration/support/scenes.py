"""Plays for the tests of logs: every function in success, refusals and failure, with secrets all around it."""

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
from tests.integration.support.canaries import FOREIGN, SECRETS, Log, broken
from tests.integration.support.functions import Functions, sample_event
from tests.integration.support.wire import Outage, Refusal
from tests.integration.support.world import reset_composition
from tests.integration.test_authorizer import ISSUER
from tests.integration.test_sweep import leave_behind

if TYPE_CHECKING:
    import pytest

    from tests.integration.support.issuer import Issuer
    from tests.integration.support.wire import Wire
    from tests.integration.support.world import World

HOSTILE: Final = 'x" {y} \u202e\u00a0%0a$(z) ${jndi:ldap://x}'
"""An id of characters that are allowed, and unpleasant in a log."""


@dataclass
class Scene:
    """The functions over a tenant whose definitions are secret, beside another one."""

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
        answer = self.run(name, event)
        assert answer["statusCode"] == status, answer
        return json.loads(answer["body"]) if answer["body"] else None

    def work(self, *texts: str, tries: int = 1) -> Any:  # noqa: ANN401  # any JSON value
        """Let the worker do messages of the queue."""
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
                "attributes": {**sample["attributes"], "ApproximateReceiveCount": str(tries)},
            }
            for item in received
        ]
        return self.run("export_worker", {"Records": records})


def post(name: str, fields: dict[str, Any], **headers: str) -> dict[str, Any]:
    event = sample_event(name)
    event["body"] = base64.b64encode(json.dumps(fields).encode()).decode()
    event["headers"].update(headers)
    return event


def body(name: str = "Logged", *roots: str, **fields: Any) -> dict[str, Any]:  # noqa: ANN401  # any JSON
    canary_fields = {"description": canaries.DESCRIPTION, "tags": [canaries.DESCRIPTION]}
    return {**EXPORT_BODY, **canary_fields, "packageName": name, "artifactIds": list(roots or ("proc",)), **fields}


def asked(*roots: str, **fields: str) -> dict[str, Any]:
    return {"tenantId": TENANT, "artifactIds": list(roots or ("proc",)), **fields}


def get(name: str, package_id: str, **headers: str) -> dict[str, Any]:
    event = sample_event(name)
    event["pathParameters"] = {"packageId": package_id}
    event["headers"].update(headers)
    return event


def ask(scene: Scene, token: str) -> Any:  # noqa: ANN401  # any JSON value
    event = sample_event("authorizer")
    event["headers"]["Authorization"] = f"Bearer {token}"
    event["multiValueHeaders"]["Authorization"] = [f"Bearer {token}"]
    scene.log.secrets += [token, *token.split(".")]
    return scene.run("authorizer", event)


def exports(scene: Scene) -> None:
    scene.http("export", 200, post("export", body()))
    scene.http("export", 200, post("export", body("Hostile", HOSTILE)))
    scene.http("export", 202, post("export", body("Later"), Prefer="respond-async"))
    scene.http("export", 409, post("export", body()))
    scene.http("export", 400, post("export", body("Loop", "loop", "torn")))
    scene.http("export", 400, post("export", body("Line\nbreak", extra=SECRETS)))
    for event in (
        post("export", body("Theirs", "theirs")),
        post("export", body("Theirs", tenantId=FOREIGN)),
        post("export", body("Theirs"), **{"X-Tenant-Id": FOREIGN}),
    ):
        scene.http("export", 403, event)
    scene.wire.fault = Outage(lambda call: call.operation == "UpdateItem", "unreachable")
    scene.http("export", 503, post("export", body("Unavailable")))
    scene.wire.fault = Refusal("PutObject-1")
    scene.http("export", 500, post("export", body("Forbidden")))
    scene.wire.fault = Outage(lambda _: False, "throttled")
    scene.patch.setattr("installhub.exports.exporter.Exporter.export", broken)
    scene.http("export", 500, post("export", body("Bug")))


def previews(scene: Scene) -> None:
    scene.http("preview", 200, post("preview", asked("proc", "loop", "torn")))
    scene.http("preview", 400, post("preview", asked("nowhere", HOSTILE)))
    scene.http("preview", 400, post("preview", asked(SECRETS, "\n")))
    scene.http("preview", 403, post("preview", asked("theirs")))
    scene.http("preview", 403, post("preview", asked(tenantId=FOREIGN)))
    scene.wire.fault = Outage(lambda _: True, "throttled")
    scene.http("preview", 503, post("preview", asked()))
    scene.patch.setattr("installhub.exports.preview.make_plan", broken)
    scene.http("preview", 500, post("preview", asked()))


def looks(scene: Scene) -> None:
    package = scene.http("export", 200, post("export", body()))["packageId"]
    theirs = scene.world.export("theirs", tenant=FOREIGN, package_type=PackageType.WORKFLOW)
    foreign = theirs.record.description.package_id
    for name, good in (("get_package", 200), ("download", 307)):
        scene.http(name, good, get(name, package))
        scene.http(name, 404, get(name, foreign))
        scene.http(name, 404, get(name, f"a\nb{SECRETS}"))
        scene.http(name, 403, get(name, package, **{"X-Tenant-Id": FOREIGN}))
        expired = get(name, package)
        expired["requestContext"]["authorizer"].update(authorizer_context(replace(CALLER, expires_at=1)))
        scene.http(name, 401, expired)
        scene.wire.fault = Outage(lambda _: True, "unreachable")
        scene.http(name, 503, get(name, package))
        scene.wire.fault = Refusal("Query-1")
        scene.http(name, 500, get(name, package))
        scene.wire.fault = Outage(lambda _: False, "throttled")
    assert scene.log.secrets, "there were links"
    scene.patch.setattr("installhub.packages.table.PackageTable.get_for_tenants", broken)
    scene.http("get_package", 500, get("get_package", package))
    scene.http("download", 500, get("download", package))


def authorizes(scene: Scene) -> None:
    good = scene.issuer.token(ISSUER, TENANT, FOREIGN)
    assert ask(scene, good)["context"]
    for bad in (
        good[:-9],
        f"{good[:-9]}AAAAAAAAA",
        canaries.TOKEN,
        scene.issuer.token(ISSUER, FOREIGN, sub=SECRETS + "\n"),
    ):
        assert not ask(scene, bad).get("context")
    scene.wire.fault = Outage(lambda _: True, "throttled")
    assert ask(scene, scene.issuer.token(ISSUER, TENANT)) is None
    scene.wire.fault = Outage(lambda _: False, "throttled")
    scene.patch.setattr("installhub.identity.tokens.TokenVerifier.verify", broken)
    assert ask(scene, good) is None
    scene.patch.undo()
    scene.issuer.server.status = 503
    scene.functions = Functions(scene.functions.deployment)
    assert ask(scene, good) is None


def announces(scene: Scene) -> None:
    for failing in (lambda **_: {"FailedEntryCount": 0}, lambda **_: {"FailedEntryCount": 1}, broken):
        scene.patch.setattr(
            aws_clients, "eventbridge", lambda put=failing: type("Bus", (), {"put_events": staticmethod(put)})
        )
        reset_composition()
        for sample in ("announce", "announce-failed"):
            event = sample_event(sample)
            failures = scene.run("announce", event)["batchItemFailures"]
            assert bool(failures) == (failing() != {"FailedEntryCount": 0} if failing is not broken else True)
    event = sample_event("announce")
    event["Records"][0]["dynamodb"]["NewImage"] = {"status": {"S": SECRETS}}
    assert scene.run("announce", event)["batchItemFailures"]


def enrolls(scene: Scene) -> None:
    assert scene.run("enroll", scene.enroll_event) == {"batchItemFailures": []}
    scene.wire.fault = Outage(lambda _: True, "unreachable")
    assert scene.run("enroll", scene.enroll_event)["batchItemFailures"]
    scene.patch.setattr("installhub.identity.usage_keys.UsageKeyProvisioner.provision", broken)
    assert scene.run("enroll", scene.enroll_event)["batchItemFailures"]


def sweeps(scene: Scene) -> None:
    leave_behind(scene.world, "pkg-1", 1)
    assert scene.run("sweep", sample_event("sweep"))["claimsRemoved"] == 1
    scene.wire.fault = Outage(lambda _: True, "unreachable")
    assert scene.run("sweep", sample_event("sweep")) is None
    scene.patch.setattr("installhub.packages.cleanup.ClaimSweeper.sweep", broken)
    assert scene.run("sweep", sample_event("sweep")) is None


def works(scene: Scene) -> None:
    done: dict[str, Any] = {"batchItemFailures": []}
    texts = (
        export_requested(body("One")),
        export_requested(body("Two", "loop")),
        export_requested(body("Theirs", "theirs")),
        SECRETS,
        "{}\n",
    )
    assert scene.work(*texts) == done
    assert scene.run("export_worker", {**body("Direct")})["packageId"]
    assert scene.run("export_worker", {**body("Direct", "loop")}) is None
    scene.wire.fault = Outage(lambda _: True, "unreachable")
    assert scene.work(export_requested(body("Unavailable"))) != done
    scene.wire.fault = Outage(lambda _: False, "unreachable")
    scene.patch.setattr("installhub.exports.exporter.Exporter.export", broken)
    assert scene.work(export_requested(body("Bug"))) != done
    assert scene.work(export_requested(body("Bug, the last try")), tries=4) == done
    assert scene.run("export_worker", {**body("Direct bug")}) is None


SCENES: Final[dict[str, Callable[[Scene], None]]] = {
    "export": exports,
    "preview": previews,
    "get_package, download": looks,
    "authorizer": authorizes,
    "announce": announces,
    "enroll": enrolls,
    "sweep": sweeps,
    "export_worker": works,
}
