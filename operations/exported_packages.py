"""Reads all exported packages of a stack."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from installhub.packages import records
from installhub.packages.records import PackageRecord, PackageStatus, record_from_item
from installhub.runtime.dynamodb import Attribute, expressions

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


def exported_packages(dynamodb: DynamoDBClient, table: str) -> Iterator[list[PackageRecord]]:
    """Yield the exported packages in the packages table, a page at a time."""
    exported = expressions(filter_condition=Attribute(records.STATUS).equals(PackageStatus.EXPORTED.value))
    for page in dynamodb.get_paginator("scan").paginate(TableName=table, **exported):
        yield [record_from_item(item) for item in page["Items"]]
