"""Names of ZIP entries: derived only from type and id, valid and distinct on every file system."""

from __future__ import annotations

import hashlib
import re
from typing import Final
from urllib.parse import quote

from installhub.model.artifact import ArtifactType

MANIFEST_PATH: Final = "manifest.json"

_MAX_STEM: Final = 200  # with the extension well below the common limit of 255 bytes
_TRUNCATED_STEM: Final = 100
_DIGEST_DIGITS: Final = 32
_ESCAPE: Final = re.compile(r"%[0-9A-F]{2}")
_PARTIAL_ESCAPE: Final = re.compile(r"%[0-9A-F]?$")
# Windows reserves these device names, with any extension.
_RESERVED: Final = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.DOTALL)


def entry_path(kind: ArtifactType, artifact_id: str) -> str:
    """The path of an artifact's definition within the bundle.

    The id is percent-encoded. A name that is too long, contains uppercase letters or is reserved on Windows gets part
    of the id's digest after a ``~``, which no encoded id contains; so names are distinct ignoring case.
    """
    encoded = quote(artifact_id, safe="").replace("~", "%7E")
    has_uppercase = any(character.isupper() for character in _ESCAPE.sub("", encoded))
    if _RESERVED.fullmatch(encoded.lower()):
        encoded = f"~{_digest(artifact_id)}"
    elif len(encoded) > _MAX_STEM:
        encoded = f"{_PARTIAL_ESCAPE.sub('', encoded[:_TRUNCATED_STEM])}~{_digest(artifact_id)}"
    elif has_uppercase:
        encoded = f"{encoded}~{_digest(artifact_id)}"
    return f"artifacts/{kind.value}/{encoded}.json"


def _digest(artifact_id: str) -> str:
    return hashlib.sha256(artifact_id.encode()).hexdigest()[:_DIGEST_DIGITS]
