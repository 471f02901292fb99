"""The formats in which a comparison of packages can be requested."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from installhub.contract.problem_bodies import JSON_TYPE


class DiffFormat(StrEnum):
    """The values of ``format``."""

    JSON = "json"
    MARKDOWN = "markdown"


MEDIA_TYPES: Final[Mapping[DiffFormat, str]] = MappingProxyType(
    {DiffFormat.JSON: JSON_TYPE, DiffFormat.MARKDOWN: "text/markdown"}
)
"""The media types by which ``Accept`` selects a format; the first one is the default."""
