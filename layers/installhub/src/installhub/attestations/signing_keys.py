"""The public keys of all keys with which packages were signed.

A key is stored once, and never removed: packages that it signed can be verified after the key was replaced or deleted.
An export does not store it, since that would cost calls; whoever reads a signature, and the hourly sweep, do.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from installhub.runtime.aws_errors import translate_aws_errors
from installhub.runtime.dynamodb import Attribute, Table

if TYPE_CHECKING:
    from mypy_boto3_kms import KMSClient

    from installhub.runtime.dynamodb import Item, NewItem

KEY_ARN: Final = "keyArn"
JWK: Final = "jwk"


@dataclass(frozen=True, slots=True)
class SigningKeys:
    """The keys in the signing-keys table, and in KMS.

    Attributes:
        kms: Returns the KMS client; called only when one is needed.
        table: The signing-keys table.
        current: ARN of the key that signs new packages.
    """

    kms: Callable[[], KMSClient]
    table: Table
    current: str

    def jwks(self) -> list[dict[str, str]]:
        """The public keys as JWKs in a fixed order, that of new packages included.

        Raises:
            ServiceUnavailableError: DynamoDB or KMS is unavailable.
        """
        keys = {item[KEY_ARN]["S"]: _jwk_from_item(item) for item in self.table.scan()}
        if self.current not in keys:
            keys[self.current] = self._public_key(self.current)
        return sorted(keys.values(), key=lambda jwk: jwk["kid"])

    def kid(self, key: str) -> str:
        """The id of the key with the ARN ``key``, which is listed from now on.

        Raises:
            ServiceUnavailableError: DynamoDB or KMS is unavailable.
        """
        item = self.table.get_item({KEY_ARN: {"S": key}})
        return (self._store(key) if item is None else _jwk_from_item(item))["kid"]

    def register_current(self) -> None:
        """Store the key that signs new packages, unless it is stored.

        Raises:
            ServiceUnavailableError: DynamoDB or KMS is unavailable.
        """
        self.kid(self.current)

    def _store(self, key: str) -> dict[str, str]:
        jwk = self._public_key(key)
        item: NewItem = {KEY_ARN: {"S": key}, JWK: {"S": json.dumps(jwk)}}
        self.table.put_item(item, condition=Attribute(KEY_ARN).not_exists())  # the key of an ARN never changes
        return jwk

    def _public_key(self, key: str) -> dict[str, str]:
        from installhub.verification.keys import jwk_of  # noqa: PLC0415  # needed once per key

        with translate_aws_errors("kms"):
            public_key = self.kms().get_public_key(KeyId=key)["PublicKey"]
        return jwk_of(public_key)


def _jwk_from_item(item: Item) -> dict[str, str]:
    jwk: dict[str, str] = json.loads(item[JWK]["S"])
    return jwk
