"""Validation of versions, and removal of build metadata."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from installhub.model.version import VERSION_PATTERN, is_valid_version, without_build_metadata

# The regular expression suggested by semver.org, anchored and limited to ASCII.
SUGGESTED = re.compile(
    r"\A(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)"
    r"(?:-((?:0|[1-9][0-9]*|[0-9]*[a-zA-Z-][0-9a-zA-Z-]*)(?:\.(?:0|[1-9][0-9]*|[0-9]*[a-zA-Z-][0-9a-zA-Z-]*))*))?"
    r"(?:\+([0-9a-zA-Z-]+(?:\.[0-9a-zA-Z-]+)*))?\Z"
)


def split(table: str) -> list[str]:
    return table.split()


# From https://regex101.com/r/vkijKf/1/, to which semver.org refers, with additions of the contract.
VALID = split("""
    0.0.4 1.2.3 10.20.30 1.1.2-prerelease+meta 1.1.2+meta 1.1.2+meta-valid 1.0.0-alpha 1.0.0-beta 1.0.0-alpha.beta
    1.0.0-alpha.beta.1 1.0.0-alpha.1 1.0.0-alpha0.valid 1.0.0-alpha.0valid
    1.0.0-alpha-a.b-c-somethinglong+build.1-aef.1-its-okay 1.0.0-rc.1+build.1 2.0.0-rc.1+build.123 1.2.3-beta
    10.2.3-DEV-SNAPSHOT 1.2.3-SNAPSHOT-123 1.0.0 2.0.0 1.1.7 2.0.0+build.1848 2.0.1-alpha.1227 1.0.0-alpha+beta
    1.2.3----RC-SNAPSHOT.12.9.1--.12+788 1.2.3----R-S.12.9.1--.12+meta 1.2.3----RC-SNAPSHOT.12.9.1--.12
    1.0.0+0.build.1-rc.10000aaa-kk-0.1 99999999999999999999999.999999999999999999.99999999999999999 1.0.0-0A.is.legal
    0.0.0 1.0.0--- 1.0.0+001 1.0.0-0 1.0.0+---
""")
INVALID = split("""
    1 1.2 1.2.3-0123 1.2.3-0123.0123 1.1.2+.123 +invalid -invalid -invalid+invalid -invalid.01 alpha alpha.beta
    alpha.beta.1 alpha.1 alpha+beta alpha_beta alpha. alpha.. beta 1.0.0-alpha_beta -alpha. 1.0.0-alpha..
    1.0.0-alpha..1 1.0.0-alpha...1 1.0.0-alpha....1 01.1.1 1.01.1 1.1.01 1.2.3.DEV 1.2-SNAPSHOT
    1.2.31.2.3----RC-SNAPSHOT.12.09.1--..12+788 1.2-RC-SNAPSHOT -1.0.3-gamma+b7718 +justmeta
    9.8.7+meta+meta 9.8.7-whatever+meta+meta v1.2.3 V1.2.3 =1.2.3 1.2.3- 1.2.3+ 1.2.3-+b 1,2,3 1.2.3.4 1..3 .1.2 1.2.
    00.0.0 1.0.0-00 1.0.0-01 latest * ^1.2.3 1.x.0 1.2.3/4 1.2.3-a_b 1e1.0.0 0x1.0.0 -1.0.0 +1.0.0 1_0.0.0
""")


@pytest.mark.parametrize("text", VALID)
def test_valid_versions_are_accepted(text: str) -> None:
    assert is_valid_version(text)


@pytest.mark.parametrize("text", INVALID)
def test_invalid_versions_are_refused(text: str) -> None:
    assert not is_valid_version(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "1.2.3\n",
        "1.2.3\r\n",
        "\n1.2.3",
        "1.2.3 ",
        " 1.2.3",
        "1.2.3\x00",
        "1.2.3-a\n",
        "1.2.3\u2028",
        "\u0661.\u0662.\u0663",
        "1.2.\uff13",
        "1.2.3-\u0663",
        "1.2.3-\u0663a",
        "1.2.3-a.\u0661b",
        "1.2.3-é",
        "1.2.3+\u0131",
        "\u00b9.0.0",
        "1.2.3-\U0001d7d9",
        "\ud800",
    ],
    ids=ascii,
)
def test_versions_with_whitespace_or_other_scripts_are_refused(text: str) -> None:
    assert not is_valid_version(text)


@pytest.mark.parametrize("form", ["{}.0.0", "0.0.{}", "0.0.0-{}", "0.0.0+{}"])
def test_256_characters_are_the_maximum(form: str) -> None:
    longest = form.format("1" * (256 - len(form) + 2))

    assert len(longest) == 256
    assert is_valid_version(longest)
    assert not is_valid_version(form.format("1" * (256 - len(form) + 3)))


@pytest.mark.parametrize("text", ["1" * 1_000_000, "1." * 500_000, "1.0.0-" + "a." * 500_000, "1.0.0-" + "0" * 200])
def test_huge_versions_are_refused_quickly(text: str) -> None:
    assert not is_valid_version(text)


@given(
    st.text("019.-+aZ\n \u0663", max_size=20)
    | st.from_regex(SUGGESTED)
    | st.from_regex(SUGGESTED).map(lambda t: t + "\n")
)
def test_agrees_with_the_pattern_that_semver_org_suggests(text: str) -> None:
    assert is_valid_version(text) is (SUGGESTED.match(text) is not None and len(text) <= 256)


@pytest.mark.parametrize("text", [*VALID, *INVALID], ids=lambda text: text[:20])
def test_the_pattern_in_the_documents_agrees(text: str) -> None:
    assert bool(re.search(VERSION_PATTERN, text)) is is_valid_version(text)


@pytest.mark.parametrize(
    ("version", "expected"), [("1.2.3", "1.2.3"), ("1.2.3-rc.1+b.1", "1.2.3-rc.1"), ("1.2.3+a-b", "1.2.3")]
)
def test_build_metadata_is_not_part_of_precedence(version: str, expected: str) -> None:
    assert without_build_metadata(version) == expected
