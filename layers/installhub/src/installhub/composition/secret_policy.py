"""What is done about secrets in artifacts."""

from __future__ import annotations

from enum import StrEnum

from installhub.composition.process import settings


class SecretPolicy(StrEnum):
    """The values of the template's parameter `SecretPolicy`."""

    REFUSE = "refuse"
    WARN = "warn"
    OFF = "off"


def secret_policy() -> SecretPolicy:
    """The policy of the stack."""
    return SecretPolicy(settings().string("SECRET_POLICY"))
