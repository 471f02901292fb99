"""Generated requests to the deployed API: no 5xx, and every response follows the OpenAPI document."""

from __future__ import annotations

import json
import random
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from tests.conftest import Record
from tests.fuzz_http import DOCUMENT, SEED, Attack, attack, narrowed_document
from tests.system.client import ALL_SCOPES, ARTIFACTS, BASE, OTHER_TENANT, TENANT, Api, artifact, export_body

if TYPE_CHECKING:
    from collections.abc import Callable

    import requests

EXAMPLES = 60
METHOD = f"schemathesis, {EXAMPLES} examples a route and phase, seed {SEED}: examples, coverage, fuzzing, stateful"
PHASES = "examples,coverage,fuzzing,stateful"

# Errors of requests that are valid by their schema. InvalidRequest is returned for what a schema does not express:
# unprintable or invalid characters, names that are only whitespace, and a tenant missing in both body and header.
SEMANTIC = {
    *("ArtifactNotFound", "TenantMismatch", "PackageTypeMismatch", "IncompleteArtifact", "CircularDependency"),
    *("VersionConflict", "IdempotencyKeyReused", "IdempotencyKeyInUse", "PackageNotFound", "InvalidRequest"),
    *("Unauthorized", "NotFound", "RangeNotSatisfiable", "InsufficientScope"),
    *("InvalidCursor", "PreconditionFailed", "ArtifactInUse", "RequirementConflict", "VersionTooLow"),
}


def document() -> dict[str, Any]:
    read: dict[str, Any] = json.loads(DOCUMENT.read_text(encoding="utf-8"))
    return read


def assert_conforms(result: Attack, at_least: int) -> None:
    assert result.complete
    assert result.failures == []
    assert len(result.exchanges) >= at_least
    assert sum(exchange.checks > 0 for exchange in result.exchanges) >= at_least * 3 // 4
    assert all(status is not None and status < 500 for status in result.statuses), result.statuses
    error_codes = {
        code
        for exchange in result.exchanges
        if exchange.is_valid and exchange.status is not None and exchange.status >= 400
        for code in exchange.error_codes
    }
    assert error_codes <= SEMANTIC


def summarize(result: Attack) -> str:
    statuses = ", ".join(f"{count} x {status}" for status, count in sorted(result.statuses.items(), key=str))
    return f"{len(result.exchanges)} requests, no violations of the document ({statuses})"


@pytest.mark.parametrize("kind", ["unchanged", "restricted to existing artifacts"])
def test_responses_to_a_caller_follow_the_openapi_document(kind: str, api: Api, tmp_path: Path, record: Record) -> None:
    specification = document() if kind == "unchanged" else narrowed_document()

    result = attack(
        specification,
        api.stack.url,
        tmp_path,
        token=api.token(TENANT, scope=ALL_SCOPES),
        examples=EXAMPLES,
        phases=PHASES,
    )

    assert_conforms(result, at_least=8 * EXAMPLES)
    assert {200, 400, 401, 403, 404} <= set(result.statuses)
    assert {exchange.phase for exchange in result.exchanges} >= set(PHASES.split(","))
    record("fuzz", f"The document {kind}, with a token", summarize(result), METHOD)


@pytest.mark.parametrize("token", [None, "x.y.z"])
def test_without_a_valid_token_every_response_is_a_401(
    token: str | None, api: Api, tmp_path: Path, record: Record
) -> None:
    result = attack(document(), api.stack.url, tmp_path, token=token, examples=EXAMPLES // 2, phases="coverage,fuzzing")

    assert_conforms(result, at_least=2 * EXAMPLES)
    assert {exchange.status for exchange in result.exchanges if exchange.method != "OPTIONS"} <= {401, 404}
    assert {exchange.status for exchange in result.exchanges if exchange.method == "OPTIONS"} <= {204, 404}
    assert {exchange.status for exchange in result.exchanges if exchange.phase == "fuzzing"} == {401}
    record(
        "fuzz",
        "Without a token" if token is None else "With a bad token",
        summarize(result),
        f"schemathesis, coverage and fuzzing, seed {SEED}",
    )


HEADERS = {
    "Accept": ["*/*", "", "application/zip", "text/html", "application/json;q=0", "x" * 2_000, "a/b, , c", "\u00e9"],
    "Accept-Encoding": ["gzip", "identity;q=0, *;q=0", "br;q=1.5", "zzz"],
    "Range": [
        "bytes=0-0",
        "bytes=-1",
        "bytes=9999999-",
        "bytes=5-1",
        "items=0-1",
        "bytes=0-1,3-4",
        "bytes=" + "9" * 99,
    ],
    "Content-Encoding": ["gzip", "identity", "br", "x, y"],
    "Content-Type": [
        "",
        "application/json",
        "text/plain",
        "application/xml; charset=utf-7",
        "multipart/form-data",
        "/",
    ],
    "Prefer": ["respond-async", "respond-async, wait=1", "wait=x", ";;,", '"', "respond-async=\u00e9"],
    "Idempotency-Key": ["", '""', "a b", '"a b"', "k" * 256, '"', "\u00e9", "k-1"],
    "If-None-Match": ["*", '"x", *', ",*", '"x"', 'W/"x"', ",,,", '"', "x" * 2_000, "W/"],
    "If-Match": ["*", '"x"', 'W/"x"', "x", ",", '"a.leJwDAAAAAAE"', f'"a.s{"A" * 2_640}"', '"..."'],
    "If-Modified-Since": ["never", "Sat, 29 Oct 1994 19:43:31 GMT"],
    "X-Tenant-Id": ["", TENANT, OTHER_TENANT, "x" * 300, "..", "\u00e9", "a,b"],
    "X-HTTP-Method-Override": ["DELETE"],
    "X-Forwarded-For": ["127.0.0.1", "x" * 500],
    "Expect": ["200-maybe"],
}


def violation(response: requests.Response, operation: dict[str, Any], components: dict[str, Any]) -> str | None:
    """Return how a response violates the operation's description, or None if it does not."""
    specification = operation["responses"].get(str(response.status_code))
    if specification is None:
        return f"status {response.status_code}"
    kinds = specification.get("content", {})
    if not kinds:  # API Gateway adds a Content-Type even without a body
        return f"{response.status_code} with a body" if response.content else None
    media_type = response.headers.get("Content-Type", "")
    if media_type not in kinds:
        return f"{response.status_code} with {media_type}"
    if media_type.endswith("json"):
        schema = {**kinds[media_type]["schema"], "components": components}
        jsonschema.validate(response.json(), schema, cls=jsonschema.Draft202012Validator)
    return None


def test_unusual_headers_do_not_change_the_shape_of_responses(api: Api, record: Record) -> None:
    specification = document()
    paths = specification["paths"]
    generator = random.Random(SEED)  # noqa: S311  # not for security
    package_id = api.export(export_body("Odd headers")).json()["packageId"]
    token = api.token(TENANT, scope=ALL_SCOPES)
    one, fields = f"{ARTIFACTS}/{{artifactId}}", artifact("odd", tenantId=TENANT)
    batch = {"tenantId": TENANT, "artifacts": [{name: fields[name] for name in fields if name != "tenantId"}]}
    del fields["artifactId"]
    routes: list[tuple[str, str, str, Callable[[int], object]]] = [
        ("POST", f"{BASE}/export", "", lambda number: export_body("Odd headers", version=f"1.0.{number}")),
        ("POST", f"{BASE}/preview", "", lambda _: {"tenantId": TENANT, "artifactIds": ["proc-1001"]}),
        ("GET", f"{BASE}/{package_id}", f"{BASE}/{{packageId}}", lambda _: None),
        ("GET", f"{BASE}/{package_id}/download", f"{BASE}/{{packageId}}/download", lambda _: None),
        ("GET", f"{BASE}/{package_id}/sbom", f"{BASE}/{{packageId}}/sbom", lambda _: None),
        ("PUT", f"{ARTIFACTS}/odd", one, lambda number: {**fields, "name": f"Odd {number}"}),
        ("POST", f"{ARTIFACTS}/batch", "", lambda _: batch),
        ("GET", ARTIFACTS, "", lambda _: None),
        ("GET", f"{ARTIFACTS}/odd", one, lambda _: None),
        ("GET", f"{ARTIFACTS}/odd/definition", f"{one}/definition", lambda _: None),
        ("GET", f"{ARTIFACTS}/odd/dependents", f"{one}/dependents", lambda _: None),
        ("DELETE", f"{ARTIFACTS}/odd", one, lambda _: None),
    ]
    count = len(routes) * EXAMPLES
    statuses: Counter[int] = Counter()
    violations = []

    for number in range(count):
        method, path, template, body_of = routes[number % len(routes)]
        names = generator.sample(list(HEADERS), generator.randint(1, 4))
        sent: Any = {name: generator.choice(HEADERS[name]).encode() for name in names}  # requests accepts bytes too
        response = api.call(method, path, body_of(number), token=token, headers=sent, redirects=False, base="")
        statuses[response.status_code] += 1
        found_violation = violation(response, paths[template or path][method.lower()], specification["components"])
        if found_violation is not None:
            violations.append((found_violation, method, path, sent, response.text[:200]))

    assert violations == []
    assert statuses.total() == count
    assert {200, 202, 304, 400, 403} <= set(statuses)
    record(
        "fuzz",
        "Unusual headers on valid requests",
        f"{statuses.total()} requests, no violations of the document",
        f"{len(HEADERS)} headers, up to four at once, seed {SEED}",
    )
