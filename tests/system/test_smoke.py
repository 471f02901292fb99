"""`make smoke` against a deployed stack: it passes, cleans up, and says what is wrong with a token."""

from __future__ import annotations

import subprocess
from typing import Any

import pytest

from operations import deployment
from tests.system.client import TENANT, Api


def make_smoke(api: Api, **settings: str) -> subprocess.CompletedProcess[str]:
    return api.make("smoke", *(f"{name}={value}" for name, value in settings.items()))


def counts(api: Api) -> dict[str, int]:
    """Return the number of items and object versions, except the statistics of the smoke test's tenant."""
    found = deployment.local(api.state)
    items = {
        table: found.dynamodb.scan(TableName=found.outputs[table], Select="COUNT")["Count"]
        for table in ("PackagesTable", "RequestsTable")
    }
    artifacts = found.dynamodb.scan(TableName=found.outputs["ArtifactsTable"])["Items"]
    objects = found.s3.list_object_versions(Bucket=found.outputs["BundleBucket"])
    return {
        **items,
        "ArtifactsTable": sum(item["sk"]["S"] != "S#" for item in artifacts),
        "BundleBucket": len(objects.get("Versions", [])) + len(objects.get("DeleteMarkers", [])),
    }


def test_it_passes_and_leaves_nothing(api: Api) -> None:
    before = counts(api)

    result = make_smoke(api)

    assert result.returncode == 0, result.stdout + result.stderr
    assert result.stdout.splitlines()[-1] == "The smoke test passed."
    assert counts(api) == before


def test_with_url_and_token_alone_it_checks_access_only(api: Api) -> None:
    before = counts(api)

    result = make_smoke(api, URL=api.stack.url, TOKEN=api.token(TENANT))

    assert result.returncode == 0, result.stderr
    assert "Nothing was exported" in result.stdout
    assert counts(api) == before


@pytest.mark.parametrize(
    ("token", "hint"),
    [
        ({"lifetime": -600}, "it expired"),
        ({"scope": "openid"}, "the token lacks the scope"),
    ],
)
def test_a_rejected_token_is_explained(api: Api, token: dict[str, Any], hint: str) -> None:
    result = make_smoke(api, TOKEN=api.token(TENANT, **token), TENANT=TENANT)

    assert result.returncode == 2
    assert hint in result.stderr


def test_a_misconfigured_issuer_is_named(api: Api) -> None:
    """The stack was deployed with other parameters than those of the authorizer, as after a wrong change by hand."""
    with api.changed_variables(api.stack.outputs["AuthorizerFunction"], TOKEN_ISSUER="https://other.example/"):
        result = make_smoke(api)

    assert result.returncode == 2
    assert "the token is rejected" in result.stderr


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "/wrong-stage"])
def test_a_wrong_url_is_reported(api: Api, url: str) -> None:
    address = f"{api.stack.url}{url}" if url.startswith("/") else url

    result = make_smoke(api, URL=address, TOKEN=api.token(TENANT))

    assert result.returncode == 2
    assert "URL" in result.stderr
