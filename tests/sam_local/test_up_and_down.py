"""`make sam-local` and `make sam-local-down`: safe to repeat, and nothing is left behind."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
import requests

from installhub.model.errors import ErrorCode
from local.state import SamLocal
from tests.system.client import TENANT, Api
from tests.system.test_refusals import problem
from tests.system.test_who_may_call import PREVIEW

if TYPE_CHECKING:
    from tests.sam_local.conftest import Served


def test_a_second_up_leaves_the_server_alone(served: Served) -> None:
    assert served.api.preview(PREVIEW).status_code == 200
    before, in_use = served.state.sam_local, served.containers()
    assert served.up() == served.api.url
    assert (served.state.sam_local, served.containers()) == (before, in_use)


def test_the_url_stands_alone_on_standard_output(served: Served) -> None:
    started = served.make("sam-local")
    assert started.stdout == f"{served.api.url}\n"
    assert re.search("Building for containers .* unchanged", started.stderr)


def test_a_token_of_make_token_is_valid(served: Served) -> None:
    token = served.make("token", f"TENANTS={TENANT}").stdout.strip()
    assert served.api.preview(PREVIEW, token=token).status_code == 200


@pytest.fixture
def remembered(api: Api) -> None:
    """The authorizer remembers the tenant's key, so that it needs no table."""
    api.aws.dynamodb.put_item(
        TableName=api.stack.outputs["PlansTable"],
        Item={"customer": {"S": f"tenant:{TENANT}"}, "usageKey": {"S": "installhub-known"}, "readyAt": {"N": "0"}},
    )
    assert api.preview(PREVIEW).status_code == 200


def test_without_its_stack_a_function_is_unavailable_until_up_repairs_it(
    served: Served, remembered: None, out_of_reach: SamLocal
) -> None:
    assert remembered is None
    problem(served.api.preview(PREVIEW), ErrorCode.SERVICE_UNAVAILABLE)
    served.up()
    assert served.api.preview(PREVIEW).status_code == 200
    again = served.state.sam_local
    assert again
    assert (again.pid, again.port) == (out_of_reach.pid, out_of_reach.port)


def test_down_leaves_nothing_and_can_be_repeated(served: Served) -> None:
    server = served.state.sam_local
    assert server
    first = served.make("sam-local-down")
    assert (first.returncode, first.stdout) == (0, "")
    assert served.containers() == []
    assert served.state.sam_local is None
    with pytest.raises(requests.ConnectionError):
        requests.get(server.url, timeout=5)
    again = served.make("sam-local-down")
    assert again.returncode == 0
    assert "not running" in again.stderr
    assert served.make("url").returncode == 0, "the local stack stays"
    invoked = served.make("sam-invoke", "FUNCTION=sweep")
    assert invoked.returncode != 0
    assert "start it: make sam-local" in invoked.stderr
    assert served.up() == served.api.url
    assert served.api.preview(PREVIEW).status_code == 200
