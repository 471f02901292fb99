"""A stack with aliases, and with all options that the emulator knows: it is deployed, and exports work as without."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any, Final

import pytest

from tests.stacks import deployed
from tests.system.client import TENANT, Api, export_body
from tools.options.states import ALL_ON
from tools.rollout.merging import rollout_template

# The emulator has no associations of web ACLs.
OPTIONS: Final = {name: value for name, value in ALL_ON.items() if name != "WebAclArn"}


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    template = tmp_path_factory.mktemp("rollout") / "template.json"
    template.write_text(json.dumps(rollout_template(OPTIONS)))
    yield from deployed("system-options", " ".join(f"{name}={value}" for name, value in OPTIONS.items()), template)


def functions_of(api: Api) -> dict[str, str]:
    return {name: value for name, value in api.stack.outputs.items() if name.endswith("Function")}


def test_a_package_is_exported_and_downloaded(api: Api) -> None:
    exported = api.export(export_body("With all options"))

    assert exported.status_code == 200, exported.text
    assert api.download(exported.json()["packageId"]).content.startswith(b"PK")


def test_an_asynchronous_export_passes_the_queue_and_the_worker(api: Api) -> None:
    accepted = api.export(export_body("Later"), headers={"Prefer": "respond-async"})
    assert accepted.status_code == 202, accepted.text
    package_id, deadline = accepted.json()["packageId"], time.monotonic() + 30
    while "manifest" not in api.get(package_id).json() and time.monotonic() < deadline:
        time.sleep(0.2)

    assert api.download(package_id).status_code == 200


def test_every_function_has_the_alias_with_a_published_version(api: Api) -> None:
    for function in functions_of(api).values():
        alias = api.aws.lambda_.get_alias(FunctionName=function, Name="live")
        assert alias["FunctionVersion"].isdigit()


def test_requests_queues_and_streams_are_handled_by_the_published_versions(api: Api) -> None:
    """What is not published reaches nobody."""
    body = {"tenantId": TENANT, "artifactIds": ["proc-1001"]}
    functions = functions_of(api)
    with (
        api.changed_variables(functions["AuthorizerFunction"], TOKEN_ISSUER="https://other.example/"),
        api.changed_variables(functions["PreviewFunction"], MAX_ARTIFACTS="1"),
    ):
        response = api.preview(body, token=api.token(TENANT, lifetime=1234))

    assert response.status_code == 200, response.text
    mappings = api.aws.lambda_.list_event_source_mappings()["EventSourceMappings"]
    assert len(mappings) >= 4
    assert all(mapping["FunctionArn"].endswith(":live") for mapping in mappings)


def test_queues_and_log_groups_are_encrypted_with_the_key(api: Api) -> None:
    queue = api.aws.sqs.get_queue_attributes(QueueUrl=api.stack.outputs["ExportQueueUrl"], AttributeNames=["All"])
    groups: list[Any] = api.aws.logs.describe_log_groups()["logGroups"]

    assert queue["Attributes"]["KmsMasterKeyId"] == OPTIONS["KmsKeyArn"]
    assert len(groups) > len(functions_of(api))
    assert {group.get("kmsKeyId") for group in groups} == {OPTIONS["KmsKeyArn"]}


def test_the_domain_has_its_target_and_mapping(api: Api) -> None:
    outputs = api.stack.outputs
    (mapping,) = api.aws.apigateway.get_base_path_mappings(domainName=OPTIONS["DomainName"])["items"]

    assert outputs["DomainUrl"] == f"https://{OPTIONS['DomainName']}/{OPTIONS['DomainBasePath']}"
    assert outputs["DomainTarget"]
    assert (mapping["basePath"], mapping["restApiId"]) == (OPTIONS["DomainBasePath"], outputs["ApiId"])
