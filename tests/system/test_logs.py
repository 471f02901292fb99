"""What the deployed functions wrote into their log groups while secrets passed through them."""

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
from tests.system.client import Api, artifact, export_body
from tests.system.test_refusals import UNKNOWN_PACKAGE, problem

OURS = "tenant-of-logs"
FOREIGN = "tenant-canary-of-another"
DEFINITION = "canary-of-a-definition"
DESCRIPTION = "canary-of-a-description"
CLAIM = "canary-of-a-claim"
LOUD = {"POWERTOOLS_LOG_LEVEL": "DEBUG", "POWERTOOLS_LOGGER_LOG_EVENT": "true"}
PLATFORM = ("INIT_START ", "START ", "END ", "REPORT ")
PATIENCE = 60.0


@contextmanager
def loud(api: Api) -> Iterator[None]:
    """All functions log as much as the environment can make them, and every bundle is behind a link."""
    with ExitStack() as changes:
        for folder, name in logs.functions(api.stack).items():
            links = {"MAX_INLINE_BUNDLE_BYTES": "1"} if folder == "download" else {}
            changes.enter_context(api.changed_variables(name, **LOUD, **links))
        yield


def lines_since(api: Api, started: int) -> Mapping[str, list[str]]:
    """What each function wrote since then, the platform's lines included."""
    found: dict[str, list[str]] = {}
    for folder, name in logs.functions(api.stack).items():
        pages = api.aws.logs.get_paginator("filter_log_events").paginate(
            logGroupName=logs._log_group(api.aws, name), startTime=started
        )
        found[folder] = [event["message"] for page in pages for event in page["events"]]
    return found


def entries(lines: list[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines if not line.startswith(PLATFORM)]


def drive(api: Api) -> tuple[dict[str, str], list[str]]:
    """Use every function, well and badly; the packages made, and what must not be found in the logs."""
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
    packages = {name: str(answer.json()["packageId"]) for name, answer in responses.items()}
    for other in (body("Now", tenantId=FOREIGN), body("Now", "theirs")):
        problem(api.export(other, token=token), ErrorCode.TENANT_MISMATCH)
    problem(api.preview({"tenantId": OURS, "artifactIds": ["nowhere"]}, token=token), ErrorCode.ARTIFACT_NOT_FOUND)
    problem(api.get(UNKNOWN_PACKAGE, token=token), ErrorCode.PACKAGE_NOT_FOUND)
    for bad in forged:
        problem(api.get(UNKNOWN_PACKAGE, token=bad), ErrorCode.UNAUTHORIZED)
    link = api.download(packages["now"], token=token, redirects=False).headers["Location"]
    problem(api.download(UNKNOWN_PACKAGE, token=token), ErrorCode.PACKAGE_NOT_FOUND)
    until = time.monotonic() + PATIENCE
    while "checksum" not in api.get(packages["later"], token=token).json() or (
        api.get(packages["failed"], token=token).json()["status"] != "failed"
    ):
        assert time.monotonic() < until
        time.sleep(0.2)
    damage = {"Key": {"packageId": {"S": packages["now"]}}, "UpdateExpression": "REMOVE bundleKey"}
    api.aws.dynamodb.update_item(TableName=api.stack.outputs["PackagesTable"], **damage)  # type: ignore[arg-type]
    problem(api.get(packages["now"], token=token), ErrorCode.INTERNAL_ERROR)
    api.aws.lambda_.invoke(FunctionName=api.stack.outputs["SweepFunction"])
    signed = re.findall(r"X-Amz-(?:Signature|Security-Token|Credential)=([^&]+)", link)
    assert signed
    tokens = [each for one in (token, *forged) for each in (one, *(part for part in one.split(".") if len(part) > 60))]
    return packages, [DEFINITION, DESCRIPTION, CLAIM, FOREIGN, link, *signed, *tokens]


def test_the_log_groups_hold_no_secret_and_name_what_their_lines_are_about(api: Api, record: Record) -> None:
    started = int(time.time() * 1000)
    with loud(api):
        packages, secrets = drive(api)
        found = _when_all_is_told(api, started, packages)

    text = "\n".join(line for lines in found.values() for line in lines)
    assert [secret for secret in secrets if secret in text] == []
    assert all(found.values()), {folder: len(lines) for folder, lines in found.items()}
    about = {folder: entries(lines) for folder, lines in found.items()}
    for entry in (entry for each in about.values() for entry in each if "_aws" not in entry):
        assert entry["service"] == "installhub"
        assert entry["function_request_id"]
    for folder, name in (("export", "now"), ("export_worker", "later"), ("announce", "later"), ("announce", "failed")):
        entries = [entry for entry in about[folder] if entry.get("packageId") == packages[name]]
        assert {entry["tenantId"] for entry in entries} == {OURS}, (folder, name)
    assert {entry["fault"] for entry in about["authorizer"]} == {"ALGORITHM", "SIGNATURE", "EXPIRED"}
    (failed,) = [entry for entry in about["get_package"] if entry["message"] == "unhandled exception"]
    assert (failed["packageId"], failed["exception_name"]) == (packages["now"], "KeyError")
    record(
        "logs",
        "Secrets in the log groups of the deployed stack",
        f"none of {len(secrets)} in {text.count(chr(10)) + 1} lines of {len(found)} functions",
        "level DEBUG, and event logging asked for; platform lines included",
    )


def _when_all_is_told(api: Api, started: int, packages: dict[str, str]) -> Mapping[str, list[str]]:
    """The logs, once the outcomes were announced and the tenant enrolled."""
    until = time.monotonic() + PATIENCE
    while True:
        found = lines_since(api, started)
        announced = {entry.get("packageId") for entry in entries(found["announce"])}
        if announced >= set(packages.values()) and found["enroll"]:
            return found
        if time.monotonic() > until:
            pytest.fail(f"no response within {PATIENCE} s: {found['announce']} {found['enroll']}")
        time.sleep(0.5)
