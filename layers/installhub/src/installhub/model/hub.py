"""The version of this software."""

from __future__ import annotations

from typing import Final

HUB_VERSION: Final = "0.1.0"
"""The version of the layer in its pyproject.toml, which is not part of the deployed layer."""
