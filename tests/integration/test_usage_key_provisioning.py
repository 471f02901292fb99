"""Provisioning creates exactly one key in the usage plan per usage subject, however often it is repeated."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from installhub.identity.usage_keys import READY_AT, USAGE_KEY
from installhub.runtime import aws_clients
from tests.integration.support.artifact_inputs import TENANT
from tests.integration.support.functions import Functions, sample_event
from tests.integration.support.plans import UsagePlan, control_plane_wire, create_usage_plan
from tests.integration.support.wire import Kill, Killed, NoFault, Outage, Wire, moments

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.integration.support.world import World

TENANT_SUBJECT = f"tenant:{TENANT}"
CALLS = ("GetItem-1", "UpdateItem-1", "CreateApiKey-1", "CreateUsagePlanKey-1", "UpdateItem-2")


@pytest.fixture
def plan(world: World) -> UsagePlan:
    plan = create_usage_plan(world)
    plan.see(TENANT_SUBJECT)
    return plan


@pytest.fixture
def functions(plan: UsagePlan) -> Functions:
    return Functions(plan.deployment)


@pytest.fixture
def control_wire(plan: UsagePlan) -> Iterator[Wire]:
    with control_plane_wire(plan) as wire:
        yield wire


def assert_provisioned_once(plan: UsagePlan) -> None:
    (value,) = plan.keys().values()
    assert len(aws_clients.apigateway().get_api_keys()["items"]) == 1
    item = plan.subjects()[TENANT_SUBJECT]
    assert item[USAGE_KEY] == {"S": value}
    assert 0 < int(item[READY_AT]["N"]) - time.time() <= 60


def test_a_usage_subject_gets_one_key_in_the_plan(functions: Functions, plan: UsagePlan) -> None:
    assert functions.invoke("enroll", sample_event("enroll")) == {"batchItemFailures": []}

    assert_provisioned_once(plan)


def test_provisioning_again_creates_no_second_key(functions: Functions, plan: UsagePlan) -> None:
    for _ in range(3):
        assert functions.invoke("enroll", sample_event("enroll")) == {"batchItemFailures": []}

    assert_provisioned_once(plan)


def test_the_key_names_its_usage_subject(functions: Functions, plan: UsagePlan) -> None:
    functions.invoke("enroll", sample_event("enroll"))

    (key_id,) = plan.keys()
    key = plan.apigateway.get_api_key(apiKey=key_id)
    assert key["enabled"]
    assert key["name"].startswith("installhub-")
    assert key["description"] == TENANT_SUBJECT


def test_usage_subjects_of_one_batch_get_a_key_each(functions: Functions, plan: UsagePlan) -> None:
    subjects = [f"tenant:tenant-{number}" for number in range(10)]
    plan.see(*subjects)

    assert functions.invoke("enroll", plan.stream_event(*subjects)) == {"batchItemFailures": []}

    assert len(set(plan.keys().values())) == 10
    assert {plan.subjects()[subject][USAGE_KEY]["S"] for subject in subjects} == set(plan.keys().values())


@pytest.mark.usefixtures("no_waiting")
@pytest.mark.parametrize("kind", ["throttled", "failing", "unreachable", "answer lost"])
@pytest.mark.parametrize("call", CALLS)
def test_a_failed_record_is_delivered_again_and_succeeds(
    functions: Functions, plan: UsagePlan, control_wire: Wire, call: str, kind: str
) -> None:
    control_wire.fault = Outage.at(call, kind)

    failures = functions.invoke("enroll", sample_event("enroll"))["batchItemFailures"]

    assert failures == [{"itemIdentifier": sample_event("enroll")["Records"][0]["dynamodb"]["SequenceNumber"]}]
    assert functions.invoke("enroll", sample_event("enroll")) == {"batchItemFailures": []}
    assert_provisioned_once(plan)


@pytest.mark.usefixtures("no_waiting")
def test_one_failing_usage_subject_does_not_hold_up_the_others(
    functions: Functions, plan: UsagePlan, control_wire: Wire
) -> None:
    plan.see("tenant:a", "tenant:b", "tenant:c")
    control_wire.fault = Outage.at("CreateApiKey-2", "failing")

    result = functions.invoke("enroll", plan.stream_event("tenant:a", "tenant:b", "tenant:c"))

    assert result == {"batchItemFailures": [{"itemIdentifier": "2"}]}
    assert {name for name, item in plan.subjects().items() if USAGE_KEY in item} == {"tenant:a", "tenant:c"}


@pytest.mark.parametrize("moment", moments(*CALLS))
def test_a_crashed_provisioning_is_finished_by_the_next(
    functions: Functions, plan: UsagePlan, control_wire: Wire, moment: str
) -> None:
    control_wire.fault = Kill(moment)
    with pytest.raises(Killed):
        functions.invoke("enroll", sample_event("enroll"))
    control_wire.fault = NoFault()

    assert functions.invoke("enroll", sample_event("enroll")) == {"batchItemFailures": []}

    assert_provisioned_once(plan)
