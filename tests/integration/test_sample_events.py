"""The events in ``events/`` match those of AWS, and the functions process them like with `sam local invoke`."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import pytest

from installhub.contract.request_models import ExportRequest, PreviewRequest, RootsRequest, parse_request
from installhub.contract.routes import (
    CHANGE_LIFECYCLE,
    DELETE_ARTIFACT,
    DOWNLOAD,
    EXPORT,
    GET_ARTIFACT,
    GET_ATTESTATION,
    GET_DEFINITION,
    GET_DIFF,
    GET_GRAPH,
    GET_KEYS,
    GET_PACKAGE,
    GET_SBOM,
    LIST_ARTIFACT_PACKAGES,
    LIST_ARTIFACTS,
    LIST_DEPENDENTS,
    LIST_PACKAGES,
    LIST_VERSIONS,
    PREVIEW,
    PUBLISH_ARTIFACTS,
    PUT_ARTIFACT,
)
from installhub.identity.caller import Caller, authorizer_context
from installhub.identity.usage_keys import SUBJECT, usage_subject
from installhub.model.package import package_id
from tests.integration.support.api import CALLER, EXPORT_BODY, PREVIEW_BODY, gateway_response
from tests.integration.support.artifact_inputs import TENANT
from tests.integration.support.functions import PROJECT, Functions, sample_event
from tests.template import API_FUNCTIONS, function_id, resources_of, template

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.integration.support.world import World

ROUTES: Final = {
    "export": EXPORT,
    "preview": PREVIEW,
    "get_package": GET_PACKAGE,
    "download": DOWNLOAD,
    "get_graph": GET_GRAPH,
    "get_sbom": GET_SBOM,
    "get_diff": GET_DIFF,
    "get_attestation": GET_ATTESTATION,
    "get_keys": GET_KEYS,
    "list_packages": LIST_PACKAGES,
    "list_versions": LIST_VERSIONS,
    "change_lifecycle": CHANGE_LIFECYCLE,
    "put_artifact": PUT_ARTIFACT,
    "publish_artifacts": PUBLISH_ARTIFACTS,
    "list_artifacts": LIST_ARTIFACTS,
    "get_artifact": GET_ARTIFACT,
    "get_definition": GET_DEFINITION,
    "list_dependents": LIST_DEPENDENTS,
    "list_artifact_packages": LIST_ARTIFACT_PACKAGES,
    "delete_artifact": DELETE_ARTIFACT,
}
PACKAGE: Final = package_id(TENANT, EXPORT_BODY["packageName"], EXPORT_BODY["version"])


def test_every_function_has_its_event() -> None:
    # Further samples of a function are named after it, with a hyphen and a suffix.
    events = {path.stem.partition("-")[0] for path in (PROJECT / "events").glob("*.json")}

    assert events == {path.parent.name for path in (PROJECT / "functions").glob("*/app.py")}
    assert {function_id(event) for event in events} == set(resources_of("AWS::Serverless::Function"))


@pytest.mark.parametrize("name", API_FUNCTIONS)
def test_api_events_match_the_route_of_the_function(name: str) -> None:
    event, route = sample_event(name), ROUTES[name]
    parameters = event["pathParameters"] or {}
    path = route.path.format(**parameters)

    trigger, *_ = resources_of("AWS::Serverless::Function")[function_id(name)]["Events"].values()
    assert (trigger["Properties"]["Path"], trigger["Properties"]["Method"]) == (route.path, route.method)
    assert (event["resource"], event["path"], event["httpMethod"]) == (route.path, path, route.method)
    context = event["requestContext"]
    assert (context["resourcePath"], context["path"]) == (route.path, f"/{context['stage']}{path}")
    assert parameters.get("packageId", PACKAGE) == PACKAGE


@pytest.mark.parametrize("name", [*API_FUNCTIONS, "authorizer"])
def test_single_and_multi_value_headers_agree(name: str) -> None:
    event = sample_event(name)

    assert event["multiValueHeaders"] == {header: [value] for header, value in event["headers"].items()}


@pytest.mark.parametrize("name", [name for name in API_FUNCTIONS if ROUTES[name].scopes])
def test_api_events_contain_an_authorizer_context_that_does_not_expire_soon(name: str) -> None:
    context = sample_event(name)["requestContext"]["authorizer"]

    caller = replace(CALLER, scopes=frozenset({context["scopes"]}))
    assert context == {**authorizer_context(caller), "principalId": CALLER.subject, "integrationLatency": 42}
    assert context["scopes"] in ROUTES[name].scopes
    assert int(context["expiresAt"]) >= 4_000_000_000


def test_events_of_routes_without_a_token_have_no_authorizer_context() -> None:
    for event in (sample_event(name) for name in API_FUNCTIONS if not ROUTES[name].scopes):
        assert "authorizer" not in event["requestContext"]
        assert "Authorization" not in event["headers"]


@pytest.mark.parametrize("name", API_FUNCTIONS)
def test_bodies_arrive_in_base64_because_every_type_is_binary(name: str) -> None:
    assert resources_of("AWS::Serverless::Api")["PackagesApi"]["BinaryMediaTypes"] == ["*~1*"]
    event = sample_event(name)

    assert event["isBase64Encoded"] == (event["body"] is not None) == (event["httpMethod"] in ("POST", "PUT", "PATCH"))


@pytest.mark.parametrize(
    ("name", "model", "body"), [("export", ExportRequest, EXPORT_BODY), ("preview", PreviewRequest, PREVIEW_BODY)]
)
def test_the_bodies_are_those_of_the_api_document(
    name: str, model: type[RootsRequest], body: Mapping[str, Any]
) -> None:
    content = base64.b64decode(sample_event(name)["body"])

    assert json.loads(content) == body
    parse_request(model, content)


def test_the_stream_event_is_what_the_plans_table_sends_for_a_new_usage_subject() -> None:
    (record,) = sample_event("enroll")["Records"]
    table = resources_of("AWS::DynamoDB::Table")["PlansTable"]
    trigger = resources_of("AWS::Serverless::Function")["EnrollFunction"]["Events"]["NewTenant"]["Properties"]
    (pattern,) = trigger["FilterCriteria"]["Filters"]

    assert record["eventName"] in json.loads(pattern["Pattern"])["eventName"]
    assert record["dynamodb"]["StreamViewType"] == table["StreamSpecification"]["StreamViewType"]
    assert record["dynamodb"]["Keys"] == {SUBJECT: {"S": usage_subject([TENANT])}}
    assert record["dynamodb"]["NewImage"].items() >= record["dynamodb"]["Keys"].items()


def test_the_schedule_event_is_an_eventbridge_event() -> None:
    assert sample_event("sweep").items() >= {"source": "aws.events", "detail-type": "Scheduled Event"}.items()


def test_no_event_holds_a_token() -> None:
    for path in (PROJECT / "events").glob("*.json"):
        assert "eyJ" not in path.read_text()


def test_the_sample_events_work_in_sequence(sample_world: World) -> None:
    functions = Functions(sample_world.deployment)

    preview = gateway_response(functions.invoke("preview", sample_event("preview"))).preview()
    exported = gateway_response(functions.invoke("export", sample_event("export"))).package()
    found = gateway_response(functions.invoke("get_package", sample_event("get_package"))).package()
    download = gateway_response(functions.invoke("download", sample_event("download")))

    graph = gateway_response(functions.invoke("get_graph", sample_event("get_graph")))
    sbom = gateway_response(functions.invoke("get_sbom", sample_event("get_sbom")))
    attestation = gateway_response(functions.invoke("get_attestation", sample_event("get_attestation")))
    keys = gateway_response(functions.invoke("get_keys", sample_event("get_keys")))
    notes = gateway_response(functions.invoke("get_diff", sample_event("get_diff")))
    changed = gateway_response(functions.invoke("change_lifecycle", sample_event("change_lifecycle")))
    lists = [
        gateway_response(functions.invoke(name, sample_event(name))) for name in ("list_packages", "list_versions")
    ]

    assert exported.package_id == PACKAGE
    assert exported.manifest.install_order == preview.install_order
    assert found == exported
    assert (sbom.status, sbom.json["bomFormat"]) == (200, "CycloneDX")
    assert (download.status, download.body[:2]) == (200, b"PK")
    assert (graph.status, graph.body[:4]) == (200, b"<svg")
    assert attestation.json["signatures"][0]["keyid"] == keys.json["keys"][0]["kid"]
    assert (notes.status, notes.body[:1]) == (200, b"#")
    assert (changed.status, changed.json["lifecycle"]) == (200, "deprecated")
    assert [response.status for response in lists] == [200, 200]
    assert gateway_response(functions.invoke("export", sample_event("export"))).error_code == "VersionConflict"


def test_the_sample_events_of_artifacts_work_in_sequence(sample_world: World) -> None:
    functions = Functions(sample_world.deployment)
    statuses = {
        name: gateway_response(functions.invoke(name, sample_event(name))).status
        for name in (
            *("put_artifact", "publish_artifacts", "list_artifacts", "get_artifact", "get_definition"),
            *("list_dependents", "list_artifact_packages", "delete_artifact"),
        )
    }

    assert statuses == {**dict.fromkeys(statuses, 200), "put_artifact": 201, "delete_artifact": 204}
    assert gateway_response(functions.invoke("delete_artifact", sample_event("delete_artifact"))).status == 404


def test_the_authorizer_event_is_denied_without_contacting_the_issuer(functions: Functions) -> None:
    result = functions.invoke("authorizer", sample_event("authorizer"))

    (statement,) = result["policyDocument"]["Statement"]
    assert statement["Effect"] == "Deny"


def test_every_function_needs_only_the_templates_environment(functions: Functions) -> None:
    """The other tests run the functions with this environment only."""
    shared = set(template()["Globals"]["Function"]["Environment"]["Variables"])
    for name in ROUTES:
        environment = functions.deployment.environment(name)
        assert shared < set(environment)
        assert all(value for setting, value in environment.items() if setting != "ALLOWED_ORIGINS")


def test_the_caller_of_the_samples_may_act_for_the_sample_tenant() -> None:
    assert Caller("hr-automation", (TENANT,), frozenset({"installhub:export"}), 4_102_444_800) == CALLER
