"""The result of a dropped file is also the checkpoint from which the next run goes on."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from installhub.artifacts.publisher import PublishSummary
from installhub.events.drop_progress import MAX_REFUSALS, DropProgress, DropStatus, RefusedLine
from installhub.events.line_reader import Position
from installhub.model.errors import ErrorCode, Problem

PROBLEM = Problem(ErrorCode.INVALID_REQUEST, "type: is not one of them", pointer="/type")
numbers = st.integers(0, 2**53)
refusals = st.builds(RefusedLine, numbers, st.none() | st.text(), st.lists(st.just(PROBLEM), max_size=3))


@given(
    st.builds(
        DropProgress,
        revision=st.text(),
        started_at=st.text(),
        status=st.sampled_from(DropStatus),
        position=st.builds(Position, numbers, numbers),
        run=st.text(),
        lease_until=numbers,
    ),
    st.lists(refusals),
    st.builds(PublishSummary, numbers, numbers, numbers),
)
def test_progress_survives_being_stored(
    progress: DropProgress, refused: list[RefusedLine], summary: PublishSummary
) -> None:
    progress.add(refused, summary, Position(7, 100))

    assert DropProgress.from_json(progress.to_json()) == progress


def test_the_result_has_counts_and_every_problem_of_every_refused_line() -> None:
    progress = DropProgress.new("v1", 1_780_000_000)
    progress.add([RefusedLine(2, "a\ud800", [PROBLEM, PROBLEM])], PublishSummary(1, 2, 3), Position(8, 900))

    document = json.loads(progress.to_json())

    refusal = {"errorCode": "InvalidRequest", "detail": PROBLEM.detail, "pointer": "/type"}
    assert document["counts"] == {"lines": 7, "created": 1, "updated": 2, "unchanged": 3, "refused": 1}
    assert document["refused"] == [{"line": 2, "artifactId": "a\ud800", **refusal}] * 2
    assert document["refusedTruncated"] is False
    assert document["checkpoint"]["line"] == 8
    assert document["checkpoint"]["offset"] == 900


@pytest.mark.parametrize(("lines", "is_truncated"), [(MAX_REFUSALS, False), (MAX_REFUSALS + 1, True)])
def test_the_list_of_refused_lines_is_limited_but_their_number_is_exact(lines: int, *, is_truncated: bool) -> None:
    progress = DropProgress.new("v1", 0)
    for number in range(lines):
        progress.add([RefusedLine(number, None, [PROBLEM])], PublishSummary(), Position(number, number))

    assert progress.refused == lines
    assert len(progress.refusals) == MAX_REFUSALS
    assert progress.is_truncated is is_truncated


def changed(**checkpoint: Any) -> bytes:  # noqa: ANN401
    document = json.loads(DropProgress.new("v1", 0).to_json())
    document["checkpoint"] |= checkpoint
    return json.dumps(document).encode()


@pytest.mark.parametrize(
    "content",
    [
        *(b"", b"{", b"[]", b"null", b"{}", b'{"isSuccess": true}', b"\xff", b"[" * 100_000),
        *(changed(line=-1), changed(offset="7"), changed(offset=None), changed(leaseUntil=1.5)),
    ],
)
def test_anything_else_beside_a_file_is_no_checkpoint(content: bytes) -> None:
    assert DropProgress.from_json(content) is None
