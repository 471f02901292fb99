"""The precedence of versions (SemVer 2.0.0, item 11)."""

from __future__ import annotations

from itertools import combinations, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from installhub.model.version import (
    compare,
    has_reached,
    highest_first,
    latest,
    latest_prerelease,
    lower_than,
    next_version,
)

# The examples of the specification: items 9 to 11.
EXAMPLES = [
    *("1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2", "1.0.0-beta.11"),
    *("1.0.0-rc.1", "1.0.0", "2.0.0", "2.1.0", "2.1.1"),
]
_BIG = "9" * 200

_number = st.integers(0, 12) | st.integers(0, 10**60)
_word = st.from_regex(r"[0-9]{0,3}[a-zA-Z-][0-9a-zA-Z-]{0,3}", fullmatch=True)
_identifiers = st.lists(_number.map(str) | _word, min_size=1, max_size=4).map(".".join)
_builds = st.lists(st.from_regex(r"[0-9a-zA-Z-]{1,4}", fullmatch=True), min_size=1, max_size=3).map(".".join)
versions = st.builds(
    lambda numbers, prerelease, build: (
        ".".join(map(str, numbers)) + (f"-{prerelease}" if prerelease else "") + (f"+{build}" if build else "")
    ),
    st.tuples(_number, _number, _number),
    st.none() | _identifiers,
    st.none() | _builds,
)
# Versions that often have much in common.
close_versions = st.builds(
    lambda numbers, prerelease: ".".join(map(str, numbers)) + (f"-{prerelease}" if prerelease else ""),
    st.tuples(*[st.integers(0, 1)] * 3),
    st.none()
    | st.lists(st.sampled_from(["0", "1", "10", "9", "a", "A", "-", "1a"]), min_size=1, max_size=3).map(".".join),
)


def independent_comparison(first: str, second: str) -> int:
    """Section 11, sentence by sentence; numbers are compared as texts without leading zeros."""
    (numbers, prerelease), (other_numbers, other_prerelease) = _parts(first), _parts(second)
    for number, other in zip(numbers, other_numbers, strict=True):
        if number != other:
            return _sign((len(number), number) > (len(other), other))
    if not prerelease or not other_prerelease:
        return 0 if prerelease == other_prerelease else _sign(not prerelease)
    for identifier, other in zip(prerelease, other_prerelease, strict=False):
        if identifier == other:
            continue
        if identifier.isdigit() and other.isdigit():
            return _sign((len(identifier), identifier) > (len(other), other))
        if identifier.isdigit() != other.isdigit():
            return _sign(other.isdigit())
        return _sign(identifier.encode("ascii") > other.encode("ascii"))
    return (len(prerelease) > len(other_prerelease)) - (len(prerelease) < len(other_prerelease))


def _parts(version: str) -> tuple[list[str], list[str]]:
    core, _, prerelease = version.split("+", maxsplit=1)[0].partition("-")
    return core.split("."), prerelease.split(".") if prerelease else []


def _sign(higher: bool) -> int:  # noqa: FBT001
    return 1 if higher else -1


@pytest.mark.parametrize(("lower", "higher"), list(combinations(EXAMPLES, 2)))
def test_the_examples_of_the_specification_are_in_order(lower: str, higher: str) -> None:
    assert compare(lower, higher) == -1
    assert compare(higher, lower) == 1


@pytest.mark.parametrize(
    ("lower", "higher"),
    [
        (f"{_BIG}.0.0", f"1{_BIG}.0.0"),
        (f"1.0.0-{_BIG}", f"1.0.0-1{_BIG}"),
        (f"1.0.0-{_BIG}", "1.0.0-a"),
        ("9007199254740992.0.0", "9007199254740993.0.0"),
        ("1.0.0-9", "1.0.0-10"),
        ("1.0.0-10", "1.0.0--"),
        ("1.0.0-Z", "1.0.0-a"),
        ("1.0.0-a.b", "1.0.0-a-b"),
    ],
    ids=lambda text: text[:20],
)
def test_big_numbers_and_unusual_identifiers_are_in_order(lower: str, higher: str) -> None:
    assert compare(lower, higher) == independent_comparison(lower, higher) == -1


@given(st.one_of(st.tuples(versions, versions), st.tuples(close_versions, close_versions)))
def test_the_order_agrees_with_an_independent_implementation(pair: tuple[str, str]) -> None:
    assert compare(*pair) == independent_comparison(*pair)


@given(st.lists(versions | close_versions, max_size=20))
def test_the_highest_version_comes_first(unordered: list[str]) -> None:
    ordered = highest_first(unordered)

    assert sorted(ordered) == sorted(unordered)
    assert all(compare(higher, lower) >= 0 for higher, lower in pairwise(ordered))


def test_versions_that_differ_in_build_metadata_keep_their_order() -> None:
    assert compare("1.0.0+b", "1.0.0+a") == 0
    assert highest_first(["1.0.0+b", "1.0.0", "1.0.0+a"]) == ["1.0.0+b", "1.0.0", "1.0.0+a"]


def test_the_latest_version_is_the_highest_that_is_no_prerelease() -> None:
    active = ["1.9.0", "2.0.0-rc.1", "1.10.0", "2.0.0-rc.2+build-1", "1.10.0-rc.1"]

    assert latest(active) == "1.10.0"
    assert latest_prerelease(active) == "2.0.0-rc.2+build-1"
    assert latest(["1.0.0-a"]) is None
    assert latest_prerelease(["1.0.0+no-prerelease"]) is None


@pytest.mark.parametrize(
    ("version", "lower"),
    [("1.0.0-alpha", None), ("1.0.0", "1.0.0-rc.1"), ("2.0.1", "2.0.0"), ("3.0.0", "2.1.1"), ("1.0.0+x", "1.0.0-rc.1")],
)
def test_the_next_lower_version_need_not_be_a_release(version: str, lower: str | None) -> None:
    assert next(iter(lower_than(EXAMPLES, version)), None) == lower


@pytest.mark.parametrize(
    ("version", "major", "minor", "patch"),
    [
        ("1.2.3", "2.0.0", "1.3.0", "1.2.4"),
        ("1.2.3+build.7", "2.0.0", "1.3.0", "1.2.4"),
        ("2.0.0-rc.1", "2.0.0", "2.0.0", "2.0.0"),
        ("2.1.0-rc.1", "3.0.0", "2.1.0", "2.1.0"),
        ("2.1.1-rc.1", "3.0.0", "2.2.0", "2.1.1"),
        ("0.3.1", "0.4.0", "0.4.0", "0.3.2"),
        ("0.0.0", "0.1.0", "0.1.0", "0.0.1"),
        (
            "99999999999999999999.9.9",
            "100000000000000000000.0.0",
            "99999999999999999999.10.0",
            "99999999999999999999.9.10",
        ),
    ],
)
def test_the_next_version_is_the_lowest_that_is_such_a_step(version: str, major: str, minor: str, patch: str) -> None:
    assert [next_version(version, part) for part in ("major", "minor", "patch")] == [major, minor, patch]


@pytest.mark.parametrize(
    ("version", "reached"),
    [
        ("2.0.0", True),
        ("2.0.0-rc.1", True),
        ("10.0.0", True),
        ("2.0.0+a", True),
        ("1.99.99", False),
        ("1.9.9-z", False),
    ],
)
def test_a_prerelease_reaches_what_its_release_does(version: str, reached: bool) -> None:  # noqa: FBT001  # expected
    assert has_reached(version, "2.0.0") == reached
