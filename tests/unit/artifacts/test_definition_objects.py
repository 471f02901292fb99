"""Large definitions are read from S3, in chunks; one that is gone makes the export unavailable."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from installhub.artifacts import items
from installhub.artifacts.definition_reader import DefinitionReader
from installhub.model.errors import ServiceUnavailableError
from tests.builders import node

if TYPE_CHECKING:
    from collections.abc import Iterator

    from installhub.model.definition import PackedDefinition


class FakeDynamoDB:
    """A table in which the definition of every artifact is an object."""

    def batch_get_item(self, *, RequestItems: dict[str, Any]) -> dict[str, Any]:  # noqa: N803  # boto3's name
        ((table, request),) = RequestItems.items()
        body = {
            items.OBJECT_KEY: {"S": "definitions/a"},
            items.PACKED_SIZE: {"N": "4"},
            items.CRC32: {"N": "5"},
            items.SIZE: {"N": "6"},
        }
        return {"Responses": {table: [{**key, **body} for key in request["Keys"]]}}


@dataclass
class FakeS3:
    """Returns two chunks, or fails."""

    error: Exception | None = None
    requests: list[dict[str, Any]] = field(default_factory=list)

    def get_object(self, **request: Any) -> dict[str, Any]:  # noqa: ANN401
        self.requests.append(request)
        if self.error is not None:
            raise self.error
        return {"Body": self}

    def iter_chunks(self, size: int) -> Iterator[bytes]:
        assert size == 1024 * 1024
        yield from (b"pa", b"ck")


def read(s3: FakeS3) -> tuple[PackedDefinition, bytes]:
    """Return the definition of an artifact, and its bytes."""
    reader = DefinitionReader(cast("Any", FakeDynamoDB()), "artifacts", lambda: cast("Any", s3), "definitions")
    (definition,) = reader.read("acme", [node("a")])
    return definition, b"".join(definition.chunks)


def client_error(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": code}}, "GetObject")


def test_the_definition_in_an_object_is_read_in_chunks() -> None:
    s3 = FakeS3()

    definition, content = read(s3)

    assert content == b"pack"
    assert (definition.packed_size, definition.crc32, definition.size) == (4, 5, 6)
    assert s3.requests == [{"Bucket": "definitions", "Key": "definitions/a"}]


@pytest.mark.parametrize(
    ("error", "service"),
    [(client_error("NoSuchKey"), "artifact bodies"), (EndpointConnectionError(endpoint_url="https://s3"), "s3")],
)
def test_an_object_that_is_gone_or_unreachable_makes_the_export_unavailable(error: Exception, service: str) -> None:
    with pytest.raises(ServiceUnavailableError) as failure:
        read(FakeS3(error))

    assert failure.value.service == service


def test_an_object_that_must_not_be_read_is_a_bug() -> None:
    with pytest.raises(ClientError, match="AccessDenied"):
        read(FakeS3(client_error("AccessDenied")))
