"""The formats in which a dependency graph can be requested."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from installhub.contract.problem_bodies import JSON_TYPE


class GraphFormat(StrEnum):
    """The values of ``format``."""

    JSON = "json"
    MERMAID = "mermaid"
    DOT = "dot"
    SVG = "svg"


MEDIA_TYPES: Final[Mapping[GraphFormat, str]] = MappingProxyType(
    {
        GraphFormat.JSON: JSON_TYPE,
        GraphFormat.MERMAID: "text/vnd.mermaid",
        GraphFormat.DOT: "text/vnd.graphviz",
        GraphFormat.SVG: "image/svg+xml",
    }
)
"""The media types by which ``Accept`` selects a format; the first one is the default."""

FILE_EXTENSIONS: Final[Mapping[GraphFormat, str]] = MappingProxyType(
    {GraphFormat.JSON: "json", GraphFormat.MERMAID: "mmd", GraphFormat.DOT: "dot", GraphFormat.SVG: "svg"}
)
