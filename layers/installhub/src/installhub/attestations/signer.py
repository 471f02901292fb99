"""Signs packages with the key in KMS, which never leaves it."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from installhub.attestations.statement import STATEMENT_VERSION, statement_of
from installhub.model.hub import HUB_VERSION
from installhub.packages.records import PackageRecord, Signature
from installhub.runtime.aws_errors import translate_aws_errors
from installhub.verification.envelope import PAYLOAD_TYPE, pre_authentication_encoding

if TYPE_CHECKING:
    from mypy_boto3_kms import KMSClient


@dataclass(frozen=True, slots=True)
class PackageSigner:
    """Signs packages.

    Attributes:
        kms: Returns the KMS client; called only when one is needed.
        key: ARN of the key: ECC_NIST_P256, for signing.
    """

    kms: Callable[[], KMSClient]
    key: str

    def signed(self, record: PackageRecord, manifest: dict[str, Any], manifest_bytes: bytes) -> PackageRecord:
        """``record`` with a signature, for which KMS is called once.

        Args:
            record: The package.
            manifest: Its manifest.
            manifest_bytes: The manifest as it is in the bundle.

        Raises:
            ServiceUnavailableError: KMS is unavailable.
        """
        statement = statement_of(record, manifest, manifest_bytes, HUB_VERSION)
        digest = hashlib.sha256(pre_authentication_encoding(PAYLOAD_TYPE, statement)).digest()
        with translate_aws_errors("kms"):
            response = self.kms().sign(
                KeyId=self.key, Message=digest, MessageType="DIGEST", SigningAlgorithm="ECDSA_SHA_256"
            )
        value = base64.b64encode(response["Signature"]).decode()
        return replace(record, signature=Signature(value, self.key, HUB_VERSION, STATEMENT_VERSION))
