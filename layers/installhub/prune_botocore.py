"""Reduces botocore's data to the operations that the functions call, since parsing it takes most of a cold start.

The layer's Makefile runs this script when it builds the layer. Calling an operation that is not listed here raises
AttributeError; a unit test compares the list with the code.
"""

# ruff: noqa: INP001  # a script, not part of a package

from __future__ import annotations

import gzip
import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

OPERATIONS: Final = {
    "apigateway": {"CreateApiKey", "CreateUsagePlanKey", "DeleteApiKey", "GetApiKeys"},
    "dynamodb": {
        "BatchGetItem",
        "BatchWriteItem",
        "DeleteItem",
        "GetItem",
        "PutItem",
        "Query",
        "Scan",
        "TransactWriteItems",
        "UpdateItem",
    },
    "events": {"PutEvents"},
    "kms": {"GetPublicKey", "Sign"},
    "s3": {
        "AbortMultipartUpload",
        "CompleteMultipartUpload",
        "CreateMultipartUpload",
        "DeleteObject",
        "GetObject",
        "HeadObject",
        "PutObject",
        "PutObjectTagging",
        "UploadPart",
    },
    "sqs": {"ChangeMessageVisibility", "SendMessage"},
}
UNUSED_FILES: Final = ("examples-1.json", "waiters-2.json")


def prune(data: Path) -> None:
    """Prune ``data``, the data folder of an installed botocore, in place."""
    for service in sorted(entry for entry in data.iterdir() if entry.is_dir()):
        if service.name not in OPERATIONS:
            shutil.rmtree(service)
            continue
        *outdated, newest = sorted(service.iterdir())
        for version in outdated:
            shutil.rmtree(version)
        for name in UNUSED_FILES:
            newest.joinpath(name).unlink(missing_ok=True)
        for compressed in sorted(newest.glob("*.json.gz")):
            content = json.loads(gzip.decompress(compressed.read_bytes()))
            if compressed.name.startswith("service-2"):
                content = _prune_model(content, OPERATIONS[service.name])
            _write(compressed.with_suffix(""), content)
            compressed.unlink()
    endpoints = data / "endpoints.json"
    _write(endpoints, _prune_endpoints(json.loads(endpoints.read_text(encoding="utf-8"))))


def _prune_model(model: dict[str, Any], names: set[str]) -> dict[str, Any]:
    """A service's model with only the operations ``names`` and the shapes they need, without documentation."""
    if unknown := names - model["operations"].keys():
        raise SystemExit(f"{model['metadata']['serviceId']} has no operations {sorted(unknown)}")
    operations = {name: operation for name, operation in model["operations"].items() if name in names}
    needed: set[str] = set()
    pending = list(_shape_names(operations))
    while pending:
        name = pending.pop()
        if name not in needed:
            needed.add(name)
            pending.extend(_shape_names(model["shapes"][name]))
    shapes = {name: shape for name, shape in model["shapes"].items() if name in needed}
    pruned: dict[str, Any] = _without_documentation({**model, "operations": operations, "shapes": shapes})
    return pruned


def _shape_names(node: Any) -> Iterator[str]:  # noqa: ANN401  # JSON
    """Yield the names of the shapes that a part of a model refers to."""
    if isinstance(node, dict):
        if isinstance(node.get("shape"), str):
            yield node["shape"]
        for value in node.values():
            yield from _shape_names(value)
    elif isinstance(node, list):
        for value in node:
            yield from _shape_names(value)


def _without_documentation(node: Any) -> Any:  # noqa: ANN401  # JSON
    """``node`` with empty documentation. botocore requires the key, and structures may have members of that name."""
    if isinstance(node, dict):
        return {
            key: "" if key == "documentation" and isinstance(value, str) else _without_documentation(value)
            for key, value in node.items()
        }
    return [_without_documentation(value) for value in node] if isinstance(node, list) else node


def _prune_endpoints(endpoints: dict[str, Any]) -> dict[str, Any]:
    """``endpoints`` without the services that the functions do not call."""
    for partition in endpoints["partitions"]:
        partition["services"] = {name: service for name, service in partition["services"].items() if name in OPERATIONS}
    return endpoints


def _write(file: Path, content: object) -> None:
    file.write_text(json.dumps(content, separators=(",", ":")) + "\n", encoding="utf-8")


if __name__ == "__main__":
    prune(Path(sys.argv[1]))
