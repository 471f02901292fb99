"""Uploads in parts: in order, complete, and never more than two in memory beside the one being filled."""

from __future__ import annotations

import hashlib
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, cast

from installhub.packages.bundle_store import BundleStore

PART = b"x" * 8 * 1024 * 1024


@dataclass
class SlowS3:
    """Holds back all parts until ``gate`` is opened."""

    gate: threading.Event = field(default_factory=threading.Event)
    started: list[int] = field(default_factory=list)
    completed: dict[str, Any] = field(default_factory=dict)
    whole: list[bytes] = field(default_factory=list)

    def create_multipart_upload(self, **_: object) -> dict[str, str]:
        return {"UploadId": "upload-1"}

    def upload_part(self, *, PartNumber: int, **_: object) -> dict[str, str]:  # noqa: N803  # boto3's name
        self.started.append(PartNumber)
        assert self.gate.wait(10)
        return {"ETag": f"tag-{PartNumber}"}

    def complete_multipart_upload(self, *, MultipartUpload: dict[str, Any], **_: object) -> None:  # noqa: N803
        self.completed = MultipartUpload

    def put_object(self, *, Body: bytes, **_: object) -> None:  # noqa: N803  # boto3's name
        self.whole.append(bytes(Body))


def store(s3: SlowS3) -> BundleStore:
    return BundleStore(lambda: cast("Any", s3), "bundles")


def test_a_third_part_waits_until_one_of_two_has_been_sent() -> None:
    s3 = SlowS3()
    with store(s3).upload("key") as upload, ThreadPoolExecutor(1) as writer:
        *_, writing = [writer.submit(upload.write, PART) for _ in range(3)]  # one after another
        deadline = time.monotonic() + 10
        while len(s3.started) < 2 and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(0.1)
        is_waiting = not writing.done()
        s3.gate.set()
        writing.result(10)

    assert is_waiting
    assert s3.completed["Parts"] == [{"PartNumber": number, "ETag": f"tag-{number}"} for number in (1, 2, 3)]


def test_the_rest_is_the_last_part() -> None:
    s3 = SlowS3()
    s3.gate.set()
    with store(s3).upload("key") as upload:
        upload.write(PART)
        upload.write(b"rest")

    assert upload.checksum == f"sha256:{hashlib.sha256(PART + b'rest').hexdigest()}"
    assert [part["PartNumber"] for part in s3.completed["Parts"]] == [1, 2]


def test_a_small_bundle_is_put_at_once() -> None:
    s3 = SlowS3()
    with store(s3).upload("key") as upload:
        upload.write(b"small")
        upload.write(b" bundle")

    assert s3.whole == [b"small bundle"]
    assert s3.started == []
