"""Options of the template: off by default, and wired correctly if they are on."""

from __future__ import annotations

import json
import re
from typing import Any, Final

import pytest

from tests.privileges import FUNCTIONS, KEY_IS_OWN, key_statements_of, needs_of
from tests.template import rendered, template
from tools.options.rendering import Rendering, RuleFailedError
from tools.options.states import ALL_ON

DOMAIN: Final = {name: ALL_ON[name] for name in ("DomainName", "CertificateArn")}
RESERVED: Final = {
    "AuthorizerReservedConcurrency": "AuthorizerFunction",
    "ExportReservedConcurrency": "ExportFunction",
    "WorkerReservedConcurrency": "ExportWorkerFunction",
}
OPTIONAL_RESOURCES: Final = {
    *("ApiDomain", "ApiDomainMapping", "WebAclAssociation", "AccessLogGroup"),
    "ExportRequestedRule",  # TrustedEventSources
    "ArtifactChanges",  # ArtifactEvents
}
OPTIONAL_OUTPUTS: Final = {"DomainUrl", "DomainTarget", "DomainTargetZone"}

# What a statement for the KMS key has to allow, by the permission that needs it. Deleting and tagging need no key.
KEY_USES: Final = (
    (re.compile(r"dynamodb:(?!ListStreams|DescribeStream)"), "dynamodb", {"kms:Decrypt"}),
    (re.compile(r"s3:GetObject(Version)?$"), "s3", {"kms:Decrypt"}),
    (re.compile(r"s3:PutObject$"), "s3", {"kms:Decrypt", "kms:GenerateDataKey"}),
    (re.compile(r"sqs:ReceiveMessage"), "sqs", {"kms:Decrypt"}),
    (re.compile(r"sqs:SendMessage"), "sqs", {"kms:Decrypt", "kms:GenerateDataKey"}),
)


def resource(parameters: dict[str, str], name: str) -> dict[str, Any]:
    properties: dict[str, Any] = rendered(parameters)["Resources"][name]["Properties"]
    return properties


def test_by_default_no_option_creates_anything() -> None:
    default = rendered({})

    assert template()["Resources"].keys() - default["Resources"].keys() == OPTIONAL_RESOURCES
    assert template()["Outputs"].keys() - default["Outputs"].keys() == OPTIONAL_OUTPUTS
    assert "AccessLogSetting" not in default["Resources"]["PackagesApi"]["Properties"]
    assert "kms:ViaService" not in json.dumps(default["Resources"])
    assert "ReservedConcurrentExecutions" not in json.dumps(default)


def test_the_checks_switch_every_option_on() -> None:
    everything = Rendering(template(), ALL_ON)

    assert {name for name in template()["Conditions"] if not everything.holds(name)} == {"SeveralOriginsAreAllowed"}
    assert template()["Resources"].keys() == everything.render()["Resources"].keys()


@pytest.mark.parametrize(
    "incomplete",
    [
        {"DomainName": ALL_ON["DomainName"]},
        {"CertificateArn": ALL_ON["CertificateArn"]},
        {"DomainBasePath": "packages"},
        {"DisableExecuteApi": "true"},
    ],
)
def test_an_incomplete_domain_is_refused(incomplete: dict[str, str]) -> None:
    with pytest.raises(RuleFailedError, match="belong together"):
        rendered(incomplete)


@pytest.mark.parametrize(
    ("base_path", "url"), [("", "https://${DomainName}"), ("x", "https://${DomainName}/${DomainBasePath}")]
)
def test_a_domain_is_mapped_to_the_stage_and_requires_tls_1_2(base_path: str, url: str) -> None:
    with_domain = rendered({**DOMAIN, "DomainBasePath": base_path})

    domain, mapping = (with_domain["Resources"][name]["Properties"] for name in ("ApiDomain", "ApiDomainMapping"))
    assert domain["SecurityPolicy"] == "TLS_1_2"
    assert domain["EndpointConfiguration"] == {"Types": ["REGIONAL"]}
    assert domain["RegionalCertificateArn"] == {"Ref": "CertificateArn"}
    assert (mapping["RestApiId"], mapping["Stage"]) == ({"Ref": "PackagesApi"}, {"Ref": "PackagesApi.Stage"})
    assert mapping.get("BasePath") == ({"Ref": "DomainBasePath"} if base_path else None)
    assert with_domain["Outputs"]["DomainUrl"]["Value"] == {"Fn::Sub": url}
    assert with_domain["Outputs"]["DomainTarget"]["Value"] == {"Fn::GetAtt": ["ApiDomain", "RegionalDomainName"]}


def test_the_address_of_api_gateway_works_unless_it_is_disabled() -> None:
    assert resource(DOMAIN, "PackagesApi")["DisableExecuteApiEndpoint"] is False
    assert resource({**DOMAIN, "DisableExecuteApi": "true"}, "PackagesApi")["DisableExecuteApiEndpoint"] is True


def test_a_web_acl_is_associated_with_the_stage() -> None:
    association = resource({"WebAclArn": ALL_ON["WebAclArn"]}, "WebAclAssociation")

    assert association["WebACLArn"] == {"Ref": "WebAclArn"}
    assert association["ResourceArn"]["Fn::Sub"].endswith("/restapis/${PackagesApi}/stages/${PackagesApi.Stage}")


def test_access_logs_are_json_without_anything_that_could_contain_a_token() -> None:
    parameters = {"AccessLogRetentionDays": "7"}
    setting = resource(parameters, "PackagesApi")["AccessLogSetting"]

    assert setting["DestinationArn"] == {"Fn::GetAtt": ["AccessLogGroup", "Arn"]}
    assert resource(parameters, "AccessLogGroup")["RetentionInDays"] == {"Ref": "AccessLogRetentionDays"}
    entry = json.loads(setting["Format"])
    assert {"$context.requestId", "$context.status", "$context.resourcePath"} <= set(entry.values())
    chosen_by_client = (
        r"\$context\.(path$|requestOverride|identity\.(userAgent|apiKey|caller|user)|authorizer\.(?!latency))"
    )
    assert [value for value in entry.values() if re.match(chosen_by_client, value)] == []
    assert all(re.fullmatch(r"\$context\.[A-Za-z.]+", value) for value in entry.values())


@pytest.mark.parametrize(("parameter", "function"), RESERVED.items())
def test_concurrency_is_reserved_for_the_function_of_the_parameter_only(parameter: str, function: str) -> None:
    resources = rendered({parameter: "7"})["Resources"]

    reserved = {
        name: item["Properties"]["ReservedConcurrentExecutions"]
        for name, item in resources.items()
        if "ReservedConcurrentExecutions" in item["Properties"]
    }
    assert reserved == {function: {"Ref": parameter}}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_role_may_use_the_key_exactly_where_its_other_permissions_need_it(function: str) -> None:
    needed: dict[str, set[str]] = {}
    for need in needs_of(function):
        for pattern, service, actions in KEY_USES:
            if pattern.match(need.action):
                needed.setdefault(service, set()).update(actions)
    allowed = {}
    for statement in key_statements_of(function):
        assert (statement["Effect"], statement["Resource"]) == ("Allow", {"Ref": "KmsKeyArn"})
        via = statement["Condition"]["StringEquals"]["kms:ViaService"]["Fn::Sub"]
        service, rest = via.split(".", 1)
        assert rest == "${AWS::Region}.${AWS::URLSuffix}"
        actions = statement["Action"]
        assert service not in allowed, "two statements for a service"
        allowed[service] = set(actions if isinstance(actions, list) else [actions])

    assert allowed == needed


def test_statements_for_the_key_exist_only_with_a_key() -> None:
    assert KEY_IS_OWN[0] in template()["Conditions"]
    assert Rendering(template(), {}).holds(KEY_IS_OWN[0]) is False
    assert Rendering(template(), {"KmsKeyArn": ALL_ON["KmsKeyArn"]}).holds(KEY_IS_OWN[0]) is True
