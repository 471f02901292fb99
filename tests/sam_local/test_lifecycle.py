"""`make sam-local` and `make sam-local-down` can be repeated, and leave nothing behind."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

import pytest
import requests

from installhub.model.errors import ErrorCode
from local.state import SamLocal
from tests.system.client import TENANT, Api
from tests.system.test_authorization import PREVIEW
from tests.system.test_error_responses import assert_problem

if TYPE_CHECKING:
    from tests.sam_local.conftest import Served


def test_a_second_make_sam_local_keeps_the_server(served: Served) -> None:
    assert served.api.preview(PREVIEW).status_code == 200
    before, in_use = served.state.sam_local, served.containers()
    assert served.up() == served.api.url
    assert (served.state.sam_local, served.containers()) == (before, in_use)


def test_only_the_url_is_written_to_standard_output(served: Served) -> None:
    started = served.make("sam-local")
    assert started.stdout == f"{served.api.url}\n"
    assert re.search("Building for containers .* unchanged", started.stderr)


def test_a_token_of_make_token_is_valid(served: Served) -> None:
    token = served.make("token", f"TENANTS={TENANT}").stdout.strip()
    assert served.api.preview(PREVIEW, token=token).status_code == 200


@pytest.fixture
def cached_usage_key(api: Api) -> None:
    """The authorizer has cached the tenant's usage key, so that it does not read the table."""
    api.aws.dynamodb.put_item(
        TableName=api.stack.outputs["PlansTable"],
        Item={
            "customer": {"S": f"tenant:{TENANT}"},
            "usageKey": {"S": "installhub-known"},
            "readyAt": {"N": "0"},
            "seenAt": {"N": str(int(time.time()))},
        },
    )
    assert api.preview(PREVIEW).status_code == 200


def test_functions_cut_off_from_the_stack_are_unavailable_until_the_next_make_sam_local(
    served: Served, cached_usage_key: None, unreachable_stack: SamLocal
) -> None:
    assert cached_usage_key is None
    assert_problem(served.api.preview(PREVIEW), ErrorCode.SERVICE_UNAVAILABLE)
    served.up()
    assert served.api.preview(PREVIEW).status_code == 200
    again = served.state.sam_local
    assert again
    assert (again.pid, again.port) == (unreachable_stack.pid, unreachable_stack.port)


def test_make_sam_local_down_leaves_nothing_and_can_be_repeated(served: Served) -> None:
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
    assert served.make("url").returncode == 0, "the local stack keeps running"
    invoked = served.make("sam-invoke", "FUNCTION=sweep")
    assert invoked.returncode != 0
    assert "start it: make sam-local" in invoked.stderr
    assert served.up() == served.api.url
    assert served.api.preview(PREVIEW).status_code == 200
