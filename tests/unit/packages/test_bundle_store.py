"""The requests that the bundle store sends to S3, and how it reports failures."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from functools import partial
from io import BytesIO
from typing import TYPE_CHECKING, Any, cast

import pytest
from botocore.exceptions import EndpointConnectionError

from installhub.model.errors import ServiceUnavailableError
from installhub.packages.bundle_store import BundleStore

if TYPE_CHECKING:
    from collections.abc import Callable

PART = b"x" * 8 * 1024 * 1024
KEY = "bundles/pkg-1/attempt.zip"
OBJECT = {"Bucket": "bucket", "Key": KEY}
OPERATIONS = (
    "put_object",
    "create_multipart_upload",
    "upload_part",
    "complete_multipart_upload",
    "abort_multipart_upload",
    "get_object",
    "delete_object",
    "generate_presigned_url",
)


class NoSuchUploadError(Exception):
    """S3's NoSuchUpload."""


@dataclass
class RecordingS3:
    """Records requests in the order of their responses, or fails."""

    errors: dict[str, Exception] = field(default_factory=dict)
    requests: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    upload_seconds: float = 0

    class exceptions:  # noqa: N801  # boto3's name
        NoSuchUpload = NoSuchUploadError

    def __getattr__(self, operation: str) -> Callable[..., object]:
        if operation not in OPERATIONS:
            raise AttributeError(operation)
        return partial(self._call, operation)

    def _call(self, operation: str, *arguments: object, **request: Any) -> object:  # noqa: ANN401
        if operation == "upload_part":
            threading.Event().wait(self.upload_seconds)
        if "Body" in request:
            request["Body"] = bytes(request["Body"])
        self.requests.append((operation, {**request, **({"arguments": arguments} if arguments else {})}))
        if operation in self.errors:
            raise self.errors[operation]
        if operation == "generate_presigned_url":
            return "https://signed"
        return {"UploadId": "upload-1", "ETag": f"tag-{request.get('PartNumber')}", "Body": BytesIO(b"content")}

    def operations(self) -> list[str]:
        return [operation for operation, _ in self.requests]


def store(s3: RecordingS3) -> BundleStore:
    return BundleStore(lambda: cast("Any", s3), "bucket")


def upload(s3: RecordingS3, *pieces: bytes, error: BaseException | None = None) -> None:
    """Upload a bundle in ``pieces``; raise ``error`` before it is complete."""
    with store(s3).upload(KEY) as writing:
        for piece in pieces:
            writing.write(piece)
        if error is not None:
            raise error


def test_the_key_of_a_bundle_names_its_package_and_attempt() -> None:
    assert BundleStore.object_key("pkg-1", "attempt") == KEY
    assert BundleStore.object_prefix("pkg-1") == "bundles/pkg-1/"


def test_a_small_bundle_is_one_object() -> None:
    s3 = RecordingS3()
    upload(s3, b"small")

    assert s3.requests == [("put_object", {**OBJECT, "Body": b"small", "ContentType": "application/zip"})]


def test_a_large_bundle_is_a_multipart_upload() -> None:
    s3 = RecordingS3()
    upload(s3, PART, b"rest")

    created, *parts, completed = s3.requests
    assert created == ("create_multipart_upload", {**OBJECT, "ContentType": "application/zip"})
    part = {**OBJECT, "UploadId": "upload-1"}
    assert sorted(parts, key=lambda request: int(request[1]["PartNumber"])) == [
        ("upload_part", {**part, "PartNumber": 1, "Body": PART}),
        ("upload_part", {**part, "PartNumber": 2, "Body": b"rest"}),
    ]
    tags = [{"PartNumber": number, "ETag": f"tag-{number}"} for number in (1, 2)]
    assert completed == ("complete_multipart_upload", {**part, "MultipartUpload": {"Parts": tags}})


def test_a_bundle_of_whole_parts_has_no_empty_one() -> None:
    s3 = RecordingS3()
    upload(s3, PART)

    assert s3.operations() == ["create_multipart_upload", "upload_part", "complete_multipart_upload"]


def test_parts_are_discarded_after_the_last_one_has_arrived() -> None:
    s3 = RecordingS3(upload_seconds=0.05)

    with pytest.raises(KeyboardInterrupt):
        upload(s3, PART, error=KeyboardInterrupt())

    assert s3.operations() == ["create_multipart_upload", "upload_part", "abort_multipart_upload"]
    assert s3.requests[-1][1] == {**OBJECT, "UploadId": "upload-1"}


def test_a_bundle_that_fails_before_its_first_part_leaves_nothing_to_discard() -> None:
    s3 = RecordingS3()

    with pytest.raises(KeyboardInterrupt):
        upload(s3, b"some", error=KeyboardInterrupt())

    assert s3.requests == []


def test_an_upload_that_no_longer_exists_when_it_is_completed_has_failed() -> None:
    s3 = RecordingS3({"complete_multipart_upload": NoSuchUploadError(), "abort_multipart_upload": NoSuchUploadError()})

    with pytest.raises(ServiceUnavailableError) as failure:
        upload(s3, PART)

    assert failure.value.service == "s3"
    assert s3.operations()[-2:] == ["complete_multipart_upload", "abort_multipart_upload"]


def test_a_bundle_is_read_as_a_whole_or_in_part() -> None:
    s3 = RecordingS3()

    assert store(s3).read(KEY) == b"content"
    assert store(s3).read_range(KEY, 10, 5) == b"content"
    assert s3.requests == [("get_object", OBJECT), ("get_object", {**OBJECT, "Range": "bytes=10-14"})]


def test_a_bundle_is_deleted() -> None:
    s3 = RecordingS3()
    store(s3).delete(KEY)

    assert s3.requests == [("delete_object", OBJECT)]


@pytest.mark.parametrize(("method", "operation"), [("GET", "get_object"), ("HEAD", "head_object")])
def test_a_link_is_for_one_method_object_and_time(method: str, operation: str) -> None:
    s3 = RecordingS3()

    assert store(s3).presigned_url(method, KEY, "attachment", 300) == "https://signed"
    parameters = {**OBJECT, "ResponseContentDisposition": "attachment", "ResponseContentType": "application/zip"}
    assert s3.requests == [
        ("generate_presigned_url", {"arguments": (operation,), "Params": parameters, "ExpiresIn": 300})
    ]


@pytest.mark.parametrize(
    ("operation", "call"),
    [
        ("put_object", lambda s3: upload(s3, b"small")),
        *(
            (operation, lambda s3: upload(s3, PART))
            for operation in ("create_multipart_upload", "upload_part", "complete_multipart_upload")
        ),
        ("get_object", lambda s3: store(s3).read(KEY)),
        ("get_object", lambda s3: store(s3).read_range(KEY, 0, 1)),
        ("delete_object", lambda s3: store(s3).delete(KEY)),
    ],
)
def test_an_unreachable_bucket_is_a_service_that_is_unavailable(
    operation: str, call: Callable[[RecordingS3], None]
) -> None:
    with pytest.raises(ServiceUnavailableError) as failure:
        call(RecordingS3({operation: EndpointConnectionError(endpoint_url="https://s3")}))

    assert failure.value.service == "s3"
