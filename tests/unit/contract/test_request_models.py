"""Validation of request bodies: all problems are reported at once, each with a pointer."""

from __future__ import annotations

import json

import pytest

from installhub.contract.request_models import ExportRequest, PreviewRequest, request_to_json
from installhub.http.request_body import read_request
from installhub.model.artifact import PackageType
from tests.builders import TENANT
from tests.builders import request as request_of
from tests.unit.http.reading import EXPORT, OMITTED, PREVIEW, export_body, invalid, problems


def test_a_valid_export_is_read_unchanged() -> None:
    request, tenant, caller = read_request(ExportRequest, request_of(json.dumps(EXPORT)))

    assert request_to_json(request) == EXPORT
    assert request.package_type is PackageType.WORKFLOW
    assert (tenant, caller.subject) == (TENANT, "user-1")


def test_an_optional_field_may_be_missing_or_null() -> None:
    optional = ("description", "author", "tags")

    for value in (OMITTED, None):
        request, _, _ = read_request(ExportRequest, request_of(export_body(**dict.fromkeys(optional, value))))
        assert (request.description, request.author, request.tags) == (None, None, None)


def test_a_valid_preview_is_read_unchanged() -> None:
    request, tenant, _ = read_request(PreviewRequest, request_of(json.dumps(PREVIEW)))

    assert (request.artifact_ids, tenant) == (["proc-1001"], TENANT)


@pytest.mark.parametrize(
    "body",
    [
        None,
        "",
        " ",
        "{",
        "}",
        "not json",
        "{'tenantId': 'x'}",
        '{"artifactIds": ["a",]}',
        '{"artifactIds": ["a"]} x',
        "\ufeff{}",
        '"text"',
        "[]",
        "[{}]",
        "1",
        "null",
        "true",
        "NaN",
        '{"tenantId": "\x00"}',
        '{"tenantId": "\\ud800"}',
        '{"\\ud800": 1}',
        '{"artifactIds": ["\\udc00\\ud800"]}',
        '{"tenantId": "\ud800"}',
        "\udfff",
        "[" * 100_000,
        '{"a":' * 100_000,
        '{"artifactIds": ' + "[" * 300 + "]" * 300 + "}",
        "1" * 10_000,
    ],
    ids=lambda body: ascii(body)[:24],
)
def test_a_body_that_is_not_a_json_object_is_invalid_as_a_whole(body: str | None) -> None:
    assert problems(body) == invalid("")


@pytest.mark.parametrize(
    "body", [b"\xff\xfe{\x00}\x00", b'{"tenantId": "\xe9"}', b'{"tenantId": "\xed\xa0\x80"}', b"\x1f\x8b\x08\x00"]
)
def test_bytes_that_are_not_utf_8_are_invalid_as_a_whole(body: bytes) -> None:
    assert problems(body, in_base64=True) == invalid("")


@pytest.mark.parametrize("name", ["packageName", "packageType", "version", "artifactIds", "tenantId"])
def test_a_missing_field_is_pointed_at(name: str) -> None:
    assert problems(export_body(**{name: OMITTED})) == invalid(f"/{name}")


@pytest.mark.parametrize("name", ["packageName", "packageType", "version", "artifactIds"])
def test_null_in_a_required_field_is_pointed_at(name: str) -> None:
    assert problems(export_body(**{name: None})) == invalid(f"/{name}")


@pytest.mark.parametrize(
    ("name", "pointer"),
    [
        ("unknown", "/unknown"),
        ("tenant_id", "/tenant_id"),
        ("artifactids", "/artifactids"),
        ("a/b~c", "/a~1b~0c"),
        ("", "/"),
        ("0", "/0"),
        ("é\n", "/é\n"),
        ("__proto__", "/__proto__"),
    ],
)
def test_an_unknown_field_is_pointed_at(name: str, pointer: str) -> None:
    assert problems(export_body(**{name: 1})) == invalid(pointer)


def test_an_export_s_fields_are_unknown_to_a_preview() -> None:
    others = sorted(EXPORT.keys() - PREVIEW.keys())

    assert sorted(problems(json.dumps(EXPORT), PreviewRequest)) == invalid(*(f"/{name}" for name in others))


@pytest.mark.parametrize(
    ("name", "value", "pointer"),
    [
        ("artifactIds", "proc-1001", "/artifactIds"),
        ("artifactIds", "1", "/artifactIds"),
        ("artifactIds", {"0": "proc-1001"}, "/artifactIds"),
        ("artifactIds", 1, "/artifactIds"),
        ("artifactIds", [1], "/artifactIds/0"),
        ("artifactIds", ["a", None, "b"], "/artifactIds/1"),
        ("artifactIds", ["a", "b", ["c"]], "/artifactIds/2"),
        ("artifactIds", [True], "/artifactIds/0"),
        ("tenantId", 1, "/tenantId"),
        ("tenantId", ["tenant"], "/tenantId"),
        ("packageName", 1, "/packageName"),
        ("packageName", True, "/packageName"),
        ("packageName", ["Suite"], "/packageName"),
        ("packageType", 1, "/packageType"),
        ("packageType", "workflow", "/packageType"),
        ("packageType", "Workflow-Package", "/packageType"),
        ("packageType", "workflow-package ", "/packageType"),
        ("version", 2, "/version"),
        ("version", 2.1, "/version"),
        ("version", ["2.1.0"], "/version"),
        ("description", 1, "/description"),
        ("author", {}, "/author"),
        ("tags", "hr", "/tags"),
        ("tags", {"hr": True}, "/tags"),
        ("tags", [1], "/tags/0"),
        ("tags", ["hr", None], "/tags/1"),
    ],
)
def test_a_wrong_type_is_not_converted(name: str, value: object, pointer: str) -> None:
    assert problems(export_body(**{name: value})) == invalid(pointer)


@pytest.mark.parametrize(
    ("name", "value", "pointer"),
    [
        ("artifactIds", [], "/artifactIds"),
        ("artifactIds", [""], "/artifactIds/0"),
        ("artifactIds", ["x" * 257], "/artifactIds/0"),
        ("artifactIds", ["ok", "a\nb"], "/artifactIds/1"),
        ("artifactIds", ["\x00"], "/artifactIds/0"),
        ("artifactIds", ["a\u2028"], "/artifactIds/0"),
        ("packageName", "", "/packageName"),
        ("packageName", "x" * 101, "/packageName"),
        ("packageName", "😀" * 101, "/packageName"),
        ("packageName", " ", "/packageName"),
        ("packageName", "\u3000\u00a0 ", "/packageName"),
        ("packageName", "a\tb", "/packageName"),
        ("packageName", "a\r\nb", "/packageName"),
        ("packageName", "a\x7f", "/packageName"),
        ("packageName", "a\x85", "/packageName"),
        ("author", "a\nb", "/author"),
        ("author", "x" * 201, "/author"),
        ("description", "x" * 2_001, "/description"),
        ("tags", ["x"] * 51, "/tags"),
        ("tags", ["a", ""], "/tags/1"),
        ("tags", ["x" * 101], "/tags/0"),
        ("tags", ["a\nb"], "/tags/0"),
    ],
    ids=lambda value: ascii(value)[:20],
)
def test_a_text_too_short_too_long_or_unprintable_is_pointed_at(name: str, value: object, pointer: str) -> None:
    assert problems(export_body(**{name: value})) == invalid(pointer)


@pytest.mark.parametrize("tenant", ["", "x" * 257, "a\nb"], ids=lambda tenant: ascii(tenant)[:8])
def test_an_invalid_tenant_is_pointed_at(tenant: str) -> None:
    assert problems(export_body(tenantId=tenant))[0] == ("InvalidRequest", "/tenantId")


@pytest.mark.parametrize(
    "changes",
    [
        {"packageName": "x"},
        {"packageName": "x" * 100},
        {"packageName": "😀" * 100},
        {"packageName": " x "},
        {"packageName": 'Größe 漢字 "quoted" <b>/..\\'},
        {"artifactIds": ["x" * 256]},
        {"artifactIds": ["😀" * 256]},
        {"artifactIds": ["a", "a"]},
        {"description": ""},
        {"description": "😀" * 2_000},
        {"author": "x" * 200},
        {"tags": [str(number) for number in range(50)]},
        {"description": "two\nlines\tand a tab"},
        {"tags": []},
        {"tags": ["x" * 100]},
        {"version": "1.0.0-rc.1+build.5"},
    ],
    ids=lambda changes: ascii(changes)[:32],
)
def test_a_package_just_within_the_limits_is_accepted(changes: dict[str, object]) -> None:
    request, _, _ = read_request(ExportRequest, request_of(export_body(**changes)))

    assert request_to_json(request) == {**EXPORT, **changes}


@pytest.mark.parametrize(
    "version", ["", "1", "1.2", "v1.2.3", "1.2.3\n", "\u0661.\u0662.\u0663", "01.2.3", "1" * 257, "\x00"], ids=ascii
)
def test_an_invalid_version_has_its_own_code(version: str) -> None:
    assert problems(export_body(version=version)) == [("InvalidVersion", "/version")]


def test_all_problems_are_reported_at_once() -> None:
    body = export_body(
        packageName="",
        packageType="zip",
        version="1",
        author=1,
        tags=["ok", "", 2],
        artifactIds=["", "ok", 3, "x" * 257],
        extra=None,
    )

    reported = problems(body)

    assert sorted(reported[:-1]) == invalid(
        "/artifactIds/0",
        "/artifactIds/2",
        "/artifactIds/3",
        "/author",
        "/extra",
        "/packageName",
        "/packageType",
        "/tags/1",
        "/tags/2",
    )
    assert reported[-1] == ("InvalidVersion", "/version")


def test_an_invalid_version_ranks_before_the_wrong_tenant_and_after_an_invalid_field() -> None:
    reported = problems(export_body(version="1", tenantId="theirs", packageName=""))

    assert [code for code, _ in reported] == ["InvalidRequest", "InvalidVersion", "TenantMismatch"]
