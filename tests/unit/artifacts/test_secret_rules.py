"""The rules find every planted secret and nothing in ordinary text, in linear time."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from installhub.artifacts import secret_rules
from installhub.artifacts.secret_rules import MIN_SECRET_LENGTH, RULE_NAMES, may_contain_secrets, secrets_in
from installhub.model.definition import canonical_json
from tests.conftest import Record
from tests.secret_corpus import Planted, harmless, planted

PLANTED: Final = planted()
RULES: Final = secret_rules._RULES  # whose patterns are attacked one by one
SECONDS_PER_BYTE: Final = 2e-6
HOSTILE_BYTES: Final = 200_000

every_planted = pytest.mark.parametrize("secret", PLANTED, ids=lambda secret: secret.rule)


def found_in(text: str) -> list[tuple[str, str]]:
    return [(found.rule, found.value) for found in secrets_in(text)]


@every_planted
@pytest.mark.parametrize(
    "surroundings", ["{}", "{} and more", "before {}", "key={};", '"{}"', "<{}>", "\n{}\n", "é{}é"]
)
def test_a_planted_secret_is_found_wherever_it_is(secret: Planted, surroundings: str) -> None:
    text = surroundings.format(secret.secret)

    ((rule, value),) = found_in(text)
    assert rule == secret.rule
    assert value in text
    assert len(value) >= MIN_SECRET_LENGTH
    assert may_contain_secrets(canonical_json(text))


def test_every_rule_has_a_planted_secret() -> None:
    assert {secret.rule for secret in PLANTED} == set(RULE_NAMES)


@every_planted
def test_a_secret_that_lacks_its_end_is_none(secret: Planted) -> None:
    """Except those of any length: the fewest characters of a rule are needed."""
    start = next(rule.marker for rule in RULES if rule.marker in secret.secret and rule.name == secret.rule)
    head = secret.secret[: secret.secret.index(start) + len(start) + 2]

    assert found_in(head) == []


@pytest.mark.parametrize("secret", [PLANTED[10], *PLANTED[18:22], PLANTED[30]], ids=lambda secret: secret.rule)
def test_a_part_of_a_longer_word_is_no_secret(secret: Planted) -> None:
    assert found_in(f"x{secret.secret}") == []
    assert found_in(f"{secret.secret}x") == []


def test_several_secrets_of_one_text_are_found_in_order() -> None:
    secrets = [secret for secret in PLANTED if "PuTTY" not in secret.secret]  # which has no recognizable end

    assert [rule for rule, _ in found_in("\n#\n".join(secret.secret for secret in secrets))] == [
        secret.rule for secret in secrets
    ]


def test_two_keys_of_one_kind_are_told_apart() -> None:
    """Their beginnings are equal: they encode the algorithm."""
    first, second = (found_in(secret.secret)[0][1] for secret in PLANTED[:2])
    alike = [re.sub(r"\n[A-Za-z0-9+/]{64}", "\n" + "M" * 64, first, count=1) for first in (first, second)]

    assert found_in(alike[0]) != found_in(alike[1])


def test_nothing_is_found_in_harmless_texts() -> None:
    for definition in harmless():
        assert found_in(canonical_json(definition).decode()) == []


@given(
    st.lists(
        st.sampled_from([*(rule.marker for rule in RULES), *(secret.secret for secret in PLANTED), *" a:@'\"\\\n\té"])
    )
)
def test_what_has_a_secret_has_a_clue(parts: list[str]) -> None:
    text = "".join(parts)

    assert may_contain_secrets(canonical_json({"text": [text]})) or not found_in(text)


@pytest.mark.parametrize("line_break", ["\n", "\r\n", "\\n", "\\r\\n", " ", "\n\n \t"], ids=ascii)
@pytest.mark.parametrize("secret", PLANTED[:8], ids=lambda secret: secret.secret[:24])
def test_a_key_is_found_however_its_lines_are_broken(secret: Planted, line_break: str) -> None:
    text = secret.secret.replace("\r\n", "\n").replace("\n", line_break)
    if line_break == " " and ": " in text.partition("\\n")[0]:
        return  # the end of a header line cannot be told from the key

    assert [rule for rule, _ in found_in(text)] == ["private-key"]
    assert may_contain_secrets(canonical_json([text]))


@pytest.mark.parametrize("quote", ["", "'", '"'])
@pytest.mark.parametrize("sign", ["=", " = ", ":\t", "\n:\r\n"], ids=ascii)
def test_a_key_is_found_however_it_is_assigned(quote: str, sign: str) -> None:
    name, _, value = PLANTED[12].secret.partition(" = ")
    text = f"{quote}{name}{quote}{sign}{quote}{value}{quote}"

    assert [rule for rule, _ in found_in(text)] == ["aws-secret-key"]
    assert may_contain_secrets(canonical_json({"text": text}))


def hostile_texts() -> Iterator[tuple[str, str]]:
    """For each rule a beginning, and what almost completes a secret, again and again."""
    for rule in RULES:
        whole = next(secret.secret for secret in PLANTED if secret.rule == rule.name)
        for piece in ("", "a", "1", "A:"):
            yield "", rule.marker + piece
        for piece in (whole[:-1], whole, whole[:30]):
            yield "", piece
        for filler in ("a", "1", "A", "-", "_", " ", "\n", "\\n", "/", ":", "@", "=", "Version: a\n"):
            yield rule.marker, filler


def test_hostile_texts_take_linear_time(record: Record) -> None:
    worst = 0.0
    for start, piece in hostile_texts():
        text = start + piece * (HOSTILE_BYTES // len(piece))
        started = time.process_time()
        count = sum(1 for _ in secrets_in(text))
        may_contain_secrets(text.encode())
        per_byte = (time.process_time() - started) / len(text)
        assert per_byte < SECONDS_PER_BYTE, (start, piece[:40], count)
        worst = max(worst, per_byte)
    how = "in process, 200 KB for each rule and variation, CPU time"
    record("secrets", "hostile texts", f"at most {worst * 1e9:.0f} ns a byte", how)
