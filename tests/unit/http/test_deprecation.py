"""The headers of responses with deprecated packages."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from installhub.http.deprecation import deprecation_headers
from installhub.model.lifecycle import Lifecycle, LifecycleChange, LifecycleState
from tests.builders import record


def headers(lifecycle: Lifecycle, reason: str | None) -> dict[str, str]:
    change = LifecycleChange(lifecycle, reason, None, "2026-06-01T08:30:00Z", "someone")
    return deprecation_headers(replace(record(), state=LifecycleState().changed(change)))


def decoded(display_string: str) -> str:
    """The text of a display string (RFC 9651, 4.2.10)."""
    match = re.fullmatch(r'%"((?:[ !#$&-~]|%[0-9a-f]{2})*)"', display_string, re.ASCII)
    assert match, display_string
    parts = re.findall(r"%([0-9a-f]{2})|(.)", match[1])
    return b"".join(bytes.fromhex(octet) if octet else character.encode() for octet, character in parts).decode()


def test_the_time_is_a_date_of_structured_fields() -> None:
    assert headers(Lifecycle.DEPRECATED, "Old.") == {"Deprecation": "@1780302600", "Deprecation-Reason": '%"Old."'}


@pytest.mark.parametrize("lifecycle", [Lifecycle.ACTIVE, Lifecycle.YANKED])
def test_other_packages_have_none(lifecycle: Lifecycle) -> None:
    assert headers(lifecycle, "Old.") == {}
    assert deprecation_headers(record()) == {}


@given(st.text(max_size=80))
def test_any_reason_can_be_read_again(reason: str) -> None:
    assert decoded(headers(Lifecycle.DEPRECATED, reason)["Deprecation-Reason"]) == reason


@given(st.text(min_size=1_000, max_size=1_100))
def test_a_long_reason_is_cut_between_characters(reason: str) -> None:
    value = headers(Lifecycle.DEPRECATED, reason)["Deprecation-Reason"]

    assert len(value) <= 1_003
    assert reason.startswith(decoded(value))
