"""Removes the claims and objects that failed or crashed attempts left behind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from installhub.packages.bundle_store import BundleStore
from installhub.packages.records import Claim
from installhub.packages.store import PackageStore


def discard_claim(packages: PackageStore, bundles: BundleStore, claim: Claim) -> bool:
    """Abandon a claim and delete its objects. False if it was committed, or taken over by another attempt.

    The lease is ended first, so that no attempt can commit an object that is about to be deleted. The claim is deleted
    last, since it lists the objects: if this process crashes in between, the sweeper finds an expired claim.
    """
    abandoned = packages.abandon(claim)
    if abandoned is None:
        return False
    for key in abandoned.object_keys:
        bundles.delete(key)
    packages.delete_claim(abandoned)
    return True


@dataclass(frozen=True, slots=True)
class ClaimSweeper:
    """Discards the expired claims of crashed attempts.

    Attributes:
        packages: The packages table.
        bundles: The bundle bucket.
        clock: Returns epoch seconds.
    """

    packages: PackageStore
    bundles: BundleStore
    clock: Callable[[], float]

    def sweep(self) -> int:
        """Discard every expired claim and return how many there were."""
        now = int(self.clock())
        return sum(discard_claim(self.packages, self.bundles, claim) for claim in self.packages.expired_claims(now))
