"""The input and the result of an export."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from installhub.model.artifact import PackageType
from installhub.model.package import PackageDescription, package_id
from installhub.packages.records import AcceptedExport, PackageRecord


@dataclass(frozen=True, slots=True)
class PlanConditions:
    """What an export requires of its plan, in addition to what every package has to fulfil.

    Attributes:
        package_type: The type to check the artifacts against; None for a preview, which has no type.
        expected_plans: Tags of which the plan must have one; None for any plan.
        declared_references: Whether definitions may contain only declared ids.
        no_secrets: Whether artifacts may not contain what looks like a secret.
    """

    package_type: PackageType | None = None
    expected_plans: tuple[str, ...] | None = None
    declared_references: bool = False
    no_secrets: bool = False


@dataclass(frozen=True, slots=True)
class ExportCommand:
    """A validated request to export.

    Attributes:
        tenant: Id of the tenant; the requester is authorized to act for it.
        requested_by: For the audit trail: a caller's subject, an event source, an inbox object or an invocation.
        name: Display name of the package.
        version: SemVer 2.0.0.
        package_type: The purpose of the package.
        description: Free text.
        author: Free text.
        tags: Free texts.
        roots: Ids of the root artifacts.
        request_id: Id of the request, if it may be repeated; a repeated request returns the same package.
        accepted: The accepted export, if it is asynchronous.
        expected_plans: Tags of which the plan must have one; None for any plan.
        declared_references: Whether definitions may contain only declared ids.
        enforces_version: Whether the version must not be lower than the changes suggest.
    """

    tenant: str
    requested_by: str
    name: str
    version: str
    package_type: PackageType
    description: str | None
    author: str | None
    tags: tuple[str, ...]
    roots: tuple[str, ...]
    request_id: str | None = None
    accepted: AcceptedExport | None = None
    expected_plans: tuple[str, ...] | None = None
    declared_references: bool = False
    enforces_version: bool = False

    @property
    def package_id(self) -> str:
        """The id of the requested package."""
        return package_id(self.tenant, self.name, self.version)

    @property
    def conditions(self) -> PlanConditions:
        """What the export requires of its plan."""
        return PlanConditions(self.package_type, self.expected_plans, self.declared_references)

    @property
    def package(self) -> PackageDescription:
        """The requested package, as its requester describes it."""
        return PackageDescription(
            package_id=self.package_id,
            name=self.name,
            version=self.version,
            package_type=self.package_type,
            description=self.description,
            author=self.author,
            tags=self.tags,
        )


@dataclass(frozen=True, slots=True)
class ExportedPackage:
    """An exported package and its manifest.

    Attributes:
        record: The package.
        manifest: Its manifest.
        is_new: False if an earlier attempt of the same request exported it.
    """

    record: PackageRecord
    manifest: dict[str, Any]
    is_new: bool = True
