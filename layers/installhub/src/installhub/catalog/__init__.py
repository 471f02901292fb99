"""The artifacts of a tenant in DynamoDB, their large definitions in S3."""

from installhub.catalog.definitions import DefinitionReader
from installhub.catalog.tenant import ArtifactTable, TenantCatalog

__all__ = ["ArtifactTable", "DefinitionReader", "TenantCatalog"]
