"""Puts adapters, settings and use cases together, once a process and only what is asked for."""

from __future__ import annotations

from functools import cache

from installhub import aws
from installhub.catalog import ArtifactTable, DefinitionReader
from installhub.exporting import Exporter
from installhub.packages import BundleStore, PackageStore, PendingStore
from installhub.settings import Settings


@cache
def settings() -> Settings:
    """The function's settings."""
    return Settings.of_process()


@cache
def artifacts() -> ArtifactTable:
    """The artifacts table."""
    return ArtifactTable(aws.dynamodb(), settings().text("ARTIFACTS_TABLE"))


@cache
def packages() -> PackageStore:
    """The packages table."""
    return PackageStore(aws.dynamodb(), settings().text("PACKAGES_TABLE"))


@cache
def pending() -> PendingStore:
    """The packages table, for what is not exported yet."""
    return PendingStore(aws.dynamodb(), settings().text("PACKAGES_TABLE"))


@cache
def bundles() -> BundleStore:
    """The bundle bucket."""
    return BundleStore(aws.s3, settings().text("BUNDLE_BUCKET"))


@cache
def exporter() -> Exporter:
    """The export use case."""
    definitions = DefinitionReader(
        aws.dynamodb(), settings().text("ARTIFACTS_TABLE"), aws.s3, settings().text("DEFINITION_BUCKET")
    )
    return Exporter(artifacts(), definitions, packages(), bundles(), settings().limits())
