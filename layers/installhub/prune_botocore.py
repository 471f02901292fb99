"""Cuts botocore's data down to the operations that the functions call: parsing the rest is most of a cold start.

Run by the layer's Makefile when it is built; it is no part of the layer. Calling an operation that is not listed here
fails with AttributeError, in the system tests already.
"""

# ruff: noqa: INP001  # a program, no part of a package

from __future__ import annotations

import gzip
import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

OPERATIONS: Final = {
    "apigateway": {"CreateApiKey", "CreateUsagePlanKey", "GetApiKeys"},
    "dynamodb": {
        "BatchGetItem",
        "DeleteItem",
        "GetItem",
        "PutItem",
        "Query",
        "TransactWriteItems",
        "UpdateItem",
    },
    "events": {"PutEvents"},
    "s3": {
        "AbortMultipartUpload",
        "CompleteMultipartUpload",
        "CreateMultipartUpload",
        "DeleteObject",
        "GetObject",
        "PutObject",
        "PutObjectTagging",
        "UploadPart",
    },
    "sqs": {"ChangeMessageVisibility", "SendMessage"},
}
UNUSED: Final = ("examples-1.json", "waiters-2.json")


def prune(data: Path) -> None:
    """Cut the folder ``data`` of an installed botocore down."""
    for service in sorted(entry for entry in data.iterdir() if entry.is_dir()):
        if service.name not in OPERATIONS:
            shutil.rmtree(service)
            continue
        *outdated, newest = sorted(service.iterdir())
        for version in outdated:
            shutil.rmtree(version)
        for name in UNUSED:
            newest.joinpath(name).unlink(missing_ok=True)
        for packed in sorted(newest.glob("*.json.gz")):
            content = json.loads(gzip.decompress(packed.read_bytes()))
            if packed.name.startswith("service-2"):
                content = _of_operations(content, OPERATIONS[service.name])
            _write(packed.with_suffix(""), content)
            packed.unlink()
    endpoints = data / "endpoints.json"
    _write(endpoints, _of_services(json.loads(endpoints.read_text(encoding="utf-8"))))


def _of_operations(model: dict[str, Any], wanted: set[str]) -> dict[str, Any]:
    """A service's model with the operations ``wanted`` and the shapes that they need, without its documentation."""
    if unknown := wanted - model["operations"].keys():
        raise SystemExit(f"{model['metadata']['serviceId']} has no operations {sorted(unknown)}")
    operations = {name: operation for name, operation in model["operations"].items() if name in wanted}
    needed: set[str] = set()
    open_shapes = list(_shapes_of(operations))
    while open_shapes:
        name = open_shapes.pop()
        if name not in needed:
            needed.add(name)
            open_shapes.extend(_shapes_of(model["shapes"][name]))
    shapes = {name: shape for name, shape in model["shapes"].items() if name in needed}
    pruned: dict[str, Any] = _undocumented({**model, "operations": operations, "shapes": shapes})
    return pruned


def _shapes_of(node: Any) -> Iterator[str]:  # noqa: ANN401  # JSON
    """The names of the shapes that a part of a model refers to."""
    if isinstance(node, dict):
        if isinstance(node.get("shape"), str):
            yield node["shape"]
        for value in node.values():
            yield from _shapes_of(value)
    elif isinstance(node, list):
        for value in node:
            yield from _shapes_of(value)


def _undocumented(node: Any) -> Any:  # noqa: ANN401  # JSON
    """``node`` with empty documentation, which botocore reads here and there; a member of that name is an object."""
    if isinstance(node, dict):
        return {
            key: "" if key == "documentation" and isinstance(value, str) else _undocumented(value)
            for key, value in node.items()
        }
    return [_undocumented(value) for value in node] if isinstance(node, list) else node


def _of_services(endpoints: dict[str, Any]) -> dict[str, Any]:
    """The endpoints of the services that the functions call."""
    for partition in endpoints["partitions"]:
        partition["services"] = {name: service for name, service in partition["services"].items() if name in OPERATIONS}
    return endpoints


def _write(file: Path, content: object) -> None:
    file.write_text(json.dumps(content, separators=(",", ":")) + "\n", encoding="utf-8")


if __name__ == "__main__":
    prune(Path(sys.argv[1]))
