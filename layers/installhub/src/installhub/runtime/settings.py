"""The settings of the functions: environment variables that the template sets."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass


class SettingMissingError(LookupError):
    """An environment variable is missing; the template does not match the code."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Reads each setting when it is used, so that a function needs only the variables it uses.

    Attributes:
        environment: The environment variables.
    """

    environment: Mapping[str, str]

    @classmethod
    def from_environment(cls) -> Settings:
        """The settings in this process's environment."""
        return cls(os.environ)

    def string(self, name: str) -> str:
        """The setting ``name`` as a string.

        Raises:
            SettingMissingError: It is not set, or empty.
        """
        value = self.environment.get(name)
        if not value:
            raise SettingMissingError(name)
        return value

    def optional_string(self, name: str) -> str:
        """The setting ``name`` as a string; empty if it is not set."""
        return self.environment.get(name, "")

    def integer(self, name: str) -> int:
        """The setting ``name`` as an integer."""
        return int(self.string(name))

    def string_list(self, name: str) -> tuple[str, ...]:
        """The setting ``name``, a comma-separated list, without empty elements."""
        return _split(self.string(name))

    def optional_string_list(self, name: str) -> tuple[str, ...]:
        """The setting ``name``, a comma-separated list, without empty elements; empty if it is not set."""
        return _split(self.optional_string(name))


def _split(value: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in value.split(",") if part.strip())
