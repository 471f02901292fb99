"""Where the emulator differs from AWS, and what is done about it: all of it, and only here.

template.yaml is never bent for the emulator. `sam deploy` puts it there as it stands; then `apply` brings the deployed
API to what AWS would have made of it. Everything is read from the deployed template and its parameters.

Checked with MiniStack 1.5.33. What cannot be brought about is listed here, so that no one takes it for AWS's behaviour:

* A tenant's own rate limits. AWS takes the usage plan's key from the authorizer's answer, the emulator from a header
  only. So `export_throttle` limits all tenants together, and RequestRateLimit has no effect.
* 413. The emulator accepts a body of any size.
* A function that fails or times out answers 502 with a message of the emulator's, not the gateway response
  INTEGRATION_FAILURE.
* The error type of a failed function, which `local/emulator_main.py` mends inside the emulator.
* The notice of an object in a bucket says no version of it, and `cloudwatch` alarms see no queue.
* EventBridge's messages pass a queue's policy by, and SQS knows no StartMessageMoveTask.
* `$context` in a gateway response knows error.*, requestId, resourcePath and stage only.
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
ROLE = "AWS::IAM::Role"
SOURCE_CONDITION = "events:source"
NOT_TLS = {"Bool": {"aws:SecureTransport": "false"}}


@dataclass(frozen=True)
class Deployed:
    """What was deployed, and the template that it was deployed from (SAM's transform done)."""

    aws: Aws
    rest_api_id: str
    stage: str
    resources: Mapping[str, Json]
    physical_ids: Mapping[str, str]
    parameters: Mapping[str, str]

    def properties(self, resource_type: str) -> Json:
        """The properties of the template's only resource of a type."""
        (only,) = (item for item in self.resources.values() if item["Type"] == resource_type)
        return only["Properties"]

    def names(self, resource_type: str) -> list[str]:
        """The physical ids of the template's resources of a type."""
        return [self.physical_ids[name] for name, item in self.resources.items() if item["Type"] == resource_type]


def build_target() -> dict[str, str]:
    """Build for the emulator's Python.

    AWS: a function runs on the Python that its Runtime names, on its own processor.
    Emulator: every function runs on the Python that runs the emulator, on this machine.
    """
    return {"INSTALLHUB_INTERPRETER": str(INTERPRETER)}


def apply(api: Deployed) -> None:
    """Apply every difference, then deploy the API: its gateway responses take effect with a deployment only."""
    plain_http(api)
    binary_media_types(api)
    gateway_responses(api)
    api_keys(api)
    authorizer_cache(api)
    export_throttle(api)
    worker_concurrency(api)
    event_sources(api)
    api.aws.apigateway.create_deployment(restApiId=api.rest_api_id, stageName=api.stage)


def plain_http(deployed: Deployed) -> None:
    """Let the buckets be used without TLS.

    AWS: every service is behind TLS, and the buckets' policies refuse a request that is not.
    Emulator: speaks plain HTTP on the loopback address, and enforces the policies.
    """
    s3 = deployed.aws.s3
    for bucket in deployed.names(BUCKET):
        try:
            policy = json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"])
        except s3.exceptions.ClientError:  # taken away by an earlier run
            continue
        policy["Statement"] = [item for item in policy["Statement"] if item.get("Condition") != NOT_TLS]
        if policy["Statement"]:
            s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))
        else:
            s3.delete_bucket_policy(Bucket=bucket)


def binary_media_types(api: Deployed) -> None:
    """Unescape the binary media types.

    AWS: the slash of a type is written "~1" in the template's property, and means a slash.
    Emulator: takes "~1" literally, so that no type matches and the client gets base64.
    """
    types = [item.replace("~1", "/") for item in api.properties(API).get("BinaryMediaTypes", [])]
    # AWS would have one operation a type; the emulator takes the whole list only.
    operation: Json = {"op": "replace", "path": "/binaryMediaTypes", "value": types}
    api.aws.apigateway_unchecked.update_rest_api(restApiId=api.rest_api_id, patchOperations=[operation])


def gateway_responses(api: Deployed) -> None:
    """Put the gateway responses.

    AWS: imports them with the OpenAPI body, where SAM writes them.
    Emulator: does not read them there, and would answer with API Gateway's built-in responses.
    """
    responses = api.properties(API)["Body"].get("x-amazon-apigateway-gateway-responses", {})
    for name, response in responses.items():
        api.aws.apigateway.put_gateway_response(restApiId=api.rest_api_id, responseType=name, **_put_request(response))


def api_keys(api: Deployed) -> None:
    """Ask for no API key.

    AWS: with ApiKeySourceType AUTHORIZER, the key is the authorizer's `usageIdentifierKey`; no client sends one.
    Emulator: wants it in the header `x-api-key`.
    """
    pages = api.aws.apigateway.get_paginator("get_resources").paginate(restApiId=api.rest_api_id, embed=["methods"])
    for page in pages:
        for resource in page["items"]:
            for method in resource.get("resourceMethods", {}):
                api.aws.apigateway.update_method(
                    restApiId=api.rest_api_id,
                    resourceId=resource["id"],
                    httpMethod=method,
                    # the emulator would store a "false" as text, and take that for true
                    patchOperations=[{"op": "remove", "path": "/apiKeyRequired"}],
                )


def authorizer_cache(api: Deployed) -> None:
    """Keep the authorizer's answers as long as the parameter says.

    AWS: SAM's transform sees the stack's parameters, and writes this one into the authorizer.
    Emulator: SAM's transform sees the parameters' defaults only.
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


def export_throttle(api: Deployed) -> None:
    """Move the usage plan's limits of single methods to the stage.

    AWS: they hold for each key of the plan, that is for each tenant.
    Emulator: without a key (see `api_keys`) no plan applies; limits of the stage do, for all callers together.
    """
    operations: list[Json] = [
        {"op": "replace", "path": path, "value": value}
        for path, value in stage_limits(api.properties(USAGE_PLAN), api.parameters).items()
    ]
    if operations:
        api.aws.apigateway.update_stage(restApiId=api.rest_api_id, stageName=api.stage, patchOperations=operations)


def worker_concurrency(deployed: Deployed) -> None:
    """Put the event sources' concurrency as a number.

    AWS: CloudFormation makes the number of a parameter's text that the property asks for.
    Emulator: keeps the text, and then polls no queue at all.
    """
    for name, item in deployed.resources.items():
        if item["Type"] == EVENT_SOURCE and "ScalingConfig" in item["Properties"]:
            limit = _resolve(item["Properties"]["ScalingConfig"]["MaximumConcurrency"], deployed.parameters)
            deployed.aws.functions.update_event_source_mapping(
                UUID=deployed.physical_ids[name], ScalingConfig={"MaximumConcurrency": int(limit)}
            )


def event_sources(deployed: Deployed) -> None:
    """Let roles put events whatever their source.

    AWS: a role may put events of the sources only that its policy's condition on `events:source` names.
    Emulator: does not know the source when it evaluates policies, so that the condition never holds.
    """
    iam = deployed.aws.iam
    for role in deployed.names(ROLE):
        for name in iam.list_role_policies(RoleName=role)["PolicyNames"]:
            policy = iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
            conditions = [item["Condition"] for item in policy["Statement"] if "Condition" in item]
            sources = [condition for condition in conditions if SOURCE_CONDITION in condition.get("StringEquals", {})]
            for condition in sources:
                del condition["StringEquals"]
            if sources:
                iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=json.dumps(policy))


def stage_limits(usage_plan: Json, parameters: Mapping[str, str]) -> dict[str, str]:
    """The limits of a usage plan's methods, as the paths and values by which a stage is changed."""
    limits = {}
    for stage in usage_plan["ApiStages"]:
        for route, throttle in stage.get("Throttle", {}).items():
            path, _, method = route.rpartition("/")
            prefix = f"/{path.replace('/', '~1')}/{method}/throttling"
            limits[f"{prefix}/rateLimit"] = _resolve(throttle["RateLimit"], parameters)
            limits[f"{prefix}/burstLimit"] = _resolve(throttle["BurstLimit"], parameters)
    return limits


def _put_request(response: Json) -> dict[str, Json]:
    """A gateway response of the OpenAPI body, as PutGatewayResponse takes it."""
    request = {name: response[name] for name in ("responseParameters", "responseTemplates") if name in response}
    if "statusCode" in response:
        request["statusCode"] = str(response["statusCode"])
    return request


def _resolve(value: Json, parameters: Mapping[str, str]) -> str:
    """A literal, or the value of the parameter that a `Ref` names."""
    return parameters[value["Ref"]] if isinstance(value, dict) else str(value)
