"""Adds the packages to the package index that are not in it.

They were exported before the stack had an index, or could not be indexed for hours. Run it once after an upgrade from
0.1.0. Requests are served meanwhile. If interrupted, run the command again; it continues.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from botocore.exceptions import BotoCoreError, ClientError

from installhub.bundler.stored_entry import DamagedEntryError
from installhub.model.errors import InstallHubError
from installhub.packages.bundle_store import BundleStore
from installhub.packages.indexing import IndexOutcome, PackageIndexer
from installhub.packages.records import PackageRecord
from installhub.packages.store import PackageStore
from installhub.runtime.aws_errors import error_code
from local.console import print_error, stderr, stdout
from local.errors import LocalStackError
from operations import deployment
from operations.exported_packages import exported_packages

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from operations.deployment import Deployment

_CONCURRENCY: Final = 8
_MISSING: Final = IndexOutcome.INDEXED
"""The outcome that a dry run counts for a package that is not indexed."""


@dataclass
class Backfill:
    """Adds packages to the package index.

    Attributes:
        dynamodb: A DynamoDB client.
        table: The packages table.
        indexer: Adds one package.
        again: Write packages again that are in the index.
        dry_run: Only count.
        failures: Packages whose bundle is missing or damaged, and why.
    """

    dynamodb: DynamoDBClient
    table: str
    indexer: PackageIndexer
    again: bool = False
    dry_run: bool = False
    failures: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, deployed: Deployment, *, again: bool = False, dry_run: bool = False) -> Backfill:
        """The backfill of a deployed stack."""
        dynamodb, s3, outputs = deployed.dynamodb, deployed.s3, deployed.outputs
        packages = PackageStore(dynamodb, outputs["PackagesTable"])
        bundles = BundleStore(lambda: s3, outputs["BundleBucket"])
        indexer = PackageIndexer(dynamodb, outputs["PackageIndexTable"], packages, bundles)
        return cls(dynamodb, packages.table, indexer, again, dry_run)

    def run(self, progress: Callable[[int], None]) -> Counter[IndexOutcome]:
        """Index all packages, several at a time; ``progress`` gets the number of those seen so far."""
        outcomes: Counter[IndexOutcome] = Counter()
        with ThreadPoolExecutor(_CONCURRENCY) as pool:
            for page in exported_packages(self.dynamodb, self.table):
                for outcome in pool.map(self._index, page):
                    if outcome is not None:
                        outcomes[outcome] += 1
                    progress(outcomes.total() + len(self.failures))
        return outcomes

    def _index(self, record: PackageRecord) -> IndexOutcome | None:
        """Index a package. None if its bundle is missing or damaged, which is no reason to leave out the others."""
        if self.dry_run:
            is_left_out = not self.again and self.indexer.is_indexed(record)
            return IndexOutcome.UNCHANGED if is_left_out else _MISSING
        try:
            return self.indexer.index(record, again=self.again)
        except ClientError as error:
            if error_code(error) != "NoSuchKey":
                raise
            reason = "its bundle does not exist"
        except (DamagedEntryError, ValueError, KeyError) as error:
            reason = f"its manifest cannot be read: {error!r}"
        self.failures.append(f"{record.description.package_id}: {reason}")
        return None


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command. Returns 1 if it failed, or if a package could not be indexed."""
    options = _parse_options(arguments)
    try:
        found = deployment.find(options.stack)
        backfill = Backfill.of(found, again=options.again, dry_run=options.dry_run)
        with stderr.status("Indexing ...") as status:
            outcomes = backfill.run(lambda seen: status.update(f"Indexing: {seen:,} packages seen ..."))
    except LocalStackError as error:
        print_error(error)
        return 1
    except (BotoCoreError, ClientError, InstallHubError) as error:
        print_error(LocalStackError(f"AWS returned an error: {error}", "run the command again to continue"))
        return 1
    for failure in backfill.failures:
        stdout.print(failure, markup=False, soft_wrap=True)
    indexed = f"{outcomes[IndexOutcome.INDEXED] + outcomes[IndexOutcome.UPDATED]:,} packages of {found.name}"
    done = "would be indexed" if options.dry_run else "were indexed"
    stdout.print(f"{indexed} {done}; {outcomes[IndexOutcome.UNCHANGED]:,} already are.", markup=False, soft_wrap=True)
    if backfill.failures:
        hint = "restore the bundles: docs/disaster-recovery.md"
        print_error(LocalStackError(f"{len(backfill.failures)} packages could not be indexed", hint))
    return int(bool(backfill.failures))


def _parse_options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make index-packages", description=__doc__)
    deployment.add_stack_option(parser)
    parser.add_argument("--dry-run", action="store_true", help="only count the packages that are not in the index")
    parser.add_argument("--again", action="store_true", help="write packages again that are in the index already")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
