"""What is wrong with a request, all of it at once, and where."""

from __future__ import annotations

import json
import tracemalloc
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from installhub.artifacts import PackageType
from installhub.documents import MAX_DOCUMENT_BYTES
from installhub.errors import InstallHubError
from installhub.request_models import ExportRequest, PreviewRequest, as_json
from installhub.requests import read_request
from tests.builders import TENANT, caller
from tests.builders import request as request_of
from tests.strategies import ids, json_values

EXPORT: dict[str, Any] = {
    "tenantId": TENANT,
    "packageName": "Employee Onboarding Suite",
    "packageType": "workflow-package",
    "version": "2.1.0",
    "description": "Complete onboarding workflow",
    "author": "HR Automation Team",
    "tags": ["hr", "onboarding"],
    "artifactIds": ["proc-1001"],
}
PREVIEW: dict[str, Any] = {"tenantId": TENANT, "artifactIds": ["proc-1001"]}
LEFT_OUT = object()

Found = list[tuple[str, str | None]]


def changed(**changes: object) -> str:
    body = {name: value for name, value in {**EXPORT, **changes}.items() if value is not LEFT_OUT}
    return json.dumps(body)


def problems(body: str | bytes | None, model: type[PreviewRequest] = ExportRequest, **event: Any) -> Found:  # noqa: ANN401
    """What reading ``body`` finds: codes and pointers, in their order."""
    with pytest.raises(InstallHubError) as refusal:
        read_request(model, request_of(body, **event))
    assert all(problem.detail for problem in refusal.value.problems)
    return [(problem.code.value, problem.pointer) for problem in refusal.value.problems]


def invalid(*pointers: str) -> Found:
    return [("InvalidRequest", pointer) for pointer in pointers]


def test_a_good_export_is_read_as_it_is() -> None:
    request, tenant, who = read_request(ExportRequest, request_of(json.dumps(EXPORT)))

    assert as_json(request) == EXPORT
    assert request.package_type is PackageType.WORKFLOW
    assert (tenant, who.subject) == (TENANT, "user-1")


def test_what_is_optional_may_be_left_out_or_null() -> None:
    optional = ("description", "author", "tags")

    for value in (LEFT_OUT, None):
        request, _, _ = read_request(ExportRequest, request_of(changed(**dict.fromkeys(optional, value))))
        assert (request.description, request.author, request.tags) == (None, None, None)


def test_a_good_preview_is_read_as_it_is() -> None:
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
def test_what_is_no_json_object_is_wrong_as_a_whole(body: str | None) -> None:
    assert problems(body) == invalid("")


@pytest.mark.parametrize(
    "body", [b"\xff\xfe{\x00}\x00", b'{"tenantId": "\xe9"}', b'{"tenantId": "\xed\xa0\x80"}', b"\x1f\x8b\x08\x00"]
)
def test_bytes_that_are_not_utf_8_are_wrong_as_a_whole(body: bytes) -> None:
    assert problems(body, in_base64=True) == invalid("")


@pytest.mark.parametrize("name", ["packageName", "packageType", "version", "artifactIds", "tenantId"])
def test_a_field_that_is_missing_is_pointed_at(name: str) -> None:
    assert problems(changed(**{name: LEFT_OUT})) == invalid(f"/{name}")


@pytest.mark.parametrize("name", ["packageName", "packageType", "version", "artifactIds"])
def test_null_is_not_what_is_required(name: str) -> None:
    assert problems(changed(**{name: None})) == invalid(f"/{name}")


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
    assert problems(changed(**{name: 1})) == invalid(pointer)


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
def test_a_wrong_type_is_not_made_to_fit(name: str, value: object, pointer: str) -> None:
    assert problems(changed(**{name: value})) == invalid(pointer)


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
    assert problems(changed(**{name: value})) == invalid(pointer)


@pytest.mark.parametrize("tenant", ["", "x" * 257, "a\nb"], ids=lambda tenant: ascii(tenant)[:8])
def test_a_tenant_that_cannot_be_one_is_pointed_at(tenant: str) -> None:
    assert problems(changed(tenantId=tenant))[0] == ("InvalidRequest", "/tenantId")


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
def test_what_is_just_within_the_limits_is_taken(changes: dict[str, object]) -> None:
    request, _, _ = read_request(ExportRequest, request_of(changed(**changes)))

    assert as_json(request) == {**EXPORT, **changes}


@pytest.mark.parametrize(
    "version", ["", "1", "1.2", "v1.2.3", "1.2.3\n", "\u0661.\u0662.\u0663", "01.2.3", "1" * 257, "\x00"], ids=ascii
)
def test_a_text_that_is_no_version_has_a_code_of_its_own(version: str) -> None:
    assert problems(changed(version=version)) == [("InvalidVersion", "/version")]


def test_everything_wrong_is_told_at_once() -> None:
    body = changed(
        packageName="",
        packageType="zip",
        version="1",
        author=1,
        tags=["ok", "", 2],
        artifactIds=["", "ok", 3, "x" * 257],
        extra=None,
    )

    found = problems(body)

    assert sorted(found[:-1]) == invalid(
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
    assert found[-1] == ("InvalidVersion", "/version")


def test_an_invalid_version_ranks_before_the_wrong_tenant_and_after_an_invalid_field() -> None:
    found = problems(changed(version="1", tenantId="theirs", packageName=""))

    assert [code for code, _ in found] == ["InvalidRequest", "InvalidVersion", "TenantMismatch"]


@pytest.mark.parametrize(
    ("body_tenant", "header_tenant"),
    [(TENANT, None), (LEFT_OUT, TENANT), (None, TENANT), (TENANT, TENANT), (LEFT_OUT, f" {TENANT} ")],
)
@pytest.mark.parametrize("header_name", ["X-Tenant-Id", "x-tenant-id"])
def test_the_tenant_may_be_in_the_body_the_header_or_both(
    body_tenant: object, header_tenant: str | None, header_name: str
) -> None:
    headers = {} if header_tenant is None else {header_name: header_tenant}

    _, tenant, _ = read_request(ExportRequest, request_of(changed(tenantId=body_tenant), headers=headers))

    assert tenant == TENANT


@pytest.mark.parametrize("body_tenant", [LEFT_OUT, None])
@pytest.mark.parametrize("headers", [{}, {"X-Tenant-Id": ""}, {"X-Tenant-Id": "  "}])
def test_a_request_without_a_tenant_is_invalid(body_tenant: object, headers: dict[str, str]) -> None:
    assert problems(changed(tenantId=body_tenant), headers=headers) == invalid("/tenantId")


@pytest.mark.parametrize("body_tenant", [LEFT_OUT, None])
def test_a_missing_tenant_is_told_with_the_other_problems(body_tenant: object) -> None:
    assert sorted(problems(changed(tenantId=body_tenant, packageName=""))) == invalid("/packageName", "/tenantId")


@pytest.mark.parametrize(
    ("body_tenant", "header_tenant"),
    [
        pytest.param("theirs", None, id="not the caller's, in the body"),
        pytest.param(LEFT_OUT, "theirs", id="not the caller's, in the header"),
        pytest.param("theirs", "theirs", id="not the caller's, in both"),
        pytest.param(TENANT, "mine-too", id="both the caller's, but different"),
        pytest.param("theirs", TENANT, id="header the caller's, body not"),
        pytest.param(TENANT, "theirs", id="body the caller's, header not"),
        pytest.param(TENANT.upper(), None, id="another case"),
    ],
)
@pytest.mark.parametrize("model", [ExportRequest, PreviewRequest])
def test_a_tenant_that_is_not_the_caller_s_or_not_agreed_on_is_a_mismatch(
    model: type[PreviewRequest], body_tenant: object, header_tenant: str | None
) -> None:
    fields = EXPORT if model is ExportRequest else PREVIEW
    body = {name: value for name, value in {**fields, "tenantId": body_tenant}.items() if value is not LEFT_OUT}
    headers = {} if header_tenant is None else {"X-Tenant-Id": header_tenant}

    found = problems(json.dumps(body), model, headers=headers, who=caller(TENANT, "mine-too"))

    assert [code for code, _ in found] == ["TenantMismatch"]


@pytest.mark.parametrize("headers", [{}, {"X-Tenant-Id": TENANT}, {"X-Tenant-Id": "theirs"}])
def test_an_invalid_body_and_a_foreign_tenant_are_both_told_the_body_first(headers: dict[str, str]) -> None:
    found = problems(changed(tenantId="theirs", packageName=""), headers=headers)

    assert [code for code, _ in found] == ["InvalidRequest", "TenantMismatch"]


@pytest.mark.parametrize("body", ["{", "[]", None, "\ud800"], ids=ascii)
def test_a_body_that_cannot_be_read_does_not_hide_a_foreign_tenant_in_the_header(body: str | None) -> None:
    found = problems(body, headers={"X-Tenant-Id": "theirs"})

    assert found == [("InvalidRequest", ""), ("TenantMismatch", None)]


def test_who_may_not_call_learns_nothing_of_the_body() -> None:
    assert problems("{", who=caller(TENANT, expires_in=-1)) == [("Unauthorized", None)]
    assert problems("{", who=caller(TENANT, scopes=[])) == [("InsufficientScope", None)]


def test_a_body_in_base64_is_the_same_body() -> None:
    body = changed(packageName="Größe 漢 😀")

    plain = read_request(ExportRequest, request_of(body))
    encoded = read_request(ExportRequest, request_of(body, in_base64=True))

    assert plain[0] == encoded[0]


@pytest.mark.parametrize("in_base64", [True, False])
def test_a_body_over_the_limit_is_too_large_and_one_at_the_limit_is_not(in_base64: bool) -> None:  # noqa: FBT001
    room = MAX_DOCUMENT_BYTES - len(changed(description=""))

    fits = problems(changed(description="x" * room), in_base64=in_base64)
    too_large = problems(changed(description="x" * (room + 1)), in_base64=in_base64)

    assert fits == invalid("/description")
    assert too_large == [("RequestTooLarge", None)]


def test_the_limit_counts_bytes_and_not_characters() -> None:
    body = '{"description": "' + "漢" * (MAX_DOCUMENT_BYTES // 3) + '"}'

    assert len(body) < MAX_DOCUMENT_BYTES
    assert problems(body) == [("RequestTooLarge", None)]


@pytest.mark.parametrize(
    "flood",
    [
        pytest.param({"artifactIds": [1] * 400_000}, id="wrong ids"),
        pytest.param({str(number): 1 for number in range(20_000)}, id="unknown fields"),
    ],
)
def test_a_body_full_of_errors_is_refused_in_little_memory(flood: dict[str, Any]) -> None:
    event = request_of(json.dumps({**PREVIEW, **flood}))
    tracemalloc.start()
    try:
        with pytest.raises(InstallHubError) as refusal:
            read_request(PreviewRequest, event)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert refusal.value.kind.status == 400
    assert 1 <= len(refusal.value.problems) <= 1_001
    # The largest body has ten times as many fields, and the smallest function that reads one has 1 GB.
    assert peak < 32 * 1024 * 1024


@pytest.mark.parametrize("digits", [4_300, 4_301, 100_000])
@pytest.mark.parametrize("name", ["tenantId", "artifactIds", "unknown"])
def test_a_number_of_any_length_is_refused(name: str, digits: int) -> None:
    body = changed(**{name: 0}).replace(f'"{name}": 0', f'"{name}": {"1" * digits}')

    assert problems(body)[0][0] == "InvalidRequest"


@settings(max_examples=25)
@given(st.dictionaries(st.sampled_from(sorted(EXPORT)), json_values) | json_values)
def test_whatever_json_arrives_is_read_or_refused(value: Any) -> None:  # noqa: ANN401
    body = {**EXPORT, **value} if isinstance(value, dict) else value
    try:
        read_request(ExportRequest, request_of(json.dumps(body)))
    except InstallHubError as error:
        assert error.kind.status in (400, 403)  # noqa: PT017


@given(st.binary(max_size=200) | st.text().map(lambda text: f'{{"{text}": ["{text}"]}}'.encode()))
def test_whatever_bytes_arrive_are_refused(body: bytes) -> None:
    assert {code for code, _ in problems(body, in_base64=True)} <= {"InvalidRequest", "TenantMismatch"}


@given(st.lists(ids, min_size=1, max_size=5))
def test_ids_arrive_as_they_were_sent(found: list[str]) -> None:
    body = json.dumps({**PREVIEW, "artifactIds": found}, ensure_ascii=False)

    request, _, _ = read_request(PreviewRequest, request_of(body, in_base64=True))

    assert request.artifact_ids == found
