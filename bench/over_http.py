"""Rows 10 and 11: the deployed functions, compared with minimal ones on the same stack, over HTTP."""

from __future__ import annotations

import io
import json
import random
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import requests

from bench.dynamodb import free_port
from bench.harness import CannotRunError, Outcome, at_most, log_progress, time_alternately
from bench.samples import artifact_id, layered
from installhub.artifacts.catalog import ArtifactTable
from installhub.artifacts.validation import ArtifactInput
from installhub.resolver.plan import Limits, make_plan
from local import stack
from local.aws import Aws, isolate_environment
from local.errors import LocalStackError
from local.issuer import DEFAULT_SCOPE, Issuer
from local.settings import REGION
from local.state import PROJECT, Stack, State
from tests.direct_publishing import publish_directly

STATE: Final = State(PROJECT / ".local" / "bench-stack")
PREVIEWED: Final = "tenant-previewed"
DOWNLOADED: Final = "tenant-downloaded"
ROUNDS: Final = 45
BUNDLE: Final = 4_000_000
BARE_PREVIEW: Final = """
import json, os, boto3
client = boto3.client("dynamodb")
calls = json.loads(os.environ["CALLS"])
def handler(event, context):
    for name, parameters in calls:
        getattr(client, name)(**parameters)
    return {"statusCode": 200, "headers": {"Content-Type": "application/json"}, "body": "{}"}
"""
BARE_DOWNLOAD: Final = """
import base64, os, boto3
from botocore.config import Config
client = boto3.client("s3", config=Config(s3={"addressing_style": "path"}, signature_version="s3v4"))
def handler(event, context):
    body = client.get_object(Bucket=os.environ["BUCKET"], Key=os.environ["KEY"])["Body"].read()
    return {"statusCode": 200, "headers": {"Content-Type": "application/zip"},
            "body": base64.b64encode(body).decode(), "isBase64Encoded": True}
"""


def run_preview(deployed: Stack) -> list[Outcome]:
    """Measure row 10."""
    nodes = layered(50, 5)
    artifacts = [
        ArtifactInput(PREVIEWED, node.id, node.type, node.name, node.status, node.dependencies, b'{"a":1}')
        for node in nodes
    ]
    publish_directly(deployed, artifacts)
    body = json.dumps({"tenantId": PREVIEWED, "artifactIds": [nodes[0].id]})
    calls = _calls(deployed, nodes[0].id)
    bare = bare_function(deployed, "preview", "PreviewFunction", BARE_PREVIEW, {"CALLS": json.dumps(calls)})
    headers = {"Authorization": f"Bearer {_token(deployed, PREVIEWED)}", "Content-Type": "application/json"}
    session = requests.Session()

    def preview() -> None:
        response = session.post(
            f"{deployed.url}/api/installhub/packages/preview", data=body, headers=headers, timeout=60
        )
        if response.json()["totalArtifacts"] != len(nodes):
            raise AssertionError(response.text)

    def baseline() -> None:
        session.post(bare, data=body, headers=headers, timeout=60).raise_for_status()

    timed = time_alternately({"ours": preview, "bare": baseline}, ROUNDS)
    return [
        at_most(
            "10 preview: time over HTTP",
            timed.ratio("ours", "bare"),
            1.3,
            f"{timed.median('ours') * 1000:.1f} ms, versus {timed.median('bare') * 1000:.1f} ms of a function without "
            f"authorizer that makes the same calls ({', '.join(name for name, _ in calls)}) and returns constant JSON; 50 "
            f"artifacts, warm, median of {ROUNDS}, local stack",
        )
    ]


def run_download(deployed: Stack) -> list[Outcome]:
    """Measure row 11."""
    package = _package(deployed)
    key = next(
        item["Key"]
        for item in Aws(deployed.endpoint).s3.list_objects_v2(Bucket=deployed.outputs["BundleBucket"])["Contents"]
        if package in item["Key"]
    )
    environment = {"BUCKET": deployed.outputs["BundleBucket"], "KEY": key}
    bare = bare_function(deployed, "download", "DownloadFunction", BARE_DOWNLOAD, environment)
    headers = {"Authorization": f"Bearer {_token(deployed, DOWNLOADED)}"}
    session = requests.Session()
    sizes: set[int] = set()

    def fetch(url: str) -> Callable[[], None]:
        def once() -> None:
            response = session.get(url, headers=headers, timeout=60, allow_redirects=False)
            if response.status_code != requests.codes.ok:
                raise AssertionError(response.text[:200])
            sizes.add(len(response.content))

        return once

    ours = fetch(f"{deployed.url}/api/installhub/packages/{package}/download")
    timed = time_alternately({"ours": ours, "bare": fetch(bare)}, ROUNDS // 3)
    (size,) = sizes
    return [
        at_most(
            "11 download: time over HTTP",
            timed.ratio("ours", "bare"),
            1.3,
            f"{timed.median('ours') * 1000:.0f} ms, versus {timed.median('bare') * 1000:.0f} ms of a function without authorizer "
            f"that reads the object and returns it; bundle of {size:,} bytes, median of {ROUNDS // 3}, local stack",
        )
    ]


@contextmanager
def deployed_stack() -> Iterator[Stack]:
    """Deploy the product on a separate local stack.

    Raises:
        CannotRunError: The stack did not start.
    """
    isolate_environment()
    try:
        stack.down(STATE)
        deployed = stack.up(STATE, "", port=free_port())
    except LocalStackError as error:
        raise CannotRunError(str(error)) from error
    try:
        yield deployed
    finally:
        stack.down(STATE)


def _token(deployed: Stack, tenant: str) -> str:
    issuer = Issuer(STATE.issuer_key)
    parameters = deployed.parameters
    return issuer.token(parameters["TokenIssuer"], parameters["TokenAudience"], [tenant], DEFAULT_SCOPE, 3600)


def _calls(deployed: Stack, root: str) -> list[tuple[str, Any]]:
    """The calls of botocore that the product makes to resolve ``root``."""
    client = Aws(deployed.endpoint).dynamodb
    calls: list[tuple[str, Any]] = []
    names = {"BatchGetItem": "batch_get_item", "Query": "query"}
    client.meta.events.register(
        "provide-client-params", lambda params, model, **_: calls.append((names[model.name], params))
    )
    make_plan(ArtifactTable(client, deployed.outputs["ArtifactsTable"]).for_tenant(PREVIEWED), [root], Limits())
    return calls


def _package(deployed: Stack) -> str:
    """Export a bundle of about 4 MB; returns the package id."""
    rng = random.Random(11)  # noqa: S311  # not security-relevant
    nodes = layered(20, 2, edges_each=19)
    share = BUNDLE // len(nodes) * 4 // 3  # hex digits are compressed to a little over half
    artifacts = [
        ArtifactInput(
            *(DOWNLOADED, node.id, node.type, node.name, node.status, node.dependencies),
            json.dumps({"a": rng.randbytes(share * 11 // 15).hex()}).encode(),
        )
        for node in nodes
    ]
    publish_directly(deployed, artifacts)
    body = {
        "tenantId": DOWNLOADED,
        "packageName": "Bench",
        "packageType": "workflow-package",
        "version": "1.0.0",
        "artifactIds": [artifact_id(0)],
    }
    url = f"{deployed.url}/api/installhub/packages/export"
    response = requests.post(
        url, json=body, headers={"Authorization": f"Bearer {_token(deployed, DOWNLOADED)}"}, timeout=60
    )
    response.raise_for_status()
    return str(response.json()["packageId"])


def bare_function(deployed: Stack, name: str, like: str, code: str, environment: dict[str, str]) -> str:
    """Deploy a minimal function with the layer, memory and role of the function ``like``; returns its URL."""
    aws = Aws(deployed.endpoint)
    model = aws.lambda_.get_function_configuration(FunctionName=deployed.outputs[like])
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("app.py", code)
    function = aws.lambda_.create_function(
        FunctionName=f"bare-{name}",
        Runtime="python3.13",
        Handler="app.handler",
        Role=model["Role"],
        Code={"ZipFile": content.getvalue()},
        Layers=[layer["Arn"] for layer in model["Layers"]],
        MemorySize=model["MemorySize"],
        Timeout=model["Timeout"],
        Environment={"Variables": environment},
    )["FunctionArn"]
    api = aws.apigateway.create_rest_api(name=f"bare-{name}", binaryMediaTypes=["*/*"])["id"]
    root = aws.apigateway.get_resources(restApiId=api)["items"][0]["id"]
    resource = aws.apigateway.create_resource(restApiId=api, parentId=root, pathPart=name)["id"]
    aws.apigateway.put_method(restApiId=api, resourceId=resource, httpMethod="ANY", authorizationType="NONE")
    aws.apigateway.put_integration(
        restApiId=api,
        resourceId=resource,
        httpMethod="ANY",
        type="AWS_PROXY",
        integrationHttpMethod="POST",
        uri=f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/{function}/invocations",
    )
    aws.lambda_.add_permission(
        FunctionName=function, StatementId="api", Action="lambda:InvokeFunction", Principal="apigateway.amazonaws.com"
    )
    aws.apigateway.create_deployment(restApiId=api, stageName="bench")
    url = f"{deployed.endpoint}/_aws/execute-api/{api}/bench/{name}"
    time.sleep(1)
    log_progress(f"bare function at {url}")
    return url
