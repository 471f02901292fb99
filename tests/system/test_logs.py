"""The log groups of the deployed functions, after requests that contain secrets."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest

from installhub.model.errors import ErrorCode
from local import logs
from tests.conftest import Record
from tests.forgeries import Mint
from tests.system.bus import wait_for
from tests.system.client import ALL_SCOPES, Api, artifact, export_body
from tests.system.test_error_responses import UNKNOWN_PACKAGE, assert_problem

OURS = "tenant-of-logs"
FOREIGN = "tenant-canary-of-another"
DEFINITION = "canary-of-a-definition"
DESCRIPTION = "canary-of-a-description"
CLAIM = "canary-of-a-claim"
LOGGED = 'odd "artifact" \u202e {x}'
VERBOSE = {"POWERTOOLS_LOG_LEVEL": "DEBUG", "POWERTOOLS_LOGGER_LOG_EVENT": "true"}
PLATFORM = ("INIT_START ", "START ", "END ", "REPORT ")
TIMEOUT_SECONDS = 60.0


@contextmanager
def verbose_logging(api: Api) -> Iterator[None]:
    """Make all functions log as much as the environment allows, and every download a redirect."""
    with ExitStack() as changes:
        for folder, name in logs.functions(api.stack).items():
            links = {"MAX_INLINE_BUNDLE_BYTES": "1"} if folder in {"download", "get_definition"} else {}
            changes.enter_context(api.changed_variables(name, **VERBOSE, **links))
        yield


def lines_since(api: Api, started: int) -> Mapping[str, list[str]]:
    """Return the log lines of each function since ``started``, including those of the platform."""
    found: dict[str, list[str]] = {}
    for folder, name in logs.functions(api.stack).items():
        pages = api.aws.logs.get_paginator("filter_log_events").paginate(
            logGroupName=logs._log_group(api.aws, name), startTime=started
        )
        found[folder] = [event["message"] for page in pages for event in page["events"]]
    return found


def entries(lines: list[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines if not line.startswith(PLATFORM)]


def exercise_api(api: Api) -> tuple[dict[str, str], list[str]]:
    """Send valid and invalid requests to every function; return the package ids and the secrets that were sent."""
    secret = {"text": DEFINITION}
    mine: dict[str, Any] = {"tenantId": OURS, "definition": secret}
    api.publish(
        [
            artifact("logged", **mine),
            artifact('odd "id" \u202e {x}', **mine),
            artifact("loop", "loop", **mine),
            artifact("theirs", tenantId=FOREIGN, definition=secret),
        ]
    )
    mint = Mint.of_stack(api, OURS)
    token = mint.token(claims={"jti": CLAIM})
    forged = [mint.token({"alg": "none"}, {"sub": CLAIM}), f"{token[:-20]}{'A' * 20}", mint.token(claims={"exp": 1})]

    def body(name: str, *roots: str, **fields: Any) -> dict[str, Any]:  # noqa: ANN401  # any JSON
        canary_fields = {"tenantId": OURS, "description": DESCRIPTION, **fields}
        return export_body(name, *(roots or ("logged",)), **canary_fields)

    later = {"Prefer": "respond-async"}
    responses = {"now": api.export(body("Now", 'odd "id" \u202e {x}'), token=token)}
    responses |= {"later": api.export(body("Later"), token=token, headers=later)}
    responses |= {"failed": api.export(body("Failed", "loop"), token=token, headers=later)}
    packages = {name: str(response.json()["packageId"]) for name, response in responses.items()}
    for other in (body("Now", tenantId=FOREIGN), body("Now", "theirs")):
        assert_problem(api.export(other, token=token), ErrorCode.TENANT_MISMATCH)
    assert_problem(
        api.preview({"tenantId": OURS, "artifactIds": ["nowhere"]}, token=token), ErrorCode.ARTIFACT_NOT_FOUND
    )
    assert_problem(api.get(UNKNOWN_PACKAGE, token=token), ErrorCode.PACKAGE_NOT_FOUND)
    for bad in forged:
        assert_problem(api.get(UNKNOWN_PACKAGE, token=bad), ErrorCode.UNAUTHORIZED)
    link = api.download(packages["now"], token=token, redirects=False).headers["Location"]
    for part in ("graph", "sbom", "attestation"):
        assert api.call("GET", f"/{packages['now']}/{part}", token=token).status_code == 200
    assert api.call("GET", "/keys", token=None, base="/api/installhub").status_code == 200
    exercise_lists(api, str(api.export(body("Listed"), token=token).json()["packageId"]))
    artifact_link = exercise_artifacts(api)
    drop_file(api)
    assert_problem(api.download(UNKNOWN_PACKAGE, token=token), ErrorCode.PACKAGE_NOT_FOUND)
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while "checksum" not in api.get(packages["later"], token=token).json() or (
        api.get(packages["failed"], token=token).json()["status"] != "failed"
    ):
        assert time.monotonic() < deadline
        time.sleep(0.2)
    damage = {"Key": {"packageId": {"S": packages["now"]}}, "UpdateExpression": "REMOVE bundleKey"}
    api.aws.dynamodb.update_item(TableName=api.stack.outputs["PackagesTable"], **damage)  # type: ignore[arg-type]
    assert_problem(api.get(packages["now"], token=token), ErrorCode.INTERNAL_ERROR)
    for function in ("SweepFunction", "ReclaimKeysFunction"):
        api.aws.lambda_.invoke(FunctionName=api.stack.outputs[function])
    assert api.call("OPTIONS", "/export", token=token).status_code == 204
    signed = re.findall(r"X-Amz-(?:Signature|Security-Token|Credential)=([^&]+)", link + artifact_link)
    assert signed
    tokens = [each for one in (token, *forged) for each in (one, *(part for part in one.split(".") if len(part) > 60))]
    return packages, [DEFINITION, DESCRIPTION, CLAIM, FOREIGN, link, artifact_link, *signed, *tokens]


def exercise_lists(api: Api, package_id: str) -> None:
    """Send requests to the routes that list, compare and retire packages."""
    token = api.token(OURS, scope=ALL_SCOPES)
    for path in (f"?tag={DESCRIPTION}", f"/versions?name={DESCRIPTION}", f"/{package_id}/diff?from={package_id}"):
        assert api.call("GET", path, token=token).status_code == 200, path
    assert_problem(api.call("GET", f"?cursor={CLAIM}", token=token), ErrorCode.INVALID_CURSOR)
    deprecated = {"lifecycle": "deprecated", "reason": DESCRIPTION}
    assert api.call("PATCH", f"/{package_id}", deprecated, token=token).status_code == 200
    assert_problem(
        api.call("PATCH", f"/{package_id}", {DESCRIPTION: DEFINITION}, token=token), ErrorCode.INVALID_REQUEST
    )


def drop_file(api: Api) -> None:
    """Drop a file with a valid and an invalid line, and wait until it is published."""
    valid = artifact("dropped", tenantId=OURS, definition={"text": DEFINITION}, name=DESCRIPTION)
    lines = [json.dumps(valid), json.dumps({**valid, "type": DEFINITION, CLAIM: FOREIGN})]
    bucket, key = api.stack.outputs["InboxBucket"], "artifacts/logged.ndjson"
    s3 = api.aws.s3
    s3.put_object(Bucket=bucket, Key=key, Body="\n".join(lines).encode())

    def is_published() -> bool | None:
        try:
            result = json.loads(s3.get_object(Bucket=bucket, Key=f"{key}.result")["Body"].read())
        except s3.exceptions.NoSuchKey:
            return None
        return True if result["status"] == "published" else None

    wait_for(is_published, TIMEOUT_SECONDS)


def exercise_artifacts(api: Api) -> str:
    """Send valid and invalid requests to every route of artifacts; return a link to a definition."""
    token = api.token(OURS, scope=ALL_SCOPES)
    requirement = {"name": "limit", "kind": "variable", "description": DESCRIPTION, "default": DEFINITION}
    fields = {name: value for name, value in artifact("x").items() if name not in {"tenantId", "artifactId"}}
    mine = {**fields, "definition": {"text": DEFINITION}, "requirements": [requirement], "tenantId": OURS}
    put = api.artifacts("PUT", LOGGED, mine, token=token)
    assert put.status_code == 201, put.text
    etag = {"If-Match": put.headers["ETag"]}
    assert_problem(
        api.artifacts("PUT", LOGGED, {**mine, "type": DEFINITION, DESCRIPTION: 1}, token=token),
        ErrorCode.INVALID_REQUEST,
    )
    assert_problem(api.artifacts("PUT", LOGGED, {**mine, "tenantId": FOREIGN}, token=token), ErrorCode.TENANT_MISMATCH)
    batch = {"tenantId": OURS, "artifacts": [{**fields, "artifactId": "batched"}, {"definition": DEFINITION}]}
    assert api.artifacts("POST", None, batch, suffix="/batch", token=token).status_code == 200
    listed = api.artifacts("GET", suffix=f"?namePrefix={DESCRIPTION}&cursor={CLAIM}", token=token)
    assert_problem(listed, ErrorCode.INVALID_CURSOR)
    for suffix in ("", "/dependents", "/packages"):
        assert api.artifacts("GET", LOGGED, suffix=suffix, token=token).status_code == 200
        assert api.artifacts("GET", "theirs", suffix=suffix, token=token).status_code == 404
    link = api.artifacts("GET", LOGGED, suffix="/definition", token=token, redirects=False).headers["Location"]
    assert api.artifacts("DELETE", LOGGED, token=token, headers=etag).status_code == 204
    assert api.artifacts("DELETE", LOGGED, token=token).status_code == 404
    return link


def test_the_logs_contain_no_secrets_and_identify_package_and_tenant(api: Api, record: Record) -> None:
    started = int(time.time() * 1000)
    with verbose_logging(api):
        packages, secrets = exercise_api(api)
        found = _wait_for_logs(api, started, packages)

    text = "\n".join(line for lines in found.values() for line in lines)
    assert [secret for secret in secrets if secret in text] == []
    assert all(found.values()), {folder: len(lines) for folder, lines in found.items()}
    about = {folder: entries(lines) for folder, lines in found.items()}
    for entry in (entry for each in about.values() for entry in each if "_aws" not in entry):
        assert entry["service"] == "installhub"
        assert entry["function_request_id"]
    for folder, name in (("export", "now"), ("export_worker", "later"), ("announce", "later"), ("announce", "failed")):
        about_package = [entry for entry in about[folder] if entry.get("packageId") == packages[name]]
        assert {entry["tenantId"] for entry in about_package} == {OURS}, (folder, name)
    for folder in ("put_artifact", "get_artifact", "get_definition", "list_dependents", "delete_artifact"):
        about_artifact = [entry for entry in about[folder] if entry.get("artifactId") == LOGGED]
        assert {entry.get("tenantId") for entry in about_artifact} <= {OURS, None}, folder
    assert {entry["fault"] for entry in about["authorizer"]} == {"ALGORITHM", "SIGNATURE", "EXPIRED"}
    (failed,) = [entry for entry in about["get_package"] if entry["message"] == "unhandled exception"]
    assert (failed["packageId"], failed["exception_name"]) == (packages["now"], "KeyError")
    record(
        "logs",
        "Secrets in the log groups of the deployed stack",
        f"none of {len(secrets)} in {text.count(chr(10)) + 1} lines of {len(found)} functions",
        "level DEBUG, and event logging asked for; platform lines included",
    )


def _wait_for_logs(api: Api, started: int, packages: dict[str, str]) -> Mapping[str, list[str]]:
    """Return the logs as soon as all outcomes are published and the tenant is enrolled."""
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while True:
        found = lines_since(api, started)
        announced = {entry.get("packageId") for entry in entries(found["announce"])}
        if announced >= set(packages.values()) and found["enroll"]:
            return found
        if time.monotonic() > deadline:
            pytest.fail(f"logs incomplete after {TIMEOUT_SECONDS} s: {found['announce']} {found['enroll']}")
        time.sleep(0.5)
