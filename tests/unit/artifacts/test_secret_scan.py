"""Findings: where they point, what they disclose, and how many there are."""

from __future__ import annotations

import json
import time
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from installhub.artifacts.secret_rules import secrets_in
from installhub.artifacts.secret_scan import MAX_FINDINGS, MAX_MATCHES, MAX_POINTER_BYTES, MORE_FINDINGS, find_secrets
from installhub.artifacts.validation import ArtifactInput
from installhub.model.definition import canonical_json
from installhub.model.findings import Finding, is_fingerprint, pack_findings, unpack_findings
from installhub.model.references import unpack_references
from installhub.model.requirement import Requirement, RequirementKind
from tests.conftest import Record
from tests.secret_corpus import harmless, planted

PLANTED: Final = planted()
TOKEN: Final = next(secret.secret for secret in PLANTED if secret.rule == "github-token")
URL: Final = next(secret.secret for secret in PLANTED if secret.rule == "password-in-url")

JSON: Final = st.recursive(
    st.none() | st.integers() | st.text(max_size=5) | st.sampled_from([TOKEN, URL, f"x {TOKEN}"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(max_size=3) | st.sampled_from([TOKEN, URL, "a/b", "~"]), inner, max_size=4)
    ),
    max_leaves=30,
)


def search(definition: Any, name: str = "A name", tenant: str = "t") -> list[Finding]:  # noqa: ANN401  # any JSON value
    return find_secrets(tenant, name, [], canonical_json(definition))


def places(found: list[Finding]) -> list[tuple[str, str]]:
    return [(finding.rule, finding.pointer) for finding in found]


def expected(value: Any, pointer: str | None, above: str) -> set[tuple[str, str]]:  # noqa: ANN401  # any JSON value
    """The places of secrets, by plain recursion; ``pointer`` is None below a name that is a secret."""
    place = above if pointer is None else pointer
    if isinstance(value, str):
        return {(rule, place) for rule, _ in secrets_in(value)}
    found = set()
    if isinstance(value, dict):
        for name, member in value.items():
            in_name = {(rule, place) for rule, _ in secrets_in(name)}
            token = name.replace("~", "~0").replace("/", "~1")
            found |= in_name
            found |= expected(member, None if in_name or pointer is None else f"{pointer}/{token}", place)
    elif isinstance(value, list):
        for index, member in enumerate(value):
            found |= expected(member, None if pointer is None else f"{pointer}/{index}", place)
    return found


@given(JSON)
def test_every_secret_is_found_where_it_is(definition: Any) -> None:  # noqa: ANN401  # any JSON value
    found = search(definition)

    assert set(places(found)) == expected(definition, "/definition", "/definition")
    assert unpack_findings(pack_findings(found)) == found
    assert len(found) == len(set(found))


@given(JSON)
def test_findings_contain_no_secret(definition: Any) -> None:  # noqa: ANN401  # any JSON value
    shown = json.dumps(search(definition))

    assert TOKEN not in shown
    assert URL.split(":")[2].split("@")[0] not in shown


def test_all_planted_secrets_are_found_and_nothing_in_ordinary_definitions(record: Record) -> None:
    found = [search({"steps": [{"text": secret.secret}]}) for secret in PLANTED]
    definitions = list(harmless())

    assert [places(one) for one in found] == [[(secret.rule, "/definition/steps/0/text")] for secret in PLANTED]
    assert [definition for definition in definitions if search(definition)] == []
    assert len(PLANTED) >= 40
    assert len(definitions) >= 500
    record("secrets", "planted secrets", f"{len(found)} of {len(PLANTED)} found", "in process, every rule")
    record(
        "secrets", "ordinary definitions", f"0 findings in {len(definitions)}", "in process, samples and made-up ones"
    )


def test_names_and_requirements_are_searched() -> None:
    requirement = Requirement("db", RequirementKind.VARIABLE, f"Like {URL}", None, URL)
    found = find_secrets("t", f"Flow {TOKEN}", [requirement], b"{}")

    assert places(found) == [
        ("github-token", "/name"),
        ("password-in-url", "/requirements/0/description"),
        ("password-in-url", "/requirements/0/default"),
    ]


def test_a_secret_split_over_keys_is_not_found() -> None:
    """As docs/artifacts.md says."""
    assert search({"user": "app", "password": URL[:10], "token": [TOKEN[:20], TOKEN[20:]]}) == []


def test_equal_secrets_of_a_tenant_have_equal_fingerprints_and_no_others() -> None:
    (first,), (again,), (foreign,), (other,) = (
        search(TOKEN),
        search({"a": f"Use {TOKEN}"}),
        search(TOKEN, tenant="u"),
        search(URL),
    )

    assert first.fingerprint == again.fingerprint
    assert len({first.fingerprint, foreign.fingerprint, other.fingerprint}) == 3
    assert all(is_fingerprint(finding.fingerprint) for finding in (first, foreign, other))


@pytest.mark.parametrize("value", ["", "0" * 15, "0" * 17, "G" * 16, "A" * 16, "0" * 15 + "\n", 1, None])
def test_what_is_no_fingerprint(value: object) -> None:
    assert not is_fingerprint(value)


def test_the_number_of_findings_is_limited() -> None:
    definition = [f"{TOKEN} {number}" for number in range(MAX_FINDINGS)]

    assert len(search(definition)) == MAX_FINDINGS
    *named, more = search([*definition, TOKEN])
    assert len(named) == MAX_FINDINGS
    assert (more.rule, more.pointer) == (MORE_FINDINGS, "")
    assert more.fingerprint != search([*definition, TOKEN, 1])[-1].fingerprint, "another definition, another decision"


def test_a_search_ends_after_many_matches() -> None:
    text = f"{TOKEN} " * (MAX_MATCHES + 1)

    assert places(search(text[: -len(TOKEN) - 1])) == [("github-token", "/definition")]
    assert places(search(text)) == [("github-token", "/definition"), (MORE_FINDINGS, "")]


def test_a_definition_nested_too_deeply_to_be_parsed_again_is_searched_as_a_text() -> None:
    definition = b"[" * 100_000 + canonical_json(TOKEN) + b"]" * 100_000

    assert places(find_secrets("t", "A name", [], definition)) == [("github-token", "/definition")]


@pytest.mark.parametrize("deep", [0, 40])
def test_many_equal_secrets_take_limited_time(deep: int) -> None:
    definition: Any = [TOKEN] * 50_000 if deep else f"{TOKEN} " * 50_000
    for _ in range(deep):
        definition = {"a long name": definition}
    started = time.process_time()
    search(definition)

    assert time.process_time() - started < 1


def test_long_pointers_end_at_a_container() -> None:
    deep: Any = TOKEN
    for number in range(40):
        deep = {f'name "{number}"': deep}
    (deeply,), (long,) = search(deep), search({"é" * MAX_POINTER_BYTES: [TOKEN]})

    assert deeply.pointer.startswith('/definition/name "39"/name "38"/')
    assert len(json.dumps(deeply.pointer, ensure_ascii=False).encode()) <= MAX_POINTER_BYTES
    assert long.pointer == "/definition"


def test_the_largest_findings_fit_into_an_edge_item() -> None:
    deep: Any = [[TOKEN + " " + str(number)] for number in range(MAX_FINDINGS + 9)]
    for _ in range(40):
        deep = {'"""""': deep}

    assert len(pack_findings(search(deep))) < 20_000


def test_a_secret_is_not_kept_as_a_reference_either() -> None:
    fields = {"tenantId": "t", "artifactId": "a-1", "type": "RuleSet", "name": "A", "status": "published"}
    definition = {"uses": "form-1", "token": TOKEN, TOKEN: "form-2", URL: {"x": "form-3"}}
    artifact = ArtifactInput.from_json({**fields, "dependencies": [], "definition": definition})

    assert artifact.to_node(1).findings is None
    searched = artifact.to_node(1, search=True)
    assert searched.references is not None
    assert [reference.text for reference in unpack_references(searched.references)] == ["form-1"]
    assert len(unpack_findings(searched.findings or "")) == 3


@pytest.mark.parametrize(
    "text",
    [TOKEN[:-1] + " ", TOKEN + " ", "-----BEGIN ", "://a:b", "sk-" * 9, "AAAA" * 300_000, "x" * 7],
    ids=lambda text: text[:12],
)
def test_large_definitions_take_limited_time(text: str) -> None:
    definition = canonical_json([text] * (2_000_000 // len(text)))
    started = time.process_time()
    find_secrets("t", "A name", [], definition)

    assert time.process_time() - started < 1e-6 * len(definition) + 0.1
