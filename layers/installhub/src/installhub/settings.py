"""The functions' settings. Their names are those of the template's environment variables."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

from installhub.resolver import Limits


class SettingMissingError(LookupError):
    """A function runs without an environment variable it needs: the template and the code disagree."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Reads settings when they are asked for, so that a function needs only those it uses."""

    environment: Mapping[str, str]

    @classmethod
    def of_process(cls) -> Settings:
        """Those of the running function."""
        return cls(os.environ)

    def text(self, name: str) -> str:
        """The setting ``name``.

        Raises:
            SettingMissingError: It is not set.
        """
        value = self.environment.get(name)
        if not value:
            raise SettingMissingError(name)
        return value

    def number(self, name: str) -> int:
        """The setting ``name`` as a whole number."""
        return int(self.text(name))

    def names(self, name: str) -> tuple[str, ...]:
        """The setting ``name`` as a comma-separated list."""
        return tuple(part.strip() for part in self.text(name).split(",") if part.strip())

    def limits(self) -> Limits:
        """How much one package may hold."""
        return Limits(
            roots=self.number("MAX_ROOTS"),
            artifacts=self.number("MAX_ARTIFACTS"),
            definition_bytes=self.number("MAX_DEFINITION_BYTES"),
        )
