"""Buckets, tables and queues of the template: access control, encryption and protection against deletion."""

from __future__ import annotations

from typing import Final

import pytest

from tests.template import rendered, rendered_properties, resources_of, template
from tools.options.states import ALL_ON

BUCKETS: Final = resources_of("AWS::S3::Bucket")
TABLES: Final = resources_of("AWS::DynamoDB::Table")
QUEUES: Final = resources_of("AWS::SQS::Queue")

# Resources with data of tenants. The others hold data for days only, or data that can be created again.
PERSISTENT: Final = (
    *("ArtifactsTable", "PackagesTable", "PackageIndexTable", "SigningKeysTable"),
    *("BundleBucket", "DefinitionBucket", "InboxBucket"),
)

every_bucket = pytest.mark.parametrize("bucket", BUCKETS)


def test_buckets_tables_and_queues_are_found() -> None:
    assert (len(BUCKETS), len(TABLES), len(QUEUES)) == (3, 6, 6)


@every_bucket
def test_no_bucket_can_be_made_public(bucket: str) -> None:
    blocked = BUCKETS[bucket]["PublicAccessBlockConfiguration"]
    assert len(blocked) == 4
    assert all(value is True for value in blocked.values())
    assert BUCKETS[bucket]["OwnershipControls"] == {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}


@every_bucket
def test_a_bucket_denies_requests_without_tls(bucket: str) -> None:
    (policy,) = [item for item in resources_of("AWS::S3::BucketPolicy").values() if item["Bucket"] == {"Ref": bucket}]
    (statement,) = policy["PolicyDocument"]["Statement"]
    assert (statement["Effect"], statement["Principal"], statement["Action"]) == ("Deny", "*", "s3:*")
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    whole, objects = statement["Resource"]
    assert whole == {"Fn::GetAtt": [bucket, "Arn"]}
    assert objects == {"Fn::Sub": f"${{{bucket}.Arn}}/*"}


def test_stored_data_is_encrypted_with_keys_of_aws_by_default() -> None:
    for properties in rendered_properties({}, "AWS::S3::Bucket"):
        (rule,) = properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        assert rule == {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    for properties in rendered_properties({}, "AWS::DynamoDB::Table"):
        assert properties["SSESpecification"] == {"SSEEnabled": True}
    for properties in rendered_properties({}, "AWS::SQS::Queue"):
        assert properties["SqsManagedSseEnabled"] is True
        assert "KmsMasterKeyId" not in properties


def test_everything_stored_can_be_encrypted_with_a_key_of_ones_own() -> None:
    own, key = {"KmsKeyArn": ALL_ON["KmsKeyArn"], "AccessLogRetentionDays": "7"}, {"Ref": "KmsKeyArn"}

    for properties in rendered_properties(own, "AWS::S3::Bucket"):
        (rule,) = properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        assert rule["ServerSideEncryptionByDefault"] == {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}
        assert rule["BucketKeyEnabled"] is True
    for properties in rendered_properties(own, "AWS::DynamoDB::Table"):
        assert properties["SSESpecification"] == {"SSEEnabled": True, "SSEType": "KMS", "KMSMasterKeyId": key}
    for properties in rendered_properties(own, "AWS::SQS::Queue"):
        assert properties["KmsMasterKeyId"] == key
        assert "SqsManagedSseEnabled" not in properties, "SQS accepts only one of the two"
    for properties in rendered_properties(own, "AWS::Logs::LogGroup"):
        assert properties["KmsKeyId"] == key


@pytest.mark.parametrize("name", PERSISTENT)
def test_data_of_tenants_is_protected_against_mistakes(name: str) -> None:
    resource = template()["Resources"][name]
    assert (resource["DeletionPolicy"], resource["UpdateReplacePolicy"]) == ("Retain", "Retain")
    if name in BUCKETS:
        assert BUCKETS[name]["VersioningConfiguration"]["Status"] == "Enabled"
    else:
        assert TABLES[name]["DeletionProtectionEnabled"] is True
        assert TABLES[name]["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"] is True


def test_the_queues_accept_messages_from_the_stacks_own_rules_only() -> None:
    policies = resources_of("AWS::SQS::QueuePolicy")
    assert policies.keys() == {"ExportQueuePolicy", "DropQueuePolicy"}
    inbox, trusted = policies["ExportQueuePolicy"]["PolicyDocument"]["Statement"]
    (drop,) = policies["DropQueuePolicy"]["PolicyDocument"]["Statement"]
    for statement, rule in ((inbox, "InboxRule"), (trusted["Fn::If"][1], "ExportRequestedRule"), (drop, "DropRule")):
        assert statement["Action"] == "sqs:SendMessage"
        assert statement["Principal"] == {"Service": "events.amazonaws.com"}
        assert statement["Condition"] == {"ArnEquals": {"aws:SourceArn": {"Fn::GetAtt": [rule, "Arn"]}}}


def test_packages_are_signed_with_a_key_that_is_kept_and_that_the_account_administers() -> None:
    (key,) = [item for item in template()["Resources"].values() if item["Type"] == "AWS::KMS::Key"]
    assert (key["DeletionPolicy"], key["UpdateReplacePolicy"]) == ("Retain", "Retain")
    assert (key["Properties"]["KeySpec"], key["Properties"]["KeyUsage"]) == ("ECC_NIST_P256", "SIGN_VERIFY")
    (statement,) = key["Properties"]["KeyPolicy"]["Statement"]
    assert statement["Principal"] == {"AWS": {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"}}


def test_another_key_for_signing_replaces_that_of_the_stack() -> None:
    resources = rendered({"SigningKeyArn": "arn:aws:kms:eu-central-1:123456789012:key/1"})["Resources"]
    assert "SigningKey" not in resources
    variables = resources["ExportFunction"]["Properties"]["Environment"]["Variables"]
    assert variables["SIGNING_KEY"] == {"Ref": "SigningKeyArn"}
