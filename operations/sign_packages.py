"""Signs the packages that were exported before packages were signed.

Run it once after an upgrade. Requests are served meanwhile, and signed packages stay as they are. If interrupted, run
the command again; it continues.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final

import deflate
from botocore.exceptions import BotoCoreError, ClientError

from installhub.attestations.signer import PackageSigner
from installhub.attestations.signing_keys import SigningKeys
from installhub.model.errors import InstallHubError
from installhub.packages.bundle_store import BundleStore
from installhub.packages.manifests import read_manifest_bytes
from installhub.packages.records import PackageRecord
from installhub.packages.store import PackageStore
from installhub.runtime.aws_errors import error_code
from installhub.runtime.dynamodb import Table
from local.console import print_error, stderr, stdout
from local.errors import LocalStackError
from operations import deployment
from operations.exported_packages import exported_packages

if TYPE_CHECKING:
    from operations.deployment import Deployment

_CONCURRENCY: Final = 8


class Outcome(StrEnum):
    """What was done with a package."""

    SIGNED = "signed"
    UNCHANGED = "unchanged"


@dataclass
class Signing:
    """Signs packages that have no signature.

    Attributes:
        packages: The packages table.
        bundles: The bundle bucket.
        keys: The public keys.
        signer: Signs one package.
        dry_run: Only count.
        failures: Packages whose bundle is missing or damaged, and why.
    """

    packages: PackageStore
    bundles: BundleStore
    keys: SigningKeys
    signer: PackageSigner
    dry_run: bool = False
    failures: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, deployed: Deployment, *, dry_run: bool = False) -> Signing:
        """The signing of a deployed stack's packages."""
        dynamodb, s3, kms, outputs = deployed.dynamodb, deployed.s3, deployed.kms, deployed.outputs
        key = outputs["SigningKey"]
        return cls(
            PackageStore(dynamodb, outputs["PackagesTable"]),
            BundleStore(lambda: s3, outputs["BundleBucket"]),
            SigningKeys(lambda: kms, Table(dynamodb, outputs["SigningKeysTable"]), key),
            PackageSigner(lambda: kms, key),
            dry_run,
        )

    def run(self, progress: Callable[[int], None]) -> Counter[Outcome]:
        """Sign all packages, several at a time; ``progress`` gets the number of those seen so far."""
        outcomes: Counter[Outcome] = Counter()
        if not self.dry_run:
            self.keys.register_current()
        with ThreadPoolExecutor(_CONCURRENCY) as pool:
            for page in exported_packages(self.packages.client, self.packages.table):
                for outcome in pool.map(self._sign, page):
                    if outcome is not None:
                        outcomes[outcome] += 1
                    progress(outcomes.total() + len(self.failures))
        return outcomes

    def _sign(self, record: PackageRecord) -> Outcome | None:
        """Sign a package. None if its bundle is missing or damaged, which is no reason to leave out the others."""
        if record.signature is not None:
            return Outcome.UNCHANGED
        if self.dry_run:
            return Outcome.SIGNED
        try:
            manifest = read_manifest_bytes(self.bundles, record)
            signature = self.signer.signed(record, json.loads(manifest), manifest).signature
        except ClientError as error:
            if error_code(error) != "NoSuchKey":
                raise
            reason = "its bundle does not exist"
        except (deflate.DeflateError, ValueError, KeyError) as error:
            reason = f"its manifest cannot be read: {error!r}"
        else:
            is_new = signature is not None and self.packages.add_signature(record, signature)
            return Outcome.SIGNED if is_new else Outcome.UNCHANGED
        self.failures.append(f"{record.description.package_id}: {reason}")
        return None


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command. Returns 1 if it failed, or if a package could not be signed."""
    options = _parse_options(arguments)
    try:
        found = deployment.find(options.stack)
        signing = Signing.of(found, dry_run=options.dry_run)
        with stderr.status("Signing ...") as status:
            outcomes = signing.run(lambda seen: status.update(f"Signing: {seen:,} packages seen ..."))
    except LocalStackError as error:
        print_error(error)
        return 1
    except (BotoCoreError, ClientError, InstallHubError) as error:
        print_error(LocalStackError(f"AWS returned an error: {error}", "run the command again to continue"))
        return 1
    for failure in signing.failures:
        stdout.print(failure, markup=False, soft_wrap=True)
    signed = f"{outcomes[Outcome.SIGNED]:,} packages of {found.name}"
    done = "would be signed" if options.dry_run else "were signed"
    stdout.print(f"{signed} {done}; {outcomes[Outcome.UNCHANGED]:,} already are.", markup=False, soft_wrap=True)
    if signing.failures:
        hint = "restore the bundles: docs/disaster-recovery.md"
        print_error(LocalStackError(f"{len(signing.failures)} packages could not be signed", hint))
    return int(bool(signing.failures))


def _parse_options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make sign-packages", description=__doc__)
    deployment.add_stack_option(parser)
    parser.add_argument("--dry-run", action="store_true", help="only count the packages that have no signature")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
