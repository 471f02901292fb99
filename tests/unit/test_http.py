"""Answers: the one error shape, nothing that should not be told, and nothing too large for Lambda."""

from __future__ import annotations

import base64
import gzip
import json
import string
from collections.abc import Callable, Collection
from random import Random
from typing import TYPE_CHECKING, Any, cast

import pytest

from installhub.documents import MAX_DOCUMENT_BYTES
from installhub.downloading import LINK_SECONDS, entity_tag, find_package
from installhub.errors import REGISTRY, ErrorCode, InstallHubError, Problem, ServiceUnavailableError
from installhub.http import (
    MAX_ANSWER_BYTES,
    bundle_answer,
    caller_of,
    endpoint,
    json_answer,
    package_answer,
    package_id_in,
    tenant_header,
    tenants_in_reach,
)
from installhub.models import ProblemDocument
from installhub.packages import BundleStore, PackageRecord, PackageStore
from installhub.presenting import problem_body
from installhub.proxy import Answer, Request
from installhub.request_models import PreviewRequest
from installhub.requests import read_request
from installhub.routes import DOWNLOAD, EXPORT, GET_PACKAGE, Route
from tests.builders import REQUEST_ID, TENANT, FakeContext, caller, event, is_a, record
from tests.builders import request as request_of

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

LAMBDA_RESPONSE_BYTES = 6 * 1024 * 1024
BUNDLE = b"PK\x03\x04 bytes \xff\x00"

Use = Callable[[Request], Answer]


def answer(use: Use, **request: Any) -> dict[str, Any]:  # noqa: ANN401
    """What API Gateway gets from a function that does ``use``."""
    return invoke(use, event(**request))


def invoke(use: Use, sent: dict[str, Any]) -> dict[str, Any]:
    handler = endpoint(EXPORT)(lambda received, _: use(received))
    return handler(sent, cast("LambdaContext", FakeContext("installhub-export")))


def refusal(error: BaseException, **request: Any) -> dict[str, Any]:  # noqa: ANN401
    def refuse(_: Request) -> Answer:
        raise error

    return answer(refuse, **request)


def headers_of(response: dict[str, Any]) -> dict[str, str]:
    headers: dict[str, str] = response["headers"]
    return headers


def content_of(response: dict[str, Any]) -> bytes:
    body: str = response["body"]
    content = base64.b64decode(body) if response["isBase64Encoded"] else body.encode()
    return gzip.decompress(content) if headers_of(response).get("Content-Encoding") == "gzip" else content


def problem_of(response: dict[str, Any]) -> dict[str, Any]:
    problem: dict[str, Any] = json.loads(content_of(response))
    return problem


def payload_size(response: dict[str, Any]) -> int:
    """Bytes of ``response`` as the runtime hands it to Lambda."""
    return len(json.dumps(response, ensure_ascii=False).encode())


# ---------------------------------------------------------------------------------------------------------- problems


def test_a_problem_document_has_the_fields_of_rfc_9457_and_the_api_s_own() -> None:
    problems = [
        Problem(ErrorCode.ARTIFACT_NOT_FOUND, "No such artifact.", artifact_id="x", required_by=("a",)),
        Problem(ErrorCode.CIRCULAR_DEPENDENCY, "Round.", cycle=("a", "b", "a")),
    ]

    body = problem_body(problems, instance="urn:uuid:1")

    assert body == {
        "type": "urn:installhub:error:ArtifactNotFound",
        "title": "Artifact not found",
        "status": 400,
        "detail": "No such artifact. (2 problems in all, see errors.)",
        "instance": "urn:uuid:1",
        "isSuccess": False,
        "errorCode": "ArtifactNotFound",
        "errors": [
            {
                "errorCode": "ArtifactNotFound",
                "detail": "No such artifact.",
                "artifactId": "x",
                "requiredBy": ["a"],
            },
            {"errorCode": "CircularDependency", "detail": "Round.", "cycle": ["a", "b", "a"]},
        ],
    }
    assert is_a(ProblemDocument, json.dumps(body))


def test_a_single_problem_is_the_whole_detail() -> None:
    body = problem_body([Problem(ErrorCode.INVALID_VERSION, "Not SemVer.")], instance="urn:uuid:1")

    assert body["detail"] == "Not SemVer."


@pytest.mark.parametrize("code", ErrorCode)
def test_every_code_is_answered_in_the_one_shape(code: ErrorCode) -> None:
    response = refusal(InstallHubError.of(code))

    headers = headers_of(response)
    assert response["statusCode"] == REGISTRY[code].status
    assert headers["Content-Type"] == "application/problem+json"
    assert headers["Cache-Control"] == "no-store"
    assert ("Retry-After" in headers) is (response["statusCode"] in (429, 503))
    assert ("WWW-Authenticate" in headers) is (response["statusCode"] == 401)
    problem = problem_of(response)
    assert is_a(ProblemDocument, content_of(response))
    assert (problem["errorCode"], problem["status"], problem["isSuccess"]) == (
        code.value,
        response["statusCode"],
        False,
    )
    assert [listed["errorCode"] for listed in problem["errors"]] == [code.value]
    assert problem["instance"] == f"urn:uuid:{REQUEST_ID}"


def test_retry_after_is_a_number_of_seconds() -> None:
    assert int(headers_of(refusal(InstallHubError.of(ErrorCode.RATE_LIMIT_EXCEEDED)))["Retry-After"]) > 0


def test_an_expired_token_is_answered_as_rfc_6750_has_it() -> None:
    response = answer(
        lambda request: json_answer(request, {"subject": caller_of(request).subject}),
        who=caller(TENANT, expires_in=-1),
    )

    assert response["statusCode"] == 401
    assert headers_of(response)["WWW-Authenticate"] == 'Bearer error="invalid_token"'


def test_all_problems_are_listed_most_important_first() -> None:
    codes = [ErrorCode.VERSION_CONFLICT, ErrorCode.TENANT_MISMATCH, ErrorCode.PACKAGE_TOO_LARGE]

    response = refusal(InstallHubError(Problem(code, code.value) for code in codes))

    assert response["statusCode"] == 403
    assert [listed["errorCode"] for listed in problem_of(response)["errors"]] == [
        "TenantMismatch",
        "PackageTooLarge",
        "VersionConflict",
    ]


@pytest.mark.parametrize(
    "error",
    [RuntimeError("secret table name"), KeyError("secret"), ValueError("secret"), RecursionError("secret")],
    ids=lambda error: type(error).__name__,
)
def test_an_unexpected_failure_tells_nothing_of_itself(error: Exception) -> None:
    response = refusal(error)

    assert response["statusCode"] == 500
    assert problem_of(response)["errorCode"] == "InternalError"
    assert "secret" not in json.dumps(response)
    assert type(error).__name__ not in json.dumps(response)


def test_which_service_failed_is_not_told() -> None:
    response = refusal(ServiceUnavailableError("dynamodb"))

    assert (response["statusCode"], headers_of(response)["Retry-After"]) == (503, "5")
    assert "dynamodb" not in json.dumps(response)


def test_without_a_request_context_an_error_is_still_answered() -> None:
    bare = {"httpMethod": "GET", "path": "/", "headers": None}
    response = invoke(lambda request: json_answer(request, {"by": caller_of(request).subject}), bare)

    assert problem_of(response)["errorCode"] == "Unauthorized"


# ---------------------------------------------------------------------------------------------------- unknown packages


class FakePackages:
    """A packages table that holds one package."""

    def __init__(self, stored: PackageRecord) -> None:
        self.stored = stored
        self.asked: list[str] = []

    def find_of(self, package_id: str, tenants: Collection[str]) -> PackageRecord | None:
        self.asked.append(package_id)
        is_it = package_id == self.stored.description.package_id and self.stored.tenant in tenants
        return self.stored if is_it else None


def look_up(
    package_id: str,
    packages: FakePackages,
    route: Route = GET_PACKAGE,
    **request: Any,  # noqa: ANN401
) -> dict[str, Any]:
    def look(received: Request) -> Answer:
        tenants = tenants_in_reach(received)
        found = find_package(cast("PackageStore", packages), package_id_in(received), tenants)
        return json_answer(received, {"name": found.description.name})

    request = {
        "method": "GET",
        "path": route.path.format(packageId=package_id),
        "parameters": {"packageId": package_id},
        **request,
    }
    return answer(look, **request)


def test_a_package_of_the_caller_s_tenant_is_found() -> None:
    stored = record(tenant=TENANT)

    assert look_up(stored.description.package_id, FakePackages(stored))["statusCode"] == 200


def test_an_unknown_package_and_another_tenant_s_are_alike_byte_for_byte() -> None:
    theirs = record(tenant="theirs")

    unknown = look_up("pkg-00000000-0000-5000-8000-000000000000", FakePackages(theirs))
    foreign = look_up(theirs.description.package_id, FakePackages(theirs))

    assert unknown == foreign
    assert problem_of(unknown)["errorCode"] == "PackageNotFound"


def test_the_header_narrows_what_is_found() -> None:
    stored = record(tenant="a")

    def status(header: str) -> int:
        response = look_up(
            stored.description.package_id,
            FakePackages(stored),
            who=caller("a", "b"),
            headers={"X-Tenant-Id": header},
        )
        return int(response["statusCode"])

    assert (status("a"), status("b"), status("c")) == (200, 404, 403)


@pytest.mark.parametrize(
    "package_id",
    ["x", "pkg-", "..", "pkg-A3F9C821-4B2E-59D1-BC44-F7E2A1C09D33", "a b", "ü", '"', "\\", "😀", "`", "\n", "a/b", "%"],
)
@pytest.mark.parametrize("route", [GET_PACKAGE, DOWNLOAD], ids=lambda route: route.operation)
def test_what_cannot_be_a_package_s_id_is_an_unknown_package(route: Route, package_id: str) -> None:
    packages = FakePackages(record())

    response = look_up(package_id, packages, route)

    assert (response["statusCode"], problem_of(response)["errorCode"]) == (404, "PackageNotFound")
    assert packages.asked == []


# ------------------------------------------------------------------------------------------------------------ requests


@pytest.mark.parametrize("in_base64", [True, False])
@pytest.mark.parametrize(("body", "expected"), [("{}", b"{}"), ("é漢😀", "é漢😀".encode()), ("", b""), (None, b"")])
def test_a_body_is_its_bytes_however_it_arrives(
    body: str | None,
    expected: bytes,
    in_base64: bool,  # noqa: FBT001
) -> None:
    assert request_of(body, in_base64=in_base64).body == expected


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"X-Tenant-Id": "a"}, "a"),
        ({"x-tenant-id": "a"}, "a"),
        ({"X-TENANT-ID": " a "}, "a"),
        ({"X-Tenant-Id": ""}, None),
        ({"X-Tenant-Id": " "}, None),
        ({"X-Tenant": "a"}, None),
        ({}, None),
    ],
)
def test_the_tenant_header_by_any_case_of_its_name(headers: dict[str, str], expected: str | None) -> None:
    assert tenant_header(request_of(headers=headers)) == expected


def test_a_get_reaches_all_of_the_caller_s_tenants_or_the_header_s() -> None:
    who = caller("a", "b")

    assert tenants_in_reach(request_of(who=who)) == ("a", "b")
    assert tenants_in_reach(request_of(who=who, headers={"X-Tenant-Id": "b"})) == ("b",)
    with pytest.raises(InstallHubError) as mismatch:
        tenants_in_reach(request_of(who=who, headers={"X-Tenant-Id": "c"}))
    assert mismatch.value.code is ErrorCode.TENANT_MISMATCH


# ------------------------------------------------------------------------------------------------------- JSON answers


def test_a_small_answer_is_plain_json() -> None:
    body = {"name": "Größe 漢 😀", "none": None}

    response = answer(lambda request: json_answer(request, body))

    headers = headers_of(response)
    assert (response["statusCode"], response["isBase64Encoded"]) == (200, False)
    assert (headers["Content-Type"], headers["Cache-Control"]) == ("application/json", "no-store")
    assert "Content-Encoding" not in headers
    assert json.loads(response["body"]) == body


def test_an_answer_too_large_for_lambda_is_compressed_and_the_same() -> None:
    body = {"artifacts": [{"id": f"größe-{number}" * 100} for number in range(6_000)]}

    response = answer(lambda request: json_answer(request, body))

    headers = headers_of(response)
    assert response["isBase64Encoded"]
    assert (headers["Content-Encoding"], headers["Content-Type"]) == ("gzip", "application/json")
    assert headers["Vary"] == "Accept-Encoding"
    assert json.loads(content_of(response)) == body
    assert payload_size(response) < LAMBDA_RESPONSE_BYTES


def test_an_error_too_large_for_lambda_is_compressed_and_still_an_error() -> None:
    problems = [
        Problem(ErrorCode.ARTIFACT_NOT_FOUND, f"Artifact {number} does not exist." * 40, artifact_id=f"{number}")
        for number in range(6_000)
    ]

    response = refusal(InstallHubError(problems))

    headers = headers_of(response)
    assert (response["statusCode"], headers["Content-Encoding"]) == (400, "gzip")
    assert headers["Content-Type"] == "application/problem+json"
    assert len(problem_of(response)["errors"]) == 6_000
    assert payload_size(response) < LAMBDA_RESPONSE_BYTES


@pytest.mark.parametrize("artifact_id", ["proc-1001", "\\", "é"])
def test_the_largest_plain_answer_fits_a_lambda_response(artifact_id: str) -> None:
    each = len(json.dumps(artifact_id, ensure_ascii=False).encode()) + 1
    ids = [artifact_id] * ((MAX_ANSWER_BYTES - 100) // each)

    response = answer(lambda request: json_answer(request, {"installOrder": ids}))

    assert json.loads(content_of(response)) == {"installOrder": ids}
    assert payload_size(response) <= LAMBDA_RESPONSE_BYTES, "quotes are escaped once more within the response"


def test_a_refusal_of_a_long_unknown_field_fits_a_lambda_response() -> None:
    incompressible = "".join(Random(1).choices(string.ascii_letters, k=MAX_DOCUMENT_BYTES - 100))  # noqa: S311
    body = json.dumps({"tenantId": TENANT, "artifactIds": ["a"], incompressible: 1})

    def preview(request: Request) -> Answer:
        read_request(PreviewRequest, request)
        raise AssertionError

    response = answer(preview, body=body)

    (listed,) = problem_of(response)["errors"]
    assert listed["errorCode"] == "InvalidRequest"
    assert listed["pointer"].startswith(f"/{incompressible[:50]}")
    assert len(listed["pointer"]) < 1_000, "nobody needs 2 MB of a name, three times over"
    assert payload_size(response) <= LAMBDA_RESPONSE_BYTES


SMALL_RESPONSE_BYTES = 1024 * 1024
# Texts that take up as much room compressed: more than a small response holds.
CHANCE = Random(1)  # noqa: S311  # no secret
NOISE = [base64.b64encode(CHANCE.randbytes(190)).decode() for _ in range(5_000)]


@pytest.fixture
def small_responses(monkeypatch: pytest.MonkeyPatch) -> None:
    """What does not fit a response is tried with smaller ones, for the sake of speed."""
    monkeypatch.setattr("installhub.http.MAX_ANSWER_BYTES", SMALL_RESPONSE_BYTES - 64 * 1024)


@pytest.mark.usefixtures("small_responses")
def test_an_answer_that_does_not_fit_even_compressed_is_refused() -> None:
    response = answer(lambda request: json_answer(request, {"installOrder": NOISE}))

    assert (response["statusCode"], problem_of(response)["errorCode"]) == (400, "PackageTooLarge")


@pytest.mark.usefixtures("small_responses")
def test_a_package_whose_manifest_does_not_fit_is_shown_without_its_lists() -> None:
    manifest = {"name": "Suite", "artifacts": [{"id": noise} for noise in NOISE], "installOrder": NOISE}

    response = answer(lambda request: package_answer(request, record(), manifest))

    body = json.loads(content_of(response))
    assert response["statusCode"] == 200
    assert (body["checksum"], body["manifest"]) == (
        record().checksum,
        {"name": "Suite", "artifacts": [], "installOrder": []},
    )


@pytest.mark.usefixtures("small_responses")
def test_more_problems_than_a_response_holds_are_told_in_part() -> None:
    problems = [Problem(ErrorCode.ARTIFACT_NOT_FOUND, "Gone.", artifact_id=noise) for noise in NOISE]

    response = refusal(InstallHubError(problems))

    assert response["statusCode"] == 400
    assert len(problem_of(response)["errors"]) == 1_000
    assert payload_size(response) <= SMALL_RESPONSE_BYTES


@pytest.mark.usefixtures("small_responses")
def test_a_single_problem_larger_than_a_response_is_still_told() -> None:
    response = refusal(InstallHubError([Problem(ErrorCode.CIRCULAR_DEPENDENCY, "Round.", cycle=tuple(NOISE))]))

    assert (response["statusCode"], problem_of(response)["errorCode"]) == (400, "CircularDependency")
    assert payload_size(response) <= SMALL_RESPONSE_BYTES


# ------------------------------------------------------------------------------------------------------------ bundles


class FakeBundles:
    """A bucket that holds one bundle; remembers the links it gave."""

    def __init__(self) -> None:
        self.links: list[tuple[str, str, int]] = []
        self.reads = 0

    def read(self, _key: str) -> bytes:
        self.reads += 1
        return BUNDLE

    def link(self, key: str, disposition: str, seconds: int) -> str:
        self.links.append((key, disposition, seconds))
        return "https://bucket.example/link?signature=x"


def download(bundles: FakeBundles, max_inline: int, **headers: str) -> dict[str, Any]:
    stored = record(name="Größe", bundle=BUNDLE)
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return answer(
        lambda request: bundle_answer(request, stored, cast("BundleStore", bundles), max_inline),
        method="GET",
        headers=sent,
    )


def test_a_bundle_comes_as_bytes_with_everything_a_client_needs() -> None:
    response = download(FakeBundles(), len(BUNDLE))

    headers = headers_of(response)
    assert response["statusCode"] == 200
    assert content_of(response) == BUNDLE
    assert headers["Content-Type"] == "application/zip"
    assert headers["Content-Disposition"].startswith('attachment; filename="groe-2.1.0.zip"; filename*=')
    assert headers["ETag"] == entity_tag(record(bundle=BUNDLE))
    # As `openssl dgst -sha256 -binary | base64` has it.
    assert headers["Repr-Digest"] == "sha-256=:4GMDyIlVMmGfrQtwgiIcfmI1nsDx5FjkJzI7d798u3g=:"


@pytest.mark.parametrize("tag", [entity_tag(record(bundle=BUNDLE)), "*", f"W/{entity_tag(record(bundle=BUNDLE))}"])
def test_a_client_that_has_the_bundle_gets_nothing_again(tag: str) -> None:
    bundles = FakeBundles()

    response = download(bundles, len(BUNDLE), If_None_Match=tag)

    assert response["statusCode"] == 304
    assert headers_of(response)["ETag"] == entity_tag(record(bundle=BUNDLE))
    assert not response.get("body")
    assert (bundles.reads, bundles.links) == (0, [])


def test_a_client_that_has_another_bundle_gets_this_one() -> None:
    assert download(FakeBundles(), len(BUNDLE), If_None_Match='"sha256-0"')["statusCode"] == 200


def test_a_bundle_too_large_for_one_answer_is_a_short_lived_link_that_saves_it_under_the_same_name() -> None:
    bundles = FakeBundles()

    response = download(bundles, len(BUNDLE) - 1)

    headers = headers_of(response)
    assert (response["statusCode"], headers["Location"]) == (307, "https://bucket.example/link?signature=x")
    assert bundles.links == [
        (record().bundle_key, headers_of(download(FakeBundles(), 1_000))["Content-Disposition"], LINK_SECONDS)
    ]
    assert LINK_SECONDS <= 300
    assert bundles.reads == 0
    assert headers["Cache-Control"] == "no-store", "the link is for this caller and soon dead"
