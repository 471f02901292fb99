"""The permissions that each function needs, and the modules that use them.

Tests compare the roles in template.yaml with this table, in both directions, and test the deployed roles with it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, Final

from tests.template import function_id, resources_of

LAMBDA: Final = "Lambda"
"""Takes the place of a module if the Lambda service itself makes the call, with the function's role."""

TRANSACTIONS: Final = "runtime/dynamodb.py"
"""The module that runs transactions, whose writes need the permissions of the single writes."""

KEY_IS_OWN: Final = ("KeyIsOwn", {"Ref": "AWS::NoValue"})
"""Condition and alternative of the statements for a KMS key."""

FUNCTIONS: Final = (
    *("announce", "authorizer", "change_lifecycle", "delete_artifact", "download", "enroll", "export", "export_worker"),
    *("get_artifact", "get_diff", "get_sbom", "get_attestation", "get_keys", "list_packages", "list_versions"),
    *("get_definition", "get_graph", "get_package", "index_packages", "list_artifact_packages", "list_artifacts"),
    *("list_dependents", "preflight", "preview", "publish_artifacts", "publish_worker", "put_artifact", "reclaim_keys"),
    "sweep",
)


@dataclass(frozen=True, order=True)
class Permission:
    """An action on a resource, named as in the template: ``PlansTable``, ``BundleBucket/bundles/*``."""

    action: str
    resource: str

    def covers(self, other: Permission) -> bool:
        """Return whether this permission includes the other one."""
        return self.action == other.action and fnmatchcase(other.resource, self.resource)


Needs = dict[Permission, str]
"""The user of each permission: a module of the layer, or `LAMBDA`."""


def _needs(resource: str, module: str, *actions: str) -> Needs:
    return {Permission(action, resource): module for action in actions}


def _stream(table: str) -> Needs:
    return _needs(
        f"{table}/stream", LAMBDA, "dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"
    )


_ANY_STREAM: Final = _needs("*", LAMBDA, "dynamodb:ListStreams")
_RESOLVE: Final = {
    **_needs("ArtifactsTable", "artifacts/catalog.py", "dynamodb:Query"),
    **_needs("ArtifactsTable", "artifacts/batch_get.py", "dynamodb:BatchGetItem"),
    **_needs("ArtifactsTable/index/by-artifact-id", "artifacts/catalog.py", "dynamodb:Query"),
}
_FIND_PACKAGE: Final = _needs("PackagesTable", "packages/table.py", "dynamodb:Query")
_LIST_PACKAGES: Final = _needs("PackageIndexTable", "packages/package_index.py", "dynamodb:Query")
_READ_BUNDLE: Final = _needs("BundleBucket/bundles/*", "packages/bundle_store.py", "s3:GetObject")
_PUBLIC_KEY: Final = _needs("SigningKey", "attestations/signing_keys.py", "kms:GetPublicKey")
_REGISTER_KEY: Final = {
    **_needs("SigningKeysTable", "attestations/signing_keys.py", "dynamodb:GetItem", "dynamodb:PutItem"),
    **_PUBLIC_KEY,
}
_EXPORT: Final = {
    **_RESOLVE,
    **_FIND_PACKAGE,
    **_LIST_PACKAGES,
    **_READ_BUNDLE,
    **_needs("DefinitionBucket/definitions/*", "artifacts/definition_reader.py", "s3:GetObject"),
    **_needs("SigningKey", "attestations/signer.py", "kms:Sign"),
    **_needs("PackagesTable", "packages/table.py", "dynamodb:GetItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"),
    **_needs(
        *("BundleBucket/bundles/*", "packages/bundle_store.py"),
        *("s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"),
    ),
}
_ARTIFACT: Final = _needs("ArtifactsTable", "artifacts/listing.py", "dynamodb:GetItem")
_BATCH_GET: Final = _needs("ArtifactsTable", "artifacts/batch_get.py", "dynamodb:BatchGetItem")
_ALL_EDGES: Final = _needs("ArtifactsTable", "artifacts/catalog.py", "dynamodb:Query")
_STORE_DEFINITIONS: Final = _needs(
    *("DefinitionBucket/definitions/*", "artifacts/definition_objects.py"),
    *("s3:PutObject", "s3:PutObjectTagging", "s3:DeleteObject"),
)
_PUT_REVISIONS: Final = {
    **_BATCH_GET,
    **_needs("ArtifactsTable", TRANSACTIONS, "dynamodb:PutItem"),
    **_needs("ArtifactsTable", "artifacts/publisher.py", "dynamodb:UpdateItem"),
    **_STORE_DEFINITIONS,
}
_PUT_REVISIONS_IN_BATCHES: Final = {
    **_PUT_REVISIONS,
    **_needs("ArtifactsTable", "runtime/batch_write.py", "dynamodb:BatchWriteItem"),
    **_needs("ArtifactsTable", TRANSACTIONS, "dynamodb:ConditionCheckItem"),
}
_SPECIFIC: Final[dict[str, Needs]] = {
    "announce": {
        **_stream("PackagesTable"),
        **_stream("RequestsTable"),
        **_stream("ArtifactsTable"),
        **_ANY_STREAM,
        **_needs("EventBus", "events/cloud_events.py", "events:PutEvents"),
        **_needs("UnannouncedQueue", LAMBDA, "sqs:SendMessage"),
    },
    "authorizer": _needs(
        *("PlansTable", "identity/usage_keys.py"), *("dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem")
    ),
    "change_lifecycle": {
        **_FIND_PACKAGE,
        **_needs("PackagesTable", "packages/table.py", "dynamodb:UpdateItem"),
        **_needs("PackageIndexTable", "packages/indexed_lifecycle.py", "dynamodb:UpdateItem"),
    },
    "delete_artifact": {
        **_needs("ArtifactsTable", "artifacts/deletion.py", "dynamodb:GetItem"),
        **_ALL_EDGES,
        **_BATCH_GET,
        **_needs("ArtifactsTable", TRANSACTIONS, "dynamodb:DeleteItem", "dynamodb:UpdateItem"),
        **_needs("DefinitionBucket/definitions/*", "artifacts/definition_objects.py", "s3:PutObjectTagging"),
    },
    "download": {**_FIND_PACKAGE, **_READ_BUNDLE},
    "enroll": {
        **_stream("PlansTable"),
        **_ANY_STREAM,
        **_needs("PlansTable", "identity/usage_key_provisioning.py", "dynamodb:GetItem", "dynamodb:UpdateItem"),
        **_needs("/apikeys", "identity/usage_key_provisioning.py", "apigateway:POST", "apigateway:GET"),
        **_needs("/usageplans/UsagePlan/keys", "identity/usage_key_provisioning.py", "apigateway:POST"),
    },
    "export": {
        **_EXPORT,
        **_needs(
            *("RequestsTable", "exports/idempotency_store.py"),
            *("dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"),
        ),
        **_needs("ExportQueue", "runtime/message_queue.py", "sqs:SendMessage"),
    },
    "export_worker": {
        **_EXPORT,
        **_needs("RequestsTable", "events/failure_store.py", "dynamodb:GetItem", "dynamodb:PutItem"),
        **_needs("ExportQueue", LAMBDA, "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"),
        **_needs("ExportQueue", "runtime/message_queue.py", "sqs:ChangeMessageVisibility", "sqs:SendMessage"),
        **_needs("ExportDeadLetterQueue", "runtime/message_queue.py", "sqs:SendMessage"),
        **_needs("InboxBucket/requests/*", "events/inbox.py", "s3:GetObject", "s3:GetObjectVersion"),
        **_needs("InboxBucket/requests/*.result", "events/inbox.py", "s3:PutObject"),
    },
    "get_artifact": _ARTIFACT,
    "get_attestation": {**_FIND_PACKAGE, **_READ_BUNDLE, **_REGISTER_KEY},
    "get_definition": {
        **_ARTIFACT,
        **_BATCH_GET,
        **_needs("DefinitionBucket/definitions/*", "artifacts/definition_reader.py", "s3:GetObject"),
        **_needs("DefinitionBucket/downloads/*", "artifacts/definition_downloads.py", "s3:GetObject", "s3:PutObject"),
    },
    "get_diff": {**_FIND_PACKAGE, **_LIST_PACKAGES, **_READ_BUNDLE},
    "get_graph": {**_FIND_PACKAGE, **_READ_BUNDLE},
    "get_sbom": {**_FIND_PACKAGE, **_READ_BUNDLE},
    "get_keys": {
        **_needs("SigningKeysTable", "attestations/signing_keys.py", "dynamodb:Scan"),
        **_PUBLIC_KEY,
    },
    "get_package": {**_FIND_PACKAGE, **_READ_BUNDLE},
    "index_packages": {
        **_stream("PackagesTable"),
        **_ANY_STREAM,
        **_READ_BUNDLE,
        **_needs("PackagesTable", "packages/table.py", "dynamodb:GetItem"),
        **_needs("PackageIndexTable", "packages/indexing.py", "dynamodb:GetItem"),
        **_needs("PackageIndexTable", "runtime/batch_write.py", "dynamodb:BatchWriteItem"),
        **_needs("PackageIndexTable", "packages/indexed_lifecycle.py", "dynamodb:UpdateItem"),
        **_needs("UnindexedQueue", LAMBDA, "sqs:SendMessage"),
    },
    "list_artifact_packages": {
        **_LIST_PACKAGES,
        **_ARTIFACT,
    },
    "list_artifacts": _needs("ArtifactsTable", "artifacts/listing.py", "dynamodb:Query"),
    "list_dependents": _ALL_EDGES,
    "list_packages": _LIST_PACKAGES,
    "list_versions": _LIST_PACKAGES,
    "preflight": {},
    "preview": _RESOLVE,
    "publish_artifacts": _PUT_REVISIONS_IN_BATCHES,
    "publish_worker": {
        **_PUT_REVISIONS_IN_BATCHES,
        **_needs("DropQueue", LAMBDA, "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"),
        **_needs("DropQueue", "runtime/message_queue.py", "sqs:ChangeMessageVisibility", "sqs:SendMessage"),
        **_needs("DropDeadLetterQueue", "runtime/message_queue.py", "sqs:SendMessage"),
        **_needs("InboxBucket/artifacts/*", "events/drop_files.py", "s3:GetObject"),
        **_needs("InboxBucket/artifacts/*.result", "events/drop_files.py", "s3:PutObject"),
    },
    "put_artifact": _PUT_REVISIONS,
    "reclaim_keys": {
        **_needs(
            *("PlansTable", "identity/usage_key_reclaiming.py"),
            *("dynamodb:Scan", "dynamodb:UpdateItem", "dynamodb:DeleteItem"),
        ),
        **_needs("/apikeys", "identity/usage_key_provisioning.py", "apigateway:GET"),
        **_needs("/apikeys/*", "identity/usage_key_provisioning.py", "apigateway:DELETE"),
    },
    "sweep": {
        **_needs("PackagesTable/index/by-lease", "packages/table.py", "dynamodb:Query"),
        **_needs("PackagesTable", "packages/table.py", "dynamodb:UpdateItem", "dynamodb:DeleteItem"),
        **_needs("BundleBucket/bundles/*", "packages/bundle_store.py", "s3:DeleteObject"),
        **_needs("RequestsTable", "events/failure_store.py", "dynamodb:PutItem"),
        **_REGISTER_KEY,
    },
}


def role_id(function: str) -> str:
    """Return the logical id of a function's role."""
    return function_id(function).removesuffix("Function") + "Role"


def log_group_id(function: str) -> str:
    """Return the logical id of a function's log group."""
    return function_id(function).removesuffix("Function") + "LogGroup"


def needs_of(function: str) -> Needs:
    """Return all permissions that a function needs."""
    return {
        **_needs("*", LAMBDA, "xray:PutTraceSegments", "xray:PutTelemetryRecords"),
        **_needs(log_group_id(function), LAMBDA, "logs:CreateLogStream", "logs:PutLogEvents"),
        **_SPECIFIC[function],
    }


def statements_of(function: str) -> list[dict[str, Any]]:
    """Return the policy statements of a function's role in the template, without those for a KMS key."""
    return [item for item in _all_statements(function) if "Fn::If" not in item]


def key_statements_of(function: str) -> list[dict[str, Any]]:
    """Return the policy statements that a function's role has if the stack has a KMS key of its own."""
    conditional = [item["Fn::If"] for item in _all_statements(function) if "Fn::If" in item]
    assert all((condition, otherwise) == KEY_IS_OWN for condition, _, otherwise in conditional)
    return [statement for _, statement, _ in conditional]


def _all_statements(function: str) -> list[dict[str, Any]]:
    role = resources_of("AWS::IAM::Role")[role_id(function)]
    return [item for policy in role["Policies"] for item in policy["PolicyDocument"]["Statement"]]


def permissions_of(statement: dict[str, Any]) -> set[Permission]:
    """Return the permissions that a statement grants."""
    return {
        Permission(action, _name_of(resource))
        for action in _as_list(statement["Action"])
        for resource in _as_list(statement["Resource"])
    }


def _as_list(value: Any) -> list[Any]:  # noqa: ANN401  # any JSON
    return value if isinstance(value, list) else [value]


def _name_of(resource: Any) -> str:  # noqa: ANN401  # any JSON
    """Return the logical id of a resource in a statement, or the last part of a literal ARN."""
    if isinstance(resource, str):
        return resource
    ((function, argument),) = resource.items()
    if function == "Fn::If":  # the event bus of the stack or of the parameter
        return _name_of(argument[1])
    if function == "Fn::GetAtt":
        logical_id, attribute = argument.split(".") if isinstance(argument, str) else argument
        return str({"Arn": logical_id, "StreamArn": f"{logical_id}/stream"}[attribute])
    expanded = re.sub(r"\$\{(\w+)\.Arn\}", r"\1", argument)
    return re.sub(r"\$\{(\w+)\}", r"\1", expanded.rpartition(":")[2])
