"""The usage plan of the stack, and the stream of new usage subjects."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from installhub.identity.usage_key_provisioning import COUNTER, PROPAGATION_SECONDS
from installhub.identity.usage_keys import FIRST_SEEN_AT, LAST_SEEN_AT, READY_AT, SUBJECT
from installhub.runtime import aws_clients
from tests.integration.support.functions import Functions, sample_event
from tests.integration.support.wire import Wire
from tests.integration.support.world import reset_clients

if TYPE_CHECKING:
    from mypy_boto3_apigateway import APIGatewayClient

    from tests.integration.support.world import World
    from tests.template import Deployment


@dataclass
class UsagePlan:
    """A usage plan, initially without keys."""

    world: World
    apigateway: APIGatewayClient
    deployment: Deployment
    _provisioned: set[str] = field(default_factory=set)

    @property
    def id(self) -> str:
        return self.deployment.references["UsagePlan"]

    def keys(self) -> dict[str, str]:
        """Return the values of the plan's keys by key id."""
        keys = {key["id"]: key["value"] for key in self.apigateway.get_api_keys(includeValues=True)["items"]}
        members = {key["id"] for key in self.apigateway.get_usage_plan_keys(usagePlanId=self.id)["items"]}
        return {key_id: value for key_id, value in keys.items() if key_id in members}  # moto keeps deleted members

    def subjects(self) -> dict[str, dict[str, Any]]:
        """Return the items of the plans table by usage subject."""
        items = self.world.dynamodb.scan(TableName=self.world.name("PlansTable"))["Items"]
        return {item["customer"]["S"]: item for item in items if item["customer"]["S"] != COUNTER}

    def see(self, *subjects: str, at: float | None = None) -> None:
        """Add usage subjects to the plans table, as if they were first and last seen at ``at``, by default now."""
        seen = {"N": str(int(time.time() if at is None else at))}
        for subject in subjects:
            self.world.dynamodb.put_item(
                TableName=self.world.name("PlansTable"),
                Item={SUBJECT: {"S": subject}, FIRST_SEEN_AT: seen, LAST_SEEN_AT: seen},
            )

    def stream_event(self, *subjects: str) -> dict[str, Any]:
        """Return a stream event with one record, and one sequence number, per usage subject."""
        event = sample_event("enroll")
        (sample,) = event["Records"]
        event["Records"] = [
            {
                **sample,
                "dynamodb": {
                    **sample["dynamodb"],
                    "Keys": {"customer": {"S": subject}},
                    "NewImage": {**sample["dynamodb"]["NewImage"], "customer": {"S": subject}},
                    "SequenceNumber": str(number),
                },
            }
            for number, subject in enumerate(subjects, start=1)
        ]
        return event

    def provision_new_subjects(self, functions: Functions) -> None:
        """Invoke the enroll function with the stream records of new usage subjects."""
        new_subjects = [subject for subject in self.subjects() if subject not in self._provisioned]
        self._provisioned.update(new_subjects)
        assert functions.invoke("enroll", self.stream_event(*new_subjects)) == {"batchItemFailures": []}

    def let_keys_propagate(self) -> None:
        """Simulate that the propagation time of all keys has passed."""
        for subject, item in self.subjects().items():
            self.world.dynamodb.update_item(
                TableName=self.world.name("PlansTable"),
                Key={SUBJECT: {"S": subject}},
                UpdateExpression="SET #ready = :ready",
                ExpressionAttributeNames={"#ready": READY_AT},
                ExpressionAttributeValues={":ready": {"N": str(int(item[READY_AT]["N"]) - PROPAGATION_SECONDS)}},
            )


@contextmanager
def control_plane_wire(plan: UsagePlan) -> Iterator[Wire]:
    """Intercept calls to DynamoDB and to the control plane of API Gateway within the context."""
    wire = Wire(plan.world.dynamodb, plan.apigateway)
    yield wire
    wire.remove()
    reset_clients()


def create_usage_plan(world: World) -> UsagePlan:
    """Create the usage plan of the stack."""
    apigateway = aws_clients.apigateway()
    plan = apigateway.create_usage_plan(name="installhub-tenants")
    deployment = replace(world.deployment, references={**world.deployment.references, "UsagePlan": plan["id"]})
    return UsagePlan(world, apigateway, deployment)
