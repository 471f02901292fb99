"""Colors and short names of the types of artifacts."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from installhub.model.artifact import ArtifactType


class Style(NamedTuple):
    """How a type looks. White text on ``light`` and black text on ``dark`` have a contrast of at least 4.5 to 1.

    Attributes:
        code: Two letters, for those who cannot tell the colors apart.
        light: The color on a light background.
        dark: The color on a dark background.
        tint: A very light shade of the color.
    """

    code: str
    light: str
    dark: str
    tint: str


STYLES: Final[Mapping[ArtifactType, Style]] = MappingProxyType(
    {
        ArtifactType.ENTITY_SCHEMA: Style("ES", "#15803d", "#4ade80", "#e8f5ec"),
        ArtifactType.CONFIGURATION: Style("CF", "#57606a", "#b1bac4", "#eff1f3"),
        ArtifactType.RULE_SET: Style("RS", "#a84808", "#fb923c", "#fbefe5"),
        ArtifactType.ATLAS_FORM: Style("AF", "#1d4ed8", "#7aa2f7", "#e9eefc"),
        ArtifactType.THREAD_DEFINITION: Style("TD", "#0e7490", "#22d3ee", "#e5f3f6"),
        ArtifactType.PROCESS_DEFINITION: Style("PD", "#7c3aed", "#b794f6", "#f2ebfe"),
        ArtifactType.AGENT_DEFINITION: Style("AG", "#be185d", "#f472b6", "#fbe8f0"),
        ArtifactType.APP_DEFINITION: Style("AP", "#713f12", "#d6a96a", "#f3ece6"),
    }
)

MISSING: Final = Style("?", "#c4121f", "#ff7b72", "#fdeaec")
"""An artifact that does not exist, whose type is unknown."""

UNPUBLISHED: Final = Style("", "#9a6700", "#e3b341", "#fff4d6")
"""The border of an artifact that is not published."""


def style_of(kind: ArtifactType | None) -> Style:
    """The style of a type, or of a missing artifact."""
    return MISSING if kind is None else STYLES[kind]
