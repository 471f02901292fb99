"""Messages of the export queue: of events, inbox notifications and accepted exports."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from installhub.exports.messages import ExportJob, encode_message, parse_message
from installhub.packages.records import AcceptedExport
from installhub.runtime.queue_messages import InboxObject, UnreadableMessageError

EVENT: dict[str, Any] = {
    "source": "acme.portal",
    "detail-type": "ExportRequested",
    "id": "e-1",
    "detail": {"tenantId": "acme", "artifactIds": ["é"]},
}
NOTIFIED: dict[str, Any] = {"key": "requests/a.json", "version-id": "v1", "sequencer": "s1", "etag": "t1"}
NO_REVISION: dict[str, Any] = {"version-id": ..., "sequencer": ..., "etag": ...}
ACCEPTED = ExportJob(
    request_id="http:1",
    requested_by="user-1",
    document=b'{"tenantId": "acme"}',
    package_id="pkg-1",
    accepted=AcceptedExport("acme", "Größe", "1.0.0", "user-1", "2026-11-27T00:00:00Z", 1_800_000_000),
)


@pytest.mark.parametrize("plans", [None, (), ("a.b", "c")])
def test_the_expected_plans_of_an_accepted_export_are_part_of_its_message(plans: tuple[str, ...] | None) -> None:
    job = replace(ACCEPTED, expected_plans=plans)

    assert parse_message(encode_message(job), "inbox") == job


def notification(bucket: str = "inbox", **changes: Any) -> dict[str, Any]:  # noqa: ANN401
    notified = {name: value for name, value in {**NOTIFIED, **changes}.items() if value is not ...}
    return {
        "source": "aws.s3",
        "detail-type": "Object Created",
        "detail": {"bucket": {"name": bucket}, "object": notified},
    }


def parse(body: object) -> ExportJob:
    return parse_message(json.dumps(body), "inbox")


def test_an_event_is_a_job_identified_by_source_and_id() -> None:
    job = parse(EVENT)

    assert (job.request_id, job.requested_by) == ("event:acme.portal/e-1", "event:acme.portal")
    assert json.loads(job.document or b"") == EVENT["detail"]
    assert (job.inbox_object, job.package_id, job.accepted) == (None, None, None)


def test_a_notification_is_a_job_identified_by_the_version_of_the_object() -> None:
    assert parse(notification()) == ExportJob(
        request_id="s3:inbox/requests/a.json?v1",
        requested_by="s3:inbox/requests/a.json",
        inbox_object=InboxObject("requests/a.json", "v1"),
    )


@pytest.mark.parametrize(
    ("changes", "revision"),
    [({"version-id": ...}, "s1"), ({"version-id": ..., "sequencer": ...}, "t1"), ({"version-id": ""}, "s1")],
)
def test_without_versions_the_sequencer_or_the_entity_tag_identifies_it(changes: dict[str, Any], revision: str) -> None:
    assert parse(notification(**changes)).request_id == f"s3:inbox/requests/a.json?{revision}"


def test_a_notification_from_another_bucket_is_no_request() -> None:
    with pytest.raises(UnreadableMessageError, match="not the inbox: 'other'"):
        parse(notification("other"))


def test_an_accepted_export_survives_the_queue() -> None:
    assert parse_message(encode_message(ACCEPTED), "inbox") == ACCEPTED


def test_its_message_is_compact_and_keeps_characters() -> None:
    message = encode_message(ACCEPTED)

    assert "Größe" in message
    assert ": " not in message


@pytest.mark.parametrize("job", [parse(EVENT), parse(notification())])
def test_only_an_accepted_export_is_encoded(job: ExportJob) -> None:
    with pytest.raises(ValueError, match="accepted"):
        encode_message(job)


def test_an_event_of_another_kind_is_named() -> None:
    with pytest.raises(UnreadableMessageError, match="unknown detail-type: 'PackageExported'"):
        parse({**EVENT, "detail-type": "PackageExported"})


def changed(**changes: Any) -> str:  # noqa: ANN401
    """Return the message of an accepted export with changes of its acceptance."""
    body = json.loads(encode_message(ACCEPTED))
    body["acceptedExport"]["acceptance"] |= changes
    return json.dumps(body)


@pytest.mark.parametrize(
    "message",
    [
        *("", "{", "[]", "null", "7", '"x"', "{}", "[" * 100_000),
        *('{"source": "acme"}', '{"source": "aws.s3", "detail": {}}', '{"acceptedExport": {}}'),
        *(changed(until="soon"), changed(until=None), changed(tenant=7), changed(name="\ud800")),
        json.dumps({**EVENT, "id": ""}),
        json.dumps({**EVENT, "id": 7}),
        json.dumps({**EVENT, "id": "x" * 1025}),
        json.dumps({**EVENT, "id": "é" * 513}),
        json.dumps(notification(key="")),
        json.dumps(notification(**NO_REVISION)),
    ],
)
def test_any_other_message_is_unreadable(message: str) -> None:
    with pytest.raises(UnreadableMessageError):
        parse_message(message, "inbox")


@pytest.mark.parametrize("event_id", ["x", "x" * 1024, "é" * 512])
def test_an_id_may_have_as_many_bytes_as_an_s3_key(event_id: str) -> None:
    assert parse({**EVENT, "id": event_id}).request_id == f"event:acme.portal/{event_id}"
