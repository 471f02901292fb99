"""Erases everything of a tenant: artifacts, definitions with their versions, packages, bundles, requests and key.

Make sure first that the tenant cannot send requests any more: its identity provider must not issue tokens for it, and
AuthorizerCacheSeconds must have passed. If interrupted, run the command again; it continues.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Sequence

from botocore.exceptions import BotoCoreError, ClientError
from rich.markup import escape
from rich.prompt import Prompt

from local.console import print_error, stderr, stdout
from local.errors import LocalStackError
from operations import deployment
from operations.erase.stores import Stores

REMAINING = (
    "What remains disappears by itself: entries for Idempotency-Keys within 2 days, messages in queues within 14 days, "
    "dropped files with lines of several tenants within 60 days, "
    "log entries after LogRetentionDays, backups for point-in-time recovery after 35 days."
)


def count(stores: Stores, tenant: str) -> Counter[str]:
    """Count what there is of a tenant, by kind."""
    found: Counter[str] = Counter()
    for find in stores.find(tenant):
        found[find.kind] += find.count
    return found


def erase(stores: Stores, tenant: str) -> Counter[str]:
    """Delete everything of a tenant, and count it by kind."""
    deleted: Counter[str] = Counter()
    with stderr.status("Erasing ...") as status:
        for find in stores.find(tenant):
            find.delete()
            deleted[find.kind] += find.count
            status.update(f"Erased {deleted.total():,} items and objects ...")
    return deleted


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command."""
    options = _parse_options(arguments)
    try:
        found = deployment.find(options.stack)
        stores = Stores.of(found)
        counted = count(stores, options.tenant)
        shared = sorted(stores.shared_files(options.tenant))
        if not counted and not shared:
            raise LocalStackError(f"{found.name} has nothing of the tenant {options.tenant!r}", "check the tenant's id")  # noqa: TRY301
        _print(f"{found.name} has of the tenant {options.tenant!r}:", counted)
        for key in shared:
            stdout.print(f"Not erased, since it has lines of other tenants: {key}", markup=False, soft_wrap=True)
        if options.dry_run:
            return 0
        if not options.yes and not _is_confirmed(options.tenant):
            stderr.print("Nothing was erased.")
            return 1
        _print("Erased:", erase(stores, options.tenant))
    except LocalStackError as error:
        print_error(error)
        return 1
    except (BotoCoreError, ClientError, OSError) as error:
        print_error(LocalStackError(f"AWS returned an error: {error}", "run the command again to erase the rest"))
        return 1
    stdout.print(REMAINING, soft_wrap=True)
    return 0


def _is_confirmed(tenant: str) -> bool:
    try:
        typed = Prompt.ask(
            f"This cannot be undone. Type {escape(repr(tenant))} without quotes to erase it", console=stderr
        )
    except EOFError:
        return False
    return typed == tenant


def _print(title: str, counted: Counter[str]) -> None:
    stdout.print(title, markup=False, soft_wrap=True)
    for kind, number in counted.items():
        stdout.print(f"  {number:>9,}  {kind}", markup=False)


def _parse_options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make erase", description=__doc__)
    parser.add_argument("--tenant", required=True, type=_tenant, metavar="ID", help="id of the tenant")
    deployment.add_stack_option(parser)
    parser.add_argument("--dry-run", action="store_true", help="only count what would be erased")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    return parser.parse_args(arguments)


def _tenant(text: str) -> str:
    if not text:
        raise argparse.ArgumentTypeError("name the tenant: make erase TENANT=id")
    return text


if __name__ == "__main__":
    sys.exit(main())
