"""Reads claims in the forms that identity providers use: nested, prefixed, under other names, or null.

No exception contains any part of a claim's value.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    Claims = Mapping[str, object]

_LAST_SECOND = 253_402_300_799  # 9999-12-31T23:59:59Z


class MalformedClaimError(ValueError):
    """A claim does not have the form that its use requires."""


@dataclass(frozen=True, slots=True)
class TenantClaim:
    """A claim that contains tenants: a string or a list of strings.

    Attributes:
        name: The claim's name, or the path to a nested one, separated by dots.
        prefix: Prefix of the values that are tenants, which is removed. Other values are ignored, such as unrelated
            groups in a list. If it is empty, all values are tenants.
    """

    name: str
    prefix: str = ""

    @classmethod
    def parse(cls, text: str) -> TenantClaim:
        """Parse ``name`` or ``name=prefix``, as in ``groups=tenant:``."""
        name, _, prefix = text.partition("=")
        return cls(name, prefix)

    def tenants(self, claims: Claims) -> list[str]:
        """The tenants in this claim, in its order.

        Raises:
            MalformedClaimError: It is not a string or a list of strings, or contains an empty tenant.
        """
        values = texts(find_claim(claims, self.name))
        tenants = [value.removeprefix(self.prefix) for value in values if value.startswith(self.prefix)]
        if "" in tenants:
            raise MalformedClaimError
        return tenants


def find_claim(claims: Claims, name: str) -> object:
    """The claim ``name``; None if it is absent, null or empty.

    A name with dots is a path to a nested claim, unless a claim has exactly that name, such as a URL.
    """
    value: object = claims.get(name)
    if name not in claims and "." in name:
        value = claims
        for part in name.split("."):
            value = value.get(part) if isinstance(value, dict) else None
    return None if value in ("", []) else value


def texts(value: object) -> list[str]:
    """The strings of a claim: of a list, a single one, or none.

    Raises:
        MalformedClaimError: It is neither a string nor a list of strings.
    """
    if value is None:
        return []
    values = value if isinstance(value, list) else [value]
    return [text(each) for each in values]


def text(value: object) -> str:
    """A claim that must be a string.

    Raises:
        MalformedClaimError: It is not.
    """
    if not isinstance(value, str):
        raise MalformedClaimError
    return value


def scopes(claims: Claims, names: Iterable[str]) -> list[str]:
    """The scopes in the claims ``names``: lists, or strings separated by spaces (RFC 6749 section 3.3).

    Raises:
        MalformedClaimError: A claim has another form.
    """
    found = (find_claim(claims, name) for name in names)
    granted = [scope for value in found for scope in texts(value.split(" ") if isinstance(value, str) else value)]
    if any(" " in scope for scope in granted):
        raise MalformedClaimError
    return [scope for scope in granted if scope]


def rename_scopes(granted: Iterable[str], scope_names: Mapping[str, frozenset[str]]) -> frozenset[str]:
    """The granted scopes under InstallHub's names.

    A scope in ``scope_names`` is granted by any of the issuer's names for it, and not by its own name.
    """
    issued = frozenset(granted)
    renamed = {scope for scope, names in scope_names.items() if not issued.isdisjoint(names)}
    return frozenset(renamed | (issued - scope_names.keys()))


def parse_scope_names(entries: Iterable[str]) -> dict[str, frozenset[str]]:
    """Parse entries ``scope=issuer's name``; a scope may occur more than once.

    Raises:
        ValueError: An entry has another form.
    """
    names: dict[str, frozenset[str]] = {}
    for entry in entries:
        scope, _, issued = entry.partition("=")
        if not (scope and issued):
            raise ValueError(f"ScopeNames needs entries like installhub:export=installhub/export, not {entry!r}")
        names[scope] = names.get(scope, frozenset()) | {issued}
    return names


def check_numeric_date(value: object) -> None:
    """Check a NumericDate (RFC 7519 section 2) between the years 1970 and 9999; None means that the claim is absent.

    Raises:
        MalformedClaimError: It is not such a date.
    """
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= _LAST_SECOND:
        raise MalformedClaimError
