"""Exports with an Idempotency-Key, on a deployed stack."""

from __future__ import annotations

import uuid

from installhub.model.errors import ErrorCode
from tests.system.client import Api, export_body
from tests.system.test_error_responses import assert_problem


def test_an_idempotency_key_returns_the_first_response_again(api: Api) -> None:
    key = {"Idempotency-Key": f'"{uuid.uuid4()}"'}
    body = export_body("Idempotent")
    first, again = (api.export(body, headers=key) for _ in range(2))
    assert (first.status_code, again.status_code) == (200, 200)
    assert first.content == again.content

    assert_problem(
        api.export(export_body("Idempotent", version="2.0.0"), headers=key), ErrorCode.IDEMPOTENCY_KEY_REUSED
    )
    assert_problem(api.export(body), ErrorCode.VERSION_CONFLICT)


def test_an_idempotency_key_returns_the_first_error_again(api: Api) -> None:
    key = {"Idempotency-Key": str(uuid.uuid4())}
    body = export_body("Idempotent refusal", "app-5002", packageType="app-package")
    first, again = (assert_problem(api.export(body, headers=key), ErrorCode.ARTIFACT_NOT_FOUND) for _ in range(2))
    assert {**first, "instance": ""} == {**again, "instance": ""}


def test_an_idempotency_key_works_for_async_exports(api: Api) -> None:
    headers = {"Idempotency-Key": str(uuid.uuid4()), "Prefer": "respond-async"}
    first, again = (api.export(export_body("Idempotent async export"), headers=headers) for _ in range(2))
    assert (first.status_code, again.status_code) == (202, 202)
    assert first.content == again.content
    assert first.headers["Location"] == again.headers["Location"]
