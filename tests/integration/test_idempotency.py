"""`Idempotency-Key`: repeated responses, separate keys per caller, and recovery after failures."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from installhub.exports.exporter import Exporter
from installhub.exports.idempotency_store import KEY_RETENTION_SECONDS, IdempotencyStore
from installhub.model.errors import ErrorCode, InstallHubError, ServiceUnavailableError, VersionHeldError
from tests.integration.support.artifact_inputs import artifact_input
from tests.integration.support.async_stack import AsyncStack, Killed, killed

if TYPE_CHECKING:
    from tests.integration.support.world import World

SECONDS = 29


@pytest.fixture
def async_stack(world: World) -> AsyncStack:
    world.publish(artifact_input("proc", "rule", kind="ProcessDefinition"), artifact_input("rule"))
    return AsyncStack(world)


def export(async_stack: AsyncStack, key: str | None = "k", **request_fields: Any) -> Any:  # noqa: ANN401
    return async_stack.export_service.submit(async_stack.submission(key=key, **request_fields), SECONDS)


def code_of(async_stack: AsyncStack, key: str | None = "k", **request_fields: Any) -> ErrorCode:  # noqa: ANN401
    with pytest.raises(InstallHubError) as raised:
        export(async_stack, key, **request_fields)
    return raised.value.code


def test_the_same_package_is_returned_again(async_stack: AsyncStack) -> None:
    first = export(async_stack)
    again = export(async_stack)

    assert (again.exported.record, again.exported.manifest) == (first.exported.record, first.exported.manifest)
    assert (first.exported.is_new, again.exported.is_new) == (True, False)


def test_a_request_that_is_completed_holds_no_lease(async_stack: AsyncStack) -> None:
    export(async_stack)

    table = async_stack.world.name("RequestsTable")
    (item,) = async_stack.world.dynamodb.scan(TableName=table)["Items"]
    assert "answer" in item
    assert "leaseUntil" not in item


def test_without_a_key_it_is_a_conflict(async_stack: AsyncStack) -> None:
    export(async_stack, None)

    assert code_of(async_stack, None) is ErrorCode.VERSION_CONFLICT


def test_a_refusal_is_repeated_even_if_it_would_not_be_refused_now(async_stack: AsyncStack) -> None:
    with pytest.raises(InstallHubError) as first:
        export(async_stack, artifactIds=["proc", "gone", "lost"])
    async_stack.world.publish(artifact_input("gone"), artifact_input("lost"))
    with pytest.raises(InstallHubError) as again:
        export(async_stack, artifactIds=["proc", "gone", "lost"])

    assert again.value.problems == first.value.problems
    assert len(again.value.problems) == 2


def test_an_accepted_response_is_repeated_unchanged(async_stack: AsyncStack) -> None:
    first = export(async_stack, respond_async=True)
    async_stack.message_handler.handle(async_stack.receive(), 900)

    assert export(async_stack, respond_async=True).accepted == first.accepted
    assert first.accepted["status"] == "queued"


def test_another_request_with_the_same_key_is_refused(async_stack: AsyncStack) -> None:
    export(async_stack)

    assert code_of(async_stack, version="2.0.0") is ErrorCode.IDEMPOTENCY_KEY_REUSED
    assert export(async_stack, "other", version="2.0.0").exported.is_new


def test_the_order_of_fields_and_prefer_do_not_matter(async_stack: AsyncStack) -> None:
    export(async_stack, description="d", author="a")

    assert export(async_stack, respond_async=True, author="a", description="d").exported is not None


def test_a_key_is_its_callers_own(async_stack: AsyncStack) -> None:
    export(async_stack)

    assert code_of(async_stack, by="user-2") is ErrorCode.VERSION_CONFLICT


def test_a_key_is_in_use_while_its_request_is_in_progress(
    async_stack: AsyncStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = Exporter.export
    codes: list[ErrorCode] = []

    def check_then_export(*arguments: Any) -> Any:  # noqa: ANN401  # export's arguments
        if not codes:
            codes.append(code_of(async_stack))
            codes.append(code_of(async_stack, version="3.0.0"))
        return original(*arguments)

    monkeypatch.setattr(Exporter, "export", check_then_export)

    assert export(async_stack).exported.is_new
    assert codes == [ErrorCode.IDEMPOTENCY_KEY_IN_USE, ErrorCode.IDEMPOTENCY_KEY_REUSED]


def test_of_many_simultaneous_attempts_one_works(async_stack: AsyncStack) -> None:
    def attempt(_: int) -> object:
        try:
            return export(async_stack).exported.is_new
        except InstallHubError as error:
            return error.code

    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(attempt, range(16)))

    assert results.count(True) == 1
    assert set(results) <= {True, False, ErrorCode.IDEMPOTENCY_KEY_IN_USE}


@pytest.mark.parametrize("error", [ServiceUnavailableError("s3"), ZeroDivisionError(), KeyboardInterrupt()])
def test_a_failure_unrelated_to_the_request_is_not_stored(
    async_stack: AsyncStack, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    def fail(*_: object) -> None:
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(Exporter, "export", fail)
        with pytest.raises(type(error)):
            export(async_stack)

    assert export(async_stack).exported.is_new


def test_an_export_that_took_too_long_may_be_repeated_asynchronously_with_the_same_key(
    async_stack: AsyncStack,
) -> None:
    async_stack.clock.tick = SECONDS
    assert code_of(async_stack) is ErrorCode.EXPORT_TAKES_TOO_LONG
    async_stack.clock.tick = 0

    assert export(async_stack, respond_async=True).accepted["status"] == "queued"


def test_a_request_that_crashed_after_the_commit_gets_the_package_after_the_lease(async_stack: AsyncStack) -> None:
    # the updates are claim, commit and storing the response
    with killed(async_stack.world.dynamodb, "UpdateItem", nth=2), pytest.raises(Killed):
        export(async_stack)
    assert code_of(async_stack) is ErrorCode.IDEMPOTENCY_KEY_IN_USE

    async_stack.clock.now += SECONDS + 6
    assert export(async_stack).exported.is_new is False
    assert len(async_stack.world.objects()) == 1


def test_a_request_that_crashed_before_the_commit_succeeds_after_the_lease(async_stack: AsyncStack) -> None:
    with killed(async_stack.world.dynamodb, "UpdateItem", after=False, nth=2), pytest.raises(Killed):
        export(async_stack)

    async_stack.clock.now += SECONDS + 6
    assert export(async_stack).exported.is_new
    assert len(async_stack.world.objects()) == 1


def test_a_response_that_cannot_be_stored_is_still_returned(
    async_stack: AsyncStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(IdempotencyStore, "_complete", lambda *_: None)

    assert export(async_stack).exported.is_new
    async_stack.clock.now += SECONDS + 6
    assert export(async_stack).exported.is_new is False


def test_a_key_expires_after_a_day(async_stack: AsyncStack) -> None:
    export(async_stack)
    async_stack.clock.now += KEY_RETENTION_SECONDS + 1

    assert export(async_stack, version="2.0.0").exported.is_new


def test_a_refusal_too_long_to_store_is_recomputed(async_stack: AsyncStack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("installhub.exports.idempotency_store._MAX_RESPONSE_BYTES", 10)
    assert code_of(async_stack, artifactIds=["gone"]) is ErrorCode.ARTIFACT_NOT_FOUND
    async_stack.world.publish(artifact_input("gone", kind="ProcessDefinition"))

    assert export(async_stack, artifactIds=["gone"]).exported.is_new


def test_a_version_of_another_request_is_a_conflict_that_is_stored(async_stack: AsyncStack) -> None:
    export(async_stack, None)

    for _ in range(2):
        with pytest.raises(InstallHubError) as raised:
            export(async_stack)
        assert raised.value.code is ErrorCode.VERSION_CONFLICT
    assert not isinstance(raised.value, VersionHeldError), "repeated from the store"
