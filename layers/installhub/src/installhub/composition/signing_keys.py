"""The public keys of signed packages."""

from __future__ import annotations

from functools import cache

from installhub.attestations.signing_keys import SigningKeys
from installhub.composition.process import settings
from installhub.runtime import aws_clients
from installhub.runtime.dynamodb import Table


@cache
def signing_keys() -> SigningKeys:
    """The keys with which packages were signed."""
    table = Table(aws_clients.dynamodb(), settings().string("SIGNING_KEYS_TABLE"))
    return SigningKeys(aws_clients.kms, table, settings().string("SIGNING_KEY"))
