"""`make delete-keys` deletes the keys of a deleted stack and no others."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from operations.delete_keys import main

OWN = [f"hub-{digit * 40}" for digit in "0af"]
OTHERS = [f"hub-test-{'0' * 40}", "hub-shared", f"hub-{'0' * 39}", f"hub2-{'0' * 40}", f"my-hub-{'0' * 40}", "other"]


@pytest.fixture
def apigateway(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        client = boto3.client("apigateway")
        for name in [*OWN, *OTHERS]:
            client.create_api_key(name=name, enabled=True)
        yield client


def names(apigateway: Any) -> set[str]:  # noqa: ANN401  # a client
    return {key["name"] for key in apigateway.get_api_keys()["items"]}


def test_keys_of_the_stack_are_deleted_and_all_others_kept(apigateway: Any) -> None:  # noqa: ANN401
    assert main(["--stack", "hub"]) == 0
    assert names(apigateway) == set(OTHERS)
    assert main(["--stack", "hub"]) == 0, "nothing left to delete"


def test_a_dry_run_lists_them_only(apigateway: Any, capsys: pytest.CaptureFixture[str]) -> None:  # noqa: ANN401
    assert main(["--stack", "hub", "--dry-run"]) == 0
    assert capsys.readouterr().out.split() == OWN
    assert names(apigateway) == {*OWN, *OTHERS}


def test_keys_of_a_stack_that_exists_are_kept(apigateway: Any, capsys: pytest.CaptureFixture[str]) -> None:  # noqa: ANN401
    template = '{"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}'
    boto3.client("cloudformation").create_stack(StackName="hub", TemplateBody=template)

    assert main(["--stack", "hub"]) == 1
    assert "delete the stack first" in capsys.readouterr().err
    assert names(apigateway) == {*OWN, *OTHERS}


@pytest.mark.parametrize("arguments", [[], ["--stack", ""]])
def test_the_stack_has_to_be_named(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 2
