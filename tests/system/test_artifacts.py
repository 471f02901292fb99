"""Artifacts over HTTP, on the deployed stack: from the editor's PUT to the bundle, and back."""

from __future__ import annotations

import io
import json
import threading
import zipfile
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

import pytest

from installhub.contract.artifact_documents import MAX_DOCUMENT_BYTES
from installhub.model.errors import ErrorCode
from tests.stacks import deployed
from tests.system.client import ALL_SCOPES, ARTIFACTS, OTHER_TENANT, TENANT, Api, export_body
from tests.system.test_error_responses import assert_problem

if TYPE_CHECKING:
    import requests

FIELDS: Final[dict[str, Any]] = {
    "tenantId": TENANT,
    "type": "ProcessDefinition",
    "name": "A process",
    "status": "published",
    "dependencies": [],
    "definition": {"steps": [1, 2.5, None, "ä"]},
}
ODD_IDS: Final = (
    *(
        "batch",
        "..",
        ".",
        "a/b",
        "a%2Fb",
        "a b",
        "a+b",
        "a;b",
        "a&b=c",
        "a?b#c",
        "~",
        "~YQ",
        "100%",
        "'\"",
        "<x>",
        "$(x)",
    ),
    *(
        "a\\b",
        "é",
        "e\u0301",
        "\N{NO-BREAK SPACE}",
        "\N{ZERO WIDTH SPACE}",
        "\N{RIGHT-TO-LEFT OVERRIDE}x",
        "😀",
        "漢字",
    ),
    *("x" * 256, "é" * 256, "\N{OLD PERSIAN SIGN A}" * 256),
)
PLAIN_IDS: Final = ("rule-1", "A.b_C-9", "...", "Batch", "a b", "a+b", "é", "😀", "a&b=c", "100%", "x" * 256)
WRITERS: Final = 8


@pytest.fixture(scope="module")
def api() -> Iterator[Api]:
    """A stack without rate limits, because these requests are many and quick."""
    yield from deployed(
        "system-artifacts",
        "ExportRateLimit=10000 ExportBurstLimit=10000 StageRateLimit=10000 StageBurstLimit=10000 "
        "PublishRateLimit=10000 PublishBurstLimit=10000 RequestRateLimit=10000 RequestBurstLimit=10000 "
        "MaxInlineBundleBytes=200000",
    )


def put(api: Api, artifact_id: str, *dependencies: str, **options: Any) -> requests.Response:  # noqa: ANN401  # fields and options
    headers, fields = options.pop("headers", None), {**FIELDS, "dependencies": list(dependencies), **options}
    return api.artifacts("PUT", artifact_id, fields, headers=headers)


def race(number: int, act: Any) -> list[requests.Response]:  # noqa: ANN401  # a function
    start = threading.Barrier(number)

    def run(writer: int) -> requests.Response:
        start.wait()
        response: requests.Response = act(writer)
        return response

    with ThreadPoolExecutor(number) as pool:
        return list(pool.map(run, range(number)))


def test_an_artifact_is_put_read_exported_and_deleted(api: Api) -> None:
    assert put(api, "life-part").status_code == 201
    created = put(api, "life", "life-part", headers={"If-None-Match": "*"})
    assert (created.status_code, created.json()["change"]) == (201, "created")

    got = api.artifacts("GET", "life")
    assert got.json() == {name: value for name, value in created.json().items() if name != "change"}
    assert api.artifacts("GET", "life", headers={"If-None-Match": got.headers["ETag"]}).status_code == 304
    head = api.artifacts("HEAD", "life")
    assert (head.status_code, head.content, head.headers["ETag"]) == (200, b"", created.headers["ETag"])
    links = created.json()["links"]
    definition = api.call("GET", links["definition"], token=api.token(TENANT), base="")
    assert definition.json() == FIELDS["definition"]
    assert definition.headers["ETag"] == f'"{created.json()["sha256"]}"'
    dependents = api.artifacts("GET", "life-part", suffix="/dependents?transitive=true").json()["dependents"]
    assert [found["path"] for found in dependents] == [["life", "life-part"]]
    package = api.export(export_body("Life", "life")).json()
    assert package["manifest"]["installOrder"] == ["life-part", "life"]
    assert_problem(api.artifacts("DELETE", "life-part"), ErrorCode.ARTIFACT_IN_USE)
    stale = {"If-Match": got.headers["ETag"]}
    assert put(api, "life", name="New").status_code == 200
    assert_problem(api.artifacts("DELETE", "life", headers=stale), ErrorCode.PRECONDITION_FAILED)
    for artifact_id in ("life", "life-part"):
        deleted = api.artifacts("DELETE", artifact_id)
        assert (deleted.status_code, deleted.content) == (204, b"")
        assert_missing(api.artifacts("GET", artifact_id))
    with zipfile.ZipFile(io.BytesIO(api.download(package["packageId"]).content)) as bundle:
        assert json.loads(bundle.read("artifacts/ProcessDefinition/life-part.json")) == FIELDS["definition"]


def assert_missing(response: requests.Response) -> dict[str, Any]:
    assert (response.status_code, response.json()["errorCode"]) == (404, "ArtifactNotFound"), response.text
    assert response.headers["Content-Type"] == "application/problem+json"
    return dict(response.json())


@pytest.mark.parametrize("artifact_id", ODD_IDS, ids=lambda value: ascii(value[:12]))
def test_an_id_of_any_kind_works_in_a_path(api: Api, artifact_id: str) -> None:
    created = put(api, artifact_id)

    assert (created.status_code, created.json()["artifactId"]) == (201, artifact_id)
    for link in created.json()["links"].values():
        if not link.endswith("/packages"):
            assert api.call("GET", link, token=api.token(TENANT), base="").status_code == 200, link
    prefix = {"suffix": "?namePrefix=~QSBwcm8&limit=200"}
    assert artifact_id in {found["artifactId"] for found in api.artifacts("GET", **prefix).json()["artifacts"]}
    assert api.artifacts("DELETE", artifact_id).status_code == 204


@pytest.mark.parametrize("artifact_id", PLAIN_IDS, ids=lambda value: ascii(value[:12]))
def test_an_id_may_also_be_percent_encoded_where_gateways_allow_it(api: Api, artifact_id: str) -> None:
    put(api, artifact_id)

    found = api.call("GET", f"/{quote(artifact_id, safe='')}", token=api.token(TENANT), base=ARTIFACTS)

    assert found.json()["artifactId"] == artifact_id
    api.artifacts("DELETE", artifact_id)


def test_a_list_is_read_by_its_links(api: Api) -> None:
    for number in range(5):
        put(api, f"listed-{number}", name=f"Listed ä {number}", status="draft")
    target, found = "?namePrefix=~TGlzdGVkIMOk&status=draft&limit=2", []
    while target:
        page = api.artifacts("GET", suffix=target)
        assert page.status_code == 200, page.text
        found += [each["artifactId"] for each in page.json()["artifacts"]]
        target = page.links["next"]["url"] if "next" in page.links else ""

    assert found == [f"listed-{number}" for number in range(5)]
    cursor = api.artifacts("GET", suffix="?limit=1").json()["nextCursor"]
    other = api.token(OTHER_TENANT, scope=ALL_SCOPES)
    assert_problem(api.artifacts("GET", suffix=f"?cursor={cursor}", token=other), ErrorCode.INVALID_CURSOR)
    assert_problem(api.artifacts("GET", suffix="?limit=0&type=x"), ErrorCode.INVALID_REQUEST)


def test_a_batch_of_500_with_bad_artifacts(api: Api) -> None:
    fields = {name: value for name, value in FIELDS.items() if name != "tenantId"}
    batch = [{**fields, "artifactId": f"batch-{number:03}"} for number in range(500)]
    batch[7]["type"] = "Spreadsheet"

    response = api.artifacts("POST", None, {"tenantId": TENANT, "artifacts": batch}, suffix="/batch")

    assert response.status_code == 200, response.text
    body = response.json()
    assert {name: body[name] for name in ("created", "updated", "unchanged", "refused")} == {
        "created": 499,
        "updated": 0,
        "unchanged": 0,
        "refused": 1,
    }
    assert [result["artifactId"] for result in body["results"]] == [each["artifactId"] for each in batch]
    assert body["results"][7]["errors"][0]["pointer"] == "/artifacts/7/type"


def test_a_large_definition_is_a_redirect_that_clients_follow(api: Api) -> None:
    definition = {"text": [f"{number:09}" for number in range(30_000)]}
    put(api, "large", definition=definition)

    redirect = api.artifacts("GET", "large", suffix="/definition", redirects=False)
    followed = api.artifacts("GET", "large", suffix="/definition")

    assert (redirect.status_code, redirect.content) == (307, b"")
    assert "X-Amz-Expires=300" in redirect.headers["Location"]
    assert followed.json() == definition
    assert followed.headers["Content-Type"] == "application/json"
    etag = {"If-None-Match": redirect.headers["ETag"]}
    assert api.artifacts("GET", "large", suffix="/definition", headers=etag).status_code == 304
    head = api.artifacts("HEAD", "large", suffix="/definition")
    assert (head.status_code, int(head.headers["Content-Length"])) == (200, len(followed.content))


CHANGES: Final[Sequence[dict[str, Any]]] = (
    {"definition": "{}"},
    {"name": "By {}"},
    {"status": "draft", "dependencies": ["of-{}"]},
    {"requirements": [{"name": "db-{}", "kind": "connection"}]},
)


@pytest.mark.parametrize("change", CHANGES, ids=lambda value: next(iter(value)))
def test_of_eight_writers_with_one_etag_exactly_one_wins(api: Api, change: dict[str, Any]) -> None:
    artifact_id = f"raced-{next(iter(change))}"
    etag = {"If-Match": put(api, artifact_id).headers["ETag"]}

    responses = race(
        WRITERS,
        lambda writer: put(api, artifact_id, headers=etag, **json.loads(json.dumps(change).replace("{}", str(writer)))),
    )

    assert Counter(response.status_code for response in responses) == {200: 1, 412: WRITERS - 1}
    (winner,) = [response for response in responses if response.status_code == 200]
    assert api.artifacts("GET", artifact_id).headers["ETag"] == winner.headers["ETag"]


def test_of_eight_creators_exactly_one_wins(api: Api) -> None:
    responses = race(WRITERS, lambda writer: put(api, "new", name=f"By {writer}", headers={"If-None-Match": "*"}))

    assert Counter(response.status_code for response in responses) == {201: 1, 412: WRITERS - 1}


def test_eight_writers_of_different_artifacts_all_succeed(api: Api) -> None:
    assert {response.status_code for response in race(WRITERS, lambda writer: put(api, f"apart-{writer}"))} == {201}


def test_the_scopes_are_required(api: Api) -> None:
    put(api, "scoped")
    reads = [("scoped", ""), (None, ""), ("scoped", "/definition"), ("scoped", "/dependents")]
    for scope, may_read, may_write in (
        ("openid", False, False),
        ("installhub:export", True, False),
        ("installhub:publish", True, True),
    ):
        token = api.token(TENANT, scope=scope)
        for artifact_id, suffix in reads:
            response = api.artifacts("GET", artifact_id, suffix=suffix, token=token)
            assert_scope(response, may_read, "installhub:export installhub:publish")
        batch = {"tenantId": TENANT, "artifacts": [{}]}
        for response in (
            api.artifacts("PUT", "scoped", FIELDS, token=token),
            api.artifacts("POST", None, batch, suffix="/batch", token=token),
            api.artifacts("DELETE", "scoped", token=token),
        ):
            assert_scope(response, may_write, "installhub:publish")


def assert_scope(response: requests.Response, is_allowed: bool, scopes: str) -> None:  # noqa: FBT001  # as in the table
    if is_allowed:
        assert response.status_code in {200, 204}, response.text
        return
    assert_problem(response, ErrorCode.INSUFFICIENT_SCOPE)
    # API Gateway renames the header of a function's response.
    sent = response.headers.get("WWW-Authenticate") or response.headers["x-amzn-Remapped-WWW-Authenticate"]
    assert sent == f'Bearer error="insufficient_scope", scope="{scopes}"'


@pytest.mark.parametrize(
    "raw",
    [
        *(b"", b"{", b"[]", b"\xff", b"\xef\xbb\xbf{}", b'{"a": 1, "a": 2}', b'{"definition": 1e999}', b"[" * 100_000),
        *(b'{"definition": NaN}', rb'{"\ud800": 1}', b'{"definition": ' + b"9" * 5_000 + b"}"),
    ],
    ids=lambda value: ascii(value[:20]),
)
def test_a_hostile_body_is_refused(api: Api, raw: bytes) -> None:
    headers = {"X-Tenant-Id": TENANT}
    assert_problem(api.artifacts("PUT", "hostile", raw=raw, headers=headers), ErrorCode.INVALID_REQUEST)
    assert_problem(api.artifacts("POST", None, raw=raw, suffix="/batch", headers=headers), ErrorCode.INVALID_REQUEST)
    assert_missing(api.artifacts("GET", "hostile"))


def test_a_body_over_the_limit_is_too_large(api: Api) -> None:
    headers = {"X-Tenant-Id": TENANT}
    for raw in (b" " * (MAX_DOCUMENT_BYTES + 1), b" " * 8_000_000):
        assert_problem(api.artifacts("PUT", "hostile", raw=raw, headers=headers), ErrorCode.REQUEST_TOO_LARGE)
    fitting = json.dumps({**FIELDS, "definition": "x" * (MAX_DOCUMENT_BYTES - 1_000)}).encode()
    assert api.artifacts("PUT", "largest", raw=fitting).status_code == 201


@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_another_method_is_not_found(api: Api, method: str) -> None:
    assert_problem(api.artifacts(method, "life", {}), ErrorCode.NOT_FOUND)


def test_the_audit_finds_nothing_after_all_of_this(api: Api) -> None:
    audit = api.make("audit", "JSON=1")

    assert audit.returncode == 0, audit.stdout + audit.stderr
