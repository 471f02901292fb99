"""All differences between the emulator and AWS, and how each is compensated.

template.yaml contains nothing for the emulator. `sam deploy` deploys it unchanged; then `apply` changes the deployed
stack to what AWS would have created from it. Everything is read from the deployed template and its parameters.

Three more are corrected inside the emulator, by `local/emulator_main.py`: the error type of a failed function, requests
without `Accept`, and gateway responses.

Checked with MiniStack 1.5.33. These differences cannot be compensated:

* Rate limits per tenant. AWS takes the usage plan's key from the authorizer's response, the emulator only from a
  header. `move_throttling_to_stage` therefore limits all tenants together, and RequestRateLimit has no effect.
* 413. The emulator accepts a body of any size.
* A function that fails or times out causes a 502 with the emulator's own message, not the gateway response
  INTEGRATION_FAILURE.
* S3 notifications contain no object version, and CloudWatch alarms receive no metrics of queues.
* Options: there are no associations of web ACLs (WebAclArn) and no CodeDeploy (GradualDeployment); both must stay off.
  Access logs, reserved concurrency, SnapStart, and the key of tables and buckets are accepted without effect. A domain
  is created, but not served.
* EventBridge ignores a queue's policy when it sends messages, and SQS has no StartMessageMoveTask.
* `$context` in a gateway response supports only error.*, requestId, resourcePath and stage.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from local.emulator import INTERPRETER

if TYPE_CHECKING:
    from collections.abc import Mapping

    from local.aws import Aws

Json = Any
BUCKET = "AWS::S3::Bucket"
API = "AWS::ApiGateway::RestApi"
EVENT_SOURCE = "AWS::Lambda::EventSourceMapping"
USAGE_PLAN = "AWS::ApiGateway::UsagePlan"
CACHE_PARAMETER = "AuthorizerCacheSeconds"
ORIGINS_PARAMETER = "AllowedOrigins"
ALLOW_ORIGIN = "gatewayresponse.header.Access-Control-Allow-Origin"
ROLE = "AWS::IAM::Role"
SOURCE_CONDITION = "events:source"
NOT_TLS = {"Bool": {"aws:SecureTransport": "false"}}


@dataclass(frozen=True)
class DeployedStack:
    """A deployed stack and its template, with SAM's transform applied."""

    aws: Aws
    rest_api_id: str
    stage: str
    resources: Mapping[str, Json]
    physical_ids: Mapping[str, str]
    parameters: Mapping[str, str]

    def properties(self, resource_type: str) -> Json:
        """The properties of the only resource of a type."""
        (only,) = (item for item in self.resources.values() if item["Type"] == resource_type)
        return only["Properties"]

    def physical_ids_of(self, resource_type: str) -> list[str]:
        """The physical ids of all resources of a type."""
        return [self.physical_ids[name] for name, item in self.resources.items() if item["Type"] == resource_type]


def build_target() -> dict[str, str]:
    """Settings of a build for the emulator's Python.

    AWS: a function runs with the Python of its Runtime, on the processor of its Architecture.
    Emulator: every function runs with the emulator's own Python, on this machine.
    """
    return {"INSTALLHUB_INTERPRETER": str(INTERPRETER)}


def apply(api: DeployedStack) -> None:
    """Compensate all differences, then deploy the API: some changes take effect only with a deployment."""
    allow_plain_http(api)
    unescape_binary_media_types(api)
    allow_one_origin(api)
    remove_api_key_requirement(api)
    set_authorizer_cache(api)
    move_throttling_to_stage(api)
    set_worker_concurrency(api)
    allow_any_event_source(api)
    api.aws.apigateway.create_deployment(restApiId=api.rest_api_id, stageName=api.stage)


def allow_plain_http(deployed: DeployedStack) -> None:
    """Allow access to the buckets without TLS.

    AWS: every service uses TLS, and the buckets' policies deny requests without it.
    Emulator: uses plain HTTP on the loopback address, and enforces the policies.
    """
    s3 = deployed.aws.s3
    for bucket in deployed.physical_ids_of(BUCKET):
        try:
            policy = json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"])
        except s3.exceptions.ClientError:  # removed by an earlier run
            continue
        policy["Statement"] = [item for item in policy["Statement"] if item.get("Condition") != NOT_TLS]
        if policy["Statement"]:
            s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))
        else:
            s3.delete_bucket_policy(Bucket=bucket)


def unescape_binary_media_types(api: DeployedStack) -> None:
    """Unescape the binary media types.

    AWS: "~1" in the template's property stands for the slash of a type.
    Emulator: takes "~1" literally, so no type matches and the client receives base64.
    """
    types = [item.replace("~1", "/") for item in api.properties(API).get("BinaryMediaTypes", [])]
    # AWS expects one operation per type; the emulator only accepts the whole list.
    operation: Json = {"op": "replace", "path": "/binaryMediaTypes", "value": types}
    api.aws.apigateway_unvalidated.update_rest_api(restApiId=api.rest_api_id, patchOperations=[operation])


def allow_one_origin(api: DeployedStack) -> None:
    """Name the allowed origin in the gateway responses, if there is only one.

    AWS: the condition SeveralOriginsAreAllowed splits the parameter.
    Emulator: does not split it, so the condition is always true and the gateway responses allow any origin.
    """
    origin = api.parameters[ORIGINS_PARAMETER]
    if not origin or "," in origin:
        return
    gateway = api.aws.apigateway
    for response in gateway.get_gateway_responses(restApiId=api.rest_api_id)["items"]:
        if not response["defaultResponse"]:
            gateway.put_gateway_response(
                restApiId=api.rest_api_id,
                responseType=response["responseType"],
                statusCode=response["statusCode"],
                responseParameters={**response["responseParameters"], ALLOW_ORIGIN: f"'{origin}'"},
                responseTemplates=response["responseTemplates"],
            )


def remove_api_key_requirement(api: DeployedStack) -> None:
    """Require no API key.

    AWS: with ApiKeySourceType AUTHORIZER, the key is the authorizer's `usageIdentifierKey`; clients send none.
    Emulator: requires it in the header `x-api-key`.
    """
    pages = api.aws.apigateway.get_paginator("get_resources").paginate(restApiId=api.rest_api_id, embed=["methods"])
    for page in pages:
        for resource in page["items"]:
            for method in resource.get("resourceMethods", {}):
                api.aws.apigateway.update_method(
                    restApiId=api.rest_api_id,
                    resourceId=resource["id"],
                    httpMethod=method,
                    # the emulator would store "false" as a string, which is truthy
                    patchOperations=[{"op": "remove", "path": "/apiKeyRequired"}],
                )


def set_authorizer_cache(api: DeployedStack) -> None:
    """Cache the authorizer's responses for as long as the parameter specifies.

    AWS: SAM's transform resolves the parameter and writes its value into the authorizer.
    Emulator: SAM's transform uses the parameter's default.
    """
    operation: Json = {
        "op": "replace",
        "path": "/authorizerResultTtlInSeconds",
        "value": api.parameters[CACHE_PARAMETER],
    }
    for authorizer in api.aws.apigateway.get_authorizers(restApiId=api.rest_api_id)["items"]:
        api.aws.apigateway.update_authorizer(
            restApiId=api.rest_api_id, authorizerId=authorizer["id"], patchOperations=[operation]
        )


def move_throttling_to_stage(api: DeployedStack) -> None:
    """Copy the usage plan's method limits to the stage.

    AWS: they apply to each key of the plan, that is, to each tenant.
    Emulator: without a key (see `remove_api_key_requirement`) no plan applies; the stage's limits do, for all callers
    together.
    """
    operations: list[Json] = [
        {"op": "replace", "path": path, "value": value}
        for path, value in stage_limits(api.properties(USAGE_PLAN), api.parameters).items()
    ]
    if operations:
        api.aws.apigateway.update_stage(restApiId=api.rest_api_id, stageName=api.stage, patchOperations=operations)


def set_worker_concurrency(deployed: DeployedStack) -> None:
    """Set the event sources' concurrency as a number.

    AWS: CloudFormation converts the parameter's string to the number that the property requires.
    Emulator: keeps the string, and then does not poll the queue.
    """
    for name, item in deployed.resources.items():
        if item["Type"] == EVENT_SOURCE and "ScalingConfig" in item["Properties"]:
            limit = _resolve(item["Properties"]["ScalingConfig"]["MaximumConcurrency"], deployed.parameters)
            deployed.aws.lambda_.update_event_source_mapping(
                UUID=deployed.physical_ids[name], ScalingConfig={"MaximumConcurrency": int(limit)}
            )


def allow_any_event_source(deployed: DeployedStack) -> None:
    """Allow roles to put events with any source.

    AWS: the condition on `events:source` in a role's policy restricts the sources of its events.
    Emulator: has no source when it evaluates policies, so the condition is never met.
    """
    iam = deployed.aws.iam
    for role in deployed.physical_ids_of(ROLE):
        for name in iam.list_role_policies(RoleName=role)["PolicyNames"]:
            policy = iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
            conditions = [item["Condition"] for item in policy["Statement"] if "Condition" in item]
            sources = [condition for condition in conditions if SOURCE_CONDITION in condition.get("StringEquals", {})]
            for condition in sources:
                del condition["StringEquals"]
            if sources:
                iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=json.dumps(policy))


def stage_limits(usage_plan: Json, parameters: Mapping[str, str]) -> dict[str, str]:
    """A usage plan's method limits as patch operations for a stage: paths and values."""
    limits = {}
    for stage in usage_plan["ApiStages"]:
        for route, throttle in stage.get("Throttle", {}).items():
            path, _, method = route.rpartition("/")
            prefix = f"/{path.replace('/', '~1')}/{method}/throttling"
            limits[f"{prefix}/rateLimit"] = _resolve(throttle["RateLimit"], parameters)
            limits[f"{prefix}/burstLimit"] = _resolve(throttle["BurstLimit"], parameters)
    return limits


def _resolve(value: Json, parameters: Mapping[str, str]) -> str:
    """A literal, or the value of the parameter in a `Ref`."""
    return parameters[value["Ref"]] if isinstance(value, dict) else str(value)
