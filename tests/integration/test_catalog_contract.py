"""The catalog behaves like an in-memory model for any ids and dependencies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from installhub.model.text import is_printable
from installhub.resolver.closure import discover
from tests.integration.support.artifact_inputs import artifact_input
from tests.integration.support.fake_catalog import FakeCatalog, node_of

if TYPE_CHECKING:
    from installhub.artifacts.validation import ArtifactInput
    from tests.integration.support.engines import CatalogTable, Engine

LONGEST_ID: Final = "\N{OLD PERSIAN SIGN A}" * 256  # 256 characters of four bytes each
AWKWARD_IDS: Final = (
    *("a", "A", "E#", "S#", "B#", "#", "=", "~", "%2F", "../../etc/passwd", " ", "a b", "a\N{NO-BREAK SPACE}b"),
    *("é", "e\N{COMBINING ACUTE ACCENT}", "労働時間", "\N{ZERO WIDTH SPACE}", "\N{RIGHT-TO-LEFT OVERRIDE}a", "😀"),
    *("x" * 256, "x" * 255, "é" * 256, LONGEST_ID, LONGEST_ID[:-1], LONGEST_ID[:-1] + "a"),
)

ids = st.sampled_from(AWKWARD_IDS) | st.text(min_size=1, max_size=256).filter(is_printable)


@st.composite
def two_tenants(draw: st.DrawFn) -> tuple[list[ArtifactInput], list[str]]:
    """Artifacts of the tenants "own" and "other" with some ids in common; and all ids, some without an artifact."""
    known = draw(st.lists(ids, min_size=1, max_size=12, unique=True))
    inputs = [
        artifact_input(artifact_id, *draw(st.lists(st.sampled_from(known), max_size=4)), tenant=owner)
        for owner in ("own", "other")
        for artifact_id in draw(st.lists(st.sampled_from(known), unique=True))
    ]
    return inputs, known


@settings(max_examples=30, deadline=None, derandomize=True, database=None)
@given(case=two_tenants(), consistent=st.booleans())
def test_the_catalog_finds_what_the_model_finds(
    dynamodb_engine: Engine,
    case: tuple[list[ArtifactInput], list[str]],
    consistent: bool,  # noqa: FBT001  # a drawn value
) -> None:
    inputs, known = case
    model = FakeCatalog.from_inputs("own", inputs)
    with dynamodb_engine.catalog_table() as table:
        table.publish(inputs)
        catalog = table.artifacts.for_tenant("own", consistent=consistent)

        assert discover(catalog, known[:2], 1000) == discover(model, known[:2], 1000)
        assert catalog.nodes(known) == model.nodes(known)
        assert sorted(catalog.existing_in_other_tenants(known)) == sorted(model.existing_in_other_tenants(known))


def test_each_unusual_id_is_a_separate_artifact(catalog_table: CatalogTable) -> None:
    inputs = [artifact_input(artifact_id, *AWKWARD_IDS, tenant="tenant-awkward") for artifact_id in AWKWARD_IDS]
    catalog_table.publish(inputs)

    found = catalog_table.artifacts.for_tenant("tenant-awkward").nodes(AWKWARD_IDS)

    assert found == {artifact.id: node_of(artifact) for artifact in inputs}


def test_a_tenant_may_have_the_longest_id_too(catalog_table: CatalogTable) -> None:
    artifact = artifact_input("rule-1", tenant=LONGEST_ID)
    catalog_table.publish([artifact])

    assert catalog_table.artifacts.for_tenant(LONGEST_ID).nodes(["rule-1"]) == {"rule-1": node_of(artifact)}
    assert list(catalog_table.artifacts.for_tenant("another").existing_in_other_tenants(["rule-1"])) == ["rule-1"]


@pytest.mark.parametrize("tenant", ["tenant-a", "tenant-b", "tenant-"])
def test_tenants_whose_names_begin_alike_share_nothing(catalog_table: CatalogTable, tenant: str) -> None:
    catalog_table.publish(
        [artifact_input(f"of {owner}", tenant=owner) for owner in ("tenant-a", "tenant-b", "tenant-")]
    )

    found = catalog_table.artifacts.for_tenant(tenant).nodes(["of tenant-a", "of tenant-b", "of tenant-"])

    assert list(found) == [f"of {tenant}"]


def test_an_id_of_the_tenant_and_of_others_exists_in_other_tenants(catalog_table: CatalogTable) -> None:
    owners = ["many-1", "many-2", "many-3", "many-4"]
    catalog_table.publish([artifact_input("shared", tenant=owner) for owner in owners])

    for owner in owners:
        assert list(catalog_table.artifacts.for_tenant(owner).existing_in_other_tenants(["shared", "nowhere"])) == [
            "shared"
        ]


def test_an_artifact_read_twice_keeps_its_first_revision(catalog_table: CatalogTable) -> None:
    first, second = (
        artifact_input("rule", "a", tenant="twice"),
        artifact_input("rule", "b", tenant="twice", definition="changed"),
    )
    catalog_table.publish([first])
    catalog = catalog_table.artifacts.for_tenant("twice")

    assert catalog.nodes(["rule"]) == {"rule": node_of(first)}
    catalog_table.publish([second])

    assert catalog.nodes(["rule"]) == {"rule": node_of(first)}
    assert catalog_table.artifacts.for_tenant("twice").nodes(["rule"]) == {"rule": node_of(second)}


def test_nothing_is_found_in_an_empty_stack(catalog_table: CatalogTable) -> None:
    catalog = catalog_table.artifacts.for_tenant("tenant-none")

    assert catalog.nodes([]) == {}
    assert list(catalog.existing_in_other_tenants([])) == []
    assert catalog.nodes(["nothing"]) == {}
