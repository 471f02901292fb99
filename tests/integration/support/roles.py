"""Checks the AWS calls of a function against its role: a call that the role does not allow fails the test."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final
from unittest.mock import patch

from botocore.client import BaseClient

from tests.privileges import Permission, needs_of

if TYPE_CHECKING:
    from tests.template import Deployment

_MULTIPART: Final = {"CreateMultipartUpload", "UploadPart", "CompleteMultipartUpload"}
_TRANSACTED: Final = {
    "ConditionCheck": "dynamodb:ConditionCheckItem",
    "Delete": "dynamodb:DeleteItem",
    "Put": "dynamodb:PutItem",
    "Update": "dynamodb:UpdateItem",
}
_NAMED_BY: Final = {"kms": "KeyId", "sqs": "QueueUrl"}
_GATEWAY: Final = {
    "CreateApiKey": Permission("apigateway:POST", "/apikeys"),
    "DeleteApiKey": Permission("apigateway:DELETE", "/apikeys/*"),
    "GetApiKeys": Permission("apigateway:GET", "/apikeys"),
    "CreateUsagePlanKey": Permission("apigateway:POST", "/usageplans/UsagePlan/keys"),
}


def permissions_for(service: str, operation: str, request: dict[str, Any], names: dict[str, str]) -> list[Permission]:
    """Return the permissions that a call requires.

    Args:
        service: The service's name in botocore.
        operation: The operation's name in botocore.
        request: The call's parameters.
        names: Logical ids by physical name.
    """
    if service == "apigateway":
        return [_GATEWAY[operation]]
    action = f"{service}:{operation}"
    if operation == "TransactWriteItems":
        return [
            Permission(_TRANSACTED[kind], names.get(write["TableName"], write["TableName"]))
            for item in request["TransactItems"]
            for kind, write in item.items()
        ]
    if service == "dynamodb":
        tables = request.get("RequestItems") or [request["TableName"]]
        index = f"/index/{request['IndexName']}" if "IndexName" in request else ""
        return [Permission(action, f"{names.get(table, table)}{index}") for table in tables]
    if service == "s3":
        action = "s3:PutObject" if operation in _MULTIPART else action
        action = "s3:GetObject" if operation == "HeadObject" else action
        action = "s3:GetObjectVersion" if "VersionId" in request else action
        return [Permission(action, f"{names.get(request['Bucket'], request['Bucket'])}/{request['Key']}")]
    if service in _NAMED_BY:
        name = request[_NAMED_BY[service]]
        return [Permission(action, names.get(name, name))]
    return [Permission(action, names.get(entry["EventBusName"], "?")) for entry in request["Entries"]]


@contextmanager
def role_of(function: str, deployment: Deployment) -> Iterator[None]:
    """Check that a function's role allows every AWS call within the context.

    Raises:
        AssertionError: At the end, if a call was not allowed.
    """
    arns = {arn: attribute.removesuffix(".Arn") for attribute, arn in deployment.attributes.items()}
    names = {name: logical_id for logical_id, name in deployment.references.items()} | arns
    needs = needs_of(function)
    denied: list[Permission] = []
    call = BaseClient._make_api_call  # type: ignore[attr-defined]  # the stubs leave it out

    def checked_call(client: Any, operation: str, request: dict[str, Any]) -> Any:  # noqa: ANN401  # of any service
        required = permissions_for(client.meta.service_model.service_name, operation, request, names)
        denied.extend(permission for permission in required if not any(need.covers(permission) for need in needs))
        return call(client, operation, request)

    with patch.object(BaseClient, "_make_api_call", checked_call):
        try:
            yield
        finally:
            assert not denied, f"{function}'s role does not allow {denied}"
