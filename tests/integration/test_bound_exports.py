"""Exports with the ETag of a preview in `If-Match`: exactly what was previewed, or nothing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from installhub.contract.response_bodies import pending_body
from installhub.identity.caller import Caller
from installhub.model.errors import ErrorCode, InstallHubError
from installhub.model.precondition import Precondition
from installhub.packages.pending_exports import PendingExport
from tests.integration.support.api import EXPORT_BODY, FAR_FUTURE, PREVIEW_BODY, SCOPES, Api, ApiResponse
from tests.integration.support.artifact_inputs import OTHER_TENANT, TENANT, artifact_input
from tests.integration.support.async_stack import AsyncStack
from tests.integration.support.functions import Functions
from tests.integration.support.wire import Outage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.integration.support.wire import Wire
    from tests.integration.support.world import World

PICTURES = ("image/svg+xml", "text/vnd.mermaid", "text/vnd.graphviz")
REVISED = artifact_input("form-2005", "ent-44", kind="AtlasForm", name="EmployeeForm", definition={"revised": True})


def previewed(api: Api, body: Mapping[str, Any] = PREVIEW_BODY, **headers: str) -> str:
    return str(api.preview(body, headers=headers).headers["ETag"])


def export(api: Api, tag: str, body: Mapping[str, Any] = EXPORT_BODY, **headers: str) -> ApiResponse:
    return api.export(body, headers={"If-Match": tag, **headers})


def changes(response: ApiResponse) -> set[tuple[str | None, str | None]]:
    """The artifacts that a refusal names, after checking that it is one."""
    problem = response.problem()
    assert (problem.status, problem.error_code) == (412, "PlanChanged")
    return {(error.artifact_id, error.change) for error in problem.errors}


def test_the_tag_of_a_preview_is_strong_and_the_same_until_something_changes(api: Api, sample_world: World) -> None:
    tag = previewed(api)
    assert tag == previewed(api)
    assert (tag[0], tag[-1]) == ('"', '"')

    sample_world.publish(REVISED)

    assert previewed(api) != tag


def test_each_representation_of_a_preview_has_its_own_tag_and_each_binds(api: Api) -> None:
    tags = [previewed(api), *(previewed(api, Accept=accept) for accept in PICTURES)]

    assert len(set(tags)) == 4
    for number, tag in enumerate(tags):
        export(api, tag, {**EXPORT_BODY, "version": f"{number}.0.0"}).package()


def test_what_was_previewed_is_exported(api: Api) -> None:
    tag = previewed(api)
    bound, free = export(api, tag), api.export({**EXPORT_BODY, "packageName": "Other"})

    assert bound.package().manifest.artifacts == free.package().manifest.artifacts


def test_a_changed_plan_is_refused_names_every_artifact_and_claims_nothing(api: Api, sample_world: World) -> None:
    tag = previewed(api)
    process = artifact_input("proc-1001", "thread-2002", "form-2005", "new", kind="ProcessDefinition")
    sample_world.publish(REVISED, process, artifact_input("new"))

    refused = export(api, tag)

    assert changes(refused) == {
        ("proc-1001", "modified"),
        ("form-2005", "modified"),
        ("new", "added"),
        ("rule-305", "removed"),
    }
    assert (sample_world.package_statuses(), sample_world.objects()) == ({}, [])
    export(api, previewed(api)).package()


def test_a_deleted_artifact_is_named_beside_the_other_reasons(api: Api, sample_world: World) -> None:
    sample_world.publish(artifact_input("root", "leaf", "other", kind="ProcessDefinition"))
    sample_world.publish(artifact_input("leaf"), artifact_input("other"))
    body = {"tenantId": TENANT, "artifactIds": ["root"]}
    tag = previewed(api, body)
    sample_world.publish(artifact_input("root", "leaf", "other", kind="ProcessDefinition", status="draft"))
    sample_world.deleter().delete(TENANT, "leaf", Precondition())

    problem = export(api, tag, {**EXPORT_BODY, **body}).problem()

    # Without the condition, it would be refused as well, so this comes first (RFC 9110, 13.2.1).
    assert [(error.error_code, error.artifact_id, error.change) for error in problem.errors] == [
        ("ArtifactNotFound", "leaf", None),
        ("IncompleteArtifact", "root", None),
        ("PlanChanged", "leaf", "removed"),
        ("PlanChanged", "root", "modified"),
    ]


def test_a_preview_with_problems_binds_too(api: Api) -> None:
    body = {"tenantId": TENANT, "artifactIds": ["proc-1007"]}
    problem = export(api, previewed(api, body), {**EXPORT_BODY, **body}).problem()

    assert {error.error_code for error in problem.errors} == {"IncompleteArtifact"}


def test_the_type_of_the_package_is_not_part_of_the_plan(api: Api) -> None:
    problem = export(api, previewed(api), {**EXPORT_BODY, "packageType": "agent-package"}).problem()

    assert [error.error_code for error in problem.errors] == ["PackageTypeMismatch"]


@pytest.mark.parametrize("roots", [["proc-1001", "form-2005"], ["form-2005"]])
def test_the_tag_of_other_roots_does_not_match(api: Api, roots: list[str]) -> None:
    refused = export(api, previewed(api, {"tenantId": TENANT, "artifactIds": roots}))

    assert {change for _, change in changes(refused)} <= {None, "added"}


def test_the_tag_of_another_tenant_does_not_match_even_if_everything_else_is_equal(world: World) -> None:
    for tenant in (TENANT, OTHER_TENANT):
        world.publish(artifact_input("proc-1001", kind="ProcessDefinition", tenant=tenant))
    api = Api(Functions(world.deployment))
    own = previewed(api)
    theirs = {"tenantId": OTHER_TENANT, "artifactIds": ["proc-1001"]}
    foreign = str(api.preview(theirs, caller=Caller("they", (OTHER_TENANT,), SCOPES, FAR_FUTURE)).headers["ETag"])

    assert foreign != own
    assert changes(export(api, foreign)) == {(None, None)}


@pytest.mark.parametrize("tag", ["*", None])
def test_any_plan_will_do_without_a_tag(api: Api, tag: str | None) -> None:
    headers = {} if tag is None else {"If-Match": tag}

    api.export(EXPORT_BODY, headers=headers).package()


def test_one_of_several_tags_has_to_match(api: Api) -> None:
    export(api, f'"other", {previewed(api)}').package()


def test_a_weak_tag_never_matches(api: Api) -> None:
    assert changes(export(api, f"W/{previewed(api)}")) == {(None, None)}


@pytest.mark.parametrize("tag", ["abc", '"abc', "", "*, *", '"a" "b"'])
@pytest.mark.parametrize("preference", ["respond-async", "return=representation"])
def test_a_malformed_header_is_refused(api: Api, sample_world: World, tag: str, preference: str) -> None:
    assert export(api, tag, Prefer=preference).error_code == "InvalidRequest"
    assert sample_world.package_statuses() == {}


@pytest.mark.parametrize("tag", ['"abc"', '"a.lAAAA"', '"x.s"', '""'])
def test_any_other_tag_does_not_match(api: Api, tag: str) -> None:
    assert changes(export(api, tag)) == {(None, None)}


def test_a_preview_and_an_export_that_matches_cost_no_additional_requests(api: Api, wire: Wire) -> None:
    def cost(call: Any, *arguments: Any, **options: Any) -> int:  # noqa: ANN401
        wire.clear()
        assert call(*arguments, **options).status == 200
        return wire.count()

    previews = [cost(api.preview) for _ in range(2)]
    tag = previewed(api)
    _, free = [cost(api.export, {**EXPORT_BODY, "packageName": name}) for name in ("First", "Second")]
    bound = cost(api.export, {**EXPORT_BODY, "packageName": "Bound"}, headers={"If-Match": tag})

    assert previews[1] == 1
    assert bound == free


def test_outdated_reads_are_repeated_before_a_refusal(api: Api, sample_world: World, wire: Wire) -> None:
    tag = previewed(api)
    sample_world.publish(REVISED)
    wire.clear()

    changes(export(api, tag))

    assert [call.operation for call in wire.calls] == ["BatchGetItem", "Query", "Query", "GetItem"]  # the plan twice


@pytest.mark.usefixtures("no_waiting")
def test_a_service_that_fails_while_the_plan_is_checked_again_is_no_refusal(
    api: Api, sample_world: World, wire: Wire
) -> None:
    tag = previewed(api)
    sample_world.publish(REVISED)
    wire.clear()
    wire.fault = Outage.at("Query-2", "throttled")

    assert export(api, tag).error_code == "ServiceUnavailable"
    assert sample_world.package_statuses() == {}


def test_an_artifact_that_a_large_plan_has_no_more_is_named(world: World) -> None:
    leaves = [f"leaf-{number:04}" for number in range(800)]
    world.publish(*map(artifact_input, leaves), artifact_input("proc-1001", *leaves, kind="ProcessDefinition"))
    api = Api(Functions(world.deployment))
    tag = previewed(api)
    assert len(tag) <= 2_702
    world.publish(artifact_input("proc-1001", *leaves[3:], kind="ProcessDefinition"))
    world.deleter().delete(TENANT, leaves[2], Precondition())

    assert changes(export(api, tag)) == {
        ("proc-1001", "modified"),
        *((leaf, "removed") for leaf in leaves[:2]),
        (None, "removed"),
    }


# Asynchronous exports and idempotency keys.


@pytest.fixture
def async_stack(world: World) -> AsyncStack:
    world.publish(artifact_input("proc-1001", "rule", kind="ProcessDefinition"), artifact_input("rule"))
    return AsyncStack(world)


def tag_of(async_stack: AsyncStack) -> str:
    return previewed(Api(Functions(async_stack.world.deployment)))


def accepted(async_stack: AsyncStack, tag: str) -> str:
    api = Api(Functions(async_stack.world.deployment))
    response = export(api, tag, Prefer="respond-async")
    assert response.status == 202
    return str(response.json["packageId"])


def test_an_accepted_export_exports_what_was_previewed(async_stack: AsyncStack) -> None:
    package_id = accepted(async_stack, tag_of(async_stack))

    exported = async_stack.message_handler.handle(async_stack.receive(), 900)

    assert exported is not None
    assert async_stack.get(package_id) == exported.record


def test_an_accepted_export_fails_if_the_plan_changes_before_it_is_processed(async_stack: AsyncStack) -> None:
    package_id = accepted(async_stack, tag_of(async_stack))
    async_stack.world.publish(artifact_input("rule", definition={"revised": True}))
    message = async_stack.receive()

    for _ in range(2):  # a repeated delivery changes nothing
        assert async_stack.message_handler.handle(message, 900) is None

    found = async_stack.get(package_id)
    assert isinstance(found, PendingExport)
    body = pending_body(found)
    assert body["errorCode"] == "PlanChanged"
    assert [(error["artifactId"], error["change"]) for error in body["errors"]] == [("rule", "modified")]
    assert async_stack.world.objects() == []
    (failure,) = async_stack.stored_failures()
    assert failure["errors"] == body["errors"]


def test_the_version_of_a_failed_export_is_free_again(async_stack: AsyncStack) -> None:
    accepted(async_stack, '"other"')
    async_stack.message_handler.handle(async_stack.receive(), 900)

    export(Api(Functions(async_stack.world.deployment)), tag_of(async_stack)).package()


def submit(async_stack: AsyncStack, plans: tuple[str, ...] | None) -> Any:  # noqa: ANN401  # the outcome
    return async_stack.export_service.submit(
        async_stack.submission(key="k", artifactIds=["proc-1001"], expected_plans=plans), 29
    )


def test_the_same_key_with_another_tag_is_another_request(async_stack: AsyncStack) -> None:
    tag = json.loads(tag_of(async_stack))
    assert submit(async_stack, (tag,)).exported.is_new
    assert not submit(async_stack, (tag,)).exported.is_new

    for plans in (None, (), ("other",), (tag, "other")):
        with pytest.raises(InstallHubError) as refused:
            submit(async_stack, plans)
        assert refused.value.code is ErrorCode.IDEMPOTENCY_KEY_REUSED


def test_a_repeated_request_gets_its_package_although_the_plan_has_changed(async_stack: AsyncStack) -> None:
    tag = json.loads(tag_of(async_stack))
    first = submit(async_stack, (tag,))
    async_stack.world.publish(artifact_input("rule", definition={"revised": True}))

    assert submit(async_stack, (tag,)).exported.record == first.exported.record


def test_a_refusal_is_repeated(async_stack: AsyncStack) -> None:
    problems = []
    for _ in range(2):
        with pytest.raises(InstallHubError) as refused:
            submit(async_stack, ("other",))
        problems.append(refused.value.problems)

    assert problems[0] == problems[1]
    assert refused.value.code is ErrorCode.PLAN_CHANGED
