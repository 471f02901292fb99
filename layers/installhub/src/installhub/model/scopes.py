"""The scopes of tokens, under InstallHub's own names."""

from __future__ import annotations

from typing import Final

EXPORT_SCOPE: Final = "installhub:export"
"""The scope of routes that export packages; it also permits reading artifacts."""

MANAGE_SCOPE: Final = "installhub:manage"
"""The scope of routes that change the lifecycle of packages."""

PUBLISH_SCOPE: Final = "installhub:publish"
"""The scope of routes that publish artifacts; it also permits reading them."""
