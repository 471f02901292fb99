"""Every row of the error table that is returned by a function, served from containers."""

from __future__ import annotations

from typing import Any

import pytest

from installhub.model.errors import ErrorCode
from tests.secret_corpus import planted
from tests.system.client import OTHER_TENANT, TENANT, Api, artifact, export_body
from tests.system.test_error_responses import UNKNOWN_PACKAGE, assert_problem

RETURNED_BY_API_GATEWAY = {
    ErrorCode.UNAUTHORIZED,
    ErrorCode.NOT_FOUND,
    ErrorCode.UNSUPPORTED_MEDIA_TYPE,
    ErrorCode.RATE_LIMIT_EXCEEDED,
}
"""Returned by API Gateway; test_differences.py tests what `sam local` returns instead."""

EXPORTS: dict[ErrorCode, dict[str, Any]] = {
    ErrorCode.INVALID_REQUEST: {"packageName": ""},
    ErrorCode.INVALID_VERSION: {"version": "2.1"},
    ErrorCode.TENANT_MISMATCH: {"artifactIds": ["proc-1501"]},
    ErrorCode.ARTIFACT_NOT_FOUND: {"artifactIds": ["proc-1009"]},
    ErrorCode.CIRCULAR_DEPENDENCY: {"artifactIds": ["proc-1020"]},
    ErrorCode.INCOMPLETE_ARTIFACT: {"artifactIds": ["proc-1007"]},
    ErrorCode.PACKAGE_TYPE_MISMATCH: {"artifactIds": ["form-2005"]},
    ErrorCode.PACKAGE_TOO_LARGE: {"artifactIds": ["proc-1001", "thread-2002", "form-2005", "rule-305"]},
    ErrorCode.REQUEST_TOO_LARGE: {"description": "x" * 4_300_000},
}
TESTED_SEPARATELY = {
    ErrorCode.INSUFFICIENT_SCOPE,
    ErrorCode.VERSION_CONFLICT,
    ErrorCode.PRECONDITION_FAILED,
    ErrorCode.ARTIFACT_IN_USE,
    ErrorCode.INVALID_CURSOR,
    ErrorCode.REQUIREMENT_CONFLICT,
    ErrorCode.UNDECLARED_REFERENCE,
    ErrorCode.SECRET_FOUND,
    ErrorCode.PLAN_CHANGED,
    ErrorCode.VERSION_TOO_LOW,
    ErrorCode.ATTESTATION_NOT_FOUND,
    ErrorCode.PACKAGE_NOT_FOUND,
    ErrorCode.RANGE_NOT_SATISFIABLE,  # test_export_flow.py
    ErrorCode.IDEMPOTENCY_KEY_REUSED,
    ErrorCode.IDEMPOTENCY_KEY_IN_USE,  # timing-dependent: tests/integration/test_idempotency.py
    ErrorCode.EXPORT_TAKES_TOO_LONG,  # no sample is that large: tests/integration/test_event_functions.py
    ErrorCode.SERVICE_UNAVAILABLE,  # test_lifecycle.py disconnects the stack
    ErrorCode.INTERNAL_ERROR,
}


def test_every_row_is_tested() -> None:
    assert {*EXPORTS, *TESTED_SEPARATELY, *RETURNED_BY_API_GATEWAY} == set(ErrorCode)


@pytest.mark.parametrize("code", EXPORTS)
def test_an_invalid_export_is_rejected(api: Api, code: ErrorCode) -> None:
    assert_problem(api.export(export_body(f"Refused {code}", **EXPORTS[code])), code)


def test_all_problems_are_listed(api: Api) -> None:
    body = assert_problem(
        api.export(export_body("Broken", "app-5002", packageType="app-package")), ErrorCode.ARTIFACT_NOT_FOUND
    )
    assert [error["errorCode"] for error in body["errors"]] == [
        "ArtifactNotFound",
        *("CircularDependency", "CircularDependency"),
        *("IncompleteArtifact", "IncompleteArtifact"),
    ]


def test_the_scope_is_required(api: Api) -> None:
    token = api.token(TENANT, scope="other")
    assert_problem(api.export(export_body("No scope"), token=token), ErrorCode.INSUFFICIENT_SCOPE)


def test_a_version_exists_once(api: Api) -> None:
    assert api.export(export_body("Once")).status_code == 200
    assert_problem(api.export(export_body(" ONCE ")), ErrorCode.VERSION_CONFLICT)


def test_artifacts_are_refused(api: Api) -> None:
    requirement = {"name": "db", "kind": "connection"}
    for artifact_id, description, dependencies in (("req-a", "one", []), ("req-b", "another", ["req-a"])):
        fields = {
            **artifact(artifact_id, *dependencies, tenantId=TENANT),
            "requirements": [{**requirement, "description": description}],
        }
        del fields["artifactId"]
        assert api.artifacts("PUT", artifact_id, fields).status_code == 201
    missing = {"If-Match": '"another"'}

    assert_problem(api.artifacts("PUT", "req-a", fields, headers=missing), ErrorCode.PRECONDITION_FAILED)
    assert_problem(api.artifacts("DELETE", "req-a"), ErrorCode.ARTIFACT_IN_USE)
    assert_problem(api.artifacts("GET", suffix="?cursor=x"), ErrorCode.INVALID_CURSOR)
    assert_problem(api.export(export_body("Conflicting", "req-b")), ErrorCode.REQUIREMENT_CONFLICT)
    for artifact_id in ("req-b", "req-a"):
        assert api.artifacts("DELETE", artifact_id).status_code == 204


def test_what_a_definition_contains_is_refused(api: Api) -> None:
    secret = next(found.secret for found in planted() if found.rule == "password-in-url")
    for artifact_id, definition in (("mentioned", {}), ("contains", {"form": "mentioned", "url": secret})):
        fields = artifact(artifact_id, tenantId=TENANT, definition=definition)
        del fields["artifactId"]
        assert api.artifacts("PUT", artifact_id, fields).status_code == 201
    body = export_body("Contains", "contains", onUndeclaredReference="refuse")

    problem = assert_problem(api.export(body), ErrorCode.UNDECLARED_REFERENCE)
    assert {error["errorCode"] for error in problem["errors"]} == {"UndeclaredReference", "SecretFound"}
    assert_problem(api.export({**body, "onUndeclaredReference": "ignore"}), ErrorCode.SECRET_FOUND)
    for artifact_id in ("contains", "mentioned"):
        assert api.artifacts("DELETE", artifact_id).status_code == 204


def test_a_changed_plan_and_a_version_that_is_too_low_are_refused(api: Api) -> None:
    assert_problem(api.export(export_body("Bound"), headers={"If-Match": '"something"'}), ErrorCode.PLAN_CHANGED)
    assert api.export(export_body("Lowered", "proc-1004", version="1.2.0")).status_code == 200
    lower = export_body("Lowered", version="1.2.1", versionPolicy="enforce")
    assert assert_problem(api.export(lower), ErrorCode.VERSION_TOO_LOW)["errors"][0]["suggested"] == "2.0.0"


def test_a_package_that_was_not_signed_has_no_attestation(api: Api) -> None:
    package_id = api.export(export_body("Signed")).json()["packageId"]
    assert api.call("GET", f"/{package_id}/attestation").status_code == 200
    api.aws.dynamodb.update_item(
        TableName=api.stack.outputs["PackagesTable"],
        Key={"packageId": {"S": package_id}},
        UpdateExpression="REMOVE signature",
    )
    assert_problem(api.call("GET", f"/{package_id}/attestation"), ErrorCode.ATTESTATION_NOT_FOUND)


def test_an_idempotency_key_is_valid_for_one_request(api: Api) -> None:
    key = {"Idempotency-Key": '"8e03978e-40d5-43e8-bc93-6894a57f9324"'}
    first = api.export(export_body("Keyed"), headers=key)
    assert first.status_code == 200
    assert api.export(export_body("Keyed"), headers=key).json() == first.json()
    assert_problem(api.export(export_body("Keyed", version="1.0.1"), headers=key), ErrorCode.IDEMPOTENCY_KEY_REUSED)


@pytest.mark.parametrize("suffix", ["", "/download"])
def test_another_tenants_package_is_unknown(api: Api, suffix: str) -> None:
    package_id = api.export(export_body(f"Hidden{suffix}")).json()["packageId"]
    other_token = api.token(OTHER_TENANT)
    foreign = assert_problem(api.call("GET", f"/{package_id}{suffix}", token=other_token), ErrorCode.PACKAGE_NOT_FOUND)
    unknown = assert_problem(
        api.call("GET", f"/{UNKNOWN_PACKAGE}{suffix}", token=other_token), ErrorCode.PACKAGE_NOT_FOUND
    )
    assert {**foreign, "instance": ""} == {**unknown, "instance": ""}


def test_an_internal_error_discloses_nothing(api: Api) -> None:
    package_id = api.export(export_body("Damaged")).json()["packageId"]
    api.aws.dynamodb.update_item(
        TableName=api.stack.outputs["PackagesTable"],
        Key={"packageId": {"S": package_id}},
        UpdateExpression="REMOVE bundleKey",
    )
    response = api.get(package_id)
    assert_problem(response, ErrorCode.INTERNAL_ERROR)
    assert "bundleKey" not in response.text
