from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

import pytest

from local import differences
from local.differences import CACHE_PARAMETER, DeployedStack, stage_limits
from tests.template import template

EXPORT = "/api/installhub/packages/export/POST"


class _NoSuchBucketPolicyError(Exception):
    pass


@pytest.fixture
def aws() -> SimpleNamespace:
    s3 = Mock(exceptions=SimpleNamespace(ClientError=_NoSuchBucketPolicyError))
    return SimpleNamespace(apigateway=Mock(), apigateway_unvalidated=Mock(), s3=s3)


def _deployed(aws: Any, resources: dict[str, Any], **parameters: str) -> DeployedStack:  # noqa: ANN401  # a mock
    return DeployedStack(aws, "api", "prod", resources, {"Bundles": "bundles-1", "Drafts": "drafts-1"}, parameters)


def test_limits_of_the_plan_become_limits_of_the_stage() -> None:
    plan = {"ApiStages": [{"Throttle": {EXPORT: {"RateLimit": {"Ref": "Rate"}, "BurstLimit": 4}}}, {}]}
    prefix = "/~1api~1installhub~1packages~1export/POST/throttling"
    assert stage_limits(plan, {"Rate": "0.5"}) == {f"{prefix}/rateLimit": "0.5", f"{prefix}/burstLimit": "4"}


def test_the_limits_in_the_template_are_converted() -> None:
    plan = template()["Resources"]["UsagePlan"]["Properties"]
    parameters = {name: str(item.get("Default")) for name, item in template()["Parameters"].items()}
    assert set(stage_limits(plan, parameters).values()) == {
        parameters[f"{kind}{limit}Limit"] for kind in ("Export", "Publish", "Batch") for limit in ("Rate", "Burst")
    }


def test_the_cache_parameter_is_that_of_the_template() -> None:
    authorizer = template()["Resources"]["PackagesApi"]["Properties"]["Auth"]["Authorizers"]["TokenAuthorizer"]
    assert authorizer["Identity"]["ReauthorizeEvery"] == {"Ref": CACHE_PARAMETER}


def test_gateway_responses_name_the_only_allowed_origin(aws: SimpleNamespace) -> None:
    own = {"responseType": "THROTTLED", "statusCode": "429", "responseTemplates": {}, "defaultResponse": False}
    default = {"responseType": "WAF_FILTERED", "defaultResponse": True}
    headers = {"gatewayresponse.header.Retry-After": "'1'", "gatewayresponse.header.Access-Control-Allow-Origin": "'*'"}
    aws.apigateway.get_gateway_responses.return_value = {"items": [{**own, "responseParameters": headers}, default]}
    differences.allow_one_origin(_deployed(aws, {}, AllowedOrigins="https://a.example"))
    (call,) = aws.apigateway.put_gateway_response.call_args_list
    assert call.kwargs["responseType"] == "THROTTLED"
    assert call.kwargs["responseParameters"] == {
        "gatewayresponse.header.Retry-After": "'1'",
        "gatewayresponse.header.Access-Control-Allow-Origin": "'https://a.example'",
    }


@pytest.mark.parametrize("origins", ["", "https://a.example,https://b.example"])
def test_gateway_responses_are_unchanged_with_no_or_several_origins(aws: SimpleNamespace, origins: str) -> None:
    differences.allow_one_origin(_deployed(aws, {}, AllowedOrigins=origins))
    aws.apigateway.put_gateway_response.assert_not_called()


def test_binary_media_types_are_unescaped(aws: SimpleNamespace) -> None:
    api = {"Api": {"Type": "AWS::ApiGateway::RestApi", "Properties": {"BinaryMediaTypes": ["*~1*"]}}}
    differences.unescape_binary_media_types(_deployed(aws, api))
    (operation,) = aws.apigateway_unvalidated.update_rest_api.call_args.kwargs["patchOperations"]
    assert operation["value"] == ["*/*"]


def test_only_the_tls_requirement_is_removed(aws: SimpleNamespace) -> None:
    tls_only = {"Effect": "Deny", "Condition": {"Bool": {"aws:SecureTransport": "false"}}}
    other = {"Effect": "Deny", "Action": "s3:DeleteBucket"}
    policies = {
        "bundles-1": {"Policy": json.dumps({"Statement": [tls_only, other]})},
        "drafts-1": {"Policy": json.dumps({"Statement": [tls_only]})},
    }
    aws.s3.get_bucket_policy.side_effect = lambda Bucket: policies[Bucket]  # noqa: N803  # boto3's name
    buckets = {name: {"Type": "AWS::S3::Bucket"} for name in ("Bundles", "Drafts")}
    differences.allow_plain_http(_deployed(aws, buckets))
    aws.s3.put_bucket_policy.assert_called_once_with(Bucket="bundles-1", Policy=json.dumps({"Statement": [other]}))
    aws.s3.delete_bucket_policy.assert_called_once_with(Bucket="drafts-1")


def test_a_bucket_without_a_policy_is_unchanged(aws: SimpleNamespace) -> None:
    aws.s3.get_bucket_policy.side_effect = _NoSuchBucketPolicyError
    differences.allow_plain_http(_deployed(aws, {"Bundles": {"Type": "AWS::S3::Bucket"}}))
    aws.s3.put_bucket_policy.assert_not_called()


def test_the_workers_concurrency_is_set_as_a_number(aws: SimpleNamespace) -> None:
    aws.lambda_ = Mock()
    scaled = {"ScalingConfig": {"MaximumConcurrency": {"Ref": "Workers"}}}
    resources = {
        "Bundles": {"Type": "AWS::Lambda::EventSourceMapping", "Properties": scaled},
        "Drafts": {"Type": "AWS::Lambda::EventSourceMapping", "Properties": {}},
    }
    differences.set_worker_concurrency(_deployed(aws, resources, Workers="7"))
    aws.lambda_.update_event_source_mapping.assert_called_once_with(
        UUID="bundles-1", ScalingConfig={"MaximumConcurrency": 7}
    )


def test_only_conditions_on_the_source_of_events_are_removed(aws: SimpleNamespace) -> None:
    def statement(*keys: str) -> dict[str, Any]:
        return {"Effect": "Allow", "Condition": {"StringEquals": dict.fromkeys(keys, "installhub")}}

    policies = {
        "bundles-1": {"PolicyDocument": {"Statement": [statement("events:source"), {"Effect": "Allow"}]}},
        "drafts-1": {"PolicyDocument": {"Statement": [statement("aws:SourceAccount")]}},
    }
    aws.iam = Mock()
    aws.iam.list_role_policies.return_value = {"PolicyNames": ["own"]}
    aws.iam.get_role_policy.side_effect = lambda RoleName, PolicyName: policies[RoleName]  # noqa: N803, ARG005  # boto3's
    roles = {name: {"Type": "AWS::IAM::Role"} for name in ("Bundles", "Drafts")}
    differences.allow_any_event_source(_deployed(aws, roles))
    (call,) = aws.iam.put_role_policy.call_args_list
    assert call.kwargs["RoleName"] == "bundles-1"
    assert "events:source" not in call.kwargs["PolicyDocument"]
