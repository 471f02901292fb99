"""Differences between `sam local` and AWS, one test for each row in docs/sam-local.md, to detect changes in SAM."""

from __future__ import annotations

import base64
import contextlib
import json
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import requests

from installhub.model.errors import ErrorCode
from local import containers, docker, sam, sam_local
from tests.sam_local.conftest import ORIGIN, free_port
from tests.system.client import OTHER_TENANT, TENANT, Api, export_body
from tests.system.test_authorization import PREVIEW, ROUTES
from tests.system.test_error_responses import UNKNOWN_PACKAGE, assert_problem

if TYPE_CHECKING:
    from tests.sam_local.conftest import Served

UNAUTHORIZED = {"message": "Unauthorized"}
DENIED = {"message": "User is not authorized to access this resource"}
NO_ROUTE = {"message": "Missing Authentication Token"}
FAILED = {"message": "Internal server error"}


@pytest.mark.parametrize(("method", "path", "body"), ROUTES)
def test_a_missing_token_gets_a_401_without_challenge(api: Api, method: str, path: str, body: object) -> None:
    response = api.call(method, path, body, token=None)
    assert (response.status_code, response.json()) == (401, UNAUTHORIZED)
    assert "WWW-Authenticate" not in response.headers


@pytest.mark.parametrize("token", ["garbage", "expired"])
@pytest.mark.parametrize(("method", "path", "body"), ROUTES)
def test_a_bad_token_is_403(api: Api, method: str, path: str, body: object, token: str) -> None:
    bad = api.token(TENANT, lifetime=-600) if token == "expired" else token
    response = api.call(method, path, body, token=bad)
    assert (response.status_code, response.json()) == (403, DENIED)
    assert "WWW-Authenticate" not in response.headers


@pytest.mark.parametrize(("method", "path"), [("PUT", ""), ("DELETE", f"/{UNKNOWN_PACKAGE}"), ("POST", "/import")])
def test_an_unknown_route_is_403(api: Api, method: str, path: str) -> None:
    response = api.call(method, path)
    assert (response.status_code, response.json()) == (403, NO_ROUTE)


def test_an_encoded_slash_is_a_slash(api: Api) -> None:
    response = api.get("..%2F..%2Fetc")
    assert (response.status_code, response.json()) == (403, NO_ROUTE)


def test_a_client_without_accept_gets_base64(api: Api) -> None:
    exported = api.export(export_body("For a client without Accept"))
    download = api.download(exported.json()["packageId"], headers={"Accept": ""})
    assert base64.b64decode(download.content)[:2] == b"PK"


def test_a_page_cannot_read_a_401(api: Api) -> None:
    response = api.get(UNKNOWN_PACKAGE, token=None, headers={"Origin": ORIGIN})
    assert response.status_code == 401
    assert "Access-Control-Allow-Origin" not in response.headers


def test_sam_local_does_not_throttle(api: Api) -> None:
    """The stack allows one export a second."""
    body = export_body("Never throttled")
    assert [api.export(body).status_code for _ in range(5)] == [200, 409, 409, 409, 409]


def test_the_authorizer_runs_for_each_request(api: Api, served: Served) -> None:
    before = served.log().count("Invoking app.handler")
    token = api.token(TENANT)
    for _ in range(3):
        assert api.preview(PREVIEW, token=token).status_code == 200
    assert served.log().count("Invoking app.handler") - before == 6


def test_every_request_has_the_same_id(api: Api) -> None:
    instances = {
        assert_problem(api.get(UNKNOWN_PACKAGE), ErrorCode.PACKAGE_NOT_FOUND)["instance"],
        assert_problem(api.get("pkg-other"), ErrorCode.PACKAGE_NOT_FOUND)["instance"],
    }
    assert len(instances) == 1


def test_a_body_over_lambdas_limit_is_not_a_413(api: Api) -> None:
    response = api.export(export_body("Too large", description="x" * 7_000_000))
    assert (response.status_code, response.json()) == (502, FAILED)


@pytest.mark.usefixtures("unreachable_stack")
def test_an_authorizer_that_fails_is_not_a_503(api: Api) -> None:
    """It fails because it cannot read the plans table."""
    response = api.preview(PREVIEW, token=api.token(OTHER_TENANT, TENANT))
    assert (response.status_code, response.json()) == (502, FAILED)


def test_functions_have_all_permissions(served: Served) -> None:
    """They have the credentials of the emulator's root user, not those of their roles."""
    found = docker.run("inspect", "--format", "{{json .Config.Env}}", _container(served, "PreviewFunction"))
    assert "AWS_ACCESS_KEY_ID=test" in json.loads(found)


@pytest.fixture
def raising(served: Served) -> Iterator[str]:
    """The base URL of an API whose authorizer raises `Unauthorized`."""
    config = containers.config_file(served.state)
    template = Path(__file__).parent / "raising" / "template.yaml"
    port = free_port()
    process = subprocess.Popen(  # noqa: S603  # fixed command
        [sam.SAM, "local", "start-api", "--config-file", config, "--template", template, "--port", str(port)],
        env=sam_local.environment(served.state, served.api.stack),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=60)


def test_an_authorizer_that_raises_unauthorized_is_not_a_401(raising: str) -> None:
    for _ in range(120):
        with contextlib.suppress(requests.ConnectionError):
            response = requests.get(raising, headers={"Authorization": "Bearer x"}, timeout=120)
            break
        time.sleep(0.5)
    assert (response.status_code, response.json()) == (502, FAILED)


def _container(served: Served, function: str) -> str:
    label = f"label={containers.label(served.state)}"
    (found,) = docker.run(
        *("ps", "--quiet", "--filter", label, "--filter", f"label=sam.cli.function.name={function}")
    ).split()
    return found
