"""Row 18: what the ETag of a preview costs, and an export that is bound to it by ``If-Match``."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from bench.dynamodb import count_calls
from bench.harness import Outcome, at_most, time_alternately
from installhub.exports.commands import PlanConditions
from installhub.exports.preview import plan_export
from installhub.resolver.plan import Limits
from installhub.resolver.plan_tag import plan_tag

if TYPE_CHECKING:
    from bench.database import Database

ARTIFACTS: Final = 5_000
ROUNDS: Final = 7


def run(database: Database) -> list[Outcome]:
    """Measure row 18."""
    tenant = database.tenant(ARTIFACTS, 300)
    roots = (tenant.nodes[0].id,)
    with count_calls(database.client) as previewing:
        plan = plan_export(database.table, tenant.name, roots, Limits())
        tag = plan_tag(plan, tenant.name)
    bound = PlanConditions(expected_plans=(tag,))
    with count_calls(database.client) as exporting:
        plan_export(database.table, tenant.name, roots, Limits(), bound)
    table = database.table  # with warm caches, so that what is compared is not the first reading
    timed = time_alternately(
        {
            "resolving": lambda: plan_export(table, tenant.name, roots, Limits()),
            "preview": lambda: plan_tag(plan_export(table, tenant.name, roots, Limits()), tenant.name),
            "bound": lambda: plan_export(table, tenant.name, roots, Limits(), bound),
        },
        ROUNDS,
        time.process_time,
    )
    closure = f"a closure of {len(plan.closure.nodes):,} artifacts"
    seconds = f"{timed.median('resolving'):.3f} s for resolving alone"
    return [
        at_most(
            "18 bound exports: requests",
            exporting.total / previewing.total,
            1,
            f"{closure}: {exporting.total} requests to resolve it for an export with the ETag of a preview in If-Match, "
            f"versus {previewing.total} for the preview, which takes none for its ETag",
        ),
        at_most(
            "18 bound exports: preview with ETag, CPU",
            timed.ratio("preview", "resolving"),
            1.5,
            f"{closure}, {timed.median('preview'):.3f} s, versus {seconds}; median of {ROUNDS} rounds",
        ),
        at_most(
            "18 bound exports: plan with If-Match, CPU",
            timed.ratio("bound", "resolving"),
            2,
            f"{closure}, {timed.median('bound'):.3f} s, versus {seconds}; median of {ROUNDS} rounds",
        ),
    ]
