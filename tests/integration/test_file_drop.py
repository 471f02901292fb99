"""The file drop: a file of artifacts in the inbox is published, with its result beside it."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any

import pytest

from installhub.contract import artifact_documents
from installhub.events import drop_run
from operations.audit.stack import audit
from tests.integration.support.artifact_inputs import OTHER_TENANT, incompressible
from tests.integration.support.async_stack import inbox_notification
from tests.integration.support.drop_stack import KEY, DropStack, content_of, line
from tests.integration.support.functions import Functions, sample_event
from tests.integration.support.world import World

if TYPE_CHECKING:
    from collections.abc import Callable

LINE_LIMIT = 6_000
LINES = [line(f"rule-{number}") for number in range(7)]
IDS = {f"rule-{number}" for number in range(7)}


@pytest.fixture
def stack(world: World, monkeypatch: pytest.MonkeyPatch) -> DropStack:
    """A file drop that publishes three lines at a time."""
    monkeypatch.setattr(drop_run, "_BATCH_LINES", 3)
    return DropStack(world)


def assert_sound(stack: DropStack) -> None:
    world = stack.world
    assert audit(world.dynamodb, world.s3, world.kms, world.outputs, clock=world.clock).findings == []


def counts(**changed: int) -> dict[str, int]:
    numbers = {"created": 0, "updated": 0, "unchanged": 0, "refused": 0, **changed}
    return {"lines": sum(numbers.values()), **numbers}


@pytest.mark.parametrize("key", ["artifacts/a.ndjson", "artifacts/hr/Größe 1.ndjson", "artifacts/a.ndjson.gz"])
def test_every_line_is_published_and_the_result_is_beside_the_file(stack: DropStack, key: str) -> None:
    result = stack.publish(content_of([*LINES, line("other", tenant=OTHER_TENANT)]), key)

    assert (result["status"], result["counts"]) == ("published", counts(created=8))
    assert (result["refused"], result["refusedTruncated"], result["errors"]) == ([], False, [])
    assert result["startedAt"] == result["updatedAt"] == "2026-05-28T20:26:40Z"
    assert stack.artifacts().keys() == IDS
    assert stack.artifacts(OTHER_TENANT).keys() == {"other"}
    assert (stack.dead_letters(), stack.sent_again) == ([], [])
    assert_sound(stack)


def test_dropped_again_it_answers_unchanged_for_what_was_done(stack: DropStack) -> None:
    stack.publish(content_of(LINES))

    result = stack.publish(content_of([*LINES[:5], line("rule-5", name="New"), line("rule-6", "rule-5"), line("more")]))

    assert result["counts"] == counts(unchanged=5, updated=2, created=1)


def test_lines_of_several_tenants_may_alternate(stack: DropStack) -> None:
    lines = [line(f"a-{number}", tenant=tenant) for number in range(3) for tenant in ("a", "b", "c")]

    assert stack.publish(content_of(lines))["counts"] == counts(created=9)
    assert {tenant: len(stack.artifacts(tenant)) for tenant in "abc"} == {"a": 3, "b": 3, "c": 3}


def test_of_several_lines_with_the_same_id_the_last_one_counts(stack: DropStack) -> None:
    versions = [line("rule", definition=number) for number in (1, 2, 1, 3)]

    assert stack.publish(content_of(versions))["counts"] == counts(created=1, updated=3)
    last = stack.artifacts()
    stack.publish(content_of([line("rule", definition=3)]))
    assert stack.artifacts() == last


def test_a_large_definition_is_stored_as_an_object(stack: DropStack, small_items: None) -> None:  # noqa: ARG001
    result = stack.publish(content_of([line("large", definition=incompressible(20_000)), *LINES]))

    assert result["counts"] == counts(created=8)
    assert_sound(stack)


BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@pytest.mark.parametrize(
    ("content", "created"),
    [
        (b"", 0),
        (b"\n\n  \n\t\r\n", 0),
        (BYTE_ORDER_MARK, 0),
        (BYTE_ORDER_MARK + content_of(LINES), 7),
        (b"\r\n".join(LINES) + b"\r\n", 7),
        (b"\n".join(LINES), 7),
        (b"\n \n\n".join(LINES), 7),
        (json.dumps(json.loads(LINES[0]), indent=None, separators=(" , ", " : ")).encode(), 1),
    ],
)
def test_line_ends_blank_lines_and_a_byte_order_mark_do_not_matter(
    stack: DropStack, content: bytes, created: int
) -> None:
    result = stack.publish(content)

    assert (result["status"], result["counts"], result["refused"]) == ("published", counts(created=created), [])


INVALID: list[tuple[bytes, set[tuple[str, str]]]] = [
    (b"no json", {("InvalidRequest", "")}),
    (b"[]", {("InvalidRequest", "")}),
    (b"null", {("InvalidRequest", "")}),
    (b"\xff\xfe" + LINES[0], {("InvalidRequest", "")}),
    (LINES[0][:-1], {("InvalidRequest", "")}),
    (LINES[0] + LINES[1], {("InvalidRequest", "")}),
    (b"[" * 3_000, {("InvalidRequest", "")}),
    (b'{"artifactId": "a", "artifactId": "b"}', {("InvalidRequest", "")}),
    (line("x", definition="x").replace(b'"x"', b"NaN", 1), {("InvalidRequest", "")}),
    (line("x", definition=0).replace(b": 0", b": " + b"9" * 5_000), {("InvalidRequest", "")}),
    (line("x", definition="x" * LINE_LIMIT), {("RequestTooLarge", "")}),
    (b" " * (LINE_LIMIT + 1), {("RequestTooLarge", "")}),
    (line("x", type="Unknown", status=7), {("InvalidRequest", "/type"), ("InvalidRequest", "/status")}),
    (line("x", extra=1), {("InvalidRequest", "/extra")}),
    (line("x", "\x07"), {("InvalidRequest", "/dependencies/0")}),
    (b'{"tenantId": "a"}', {("InvalidRequest", f"/{name}") for name in json.loads(LINES[0]) if name != "tenantId"}),
    (line("x", definition=0).replace(b": 0", b': "\\ud800"'), {("InvalidRequest", "/definition")}),
    (line("x", definition=0).replace(b'"x"', b'"\\ud800"'), {("InvalidRequest", "/artifactId")}),
]


@pytest.mark.parametrize(("poison", "problems"), INVALID)
def test_a_poison_line_is_refused_by_number_without_stopping_the_rest(
    stack: DropStack, monkeypatch: pytest.MonkeyPatch, poison: bytes, problems: set[tuple[str, str]]
) -> None:
    monkeypatch.setattr(drop_run, "MAX_LINE_BYTES", LINE_LIMIT)

    result = stack.publish(content_of([*LINES[:2], poison, *LINES[2:]]))

    assert (result["status"], result["counts"]) == ("published", counts(created=7, refused=1))
    assert {(problem["errorCode"], problem["pointer"]) for problem in result["refused"]} == problems
    assert {problem["line"] for problem in result["refused"]} == {3}
    assert all(problem["detail"] for problem in result["refused"])
    assert stack.artifacts().keys() == IDS


def test_a_refused_line_is_named_by_its_artifact_if_it_has_an_id(stack: DropStack) -> None:
    lines = [line("rule", type="Unknown"), line("x" * 257), LINES[0], b"{}"]

    result = stack.publish(content_of(lines))

    named = {problem["line"]: problem.get("artifactId") for problem in result["refused"]}
    assert named == {1: "rule", 2: None, 4: None}


def test_the_limit_of_a_line_has_room_for_a_definition_of_maximum_size() -> None:
    assert artifact_documents.MAX_LINE_BYTES == 64 * 1024 * 1024


def gzip_members(*parts: bytes) -> bytes:
    return b"".join(gzip.compress(part) for part in parts)


WHOLE = gzip.compress(content_of(LINES))


@pytest.mark.parametrize(
    "content",
    [
        gzip_members(content_of(LINES[:3]), content_of(LINES[3:])),
        gzip_members(content_of(LINES)[:100], b"", content_of(LINES)[100:]) + b"\0" * 512,
    ],
)
def test_a_gzip_file_may_have_several_members(stack: DropStack, content: bytes) -> None:
    stack.deliver(stack.put(content, f"{KEY}.gz"))

    assert stack.result(f"{KEY}.gz")["counts"] == counts(created=7)


@pytest.mark.parametrize(
    ("content", "created"),
    [
        (b"no gzip", 0),
        (content_of(LINES), 0),
        (WHOLE[:-1], 7),
        (WHOLE + b"garbage", 7),
        (gzip_members(content_of(LINES[:4])) + WHOLE[:30], 4),
    ],
)
def test_a_damaged_gzip_file_fails_after_what_could_be_read(stack: DropStack, content: bytes, created: int) -> None:
    message = stack.put(content, f"{KEY}.gz")
    for _ in range(2):
        stack.deliver(message)

        result = stack.result(f"{KEY}.gz")
        assert result["status"] == "failed"
        assert [error["errorCode"] for error in result["errors"]] == ["InvalidRequest"]
        assert result["counts"]["created"] in {created // 3 * 3, created}, "whole batches"
        assert len(stack.artifacts()) == result["counts"]["created"]
    assert stack.dead_letters() == [], "it is the file's fault"


def test_a_repeated_message_does_not_publish_again(stack: DropStack) -> None:
    message = stack.drop(content_of(LINES))
    stack.deliver(message)
    result = stack.result()
    later = stack.publish(content_of([line("rule-0", name="By another file")]), "artifacts/later.ndjson")
    assert later["counts"] == counts(updated=1)
    stack.clock.now += 60

    assert stack.deliver(message) is None

    assert stack.result() == result
    stack.publish(content_of([line("rule-0", name="By another file")]), "artifacts/again.ndjson")
    assert stack.result("artifacts/again.ndjson")["counts"] == counts(unchanged=1)


def test_of_a_replaced_file_only_the_new_content_is_published(stack: DropStack) -> None:
    first = stack.drop(content_of(LINES[:3]))
    second = stack.drop(content_of(LINES[3:]))

    stack.deliver(second)
    stack.deliver(first)

    assert stack.artifacts().keys() == {"rule-3", "rule-4", "rule-5", "rule-6"}
    assert stack.result()["counts"] == counts(created=4)


@pytest.mark.parametrize(
    "message",
    [
        *("no json", "[]", "null", "7", '{"source": "aws.s3"}', '{"source": "aws.s3", "detail": {}}', "[" * 100_000),
        '{"source": "com.example.hr", "detail": {}}',
    ],
)
def test_an_unreadable_message_is_dead_lettered_at_once_with_its_reason(stack: DropStack, message: str) -> None:
    stack.deliver(message)

    ((body, reason),) = stack.dead_letters()
    assert body == message
    assert reason


@pytest.mark.parametrize(
    "notification",
    [
        lambda bucket: inbox_notification("another", KEY, None),  # noqa: ARG005
        lambda bucket: inbox_notification(bucket, "requests/a.ndjson", None),
        lambda bucket: inbox_notification(bucket, "artifacts/a.json", None),
        lambda bucket: inbox_notification(bucket, f"{KEY}.result", None),
        lambda bucket: inbox_notification(bucket, f"artifacts/{'x' * 1002}.ndjson", None),
        lambda bucket: inbox_notification(bucket, "artifacts/never.ndjson", None),
    ],
)
def test_a_notification_about_anything_but_a_file_of_artifacts_is_dead_lettered(
    stack: DropStack, notification: Callable[[str], str]
) -> None:
    stack.deliver(notification(stack.bucket))

    assert len(stack.dead_letters()) == 1


@pytest.mark.parametrize("content", [b"{", b'{"isSuccess": true}', b"\xff"])
def test_something_else_in_place_of_the_result_is_replaced(stack: DropStack, content: bytes) -> None:
    stack.put(content, f"{KEY}.result")

    assert stack.publish(content_of(LINES))["counts"] == counts(created=7)


def test_the_function_publishes_the_file_of_its_sample_event(
    world: World, functions: Functions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.builders.FakeContext.get_remaining_time_in_millis", lambda _: 900_000)
    stack = DropStack(world)
    event = sample_event("publish_worker")
    (record,) = event["Records"]
    notification = json.loads(record["body"])["detail"]
    notification["bucket"]["name"] = stack.bucket
    stack.drop(content_of(LINES), notification["object"]["key"])
    body = json.dumps({**json.loads(record["body"]), "detail": notification})
    record |= {"body": body, "receiptHandle": stack.receive(body).receipt_handle}

    response: Any = functions.invoke("publish_worker", event)

    assert response == {"batchItemFailures": []}
    assert stack.result("artifacts/onboarding.ndjson")["counts"] == counts(created=7)
    assert stack.artifacts().keys() == IDS
