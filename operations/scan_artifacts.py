"""Searches artifacts for secrets that were published before they were searched, and records the findings.

Run it once after an upgrade from 0.1.0. Until then, packages of such artifacts are exported whatever they contain. It
reads every definition that has not been searched. Requests are served meanwhile, and an artifact that is published
meanwhile stays as it was published. If interrupted, run the command again; it continues.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final

import deflate
from botocore.exceptions import BotoCoreError, ClientError

from installhub.artifacts import items
from installhub.artifacts.definition_reader import MISSING_BODY, DefinitionReader
from installhub.artifacts.secret_scan import find_secrets, without_secrets
from installhub.model.artifact import ArtifactNode
from installhub.model.definition import sha256_hex, unpack
from installhub.model.errors import InstallHubError, ServiceUnavailableError
from installhub.model.findings import Finding, pack_findings, unpack_findings
from installhub.runtime.dynamodb import Attribute, Table, Update, expressions
from local.console import print_error, stderr, stdout
from local.errors import LocalStackError
from operations import deployment

if TYPE_CHECKING:
    from installhub.runtime.dynamodb import Item
    from operations.deployment import Deployment

_CONCURRENCY: Final = 4  # each may have a definition of 50 MB in memory


class Outcome(StrEnum):
    """What was done with an artifact."""

    SEARCHED = "searched"
    UNCHANGED = "unchanged"
    CHANGED_MEANWHILE = "changed meanwhile"


@dataclass
class Scan:
    """Searches artifacts for secrets.

    Attributes:
        table: The artifacts table.
        definitions: Reads definitions.
        again: Search artifacts again that have been searched, which later rules may require.
        dry_run: Write nothing.
        found: A line for each finding, without the secret.
        failures: Artifacts whose definition is missing or damaged, and why.
    """

    table: Table
    definitions: DefinitionReader
    again: bool = False
    dry_run: bool = False
    found: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, deployed: Deployment, *, again: bool = False, dry_run: bool = False) -> Scan:
        """The scan of a deployed stack.

        Raises:
            LocalStackError: The stack does not search for secrets.
        """
        if deployed.parameters.get("SecretPolicy") == "off":
            raise LocalStackError("the stack does not search for secrets", "set its parameter SecretPolicy first")
        dynamodb, s3, table = deployed.dynamodb, deployed.s3, deployed.outputs["ArtifactsTable"]
        definitions = DefinitionReader(dynamodb, table, lambda: s3, deployed.outputs["DefinitionBucket"])
        return cls(Table(dynamodb, table), definitions, again, dry_run)

    def run(self, progress: Callable[[int], None]) -> Counter[Outcome]:
        """Search all artifacts, several at a time; ``progress`` gets the number of those seen so far."""
        outcomes: Counter[Outcome] = Counter()
        with ThreadPoolExecutor(_CONCURRENCY) as pool:
            for page in self._pages():
                for outcome in pool.map(self._search, page):
                    if outcome is not None:
                        outcomes[outcome] += 1
                    progress(outcomes.total() + len(self.failures))
        return outcomes

    def _pages(self) -> Iterator[list[Item]]:
        edges = expressions(filter_condition=Attribute(items.ID).exists())
        scan = self.table.client.get_paginator("scan").paginate(TableName=self.table.name, ConsistentRead=True, **edges)
        for page in scan:
            yield page["Items"]

    def _search(self, edge: Item) -> Outcome | None:
        """Search an artifact. None if its definition is missing or damaged, which is no reason to leave out others."""
        node, tenant = items.node_from_item(edge), items.tenant_of(edge)
        if node.findings is not None and not self.again:
            return Outcome.UNCHANGED
        try:
            definition = self._definition(tenant, node)
        except ServiceUnavailableError as error:
            if error.service != MISSING_BODY:
                raise
            self.failures.append(f"{tenant} {node.id}: its definition does not exist")
            return None
        except (deflate.DeflateError, ValueError):
            self.failures.append(f"{tenant} {node.id}: its definition is damaged")
            return None
        findings = find_secrets(tenant, node.name, node.requirements, definition)
        self.found += [f"{tenant} {node.id}: {found.rule} at {found.pointer}" for found in findings]
        if self._is_recorded(node, findings):
            return Outcome.UNCHANGED
        if self.dry_run or self._record(edge, node, findings):
            return Outcome.SEARCHED
        return Outcome.CHANGED_MEANWHILE  # and searched by whoever changed it

    def _definition(self, tenant: str, node: ArtifactNode) -> bytes:
        (packed,) = self.definitions.read(tenant, [node])
        definition = unpack(b"".join(packed.chunks), packed.size)
        if sha256_hex(definition) != node.sha256:
            raise ValueError(node.sha256)
        return definition

    @staticmethod
    def _is_recorded(node: ArtifactNode, findings: list[Finding]) -> bool:
        return node.findings is not None and unpack_findings(node.findings) == findings

    def _record(self, edge: Item, node: ArtifactNode, findings: list[Finding]) -> bool:
        recorded: dict[str, str | bytes] = {items.FINDINGS: pack_findings(findings)}
        if findings and node.references is not None:
            recorded[items.REFERENCES] = without_secrets(node.references)
        key = items.primary_key(items.tenant_of(edge), items.edge_sort_key(node.id))
        update = Update(assign=recorded)
        return self.table.update_item(key, update, condition=items.is_unchanged(edge)) is not None


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command. Returns 1 if it failed, or if an artifact could not be searched."""
    options = _parse_options(arguments)
    try:
        found = deployment.find(options.stack)
        scan = Scan.of(found, again=options.again, dry_run=options.dry_run)
        with stderr.status("Searching ...") as status:
            outcomes = scan.run(lambda seen: status.update(f"Searching: {seen:,} artifacts seen ..."))
    except LocalStackError as error:
        print_error(error)
        return 1
    except (BotoCoreError, ClientError, InstallHubError) as error:
        print_error(LocalStackError(f"AWS returned an error: {error}", "run the command again to continue"))
        return 1
    for text in sorted(scan.found) + scan.failures:
        stdout.print(text, markup=False, soft_wrap=True)
    done = "would be recorded" if options.dry_run else "were recorded"
    left = outcomes[Outcome.UNCHANGED] + outcomes[Outcome.CHANGED_MEANWHILE]
    summary = f"The results for {outcomes[Outcome.SEARCHED]:,} artifacts of {found.name} {done}; {left:,} already are."
    stdout.print(summary, markup=False, soft_wrap=True)
    if scan.failures:
        hint = "restore the definitions: docs/disaster-recovery.md"
        print_error(LocalStackError(f"{len(scan.failures)} artifacts could not be searched", hint))
    return int(bool(scan.failures))


def _parse_options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make scan-artifacts", description=__doc__)
    deployment.add_stack_option(parser)
    parser.add_argument("--dry-run", action="store_true", help="list what would be found, and write nothing")
    parser.add_argument("--again", action="store_true", help="search artifacts again that have been searched already")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
