"""The mutation operators of cosmic-ray, which is installed in .tools/mutation only."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import parso.python.tree  # noqa: F401  # must be imported first: cosmic-ray has circular imports
from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator

from tools.mutation.mutants import Change

# Of the many replacements of an operator, the two that are most likely to survive: the nearest and the opposite. All
# 213 operators would replace `+` in eleven ways, ten of which are killed by the same test.
_OPERATORS: Final = (
    *(
        f"ReplaceComparisonOperator_{change}"
        for change in (
            "Eq_NotEq",
            "NotEq_Eq",
            "Is_IsNot",
            "IsNot_Is",
            "Lt_LtE",
            "Lt_GtE",
            "LtE_Lt",
            "LtE_Gt",
            "Gt_GtE",
            "Gt_LtE",
            "GtE_Gt",
            "GtE_Lt",
        )
    ),
    *(
        f"ReplaceBinaryOperator_{change}"
        for change in (
            "Add_Sub",
            "Sub_Add",
            "Mul_Div",
            "Div_Mul",
            "FloorDiv_Mul",
            "Mod_Mul",
            "Pow_Mul",
            "RShift_LShift",
            "LShift_RShift",
            "BitOr_BitAnd",
            "BitAnd_BitOr",
        )
    ),
    "ReplaceUnaryOperator_USub_UAdd",
    "ReplaceUnaryOperator_Delete_Not",
    "AddNot",
    "ReplaceTrueWithFalse",
    "ReplaceFalseWithTrue",
    "ReplaceAndWithOr",
    "ReplaceOrWithAnd",
    "ReplaceBreakWithContinue",
    "ReplaceContinueWithBreak",
    "NumberReplacer",
    "RemoveDecorator",
    "ZeroIterationForLoop",
)


def generate_changes(source: str) -> Iterator[Change]:
    """All changes of ``source``."""
    tree = get_ast(source)
    for name in _OPERATORS:
        operator = get_operator(f"core/{name}")()
        starts = (start for node in ast_nodes(tree) for start, _ in operator.mutation_positions(node))
        for occurrence, (line, column) in enumerate(starts):
            mutated = mutate_code(source, operator, occurrence)
            if mutated is not None:
                yield Change(name, line, column, mutated)
