"""An in-memory AWS account with the resources of the template."""

from __future__ import annotations

import importlib
import itertools
import json
import pkgutil
import time
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from moto import mock_aws
from moto.core.base_backend import BackendDict

from installhub import composition
from installhub.artifacts.catalog import ArtifactTable
from installhub.artifacts.definition_objects import DefinitionObjects
from installhub.artifacts.definition_reader import DefinitionReader
from installhub.artifacts.deletion import ArtifactDeleter
from installhub.artifacts.publisher import Publisher, PublishSummary
from installhub.artifacts.revisions import RevisionWriter
from installhub.artifacts.validation import ArtifactInput
from installhub.attestations.signer import PackageSigner
from installhub.attestations.signing_keys import SigningKeys
from installhub.exports.commands import ExportCommand, ExportedPackage
from installhub.exports.exporter import Exporter
from installhub.exports.version_policy import VersionPolicy
from installhub.model.artifact import PackageType
from installhub.packages.bundle_store import BundleStore
from installhub.packages.cleanup import ClaimSweeper
from installhub.packages.indexing import PackageIndexer
from installhub.packages.package_index import PackageIndex
from installhub.packages.store import PackageStore
from installhub.resolver.plan import Limits
from installhub.runtime import aws_clients
from installhub.runtime.dynamodb import Table
from tests.integration.support.artifact_inputs import OTHER_TENANT, TENANT
from tests.template import Deployment, is_versioned, resources_of, table_request

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from types import ModuleType

    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_kms import KMSClient
    from mypy_boto3_s3 import S3Client

SAMPLES: Final = Path(__file__).parents[3] / "local" / "sample"
ACCOUNT: Final = "123456789012"
REGION: Final = "us-east-1"
STACK_ID: Final = f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/installhub/6d0f7c1e-58b2-11f1-9c4a-0e2b7d5f8a31"


@dataclass(frozen=True)
class World:
    """A deployed stack, and factories for the objects under test.

    Attributes:
        dynamodb: The DynamoDB client of the code under test.
        s3: Its S3 client.
        kms: Its KMS client.
        deployment: The values of the template's references.
        clock: Its clock.
    """

    dynamodb: DynamoDBClient
    s3: S3Client
    kms: KMSClient
    deployment: Deployment
    clock: Callable[[], float] = time.time

    def at(self, clock: Callable[[], float]) -> World:
        """Return this world with another clock."""
        return replace(self, clock=clock)

    def with_other_clients(self) -> World:
        """Return this world with separate clients, like another process."""
        dynamodb, s3, kms = _other_clients()
        return replace(self, dynamodb=dynamodb, s3=s3, kms=kms)

    @property
    def outputs(self) -> dict[str, str]:
        """The outputs of the stack."""
        return {**self.deployment.references, "SigningKey": self.deployment.attributes["SigningKey.Arn"]}

    def name(self, logical_id: str) -> str:
        """Return the physical name of a table or bucket."""
        return self.deployment.references[logical_id]

    def publish(self, *artifacts: ArtifactInput) -> PublishSummary:
        return self.publisher().publish(artifacts)

    def publisher(self) -> Publisher:
        return Publisher(self.dynamodb, self.name("ArtifactsTable"), self.definition_objects(), clock=self.clock)

    def definition_objects(self) -> DefinitionObjects:
        return DefinitionObjects(lambda: self.s3, self.name("DefinitionBucket"))

    def deleter(self) -> ArtifactDeleter:
        objects = self.definition_objects()
        return ArtifactDeleter(
            self.artifacts(), objects, RevisionWriter(self.name("ArtifactsTable"), objects, self.clock)
        )

    def artifacts(self) -> ArtifactTable:
        return ArtifactTable(self.dynamodb, self.name("ArtifactsTable"))

    def definitions(self) -> DefinitionReader:
        return DefinitionReader(
            self.dynamodb, self.name("ArtifactsTable"), lambda: self.s3, self.name("DefinitionBucket")
        )

    def packages(self) -> PackageStore:
        return PackageStore(self.dynamodb, self.name("PackagesTable"))

    def bundles(self) -> BundleStore:
        return BundleStore(lambda: self.s3, self.name("BundleBucket"))

    def exporter(self) -> Exporter:
        return Exporter(
            *(self.artifacts(), self.definitions(), self.packages(), self.bundles(), Limits()),
            version_policy=self.version_policy,
            signer=self.signer(),
            clock=self.clock,
        )

    def signer(self) -> PackageSigner:
        return PackageSigner(lambda: self.kms, self.deployment.attributes["SigningKey.Arn"])

    def signing_keys(self) -> SigningKeys:
        table = Table(self.dynamodb, self.name("SigningKeysTable"))
        return SigningKeys(lambda: self.kms, table, self.signer().key)

    def version_policy(self) -> VersionPolicy:
        index = PackageIndex(self.dynamodb, self.name("PackageIndexTable"))
        return VersionPolicy(index, self.packages(), self.bundles(), self.definitions())

    def sweeper(self) -> ClaimSweeper:
        return ClaimSweeper(self.packages(), self.bundles(), self.clock)

    def indexer(self) -> PackageIndexer:
        return PackageIndexer(self.dynamodb, self.name("PackageIndexTable"), self.packages(), self.bundles())

    def export(self, *roots: str, **changes: Any) -> ExportedPackage:  # noqa: ANN401  # any field
        """Export with 29 seconds left, like the function."""
        return self.exporter().export(command(*roots, **changes), seconds_left=29)

    def objects(self) -> list[str]:
        """Return the keys in the bundle bucket; the lifecycle rule removes noncurrent versions and delete markers."""
        versions = self.s3.list_object_versions(Bucket=self.name("BundleBucket")).get("Versions", [])
        return sorted(version["Key"] for version in versions if version["IsLatest"])

    def uploads(self) -> list[str]:
        """Return the keys of multipart uploads that are neither completed nor aborted."""
        uploads = self.s3.list_multipart_uploads(Bucket=self.name("BundleBucket")).get("Uploads", [])
        return [upload["Key"] for upload in uploads]

    def package_statuses(self) -> dict[str, str]:
        """Return the status of every package in the table by id, including invisible ones."""
        items = self.dynamodb.scan(TableName=self.name("PackagesTable"))["Items"]
        return {item["packageId"]["S"]: item["status"]["S"] for item in items}


def command(*roots: str, version: str = "1.0.0", name: str = "Made up", **changes: Any) -> ExportCommand:  # noqa: ANN401  # any field
    """Return a command that exports a configuration package of the tenant, with ``changes`` applied."""
    default = ExportCommand(
        tenant=TENANT,
        requested_by="somebody",
        name=name,
        version=version,
        package_type=PackageType.CONFIG,
        description=None,
        author=None,
        tags=(),
        roots=roots,
    )
    return replace(default, **changes)


@contextmanager
def new_world() -> Iterator[World]:
    """Deploy the stack to a new account that replaces any earlier one."""
    with mock_aws():
        BackendDict.reset()
        reset_composition()
        try:
            yield _deploy(aws_clients.dynamodb(), aws_clients.s3(), aws_clients.kms())
        finally:
            reset_composition()


def reset_clients() -> None:
    """Discard the cached clients, because they were modified or have used up their retry quota."""
    _clear_caches(aws_clients)
    _other_clients.cache_clear()
    reset_composition()


def reset_composition() -> None:
    """Discard all composed objects, like a new process."""
    for module in pkgutil.iter_modules(composition.__path__, f"{composition.__name__}."):
        _clear_caches(importlib.import_module(module.name))


@cache
def _other_clients() -> tuple[DynamoDBClient, S3Client, KMSClient]:
    return aws_clients.dynamodb.__wrapped__(), aws_clients.s3.__wrapped__(), aws_clients.kms.__wrapped__()


def _clear_caches(module: ModuleType) -> None:
    for function in vars(module).values():
        if hasattr(function, "cache_clear"):
            function.cache_clear()


def samples(tenant: str) -> list[ArtifactInput]:
    """Return the artifacts of a sample tenant."""
    return [ArtifactInput.from_json(artifact) for artifact in json.loads((SAMPLES / f"{tenant}.json").read_text())]


def load_samples(world: World) -> None:
    """Publish the sample tenants; only the first call uses transactions, which are slow in moto."""
    table = world.name("ArtifactsTable")
    if not _sample_items:
        world.publish(*samples(TENANT), *samples(OTHER_TENANT))
        _sample_items.extend(world.dynamodb.scan(TableName=table)["Items"])
    for start in range(0, len(_sample_items), 25):
        puts: Any = [{"PutRequest": {"Item": item}} for item in _sample_items[start : start + 25]]
        world.dynamodb.batch_write_item(RequestItems={table: puts})


_sample_items: list[Any] = []


def create_tables(dynamodb: DynamoDBClient, logical_ids: Iterable[str], suffix: str) -> dict[str, str]:
    """Create tables of the template with names that end in ``suffix``; return the names by logical id."""
    names = {logical_id: f"installhub-{logical_id}-{suffix}" for logical_id in logical_ids}
    for logical_id, name in names.items():
        dynamodb.create_table(**table_request(logical_id, name))
    return names


_numbers = itertools.count(1)


def create_signing_key(kms: KMSClient) -> str:
    """Create the key of the template, or another one like it, and return its ARN."""
    properties = resources_of("AWS::KMS::Key")["SigningKey"]
    created = kms.create_key(KeySpec=properties["KeySpec"], KeyUsage=properties["KeyUsage"])
    return created["KeyMetadata"]["Arn"]


def _deploy(dynamodb: DynamoDBClient, s3: S3Client, kms: KMSClient) -> World:
    suffix = f"{next(_numbers):06}"
    tables = create_tables(dynamodb, resources_of("AWS::DynamoDB::Table"), suffix)
    buckets = {
        logical_id: f"installhub-{logical_id.lower()}-{suffix}" for logical_id in resources_of("AWS::S3::Bucket")
    }
    for logical_id, name in buckets.items():
        s3.create_bucket(Bucket=name)
        if is_versioned(logical_id):
            s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    sqs = aws_clients.sqs()
    queues = {
        logical_id: sqs.create_queue(QueueName=f"installhub-{logical_id}-{suffix}")["QueueUrl"]
        for logical_id in resources_of("AWS::SQS::Queue")
    }
    references = {
        "AWS::StackName": "installhub",
        "AWS::StackId": STACK_ID,
        "AWS::Region": REGION,
        "AWS::Partition": "aws",
        "UsagePlan": "made1n",
        "EventBus": "installhub",
        **tables,
        **buckets,
        **queues,
    }
    return World(dynamodb, s3, kms, Deployment(references, {"SigningKey.Arn": create_signing_key(kms)}))
