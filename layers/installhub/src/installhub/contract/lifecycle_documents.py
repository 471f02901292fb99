"""Reads requests to change the lifecycle of a package."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from installhub.artifacts.field_reader import FieldReader
from installhub.contract.json_objects import read_json_object
from installhub.model.errors import ErrorCode, InstallHubError, Problem
from installhub.model.lifecycle import MAX_REASON_LENGTH, Lifecycle
from installhub.packages.lifecycle import LifecyclePatch

_FIELDS: Final = {"lifecycle", "reason", "replacedBy"}
_MAX_DOCUMENT_BYTES: Final = 64 * 1024
_MAX_PACKAGE_ID_LENGTH: Final = 40


def read_lifecycle_patch(content: bytes) -> LifecyclePatch:
    """The merge patch (RFC 7396) in a request body.

    Raises:
        InstallHubError: RequestTooLarge, or InvalidRequest with every problem.
    """
    reader = FieldReader()
    patch = _read(reader, read_json_object(content, _MAX_DOCUMENT_BYTES))
    if reader.problems:
        raise InstallHubError(
            Problem(ErrorCode.INVALID_REQUEST, f"{pointer.removeprefix('/')}: {detail}", pointer=pointer)
            for pointer, detail in reader.problems
        )
    return patch


def _read(reader: FieldReader, document: Mapping[str, Any]) -> LifecyclePatch:
    reader.check_names(document, "", set(), _FIELDS)
    reason, replaced_by = document.get("reason"), document.get("replacedBy")
    if reason is not None and (text := reader.text(reason, "/reason", MAX_REASON_LENGTH)) and not text.strip():
        reader.add("/reason", "is blank")
    if replaced_by is not None:
        reader.text(replaced_by, "/replacedBy", _MAX_PACKAGE_ID_LENGTH)
    lifecycle = reader.member(Lifecycle, document["lifecycle"], "/lifecycle") if "lifecycle" in document else None
    return LifecyclePatch(lifecycle, reason, replaced_by, frozenset(document.keys() & {"reason", "replacedBy"}))
