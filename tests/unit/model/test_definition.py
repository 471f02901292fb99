"""Canonical JSON and its compression: both are deterministic and lossless."""

from __future__ import annotations

import json
import zlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from installhub.model.definition import canonical_json, pack, sha256_hex, unpack
from tests.strategies import json_values


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"b": 1, "a": [True, None, "x"]}, b'{"a":[true,null,"x"],"b":1}'),
        ({"é": "漢😀"}, '{"é":"漢😀"}'.encode()),
        ('\x00\n\u2028"\\/', '"\\u0000\\n\u2028\\"\\\\/"'.encode()),
        (1.5e300, b"1.5e+300"),
        ([], b"[]"),
        (None, b"null"),
        (10**30, b"1" + b"0" * 30),
    ],
    ids=repr,
)
def test_canonical_json_is_utf_8_with_sorted_keys_and_no_whitespace(value: object, expected: bytes) -> None:
    assert canonical_json(value) == expected


@given(json_values)
def test_canonical_json_preserves_the_value(value: Any) -> None:  # noqa: ANN401
    assert json.loads(canonical_json(value)) == value


@given(json_values)
def test_parsing_and_encoding_again_changes_nothing(value: Any) -> None:  # noqa: ANN401
    once = canonical_json(value)

    assert canonical_json(json.loads(once)) == once


@given(st.permutations(["a", "B", "\ue000", "\U0001f600", "", "aa", "é"]))
def test_the_order_of_keys_makes_no_difference(keys: list[str]) -> None:
    value = [{key: {key: index for index, key in enumerate(sorted(keys))} for key in keys}]

    assert canonical_json(value) == canonical_json([dict(sorted(value[0].items()))])
    assert list(json.loads(canonical_json(value))[0]) == sorted(keys)


@pytest.mark.parametrize(
    "value",
    [float("nan"), float("inf"), -float("inf"), "\ud800", {"\udfff": 1}, ["ok", {"a": "x\ud800y"}]],
    ids=ascii,
)
def test_values_that_json_or_utf_8_cannot_express_are_refused(value: object) -> None:
    with pytest.raises(ValueError, match=r"JSON|surrogates"):
        canonical_json({"in": [value]})


def test_a_value_that_contains_itself_is_refused() -> None:
    value: list[object] = []
    value.append(value)

    with pytest.raises(ValueError, match="Circular"):
        canonical_json(value)


@pytest.mark.parametrize("value", [object(), {1, 2}, b"bytes"], ids=lambda value: type(value).__name__)
def test_a_value_that_is_not_json_is_refused(value: object) -> None:
    with pytest.raises(TypeError):
        canonical_json(value)


@given(st.binary() | st.binary(min_size=1, max_size=50).map(lambda data: data * 5_000))
def test_packing_and_unpacking_gives_the_same_bytes(data: bytes) -> None:
    packed = pack(data)
    stream = b"".join(packed.chunks)

    assert unpack(stream, packed.size) == data
    assert zlib.decompress(stream, wbits=-15) == data
    assert (packed.packed_size, packed.size, packed.crc32) == (len(stream), len(data), zlib.crc32(data))


def test_a_definition_of_many_megabytes_is_packed() -> None:
    data = bytes(range(256)) * 40_000

    packed = pack(data)

    assert unpack(b"".join(packed.chunks), packed.size) == data
    assert packed.packed_size < packed.size // 100


@pytest.mark.parametrize(
    ("count", "digest"),
    [
        (1_500, "9fd04b5ab0d454496d32e4974b507f3f8279436c672a89e3a305300100add075"),  # less than 32 KiB
        (3_000, "8830ed00bb1e4b461421275b7c1a3ebfb8ff1d9873a5c3c1069017dac71c1876"),  # more than 32 KiB
    ],
)
def test_packed_bytes_are_the_same_on_every_machine(count: int, digest: str) -> None:
    # Chosen so that each compression level yields different bytes.
    texts = [sha256_hex(str(number % 97).encode())[: number % 13 + 3] for number in range(count)]
    data = canonical_json({"texts": texts, "größe": list(range(300))})

    assert sha256_hex(b"".join(pack(data).chunks)) == digest


def test_digests_are_sha_256_in_lower_case_hex() -> None:
    assert sha256_hex(b"abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
