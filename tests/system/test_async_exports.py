"""Asynchronous exports on a deployed stack."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urljoin

from installhub.model.errors import ErrorCode
from tests.system.bus import Bus, wait_for
from tests.system.client import OTHER_TENANT, Api, artifact, export_body
from tests.system.test_error_responses import assert_problem

MANY = 1_500


@contextmanager
def paused_worker(api: Api) -> Iterator[None]:
    """Stop the worker from receiving messages within the context."""
    functions, name = api.aws.lambda_, api.stack.outputs["ExportWorkerFunction"]
    (mapping,) = functions.list_event_source_mappings(FunctionName=name)["EventSourceMappings"]
    functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)
    time.sleep(2)
    yield
    functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=True)


def status_of(api: Api, package_id: str, token: str | None = "") -> dict[str, Any]:
    response = api.get(package_id, token=token)
    assert response.status_code == 200, response.text
    return dict(response.json())


def test_an_accepted_export_reports_progress_and_is_processed(api: Api, bus: Bus) -> None:
    filler = "lorem ipsum dolor sit amet " * 400
    leaves = [f"async-{number:05}" for number in range(MANY - 1)]
    leaf_artifacts = [artifact(leaf, definition={"id": leaf, "text": filler}, type="RuleSet") for leaf in leaves]
    api.publish([*leaf_artifacts, artifact("async-root", *leaves)])
    token = api.token("tenant-of-tests")
    body = export_body("Async export", "async-root", tenantId="tenant-of-tests")

    with paused_worker(api):
        accepted = api.export(body, token=token, headers={"Prefer": "respond-async"})
        assert accepted.status_code == 202, accepted.text
        assert accepted.headers["Preference-Applied"] == "respond-async"
        assert int(accepted.headers["Retry-After"]) >= 1
        accepted_export = accepted.json()
        location = urljoin(accepted.url, accepted.headers["Location"])
        assert location.endswith(accepted_export["statusUrl"])
        assert accepted_export["status"] == "queued"
        assert status_of(api, accepted_export["packageId"], token) == accepted_export
        assert_problem(api.export(body, token=token), ErrorCode.VERSION_CONFLICT)
        assert_problem(api.export(body, token=token, headers={"Prefer": "respond-async"}), ErrorCode.VERSION_CONFLICT)
        assert_problem(api.download(accepted_export["packageId"], token=token), ErrorCode.PACKAGE_NOT_FOUND)
        foreign = assert_problem(
            api.get(accepted_export["packageId"], token=api.token(OTHER_TENANT)), ErrorCode.PACKAGE_NOT_FOUND
        )
        unknown = assert_problem(
            api.get(f"pkg-{uuid.uuid4()}", token=api.token(OTHER_TENANT)), ErrorCode.PACKAGE_NOT_FOUND
        )
        assert {**foreign, "instance": ""} == {**unknown, "instance": ""}

    polls = []

    def exported() -> dict[str, Any] | None:
        status = status_of(api, accepted_export["packageId"], token)
        polls.append((status["status"], status["progress"]["done"], status["progress"]["total"]))
        return status if status["status"] == "exported" else None

    package = wait_for(exported)
    assert package["artifactCount"] == MANY
    assert package["progress"] == {"done": MANY, "total": MANY}
    assert {status for status, _, _ in polls} <= {"queued", "exporting", "exported"}
    assert [done for _, done, _ in polls] == sorted(done for _, done, _ in polls)
    assert bus.wait_for_outcome("Async export")["data"]["packageId"] == accepted_export["packageId"]


def test_an_accepted_export_that_fails_reports_why(api: Api, bus: Bus) -> None:
    body = export_body("Failing async export", "proc-1009")
    accepted_export = api.export(body, headers={"Prefer": "respond-async"}).json()

    def failed() -> dict[str, Any] | None:
        status = status_of(api, accepted_export["packageId"])
        return status if status["status"] == "failed" else None

    status = wait_for(failed)
    assert (status["isSuccess"], status["errorCode"]) == (False, "ArtifactNotFound")
    assert status["errors"] == assert_problem(api.export(body), ErrorCode.ARTIFACT_NOT_FOUND)["errors"]
    assert bus.wait_for_outcome("Failing async export")["type"] == "PackageExportFailed"
    assert api.export(export_body("Failing async export")).status_code == 200, "the version is free"


def test_invalid_requests_are_rejected_immediately(api: Api) -> None:
    prefer = {"Prefer": "respond-async"}
    assert_problem(api.export(export_body("At once", version="1"), headers=prefer), ErrorCode.INVALID_VERSION)
    assert_problem(api.export(export_body("At once", tenantId=OTHER_TENANT), headers=prefer), ErrorCode.TENANT_MISMATCH)
    assert api.export(export_body("At once")).status_code == 200
    assert_problem(api.export(export_body("At once"), headers=prefer), ErrorCode.VERSION_CONFLICT)
