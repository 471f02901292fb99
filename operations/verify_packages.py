"""Verifies the bundle of every package, as whoever receives it does, and its attestation if it has one.

Every bundle is read as a whole, so it takes as long as downloading all of them. It only reads.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Final

from botocore.exceptions import BotoCoreError, ClientError

from installhub.attestations.envelopes import envelope_of
from installhub.attestations.signing_keys import SigningKeys
from installhub.packages import records
from installhub.packages.bundle_store import BundleStore
from installhub.packages.manifests import read_manifest_bytes
from installhub.packages.records import PackageRecord, PackageStatus, record_from_item
from installhub.runtime.aws_errors import error_code
from installhub.runtime.dynamodb import Attribute, Table, expressions
from installhub.verification.bundle import VerifiedBundle, verify_bundle
from installhub.verification.limits import Limits
from installhub.verification.reasons import VerificationError
from installhub.verification.statement import verify_attestation
from local.console import print_error, stderr, stdout
from local.errors import LocalStackError
from operations import deployment

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client

    from operations.deployment import Deployment

_CONCURRENCY: Final = 4
_CHUNK_BYTES: Final = 1024 * 1024


class _DiffersError(Exception):
    """A bundle or an attestation that is right, but not that of the package."""


def _no_attestation(_: PackageRecord) -> bytes | None:
    return None


@dataclass
class Attestations:
    """The attestations of a stack's packages, as its API returns them.

    Attributes:
        bundles: The bundle bucket.
        signing_keys: The public keys of all keys with which packages were signed.
    """

    bundles: BundleStore
    signing_keys: SigningKeys

    @classmethod
    def of(cls, deployed: Deployment) -> Attestations:
        """The attestations of a deployed stack."""
        s3, kms, outputs = deployed.s3, deployed.kms, deployed.outputs
        table = Table(deployed.dynamodb, outputs["SigningKeysTable"])
        keys = SigningKeys(lambda: kms, table, outputs["SigningKey"])
        return cls(BundleStore(lambda: s3, outputs["BundleBucket"]), keys)

    @property
    def keys(self) -> dict[str, dict[str, str]]:
        """The public keys by ``kid``."""
        return {jwk["kid"]: jwk for jwk in self.signing_keys.jwks()}

    def envelope(self, record: PackageRecord) -> bytes | None:
        """The envelope of a package as JSON; None if it was not signed."""
        if record.signature is None:
            return None
        content = read_manifest_bytes(self.bundles, record)
        kid = self.signing_keys.kid(record.signature.key)
        return json.dumps(envelope_of(record, record.signature, json.loads(content), content, kid)).encode()


@dataclass
class PackageVerification:
    """Verifies the packages of a stack.

    Attributes:
        dynamodb: A DynamoDB client.
        s3: An S3 client.
        table: The packages table.
        bucket: The bundle bucket.
        limits: What a bundle may take up.
        attestation_of: Returns the envelope of a package as JSON; None if it has none.
        keys: The public keys that sign packages, by ``kid``.
        failures: Packages that were refused, and why.
    """

    dynamodb: DynamoDBClient
    s3: S3Client
    table: str
    bucket: str
    limits: Limits = field(default_factory=Limits)
    attestation_of: Callable[[PackageRecord], bytes | None] = _no_attestation
    keys: Mapping[str, dict[str, str]] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, deployed: Deployment) -> PackageVerification:
        """The verification of a deployed stack, with limits that its parameters admit."""
        outputs, parameters, default = deployed.outputs, deployed.parameters, Limits()
        limits = Limits(
            entries=max(default.entries, int(parameters.get("MaxArtifacts", 0)) + 1),
            total_bytes=max(default.total_bytes, int(parameters.get("MaxDefinitionBytes", 0)) + default.manifest_bytes),
        )
        attestations = Attestations.of(deployed)
        return cls(
            *(deployed.dynamodb, deployed.s3, outputs["PackagesTable"], outputs["BundleBucket"], limits),
            attestation_of=attestations.envelope,
            keys=attestations.keys,
        )

    def run(self, progress: Callable[[int], None]) -> int:
        """Verify all packages, several at a time, and return their number; ``progress`` gets that of those so far."""
        verified = 0
        with ThreadPoolExecutor(_CONCURRENCY) as pool:
            for page in self._pages():
                for failure in pool.map(self._failure, page):
                    self.failures += [failure] if failure else []
                    verified += 1
                    progress(verified)
        return verified

    def _pages(self) -> Iterator[list[PackageRecord]]:
        exported = expressions(filter_condition=Attribute(records.STATUS).equals(PackageStatus.EXPORTED.value))
        for page in self.dynamodb.get_paginator("scan").paginate(TableName=self.table, **exported):
            yield [record_from_item(item) for item in page["Items"]]

    def _failure(self, record: PackageRecord) -> str | None:
        """Why a package is refused; None if it is right."""
        try:
            with tempfile.TemporaryFile() as file:
                self._download(record, file)
                bundle = verify_bundle(file, self.limits)
            _check_record(record, bundle)
            envelope = self.attestation_of(record)
            if envelope is not None:
                verify_attestation(envelope, self.keys, bundle)
        except ClientError as error:
            if error_code(error) != "NoSuchKey":
                raise
            reason = "its bundle does not exist"
        except (VerificationError, _DiffersError) as error:
            reason = str(error)
        else:
            return None
        return f"{record.description.package_id}: {reason}"

    def _download(self, record: PackageRecord, file: IO[bytes]) -> None:
        body = self.s3.get_object(Bucket=self.bucket, Key=record.bundle_key)["Body"]
        for chunk in body.iter_chunks(_CHUNK_BYTES):
            file.write(chunk)


def _check_record(record: PackageRecord, bundle: VerifiedBundle) -> None:
    """Check that the bundle is that of the package: an old one is as right as any, but another one."""
    description, manifest = record.description, bundle.manifest
    if record.checksum != f"sha256:{bundle.sha256}":
        raise _DiffersError("its bundle has another checksum")
    named = (description.package_id, description.name, description.version, record.artifact_count)
    if named != (manifest.package_id, manifest.name, manifest.version, len(manifest.artifacts)):
        raise _DiffersError("its manifest describes another package")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command. Returns 1 if it failed, or if a package was refused."""
    options = _parse_options(arguments)
    try:
        found = deployment.find(options.stack)
        verification = PackageVerification.of(found)
        with stderr.status("Verifying ...") as status:
            count = verification.run(lambda seen: status.update(f"Verifying: {seen:,} packages so far ..."))
    except LocalStackError as error:
        print_error(error)
        return 1
    except (BotoCoreError, ClientError) as error:
        print_error(LocalStackError(f"AWS returned an error: {error}", "run the command again"))
        return 1
    for failure in verification.failures:
        stdout.print(failure, markup=False, soft_wrap=True)
    right = f"{count - len(verification.failures):,} of {count:,} packages of {found.name} are right."
    stdout.print(right, markup=False, soft_wrap=True)
    if verification.failures:
        hint = "restore the bundles: docs/disaster-recovery.md"
        print_error(LocalStackError(f"{len(verification.failures)} packages were refused", hint))
    return int(bool(verification.failures))


def _parse_options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make verify-packages", description=__doc__)
    deployment.add_stack_option(parser)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
