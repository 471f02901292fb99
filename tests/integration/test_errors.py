"""Every error of the functions with the sample tenants: status, code and format."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from installhub.contract.request_documents import MAX_DOCUMENT_BYTES
from installhub.model.errors import REGISTRY, ErrorCode
from tests.integration.support.api import CALLER, EXPORT_BODY, PREVIEW_BODY, Api, ApiResponse
from tests.integration.support.artifact_inputs import OTHER_TENANT, TENANT
from tests.integration.support.functions import Functions

if TYPE_CHECKING:
    from tests.integration.support.world import World


def body(**changes: Any) -> dict[str, Any]:  # noqa: ANN401  # any JSON value
    """Return the sample request with ``changes`` applied; a field changed to ``...`` is omitted."""
    return {name: value for name, value in {**EXPORT_BODY, **changes}.items() if value is not ...}


def body_for_root(root: str, package_type: str = "workflow-package") -> dict[str, Any]:
    return body(artifactIds=[root], packageType=package_type)


def assert_refused(response: ApiResponse, code: str) -> list[dict[str, Any]]:
    """Check that a response is a refusal with this code, and return its errors."""
    problem = response.problem()
    error_type = REGISTRY[ErrorCode(code)]
    assert (problem.error_code, problem.status, problem.title) == (code, error_type.status, error_type.title)
    assert problem.instance == "urn:uuid:6f2d9a7e-41c5-4b0e-9d83-2a7c5e1f0b64"
    precedence = list(ErrorCode)
    assert sorted(problem.errors, key=lambda error: precedence.index(error.error_code)) == problem.errors
    errors: list[dict[str, Any]] = response.json["errors"]
    return errors


@pytest.mark.parametrize(
    ("content", "code", "pointers"),
    [
        (b"", "InvalidRequest", [""]),
        (b"{", "InvalidRequest", [""]),
        (b"\xff", "InvalidRequest", [""]),
        (b"[" * 100_000, "InvalidRequest", [""]),
        (b"null", "InvalidRequest", [""]),
        (b"[]", "InvalidRequest", [""]),
        (b'"text"', "InvalidRequest", [""]),
        (body(packageName=...), "InvalidRequest", ["/packageName"]),
        (body(packageType=...), "InvalidRequest", ["/packageType"]),
        (body(version=...), "InvalidRequest", ["/version"]),
        (body(artifactIds=...), "InvalidRequest", ["/artifactIds"]),
        (body(tenantId=...), "InvalidRequest", ["/tenantId"]),
        (body(tenantId=None), "InvalidRequest", ["/tenantId"]),
        (body(tenantId=7), "InvalidRequest", ["/tenantId"]),
        (body(tenantId=""), "InvalidRequest", ["/tenantId"]),
        (body(packageName=""), "InvalidRequest", ["/packageName"]),
        (body(packageName="   "), "InvalidRequest", ["/packageName"]),
        (body(packageName="x" * 101), "InvalidRequest", ["/packageName"]),
        (body(packageName="line\nbreak"), "InvalidRequest", ["/packageName"]),
        (body(packageName=["x"]), "InvalidRequest", ["/packageName"]),
        (body(packageType="zip-package"), "InvalidRequest", ["/packageType"]),
        (body(packageType="Workflow-Package"), "InvalidRequest", ["/packageType"]),
        (body(version=2), "InvalidRequest", ["/version"]),
        (body(description=5), "InvalidRequest", ["/description"]),
        (body(author={}), "InvalidRequest", ["/author"]),
        (body(tags="hr"), "InvalidRequest", ["/tags"]),
        (body(tags=["hr", 1]), "InvalidRequest", ["/tags/1"]),
        (body(artifactIds=[]), "InvalidRequest", ["/artifactIds"]),
        (body(artifactIds="proc-1001"), "InvalidRequest", ["/artifactIds"]),
        (body(artifactIds=["proc-1001", ""]), "InvalidRequest", ["/artifactIds/1"]),
        (body(artifactIds=["x" * 257]), "InvalidRequest", ["/artifactIds/0"]),
        (body(artifactIds=[None]), "InvalidRequest", ["/artifactIds/0"]),
        (body(surprise=1), "InvalidRequest", ["/surprise"]),
        (body(**{"a/b~c": 1}), "InvalidRequest", ["/a~1b~0c"]),
        (body(version="2.1"), "InvalidVersion", ["/version"]),
        (body(version="2.1.0\n"), "InvalidVersion", ["/version"]),
        (body(version="v2.1.0"), "InvalidVersion", ["/version"]),
        (body(version="02.1.0"), "InvalidVersion", ["/version"]),
        (body(version="2.1.\N{ARABIC-INDIC DIGIT ZERO}"), "InvalidVersion", ["/version"]),
        (body(version=""), "InvalidVersion", ["/version"]),
        (body(version=f"1.0.0-{'x' * 251}"), "InvalidVersion", ["/version"]),
        (
            body(packageName="", version="1", surprise=1, artifactIds=[1]),
            "InvalidRequest",
            ["/artifactIds/0", "/packageName", "/surprise", "/version"],
        ),
    ],
    ids=lambda value: str(value)[-60:] if isinstance(value, dict) else None,
)
def test_an_invalid_request_is_refused(
    functions: Functions, content: bytes | dict[str, Any], code: str, pointers: list[str]
) -> None:
    errors = assert_refused(Api(functions).export(content), code)

    assert sorted(error["pointer"] for error in errors) == pointers


def test_a_wrong_tenant_of_an_invalid_request_is_reported_too(api: Api) -> None:
    errors = assert_refused(api.export(body(version="1", tenantId=OTHER_TENANT)), "InvalidVersion")

    assert [error["errorCode"] for error in errors] == ["InvalidVersion", "TenantMismatch"]


@pytest.mark.parametrize(
    ("request_body", "code", "errors"),
    [
        (
            body_for_root("proc-1009"),
            "ArtifactNotFound",
            [{"artifactId": "conf-799", "requiredBy": ["proc-1009"]}],
        ),
        (body_for_root("conf-799", "config-package"), "ArtifactNotFound", [{"artifactId": "conf-799"}]),
        (
            body_for_root("proc-1020"),
            "CircularDependency",
            [{"cycle": ["proc-1020", "thread-2020", "proc-1021", "proc-1020"]}],
        ),
        (body_for_root("proc-1023"), "CircularDependency", [{"cycle": ["proc-1023", "proc-1023"]}]),
        (
            body_for_root("proc-1022"),
            "CircularDependency",
            [
                {"cycle": ["proc-1020", "thread-2020", "proc-1021", "proc-1020"]},
                {"cycle": ["proc-1023", "proc-1023"]},
            ],
        ),
        (body_for_root("proc-1007"), "IncompleteArtifact", [{"artifactId": "rule-307", "requiredBy": ["proc-1007"]}]),
        (body_for_root("proc-1008"), "IncompleteArtifact", [{"artifactId": "form-2009", "requiredBy": ["proc-1008"]}]),
        (body_for_root("rule-307", "config-package"), "IncompleteArtifact", [{"artifactId": "rule-307"}]),
        (body_for_root("form-2005"), "PackageTypeMismatch", [{"pointer": "/packageType"}]),
        (body_for_root("form-2002", "config-package"), "PackageTypeMismatch", [{"artifactId": "form-2002"}]),
        (body_for_root("proc-1501"), "TenantMismatch", [{"artifactId": "proc-1501"}]),
        (
            body(artifactIds=["nothing", "proc-1501", "proc-1001", "nothing"]),
            "TenantMismatch",
            [{"artifactId": "proc-1501"}, {"artifactId": "nothing"}],
        ),
        (
            body_for_root("app-5002", "app-package"),
            "ArtifactNotFound",
            [
                {"artifactId": "conf-799", "requiredBy": ["app-5002", "proc-1009"]},
                {"cycle": ["proc-1020", "thread-2020", "proc-1021", "proc-1020"]},
                {"cycle": ["proc-1023", "proc-1023"]},
                {"artifactId": "rule-307", "requiredBy": ["proc-1007"]},
                {"artifactId": "form-2009", "requiredBy": ["proc-1008"]},
            ],
        ),
    ],
)
def test_all_artifacts_that_cannot_be_exported_are_reported(
    api: Api, sample_world: World, request_body: dict[str, Any], code: str, errors: list[dict[str, Any]]
) -> None:
    found = assert_refused(api.export(request_body), code)

    assert [
        {name: value for name, value in error.items() if name not in ("errorCode", "detail")} for error in found
    ] == errors
    assert (sample_world.package_statuses(), sample_world.objects()) == ({}, [])


def test_nothing_is_disclosed_about_another_tenants_artifact(api: Api) -> None:
    response = api.export(body_for_root("proc-1501"))

    assert OTHER_TENANT not in response.body.decode()
    assert assert_refused(response, "TenantMismatch") == [
        {
            "errorCode": "TenantMismatch",
            "detail": "Artifact 'proc-1501' belongs to a different tenant.",
            "artifactId": "proc-1501",
        }
    ]


@pytest.mark.parametrize(
    ("changes", "headers"),
    [
        ({"tenantId": OTHER_TENANT}, {}),
        ({"tenantId": "tenant-unheard-of"}, {}),
        ({"tenantId": ...}, {"X-Tenant-Id": OTHER_TENANT}),
        ({}, {"X-Tenant-Id": OTHER_TENANT}),
        ({}, {"X-Tenant-Id": TENANT.upper()}),
    ],
)
def test_a_tenant_that_is_not_the_callers_is_a_mismatch(
    api: Api, changes: dict[str, Any], headers: dict[str, str]
) -> None:
    for response in (
        api.export(body(**changes), headers=headers),
        api.preview({k: v for k, v in {**PREVIEW_BODY, **changes}.items() if v is not ...}, headers=headers),
    ):
        assert_refused(response, "TenantMismatch")


def test_a_foreign_tenant_is_refused_before_anything_is_looked_up(api: Api, sample_world: World) -> None:
    sample_world.dynamodb.update_table(TableName=sample_world.name("ArtifactsTable"), DeletionProtectionEnabled=False)
    sample_world.dynamodb.delete_table(TableName=sample_world.name("ArtifactsTable"))

    assert_refused(api.export(body(tenantId=OTHER_TENANT)), "TenantMismatch")
    assert_refused(api.export(), "InternalError")


def test_header_and_body_must_agree_even_if_the_caller_may_act_for_both(api: Api) -> None:
    caller = replace(CALLER, tenants=(TENANT, OTHER_TENANT))

    errors = assert_refused(api.export(caller=caller, headers={"X-Tenant-Id": OTHER_TENANT}), "TenantMismatch")

    assert errors[0]["pointer"] == "/tenantId"


@pytest.mark.parametrize(
    ("parameters", "request_body", "numbers"),
    [
        ({"MaxRoots": "2"}, body(artifactIds=["proc-1001", "form-2005", "ent-44"]), ("3", "2")),
        ({"MaxArtifacts": "4"}, body(), ("5", "4")),
        ({"MaxDefinitionBytes": "9169"}, body(), ("9170", "9169")),
    ],
)
def test_a_package_over_a_limit_is_refused(
    sample_world: World, parameters: dict[str, str], request_body: dict[str, Any], numbers: tuple[str, str]
) -> None:
    api = Api(Functions(replace(sample_world.deployment, parameters=parameters)))

    (error,) = assert_refused(api.export(request_body), "PackageTooLarge")

    for number in numbers:
        assert number in error["detail"]


def test_a_package_just_within_the_limits(sample_world: World) -> None:
    limits = {"MaxRoots": "1", "MaxArtifacts": "5", "MaxDefinitionBytes": "9170"}

    Api(Functions(replace(sample_world.deployment, parameters=limits))).export().package()


def test_too_many_roots_are_a_warning_in_a_preview(sample_world: World) -> None:
    api = Api(Functions(replace(sample_world.deployment, parameters={"MaxRoots": "1"})))

    preview = api.preview({"tenantId": TENANT, "artifactIds": ["proc-1001", "ent-44"]}).preview()

    assert [warning.error_code for warning in preview.warnings] == ["PackageTooLarge"]
    assert preview.total_artifacts == 5


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"packageName": "EMPLOYEE onboarding SUITE"},
        {"packageName": "  Employee Onboarding Suite\u2003"},
        {"version": "2.1.0+build.77"},
        {"artifactIds": ["thread-2002"], "description": "something else"},
    ],
)
def test_a_version_that_exists_is_a_conflict(api: Api, changes: dict[str, Any]) -> None:
    first = api.export()

    assert_refused(api.export(body(**changes)), "VersionConflict")

    assert api.get_package(first.package().package_id).body == first.body


@pytest.mark.parametrize(
    "changes", [{"packageName": "Employee-Onboarding Suite"}, {"version": "2.1.0-rc.1"}, {"version": "2.1.1"}]
)
def test_another_name_or_version_is_not_a_conflict(api: Api, changes: dict[str, Any]) -> None:
    assert api.export().package().package_id != api.export(body(**changes)).package().package_id


def test_the_same_name_and_version_in_another_tenant_is_not_a_conflict(api: Api) -> None:
    caller = replace(CALLER, tenants=(TENANT, OTHER_TENANT))
    own = api.export(caller=caller).package()
    other = api.export(body(tenantId=OTHER_TENANT, artifactIds=["proc-1501"]), caller=caller).package()

    assert own.package_id != other.package_id


def test_a_conflict_is_reported_with_the_other_problems(api: Api) -> None:
    api.export().package()

    errors = assert_refused(api.export(body(artifactIds=["proc-1007"])), "IncompleteArtifact")

    assert [error["errorCode"] for error in errors] == ["IncompleteArtifact", "VersionConflict"]


def test_a_body_that_is_too_large(api: Api) -> None:
    content = b" " * (MAX_DOCUMENT_BYTES + 1)

    assert_refused(api.export(content), "RequestTooLarge")
    assert_refused(api.preview(content), "RequestTooLarge")


def test_a_thousand_roots_of_the_longest_ids_fit_a_body(api: Api) -> None:
    longest = "\N{OLD PERSIAN SIGN A}" * 256
    content = json.dumps(body(artifactIds=[longest] * 1_000), ensure_ascii=False).encode()

    (error,) = assert_refused(api.export(content), "ArtifactNotFound")

    assert error["artifactId"] == longest


def test_many_roots_that_do_not_exist_are_all_named(api: Api) -> None:
    ids = [f"nothing-{place}" for place in range(100)]

    errors = assert_refused(api.export(body(artifactIds=ids)), "ArtifactNotFound")

    assert [error["artifactId"] for error in errors] == ids


def test_a_bug_discloses_nothing(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("a secret")

    monkeypatch.setattr("installhub.exports.preview.make_plan", fail)
    for response in (api.export(), api.preview()):
        assert_refused(response, "InternalError")
        assert "secret" not in response.body.decode()
        assert "RuntimeError" not in response.body.decode()
