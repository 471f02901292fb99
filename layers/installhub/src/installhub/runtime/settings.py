"""The functions' settings. Their names are those of the template's environment variables."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass


class SettingMissingError(LookupError):
    """A function runs without an environment variable it needs: the template and the code disagree."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Reads a setting when it is used, so that a function needs only those it uses."""

    environment: Mapping[str, str]

    @classmethod
    def from_environment(cls) -> Settings:
        """The settings of the running function."""
        return cls(os.environ)

    def string(self, name: str) -> str:
        """The setting ``name`` as text.

        Raises:
            SettingMissingError: It is not set.
        """
        value = self.environment.get(name)
        if not value:
            raise SettingMissingError(name)
        return value

    def integer(self, name: str) -> int:
        """The setting ``name`` as a whole number."""
        return int(self.string(name))

    def string_list(self, name: str) -> tuple[str, ...]:
        """The setting ``name`` as a comma-separated list."""
        return tuple(part.strip() for part in self.string(name).split(",") if part.strip())
