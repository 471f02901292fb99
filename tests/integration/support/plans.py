"""The usage plan of the stack, and the stream that tells of its new customers."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from installhub.identity.usage_keys import PROPAGATION_SECONDS, READY_AT, SUBJECT
from installhub.runtime import aws_clients
from tests.integration.support.functions import Functions, sample_event

if TYPE_CHECKING:
    from mypy_boto3_apigateway import APIGatewayClient

    from tests.integration.support.world import World
    from tests.template import Deployment


@dataclass
class UsagePlan:
    """The usage plan, with nobody in it at first."""

    world: World
    apigateway: APIGatewayClient
    deployment: Deployment
    _told: set[str] = field(default_factory=set)

    @property
    def id(self) -> str:
        return self.deployment.references["UsagePlan"]

    def keys(self) -> dict[str, str]:
        """The values of the keys that are in the plan, by their id."""
        keys = self.apigateway.get_usage_plan_keys(usagePlanId=self.id)["items"]
        return {key["id"]: self.apigateway.get_api_key(apiKey=key["id"], includeValue=True)["value"] for key in keys}

    def customers(self) -> dict[str, dict[str, Any]]:
        """The items of the plans table, by customer."""
        items = self.world.dynamodb.scan(TableName=self.world.name("PlansTable"))["Items"]
        return {item["customer"]["S"]: item for item in items}

    def stream_event(self, *customers: str) -> dict[str, Any]:
        """The event of the table's stream for these customers, in which each has its own sequence number."""
        event = sample_event("enroll")
        (sample,) = event["Records"]
        event["Records"] = [
            {
                **sample,
                "dynamodb": {
                    **sample["dynamodb"],
                    "Keys": {"customer": {"S": customer}},
                    "NewImage": {**sample["dynamodb"]["NewImage"], "customer": {"S": customer}},
                    "SequenceNumber": str(number),
                },
            }
            for number, customer in enumerate(customers, start=1)
        ]
        return event

    def enroll_new_customers(self, functions: Functions) -> None:
        """Do what the stream and the enroll function do."""
        new = [customer for customer in self.customers() if customer not in self._told]
        self._told.update(new)
        assert functions.invoke("enroll", self.stream_event(*new)) == {"batchItemFailures": []}

    def let_keys_propagate(self) -> None:
        """Turn back the time at which keys are ready by as long as they rest."""
        for customer, item in self.customers().items():
            self.world.dynamodb.update_item(
                TableName=self.world.name("PlansTable"),
                Key={SUBJECT: {"S": customer}},
                UpdateExpression="SET #ready = :ready",
                ExpressionAttributeNames={"#ready": READY_AT},
                ExpressionAttributeValues={":ready": {"N": str(int(item[READY_AT]["N"]) - PROPAGATION_SECONDS)}},
            )


def planned(world: World) -> UsagePlan:
    """The usage plan of the stack, made."""
    apigateway = aws_clients.apigateway()
    plan = apigateway.create_usage_plan(name="installhub-tenants")
    deployment = replace(world.deployment, references={**world.deployment.references, "UsagePlan": plan["id"]})
    return UsagePlan(world, apigateway, deployment)
