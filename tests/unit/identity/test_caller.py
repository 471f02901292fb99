"""The caller in the authorizer context: encoding, expiry and scope."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from installhub.identity.caller import Caller, authorizer_context, caller_from_context
from installhub.model.errors import ErrorCode, InstallHubError
from installhub.model.scopes import EXPORT_SCOPE
from tests.strategies import ids, printable_texts

NOW = 1_800_000_000
CALLER = Caller("user-1", ("tenant-a", "tenant-b"), frozenset({EXPORT_SCOPE, "other"}), NOW + 1)

scopes = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1)


@given(st.text() | printable_texts, st.lists(ids, unique=True), st.frozensets(scopes), st.integers(NOW + 1, NOW**2))
def test_a_caller_survives_the_authorizer_context(
    subject: str, tenants: list[str], granted: frozenset[str], expires_at: int
) -> None:
    caller = Caller(subject, tuple(tenants), granted | {EXPORT_SCOPE}, expires_at)

    assert caller_from_context(authorizer_context(caller), NOW) == caller


def test_scopes_are_in_a_fixed_order() -> None:
    scopes = frozenset(f"scope-{number}" for number in range(20))

    assert authorizer_context(Caller("user", (), scopes, 0))["scopes"].split(" ") == sorted(scopes)


def test_the_authorizer_context_has_string_values_only() -> None:
    assert {type(value) for value in authorizer_context(CALLER).values()} == {str}


def test_additions_of_api_gateway_are_ignored() -> None:
    context: dict[str, Any] = {**authorizer_context(CALLER), "principalId": "x", "integrationLatency": 12}

    assert caller_from_context(context, NOW) == CALLER


@pytest.mark.parametrize("context", [None, {}, {"principalId": "user-1", "integrationLatency": 1}])
def test_without_an_authorizer_context_there_is_no_caller(context: dict[str, Any] | None) -> None:
    with pytest.raises(InstallHubError) as refusal:
        caller_from_context(context, NOW)

    assert refusal.value.code is ErrorCode.UNAUTHORIZED


@pytest.mark.parametrize(("now", "is_valid"), [(NOW, True), (NOW + 0.9, True), (NOW + 1, False), (NOW + 2, False)])
def test_a_cached_authorizer_result_expires_with_its_token(now: float, is_valid: bool) -> None:  # noqa: FBT001
    context = authorizer_context(CALLER)

    if is_valid:
        assert caller_from_context(context, now) == CALLER
    else:
        with pytest.raises(InstallHubError) as refusal:
            caller_from_context(context, now)
        assert refusal.value.code is ErrorCode.UNAUTHORIZED


@pytest.mark.parametrize(
    "granted",
    [[], ["installhub:read"], ["installhub:export:all"], ["INSTALLHUB:EXPORT"], ["installhub", "export"]],
    ids=repr,
)
def test_the_scope_must_match_exactly(granted: list[str]) -> None:
    context = authorizer_context(Caller("user-1", ("tenant-a",), frozenset(granted), NOW + 1))

    with pytest.raises(InstallHubError) as refusal:
        caller_from_context(context, NOW)

    assert refusal.value.code is ErrorCode.INSUFFICIENT_SCOPE
