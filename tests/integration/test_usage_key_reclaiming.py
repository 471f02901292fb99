"""Keys of idle usage subjects are given back, whatever fails on the way."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from installhub.identity.usage_key_reclaiming import IDLE_SECONDS
from installhub.runtime import aws_clients
from tests.integration.support.functions import Functions, sample_event
from tests.integration.support.plans import UsagePlan, control_plane_wire, create_usage_plan
from tests.integration.support.wire import Kill, Killed, NoFault, Outage, Wire, moments

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.integration.support.world import World

IDLE, ACTIVE = "tenant:idle", "tenant:active"
CALLS = ("Scan-1", "UpdateItem-1", "DeleteApiKey-1", "DeleteItem-1", "UpdateItem-2")


@pytest.fixture
def plan(world: World) -> UsagePlan:
    """A plan with an idle and an active subject, with a key each."""
    plan = create_usage_plan(world)
    plan.see(IDLE, at=time.time() - IDLE_SECONDS - 60)
    plan.see(ACTIVE)
    functions = Functions(plan.deployment)
    assert functions.invoke("enroll", plan.stream_event(IDLE, ACTIVE)) == {"batchItemFailures": []}
    assert len(plan.keys()) == 2
    return plan


@pytest.fixture
def functions(plan: UsagePlan) -> Functions:
    return Functions(plan.deployment)


@pytest.fixture
def control_wire(plan: UsagePlan) -> Iterator[Wire]:
    with control_plane_wire(plan) as wire:
        yield wire


def reclaim(functions: Functions) -> dict[str, int]:
    counts: dict[str, int] = functions.invoke("reclaim_keys", sample_event("reclaim_keys"))
    return counts


def assert_given_back(plan: UsagePlan) -> None:
    assert set(plan.subjects()) == {ACTIVE}
    assert list(plan.keys().values()) == [plan.subjects()[ACTIVE]["usageKey"]["S"]]
    assert len(aws_clients.apigateway().get_api_keys()["items"]) == 1


def test_an_idle_key_is_given_back_and_an_active_one_kept(functions: Functions, plan: UsagePlan) -> None:
    assert reclaim(functions) == {"reclaimed": 1, "ownKeys": 1, "pooledSubjects": 0}
    assert_given_back(plan)
    assert reclaim(functions) == {"reclaimed": 0, "ownKeys": 1, "pooledSubjects": 0}


@pytest.mark.usefixtures("no_waiting")
@pytest.mark.parametrize("kind", ["throttled", "failing", "unreachable", "answer lost"])
@pytest.mark.parametrize("call", CALLS)
def test_after_a_failure_the_next_run_finishes(
    functions: Functions, plan: UsagePlan, control_wire: Wire, call: str, kind: str
) -> None:
    control_wire.fault = Outage.at(call, kind)
    with pytest.raises(Exception, match="ServiceUnavailable"):
        reclaim(functions)
    control_wire.fault = NoFault()

    reclaim(functions)

    assert_given_back(plan)


@pytest.mark.parametrize("moment", moments(*CALLS))
def test_after_a_crash_the_next_run_finishes(
    functions: Functions, plan: UsagePlan, control_wire: Wire, moment: str
) -> None:
    control_wire.fault = Kill(moment)
    with pytest.raises(Killed):
        reclaim(functions)
    control_wire.fault = NoFault()

    reclaim(functions)

    assert_given_back(plan)
