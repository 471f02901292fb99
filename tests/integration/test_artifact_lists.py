"""Lists of artifacts: pages in order of ids, filters, links to the next page, and cursors of one list only."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from itertools import chain
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs

import pytest

from installhub.artifacts import listing
from installhub.contract.artifact_models import ArtifactList
from installhub.model.artifact import ArtifactStatus, ArtifactType
from installhub.model.cursor import CursorScope
from tests.integration.support.artifact_api import CONSULTANT, STRANGER, ArtifactApi, assert_problem, rule
from tests.integration.support.artifact_inputs import OTHER_TENANT, TENANT, artifact_input
from tests.integration.test_catalog_contract import AWKWARD_IDS

if TYPE_CHECKING:
    from tests.integration.support.api import ApiResponse
    from tests.integration.support.wire import Wire
    from tests.integration.support.world import World

NO_FILTER: Final = {"type": None, "status": None, "namePrefix": None}


def ids_of(response: ApiResponse) -> list[str]:
    assert response.status == 200, response.body
    ArtifactList.model_validate_json(response.body)
    return [artifact["artifactId"] for artifact in response.json["artifacts"]]


def pages(artifacts: ArtifactApi, **query: str) -> list[list[str]]:
    """The ids on all pages, following the links."""
    found = [artifacts.page(query)]
    while "Link" in found[-1].headers:
        target, _, relation = found[-1].headers["Link"].partition("; ")
        assert (target[:2], target[-1], relation) == ("<?", ">", 'rel="next"')
        following = {name: value for name, (value,) in parse_qs(target[2:-1], strict_parsing=True).items()}
        assert following["cursor"] == found[-1].json["nextCursor"]
        found.append(artifacts.page(following))
    assert found[-1].json["nextCursor"] is None
    return list(map(ids_of, found))


def flat(found: Iterable[list[str]]) -> list[str]:
    return list(chain.from_iterable(found))


def forged(*content: Any, tenant: str = TENANT) -> str:  # noqa: ANN401  # any JSON values
    scope = CursorScope("artifacts", tenant, NO_FILTER)
    encoded = json.dumps(content).encode()
    return base64.urlsafe_b64encode(scope._checksum(encoded) + encoded).decode().rstrip("=")


@pytest.fixture
def five(world: World) -> None:
    world.publish(*(artifact_input(artifact_id) for artifact_id in ("c", "a", "e", "d", "b")))
    world.publish(artifact_input("b-theirs", tenant=OTHER_TENANT), artifact_input("bb", tenant=f"{TENANT}0"))


@pytest.mark.usefixtures("five")
@pytest.mark.parametrize("limit", [1, 2, 3, 4, 5, 6, 200])
def test_pages_have_up_to_limit_artifacts_in_order(artifacts: ArtifactApi, limit: int) -> None:
    assert pages(artifacts, limit=str(limit)) == [list("abcde"[start : start + limit]) for start in range(0, 5, limit)]


def test_an_empty_tenant_has_one_empty_page(artifacts: ArtifactApi) -> None:
    assert pages(artifacts) == [[]]
    assert artifacts.list().json == {"artifacts": [], "nextCursor": None}


def test_ids_are_in_order_of_their_characters(artifacts: ArtifactApi, world: World) -> None:
    """Except ids of more than 1,000 bytes, which come last."""
    world.publish(*map(artifact_input, AWKWARD_IDS))

    (listed,) = pages(artifacts, limit="200")

    short = [artifact_id for artifact_id in AWKWARD_IDS if len(artifact_id.encode()) <= 1_000]
    assert listed[: len(short)] == sorted(short)
    assert sorted(listed) == sorted(AWKWARD_IDS)
    assert flat(pages(artifacts, limit="3")) == listed


def test_each_filter_selects_and_all_must_match(artifacts: ArtifactApi, world: World) -> None:
    kinds, statuses = list(ArtifactType), list(ArtifactStatus)
    made = [
        artifact_input(
            f"{number:02}", kind=kinds[number % 3], status=statuses[number % 2], name=f"{'ÄaA'[number % 3]} {number}"
        )
        for number in range(12)
    ]
    world.publish(*made)

    def expected(**wanted: str) -> list[str]:
        return [
            one.id for one in made if all(str(getattr(one, name)).startswith(value) for name, value in wanted.items())
        ]

    assert flat(pages(artifacts, type=kinds[1], limit="2")) == expected(type=kinds[1])
    assert flat(pages(artifacts, status=statuses[1])) == expected(status=statuses[1])
    assert flat(pages(artifacts, namePrefix="~w4Q", limit="1")) == expected(name="Ä")
    both = {"type": kinds[2].value, "status": statuses[0].value}
    assert flat(pages(artifacts, **both, namePrefix="A")) == expected(**both, name="A") != []
    assert pages(artifacts, type=kinds[5]) == [[]]


def test_a_page_takes_at_most_two_requests_although_a_filter_matches_little(
    artifacts: ArtifactApi, world: World, wire: Wire
) -> None:
    long = [f"{number:03}-{'x' * 250}" for number in range(450)]  # about 115 KB; moto's pages have 1 MB
    world.publish(*(artifact_input(f"rule-{number:02}", *long) for number in range(28)))
    world.publish(artifact_input("rule-99", kind="AtlasForm"))
    found: list[list[str]] = []
    cursor: str | None = ""
    while cursor is not None:
        wire.clear()
        response = artifacts.page({"type": "AtlasForm", **({"cursor": cursor} if cursor else {})})
        assert 1 <= wire.count("Query") == wire.count() <= 2
        found.append(ids_of(response))
        cursor = response.json["nextCursor"]

    assert found == [[], ["rule-99"]]
    wire.clear()
    assert len(ids_of(artifacts.list(limit="20"))) < 20
    assert wire.count() == 2
    assert flat(pages(artifacts, limit="20")) == [*(f"rule-{number:02}" for number in range(28)), "rule-99"]


def test_a_page_without_filter_takes_one_request(artifacts: ArtifactApi, world: World, wire: Wire) -> None:
    world.publish(*(artifact_input(f"rule-{number:03}") for number in range(120)))

    for limit in ("1", "50", "120", "200"):
        wire.clear()
        artifacts.list(limit=limit)
        assert list(map(str, wire.calls)) == ["Query-1"]


def test_a_page_fits_into_a_response_although_dependencies_are_stored_compressed(
    artifacts: ArtifactApi, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "_MAX_DEPENDENCIES_BYTES", 5_000)
    many = [f"{number:04}" for number in range(600)]
    world.publish(*(artifact_input(artifact_id, *many) for artifact_id in "abc"), *map(artifact_input, "de"))
    world.publish(artifact_input("cc", *many, *(f"more-{number}" for number in range(600))))

    assert pages(artifacts) == [["a", "b"], ["c"], ["cc"], ["d", "e"]]
    assert pages(artifacts, status="published", limit="2") == [["a", "b"], ["c"], ["cc"], ["d", "e"]]


@pytest.mark.usefixtures("five")
def test_artifacts_that_are_created_and_deleted_meanwhile_do_not_disturb_the_pages(artifacts: ArtifactApi) -> None:
    cursor = artifacts.list(limit="2").json["nextCursor"]
    artifacts.delete("b")  # where the next page starts
    artifacts.put("aa", rule())
    artifacts.put("bb", rule())

    assert ids_of(artifacts.list(limit="2", cursor=cursor)) == ["bb", "c"]


@pytest.mark.usefixtures("five")
def test_the_limit_may_change_between_pages(artifacts: ArtifactApi) -> None:
    cursor = artifacts.list(limit="1").json["nextCursor"]

    assert ids_of(artifacts.list(limit="200", cursor=cursor)) == ["b", "c", "d", "e"]


@pytest.mark.usefixtures("five")
def test_a_cursor_of_another_tenant_list_or_filter_is_refused(artifacts: ArtifactApi) -> None:
    cursor = artifacts.list(limit="1").json["nextCursor"]
    theirs = {"X-Tenant-Id": OTHER_TENANT}

    assert_problem(artifacts.list(caller=CONSULTANT, headers=theirs, limit="1", cursor=cursor), 400, "InvalidCursor")
    assert_problem(artifacts.list(caller=STRANGER, headers=theirs, cursor=cursor), 400, "InvalidCursor")
    for changed in ({"type": "RuleSet"}, {"status": "published"}, {"namePrefix": "M"}):
        assert_problem(artifacts.page({"cursor": cursor, **changed}), 400, "InvalidCursor")
        assert_problem(
            artifacts.list(cursor=artifacts.page({"limit": "1", **changed}).json["nextCursor"]), 400, "InvalidCursor"
        )


@pytest.mark.usefixtures("five")
@pytest.mark.parametrize(
    "cursor",
    [
        *("", "~", "x", "~YQ", "!", "é", "a" * 5_000, forged(1, "E#=c", tenant=OTHER_TENANT)),
        *(forged(), forged(1), forged(1, None), forged(1, "E#=a", "b"), forged(2, "E#=a"), forged(1, 7)),
        *(forged(1, ""), forged(1, "B#x"), forged(1, "S#"), forged(1, "D#"), forged(1, "F"), forged(1, "\ud800")),
        forged(1, "E#=" + "x" * 1_022),
    ],
    ids=lambda value: ascii(value[:30]),
)
def test_what_is_not_a_cursor_of_this_list_is_refused(artifacts: ArtifactApi, cursor: str) -> None:
    assert_problem(artifacts.list(cursor=cursor), 400, "InvalidCursor")


@pytest.mark.usefixtures("five")
@pytest.mark.parametrize(("position", "expected"), [("E#=b", "cde"), ("E#", "abcde"), ("E#=bb", "cde"), ("E#~z", "")])
def test_a_forged_cursor_leads_to_nothing_but_the_callers_own_list(
    artifacts: ArtifactApi, position: str, expected: str
) -> None:
    """The checksum is no secret."""
    assert ids_of(artifacts.list(cursor=forged(1, position))) == list(expected)


def test_all_invalid_parameters_are_reported(artifacts: ArtifactApi) -> None:
    errors = assert_problem(
        artifacts.list(type="x", status="y", namePrefix="~", limit="z", cursor="?"), 400, "InvalidRequest"
    )

    assert len(errors) == 4
