"""A scenario for the log tests: artifacts that contain secrets of every kind, published and exported in every way."""

from __future__ import annotations

import base64
import json
import re
from typing import TYPE_CHECKING, Any, Final

from installhub.events.artifact_events import artifact_event
from installhub.identity.caller import authorizer_context
from tests.integration.support.artifact_api import CONSULTANT
from tests.integration.support.artifact_inputs import TENANT
from tests.integration.support.async_stack import export_requested
from tests.integration.support.drop_stack import DropStack, content_of, line
from tests.integration.support.functions import sample_event
from tests.integration.support.scenes import export_request, post_event, preview_request
from tests.integration.support.wire import Outage
from tests.integration.test_artifact_events import edge_image, record_of
from tests.secret_corpus import planted

if TYPE_CHECKING:
    from tests.integration.support.scenes import Scene

PLANTED: Final = [secret.secret for secret in planted()]
PARTS: Final = [max(re.split(r"[\s:/@;'\"=.\\]+", secret), key=len) for secret in PLANTED]
"""The part of each secret that nothing but the secret contains."""

FIELDS: Final[dict[str, Any]] = {
    "type": "ProcessDefinition",
    "name": f"Named {PLANTED[-1]}",
    "status": "published",
    "dependencies": [],
    "definition": {"texts": PLANTED, **{secret: {"in": f"name-{number}"} for number, secret in enumerate(PLANTED)}},
}


def run_secrets(scene: Scene) -> None:
    """Publish and export; no response, event or result contains a secret, except in the name that was published."""
    shown = [
        scene.http("put_artifact", 201, _artifact_event("put_artifact", FIELDS)),
        scene.http("put_artifact", 200, _artifact_event("put_artifact", {**FIELDS, "acknowledgedFindings": []})),
        scene.http("put_artifact", 400, _artifact_event("put_artifact", {**FIELDS, "acknowledgedFindings": PLANTED})),
        scene.http("put_artifact", 400, _artifact_event("put_artifact", {**FIELDS, "type": PLANTED[0], "status": 1})),
        scene.http("publish_artifacts", 200, _batch_event({"artifactId": "two", **FIELDS}, {"artifactId": PLANTED})),
        scene.http("get_artifact", 200, _artifact_event("get_artifact")),
        scene.http("list_artifacts", 200, _artifact_event("list_artifacts")),
        scene.http("preview", 200, post_event("preview", preview_request("secret", "two"))),
        scene.http("export", 400, post_event("export", export_request("Secret", "secret", "two"))),
        _dropped_file(scene),
    ]
    scene.process_messages(export_requested(export_request("Secret", "secret")))
    failures = scene.world.dynamodb.scan(TableName=scene.world.name("RequestsTable"))["Items"]
    record = record_of(NewImage=edge_image(scene.world, "secret"))
    scene.run("announce", {"Records": [record]})
    event = artifact_event(record, "/installhub/test")
    scene.wire.fault = Outage(lambda call: call.operation == "TransactWriteItems", "throttled")
    shown.append(scene.http("put_artifact", 503, _artifact_event("put_artifact", {**FIELDS, "status": "draft"})))

    assert "SecretFound" in json.dumps(failures, default=str)
    edges = [edge_image(scene.world, artifact_id) for artifact_id in ("secret", "two", "dropped")]
    named = json.dumps([shown, failures, edges, event], default=str).replace(FIELDS["name"], "")
    assert [part for part in PARTS if part in named] == []
    scene.log.secrets += PARTS


def _artifact_event(function: str, fields: dict[str, Any] | None = None) -> dict[str, Any]:
    event = sample_event(function)
    if event["pathParameters"] is not None:
        event["pathParameters"] = {"artifactId": "secret"}
    event["headers"]["X-Tenant-Id"] = TENANT
    event["multiValueHeaders"]["X-Tenant-Id"] = [TENANT]
    event["requestContext"]["authorizer"].update(authorizer_context(CONSULTANT))
    event["queryStringParameters"] = event["multiValueQueryStringParameters"] = None
    event["body"] = None if fields is None else base64.b64encode(json.dumps(fields).encode()).decode()
    return event


def _batch_event(*artifacts: dict[str, Any]) -> dict[str, Any]:
    return _artifact_event("publish_artifacts", {"artifacts": list(artifacts)})


def _dropped_file(scene: Scene) -> Any:  # noqa: ANN401  # any JSON value
    stack = DropStack(scene.world)
    event = sample_event("publish_worker")
    (record,) = event["Records"]
    message = json.loads(record["body"])
    message["detail"]["bucket"]["name"] = stack.bucket
    stack.drop(
        content_of([line("dropped", **FIELDS), line("refused", **{**FIELDS, "type": PLANTED[0]})]), "artifacts/a.ndjson"
    )
    message["detail"]["object"]["key"] = "artifacts/a.ndjson"
    record |= {"body": json.dumps(message), "receiptHandle": stack.receive(json.dumps(message)).receipt_handle}
    assert scene.run("publish_worker", event) == {"batchItemFailures": []}
    return stack.result("artifacts/a.ndjson")
