"""Every row of the error table, over HTTP, as a problem document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from installhub.contract.response_models import ProblemDocument
from installhub.model.errors import REGISTRY, ErrorCode
from tests.system.client import OTHER_TENANT, TENANT, Api, artifact, export_body

if TYPE_CHECKING:
    import requests

UNKNOWN_PACKAGE = "pkg-00000000-0000-5000-8000-000000000000"


def assert_problem(response: requests.Response, code: ErrorCode) -> dict[str, Any]:
    """Assert that ``response`` is a valid problem document with the error ``code``, and return its body."""
    kind = REGISTRY[code]
    assert (response.status_code, response.json()["errorCode"]) == (kind.status, code.value), response.text
    assert response.headers["Content-Type"] == "application/problem+json"
    if kind.retry_after is not None:
        assert int(response.headers["Retry-After"]) >= 1
    body: dict[str, Any] = response.json()
    document = ProblemDocument.model_validate(body)
    assert document.status == response.status_code
    assert document.title == kind.title
    assert document.errors
    assert document.instance.startswith("urn:uuid:")
    assert "$context" not in response.text
    return body


@pytest.mark.parametrize(
    ("change", "code", "pointer"),
    [
        ({"packageName": None}, ErrorCode.INVALID_REQUEST, "/packageName"),
        ({"packageName": ""}, ErrorCode.INVALID_REQUEST, "/packageName"),
        ({"packageName": "x" * 101}, ErrorCode.INVALID_REQUEST, "/packageName"),
        ({"packageName": "two\nlines"}, ErrorCode.INVALID_REQUEST, "/packageName"),
        ({"packageType": "zip-package"}, ErrorCode.INVALID_REQUEST, "/packageType"),
        ({"artifactIds": []}, ErrorCode.INVALID_REQUEST, "/artifactIds"),
        ({"artifactIds": "proc-1001"}, ErrorCode.INVALID_REQUEST, "/artifactIds"),
        ({"artifactIds": ["proc-1001", 7]}, ErrorCode.INVALID_REQUEST, "/artifactIds/1"),
        ({"artifactIds": ["\ud800"]}, ErrorCode.INVALID_REQUEST, None),
        ({"tags": "hr"}, ErrorCode.INVALID_REQUEST, "/tags"),
        ({"colour": "red"}, ErrorCode.INVALID_REQUEST, "/colour"),
        ({"version": "2.1"}, ErrorCode.INVALID_VERSION, "/version"),
        ({"version": "1.0.0\n"}, ErrorCode.INVALID_VERSION, "/version"),
        ({"version": "1.0.٣"}, ErrorCode.INVALID_VERSION, "/version"),
        ({"version": 2}, ErrorCode.INVALID_REQUEST, "/version"),
    ],
)
def test_an_invalid_field_is_identified_by_its_pointer(
    api: Api, change: dict[str, Any], code: ErrorCode, pointer: str | None
) -> None:
    body = assert_problem(api.export(export_body("Bad field", **change)), code)
    if pointer is not None:
        assert [error["pointer"] for error in body["errors"]] == [pointer]


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b"null", b'"text"', b"\xff\xfe", b"{" * 5000])
def test_a_body_that_is_not_a_json_object_is_refused(api: Api, raw: bytes) -> None:
    assert_problem(api.call("POST", "/export", raw=raw), ErrorCode.INVALID_REQUEST)


def test_every_problem_with_a_request_is_listed_at_once(api: Api) -> None:
    response = api.export({"version": "one", "packageType": 3, "extra": True}, token=api.token(TENANT))
    body = assert_problem(response, ErrorCode.INVALID_REQUEST)
    pointers = {error["pointer"]: error["errorCode"] for error in body["errors"]}
    assert pointers == {
        "/packageName": "InvalidRequest",
        "/packageType": "InvalidRequest",
        "/artifactIds": "InvalidRequest",
        "/extra": "InvalidRequest",
        "/tenantId": "InvalidRequest",
        "/version": "InvalidVersion",
    }


def test_every_problem_with_the_artifacts_is_listed_at_once(api: Api) -> None:
    body = assert_problem(api.export(export_body("Broken", "app-5002", "proc-1501")), ErrorCode.TENANT_MISMATCH)
    codes = [error["errorCode"] for error in body["errors"]]
    assert codes == [
        "TenantMismatch",
        "ArtifactNotFound",
        "CircularDependency",
        "CircularDependency",
        "IncompleteArtifact",
        "IncompleteArtifact",
    ]
    missing = body["errors"][1]
    assert (missing["artifactId"], missing["requiredBy"]) == ("conf-799", ["app-5002", "proc-1009"])
    assert body["errors"][2]["cycle"] == ["proc-1020", "thread-2020", "proc-1021", "proc-1020"]
    assert body["errors"][3]["cycle"] == ["proc-1023", "proc-1023"]
    assert body["errors"][0] == {
        "errorCode": "TenantMismatch",
        "detail": "Artifact 'proc-1501' belongs to a different tenant.",
        "artifactId": "proc-1501",
    }


@pytest.mark.parametrize(
    ("root", "package_type", "code"),
    [
        ("proc-9999", "workflow-package", ErrorCode.ARTIFACT_NOT_FOUND),
        ("proc-1009", "workflow-package", ErrorCode.ARTIFACT_NOT_FOUND),
        ("proc-1020", "workflow-package", ErrorCode.CIRCULAR_DEPENDENCY),
        ("proc-1023", "workflow-package", ErrorCode.CIRCULAR_DEPENDENCY),
        ("proc-1007", "workflow-package", ErrorCode.INCOMPLETE_ARTIFACT),
        ("proc-1008", "workflow-package", ErrorCode.INCOMPLETE_ARTIFACT),
        ("form-2005", "workflow-package", ErrorCode.PACKAGE_TYPE_MISMATCH),
        ("form-2002", "config-package", ErrorCode.PACKAGE_TYPE_MISMATCH),
        ("proc-1501", "workflow-package", ErrorCode.TENANT_MISMATCH),
    ],
)
def test_an_invalid_export_is_rejected_and_leaves_its_version_free(
    api: Api, root: str, package_type: str, code: ErrorCode
) -> None:
    name = f"Refused {root}"
    assert_problem(api.export(export_body(name, root, packageType=package_type)), code)
    assert api.export(export_body(name)).status_code == 200


def test_a_preview_warns_of_errors_that_an_export_would_return(api: Api) -> None:
    response = api.preview({"tenantId": TENANT, "artifactIds": ["app-5002"]})
    assert response.status_code == 200
    body = response.json()
    assert body["hasCircularDependency"] is True
    assert body["installOrder"] == []
    assert {warning["errorCode"] for warning in body["warnings"]} == {
        "ArtifactNotFound",
        "CircularDependency",
        "IncompleteArtifact",
    }


@pytest.mark.parametrize(
    ("root", "code"),
    [("proc-9999", ErrorCode.ARTIFACT_NOT_FOUND), ("proc-1501", ErrorCode.TENANT_MISMATCH)],
)
def test_a_preview_refuses_missing_roots(api: Api, root: str, code: ErrorCode) -> None:
    assert_problem(api.preview({"tenantId": TENANT, "artifactIds": ["proc-1001", root]}), code)


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"type": "Spreadsheet"}, "/type"),
        ({"name": ""}, "/name"),
        ({"status": None}, "/status"),
        ({"dependencies": ["a", 7]}, "/dependencies/1"),
        ({"definition": "\ud800"}, "/definition"),
        ({"requirements": [{"name": "db", "kind": "wish"}]}, "/requirements/0/kind"),
        ({"artifactId": "bad"}, "/artifactId"),
        ({"colour": "red"}, "/colour"),
    ],
)
def test_an_invalid_field_of_an_artifact_is_identified_by_its_pointer(
    api: Api, change: dict[str, Any], pointer: str
) -> None:
    fields = {name: value for name, value in artifact("bad", tenantId=TENANT).items() if name != "artifactId"}

    body = assert_problem(api.artifacts("PUT", "bad", fields | change), ErrorCode.INVALID_REQUEST)

    assert [error["pointer"] for error in body["errors"]] == [pointer]


def test_artifacts_that_declare_a_requirement_differently_are_not_exported(api: Api) -> None:
    for artifact_id, kind, dependencies in (("req-a", "connection", []), ("req-b", "secret", ["req-a"])):
        fields = artifact(artifact_id, *dependencies, tenantId=TENANT, requirements=[{"name": "db", "kind": kind}])
        del fields["artifactId"]
        assert api.artifacts("PUT", artifact_id, fields).status_code == 201

    body = assert_problem(api.export(export_body("Conflicting", "req-b")), ErrorCode.REQUIREMENT_CONFLICT)

    assert [error["requiredBy"] for error in body["errors"]] == [["req-a", "req-b"]]


def test_a_version_conflict_ignores_case_whitespace_and_build_metadata(api: Api) -> None:
    assert api.export(export_body("Taken")).status_code == 200
    for name, version in (("Taken", "1.0.0"), ("  tAKEN ", "1.0.0"), ("Taken", "1.0.0+build.7")):
        assert_problem(api.export(export_body(name, version=version)), ErrorCode.VERSION_CONFLICT)
    assert api.export(export_body("Taken", version="1.0.0-rc.1")).status_code == 200
    assert api.export(export_body("Taken", version="1.0.1")).status_code == 200


@pytest.mark.parametrize("suffix", ["", "/download"])
def test_another_tenants_package_is_indistinguishable_from_an_unknown_one(api: Api, suffix: str) -> None:
    package_id = api.export(export_body(f"Hidden{suffix}")).json()["packageId"]
    other_token = api.token(OTHER_TENANT)
    foreign = api.call("GET", f"/{package_id}{suffix}", token=other_token)
    unknown = api.call("GET", f"/{UNKNOWN_PACKAGE}{suffix}", token=other_token)
    foreign_body, unknown_body = (
        assert_problem(response, ErrorCode.PACKAGE_NOT_FOUND) for response in (foreign, unknown)
    )
    foreign_body.pop("instance")
    unknown_body.pop("instance")
    assert foreign_body == unknown_body
    varying = {"date", "content-length", "x-amzn-requestid", "x-amz-request-id", "x-amzn-trace-id", "x-amz-id-2"}
    assert {name.lower() for name in foreign.headers} == {name.lower() for name in unknown.headers}
    for name, value in foreign.headers.items():
        if name.lower() not in varying:
            assert unknown.headers[name] == value, name


@pytest.mark.parametrize("package_id", ["nonsense", "pkg-", "pkg-ABC", "%00", "export", "a" * 500, "..%2F..%2Fetc"])
def test_invalid_package_ids_are_not_found(api: Api, package_id: str) -> None:
    response = api.get(package_id)
    assert response.status_code == 404, response.text
    assert response.json()["isSuccess"] is False


def test_a_body_over_the_limit_is_too_large(api: Api) -> None:
    body = export_body("Too large", description="x" * 5_000_000)
    assert_problem(api.export(body), ErrorCode.REQUEST_TOO_LARGE)


@pytest.mark.parametrize(("method", "path"), [("DELETE", ""), ("DELETE", f"/{UNKNOWN_PACKAGE}"), ("POST", "/import")])
def test_an_unknown_route_is_not_found(api: Api, method: str, path: str) -> None:
    assert_problem(api.call(method, path), ErrorCode.NOT_FOUND)


@pytest.mark.parametrize(
    ("roots", "package_type", "limit"),
    [
        (
            ["proc-1001", "proc-1004", "thread-2002", "form-2005"],
            "workflow-package",
            "4 root artifacts; the limit is 3",
        ),
        (["app-5001"], "app-package", "artifacts; the limit is 20"),
        (["proc-1004"], "workflow-package", "artifacts; the limit is 20"),
    ],
)
def test_a_package_over_a_limit_is_refused_with_limit_and_count(
    limited_api: Api, roots: list[str], package_type: str, limit: str
) -> None:
    response = limited_api.export_with_retry(export_body("Over the limit", *roots, packageType=package_type))
    body = assert_problem(response, ErrorCode.PACKAGE_TOO_LARGE)
    assert limit in body["detail"]


def test_definitions_over_the_limit_are_refused_with_limit_and_count(limited_api: Api) -> None:
    response = limited_api.preview({"tenantId": TENANT, "artifactIds": ["agent-6001"]})
    assert response.status_code == 200
    (warning,) = response.json()["warnings"]
    assert warning["errorCode"] == "PackageTooLarge"
    assert "bytes of definitions; the limit is 20000" in warning["detail"]


def test_an_internal_error_discloses_nothing(limited_api: Api) -> None:
    package_id = limited_api.export_with_retry(export_body("Damaged")).json()["packageId"]
    limited_api.aws.dynamodb.update_item(
        TableName=limited_api.stack.outputs["PackagesTable"],
        Key={"packageId": {"S": package_id}},
        UpdateExpression="REMOVE bundleKey",
    )
    response = limited_api.get(package_id)
    assert_problem(response, ErrorCode.INTERNAL_ERROR)
    assert "bundleKey" not in response.text


def test_without_the_issuers_keys_the_service_is_unavailable(limited_api: Api) -> None:
    authorizer = limited_api.stack.outputs["AuthorizerFunction"]
    with limited_api.changed_variables(authorizer, JWKS_URI="http://127.0.0.1:1/jwks.json"):
        assert_problem(limited_api.get(UNKNOWN_PACKAGE), ErrorCode.SERVICE_UNAVAILABLE)
    assert_problem(limited_api.get(UNKNOWN_PACKAGE), ErrorCode.PACKAGE_NOT_FOUND)
