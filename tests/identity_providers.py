"""Tokens and parameters of identity providers, read from docs/identity-providers.md."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from cfnlint.decode.cfn_yaml import loads

from tests.template import template

ROOT: Final = Path(__file__).parents[1]
_SECTION: Final = re.compile(
    r"^## (?P<name>.+?)\n.*?```yaml\n(?P<parameters>.*?)```\n+```json\n(?P<claims>.*?)```", re.MULTILINE | re.DOTALL
)
_PARAMETERS: Final = (
    *("TokenIssuer", "JwksUri", "TokenAudience", "AudienceClaims"),
    *("ScopeClaims", "ScopeNames", "TenantClaims", "ClockSkewSeconds"),
)
_UPPER: Final = re.compile(r"(?<=[a-z])(?=[A-Z])")


@dataclass(frozen=True)
class IdentityProvider:
    """A section of the page.

    Attributes:
        name: Its heading.
        parameters: The parameters of the template that it sets.
        claims: The decoded token, without dates.
    """

    name: str
    parameters: dict[str, str]
    claims: dict[str, Any]

    @property
    def environment(self) -> dict[str, str]:
        """The authorizer's environment variables with these parameters."""
        defaults = {name: template()["Parameters"][name]["Default"] for name in _PARAMETERS}
        return {_UPPER.sub("_", name).upper(): str(value) for name, value in {**defaults, **self.parameters}.items()}


def read_identity_providers() -> list[IdentityProvider]:
    """The providers of the page."""
    page = (ROOT / "docs" / "identity-providers.md").read_text(encoding="utf-8")
    return [
        IdentityProvider(found["name"], dict(loads(found["parameters"])), json.loads(found["claims"]))
        for found in _SECTION.finditer(page)
    ]


def near_misses(provider: IdentityProvider) -> dict[str, dict[str, Any]]:
    """Changes to the claims, each of which must make the token useless; ``...`` removes a claim."""
    first_audience = next(name for name in _audience_claims(provider) if provider.claims.get(name))
    return {
        "another issuer": {"iss": provider.claims["iss"].rstrip("/") + "2"},
        "another audience": {first_audience: "another"},
        "no audience": {first_audience: ...},
        "no issuer": {"iss": ...},
    }


def _audience_claims(provider: IdentityProvider) -> list[str]:
    return provider.environment["AUDIENCE_CLAIMS"].split(",")
