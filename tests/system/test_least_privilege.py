"""Each function's role on the deployed stack: required actions are allowed, and all others are denied."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

import pytest

from tests.privileges import FUNCTIONS, Permission, needs_of, role_id
from tests.system.privilege_probes import Caller, Probes, is_denied, probes, unrelated_bucket

if TYPE_CHECKING:
    from tests.conftest import Record
    from tests.system.client import Api

# Required by Lambda itself, which the emulator implements without using the role. The emulator has no X-Ray, does not
# evaluate ARNs of streams, and uses ARNs of log groups without the trailing `:*`.
NOT_EVALUATED: Final = (
    *("xray:", "dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"),
    *("logs:CreateLogStream", "logs:PutLogEvents"),
)


@pytest.fixture(scope="module")
def caller(api: Api) -> Iterator[Caller]:
    with unrelated_bucket(api):
        yield Caller(api)


@pytest.fixture(scope="module")
def all_probes(caller: Caller, api: Api) -> Probes:
    return probes(caller, api)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_may_do_what_it_needs_and_nothing_else(
    caller: Caller, all_probes: Probes, function: str, record: Record
) -> None:
    assert f":assumed-role/installhub-{role_id(function)}-" in caller.act_as(function)
    not_evaluated = {need for need in needs_of(function) if need.action.startswith(NOT_EVALUATED)}
    needs = needs_of(function).keys() - not_evaluated
    tried = {
        permission: is_denied(probe)
        for permission, probe in all_probes.items()
        if not _is_covered(permission, not_evaluated)
    }
    allowed = {permission for permission, denied in tried.items() if not denied}

    assert allowed == {permission for permission in tried if _is_covered(permission, needs)}
    assert {need for need in needs if not any(need.covers(permission) for permission in tried)} == set()
    record(
        "privilege",
        f"`{function}`",
        f"{len(tried) - len(allowed)} denied, {len(allowed)} allowed",
        f"{len(tried)} actions tried with its role's credentials; exactly the required ones are allowed",
    )


def test_the_root_user_is_denied_nothing(caller: Caller, all_probes: Probes, record: Record) -> None:
    """Control: denials are due to the role."""
    assert caller.act_as_root().endswith(":root")
    assert {permission for permission, probe in all_probes.items() if is_denied(probe)} == set()
    record("privilege", "the account's root", f"0 denied, {len(all_probes)} allowed", "control: the same calls")


def _is_covered(permission: Permission, needs: set[Permission]) -> bool:
    return any(need.covers(permission) for need in needs)
