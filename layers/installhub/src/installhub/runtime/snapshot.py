"""What a process needs after it was restored from a snapshot (Lambda SnapStart).

Many processes start from the same memory. Nothing else here needs attention: functions create their clients, sessions,
caches and ids during an invocation, after the restore, and `uuid4` reads the kernel's random numbers.
"""

from __future__ import annotations

import os
import random
from importlib import import_module


def prepare_for_snapshot() -> None:
    """Have every restored process seed its own random numbers, which spread retries over time.

    Otherwise all of them, botocore's included, would wait for the same times. Does nothing without SnapStart; with it,
    the runtime provides the module for hooks.
    """
    if os.environ.get("AWS_LAMBDA_INITIALIZATION_TYPE") == "snap-start":
        import_module("snapshot_restore_py").register_after_restore(random.seed)
