"""Makes moto's DynamoDB several times faster, so that tenants of 10,000 artifacts can be tested.

And its KMS sign digests as AWS does.
"""

from __future__ import annotations

import copy
import threading
from contextlib import contextmanager
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import moto.dynamodb.models
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256
from moto.core.serialize import ResponseSerializer
from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.table import Table
from moto.kms.utils import ECDSAPrivateKey

if TYPE_CHECKING:
    from collections.abc import Iterator

    from moto.core.model import StructureShape

Parts = dict[str, Any]


@contextmanager
def quick_moto() -> Iterator[None]:
    """Apply the optimizations and the correction within the context."""
    with _serialize_present_members(), _copy_tables_once(), _sign_digests():
        yield


@contextmanager
def _serialize_present_members() -> Iterator[None]:
    """Serialize the one member that an attribute value has; moto tries all ten for every value."""
    original = ResponseSerializer._serialize_type_structure

    def quick(self: ResponseSerializer, serialized: Parts, value: object, shape: StructureShape, key: str) -> None:
        if shape.name != "AttributeValue" or not isinstance(value, dict) or not key:
            original(self, serialized, value, shape, key)
            return
        members: Parts = {}
        for member in value:
            self._serialize_structure_member(members, value, shape.members[member], member)
        self._default_serialize(serialized, members, shape, key)

    with patch.object(ResponseSerializer, "_serialize_type_structure", quick):
        yield


@contextmanager
def _copy_tables_once() -> Iterator[None]:
    """Copy a table once per transaction for the rollback; moto copies it once per item."""
    original = DynamoDBBackend.transact_write_items
    lock = threading.Lock()

    def quick(self: DynamoDBBackend, transact_items: list[Parts]) -> None:
        copies: dict[str, Table] = {}

        def deepcopy(value: Any) -> Any:  # noqa: ANN401  # like copy.deepcopy
            if not isinstance(value, Table):
                return copy.deepcopy(value)
            if value.name not in copies:
                copies[value.name] = copy.deepcopy(value)
            return copies[value.name]

        with lock, patch.object(moto.dynamodb.models, "copy", SimpleNamespace(deepcopy=deepcopy)):
            original(self, transact_items)

    with patch.object(DynamoDBBackend, "transact_write_items", quick):
        yield


@contextmanager
def _sign_digests() -> Iterator[None]:
    """Sign a message as the digest that it is; moto ignores `MessageType` and hashes it."""

    def sign(self: ECDSAPrivateKey, message: bytes, signing_algorithm: str) -> Any:  # noqa: ANN401  # bytes
        assert (len(message), signing_algorithm) == (SHA256.digest_size, "ECDSA_SHA_256")
        return self.private_key.sign(message, ECDSA(Prehashed(SHA256())))

    with patch.object(ECDSAPrivateKey, "sign", sign):
        yield
