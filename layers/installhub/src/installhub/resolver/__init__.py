"""Resolution: from a few roots to the closure of what they depend on, its install order and its problems.

Pure: it knows a :class:`~installhub.resolver.closure.Catalog` port and nothing of AWS.
"""

from installhub.resolver.closure import Catalog, Closure, discover
from installhub.resolver.cycles import find_cycles
from installhub.resolver.order import install_order
from installhub.resolver.plan import Limits, Plan, check_roots, make_plan

__all__ = [
    "Catalog",
    "Closure",
    "Limits",
    "Plan",
    "check_roots",
    "discover",
    "find_cycles",
    "install_order",
    "make_plan",
]
