"""The role check of these tests detects missing permissions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from installhub.runtime import aws_clients
from tests.integration.support.roles import permissions_for, role_of
from tests.privileges import Permission

if TYPE_CHECKING:
    from tests.integration.support.world import World


def test_a_call_that_the_role_does_not_allow_is_reported(world: World) -> None:
    with (
        pytest.raises(AssertionError, match=r"preview's role does not allow .*dynamodb:GetItem.*PackagesTable"),
        role_of("preview", world.deployment),
    ):
        world.packages().find("pkg-1")


def test_a_call_that_the_role_allows_is_not_reported(world: World) -> None:
    with role_of("get_package", world.deployment):
        world.packages().find_for_tenants("pkg-1", ["t-1"])


def test_the_test_account_itself_may_do_everything(world: World) -> None:
    with role_of("preview", world.deployment):
        pass
    aws_clients.dynamodb().scan(TableName=world.name("PackagesTable"))


@pytest.mark.parametrize(
    ("service", "operation", "request_", "expected"),
    [
        ("dynamodb", "Query", {"TableName": "t-1", "IndexName": "by-lease"}, ("dynamodb:Query", "T/index/by-lease")),
        ("dynamodb", "BatchGetItem", {"RequestItems": {"t-1": {}}}, ("dynamodb:BatchGetItem", "T")),
        ("s3", "UploadPart", {"Bucket": "b-1", "Key": "bundles/a"}, ("s3:PutObject", "B/bundles/a")),
        ("s3", "GetObject", {"Bucket": "b-1", "Key": "a", "VersionId": "1"}, ("s3:GetObjectVersion", "B/a")),
        ("sqs", "SendMessage", {"QueueUrl": "http://q-1"}, ("sqs:SendMessage", "Q")),
        ("events", "PutEvents", {"Entries": [{"EventBusName": "e-1"}]}, ("events:PutEvents", "E")),
        ("apigateway", "GetApiKeys", {"nameQuery": "n"}, ("apigateway:GET", "/apikeys")),
    ],
)
def test_calls_require_their_permissions(
    service: str, operation: str, request_: dict[str, Any], expected: tuple[str, str]
) -> None:
    names = {"t-1": "T", "b-1": "B", "http://q-1": "Q", "e-1": "E"}
    assert permissions_for(service, operation, request_, names) == [Permission(*expected)]
